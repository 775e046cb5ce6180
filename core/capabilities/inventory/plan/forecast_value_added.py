"""Were the planners' quantities right? Forecast value added (Gilliland 2010): naive, then the model, then the planner.

Needed in hindsight is what would just have covered what was wanted between the change and the day on which the next order could arrive:
what was sold, and what was lost on days out of stock, as the warehouse has estimated it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from core.storage.state import Override

YEAR_DAYS = 364  # the same weekday
STEPS = ("naive", "suggested", "planner")
COLUMNS = ("product_id", "at", "actor", "reason", *STEPS, "needed")


def remembered(row: pd.Series, sales: pd.DataFrame, as_of: date) -> dict:
    """What an override of this plan row's quantity keeps for later. sales: the product's week (its last day) and units."""
    days = int(round(row.wait_days + row.lead_time_days + row.review_days))
    position = float(row.inventory_position) if pd.notna(row.inventory_position) else None
    before = sold(sales, as_of - timedelta(days=YEAR_DAYS), days)
    if before is None:
        before = sold(sales, as_of - timedelta(days=days), days)
    return {
        "as_of": as_of.isoformat(),
        "protection_days": days,
        "position": position,
        "suggested": None if pd.isna(row.suggested_order_units) else float(row.suggested_order_units),
        "naive": None if before is None or position is None else max(before - position, 0.0),
    }


def sold(sales: pd.DataFrame, after: date, days: int) -> float | None:
    """Units of the `days` days that follow `after`, weeks cut in proportion; None where the history does not hold all of them.

    >>> weeks = pd.DataFrame({"week": pd.to_datetime(["2026-01-04", "2026-01-11", "2026-01-18"]), "units": [7.0, 14.0, 28.0]})
    >>> sold(weeks, date(2026, 1, 4), 7), sold(weeks, date(2026, 1, 8), 7), sold(weeks, date(2026, 1, 15), 7)
    (14.0, 22.0, None)
    """
    if sales.empty:
        return None
    ends = np.array([week.toordinal() for week in sales.week])
    if after.toordinal() < ends[0] - 7 or after.toordinal() + days > ends[-1]:
        return None
    reached = np.concatenate([[0.0], np.cumsum(sales.units.to_numpy(np.float64))])
    begins, ends = np.interp([after.toordinal(), after.toordinal() + days], np.concatenate([[ends[0] - 7], ends]), reached)
    return float(ends - begins)


def hindsight(overrides: Sequence[Override], sales: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The quantities that stood and whose protection time is over by `as_of`, latest first: COLUMNS, units.

    sales: product_id, week and units, at least of the overridden products. Without a known position there is nothing to compare.
    """
    replaced = {(o.place, o.at) for o in overrides}
    last = {(o.name, o.basis["as_of"]): o for o in overrides if o.field == "order_units" and o.basis}
    known, rows = dict(tuple(sales.groupby("product_id"))), []
    for o in last.values():
        made, days = date.fromisoformat(o.basis["as_of"]), o.basis["protection_days"]
        stood = o.ended_at is None or (o.place, o.ended_at) in replaced
        over = sold(known[o.name], made, days) if o.name in known and made + timedelta(days=days) <= as_of else None
        if stood and over is not None and o.basis["position"] is not None:
            rows.append(
                (o.name, o.at, o.actor, o.reason, o.basis["naive"], o.basis["suggested"], o.value, max(over - o.basis["position"], 0.0))
            )
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("at", ascending=False, ignore_index=True)


def errors(found: pd.DataFrame) -> dict[str, float]:
    """Mean absolute distance from what was needed, in units, of each of STEPS, over the rows that know all three."""
    whole = found.dropna(subset=list(STEPS))
    return {step: float((whole[step] - whole.needed).abs().mean()) for step in STEPS} if len(whole) else {}
