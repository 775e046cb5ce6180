"""The textbooks' formulas against stockpyl, the package of a textbook's author, and against simulation where it has no such formula."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy.stats import poisson
from stockpyl import eoq, loss_functions, newsvendor, rq, ss

from core.capabilities.inventory.control import textbook
from core.errors import UserError

AGREEMENT = 1e-6
MEANS, SDS, LEAD_TIMES = (5.0, 50.0, 1300.0), (1.5, 8.0, 150.0), (1 / 12, 1.0, 4.0)
FIXED, HOLDING, STOCKOUT = (2.5, 40.0), (0.18, 2.0), (0.7, 7.5)


def assert_agree(ours: Callable, theirs: Callable, *axes: tuple[float, ...]) -> None:
    """`ours`, called once with arrays, and `theirs`, called at each point of the grid, give the same numbers."""
    grid = np.array(list(product(*axes)))
    got = np.column_stack([np.ravel(x) for x in np.atleast_2d(ours(*grid.T))])
    expected = np.array([np.atleast_1d(theirs(*map(float, point))) for point in grid])
    assert len(grid) > 5 and np.isfinite(expected).all()
    np.testing.assert_allclose(got, expected, rtol=AGREEMENT, atol=AGREEMENT)


def test_the_textbooks_numbers_in_the_docstrings_hold():
    result = doctest.testmod(textbook)
    assert result.attempted > 20 and result.failed == 0


def test_losses_agree_with_stockpyl():
    axis = tuple(np.linspace(-4, 5, 37))
    assert_agree(textbook.standard_normal_loss, lambda z: loss_functions.standard_normal_loss(z)[0], axis)
    assert_agree(textbook.standard_normal_second_loss, lambda z: loss_functions.standard_normal_second_loss(z)[0], axis)
    assert_agree(textbook.normal_loss, lambda *a: loss_functions.normal_loss(*a)[0], (0.0, 18.6, 70.0), MEANS, SDS)
    assert_agree(textbook.normal_second_loss, lambda *a: loss_functions.normal_second_loss(*a)[0], (0.0, 18.6, 70.0), MEANS, SDS)


def test_economic_orders_agree_with_stockpyl():
    assert_agree(textbook.economic_order_quantity, lambda d, k, h: eoq.economic_order_quantity(k, h, d)[0], MEANS, FIXED, HOLDING)
    cost = lambda q, d, k, h: eoq.economic_order_quantity(k, h, d, q)[1]
    assert_agree(textbook.economic_order_cost, cost, (7.0, 90.0), MEANS, FIXED, HOLDING)
    assert_agree(
        textbook.economic_order_quantity_with_backorders,
        lambda d, k, h, p: eoq.economic_order_quantity_with_backorders(k, h, p, d)[:2],
        MEANS,
        FIXED,
        HOLDING,
        STOCKOUT,
    )


def test_newsvendor_levels_and_costs_agree_with_stockpyl():
    level = lambda mean, sd, p, h: textbook.normal_level(mean, sd, textbook.critical_ratio(p, h))
    assert_agree(level, lambda m, s, p, h: newsvendor.newsvendor_normal(h, p, m, s)[0], MEANS, SDS, STOCKOUT, HOLDING)
    cost = lambda y, m, s, p, h: newsvendor.newsvendor_normal_cost(y, h, p, m, s)
    assert_agree(textbook.newsvendor_cost, cost, (20.0, 60.0, 1400.0), MEANS, SDS, STOCKOUT, HOLDING)


def test_base_stock_levels_over_a_lead_time_agree_with_stockpyl():
    def level(mean, sd, lead_time, p, h):
        return textbook.normal_level(*textbook.demand_over_time(mean, sd, lead_time + 1), textbook.critical_ratio(p, h))

    theirs = lambda m, s, lt, p, h: newsvendor.newsvendor_normal(h, p, m, s, lt)[0]
    assert_agree(level, theirs, MEANS, SDS, (0.0, 2.0, 6.0), STOCKOUT, HOLDING)


def test_discrete_newsvendors_agree_with_stockpyl():
    units = np.arange(61)
    for mean, (p, h) in product((0.3, 6.0, 21.5), product(STOCKOUT, HOLDING)):
        probability = poisson.pmf(units, mean)
        expected = newsvendor.newsvendor_discrete(h, p, demand_pmf=dict(zip(units.tolist(), probability, strict=True)))[0]
        assert textbook.newsvendor_discrete(units, probability, p, h) == expected


def test_continuous_policies_agree_with_stockpyl():
    market = (MEANS[1:], (8.0, 20.0), LEAD_TIMES)
    cost = lambda r, q, m, s, lt, k, h, p: rq.r_q_cost(r, q, h, p, k, m, s, lt)
    assert_agree(textbook.continuous_cost, cost, (30.0, 130.0), (40.0, 330.0), *market, FIXED, HOLDING, STOCKOUT)

    def cheapest(quantity, mean, sd, lead_time, h, p):
        return textbook.reorder_point_for_cost(quantity, *textbook.demand_over_time(mean, sd, lead_time), h, p)

    theirs = lambda q, m, s, lt, h, p: rq.r_q_optimal_r_for_q(q, h, p, m, s, lt, tol=1e-9)
    assert_agree(cheapest, theirs, (40.0, 330.0), *market, HOLDING, STOCKOUT)
    eil = lambda m, s, lt, k, h, p: rq.r_q_eil_approximation(h, p, k, m, s, lt, tol=1e-10)
    assert_agree(textbook.continuous_policy_by_expected_inventory, eil, *market, FIXED, (0.225, 1.0), (5.0, 7.5))


def test_the_power_approximation_agrees_with_stockpyl():
    ours = lambda mean, sd, k, h, p: textbook.power_approximation(mean, mean, sd, k, h, p)
    assert_agree(ours, lambda m, s, k, h, p: ss.s_s_power_approximation(h, p, k, m, s), MEANS, SDS, FIXED, HOLDING, STOCKOUT)


def test_an_order_in_packs_is_the_cheapest_of_all_numbers_of_packs():
    rate, pack = (axis.ravel() for axis in np.meshgrid([3.0, 90.0, 1300.0], [1.0, 7.0, 48.0, 500.0]))
    every = np.arange(1, 2000)[:, None] * pack
    cheapest = every[textbook.economic_order_cost(every, rate, 8, 0.225).argmin(axis=0), np.arange(len(rate))]
    assert textbook.economic_order_packs(rate, 8, 0.225, pack).tolist() == cheapest.tolist()


def test_demand_over_a_varying_time_has_the_simulated_spread():
    rng = np.random.default_rng(5)
    time = rng.gamma(16, 1 / 4, 200_000)  # mean 4, standard deviation 1
    demand = 10 * time + 3 * np.sqrt(time) * rng.standard_normal(len(time))
    mean, sd = textbook.demand_over_time(10, 3, 4, 1)
    assert demand.mean() == pytest.approx(mean, rel=0.005) and demand.std() == pytest.approx(sd, rel=0.01)


@pytest.mark.parametrize("level", [28.0, 44.0, 58.0])
def test_the_fill_rate_of_periodic_review_is_the_simulated_one(level):
    rng = np.random.default_rng(7)
    lead_time, review, periods = 3, 2, 300_000
    demand = rng.normal(10, 3, periods)
    total = np.concatenate([[0.0], np.cumsum(demand)])
    day = np.arange(10, periods)
    ordered = (day - lead_time) // review * review  # the last review whose order is in stock on this day
    short_by = lambda end: np.maximum(total[end] - total[ordered] - level, 0)
    simulated = 1 - (short_by(day + 1) - short_by(day)).sum() / demand[day].sum()
    assert textbook.fill_rate_periodic(level, 10, 3, lead_time, review) == pytest.approx(simulated, abs=0.003)


@pytest.mark.parametrize("reorder_point", [-2.0, 15.0, 22.0])
def test_the_fill_rate_of_a_reorder_point_is_the_simulated_one(reorder_point):
    rng = np.random.default_rng(3)
    steps, step = 400_000, 0.05  # a step is a 20th of a week; demand of 10 a week, standard deviation 3, lead time 2 weeks, orders of 25
    total = np.concatenate([[0.0], np.cumsum(rng.normal(10 * step, 3 * step**0.5, steps))])
    orders = np.floor(np.maximum.accumulate(total) / 25) + 1  # placed so far: the position starts at s + Q and is never under s
    lag = round(2 / step)
    net = reorder_point + 25 * orders[:-lag] - total[lag:]  # what was ordered a lead time ago has come in
    backorders = np.maximum(-net, 0.0)
    delivered = np.diff(orders[:-lag]) * 25  # takes backorders away, so that what rises otherwise is new
    new = np.diff(backorders) + np.minimum(delivered, backorders[:-1])
    simulated = 1 - new.sum() / (total[-1] - total[lag])
    exact = textbook.fill_rate_continuous(reorder_point, 25, *textbook.demand_over_time(10, 3, 2))
    assert exact == pytest.approx(simulated, abs=0.005)


def test_levels_for_a_fill_rate_reach_it_exactly():
    rate = np.array([0.8, 0.9, 0.95, 0.99, 0.999])
    point = textbook.reorder_point_for_fill_rate(rate, 30, 20, 6)
    np.testing.assert_allclose(textbook.fill_rate_continuous(point, 30, 20, 6), rate, atol=1e-9)
    level = textbook.order_up_to_level_for_fill_rate(rate, 10, 4, 3, 1, 0.5)
    np.testing.assert_allclose(textbook.fill_rate_periodic(level, 10, 4, 3, 1, 0.5), rate, atol=1e-9)
    assert (np.diff(point) > 0).all() and (np.diff(level) > 0).all()


def test_certain_demand_needs_no_safety():
    assert textbook.normal_loss(np.array([4.0, 12.0]), 10, 0).tolist() == [6, 0]
    assert textbook.reorder_point_for_fill_rate(0.9, 30, 20, 0) == pytest.approx(17)  # the last tenth of each order comes late
    assert textbook.order_up_to_level_for_fill_rate(0.9, 10, 0, 3, 1) == pytest.approx(39)


def test_what_is_not_known_for_one_product_is_nan_for_it_alone():
    gap = np.array([20.0, np.nan])
    for answer in (
        textbook.normal_level(gap, 6, 0.9),
        textbook.normal_level(20, 6, gap / 25),
        textbook.normal_loss(15, 20, gap),
        textbook.reorder_point_for_fill_rate(0.9, 30, gap, 6),
        textbook.order_up_to_level_for_fill_rate(0.9, 10, gap, 3, 1),
        textbook.reorder_point_for_cost(30, 20, 6, gap, 7.5),
        *textbook.continuous_policy_by_expected_inventory(gap, 2, 1, 8, 0.2, 7.5),
        *textbook.power_approximation(20, 20, gap, 8, 0.2, 7.5),
        textbook.economic_order_packs(gap, 8, 0.2, 6),
        textbook.newsvendor_discrete([1, 2], [0.5, 0.5], gap, 1),
    ):
        assert np.isnan(answer).tolist() == [False, True]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: textbook.economic_order_quantity(10, 8, np.array([0.2, 0.0])), "holding_cost"),
        (lambda: textbook.economic_order_packs(10, 8, 0.2, np.array([0])), "pack_size"),
        (lambda: textbook.normal_level(10, 4, 1.0), "service_level"),
        (lambda: textbook.normal_loss(10, 10, -1), "sd"),
        (lambda: textbook.demand_over_time(10, 4, -1), "time"),
        (lambda: textbook.critical_ratio(0, 1), "underage_cost"),
        (lambda: textbook.fill_rate_continuous(10, 0, 10, 4), "order_quantity"),
        (lambda: textbook.fill_rate_periodic(40, 0, 4, 3, 1), "demand_mean"),
        (lambda: textbook.reorder_point_for_fill_rate(1.0, 30, 20, 6), "fill_rate"),
        (lambda: textbook.power_approximation(50, 50, 0, 2.5, 0.18, 0.7), "sd"),
        (lambda: textbook.newsvendor_discrete([1, 2], [0.5, 0.4], 1, 1), "probabilities that sum to 1"),
        (lambda: textbook.newsvendor_discrete([2, 1], [0.5, 0.5], 1, 1), "rising order"),
    ],
)
def test_what_cannot_be_true_is_refused_by_name(call, name):
    with pytest.raises(UserError, match=name):
        call()
