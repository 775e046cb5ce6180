"""Inventory: what to order, by when, and what to mark down."""

from pathlib import Path

from core.capabilities.inventory.tables import TABLES
from core.capabilities.record import Capability

CAPABILITY = Capability("inventory", folder=Path(__file__).parent, tables=TABLES)
