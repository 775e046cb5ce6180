"""Which rows validate, what they may know, and what they say of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UserError
from core.evaluation import metrics
from core.messages import msg
from core.models.panel import Panel
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

# What rose in one month shares that month's weather: a shock to the whole shop moves all of its outcomes at once. So a month of
# validation tells the calibration of as much as this many independent rows. And the model that is kept has read those months too,
# so it already knows their level: the prior (sd 0.025) leaves little but gross errors to correct. On three blocks of UCI, calibrating
# by the rows as if independent cost .01, .003 and .06 of Brier skill in the next season.
CALIBRATION_ROWS_A_MONTH, CALIBRATION_PRIOR = 150.0, 1600.0
WITH_INTERVALS = ("average_precision", "brier_skill", "precision_at_50", "ece", "log_loss")
REPLICATES = 100


@dataclass(frozen=True)
class Split:
    """Row numbers to learn from and to validate on, ascending; validate is empty where the history is too short.

    known_until, learn_until: demand whose weeks end after these days is unknown to the refit, to the learning before it.
    """

    learn: np.ndarray
    validate: np.ndarray
    known_until: np.datetime64
    learn_until: np.datetime64


def split(panel: Panel, rows: np.ndarray, validation_origins: int) -> Split:
    """The last matured origins validate; learning ends horizon_days before the first of them, since a label at t looks
    horizon_days ahead. With a short history fewer origins validate, and none where learning would be left with fewer still."""
    horizon = np.timedelta64(int(panel.meta.get("horizon_days", 28)), "D")
    rows = np.sort(np.asarray(rows))
    rows = rows[~np.isnan(panel.rising[rows])]
    if not len(rows):
        raise UserError(
            expected=msg("Training needs products with {days} days of history after an origin.", days=int(horizon.astype(int))),
            found=msg("No origin has a known outcome."),
            to_do=msg("Import a longer history, or choose an earlier `since`."),
        )
    as_of = panel.as_of[rows]
    origins = np.unique(as_of)
    known_until = origins[-1] + horizon
    for count in range(min(validation_origins, len(origins) - 1), 0, -1):
        first = origins[-count]
        if (origins <= first - horizon).sum() >= count:
            return Split(rows[as_of <= first - horizon], rows[as_of >= first], known_until, first)
    return Split(rows, rows[:0], known_until, known_until)


def known_units(panel: Panel, rows: np.ndarray, known_until: np.datetime64) -> np.ndarray:
    """(n, T) actual cumulative units, NaN where their weeks end after `known_until`: thirteen weeks of demand reach further
    ahead than the label's horizon, and must not tell of days that a test or a validation origin calls the future."""
    units = np.array(panel.units[rows])
    ends = panel.as_of[rows][:, None] + np.array([7 * w for w in DEMAND_WEEKS], dtype="timedelta64[D]")
    units[ends > known_until] = np.nan
    return units


def watched_rows(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """The validation rows that early stopping looks at: those of `all`, or every one where there are none."""
    everyone = rows[panel.all_rows[rows]]
    return everyone if len(everyone) else rows


def calibration_weights(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """(n,) rows of `all` weigh alike, the segments' at most as much together, and all of them what their months are worth."""
    everyone = panel.all_rows[rows]
    share = np.where(everyone, 1.0, min(1.0, max(everyone.sum(), 1) / max((~everyone).sum(), 1)) if everyone.any() else 1.0)
    months = len(np.unique(panel.as_of[rows])) / 4
    return share * min(1.0, max(1.0, months) * CALIBRATION_ROWS_A_MONTH / share.sum())


def validation_figures(panel: Panel, rows: np.ndarray, rising: np.ndarray, falling: np.ndarray, demand: np.ndarray, known_until) -> dict:
    """What metrics.json says of the validation origins. After calibration on the same rows, so a little kind to calibration."""
    watched = watched_rows(panel, rows)
    at = np.searchsorted(rows, watched)
    y, p, origin = panel.rising[watched], rising[at], panel.as_of[watched]
    predicted, observed, count = metrics.reliability(y, p)
    values = metrics.summary(y, p, origin) | {"base_rate": float(np.mean(y))}
    known = np.isfinite(panel.falling[watched])
    if known.any():
        down, q = panel.falling[watched][known], falling[at][known]
        values |= {
            "falling_average_precision": metrics.average_precision(down, q),
            "falling_brier": metrics.brier(down, q),
            "falling_brier_skill": metrics.brier_skill(down, q),
        }
    units = known_units(panel, watched, known_until)
    for i, w in enumerate(DEMAND_WEEKS):
        if (matured := np.isfinite(units[:, i])).any():
            values[f"demand_loss_w{w}"] = metrics.weighted_quantile_loss(units[matured, i], demand[at][matured, i], DEMAND_LEVELS)
    segments = np.setdiff1d(np.arange(len(rows)), at)
    if len(segments):
        chosen = rows[segments]
        values |= {f"segments_{k}": v for k, v in metrics.summary(panel.rising[chosen], rising[segments], panel.as_of[chosen]).items()}
    intervals = figure_intervals(y, p, panel.product[watched], origin, values)
    return {
        "metrics": {k: number(v) for k, v in values.items()},
        "intervals": intervals,
        "calibration": [{"predicted": float(a), "observed": float(b), "rows": int(c)} for a, b, c in zip(predicted, observed, count)],
    }


def figure_intervals(y, p, product, origin, values: dict[str, float], replicates: int = REPLICATES) -> dict[str, list[float]]:
    """95% intervals [low, high] of the main figures by name, from n rows and their `values`; a figure undefined on them has none.

    What they cover is the chance in which products and weeks were watched, not the next season's weather.
    """
    orders = metrics.prepare(p, origin)
    drawn = [metrics.summary(y, p, origin, *weights, orders) for weights in metrics.resamples(product, origin, replicates=replicates)]
    found = {}
    for name in WITH_INTERVALS:
        low, high = metrics.interval(np.array([figures[name] for figures in drawn]), values[name])
        if np.isfinite([low, high]).all():
            floor = -np.inf if name == "brier_skill" else 0.0  # all others are never negative, a moved percentile could be
            found[name] = [max(low, floor), high]
    return found


def number(value: float) -> float | None:
    """JSON has no NaN: what is undefined on these rows is null."""
    return float(value) if np.isfinite(value) else None
