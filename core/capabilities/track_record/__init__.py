"""The track record: what each past update forecast, and what happened."""

from pathlib import Path

from core.capabilities.record import Capability, Page
from core.capabilities.track_record.tables import TABLES
from core.messages import msg

CAPABILITY = Capability(
    "track_record",
    folder=Path(__file__).parent,
    compute="core.capabilities.track_record.compute:write",
    tables=TABLES,
    pages=(Page("track_record", msg("How right we were"), msg("Did past forecasts come true?"), "fact_check", "understand", 40),),
)
