"""Demand intervals that keep their promise: of the outcomes, 80% lie inside the 80% interval, whatever a product's volume.

Conformalised quantile regression (Romano et al. 2019), one factor a volume band, week and level. Two things differ from the textbook:

- Whole outcomes tie: a slow seller's honest 10% quantile is 0, which nothing can lie below, so that its 80% interval would hold 90%.
  The lower levels are narrowed until the promised share of a *band* lies below, those products first of which the model is surest.
- The factors come from all origins that were learnt from, not from the last matured ones: one season's outcomes share that season's
  weather, and factors fitted on it carried a good autumn's surprise into the next winter. But a model has read those rows and errs a
  little less on them than on others. So factors go three quarters of the way (TRUST), and only ties narrow: neither the upper levels,
  which stock is ordered by, nor any level of fast sellers, who hardly ever sell nothing.
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
NARROWEST, WIDEST = 0.1, 3.0  # a factor beyond these would not be a correction any more
_NONE_SOLD = 0.499  # whole units: a quantile below half a unit is 0, so that 0 lies below a quantile from half a unit on
_MEDIAN = DEMAND_LEVELS.index(0.5)
_SHAPE = (len(EDGES) + 1, len(DEMAND_WEEKS), len(DEMAND_LEVELS))


@dataclass(frozen=True)
class Intervals:
    """factors (bands, weeks, levels): the distance of a level from the median, in log1p of units, is multiplied by it.

    Raises UserError where the factors are not of that shape, finite and above 0.
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
        """demand (n, T, L) units as the model has them, n_base (n,) orders in the base window -> (n, T, L) units, rising in T and L."""
        logs = np.log1p(demand)
        median = logs[..., _MEDIAN, None]
        units = np.expm1(median + self.factors[bands(n_base)] * (logs - median))
        units = np.maximum(units, 0.0)
        units = np.maximum.accumulate(np.maximum.accumulate(units, axis=2), axis=1)
        if self.whole_units:
            # A softly fitted 0.2 means "mostly nothing", and its true quantile is 0.
            units[units < 0.5] = 0.0
        return units

    @classmethod
    def untouched(cls, whole_units: bool = False) -> Intervals:
        """The model's own widths."""
        return cls(np.ones(_SHAPE), whole_units)


def bands(n_base: np.ndarray) -> np.ndarray:
    """(n,) each product's volume band, 0 = the slowest."""
    return np.searchsorted(EDGES, n_base, side="right")


def fit_intervals(demand: np.ndarray, units: np.ndarray, n_base: np.ndarray, whole_units: bool = False) -> Intervals:
    """The factors that hold on n rows: demand (n, T, L) as the model has it, units (n, T) sold, NaN = not known, n_base (n,).

    A week that too few outcomes are known for takes the factors of the week before it.
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
    """What the distances of quantile from median, both (n,) log1p units, are multiplied by for a share `level` to be sold below it."""
    side = 1.0 if level > 0.5 else -1.0
    if whole_units and side < 0:
        sold = np.maximum(sold, _NONE_SOLD)
    reached = side * (np.log1p(sold) - median) / np.maximum(side * (quantile - median), 1e-6)
    return float(np.quantile(reached, max(level, 1 - level)))
