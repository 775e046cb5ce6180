"""The capabilities of this product, one line each, and what follows from them.

A capability may read what those before it wrote, so the forecast comes first.
"""

from __future__ import annotations

from core.capabilities import forecast, inventory
from core.capabilities.record import Capability
from core.schema.table import Table, by_name

CAPABILITIES: list[Capability] = [
    forecast.CAPABILITY,
    inventory.CAPABILITY,
]


def serving_tables() -> dict[str, Table]:
    """Return the tables of a snapshot by name, capability by capability."""
    return by_name(*(table for capability in CAPABILITIES for table in capability.tables))
