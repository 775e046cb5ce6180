"""The split into training and validation rows, and the figures of the validation rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UserError
from core.evaluation import metrics
from core.messages import msg
from core.models.panel import Panel
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

# All outcomes of a month share the shop's shocks of that month, so a month of validation counts as only this many independent rows.
# The refitted model has also been trained on those months, so the prior (standard deviation 0.025) corrects only gross errors.
# Calibrating as if rows were independent lowers Brier skill in the next season by .01, .003 and .06 on three blocks of UCI.
CALIBRATION_ROWS_A_MONTH, CALIBRATION_PRIOR = 150.0, 1600.0
FIGURES_WITH_INTERVALS = ("average_precision", "brier_skill", "precision_at_50", "ece", "log_loss")
REPLICATES = 100


@dataclass(frozen=True)
class Split:
    """Row numbers to train and to validate on, ascending; `validate` is empty where the history is too short.

    known_until  demand whose weeks end after this day is unknown to the refit
    train_until  the same for training before validation
    """

    train: np.ndarray
    validate: np.ndarray
    known_until: np.datetime64
    train_until: np.datetime64


def split(panel: Panel, rows: np.ndarray, validation_origins: int) -> Split:
    """Split row numbers into training rows and validation rows, which are those of the last matured origins.

    Training ends horizon_days before the first validation origin, since a label looks horizon_days ahead. With a short history fewer
    origins validate, and none where fewer would be left for training. Raises UserError where no row has a known outcome.
    """
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
    """Return (n, T) actual cumulative units, NaN where their weeks end after `known_until`.

    Thirteen weeks of demand reach beyond the label's horizon, so without the cut they would leak days after a test or validation origin.
    """
    units = np.array(panel.units[rows])
    ends = panel.as_of[rows][:, None] + np.array([7 * w for w in DEMAND_WEEKS], dtype="timedelta64[D]")
    units[ends > known_until] = np.nan
    return units


def early_stopping_rows(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Return the rows that early stopping watches: those of `all`, or every row where there are none."""
    all_customers = rows[panel.all_rows[rows]]
    return all_customers if len(all_customers) else rows


def calibration_weights(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Return (n,) weights: rows of `all` weigh alike and the segments' rows at most as much together.

    The sum is limited to CALIBRATION_ROWS_A_MONTH per validation month.
    """
    all_customers = panel.all_rows[rows]
    segment_weight = min(1.0, max(all_customers.sum(), 1) / max((~all_customers).sum(), 1)) if all_customers.any() else 1.0
    share = np.where(all_customers, 1.0, segment_weight)
    months = len(np.unique(panel.as_of[rows])) / 4
    return share * min(1.0, max(1.0, months) * CALIBRATION_ROWS_A_MONTH / share.sum())


def validation_figures(panel: Panel, rows: np.ndarray, rising: np.ndarray, falling: np.ndarray, demand: np.ndarray, known_until) -> dict:
    """Return the figures of the validation origins for metrics.json.

    The calibration is fitted on the same rows, so its figures are slightly optimistic.
    """
    watched = early_stopping_rows(panel, rows)
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
    intervals = bootstrap_intervals(y, p, panel.product[watched], origin, values)
    return {
        "metrics": {k: json_number(v) for k, v in values.items()},
        "intervals": intervals,
        "calibration": [{"predicted": float(a), "observed": float(b), "rows": int(c)} for a, b, c in zip(predicted, observed, count)],
    }


def bootstrap_intervals(y, p, product, origin, values: dict[str, float], replicates: int = REPLICATES) -> dict[str, list[float]]:
    """Return 95% intervals [low, high] of the main figures by name, from n rows and their `values`; undefined figures are left out.

    The bootstrap draws products and weeks. The intervals do not cover a season unlike the validated one.
    """
    orders = metrics.prepare(p, origin)
    drawn = [metrics.summary(y, p, origin, *weights, orders) for weights in metrics.resamples(product, origin, replicates=replicates)]
    intervals = {}
    for name in FIGURES_WITH_INTERVALS:
        low, high = metrics.interval(np.array([figures[name] for figures in drawn]), values[name])
        if np.isfinite([low, high]).all():
            floor = -np.inf if name == "brier_skill" else 0.0  # only Brier skill can be negative, but a shifted percentile could be
            intervals[name] = [max(low, floor), high]
    return intervals


def json_number(value: float) -> float | None:
    """Return the value for JSON, which has no NaN: None where it is undefined."""
    return float(value) if np.isfinite(value) else None
