"""Policies of a simulation: each gives reorder points at every review, at a knob that turns its service up."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from core.capabilities.inventory.control import Levels, Rules, Terms, levels, peaks
from core.capabilities.inventory.control.textbook import demand_over_time
from core.evaluation.baselines.demand import MEAN_WEEKS
from core.evaluation.simulate.forecasts import Forecasts
from core.messages import Message, msg
from core.schema import DEMAND_WEEKS


@dataclass(frozen=True)
class Policy:
    """name, title; knobs: ascending; point(review, knob) -> (n,) reorder points of the products, NaN = nothing is ordered.

    lasts(review, position (n, J)) -> (n, J): the chance, as the plan of that review tells it, that a position lasts until what the
    next review orders arrives; NaN where nothing is told. None = a policy that tells none.
    """

    name: str
    title: Message
    knobs: tuple[float, ...]
    point: Callable[[int, float], np.ndarray]
    lasts: Callable[[int, np.ndarray], np.ndarray] | None = None


SERVICE_LEVELS = (
    0.5,
    0.7,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.995,
    0.999,
)  # what is promised: core.capabilities.inventory.control.Rules says of what
SAFETY_FACTORS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
REFIT_REVIEWS = 4  # ETS is chosen anew at every fourth review; in between the chosen one reads the new weeks


def by_forecast(
    forecasts: Forecasts, products: np.ndarray, terms: Terms, rules: Rules, histories: list[np.ndarray], knobs=SERVICE_LEVELS
) -> Policy:
    """Our own: the levels of core.capabilities.inventory.control.policy from the forecast of each review; histories[k] (n, weeks) is
    what was known then."""

    def at(review: int, asked: Rules) -> tuple[np.ndarray, Levels]:
        """Which products are forecast (n,), and their levels."""
        demand = forecasts.demand[review, products].astype(np.float64)
        there = np.isfinite(demand).all(axis=(1, 2))
        known = replace(terms, **peaks(histories[review])).rows(there)
        return there, levels(demand[there], known, asked, forecasts.origins[review].astype(date))

    def point(review: int, knob: float) -> np.ndarray:
        there, found = at(review, replace(rules, service_level=knob))
        return _placed(there, found.reorder_point)

    def lasts(review: int, position: np.ndarray) -> np.ndarray:
        there, found = at(review, rules)
        return _placed(there, found.cycle.protection.reaches(position[there]))

    return Policy("upswing", msg("Upswing"), knobs, point, lasts)


def _placed(there: np.ndarray, values: np.ndarray) -> np.ndarray:
    """values of the products that are `there` (n,), NaN for the others."""
    found = np.full((len(there), *values.shape[1:]), np.nan)
    found[there] = values
    return found


def by_safety_factor(
    name: str,
    title: Message,
    ahead: Callable[[int], tuple[np.ndarray, np.ndarray]],
    protection_weeks: np.ndarray,
    spread: np.ndarray,
    live: np.ndarray,
    knobs=SAFETY_FACTORS,
) -> Policy:
    """The textbook's S = mean + z sd of normal, independent weeks over a protection time of so many weeks that varies by `spread`,
    (n,) both.

    ahead(review) -> (mean of each week ahead (n, 13), sd of a week (n,)); the weeks after those are like the last one.
    live (n, K): the products that are ordered at each review, the same as in our own policy.
    """
    whole = np.floor(protection_weeks).astype(int)

    def point(review: int, knob: float) -> np.ndarray:
        mean, sd = ahead(review)
        beyond = max(int(whole.max(initial=0)) + 1 - mean.shape[1], 0)
        weekly = np.pad(np.maximum(mean, 0.0), ((0, 0), (0, beyond)), mode="edge")
        path = np.cumsum(np.pad(weekly, ((0, 0), (1, 0))), axis=1)
        row = np.arange(len(path))
        expected = path[row, whole] + (protection_weeks - whole) * weekly[row, whole]
        off = demand_over_time(expected / protection_weeks, sd, protection_weeks, spread)[1]
        found = expected + knob * off - 0.5  # whole units raise a position by half a unit on average
        return np.where(live[:, review], np.maximum(found, 0.0), np.nan)

    return Policy(name, title, knobs, point)


# ---- what planners do now: (mean of each week ahead (n, 13), sd of a week (n,)) at every review, from weekly units


def twelve_week_mean(history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """history (n, weeks), oldest first."""
    recent = history[:, -MEAN_WEEKS:]
    return np.repeat(recent.mean(axis=1, keepdims=True), DEMAND_WEEKS[-1], axis=1), recent.std(axis=1, ddof=1)


def seasonal_naive(history: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """base (n, 5): the panel's, half the pace of the last 8 weeks and half the same weeks a year ago; sd as of the 12-week mean."""
    knots = np.concatenate([[0], DEMAND_WEEKS])
    rates = np.diff(np.nan_to_num(base), axis=1, prepend=0.0) / np.diff(knots)
    return np.repeat(rates, np.diff(knots), axis=1), twelve_week_mean(history)[1]


def statistical(histories: list[np.ndarray], model: str, processes: int | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """A model of statsforecast at each review, for all products: histories[k] (n, weeks up to review k). sd is that of its own errors."""
    n = len(histories[0])
    parts = np.array_split(np.arange(n), max(1, n // 100))
    with ProcessPoolExecutor(processes or os.cpu_count()) as pool:
        found = list(pool.map(_statistical_part, [[h[part] for h in histories] for part in parts], [model] * len(parts)))
    reviews = range(len(histories))
    return [(np.concatenate([part[k][0] for part in found]), np.concatenate([part[k][1] for part in found])) for k in reviews]


def _statistical_part(histories: list[np.ndarray], model: str) -> list[tuple[np.ndarray, np.ndarray]]:
    from statsforecast import models

    chosen: list = [None] * len(histories[0])
    out = []
    for k, history in enumerate(histories):
        means, sds = twelve_week_mean(history)
        for i, sold in enumerate(history):
            known = sold[int(np.argmax(sold > 0)) :]  # weeks before its first sale are not weeks without demand
            if len(known) < MEAN_WEEKS or not known.any():
                continue
            if model == "AutoETS":
                if chosen[i] is None or k % REFIT_REVIEWS == 0:
                    chosen[i] = models.AutoETS(season_length=1).fit(known)
                said = chosen[i].forward(y=known, h=DEMAND_WEEKS[-1], fitted=True)
            else:
                said = getattr(models, model)().forecast(y=known, h=DEMAND_WEEKS[-1], fitted=True)
            sd = np.nanstd(known - said["fitted"])
            if np.isfinite(said["mean"]).all() and np.isfinite(sd):
                means[i], sds[i] = said["mean"], sd
        out.append((means, sds))
    return out
