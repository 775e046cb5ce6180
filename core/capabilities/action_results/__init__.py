"""Action results: what the shop did, what was expected of it, and whether it paid."""

from pathlib import Path

from core.capabilities.action_results.tables import TABLES
from core.capabilities.record import Capability, Page
from core.messages import msg

CAPABILITY = Capability(
    "action_results",
    folder=Path(__file__).parent,
    compute="core.capabilities.action_results.compute:write",
    tables=TABLES,
    pages=(Page("action_results", msg("Action results"), msg("Did what we did pay?"), "fact_check", "decide", 45, forecasts=False),),
)
