"""Calibrated demand intervals: 80% of the outcomes lie inside the 80% interval, whatever a product's volume.

Conformalised quantile regression (Romano et al. 2019) with one factor per volume band, week and level. It differs from the paper in two
points:

- Whole units tie. A slow seller's correct 10% quantile is 0, and nothing lies below 0, so its 80% interval would hold 90%. The lower
  levels are therefore narrowed until the nominal share of a *band* lies below them, starting with the products of which the model is
  surest.
- The factors come from all training origins, not from the last matured ones. One season's outcomes share that season's shocks, and
  factors fitted on a good autumn are wrong in the next winter. Because a model errs a little less on its training rows, factors are
  applied at three quarters (TRUST). Only ties narrow an interval: never at the upper levels, which orders rely on, and never at any
  level of fast sellers, who hardly ever sell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UserError
from core.messages import msg
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

EDGES = (5.0, 20.0)  # orders in the base window: slow, usual and fast sellers
ROWS_A_BAND = 200  # with fewer known outcomes a band keeps the model's own widths
TRUST = 0.75
NARROWEST, WIDEST = 0.1, 3.0  # limits of a correction
_NONE_SOLD = 0.499  # whole units: a quantile below half a unit counts as 0, so 0 lies below any quantile from half a unit on
_MEDIAN = DEMAND_LEVELS.index(0.5)
_SHAPE = (len(EDGES) + 1, len(DEMAND_WEEKS), len(DEMAND_LEVELS))


@dataclass(frozen=True)
class Intervals:
    """Factors (bands, weeks, levels) that multiply the distance of a level from the median, in log1p of units.

    Raises UserError where the factors do not have that shape, or are not finite and above 0.
    """

    factors: np.ndarray
    whole_units: bool = False

    def __post_init__(self):
        factors = np.asarray(self.factors, dtype=np.float64)
        if factors.shape != _SHAPE or not (np.isfinite(factors) & (factors > 0)).all():
            raise UserError(
                expected=msg("Demand factors must be above 0 and have the shape {shape}.", shape=str(_SHAPE)),
                found=msg("The model's factors have the shape {shape}, or some are not above 0.", shape=str(factors.shape)),
                to_do=msg("Train the model again."),
            )
        object.__setattr__(self, "factors", factors)

    def __call__(self, demand: np.ndarray, n_base: np.ndarray) -> np.ndarray:
        """Return (n, T, L) calibrated units, rising in T and L, from the model's demand (n, T, L) in units.

        n_base (n,) orders in the base window.
        """
        logs = np.log1p(demand)
        median = logs[..., _MEDIAN, None]
        units = np.expm1(median + self.factors[bands(n_base)] * (logs - median))
        units = np.maximum(units, 0.0)
        units = np.maximum.accumulate(np.maximum.accumulate(units, axis=2), axis=1)
        if self.whole_units:
            # A fitted quantile of 0.2 means "mostly nothing", so the true quantile is 0.
            units[units < 0.5] = 0.0
        return units

    @classmethod
    def untouched(cls, whole_units: bool = False) -> Intervals:
        """Return intervals that keep the model's own widths."""
        return cls(np.ones(_SHAPE), whole_units)


def bands(n_base: np.ndarray) -> np.ndarray:
    """Return (n,) volume bands, 0 = the slowest."""
    return np.searchsorted(EDGES, n_base, side="right")


def fit_intervals(demand: np.ndarray, units: np.ndarray, n_base: np.ndarray, whole_units: bool = False) -> Intervals:
    """Fit the factors on n rows: the model's demand (n, T, L), units (n, T) sold, NaN = not known, and n_base (n,).

    A week with too few known outcomes takes the factors of the week before it.
    """
    factors, band = np.ones(_SHAPE), bands(n_base)
    logs = np.log1p(demand)
    for k in range(_SHAPE[0]):
        for t in range(_SHAPE[1]):
            rows = np.flatnonzero((band == k) & np.isfinite(units[:, t]))
            if len(rows) < ROWS_A_BAND:
                factors[k, t] = factors[k, t - 1] if t else 1.0
                continue
            sold = np.maximum(units[rows, t], 0.0)
            for i, level in enumerate(DEMAND_LEVELS):
                if i != _MEDIAN:
                    least = NARROWEST if level < 0.5 and k < len(EDGES) else 1.0
                    found = _factor(logs[rows, t, _MEDIAN], logs[rows, t, i], sold, level, whole_units)
                    factors[k, t, i] = np.clip(found, least, WIDEST) ** TRUST
    return Intervals(factors, whole_units)


def _factor(median: np.ndarray, quantile: np.ndarray, sold: np.ndarray, level: float, whole_units: bool) -> float:
    """Return the factor of the distance of quantile from median, both (n,) log1p units, so that a share `level` of `sold` lies below it."""
    side = 1.0 if level > 0.5 else -1.0
    if whole_units and side < 0:
        sold = np.maximum(sold, _NONE_SOLD)
    reached = side * (np.log1p(sold) - median) / np.maximum(side * (quantile - median), 1e-6)
    return float(np.quantile(reached, max(level, 1 - level)))
