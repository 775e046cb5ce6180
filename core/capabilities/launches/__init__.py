"""Launches: what new and coming products may sell in their first 8 weeks."""

from pathlib import Path

from core.capabilities.launches.tables import TABLES
from core.capabilities.record import Capability, Page
from core.messages import msg

CAPABILITY = Capability(
    "launches",
    folder=Path(__file__).parent,
    compute="core.capabilities.launches.compute:write",
    tables=TABLES,
    pages=(Page("launches", msg("Launches"), msg("Which new products have potential?"), "rocket_launch", "decide", 35, forecasts=False),),
)
