"""Baselines of the demand quantiles. Each is one function with one interface:

    # learns from these row numbers of a core.models.candidate.Panel and what was wanted each week
    predict = baseline(panel, rows, weekly)
    q = predict(panel, other_rows)             # (len(other_rows), 5, 9) units: DEMAND_WEEKS by DEMAND_LEVELS; NaN = not predicted

A point forecast becomes quantiles in one way for all of them: times the quantiles of actual / forecast that were seen in
training, by weeks and volume band. None looks past a row's origin. Packages of requirements-bench.txt are imported only when asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from core.errors import UserError
from core.evaluation.baselines.weekly import WeeklyUnits
from core.messages import Message, msg, nmsg
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

Predict = Callable[[Any, np.ndarray], np.ndarray]

BANDS = 4  # of volume, equally large
ROWS_A_BAND = 10  # fewer say nothing about a band's 1% and 99%
FLOOR = 0.1  # units a week added to a point forecast, as in the panel's seasonal-naive base: a ratio to nothing is not defined
MEAN_WEEKS = 12
SMOOTHING = 0.1  # of Croston's method as published, for TSB too
LIGHTGBM_WEEKS = 4
LIGHTGBM = {
    "objective": "quantile",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "verbosity": -1,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": os.cpu_count() or 1,
}
TREES = 150


@dataclass(frozen=True)
class DemandBaseline:
    """needs: packages that the product itself does without. sampled: it forecasts one series at a time, too slow for every row."""

    name: str
    title: Message
    learn: Callable[[Any, np.ndarray, WeeklyUnits | None], Predict]
    needs: tuple[str, ...] = ()
    sampled: bool = False

    def missing(self) -> list[str]:
        """Packages that it needs and that are not installed."""
        return [package for package in self.needs if find_spec(package) is None]


# ---- from points to quantiles


def _quantiles_around(points: np.ndarray, units: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Learns from points and what was sold, both (n, 5) units, units NaN where not known yet; gives (m, 5) -> (m, 5, 9).

    Quantiles of sold / point by weeks and by BANDS equally large groups of points. Weeks whose outcome is known for hardly any row
    take the ratios of the longest known ones. UserError where none is.
    """
    edges: list[np.ndarray] = []
    ratios: list[np.ndarray] = []
    for w in range(len(DEMAND_WEEKS)):
        known = np.isfinite(units[:, w])
        if known.sum() < ROWS_A_BAND:
            if not ratios:
                raise UserError(
                    expected=msg("Baselines need at least {rows} training rows with known demand.", rows=ROWS_A_BAND),
                    found=nmsg("There is {count} row.", "There are {count} rows.", int(known.sum())),
                    to_do=msg("Import a longer history."),
                )
            edges.append(edges[-1])
            ratios.append(ratios[-1])
            continue
        point, ratio = points[known, w], units[known, w] / points[known, w]
        cuts = np.unique(np.quantile(point, np.linspace(0, 1, BANDS + 1)[1:-1]))
        band = np.searchsorted(cuts, point)
        whole = np.quantile(ratio, DEMAND_LEVELS)
        edges.append(cuts)
        ratios.append(
            np.array(
                [np.quantile(ratio[band == k], DEMAND_LEVELS) if (band == k).sum() >= ROWS_A_BAND else whole for k in range(len(cuts) + 1)]
            )
        )

    def spread(points: np.ndarray) -> np.ndarray:
        return np.stack([p[:, None] * ratios[w][np.searchsorted(edges[w], p)] for w, p in enumerate(points.T)], axis=1)

    return spread


def seasonal_naive(panel, rows: np.ndarray, weekly: WeeklyUnits | None = None) -> Predict:
    """The panel's seasonal-naive base: half the pace of the last 8 weeks, half the same weeks a year ago. For every segment."""
    spread = _quantiles_around(np.asarray(panel.base[rows], dtype=float), np.asarray(panel.units[rows], dtype=float))
    return lambda panel, rows: spread(np.asarray(panel.base[rows], dtype=float))


# ---- forecasts from one series of weekly units: history (weeks,), oldest first -> (13,) units in each week ahead


def mean_of_last_weeks(history: np.ndarray) -> np.ndarray:
    return np.full(DEMAND_WEEKS[-1], history[-MEAN_WEEKS:].mean())


def statsforecast_model(history: np.ndarray, name: str, **options) -> np.ndarray:
    """A model of statsforecast.models by name; where history is too short for it or it finds nothing, the mean of the last weeks."""
    from statsforecast import models

    if len(history) >= MEAN_WEEKS:
        found = getattr(models, name)(**options).forecast(y=history, h=DEMAND_WEEKS[-1])["mean"]
        if np.isfinite(found).all():
            return found
    return mean_of_last_weeks(history)


def _from_series(panel, rows: np.ndarray, weekly: WeeklyUnits, forecast: Callable[[np.ndarray], np.ndarray]) -> Predict:
    """A baseline from a forecaster of one series: rows of segment `all`, whose weeks we have."""

    def points(panel, rows) -> np.ndarray:
        ahead = np.empty((len(rows), DEMAND_WEEKS[-1]))
        for origin in np.unique(panel.as_of[rows]):
            history = weekly.until(origin)
            for i in np.flatnonzero(panel.as_of[rows] == origin):
                sold = history[panel.product[rows[i]]]
                first = int(np.argmax(sold > 0))  # weeks before its first sale are not weeks without demand
                ahead[i] = forecast(sold[first:])
        total = np.cumsum(np.maximum(ahead, 0.0), axis=1)[:, np.array(DEMAND_WEEKS) - 1]
        return total + FLOOR * np.array(DEMAND_WEEKS)

    rows = rows[panel.all_rows[rows]]
    spread = _quantiles_around(points(panel, rows), np.asarray(panel.units[rows], dtype=float))

    def predict(panel, rows) -> np.ndarray:
        found = np.full((len(rows), len(DEMAND_WEEKS), len(DEMAND_LEVELS)), np.nan)
        ours = np.flatnonzero(panel.all_rows[rows])
        found[ours] = spread(points(panel, rows[ours]))
        return found

    return predict


# ---- trees


def lightgbm_quantile(panel, rows: np.ndarray, weekly: WeeklyUnits | None = None) -> Predict:
    """Gradient-boosted trees on the panel's features and the bases, one model a level, of the log of units over 4 weeks.

    Rows weigh the square root of their base: the loss that judges them counts units, and alone the best sellers would decide.
    Segment `all` only. Each row's levels are sorted afterwards, so that they never cross (Chernozhukov et al. 2010).
    """
    import lightgbm

    week, floor = DEMAND_WEEKS.index(LIGHTGBM_WEEKS), FLOOR * LIGHTGBM_WEEKS
    rows = rows[panel.all_rows[rows] & np.isfinite(panel.units[rows, week])]
    if not len(rows):
        raise UserError(
            expected=msg("The LightGBM baseline needs training rows whose next {weeks} weeks are known.", weeks=LIGHTGBM_WEEKS),
            found=msg("There are none."),
            to_do=msg("Import a longer history."),
        )
    target = np.log(np.maximum(panel.units[rows, week], 0.0) + floor)
    inputs = lambda panel, rows: np.hstack([panel.x[rows], np.log(panel.base[rows])])  # noqa: E731
    data = lightgbm.Dataset(inputs(panel, rows), target, weight=np.sqrt(panel.base[rows, week]), params=LIGHTGBM)
    trees = [lightgbm.train({**LIGHTGBM, "alpha": level}, data, num_boost_round=TREES) for level in DEMAND_LEVELS]

    def predict(panel, rows) -> np.ndarray:
        found = np.full((len(rows), len(DEMAND_WEEKS), len(DEMAND_LEVELS)), np.nan)
        ours = np.flatnonzero(panel.all_rows[rows])
        if len(ours):
            x = inputs(panel, rows[ours])
            said = np.exp(np.sort(np.stack([t.predict(x) for t in trees], axis=1), axis=1))
            units = np.maximum(said - floor, 0.0)
            found[ours, week] = np.where(panel.whole_units & (units < 0.5), 0.0, units)  # as the model's
        return found

    return predict


def _statistical(name: str, title: Message, model: str, **options) -> DemandBaseline:
    forecast = partial(statsforecast_model, name=model, **options)
    return DemandBaseline(name, title, partial(_from_series, forecast=forecast), ("statsforecast",), True)


DEMAND_BASELINES: tuple[DemandBaseline, ...] = (
    DemandBaseline("seasonal_naive", msg("Seasonal naive"), seasonal_naive),
    DemandBaseline("lightgbm_quantile", msg("LightGBM quantiles"), lightgbm_quantile, ("lightgbm",)),
    DemandBaseline("twelve_week_mean", msg("Mean of the last 12 weeks"), partial(_from_series, forecast=mean_of_last_weeks), (), True),
    _statistical("croston_sba", msg("Croston (SBA)"), "CrostonSBA"),
    _statistical("tsb", msg("TSB"), "TSB", alpha_d=SMOOTHING, alpha_p=SMOOTHING),
    _statistical("auto_ets", msg("ETS, chosen by AICc"), "AutoETS", season_length=1),
    _statistical("auto_theta", msg("Theta, chosen by fit"), "AutoTheta", season_length=1),
)
