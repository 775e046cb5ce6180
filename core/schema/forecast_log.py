"""The forecast log's record: the columns of each of its files (core/storage/forecast_log.py)."""

from __future__ import annotations

from core.schema.table import Table, optional, required
from core.schema.vocabulary import DEMAND_LEVELS, DEMAND_WEEKS

LOGGED_WEEKS = 4  # the demand that is logged: that of the horizon in which a product rises or not


def quantile(level: float) -> str:
    """Return the column of a demand quantile: units_p025, units_p50, units_p975."""
    return f"units_p{f'{level:.3f}'.removeprefix('0.').rstrip('0').ljust(2, '0')}"


FORECAST_LOG = Table(
    "forecast_log",
    row="One forecast as it was published or replayed, of one product in one segment.",
    key=("product_id", "segment"),
    since="0.2.0",
    columns=(
        required("as_of", "DATE", "Last day whose data the forecast used."),
        required("product_id", "VARCHAR", "Number that the product had then."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("rising_probability", "FLOAT", "Calibrated probability of rising.", "probability"),
        required("falling_probability", "FLOAT", "Calibrated probability of falling.", "probability"),
        *(
            optional(quantile(level), "FLOAT", f"Units wanted in 4 weeks, at most, with probability {level:g}.", "units")
            for level in DEMAND_LEVELS
        ),
        optional("units_mean", "FLOAT", "Mean of the units wanted in 4 weeks.", "units"),
        required("model", "VARCHAR", "Model that made the forecast; of a replay, the last origin that it was trained on."),
        required("snapshot", "VARCHAR", "Snapshot that served it; empty for a replay."),
        required("published_at", "TIMESTAMP", "Time of publishing, or of the replay, in UTC."),
        required("replay", "BOOLEAN", "Whether it was made afterwards, from data up to `as_of` alone."),
    ),
)

assert LOGGED_WEEKS in DEMAND_WEEKS
