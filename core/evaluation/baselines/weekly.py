"""What was wanted each week, sold or lost while out of stock: all that a statistical forecaster learns from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.messages import msg
from core.storage import duckdb as db
from core.storage.engine import Engine


@dataclass(frozen=True)
class WeeklyUnits:
    """Units of each product that all customers wanted; a week is the seven days t-6..t up to an origin t.

    last   the day on which the last week ends
    units  (products, weeks) float, in the panel's order of products, oldest week first
    """

    last: np.datetime64
    units: np.ndarray

    @classmethod
    def read(cls, warehouse: Path, products: list[str], last: date) -> WeeklyUnits:
        """The weeks up to and including the one that ends on `last`, from the daily aggregate that the features step keeps."""
        with db.connect(warehouse, read_only=True) as con:
            return cls.query(db.DuckDB(con), products, last)

    @classmethod
    def query(cls, engine: Engine, products: list[str], last: date) -> WeeklyUnits:
        """Do the same on an open engine."""
        table = engine.arrow("features/weekly_units", last_day=last)
        place = {product: i for i, product in enumerate(products)}
        row = np.array([place.get(p, -1) for p in table["product_id"].to_pylist()], dtype=int)
        ago, units = (table[name].to_numpy() for name in ("weeks_ago", "units"))
        known = row >= 0  # a product that never had a row in the panel is nobody's to forecast
        weeks = np.zeros((len(products), int(ago[known].max(initial=0)) + 1))
        weeks[row[known], weeks.shape[1] - 1 - ago[known]] = units[known]
        return cls(np.datetime64(last, "D"), weeks)

    def until(self, origin: np.datetime64) -> np.ndarray:
        """(products, weeks up to the one that ends on `origin`): nothing after the origin is in it."""
        days = int((self.last - origin.astype("datetime64[D]")).astype(int))
        if days < 0 or days % 7:
            raise UserError(
                expected=msg("Origins must lie whole weeks before {day}.", day=self.last),
                found=msg("The panel has the origin {day}.", day=origin),
                to_do=msg("Run `upswing features` again."),
            )
        return self.units[:, : max(0, self.units.shape[1] - days // 7)]
