"""The forecast: which products rise, by how much, for which customers and why."""

from pathlib import Path

from core.capabilities.forecast.tables import TABLES
from core.capabilities.record import SHORT, Capability, JobKind, Page
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
    pages=(
        Page(
            "rising", msg("Rising and falling"), msg("Which products are about to rise or fall?"), "trending_up", "decide", 10, stock=True
        ),
        Page("product", msg("Product"), msg("How will this product sell, and why?"), "sell", "understand", 10, stock=True),
        Page("segments", msg("Segments"), msg("Who buys what?"), "groups", "understand", 20),
        Page("why", msg("Why"), msg("What drives the forecasts across the shop?"), "lightbulb", "understand", 30),
    ),
)
