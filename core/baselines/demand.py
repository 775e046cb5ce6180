"""Baselines of the demand quantiles. Each is one function with one interface:

    predict = baseline(panel, rows)    # learns from these row numbers of a core.training.Panel
    q = predict(panel, other_rows)     # (len(other_rows), 5, 9) units: DEMAND_WEEKS by DEMAND_LEVELS
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.errors import UserError
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS


def seasonal_naive(panel, rows: np.ndarray, bands: int = 4) -> Callable[[object, np.ndarray], np.ndarray]:
    """Demand quantiles: the panel's seasonal-naive base times quantiles of actual / base, by weeks and volume band.

    predict(panel, rows) is (len(rows), 5, 9) units: DEMAND_WEEKS by DEMAND_LEVELS. Bands are equally large groups of
    training rows by base. Weeks whose actuals are not known yet in `rows` take the ratios of the longest known ones.
    """
    base, units = np.asarray(panel.base[rows], dtype=float), np.asarray(panel.units[rows], dtype=float)
    edges, ratios = [], []
    for w in range(len(DEMAND_WEEKS)):
        known = np.isfinite(units[:, w])
        if known.sum() < 10 * bands:
            if not ratios:
                raise UserError(f"at least {10 * bands} training rows with known demand", str(int(known.sum())), "import more history")
            edges.append(edges[-1])
            ratios.append(ratios[-1])
            continue
        b, u = base[known, w], units[known, w]
        cuts = np.unique(np.quantile(b, np.linspace(0, 1, bands + 1)[1:-1]))
        band = np.searchsorted(cuts, b)
        whole = np.quantile(u / b, DEMAND_LEVELS)
        edges.append(cuts)
        ratios.append(np.array([np.quantile((u / b)[band == k], DEMAND_LEVELS) if (band == k).sum() >= 10 else whole
                                for k in range(len(cuts) + 1)]))

    def predict(panel, rows):
        base = np.asarray(panel.base[rows], dtype=float)
        return np.stack([base[:, w, None] * ratios[w][np.searchsorted(edges[w], base[:, w])] for w in range(len(DEMAND_WEEKS))], axis=1)

    return predict
