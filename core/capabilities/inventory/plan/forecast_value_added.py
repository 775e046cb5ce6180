"""Forecast value added (Gilliland 2010): errors of the naive forecast, of the model and of the planner.

The quantity needed in hindsight would just have covered demand between the change and the day on which the next order could arrive:
units sold, and units lost on days out of stock as the warehouse estimates them.
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
    """Return what an override of this plan row's quantity stores for later. sales: the product's week (its last day) and units."""
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
    """Return the units of the `days` days after `after`, with weeks cut in proportion; None where the history does not contain all of them.

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
    """Return the overridden quantities whose protection time has ended by `as_of`, latest first: COLUMNS, units.

    sales: product_id, week and units, at least of the overridden products. Products without a known position are left out.
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
    """Return the mean absolute error in units of each of STEPS, over the rows that have all three."""
    whole = found.dropna(subset=list(STEPS))
    return {step: float((whole[step] - whole.needed).abs().mean()) for step in STEPS} if len(whole) else {}
