"""Feature: which products each segment should see first this week, leaning towards what rises."""

from pathlib import Path

from core.capabilities.feature.tables import TABLES
from core.capabilities.record import Capability, Page
from core.messages import msg

CAPABILITY = Capability(
    "feature",
    folder=Path(__file__).parent,
    compute="core.capabilities.feature.compute:write",
    tables=TABLES,
    pages=(Page("feature", msg("Feature"), msg("Which products should each group see first this week?"), "campaign", "decide", 12),),
)
