"""The inventory textbooks' closed forms on arrays, one entry a product, with the books' own numbers as examples.

Sources. "S&S" is Snyder & Shen, *Fundamentals of Supply Chain Theory* (2nd ed., 2019), cited by its equations and examples; the
package stockpyl, by Snyder, is what the tests compare with. "SPT" is Silver, Pyke & Thomas, *Inventory and Production Management in
Supply Chains* (4th ed., 2017), chapter 6.

Demand is normal here, as in the books; the forecast's own quantiles, which are not, are planned with in the other modules. Every
argument is a number or an array, and they broadcast. Demand rates, costs that run and times share one unit of time (say weeks), costs
one unit of money. NaN, not known, gives NaN; what cannot be true raises UserError with the argument's name.

A *level* is an order-up-to level S or a reorder point s: the same formulas serve both, with the mean and the standard deviation of demand
over the time that the level has to last, from `demand_over_time`: lead time + review period for S, lead time for s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, ndtri

from core.errors import UserError
from core.messages import Message, msg

BISECTIONS = 60  # a double has 53 bits
TAIL = 10.0  # standard deviations; what lies beyond has a probability of 1e-23
EIL_ROUNDS, EIL_TOLERANCE = 500, 1e-10

Numbers = np.ndarray | float


def standard_normal_loss(z: Numbers) -> np.ndarray:
    """E[(Z - z)+] for standard normal Z (S&S equation C.22; the G_u(k) of SPT).

    >>> float(standard_normal_loss(1.3).round(8))
    0.04552796
    """
    return density(z) - z * ndtr(-np.asarray(z))


def standard_normal_second_loss(z: Numbers) -> np.ndarray:
    """E[((Z - z)+)^2] / 2, the integral of the loss from z up (S&S equation C.27).

    >>> float(standard_normal_second_loss(1.3).round(8))
    0.01880707
    """
    return ((np.square(z) + 1) * ndtr(-np.asarray(z)) - z * density(z)) / 2


def normal_loss(level: Numbers, mean: Numbers, sd: Numbers) -> np.ndarray:
    """Units short on average, E[(D - level)+], for normal demand (S&S equation C.31); `sd` may be 0.

    >>> float(normal_loss(18.6, 15, 3).round(8))
    0.16830735
    """
    _not_negative(sd=sd)
    unit = np.where(np.equal(sd, 0), 1.0, sd)
    return np.where(np.equal(sd, 0), np.maximum(np.subtract(mean, level), 0.0), unit * standard_normal_loss((level - mean) / unit))


def normal_second_loss(level: Numbers, mean: Numbers, sd: Numbers) -> np.ndarray:
    """E[((D - level)+)^2] / 2 for normal demand, units squared (S&S equation C.33); `sd` may be 0.

    >>> float(normal_second_loss(18.6, 15, 3).round(8))
    0.21486028
    """
    _not_negative(sd=sd)
    unit = np.where(np.equal(sd, 0), 1.0, sd)
    certain = np.maximum(np.subtract(mean, level), 0.0) ** 2 / 2
    return np.where(np.equal(sd, 0), certain, unit**2 * standard_normal_second_loss((level - mean) / unit))


def demand_over_time(demand_mean: Numbers, demand_sd: Numbers, time: Numbers, time_sd: Numbers = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of demand over a time that may vary: variance E[T] var(D) + E[D]^2 var(T) (SPT, chapter 6).

    `demand_mean` and `demand_sd` are per unit of time, of independent periods; `time` and `time_sd` in units of time.

    >>> mean, sd = demand_over_time(1300, 150, 1 / 12)  # S&S example 5.1
    >>> float(mean.round(2)), float(sd.round(2))
    (108.33, 43.3)
    >>> float(demand_over_time(10, 4, 4, 1)[1].round(3))  # the root of 4 x 16 + 100 x 1
    12.806
    """
    _not_negative(demand_sd=demand_sd, time=time, time_sd=time_sd)
    return np.multiply(demand_mean, time), np.sqrt(time * np.square(demand_sd) + np.square(demand_mean) * np.square(time_sd))


def critical_ratio(underage_cost: Numbers, overage_cost: Numbers) -> np.ndarray:
    """The cycle service level that balances a unit short against a unit left over: p / (h + p) (S&S chapter 4).

    Whatever the distribution of demand, its quantile at this level is the newsvendor's order, and the best order-up-to level.

    >>> ratio = critical_ratio(0.70, 0.18)  # S&S example 4.3
    >>> float(ratio.round(4)), float(normal_level(50, 8, ratio).round(4))
    (0.7955, 56.604)
    """
    _positive(underage_cost=underage_cost, overage_cost=overage_cost)
    return np.divide(underage_cost, np.add(underage_cost, overage_cost))


def normal_level(mean: Numbers, sd: Numbers, service_level: Numbers) -> np.ndarray:
    """The level that demand stays under with probability `service_level`: mean + z sd (S&S equation 4.30; the P1 rule of SPT).

    >>> float(normal_level(50, 8, 0.9).round(4))
    60.2524
    """
    _not_negative(sd=sd)
    _share(service_level=service_level)
    return mean + ndtri(service_level) * sd


def newsvendor_discrete(units: np.ndarray, probability: np.ndarray, underage_cost: Numbers, overage_cost: Numbers) -> np.ndarray:
    """The least of the possible demands that is enough with probability p / (h + p), (...); observed demands make it empirical.

    `units` (..., k) are in rising order and `probability` (..., k) sums to 1 along the last axis. Source: S&S chapter 4.

    >>> units = np.arange(41)
    >>> poisson = np.exp(-6.0) * np.cumprod(np.append(1.0, 6 / units[1:]))
    >>> float(newsvendor_discrete(units, poisson / poisson.sum(), 4, 1))  # the example in stockpyl
    8.0
    """
    _not_negative(probability=probability)
    units, probability = np.broadcast_arrays(np.asarray(units, dtype=float), np.asarray(probability, dtype=float))
    if (np.diff(units) < 0).any():
        raise UserError(
            expected=msg("Possible demands must be in ascending order."),
            found=msg("A smaller demand follows a larger one."),
            to_do=msg("Sort the demands with their probabilities."),
        )
    if (np.abs(probability.sum(axis=-1) - 1) > 1e-6).any():
        raise UserError(
            expected=msg("Probabilities must sum to 1."),
            found=msg("They sum to {total}.", total=probability.sum(axis=-1).ravel()[0]),
            to_do=msg("Divide them by their sum."),
        )
    ratio = np.expand_dims(critical_ratio(underage_cost, overage_cost), -1)
    reached = np.cumsum(probability, axis=-1) - ratio
    enough = reached >= -1e-9
    enough[..., -1] = True
    best = np.take_along_axis(np.broadcast_to(units, enough.shape), enough.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    return np.where(np.isnan(reached[..., -1]), np.nan, best)


def newsvendor_cost(level: Numbers, mean: Numbers, sd: Numbers, underage_cost: Numbers, overage_cost: Numbers) -> np.ndarray:
    """Expected cost of `level` against normal demand: h (level - mean) + (h + p) E[(D - level)+] (S&S equation 4.24).

    >>> float(newsvendor_cost(60, 50, 8, 0.70, 0.18).round(6)), float(newsvendor_cost(56.604, 50, 8, 0.70, 0.18).round(6))  # S&S 4.1, 4.3
    (2.156132, 1.997605)
    """
    _positive(underage_cost=underage_cost, overage_cost=overage_cost)
    return overage_cost * np.subtract(level, mean) + np.add(overage_cost, underage_cost) * normal_loss(level, mean, sd)


def economic_order_quantity(demand_rate: Numbers, fixed_cost: Numbers, holding_cost: Numbers) -> np.ndarray:
    """The order, in units, with the least fixed and holding cost: the root of 2 K D / h (S&S equation 3.4).

    `fixed_cost` is per order, `holding_cost` per unit and unit of time.

    >>> quantity = economic_order_quantity(1300, 8, 0.225)  # S&S example 3.1
    >>> float(quantity.round(4)), float(economic_order_cost(quantity, 1300, 8, 0.225).round(4))
    (304.0468, 68.4105)
    """
    _not_negative(demand_rate=demand_rate, fixed_cost=fixed_cost)
    _positive(holding_cost=holding_cost)
    return np.sqrt(np.divide(2 * np.multiply(demand_rate, fixed_cost), holding_cost))


def economic_order_cost(order_quantity: Numbers, demand_rate: Numbers, fixed_cost: Numbers, holding_cost: Numbers) -> np.ndarray:
    """Fixed and holding cost per unit of time of ordering `order_quantity` each time: K D / Q + h Q / 2 (S&S chapter 3)."""
    _positive(order_quantity=order_quantity, holding_cost=holding_cost)
    _not_negative(demand_rate=demand_rate, fixed_cost=fixed_cost)
    return np.multiply(fixed_cost, demand_rate) / order_quantity + np.multiply(holding_cost, order_quantity) / 2


def economic_order_packs(demand_rate: Numbers, fixed_cost: Numbers, holding_cost: Numbers, pack_size: Numbers) -> np.ndarray:
    """The units of the cheapest order in whole packs: the least n with n (n + 1) >= (EOQ / pack)^2, in packs.

    The cost is convex in n, so n is best as soon as n + 1 packs cost no less: K D / (n (n + 1)) <= h pack^2 / 2.

    >>> units = economic_order_packs(1300, 8, 0.225, np.array([1, 48, 250]))
    >>> units, economic_order_cost(units, 1300, 8, 0.225).round(2)
    (array([304., 288., 250.]), array([68.41, 68.51, 69.72]))
    """
    _positive(pack_size=pack_size)
    packs = economic_order_quantity(demand_rate, fixed_cost, holding_cost) / pack_size
    return np.ceil(np.sqrt(packs**2 + 0.25) - 0.5) * pack_size


def economic_order_quantity_with_backorders(
    demand_rate: Numbers, fixed_cost: Numbers, holding_cost: Numbers, stockout_cost: Numbers
) -> tuple[np.ndarray, np.ndarray]:
    """The order in units, and the share of it that waits for the delivery, where waiting may be planned (S&S equations 3.27 and 3.28).

    `stockout_cost` is per waiting unit and unit of time.

    >>> quantity, share = economic_order_quantity_with_backorders(1300, 8, 0.225, 5)  # S&S example 3.8
    >>> float(quantity.round(4)), float(share.round(4))
    (310.8126, 0.0431)
    """
    ratio = critical_ratio(stockout_cost, holding_cost)
    return economic_order_quantity(demand_rate, fixed_cost, holding_cost * ratio), 1 - ratio


def fill_rate_continuous(reorder_point: Numbers, order_quantity: Numbers, mean: Numbers, sd: Numbers) -> np.ndarray:
    """Share of demand served from stock by (s, Q): 1 - [n(s) - n(s + Q)] / Q (SPT equation 6.29), n the loss of lead-time demand.

    >>> float(fill_rate_continuous(126.8, 328.5, 1300 / 12, 150 / 12**0.5).round(4))
    0.9708
    """
    _positive(order_quantity=order_quantity)
    short = normal_loss(reorder_point, mean, sd) - normal_loss(np.add(reorder_point, order_quantity), mean, sd)
    return 1 - short / order_quantity


def reorder_point_for_fill_rate(fill_rate: Numbers, order_quantity: Numbers, mean: Numbers, sd: Numbers) -> np.ndarray:
    """The least s that serves `fill_rate` of demand from stock with orders of Q: `fill_rate_continuous`, solved for s.

    >>> float(reorder_point_for_fill_rate(0.99, 200, 50, 11.4).round(2))
    56.56
    """
    _share(fill_rate=fill_rate)
    low = np.subtract(mean, order_quantity) - TAIL * np.asarray(sd)
    return _least(lambda s: fill_rate_continuous(s, order_quantity, mean, sd) - fill_rate, low, np.add(mean, TAIL * np.asarray(sd)))


def fill_rate_periodic(
    order_up_to_level: Numbers,
    demand_mean: Numbers,
    demand_sd: Numbers,
    lead_time: Numbers,
    review_time: Numbers,
    lead_time_sd: Numbers = 0.0,
) -> np.ndarray:
    """Share of demand served from stock by (R, S): 1 - [n(S; L + R) - n(S; L)] / (R x mean demand).

    Of one cycle's demand, those units are short that are owed when the next delivery is due but were not when this one came in:
    L + R and L after the order. SPT's chapter 6 leaves n(S; L) out, which is close at high fill rates.

    >>> float(fill_rate_periodic(53.2, 10, 4, 3, 1).round(4))
    0.9836
    """
    _positive(demand_mean=demand_mean, review_time=review_time)
    due = normal_loss(order_up_to_level, *demand_over_time(demand_mean, demand_sd, np.add(lead_time, review_time), lead_time_sd))
    owed = normal_loss(order_up_to_level, *demand_over_time(demand_mean, demand_sd, lead_time, lead_time_sd))
    return 1 - (due - owed) / np.multiply(review_time, demand_mean)


def order_up_to_level_for_fill_rate(
    fill_rate: Numbers,
    demand_mean: Numbers,
    demand_sd: Numbers,
    lead_time: Numbers,
    review_time: Numbers,
    lead_time_sd: Numbers = 0.0,
) -> np.ndarray:
    """The least S that serves `fill_rate` of demand from stock: `fill_rate_periodic`, solved for S.

    >>> order_up_to_level_for_fill_rate(np.array([0.9, 0.9836]), 10, 4, 3, 1).round(1)
    array([46.1, 53.2])
    """
    _share(fill_rate=fill_rate)
    mean, sd = demand_over_time(demand_mean, demand_sd, np.add(lead_time, review_time), lead_time_sd)
    low = np.multiply(demand_mean, lead_time) - TAIL * sd

    def served(level):
        return fill_rate_periodic(level, demand_mean, demand_sd, lead_time, review_time, lead_time_sd)

    return _least(lambda level: served(level) - fill_rate, low, mean + TAIL * sd)


def continuous_cost(
    reorder_point: Numbers,
    order_quantity: Numbers,
    demand_mean: Numbers,
    demand_sd: Numbers,
    lead_time: Numbers,
    fixed_cost: Numbers,
    holding_cost: Numbers,
    stockout_cost: Numbers,
) -> np.ndarray:
    """Exact expected cost of (s, Q) per unit of time, a waiting unit costing `stockout_cost` per unit of time (S&S equation 5.7).

    The equation's integral of the newsvendor's cost from s to s + Q is taken in closed form, by the second loss.

    >>> float(continuous_cost(126.8, 328.5, 1300, 150, 1 / 12, 8, 0.225, 7.5).round(6))  # S&S example 5.1
    78.071163
    """
    _positive(order_quantity=order_quantity, holding_cost=holding_cost, stockout_cost=stockout_cost)
    _not_negative(demand_mean=demand_mean, fixed_cost=fixed_cost)
    mean, sd = demand_over_time(demand_mean, demand_sd, lead_time)
    held = np.multiply(order_quantity, reorder_point - mean + np.divide(order_quantity, 2))
    short = normal_second_loss(reorder_point, mean, sd) - normal_second_loss(np.add(reorder_point, order_quantity), mean, sd)
    running = holding_cost * held + np.add(holding_cost, stockout_cost) * short
    return (np.multiply(fixed_cost, demand_mean) + running) / order_quantity


def reorder_point_for_cost(
    order_quantity: Numbers,
    mean: Numbers,
    sd: Numbers,
    holding_cost: Numbers,
    stockout_cost: Numbers,
) -> np.ndarray:
    """The cheapest s for orders of Q, where the newsvendor's cost at s and at s + Q is the same (S&S equation 5.9).

    With the Q of `economic_order_quantity_with_backorders` this is the EOQB approximation of the best (s, Q).

    >>> quantity, _ = economic_order_quantity_with_backorders(1300, 8, 0.225, 7.5)  # S&S example 5.2
    >>> float(reorder_point_for_cost(quantity, *demand_over_time(1300, 150, 1 / 12), 0.225, 7.5).round(3)), float(quantity.round(3))
    (128.638, 308.574)
    """
    _positive(order_quantity=order_quantity)

    def cost(level):
        return newsvendor_cost(level, mean, sd, stockout_cost, holding_cost)

    best = normal_level(mean, sd, critical_ratio(stockout_cost, holding_cost))
    return _least(lambda s: cost(s + order_quantity) - cost(s), best - order_quantity, best)


def continuous_policy_by_expected_inventory(
    demand_mean: Numbers,
    demand_sd: Numbers,
    lead_time: Numbers,
    fixed_cost: Numbers,
    holding_cost: Numbers,
    stockout_cost: Numbers,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(s, Q) and its cost per unit of time by the expected-inventory-level approximation (S&S equations 5.16 to 5.18, algorithm 5.1).

    `stockout_cost` is per unit short, as a lost margin is, however long it waits. NaN where holding is so dear against it that
    running out always would be cheaper.

    >>> [float(x.round(3)) for x in continuous_policy_by_expected_inventory(1300, 150, 1 / 12, 8, 0.225, 7.5)]  # S&S example 5.2
    [213.97, 318.59, 95.451]
    """
    _positive(demand_mean=demand_mean, fixed_cost=fixed_cost, holding_cost=holding_cost, stockout_cost=stockout_cost)
    mean, sd = demand_over_time(demand_mean, demand_sd, lead_time)
    lost = np.multiply(stockout_cost, demand_mean)
    quantity = economic_order_quantity(demand_mean, fixed_cost, holding_cost)
    for _ in range(EIL_ROUNDS):
        runs_out = quantity * holding_cost / lost
        reorder_point = mean - ndtri(np.where(runs_out < 1, runs_out, np.nan)) * sd
        short = normal_loss(reorder_point, mean, sd)
        previous, quantity = quantity, np.sqrt(2 * (np.multiply(demand_mean, fixed_cost) + lost * short) / holding_cost)
        if not (np.abs(quantity - previous) > EIL_TOLERANCE * quantity).any():
            break
    ordered = (np.multiply(fixed_cost, demand_mean) + lost * short) / quantity
    return reorder_point, quantity, holding_cost * (reorder_point - mean + quantity / 2) + ordered


def power_approximation(
    review_mean: Numbers,
    mean: Numbers,
    sd: Numbers,
    fixed_cost: Numbers,
    holding_cost: Numbers,
    stockout_cost: Numbers,
) -> tuple[np.ndarray, np.ndarray]:
    """s and S of (R, s, S) by Ehrhardt & Mosier's (1984) power approximation (S&S equations 4.77 to 4.80).

    `review_mean` is mean demand over one review period; `mean` and `sd` are of demand over lead time + review period;
    `holding_cost` and `stockout_cost` are per unit and review period.

    >>> [float(x.round(3)) for x in power_approximation(50, 50, 8, 2.5, 0.18, 0.70)]  # S&S example 4.7: no lead time
    [40.195, 74.29]
    """
    _positive(review_mean=review_mean, sd=sd, fixed_cost=fixed_cost, holding_cost=holding_cost, stockout_cost=stockout_cost)
    quantity = 1.30 * np.power(review_mean, 0.494) * np.divide(fixed_cost, holding_cost) ** 0.506
    quantity = quantity * (1 + np.square(np.divide(sd, review_mean))) ** 0.116
    z = np.sqrt(quantity / sd * np.divide(holding_cost, stockout_cost))
    reorder_point = 0.973 * np.asarray(mean) + sd * (0.183 / z + 1.063 - 2.192 * z)
    return reorder_point, reorder_point + quantity


def density(z: Numbers) -> np.ndarray:
    """phi(z), the standard normal density."""
    return np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)


def _least(rising: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The least x in [low, high] at which a rising function is 0 or more, by bisection; NaN where the function is."""
    unknown = np.isnan(rising(high))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        enough = rising(middle) >= 0
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(unknown, np.nan, high)


def _positive(**values: Numbers) -> None:
    for name, value in values.items():
        _refuse(name, value, np.less_equal(value, 0), msg("{name} must be above 0.", name=name))


def _not_negative(**values: Numbers) -> None:
    for name, value in values.items():
        _refuse(name, value, np.less(value, 0), msg("{name} must be 0 or more.", name=name))


def _share(**values: Numbers) -> None:
    for name, value in values.items():
        _refuse(name, value, np.less_equal(value, 0) | np.greater_equal(value, 1), msg("{name} must be between 0 and 1.", name=name))


def _refuse(name: str, value: Numbers, wrong: np.ndarray, expected: Message) -> None:
    if np.any(wrong):
        raise UserError(
            expected=expected,
            found=msg(
                "{name} is {value} in {count} of {all} values.",
                count=np.count_nonzero(wrong),
                name=name,
                value=np.asarray(value, dtype=float)[wrong].flat[0],
                all=np.size(wrong),
            ),
            to_do=msg("Correct {name}.", name=name),
        )
