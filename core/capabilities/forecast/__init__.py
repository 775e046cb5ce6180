"""The forecast itself: which products rise, by how much, for whom and why."""

from pathlib import Path

from core.capabilities.forecast.tables import TABLES
from core.capabilities.record import Capability

CAPABILITY = Capability("forecast", folder=Path(__file__).parent, tables=TABLES)
