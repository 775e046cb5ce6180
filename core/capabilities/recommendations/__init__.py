"""Recommendations: what each customer and segment is likely to buy next, leaning towards what rises."""

from pathlib import Path

from core.capabilities.recommendations.tables import TABLES
from core.capabilities.record import Capability, Page
from core.messages import msg

CAPABILITY = Capability(
    "recommendations",
    folder=Path(__file__).parent,
    compute="core.capabilities.recommendations.compute:write",
    tables=TABLES,
    pages=(Page("recommendations", msg("Recommendations"), msg("What is each customer likely to buy next?"), "recommend", "decide", 30),),
)
