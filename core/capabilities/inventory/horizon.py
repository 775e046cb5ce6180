"""The table `order_horizon`: a snapshot keeps the demand that its orders have to last for, which takes seconds to derive again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.capabilities.inventory.control import Cycle, Distribution, Horizon
from core.capabilities.inventory.tables import ARRIVAL, PROTECTION


def horizon_columns(ahead: Horizon) -> dict[str, np.ndarray]:
    """Return the columns of the table, without the products."""
    columns = dict(zip(ARRIVAL, ahead.cycle.before.knots.T)) | dict(zip(PROTECTION, ahead.cycle.protection.knots.T))
    return columns | {"likely_units": ahead.likely}


def horizon_of(rows: pd.DataFrame, products: Sequence[str]) -> Horizon | None:
    """Return what the rows of the table say of these products, in their order; None where they do not have all of them."""
    if list(rows.product_id) != list(products):
        return None
    before, protection = (Distribution(rows[list(names)].to_numpy(np.float64)) for names in (ARRIVAL, PROTECTION))
    return Horizon(Cycle(before, protection), rows.likely_units.to_numpy(np.float64))
