"""The demand baselines of a backtest: which run, on which rows, and the scale of their errors."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from core.evaluation import metrics
from core.evaluation.baselines import DemandBaseline, WeeklyUnits
from core.messages import Message
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

# Statistical models take milliseconds per series, so all demand learners are compared on a sample of each block.
SAMPLE_PRODUCTS = 1_000
SAMPLE_ORIGINS = 2
SEED = 7


def left_out(baselines) -> dict[str, list[str]]:
    """Return name -> missing packages of the baselines that cannot run on this machine."""
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
    """Return (baseline -> (len(test), 5, 9) float32 units, which test rows are the sample, baseline -> seconds).

    Baselines are fitted on the rows `train` of `known`, the panel as it was known, and forecast the rows `test` of `panel`. A sampled
    baseline is fitted on as many products at two origins and forecasts only the sample; NaN elsewhere.
    """
    sampled = np.isin(test, _sample(panel, test, _sample_origins(panel.as_of[test])))
    training_sample = _sample(panel, train, _training_origins(known, train))
    found, seconds = {}, {}
    for number, baseline in enumerate(running):
        progress(baseline.title, number / len(running))
        started = time.monotonic()
        train_rows, test_rows = (training_sample, np.flatnonzero(sampled)) if baseline.sampled else (train, np.arange(len(test)))
        found[baseline.name] = np.full((len(test), len(DEMAND_WEEKS), len(DEMAND_LEVELS)), np.nan, dtype=np.float32)
        found[baseline.name][test_rows] = baseline.fit(known, train_rows, weekly)(panel, test[test_rows])
        seconds[baseline.name] = round(time.monotonic() - started, 2)
    return found, sampled, seconds


def scales(panel, rows: np.ndarray, weekly: WeeklyUnits) -> np.ndarray:
    """Return (len(rows), 5) units, the scale of MASE at DEMAND_WEEKS from each product's history up to the row's origin.

    Segment `all` only, NaN for other rows: weekly units exist only for all customers.
    """
    found = np.full((len(rows), len(DEMAND_WEEKS)), np.nan)
    for origin in np.unique(panel.as_of[rows]):
        here = np.flatnonzero((panel.as_of[rows] == origin) & panel.all_rows[rows])
        history = weekly.until(origin)[panel.product[rows[here]]]
        found[here] = np.stack([metrics.naive_scale(history, weeks) for weeks in DEMAND_WEEKS], axis=1)
    return found


def _sample_origins(as_of: np.ndarray) -> np.ndarray:
    """Return at most SAMPLE_ORIGINS of the origins, evenly spaced from the first on, so that their next weeks overlap little."""
    origins = np.unique(as_of)
    return origins[np.unique(np.arange(SAMPLE_ORIGINS) * len(origins) // SAMPLE_ORIGINS)]


def _training_origins(known, train: np.ndarray) -> np.ndarray:
    """Return the latest training origin whose demand is known for all weeks, and the latest whose weeks had all passed by then.

    Where history is too short, the latest origin with the most known weeks takes the place of the first.
    """
    rows = train[known.all_rows[train]]
    origins, first = np.unique(known.as_of[rows], return_index=True)
    weeks = np.isfinite(known.units[rows[first]]).sum(axis=1)  # per origin, since a week is known for all products or for none
    latest = origins[weeks == weeks.max()][-1]
    before = origins[origins <= latest - np.timedelta64(7 * DEMAND_WEEKS[-1], "D")]
    return np.append(before[-1:], latest)


def _sample(panel, rows: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Return, ascending, the rows of segment `all` at these origins, of at most SAMPLE_PRODUCTS products drawn at random."""
    rows = rows[panel.all_rows[rows] & np.isin(panel.as_of[rows], origins)]
    products = np.unique(panel.product[rows])
    drawn = np.random.default_rng(SEED).choice(products, min(SAMPLE_PRODUCTS, len(products)), replace=False)
    return np.sort(rows[np.isin(panel.product[rows], drawn)])
