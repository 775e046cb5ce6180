"""The demand baselines of a backtest: who runs, on which rows, and what their errors are scaled by."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from core.evaluation import metrics
from core.evaluation.baselines import DemandBaseline, WeeklyUnits
from core.messages import Message
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

# Statistical models take milliseconds a series: they, and all others beside them, are compared on a sample of each block.
SAMPLE_PRODUCTS = 1_000
SAMPLE_ORIGINS = 2
SEED = 7


def left_out(baselines) -> dict[str, list[str]]:
    """Of these baselines, those that lack packages on this machine -> which."""
    return {b.name: missing for b in baselines if (missing := b.missing())}


def demand_forecasts(
    panel,
    known,
    train: np.ndarray,
    test: np.ndarray,
    weekly: WeeklyUnits,
    running: list[DemandBaseline],
    progress: Callable[[Message, float], None],
) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, float]]:
    """(baseline -> (len(test), 5, 9) float32 units, which test rows are the sample, baseline -> seconds).

    Learns from the rows `train` of `known`, the panel as it was known, and forecasts the rows `test` of `panel`.
    A sampled baseline learns from as many products at two origins and forecasts the sample alone; NaN elsewhere.
    """
    sampled = np.isin(test, _sample(panel, test, _spread(panel.as_of[test])))
    learnt_sample = _sample(panel, train, _learnt_origins(known, train))
    found, seconds = {}, {}
    for number, baseline in enumerate(running):
        progress(baseline.title, number / len(running))
        started = time.monotonic()
        learnt, asked = (learnt_sample, np.flatnonzero(sampled)) if baseline.sampled else (train, np.arange(len(test)))
        found[baseline.name] = np.full((len(test), len(DEMAND_WEEKS), len(DEMAND_LEVELS)), np.nan, dtype=np.float32)
        found[baseline.name][asked] = baseline.learn(known, learnt, weekly)(panel, test[asked])
        seconds[baseline.name] = round(time.monotonic() - started, 2)
    return found, sampled, seconds


def scales(panel, rows: np.ndarray, weekly: WeeklyUnits) -> np.ndarray:
    """(len(rows), 5) units, what MASE divides by at DEMAND_WEEKS: of each product's history up to the row's origin.

    Segment `all` only, NaN for other rows: its history is the one that we have.
    """
    found = np.full((len(rows), len(DEMAND_WEEKS)), np.nan)
    for origin in np.unique(panel.as_of[rows]):
        here = np.flatnonzero((panel.as_of[rows] == origin) & panel.all_rows[rows])
        history = weekly.until(origin)[panel.product[rows[here]]]
        found[here] = np.stack([metrics.naive_scale(history, weeks) for weeks in DEMAND_WEEKS], axis=1)
    return found


def _spread(as_of: np.ndarray) -> np.ndarray:
    """At most SAMPLE_ORIGINS of the origins, evenly spread from the first on, so that their next weeks overlap little."""
    origins = np.unique(as_of)
    return origins[np.unique(np.arange(SAMPLE_ORIGINS) * len(origins) // SAMPLE_ORIGINS)]


def _learnt_origins(known, train: np.ndarray) -> np.ndarray:
    """The latest training origin whose demand is known for all weeks, and the latest whose weeks had all passed by then.

    Where history is too short for one with all weeks known, the latest origin with the most.
    """
    rows = train[known.all_rows[train]]
    origins, first = np.unique(known.as_of[rows], return_index=True)
    weeks = np.isfinite(known.units[rows[first]]).sum(axis=1)  # of whole origins: a week is known for all products or for none
    latest = origins[weeks == weeks.max()][-1]
    before = origins[origins <= latest - np.timedelta64(7 * DEMAND_WEEKS[-1], "D")]
    return np.append(before[-1:], latest)


def _sample(panel, rows: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Of `rows`, ascending: segment `all` at these origins, at most SAMPLE_PRODUCTS products, drawn once."""
    rows = rows[panel.all_rows[rows] & np.isin(panel.as_of[rows], origins)]
    products = np.unique(panel.product[rows])
    drawn = np.random.default_rng(SEED).choice(products, min(SAMPLE_PRODUCTS, len(products)), replace=False)
    return np.sort(rows[np.isin(panel.product[rows], drawn)])
