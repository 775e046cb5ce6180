"""Past forecasts: a year of weekly reviews in blocks, each forecast by a model trained on what was known before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.evaluation.backtest import FitModel, as_known, fit_model
from core.evaluation.backtest.blocks import MIN_TRAIN_ORIGINS
from core.messages import msg
from core.progress import Progress, silent
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import Settings

BLOCKS = 4


@dataclass(frozen=True)
class Forecasts:
    """Forecasts at K weekly origins for P products of a panel, for all customers.

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


def past_forecasts(panel, settings: Settings, weeks: int, progress: Progress = silent, fit: FitModel = fit_model) -> Forecasts:
    """Forecast the last `weeks` weekly origins of the panel by BLOCKS models, each trained on labels known before its block.

    Raises UserError where fewer than MIN_TRAIN_ORIGINS origins lie before the first block.
    """
    horizon = settings.labels.horizon_days
    origins = np.unique(panel.as_of[panel.all_rows])
    origins = origins[(origins - origins[0]).astype(int) % 7 == 0]  # the newest may be on any weekday
    first = origins[-weeks:][0]
    trainable = (origins <= first - np.timedelta64(horizon, "D")).sum()
    if len(origins) < weeks or trainable < MIN_TRAIN_ORIGINS:
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
    reviews = origins[-weeks:]
    shape = (weeks, len(panel.products), len(DEMAND_WEEKS))
    demand, base = np.full((*shape, len(DEMAND_LEVELS)), np.nan, dtype=np.float32), np.full(shape, np.nan, dtype=np.float32)
    blocks = np.array_split(np.arange(weeks), BLOCKS)
    for number, block in enumerate(blocks):
        opens = reviews[block[0]]
        progress("simulate", number / len(blocks), msg("Training on data known on {day}", day=opens))
        known = as_known(panel, opens.astype(date), horizon)
        train = np.flatnonzero(np.isfinite(known.rising) & (panel.as_of <= opens - np.timedelta64(horizon, "D")))
        model = fit(known, train, settings, silent)
        rows = np.flatnonzero(np.isin(panel.as_of, reviews[block]) & panel.all_rows)
        k, p = np.searchsorted(reviews, panel.as_of[rows]), panel.product[rows]
        demand[k, p], base[k, p] = model.predict(panel, rows)["demand"], panel.base[rows]
    return Forecasts(reviews, demand, base)
