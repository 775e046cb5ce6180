"""Demand over any time, and how much of it a stock meets, read off the forecast's quantiles; one row a product.

The books assume a demand distribution and fit its parameters. Here the forecast's own quantiles are the distribution:
`demand[i, w, l]` is the quantile at `levels[l]` of product i's cumulative units over the next `weeks[w]` weeks, monotone both ways.
Between and beyond these 5 x 9 numbers:

- time: straight lines between the forecast's weeks, which keeps quantiles monotone and uncrossed. Below the first week and beyond
  the last, the median moves at the nearest rate, and the distance from it with the square root of time, as for independent weeks.
- level: straight lines in the normal score of the level (exact for normal demand), the last slope continued above the highest
  level, flat below the lowest.

Units are the shop's own (pieces, kilograms); times are in weeks unless a name says days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from core.capabilities.inventory.control.normal import density
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

MAX_COVER_WEEKS = 104.0  # "two years or more": a product that hardly sells never runs out
LEAD_TIME_POINTS = 7  # with 5, quantiles are up to 1.5% off; with 7 within 0.5% (checked by simulation)
_NO_WIDTH = 1e-9  # units: closer quantiles count as equal
BISECTIONS = 24  # halves the bracket to a 10^7th of its width


@dataclass(frozen=True)
class Distribution:
    """Demand of n products over one time each: its quantiles `knots` (n, L) at `levels` (L,), interpolated as the module describes."""

    knots: np.ndarray
    levels: tuple[float, ...] = DEMAND_LEVELS

    def at(self, level: np.ndarray | float) -> np.ndarray:
        """Return the quantile at `level`, (n,); level is (n,) or a number.

        >>> d = Distribution(40 + 8 * ndtri(DEMAND_LEVELS)[None])
        >>> float(d.at(0.8)[0].round(2)), float(d.at(0.999)[0].round(1))
        (46.73, 64.7)
        """
        scores = ndtri(np.asarray(self.levels, dtype=np.float64))
        score = np.maximum(ndtri(_per_product(level, len(self.knots))), scores[0])
        piece = np.clip(np.searchsorted(scores, score, side="right") - 1, 0, len(scores) - 2)
        share = (score - scores[piece]) / (scores[piece + 1] - scores[piece])
        row = np.arange(len(self.knots))
        left, right = self.knots[row, piece], self.knots[row, piece + 1]
        return left + share * (right - left)

    def reaches(self, stock: np.ndarray) -> np.ndarray:
        """Return P(demand <= stock), in the shape of `stock`: (n,) or (n, U)."""
        stock = np.asarray(stock, dtype=np.float64)
        several = stock if stock.ndim == 2 else stock[:, None]
        return _reader(self.knots[:, None, :], ndtri(np.asarray(self.levels)))(several).reshape(stock.shape)

    def short(self, stock: np.ndarray) -> np.ndarray:
        """E[max(demand - stock, 0)], units that a stock (n,) or (n, U) is expected to lack, in closed form; its shape.

        The integral of (a + b z - stock) phi(z) over the part of each piece that lies above `stock` (Snyder & Shen's loss function,
        piece by piece). Of normal demand it is sd (phi(k) - k (1 - Phi(k))) with k = (stock - mean) / sd:

        >>> d = Distribution(40 + 8 * ndtri(DEMAND_LEVELS)[None])
        >>> float(d.short(np.array([48.0]))[0].round(3)), round(8 * 0.08332, 3)
        (0.667, 0.667)
        """
        stock = np.asarray(stock, dtype=np.float64)
        several = (stock if stock.ndim == 2 else stock[:, None])[..., None]  # (n, U, 1)
        scores = ndtri(np.asarray(self.levels, dtype=np.float64))
        q = self.knots[:, None, :]
        slope = np.diff(q) / np.diff(scores)
        constant = q[..., :-1] - slope * scores[:-1]
        upper = np.append(scores[1:-1], np.inf)  # the last line continues without end
        crossing = np.divide(several - constant, slope, out=np.where(constant >= several, -np.inf, np.inf) + 0.0 * slope, where=slope > 0)
        low = np.clip(crossing, scores[:-1], upper)
        mass, moment = ndtr(upper) - ndtr(low), density(low) - density(upper)
        lacking = ((constant - several) * mass + slope * moment).sum(axis=-1)
        lacking += self.levels[0] * np.maximum(q[..., 0] - several[..., 0], 0.0)  # flat below the lowest level
        return np.maximum(lacking, 0.0).reshape(stock.shape)

    @property
    def mean(self) -> np.ndarray:
        """Return E[demand], (n,)."""
        return self.short(np.zeros(len(self.knots)))


def over(demand: np.ndarray, time: np.ndarray | float, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS) -> Distribution:
    """Return cumulative demand over `time` weeks; `demand` is (n, W, L), `time` (n,) or a number >= 0."""
    return Distribution(_levels_at(demand, _per_product(time, len(demand)), weeks, levels), levels)


def over_lead_time(
    demand: np.ndarray, mean: np.ndarray, sd: np.ndarray, more: np.ndarray | float = 0.0, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS
) -> Distribution:
    """Demand over a lead time of `mean` weeks that varies by `sd`, (n,), plus `more` weeks that don't.

    The lead time takes LEAD_TIME_POINTS values with probabilities. Demand then has the mixed distribution F(x) = sum_k w_k F(x | t_k), and
    each knot is the least x with F(x) >= its level, found by bisection between the least and the largest of the K quantiles. The
    textbook's variance E[L] var(D) + E[D]^2 var(L) (Silver, Pyke & Thomas, ch. 6) with a normal quantile is its approximation, a
    little low in the upper tail, because demand over a varying time is skewed:

    >>> demand = (10 * np.array(DEMAND_WEEKS)[:, None] + 4 * np.sqrt(np.array(DEMAND_WEEKS))[:, None] * ndtri(DEMAND_LEVELS))[None]
    >>> d = over_lead_time(demand, np.array([4.0]), np.array([1.0]))
    >>> float(d.at(0.95)[0].round(1)), round(40 + 1.645 * (4 * 16 + 100 * 1) ** 0.5, 1)
    (61.8, 61.1)
    """
    return Distribution(_over_lead_time(demand, mean, sd, more, weeks, levels, range(len(levels))), levels)


def quantile_over_lead_time(
    demand: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    more: np.ndarray | float,
    level: float,
    *,
    weeks=DEMAND_WEEKS,
    levels=DEMAND_LEVELS,
) -> np.ndarray:
    """Return `over_lead_time`'s quantile at one of the `levels`, (n,), without the others."""
    return _over_lead_time(demand, mean, sd, more, weeks, levels, [levels.index(level)])[:, 0]


def _over_lead_time(demand, mean, sd, more, weeks, levels, chosen: Sequence[int]) -> np.ndarray:
    """Return the quantiles at the levels in the places `chosen` (C,), (n, C)."""
    fixed = over(demand, np.asarray(mean) + more, weeks=weeks, levels=levels).knots[:, chosen]
    varies = np.flatnonzero(np.asarray(sd) > 0)
    if len(varies):
        times, weights = lead_time_points(mean[varies], sd[varies])
        times = times + _per_product(more, len(demand))[varies, None]
        each = np.stack([_levels_at(demand[varies], t, weeks, levels) for t in times.T], axis=1)  # (m, K, L)
        fixed[varies] = _mixed(each, weights, np.asarray(levels, dtype=np.float64), chosen)
    return fixed


def _mixed(each: np.ndarray, weights: np.ndarray, levels: np.ndarray, chosen: Sequence[int]) -> np.ndarray:
    """Return the `chosen` quantiles (m, C) of the mixture with weights (K,) of distributions with quantiles `each` (m, K, L)."""
    reached, mixed = _reader(each, ndtri(levels)), np.empty((len(each), len(chosen)))
    for place, j in enumerate(chosen):
        low, high = each[:, :, j].min(axis=1), each[:, :, j].max(axis=1)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            enough = reached(middle[:, None]) @ weights >= levels[j] - 1e-12
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        mixed[:, place] = high
    return np.maximum.accumulate(mixed, axis=1)


def lead_time_points(mean: np.ndarray, sd: np.ndarray, points: int = LEAD_TIME_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return a normal lead time as a few values with probabilities: times (n, points), weights (points,).

    Gauss-Hermite points keep the mean, the variance and, of 7 points, every moment up to the 13th. A time below zero counts as zero,
    which only matters where the standard deviation is more than a third of the mean, and then errs to the safe side.

    >>> times, weights = lead_time_points(np.array([4.0]), np.array([1.0]), points=3)
    >>> print(times.round(2), weights.round(3))
    [[2.27 4.   5.73]] [0.167 0.667 0.167]
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return np.maximum(mean[:, None] + sd[:, None] * nodes, 0.0), weights / weights.sum()


def cover_weeks(demand: np.ndarray, stock: np.ndarray, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS) -> np.ndarray:
    """Return weeks until the median cumulative demand has used up `stock` (n,), at most MAX_COVER_WEEKS; NaN where `stock` is.

    >>> weeks = np.array(DEMAND_WEEKS)
    >>> demand = np.repeat(10.0 * weeks[:, None], 9, axis=1)[None]
    >>> [float(cover_weeks(demand, np.array([s]))[0]) for s in (0.0, 15.0, 200.0, 9999.0)]
    [0.0, 1.5, 20.0, 104.0]
    """
    return weeks_until(_path(demand, lambda d: d.at(0.5), weeks, levels), stock, weeks)


def mean_path(demand: np.ndarray, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS) -> np.ndarray:
    """Return expected cumulative demand at 0 weeks and at each of the forecast's weeks, (n, 1 + W)."""
    return np.maximum.accumulate(_path(demand, lambda d: d.mean, weeks, levels), axis=1)


def _path(demand: np.ndarray, figure, weeks, levels) -> np.ndarray:
    """Return a figure of the cumulative distribution at 0 weeks, where it is 0, and at each of the forecast's weeks, (n, 1 + W)."""
    return np.stack([np.zeros(len(demand))] + [figure(Distribution(demand[:, w], levels)) for w in range(len(weeks))], axis=1)


def _levels_at(demand: np.ndarray, time: np.ndarray, weeks, levels) -> np.ndarray:
    """Return all quantiles of cumulative demand over time[i] weeks, (n, L), interpolated along time as the module describes."""
    knots = np.asarray(weeks, dtype=np.float64)
    first, before, last = demand[:, 0], demand[:, -2], demand[:, -1]
    between = _along(demand, time, knots)
    median = int(np.argmin(np.abs(np.asarray(levels) - 0.5)))

    part = np.clip(time / knots[0], 0.0, 1.0)[:, None]
    early = part * first[:, [median]] + np.sqrt(part) * (first - first[:, [median]])
    beyond = np.maximum(time - knots[-1], 0.0)[:, None]
    rate = (last[:, [median]] - before[:, [median]]) / (knots[-1] - knots[-2])
    spread = np.sqrt(1.0 + beyond / knots[-1]) * (last - last[:, [median]])
    late = np.maximum(last[:, [median]] + rate * beyond + spread, last)  # cumulative demand never shrinks
    time = time[:, None]
    return np.where(time < knots[0], np.clip(early, 0.0, first), np.where(time > knots[-1], late, between))


def _along(values: np.ndarray, time: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Interpolate row-wise through (knots, values (n, W, ...)) at time (n,) or (n, K).

    Beyond the last knot the last line continues; before the first, its value holds.
    """
    piece = np.clip(np.searchsorted(knots, time, side="right") - 1, 0, len(knots) - 2)
    share = np.maximum((time - knots[piece]) / (knots[piece + 1] - knots[piece]), 0.0)
    row = np.arange(len(values)).reshape((-1,) + (1,) * (time.ndim - 1))
    left, right = values[row, piece], values[row, piece + 1]
    share = share.reshape(share.shape + (1,) * (left.ndim - share.ndim))
    return left + share * (right - left)


def weeks_until(path: np.ndarray, stock: np.ndarray, weeks) -> np.ndarray:
    """Return the first time at which a cumulative path (n, 1 + W) reaches stock (n,); at most MAX_COVER_WEEKS; NaN stays NaN."""
    knots = np.concatenate([[0.0], np.asarray(weeks, dtype=np.float64)])
    row = np.arange(len(path))
    right = np.clip((path < stock[:, None]).sum(axis=1), 1, len(knots) - 1)  # the first knot at or above the stock
    rise = path[row, right] - path[row, right - 1]
    missing = stock - path[row, right - 1]
    step = np.divide(missing, rise, out=np.full(len(path), np.inf), where=rise > 0) * (knots[right] - knots[right - 1])
    reached = np.where(missing <= 0, knots[right - 1], knots[right - 1] + step)
    return np.where(np.isnan(stock), np.nan, np.minimum(reached, MAX_COVER_WEEKS))


def _reader(knots: np.ndarray, scores: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return P(demand <= x) as a function of x (...), of the distributions whose quantiles at `scores` (L,) are knots (..., L).

    Each piece that x has passed adds its normal score, completely or in part; the last piece continues without end.
    """
    width, steps = np.diff(knots), np.diff(scores)
    slope = 1 / np.maximum(width, _NO_WIDTH)
    most = np.append(np.ones(len(steps) - 1), np.inf)
    start = knots[..., :-1] - _NO_WIDTH  # a quantile that is met is reached

    def reached(x: np.ndarray) -> np.ndarray:
        passed = np.clip((x[..., None] - start) * slope, 0.0, most)
        return np.where(x < knots[..., 0] - _NO_WIDTH, 0.0, ndtr(scores[0] + passed @ steps))

    return reached


def _per_product(time: np.ndarray | float, n: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(time, dtype=np.float64), (n,))
