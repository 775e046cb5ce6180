"""What the sums of judged forecasts say: pure functions on rows of the question `track_by_update`, or on their sums."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd

from core.schema.forecast_log import LOGGED_WEEKS

FEW = 10  # forecasts: of fewer, a share is written as counts
SURE = 1.64  # standard deviations above chance at which a hit rate counts as better
_OVERLAP = 2.0  # weekly updates share up to three quarters of their weeks, which doubles the spread of their sum


def total(updates: pd.DataFrame) -> pd.Series:
    """Return the sums over updates, of `track_by_update`, and how many updates they are."""
    sums = updates.drop(columns=["as_of", "replay"], errors="ignore").sum()
    return pd.concat([sums, pd.Series({"updates": len(updates)})])


def hits_by_chance(sums: pd.Series) -> float:
    """Return how many hits random picks would have had.

    >>> hits_by_chance(pd.Series({"called_judged": 50, "risers": 40, "judged": 500}))
    4.0
    """
    return float(sums.called_judged * sums.risers / max(sums.judged, 1))


def better_than_chance(sums: pd.Series) -> bool | None:
    """Return whether the hits are more than a random list of that length would have; None where there are too few to tell."""
    calls, base = sums.called_judged, sums.risers / sums.judged if sums.judged else 0.0
    others = (sums.judged - calls) / max(sums.judged - 1, 1)  # drawn without replacement
    spread = math.sqrt(max(calls * base * (1 - base) * others, 0.0)) * (_OVERLAP if sums.updates > 1 else 1.0)
    if calls < FEW or not spread:
        return None
    return bool(sums.hits - hits_by_chance(sums) >= SURE * spread)


def first_results_on(updates: pd.DataFrame, as_of: date, horizon_days: int) -> date:
    """Return the day from which on there are results: when the first logged update matures, without any the one of `as_of`.

    updates: of the question `track_updates`; horizon_days: of the labels in effect.
    """
    if len(updates):
        return pd.Timestamp(updates.matures_on.min()).date()
    return as_of + timedelta(days=max(horizon_days, 7 * LOGGED_WEEKS))
