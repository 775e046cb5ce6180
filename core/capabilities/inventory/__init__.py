"""Inventory: what to order, by when, and what to mark down."""

from pathlib import Path

from core.capabilities.inventory.tables import TABLES
from core.capabilities.record import PANEL, Capability, JobKind, Page
from core.messages import msg

CAPABILITY = Capability(
    "inventory",
    folder=Path(__file__).parent,
    compute="core.capabilities.inventory.compute:write",
    tables=TABLES,
    rules="core.capabilities.inventory.compute:rules",
    jobs=(
        JobKind(
            "simulate",
            label=msg("Simulation of a year"),
            steps={"features": 0.1, "simulate": 0.9},
            run="core.capabilities.inventory.job:simulate",
            arguments=("out",),
            fresh_panel=True,
            locks=frozenset({PANEL}),
        ),
    ),
    pages=(Page("inventory", msg("Inventory"), msg("What do I have to order, and by when?"), "inventory_2", "decide", 20, stock=True),),
)
