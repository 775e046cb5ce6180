"""What to order, when, and how much safety is in it: the textbook's rules on arrays, one row a product.

Sources. Snyder & Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 4 (periodic review: a base-stock level covers demand
over lead time plus one review period). Silver, Pyke & Thomas, *Inventory and Production Management in Supply Chains* (4th ed.),
chapter 6 (the (R, S) and (R, s, S) systems, cycle service level, lead times that vary).

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

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import ndtr, ndtri

from core.errors import UserError
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

MAX_COVER_WEEKS = 104.0  # "two years or more": a product that hardly sells never runs out
STOCK_IS_FRESH_DAYS = 14
LEAD_TIME_POINTS = 7  # with 5, quantiles are up to 1.5% off; with 7 within 0.5% (checked by simulation)
BISECTIONS = 40  # halves the bracket to a 10^12th of its width

ORDER_NOW, ENOUGH = "order now", "enough"
STOCK_UNKNOWN, STOCK_OUTDATED, STOCK_NEGATIVE = "stock unknown", "stock outdated", "stock below zero"
PACK_UNUSABLE = "pack size not usable"
STATUSES = (ORDER_NOW, ENOUGH, STOCK_UNKNOWN, STOCK_OUTDATED, STOCK_NEGATIVE, PACK_UNUSABLE)


@dataclass(frozen=True)
class Suggestions:
    """One entry a product, as the serving table of the same name; NaN, NaT where the status leaves no answer."""

    status: np.ndarray
    on_hand: np.ndarray
    on_order: np.ndarray
    inventory_position: np.ndarray
    lead_time_days: np.ndarray
    lead_time_assumed: np.ndarray
    review_days: np.ndarray
    service_level: np.ndarray
    safety_stock: np.ndarray
    reorder_point: np.ndarray
    order_up_to_level: np.ndarray
    suggested_order_units: np.ndarray
    order_by: np.ndarray
    cover_weeks: np.ndarray
    order_cost_cents: np.ndarray


def suggest(
    demand: np.ndarray, *, as_of: date, on_hand: np.ndarray, on_order: np.ndarray, stock_age_days: np.ndarray,
    lead_time_days: np.ndarray, lead_time_sd_days: np.ndarray, moq: np.ndarray, pack_size: np.ndarray, unit_cost_cents: np.ndarray,
    service_level: float = 0.95, review_days: int = 7, default_lead_time_days: float = 14.0,
) -> Suggestions:
    """Levels for every product, and an order for each whose stock is known, by the (R, s, S) system.

    Every R = `review_days` the inventory position (on hand + on order) is looked at; at or below s it is raised to S:

    - reorder_point s = quantile of demand over L + R at `service_level`: an order that is not placed now can only be
      placed R later and arrives L after that, so s has to last until then. L varies by `lead_time_sd_days`.
    - order_up_to_level S = s + median demand of one review cycle, the one after those L + R.
    - safety_stock = s - mean demand over L + R.

    `demand` is (n, 5, 9); the others are (n,) floats, NaN = not known. What is not known, or can't be true, is named:

    - no stock count: "stock unknown"; one of more than 14 days before `as_of`: "stock outdated"; a count below zero:
      "stock below zero". These get levels and no order. on_order not known = nothing on order.
    - a pack size of 0 or less where an order is due: "pack size not usable". Not known = single units.
    - lead time not known, or negative: the default, with lead_time_assumed. Its standard deviation not known, or negative: 0.
    - unit cost not known: the order has no cost.

    Raises UserError for a service level outside (0, 1), review days below 1, a negative default, or demand that is not finite.

    >>> weeks, levels = np.array(DEMAND_WEEKS), np.array(DEMAND_LEVELS)
    >>> demand = 10 * weeks[:, None] + 4 * np.sqrt(weeks)[:, None] * ndtri(levels)  # 10 a week, standard deviation 4
    >>> one = lambda x: np.array([float(x)])
    >>> s = suggest(demand[None], as_of=date(2011, 11, 6), on_hand=one(20), on_order=one(0), stock_age_days=one(0),
    ...             lead_time_days=one(21), lead_time_sd_days=one(0), moq=one(0), pack_size=one(12), unit_cost_cents=one(250))
    >>> print(s.status[0], round(s.reorder_point[0], 1), round(s.safety_stock[0], 1), round(s.order_up_to_level[0], 1))
    order now 53.2 13.1 63.2
    >>> print(s.suggested_order_units[0], s.order_cost_cents[0], s.cover_weeks[0], s.order_by[0])  # 43.2 missing = 4 packs of 12
    48.0 12000.0 2.0 2011-11-06
    """
    if not 0 < service_level < 1:
        raise UserError("a service level between 0 and 1, such as 0.95", str(service_level), "correct service_level in [inventory]")
    if review_days < 1:
        raise UserError("at least 1 day between reviews", str(review_days), "correct review_days in [inventory]")
    if default_lead_time_days < 0:
        raise UserError("a lead time of 0 days or more", str(default_lead_time_days), "correct default_lead_time_days in [inventory]")
    demand = np.asarray(demand, dtype=np.float64)
    if not np.isfinite(demand).all():
        raise UserError("a demand forecast in numbers", "NaN or infinite quantiles", "train the model again")

    on_hand, on_order, lead_time_days, lead_time_sd_days, moq, pack_size, unit_cost_cents = (
        np.asarray(a, dtype=np.float64)
        for a in (on_hand, on_order, lead_time_days, lead_time_sd_days, moq, pack_size, unit_cost_cents)
    )
    assumed = ~(lead_time_days >= 0)
    lead_time_days = np.where(assumed, float(default_lead_time_days), lead_time_days)
    lead_time_sd_days = np.where(lead_time_sd_days > 0, lead_time_sd_days, 0.0)
    review = review_days / 7

    times, weights = lead_time_points(lead_time_days / 7, lead_time_sd_days / 7)
    protection = times + review
    reorder_point = mixed_quantile(demand, protection, weights, service_level)
    lead_and_review = lead_time_days / 7 + review
    cycle = quantile(demand, lead_and_review + review, 0.5) - quantile(demand, lead_and_review, 0.5)
    order_up_to_level = reorder_point + cycle
    safety_stock = reorder_point - (mean_demand(demand, protection) * weights).sum(axis=1)

    on_order = np.where(on_order > 0, on_order, 0.0)
    counted = on_hand >= 0
    position = np.where(counted, on_hand + on_order, np.nan)
    fresh = counted & ~(np.asarray(stock_age_days, dtype=np.float64) > STOCK_IS_FRESH_DAYS)
    due = fresh & (position <= reorder_point) & (position < order_up_to_level)
    usable = ~(pack_size <= 0)
    units = order_units(order_up_to_level - position, np.where(usable, pack_size, np.nan), moq)
    status = np.select(
        [np.isnan(on_hand), ~counted, ~fresh, due & ~usable, due],
        [STOCK_UNKNOWN, STOCK_NEGATIVE, STOCK_OUTDATED, PACK_UNUSABLE, ORDER_NOW],
        ENOUGH,
    ).astype(object)
    units = np.where(status == ORDER_NOW, units, np.where(status == ENOUGH, 0.0, np.nan))
    return Suggestions(
        status=status,
        on_hand=on_hand,
        on_order=np.where(np.isnan(on_hand), np.nan, on_order),
        inventory_position=position,
        lead_time_days=lead_time_days,
        lead_time_assumed=assumed,
        review_days=np.full(len(demand), review_days),
        service_level=np.full(len(demand), service_level),
        safety_stock=safety_stock,
        reorder_point=reorder_point,
        order_up_to_level=order_up_to_level,
        suggested_order_units=units,
        order_by=order_by(demand, np.where(fresh, position, np.nan), safety_stock, lead_time_days, as_of),
        cover_weeks=cover_weeks(demand, np.where(fresh, position, np.nan)),
        order_cost_cents=np.round(units * np.where(unit_cost_cents >= 0, unit_cost_cents, np.nan)),
    )


def quantile(
    demand: np.ndarray, time: np.ndarray | float, level: float, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS
) -> np.ndarray:
    """The quantile at `level` of cumulative demand over `time` weeks, (n,); `demand` is (n, W, L), `time` (n,) or a number >= 0.

    >>> weeks, levels = np.array(DEMAND_WEEKS), np.array(DEMAND_LEVELS)
    >>> demand = (10 * weeks[:, None] + 4 * np.sqrt(weeks)[:, None] * ndtri(levels))[None]
    >>> float(quantile(demand, 3.0, 0.5)[0].round(6)), float(quantile(demand, 26.0, 0.5)[0].round(6))
    (30.0, 260.0)
    >>> float(quantile(demand, 4.0, 0.8)[0].round(2))  # the normal distribution's 40 + 0.84 x 8, on the line between two levels
    46.73
    """
    knots = _levels_at(demand, _per_product(time, len(demand)), weeks, levels)
    scores = ndtri(np.asarray(levels, dtype=np.float64))
    score = float(ndtri(level))
    if score <= scores[0]:
        return knots[:, 0]
    j = min(int(np.searchsorted(scores, score)), len(scores) - 1)  # beyond the highest level: the last slope goes on
    share = (score - scores[j - 1]) / (scores[j] - scores[j - 1])
    return knots[:, j - 1] + share * (knots[:, j] - knots[:, j - 1])


def mixed_quantile(
    demand: np.ndarray, times: np.ndarray, weights: np.ndarray, level: float, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS
) -> np.ndarray:
    """The quantile at `level` of demand over a time that is itself uncertain, (n,).

    The time is `times[i, k]` weeks with probability `weights[k]`. Demand then has the mixed distribution
    F(x) = sum_k weights[k] F(x | times[i, k]), and the answer is the least x with F(x) >= level, found by bisection between the
    least and the largest of the K quantiles. The textbook's variance E[L] var(D) + E[D]^2 var(L) (Silver, Pyke & Thomas, ch. 6) with a
    normal quantile is its approximation, a little low in the upper tail, because demand over a varying time is skewed.

    >>> weeks, levels = np.array(DEMAND_WEEKS), np.array(DEMAND_LEVELS)
    >>> demand = (10 * weeks[:, None] + 4 * np.sqrt(weeks)[:, None] * ndtri(levels))[None]
    >>> times, weights = lead_time_points(np.array([4.0]), np.array([1.0]))
    >>> float(mixed_quantile(demand, times, weights, 0.95)[0].round(1)), round(40 + 1.645 * (4 * 16 + 100 * 1) ** 0.5, 1)
    (61.8, 61.1)
    """
    knots = np.stack([_levels_at(demand, times[:, k], weeks, levels) for k in range(times.shape[1])], axis=1)  # (n, K, L)
    scores = ndtri(np.asarray(levels, dtype=np.float64))
    each = np.stack([quantile(demand, times[:, k], level, weeks=weeks, levels=levels) for k in range(times.shape[1])], axis=1)
    low, high = each.min(axis=1), each.max(axis=1)
    for _ in range(BISECTIONS if (high > low).any() else 0):
        middle = (low + high) / 2
        enough = (_distribution(middle[:, None], knots, scores) * weights).sum(axis=1) >= level - 1e-12
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def lead_time_points(mean: np.ndarray, sd: np.ndarray, points: int = LEAD_TIME_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """A normal lead time as a few values with probabilities: times (n, points), weights (points,).

    Gauss-Hermite points keep the mean, the variance and, of 7 points, every moment up to the 13th. A time below zero counts as zero,
    which only matters where the standard deviation is more than a third of the mean, and then errs to the safe side.

    >>> times, weights = lead_time_points(np.array([4.0]), np.array([1.0]), points=3)
    >>> print(times.round(2), weights.round(3))
    [[2.27 4.   5.73]] [0.167 0.667 0.167]
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return np.maximum(mean[:, None] + sd[:, None] * nodes, 0.0), weights / weights.sum()


def mean_demand(demand: np.ndarray, times: np.ndarray, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS) -> np.ndarray:
    """Expected cumulative demand over `times` (n, K) weeks, (n, K).

    At the forecast's weeks it is the exact mean of the distribution that `quantile` describes, integrated piece by piece;
    in between and beyond, straight lines at the nearest rate.

    >>> weeks, levels = np.array(DEMAND_WEEKS), np.array(DEMAND_LEVELS)
    >>> demand = (10 * weeks[:, None] + 4 * np.sqrt(weeks)[:, None] * ndtri(levels))[None]
    >>> mean_demand(demand, np.array([[0.5, 4.0, 20.0]])).round(0)
    array([[  5.,  40., 200.]])
    """
    return _along(_mean_path(demand, levels), times, np.concatenate([[0.0], np.asarray(weeks, dtype=np.float64)]))


def order_units(missing: np.ndarray, pack_size: np.ndarray, moq: np.ndarray) -> np.ndarray:
    """`missing` units, at least `moq`, rounded up to whole packs; nothing missing = 0. Not known: single units, no minimum.

    >>> order_units(np.array([43.2, 3.0, 7.2, -5.0]), np.array([12.0, 12.0, np.nan, 12.0]), np.array([0.0, 50.0, np.nan, 50.0]))
    array([48., 60.,  8.,  0.])
    """
    pack = np.where(np.isnan(pack_size), 1.0, pack_size)
    wanted = np.maximum(missing, np.where(moq > 0, moq, 0.0))
    return np.where(missing > 0, np.ceil(wanted / pack - 1e-9) * pack, np.where(np.isnan(missing), np.nan, 0.0))


def cover_weeks(demand: np.ndarray, stock: np.ndarray, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS) -> np.ndarray:
    """Weeks until the median cumulative demand has used up `stock` (n,), at most MAX_COVER_WEEKS; NaN where `stock` is.

    >>> weeks = np.array(DEMAND_WEEKS)
    >>> demand = np.repeat(10.0 * weeks[:, None], 9, axis=1)[None]
    >>> [float(cover_weeks(demand, np.array([s]))[0]) for s in (0.0, 15.0, 200.0, 9999.0)]
    [0.0, 1.5, 20.0, 104.0]
    """
    return _weeks_until(quantile_path(demand, 0.5, weeks=weeks, levels=levels), stock, weeks)


def order_by(
    demand: np.ndarray, position: np.ndarray, safety_stock: np.ndarray, lead_time_days: np.ndarray, as_of: date,
    *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS,
) -> np.ndarray:
    """The last day (datetime64[D]) on which an order still arrives before the position is expected below safety stock.

    That is the day on which mean demand has used up position - safety stock, less the lead time, and never before `as_of`;
    NaT where `position` is NaN, or where demand takes MAX_COVER_WEEKS or more to use it up: no order in sight.

    >>> weeks = np.array(DEMAND_WEEKS)
    >>> demand = np.repeat(10.0 * weeks[:, None], 9, axis=1)[None]  # 50 above safety stock last 35 days, 14 of them on the way
    >>> print(order_by(demand, np.array([60.0]), np.array([10.0]), np.array([14.0]), date(2011, 11, 6))[0])
    2011-11-27
    """
    spare = np.maximum(position - safety_stock, 0.0)
    last = _weeks_until(_mean_path(demand, levels), spare + 1e-9, weeks)  # below, not at: where nothing sells, never
    never = np.isnan(last) | (last >= MAX_COVER_WEEKS)
    days = np.floor(np.where(never, 0.0, last) * 7 + 1e-6) - np.ceil(lead_time_days - 1e-6)
    due = np.datetime64(as_of, "D") + np.maximum(days, 0).astype(np.int64)
    return np.where(never, np.datetime64("NaT", "D"), due)


def quantile_path(demand: np.ndarray, level: float, *, weeks=DEMAND_WEEKS, levels=DEMAND_LEVELS) -> np.ndarray:
    """The quantile at `level` at 0 weeks and at each of the forecast's weeks, (n, 1 + W)."""
    at = [np.zeros(len(demand))] + [quantile(demand, float(w), level, weeks=weeks, levels=levels) for w in weeks]
    return np.stack(at, axis=1)


def _mean_path(demand: np.ndarray, levels) -> np.ndarray:
    """Mean cumulative demand at 0 weeks and at each of the forecast's weeks, (n, 1 + W).

    The quantile function is a chain of lines a + b z in the normal score z, and the integral of (a + b z) phi(z) over a piece is
    a [Phi] - b [phi], so the mean is a fixed weighting of the quantiles.
    """
    levels = np.asarray(levels, dtype=np.float64)
    scores = ndtri(levels)
    density = np.exp(-scores**2 / 2) / np.sqrt(2 * np.pi)
    weights = np.zeros(len(levels))
    weights[0] += levels[0]  # flat below the lowest level
    upper_mass, upper_density = np.append(levels[1:-1], 1.0), np.append(density[1:-1], 0.0)  # the last line goes on for ever
    mass, moment = upper_mass - levels[:-1], density[:-1] - upper_density  # of each piece: integral of phi, of z phi
    width = np.diff(scores)
    weights[:-1] += (scores[1:] * mass - moment) / width
    weights[1:] += (moment - scores[:-1] * mass) / width
    return np.concatenate([np.zeros((len(demand), 1)), np.maximum.accumulate(demand @ weights, axis=1)], axis=1)


def _levels_at(demand: np.ndarray, time: np.ndarray, weeks, levels) -> np.ndarray:
    """All quantiles of cumulative demand over time[i] weeks, (n, L): the module's rule along time."""
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
    """Row-wise straight lines through (knots, values (n, W, ...)) at time (n,) or (n, K); beyond the last knot the last line goes on,
    before the first the first value stands."""
    piece = np.clip(np.searchsorted(knots, time, side="right") - 1, 0, len(knots) - 2)
    share = np.maximum((time - knots[piece]) / (knots[piece + 1] - knots[piece]), 0.0)
    row = np.arange(len(values)).reshape((-1,) + (1,) * (time.ndim - 1))
    left, right = values[row, piece], values[row, piece + 1]
    share = share.reshape(share.shape + (1,) * (left.ndim - share.ndim))
    return left + share * (right - left)


def _weeks_until(path: np.ndarray, stock: np.ndarray, weeks) -> np.ndarray:
    """First time at which a cumulative path (n, 1 + W), 0 at 0 weeks, reaches stock (n,); at most MAX_COVER_WEEKS; NaN stays NaN."""
    knots = np.concatenate([[0.0], np.asarray(weeks, dtype=np.float64)])
    row = np.arange(len(path))
    right = np.clip((path < stock[:, None]).sum(axis=1), 1, len(knots) - 1)  # the first knot at or above the stock
    rise = path[row, right] - path[row, right - 1]
    missing = stock - path[row, right - 1]
    step = np.divide(missing, rise, out=np.full(len(path), np.inf), where=rise > 0) * (knots[right] - knots[right - 1])
    reached = np.where(missing <= 0, knots[right - 1], knots[right - 1] + step)
    return np.where(np.isnan(stock), np.nan, np.minimum(reached, MAX_COVER_WEEKS))


def _distribution(x: np.ndarray, knots: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """P(demand <= x), (n, K), of the distributions whose quantiles at `scores` are knots (n, K, L); x is (n, 1)."""
    below = (knots <= x[..., None]).sum(axis=-1)  # how many of the quantiles are reached
    piece = np.clip(below - 1, 0, len(scores) - 2)
    left = np.take_along_axis(knots, piece[..., None], axis=-1)[..., 0]
    right = np.take_along_axis(knots, piece[..., None] + 1, axis=-1)[..., 0]
    rise = right - left
    share = np.divide(x - left, rise, out=np.ones_like(rise), where=rise > 0)
    score = scores[piece] + share * (scores[piece + 1] - scores[piece])
    flat_top = (below == len(scores)) & (rise <= 0)  # the top two quantiles are equal: nothing lies above
    return np.where(below == 0, 0.0, np.where(flat_top, 1.0, ndtr(score)))


def _per_product(time: np.ndarray | float, n: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(time, dtype=np.float64), (n,))
