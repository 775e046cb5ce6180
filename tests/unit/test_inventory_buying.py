"""The buy list against an integer program on values found by brute force, and against the ways in which products are odd."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.special import ndtri

from core.capabilities.inventory.control import BuyList, Distribution, buy_list, buying, supplier_totals
from core.errors import UserError
from core.schema import DEMAND_LEVELS

SCORES = ndtri(np.array(DEMAND_LEVELS))
DRAWS = ndtri((np.arange(4000) + 0.5) / 4000)


def shop(seed: int, n: int) -> dict[str, np.ndarray]:
    """Products as shops have them: lumpy demand, up to 40 packs, minimum orders from none to more than is needed, some maximum orders."""
    rng = np.random.default_rng(seed)
    demand = np.floor(np.cumsum(rng.gamma(0.4, 12.0, (n, len(SCORES))), axis=1) * rng.lognormal(0, 0.8, (n, 1)))
    pack_size = np.maximum(np.floor(demand[:, -1] / rng.uniform(2, 40, n)), 1.0)
    unit_cost = np.round(rng.lognormal(5.5, 1.0, n)) + 1
    moq = np.where(rng.random(n) < 0.7, np.floor(demand[:, 5] * rng.gamma(1.0, 0.5, n)), np.nan)
    return {
        "demand": demand,
        "position": np.floor(rng.random(n) * 0.8 * demand[:, 4]),
        "margin": unit_cost * rng.uniform(0.2, 1.5, n),
        "overage_cost": unit_cost * rng.uniform(0.02, 0.3, n),
        "unit_cost": unit_cost,
        "moq": moq,
        "pack_size": pack_size,
        "maximum": np.where(rng.random(n) < 0.2, np.fmax(moq, 0) + 5 * pack_size, np.nan),
    }


def listed(demand: np.ndarray, **terms) -> BuyList:
    return buy_list(Distribution(np.asarray(demand)), **terms)


def sampled_sales(demand: np.ndarray, units: np.ndarray) -> np.ndarray:
    """E[min(D, units)] of one product by 4,000 equally likely demands, read off its quantiles."""
    slope = (demand[-1] - demand[-2]) / (SCORES[-1] - SCORES[-2])
    drawn = np.interp(DRAWS, SCORES, demand) + slope * np.maximum(DRAWS - SCORES[-1], 0)
    return np.minimum(drawn, np.asarray(units)[..., None]).mean(axis=-1)


def sampled_gain(p: dict[str, np.ndarray], i: int, packs: np.ndarray) -> np.ndarray:
    """Expected margin less overage cost that `packs` of product i add."""
    units = p["position"][i] + np.append(0.0, packs) * p["pack_size"][i]
    value = (p["margin"][i] + p["overage_cost"][i]) * sampled_sales(p["demand"][i], units) - p["overage_cost"][i] * units
    return value[1:] - value[0]


def limits(p: dict[str, np.ndarray], i: int) -> tuple[int, int]:
    """Least and most packs of one order of product i."""
    pack = p["pack_size"][i]
    most = np.inf if np.isnan(p["maximum"][i]) else p["maximum"][i] // pack
    least = max(np.ceil(np.fmax(p["moq"][i], 0) / pack), 1)
    return int(least), int(min(most, least + 60))


def integer_program(p: dict[str, np.ndarray]):
    """(budget) -> the most that can be gained: a yes or no for each minimum order, and for each further pack where it is ordered."""
    gain, cost, first = [], [], []
    for i in range(len(p["margin"])):
        least, most = limits(p, i)
        packs = np.arange(least, most + 1)
        steps = np.diff(sampled_gain(p, i, packs), prepend=0.0)
        kept = max(int((steps > 0).sum()), 1)
        first += [len(gain)] * kept
        gain += steps[:kept].tolist()
        cost += (np.append(least, np.ones(len(steps) - 1))[:kept] * p["pack_size"][i] * p["unit_cost"][i]).tolist()
    gain, cost, first = np.array(gain), np.array(cost), np.array(first)
    later = np.flatnonzero(first != np.arange(len(first)))
    rows = np.repeat(np.arange(len(later)), 2)
    needs = csr_array((np.tile([1.0, -1.0], len(later)), (rows, np.column_stack([later, first[later]]).ravel())), (len(later), len(gain)))

    def solve(budget: float) -> float:
        found = milp(
            -gain,
            integrality=np.ones(len(gain)),
            bounds=Bounds(0, 1),
            constraints=[LinearConstraint(needs, ub=0), LinearConstraint(cost[None], ub=budget)],
            options={"mip_rel_gap": 1e-4, "time_limit": 20},
        )
        assert found.status == 0
        return -found.mip_dual_bound  # the optimum or a little more

    return solve


def gained(p: dict[str, np.ndarray], packs: np.ndarray) -> float:
    return sum(float(sampled_gain(p, i, packs[[i]])[0]) for i in np.flatnonzero(packs))


@pytest.mark.parametrize(("seed", "everyone_has_a_minimum"), [(1, False), (12, False), (1, True), (4, True), (10, True)])
def test_the_list_under_any_budget_gains_within_1_percent_of_the_integer_optimum(seed, everyone_has_a_minimum):
    products = shop(seed, 200)
    if everyone_has_a_minimum:  # of much of what is needed, or more: here the ranking alone loses up to a tenth of what can be gained
        share = np.random.default_rng(seed).uniform(0.5, 2, 200)
        products |= {"moq": np.floor(products["demand"][:, 6] * share), "maximum": np.full(200, np.nan)}
    ranked, optimum = listed(**products), integer_program(products)
    price = products["pack_size"] * products["unit_cost"]
    for share in (0.05, 0.1, 0.2, 0.5, 0.9):
        budget = share * ranked.cost.sum()
        packs = ranked.cut(budget)
        assert (packs * price).sum() <= budget
        assert gained(products, packs) >= 0.99 * optimum(budget)


def test_products_sold_by_the_thousand_in_single_units_are_cut_within_1_percent_too():
    products = shop(5, 6)
    products["demand"] *= 2000 / products["demand"][:, 5:6]
    products |= {"position": np.zeros(6), "pack_size": np.ones(6), "moq": np.full(6, 50.0), "maximum": np.full(6, np.nan)}
    ranked = listed(**products)
    assert ranked.packs.max() > 10
    grid = np.arange(50, 8000, 10)
    curves = [sampled_gain(products, i, grid) for i in range(6)]
    for share in (0.1, 0.5, 0.9):
        budget = share * ranked.cost.sum()
        packs = ranked.cut(budget)
        slopes = np.concatenate([np.diff(c) / (10 * products["unit_cost"][i]) for i, c in enumerate(curves)])
        bound = min(  # what no order can beat: for any price of money, the best of each product at that price
            price * budget + sum(max((c - price * grid * products["unit_cost"][i]).max(), 0) for i, c in enumerate(curves))
            for price in np.quantile(slopes[slopes > 0], np.linspace(0, 1, 60))
        )
        assert gained(products, packs) >= 0.99 * bound


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(buying)
    assert result.attempted > 7 and result.failed == 0


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(0, 10_000))
def test_mean_less_what_is_lacked_are_the_sales_that_sampled_demand_leaves(seed):
    demand = shop(seed, 5)["demand"]
    units = np.concatenate([[-3.0, 0.0], demand[0, [0, 3, 3, 8]], [demand[0, 5] + 0.5, 2 * demand[0, -1] + 7]])
    found = Distribution(demand)
    sold = found.mean[:, None] - found.short(np.tile(units, (5, 1)))
    for i in range(5):
        np.testing.assert_allclose(sold[i], sampled_sales(demand[i], units), rtol=2e-3, atol=0.02)


def test_the_list_falls_in_money_gained_per_money_spent_and_keeps_each_products_steps_in_order():
    ranked = listed(**shop(11, 300))
    assert (np.diff(ranked.gain / ranked.cost) <= 1e-9).all() and (ranked.gain > 0).all()
    for i in np.unique(ranked.product):
        steps = ranked.step[ranked.product == i]
        assert steps.tolist() == list(range(len(steps)))


def test_steps_of_equal_worth_keep_their_order():
    ranked = listed(
        np.full((2, len(SCORES)), 9.0),
        position=[0, 0],
        margin=[0.1, 0.1],
        overage_cost=[0.3, 0.3],
        unit_cost=[0.7, 0.7],
        moq=[0, 0],
        pack_size=[1, 1],
        maximum=[np.nan, np.nan],
    )
    for i in (0, 1):
        assert ranked.step[ranked.product == i].tolist() == list(range(9))


def test_the_whole_list_is_the_best_order_of_every_product():
    products = shop(12, 60)
    packs = listed(**products).cut(np.inf)
    for i in range(60):
        least, most = limits(products, i)
        gain = sampled_gain(products, i, np.arange(least, most + 1))
        best = max(gain.max(), 0.0)
        assert packs[i] == 0 or least <= packs[i] <= most
        assert gained(products, np.where(np.arange(60) == i, packs, 0)) >= best - 1e-3 * abs(best) - 0.02 * products["margin"][i]


def test_what_is_left_of_a_budget_reaches_for_nothing_more():
    products = shop(13, 200)
    ranked = listed(**products)
    for share in (0.01, 0.3, 0.7):
        budget = share * ranked.cost.sum()
        packs = ranked.cut(budget)
        left = budget - (packs * products["pack_size"] * products["unit_cost"]).sum()
        ordered = np.array([ranked.packs[(ranked.product == i) & (ranked.step <= s)].sum() for i, s in zip(ranked.product, ranked.step)])
        following = ordered - ranked.packs == packs[ranked.product]
        assert following.any() and (ranked.cost[following] > left).all()


def test_a_minimum_order_that_costs_more_than_it_gains_is_not_in_the_list():
    def steps(moq: float) -> int:
        demand = np.array([10 + 3 * SCORES])
        one = {"position": [0], "margin": [5], "overage_cost": [1], "unit_cost": [8], "pack_size": [1], "maximum": [np.nan]}
        return len(listed(demand, moq=[moq], **one).product)

    assert [steps(30), steps(80)] == [1, 0]


def test_products_with_stock_enough_or_without_a_margin_are_not_in_the_list():
    demand = np.tile(10 + 3 * SCORES, (3, 1))
    ranked = listed(
        demand,
        position=[0, 40, 0],
        margin=[5, 5, -1],
        overage_cost=[1, 1, 1],
        unit_cost=[8, 8, 8],
        moq=[0, 0, 0],
        pack_size=[2, 2, 2],
        maximum=[np.nan] * 3,
    )
    assert set(ranked.product) == {0} and ranked.cut(1e9)[1:].tolist() == [0, 0]


def test_no_products_and_no_budget_give_no_orders():
    nobody = {name: values[:0] for name, values in shop(1, 3).items()}
    assert listed(**nobody).cut(100).tolist() == []
    assert listed(**shop(1, 30)).cut(0).tolist() == [0] * 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit_cost": np.nan}, "unit cost above 0"),
        ({"unit_cost": 0.0}, "unit cost above 0"),
        ({"overage_cost": 0.0}, "overage cost above 0"),
        ({"pack_size": 0.0}, "pack size above 0"),
        ({"position": np.nan}, "known inventory position"),
        ({"margin": np.nan}, "known margin"),
        ({"moq": 30.0, "maximum": 20.0}, "must not exceed the maximum"),
        ({"demand": np.nan}, "quantiles must never fall"),
        ({"moq": 10.0, "pack_size": 6.0, "maximum": 11.0}, "must not exceed the maximum"),
    ],
)
def test_what_cannot_be_planned_with_is_refused_with_its_first_product(change, message):
    products = shop(2, 4)
    for name, value in change.items():
        products[name][2] = value
    with pytest.raises(UserError, match=rf"^1 of 4 products does not meet this, in row 2.*{message}"):
        listed(**products)


@pytest.mark.parametrize("budget", [-1.0, np.nan])
def test_a_budget_that_is_none_is_refused(budget):
    none = np.array([])
    with pytest.raises(UserError, match="budget must be 0 or more"):
        BuyList(none, none, none, none, none, 0).cut(budget)


def test_suppliers_below_their_minimum_order_value_are_short_by_the_difference():
    total, missing = supplier_totals(np.array([2, 0, 2, 3]), np.array([10.0, 50.0, 15.0, 0.0]), np.array([50.0, 20.0, 40.0, 30.0, np.nan]))
    assert total.tolist() == [50, 0, 25, 0, 0] and missing.tolist() == [0, 0, 15, 0, 0]
    with pytest.raises(UserError, match="known order cost"):
        supplier_totals(np.array([0]), np.array([np.nan]), np.array([50.0]))
