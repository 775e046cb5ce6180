"""The capabilities of Upswing, one line each, and what is derived from them.

A capability may read what those before it wrote, so the forecast comes first.
"""

from __future__ import annotations

from pathlib import Path

from core.capabilities import action_results, at_risk, feature, forecast, inventory, launches, recommendations, track_record
from core.capabilities.record import Capability
from core.schema.table import Table, by_name

CAPABILITIES: list[Capability] = [
    forecast.CAPABILITY,
    inventory.CAPABILITY,
    track_record.CAPABILITY,
    recommendations.CAPABILITY,
    at_risk.CAPABILITY,
    feature.CAPABILITY,
    launches.CAPABILITY,
    action_results.CAPABILITY,
]


def serving_tables() -> dict[str, Table]:
    """Return the tables of a snapshot by name, capability by capability."""
    return by_name(*(table for capability in CAPABILITIES for table in capability.tables))


def sql_folders(kind: str) -> list[Path]:
    """Return where the capabilities keep their SQL: "scoring" that of computations, "queries" the pages' questions; else nothing."""
    inside = {"scoring": "sql", "queries": "queries"}.get(kind)
    return [capability.folder / inside for capability in CAPABILITIES] if inside else []
