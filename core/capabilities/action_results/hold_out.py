"""What an action changed, by the products that were held out of it at random; and, before it starts, how small a change would be seen.

A product's sales are compared with its usual ones, the mean of the weeks before: score = (sales - usual) / (usual + 1)^.75, so that
neither the largest products nor the smallest decide alone. The action is taken to multiply sales by 1 + change. A change belongs to the
interval where the hold-out, with sales of the others divided by 1 + change, looks like any other draw of as many products. That holds for
few and skewed products too, since nothing is assumed of how sales spread.

P. Rosenbaum: Covariance adjustment in randomized experiments and observational studies, Statistical Science 17, 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

LEVEL = 0.95
WEEKS_BEFORE = 8  # whose mean is a product's usual sales
_DRAWS, _POWER_DRAWS, _TRIES = 1999, 399, 600
_CHANGES = np.linspace(np.log(0.02), np.log(50), 800)  # of log(1 + change)
_POWER_OF_USUAL = 0.75
_HALF = 0.5  # units a week, so that none has a logarithm
_LEAST_WINDOWS = 4  # different starts in the past that a power needs


@dataclass(frozen=True)
class Change:
    """What an action multiplied sales by, less 1: .2 is 20% more. low, high: its interval; -1 and infinity where nothing bounds it."""

    change: float
    low: float
    high: float

    def extra(self, units: float) -> tuple[float, float, float]:
        """Return how many of the units that were sold came by the action: (estimate, low, high).

        >>> Change(0.25, 0.0, 1.0).extra(100)
        (20.0, 0.0, 50.0)
        """
        estimate, low, high = (units - units / (1 + one) if one > -1 else -np.inf for one in (self.change, self.low, self.high))
        return estimate, low, high


def change(units: np.ndarray, usual: np.ndarray, done: np.ndarray, seed: int = 0) -> Change:
    """Return what the action changed. units, usual: (n,) sold in its days, and usual in as many; done: (n,) False for those held out."""
    given = np.exp(_CHANGES)
    scores = _scores(np.where(done, units / given[:, None], units), usual)
    means = scores @ _draws(len(units), int((~done).sum()), _DRAWS, seed, done)  # (changes, draws), the real one first
    real = means[:, :1]
    too_small = (means >= real - 1e-9).mean(1) > (1 - LEVEL) / 2
    too_large = (means <= real + 1e-9).mean(1) > (1 - LEVEL) / 2
    low, high = _first(too_small), len(given) - 1 - _first(too_large[::-1])
    return Change(
        float(np.exp(np.interp(0.0, -means[:, 0], _CHANGES)) - 1),
        float(given[low] - 1) if low else -1.0,
        float(given[high] - 1) if high < len(given) - 1 else np.inf,
    )


def power(
    weeks: np.ndarray, chosen: Sequence[int], held_out: int, length: int, changes: Sequence[float], seed: int = 0
) -> dict[float, float] | None:
    """Return in which share of cases the interval would lie above 0, for each true change; None where the past is too short.

    weeks: (products, weeks) units, oldest first; chosen: numbers of those that the action takes; held_out: how many of them are left out;
    length: weeks of the action. A case is a past period of the products that sold then as these do now, with a newly drawn hold-out and
    the change added to the others. The chosen ones' own past would mislead: they are chosen because they sell more now.
    """
    count, total = len(chosen), weeks.shape[1]
    starts = np.arange(WEEKS_BEFORE, total - length + 1)
    if len(starts) < _LEAST_WINDOWS or not 0 < held_out < count:
        return None
    sums = np.concatenate([np.zeros((len(weeks), 1)), weeks.cumsum(1)], axis=1)
    levels = [_level(sums, at) for at in (*starts, total)]
    like = np.stack([_alike(then, levels[-1][chosen]) for then in levels[:-1]])  # (starts, n)
    random = np.random.default_rng(seed)
    case = random.integers(0, len(starts), _TRIES)
    start, product = starts[case][:, None], like[case]
    before = (sums[product, start] - sums[product, start - WEEKS_BEFORE]) * length / WEEKS_BEFORE
    units = sums[product, start + length] - sums[product, start]
    done = random.permuted(np.tile(np.arange(count) >= held_out, (_TRIES, 1)), axis=1)
    draws = _draws(count, held_out, _POWER_DRAWS, seed)
    found = {}
    for one in changes:
        scores = _scores(units + random.poisson(one * units) * done, before)
        real = (scores * np.where(done, 1 / (count - held_out), -1 / held_out)).sum(1, keepdims=True)
        as_large = ((scores @ draws >= real - 1e-9).sum(1) + 1) / (_POWER_DRAWS + 1)
        found[one] = float((as_large <= (1 - LEVEL) / 2).mean())
    return found


def _level(sums: np.ndarray, at: int) -> np.ndarray:
    """Return (products, 2) logarithms of weekly sales, of the 8 and of the 4 weeks before. sums: (products, weeks + 1) cumulated units."""
    return np.column_stack([np.log((sums[:, at] - sums[:, at - weeks]) / weeks + _HALF) for weeks in (WEEKS_BEFORE, WEEKS_BEFORE // 2)])


def _alike(level: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the numbers of the products whose level is nearest to the wanted ones, each product once."""
    return linear_sum_assignment(np.abs(wanted[:, None] - level[None]).sum(2))[1]


def _scores(units: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return (cases, n) how far sales lie from the usual ones, after what changed for all products. units: (cases, n)."""
    usual = np.broadcast_to(usual, units.shape)
    total = usual.sum(1, keepdims=True)
    market = np.divide(units.sum(1, keepdims=True), total, out=np.ones_like(total), where=total > 0)
    return (units - market * usual) / (usual + 1) ** _POWER_OF_USUAL


def _draws(count: int, held_out: int, draws: int, seed: int, real: np.ndarray | None = None) -> np.ndarray:
    """Return (n, draws) weights: mean of those with the action less mean of those held out, of random draws; the real one first."""
    left = np.tile(np.arange(count) < held_out, (draws, 1))
    left = np.random.default_rng(seed).permuted(left, axis=1)
    if real is not None:
        left = np.concatenate([~real[None], left])
    return np.where(left, -1 / held_out, 1 / (count - held_out)).T


def _first(flags: np.ndarray) -> int:
    return int(flags.argmax()) if flags.any() else 0
