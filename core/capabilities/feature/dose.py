"""What leaning towards rising products is, and how much of it a shop's own past supports."""

from __future__ import annotations

import numpy as np
import pandas as pd

LENGTH = 20  # products of a list
DOSES = (0.0, 0.25, 0.5, 0.75, 1.0)
DOSE = 1.0  # of a shop without a past to choose it from
MOST_COST = 0.02  # share of the units of dose 0 that a dose may cost at the origins it is chosen on
LEAST_PAST = 4  # origins
OURS, BEST_SELLERS = "feature", "units_28d"
SIMPLE = (BEST_SELLERS, "units_14d", "units_7d", "units_year_ago")  # lists that a shop has without us


def score(mean: np.ndarray, rising: np.ndarray, dose: float) -> np.ndarray:
    """Return what a list orders by. mean: expected units; rising: probability; both of any shape.

    >>> score(np.array([10.0, 8.0]), np.array([0.1, 0.6]), 1.0).tolist()
    [11.0, 12.8]
    """
    return mean * (1 + dose * rising)


def choose(found: pd.DataFrame) -> float:
    """Return the dose that gained most on these origins, of those that cost at most MOST_COST of the units of dose 0.

    found: the answer of `lists`, of some origins. DOSE where there are fewer than LEAST_PAST.
    """
    ours = found[found.list == OURS]
    if ours.as_of.nunique() < LEAST_PAST:
        return DOSE
    sums = ours.groupby("dose")[["units", "gain"]].sum()
    affordable = sums[sums.units >= (1 - MOST_COST) * sums.units[0.0]]
    return float(affordable.gain.idxmax())
