"""One change of the quantities of several products."""

from __future__ import annotations

import numpy as np
import pandas as pd


def scaled(rows: pd.DataFrame, percent: float) -> pd.Series:
    """Return the order quantities of rows of the plan, changed by a percentage, as they can be ordered; what is not known stays so."""
    return orderable(rows, rows.order_units * (1 + percent / 100))


def orderable(rows: pd.DataFrame, units: pd.Series) -> pd.Series:
    """Return the quantities nearest to `units` that can be ordered: whole packs, at least the minimum, at most the maximum; 0 stays 0.

    rows: of the plan, with pack_size, minimum and maximum; NaN = single units, no minimum, no maximum. Half a pack counts as one.

    >>> rows = pd.DataFrame({"pack_size": [6.0, 6, 6, np.nan], "minimum": [0, 12, 0, np.nan], "maximum": [np.nan, np.nan, 20, np.nan]})
    >>> orderable(rows, pd.Series([15.0, 3, 50, 2.4])).tolist(), orderable(rows, pd.Series([14.0, 0, 18, 0.2])).tolist()
    ([18.0, 12.0, 18.0, 2.0], [12.0, 0.0, 18.0, 1.0])
    """
    pack = rows.pack_size.where(rows.pack_size > 0, 1.0)
    least = np.maximum(np.ceil(rows.minimum.clip(lower=0).fillna(0) / pack - 1e-9), 1)
    most = np.floor(rows.maximum.fillna(np.inf) / pack + 1e-9)
    packs = np.minimum(np.maximum(np.floor(units / pack + 0.5 + 1e-9), least), most)
    return (packs * pack).where(units > 0, units)
