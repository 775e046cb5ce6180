"""The forecast itself: which products rise, by how much, for whom and why."""

from pathlib import Path

from core.capabilities.forecast.tables import TABLES
from core.capabilities.record import SHORT, Capability, JobKind
from core.messages import msg

CAPABILITY = Capability(
    "forecast",
    folder=Path(__file__).parent,
    compute="core.capabilities.forecast.compute:write",
    tables=TABLES,
    rules="core.capabilities.forecast.compute:rules",
    jobs=(
        JobKind(
            "explain",
            label=msg("Text explanation"),
            steps={"words": 1.0},
            run="core.capabilities.forecast.job:explain",
            arguments=("product_id",),
            needs=("product_id",),
            lane=SHORT,
        ),
    ),
)
