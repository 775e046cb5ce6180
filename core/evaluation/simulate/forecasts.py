"""What the model would have said at past reviews: each year told in blocks, by models that learnt from what was known before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.evaluation.backtest import Learn, as_known, fusion
from core.evaluation.backtest.blocks import MIN_TRAIN_ORIGINS
from core.messages import msg
from core.progress import Progress, silent
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import Settings

BLOCKS = 4


@dataclass(frozen=True)
class Forecasts:
    """What the model said at each of K weekly origins about P products of a panel, over everyone.

    origins (K,) datetime64[D];  demand (K, P, 5, 9) float32 units, NaN where a product was not forecast;  base (K, P, 5), the
    seasonal-naive base of the same weeks
    """

    origins: np.ndarray
    demand: np.ndarray
    base: np.ndarray

    def save(self, path: Path) -> None:
        np.savez(path, origins=self.origins, demand=self.demand, base=self.base)

    @classmethod
    def load(cls, path: Path) -> Forecasts:
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in ("origins", "demand", "base")})


def past_forecasts(panel, settings: Settings, weeks: int, progress: Progress = silent, learn: Learn = fusion) -> Forecasts:
    """Forecasts of the last `weeks` weekly origins of the panel, by BLOCKS models that each learnt from labels known before its block.

    UserError where fewer than MIN_TRAIN_ORIGINS origins lie before the first block.
    """
    horizon = settings.labels.horizon_days
    origins = np.unique(panel.as_of[panel.all_rows])
    origins = origins[(origins - origins[0]).astype(int) % 7 == 0]  # the newest may be any day
    first = origins[-weeks:][0]
    learnable = (origins <= first - np.timedelta64(horizon, "D")).sum()
    if len(origins) < weeks or learnable < MIN_TRAIN_ORIGINS:
        raise UserError(
            expected=msg(
                "A simulation needs {origins} weekly training origins, {days} days before the {weeks} simulated weeks.",
                origins=MIN_TRAIN_ORIGINS,
                days=horizon,
                weeks=weeks,
            ),
            found=msg("There are {origins} origins, {first} to {last}.", origins=len(origins), first=origins[0], last=origins[-1]),
            to_do=msg("Simulate fewer weeks, or import a longer history."),
        )
    told = origins[-weeks:]
    shape = (weeks, len(panel.products), len(DEMAND_WEEKS))
    demand, base = np.full((*shape, len(DEMAND_LEVELS)), np.nan, dtype=np.float32), np.full(shape, np.nan, dtype=np.float32)
    blocks = np.array_split(np.arange(weeks), BLOCKS)
    for number, block in enumerate(blocks):
        opens = told[block[0]]
        progress("simulate", number / len(blocks), msg("Training on data known on {day}", day=opens))
        known = as_known(panel, opens.astype(date), horizon)
        train = np.flatnonzero(np.isfinite(known.rising) & (panel.as_of <= opens - np.timedelta64(horizon, "D")))
        model = learn(known, train, settings, silent)
        rows = np.flatnonzero(np.isin(panel.as_of, told[block]) & panel.all_rows)
        k, p = np.searchsorted(told, panel.as_of[rows]), panel.product[rows]
        demand[k, p], base[k, p] = model.predict(panel, rows)["demand"], panel.base[rows]
    return Forecasts(told, demand, base)
