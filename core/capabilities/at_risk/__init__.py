"""Customers at risk: who is likely to stay away, why, and what that costs."""

from pathlib import Path

from core.capabilities.at_risk.tables import TABLES
from core.capabilities.record import Capability, Page
from core.messages import msg

CAPABILITY = Capability(
    "at_risk",
    folder=Path(__file__).parent,
    compute="core.capabilities.at_risk.compute:write",
    tables=TABLES,
    pages=(
        Page(
            "at_risk",
            msg("Customers at risk"),
            msg("Who may not come back, why, and what is at stake?"),
            "group_remove",
            "decide",
            40,
            forecasts=False,
        ),
    ),
)
