"""What a budget buys of the plan: never more than there is, the planner's own first, and most money gained per money spent."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import write_snapshot

from core.capabilities.inventory import plan
from core.capabilities.inventory.control import ORDER_NOW, Rules, suggest
from core.capabilities.inventory.plan import Basis, Ranking, Steps
from core.errors import UserError
from core.storage.queries import Serving
from core.storage.state import Override
from tests.unit.test_plan import AS_OF, due, override, planned, shop  # noqa: F401
from tests.unit.test_plan import basis as with_minimums  # noqa: F401


@pytest.fixture(scope="module")
def basis(with_minimums) -> Basis:
    """A shop whose suppliers ask for no minimum order value."""
    return replace(with_minimums, products=with_minimums.products.assign(supplier_minimum_cents=np.nan))


def cut(basis: Basis, budget: float, *overrides: Override) -> pd.DataFrame:
    based = plan.replanned(basis, overrides)
    return plan.within(plan.make(based, overrides), plan.rank(based), budget)


@pytest.fixture(scope="module")
def whole(basis) -> float:
    return plan.make(basis, []).line_cost_cents.sum()


@pytest.mark.parametrize("share", [0, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_the_order_never_costs_more_than_the_budget_and_comes_in_whole_packs_and_minimums(basis, whole, share):
    bought = cut(basis, share * whole)
    assert bought.line_cost_cents.sum() <= share * whole
    ordered = bought[bought.order_units > 0]
    assert (ordered.packs % 1 == 0).all() and (ordered.order_units >= ordered.minimum).all()
    assert (bought.order_units.dropna() <= bought.suggested_order_units.dropna()).all()
    assert (ordered.gain_cents > 0).all() and (len(ordered) > 0) == (share > 0)


def test_more_money_buys_more_and_gains_less_with_each_pound(basis, whole):
    gains = [cut(basis, share * whole).gain_cents.sum() for share in (0, 0.25, 0.5, 0.75, 1)]
    steps = np.diff(gains)
    assert (steps > 0).all() and (np.diff(steps) < 0).all()


def test_without_a_limit_the_suggestions_that_are_worth_their_money_are_bought_whole(basis):
    bought, ranked = cut(basis, math.inf), plan.rank(basis)
    worth = bought.product_id.isin(ranked.products[ranked.steps.row[~ranked.steps.extra]])
    assert (bought.order_units == bought.suggested_order_units)[worth].all() and (bought[~worth].order_units.dropna() == 0).all()
    assert worth.sum() >= (bought.suggested_order_units > 0).sum() - 1  # a large pack of a slow seller keeps a service that earns less
    before = planned(basis).loc[bought.product_id[worth]]
    np.testing.assert_allclose(bought.fill_rate[worth], before.fill_rate)


def test_the_list_is_ranked_by_money_gained_per_money_spent(basis, whole):
    bought = cut(basis, 0.5 * whole)
    ratio = bought.gain_cents / bought.line_cost_cents
    bought_first = (bought.order_units > 0).to_numpy()
    assert ratio[bought_first].is_monotonic_decreasing and not bought_first[bought_first.sum() :].any()
    less = cut(basis, 0.1 * whole)
    assert less.gain_cents.sum() / less.line_cost_cents.sum() > bought.gain_cents.sum() / bought.line_cost_cents.sum()


def test_a_planners_own_quantity_is_bought_first_and_its_cost_is_off_the_budget(basis, whole):
    last = cut(basis, math.inf).dropna(subset="gain_cents").product_id.iloc[-1]
    own = override(last, "order_units", 12.0)
    bought = cut(basis, 0.3 * whole, own).set_index("product_id")
    assert bought.order_units[last] == 12 and bought.index[0] == last
    assert bought.line_cost_cents.sum() <= 0.3 * whole
    alone = cut(basis, 0, own)  # it stands also where the budget does not reach for it
    assert list(alone.product_id[alone.order_units > 0]) == [last]


def test_a_planners_nothing_and_a_snooze_leave_their_money_to_others(basis, whole):
    first, second = due(basis, 0), due(basis, 1)
    given = override(first, "order_units", 0.0), override(second, "snooze_until", (AS_OF + timedelta(days=9)).isoformat(), number=2)
    before, after = (cut(basis, 0.3 * whole, *made).set_index("product_id") for made in ((), given))
    assert (before.order_units[[first, second]] > 0).all() and (after.order_units[[first, second]] == 0).all()
    others = before.index.difference([first, second])
    assert after.line_cost_cents[others].sum() > before.line_cost_cents[others].sum()


def test_what_has_no_known_margin_is_not_bought_for_a_budget(basis, whole):
    rows = np.flatnonzero(basis.products.status == ORDER_NOW)[:2]
    cost = basis.terms.unit_cost_cents.copy()
    cost[rows] = np.nan, 2 * basis.terms.price_cents[rows[1]]
    terms = replace(basis.terms, unit_cost_cents=cost)
    unknown = replace(basis, terms=terms, products=basis.products.assign(unit_cost_cents=cost))
    bought = cut(unknown, whole).set_index("product_id")
    out = basis.products.product_id[rows]
    assert (bought.order_units[out] == 0).all() and bought.gain_cents[out].isna().all() and (bought.order_units > 0).any()


def test_a_shop_with_nothing_to_order_and_one_whose_stock_costs_nothing_to_hold_have_a_list_too(basis):
    full = replace(basis.terms, on_hand=np.full(len(basis.products), 1e6))
    again = suggest(basis.demand, full, basis.rules, basis.as_of)
    nothing = replace(
        basis,
        terms=full,
        products=basis.products.assign(
            status=again.status, suggested_order_units=again.suggested_order_units, inventory_position=again.inventory_position
        ),
    )
    assert (cut(nothing, 1e9).order_units == 0).all()
    free = replace(basis, rules=Rules(holding_cost_share=0))
    assert (cut(free, math.inf).order_units > 0).any()


def test_a_budget_below_nothing_is_refused(basis):
    with pytest.raises(UserError, match="budget must be 0 or more"):
        cut(basis, -1)


# ---- orders that can be placed


def small(products: list[tuple[str, list[tuple[float, float, bool]]]], minimums: dict[str, float]) -> tuple[pd.DataFrame, Ranking]:
    """A plan of products, each with its supplier and steps (cost, gain, top-up) of one unit of a cent times its cost."""
    names = [f"P{i}" for i in range(len(products))]
    rows = [(i, *step) for i, (_supplier, own) in enumerate(products) for step in own]
    row, cost, gain, extra = (np.array(values) for values in zip(*rows))
    steps = Steps.ranked(row, cost.astype(float), cost.astype(float), gain.astype(float), extra.astype(bool))
    suggested = np.bincount(row, cost * ~extra.astype(bool), len(products)).astype(float)
    plan_ = pd.DataFrame(
        {
            "product_id": names,
            "supplier": [supplier for supplier, _steps in products],
            "suggested_order_units": suggested,
            "planner_order_units": np.nan,
            "order_units": suggested,
            "snooze_until": pd.NaT,
            "unit_cost_cents": 1.0,
            "pack_size": 1.0,
            "line_cost_cents": suggested,
            "lost_margin_cents": 0.0,
            "fill_rate": 1.0,
            "gain_cents": np.nan,
        }
    )
    plan_["supplier_minimum_cents"] = plan_.supplier.map(minimums).astype(float)
    policy = SimpleNamespace(cycle=SimpleNamespace(fill_rate=lambda stock: np.ones_like(stock)))
    return plan_, Ranking(pd.Index(names), steps, np.arange(len(names)), policy, np.zeros(len(names)))


def by_brute_force(products, minimums, budget) -> float:
    """The largest gain of any orders that can be placed, by trying all of them."""
    best = 0.0
    for counts in itertools.product(*(range(len(own) + 1) for _supplier, own in products)):
        spent, gain = dict.fromkeys(minimums, 0.0), 0.0
        for (supplier, own), count in zip(products, counts):
            spent[supplier] = spent.get(supplier, 0.0) + sum(cost for cost, _gain, _extra in own[:count])
            gain += sum(gained for _cost, gained, _extra in own[:count])
        placed = all(cost == 0 or cost >= minimums.get(supplier, 0.0) for supplier, cost in spent.items())
        if placed and sum(spent.values()) <= budget:
            best = max(best, gain)
    return best


WORKED = [
    ("A", [(40, 20, False), (20, -1, True), (20, -2, True)]),  # 40 of at least 70: topped up by the better of two products
    ("A", [(30, -1, True)]),
    ("B", [(50, 4, False), (50, -6, True)]),  # the top-up costs more than the order is worth
    ("C", [(30, 9, False)]),  # 30 of at least 100, and no more to buy
    ("D", [(60, 30, False), (30, 5, False)]),  # its minimum is met by what is suggested
]
MINIMUMS = {"A": 70.0, "B": 80.0, "C": 100.0, "D": 50.0}


def test_a_small_order_is_topped_up_by_what_loses_least_or_dropped_with_its_reason():
    bought = plan.within(*small(WORKED, MINIMUMS), None).set_index("product_id")
    assert bought.order_units.to_dict() == {"P0": 40, "P1": 30, "P2": 0, "P3": 0, "P4": 90}  # 30 for 1 beats 20 and 20 for 3
    assert bought.top_up_units.to_dict() == {"P0": 0, "P1": 30, "P2": 0, "P3": 0, "P4": 0}
    assert bought.dropped.to_dict() == {"P0": "", "P1": "", "P2": "not worth it", "P3": "out of reach", "P4": ""}


@pytest.mark.parametrize(
    ("budget", "placed"),
    [
        (160, {"P0": 40, "P1": 30, "P4": 90}),
        (130, {"P0": 40, "P1": 30, "P4": 60}),
        (129, {"P4": 90}),  # A's 70 do not fit beside D's 60
        (59, {}),  # nobody's minimum is within reach: D begins with 60
    ],
)
def test_a_budget_buys_whole_orders_of_suppliers_or_none(budget, placed):
    bought = plan.within(*small(WORKED, MINIMUMS), budget).set_index("product_id")
    assert bought.order_units[bought.order_units > 0].to_dict() == placed


def test_on_small_cases_orders_can_be_placed_and_gain_nearly_as_much_as_the_best_of_all():
    random, shares = np.random.default_rng(5), []
    for _case in range(150):
        products = []
        for _product in range(random.integers(2, 6)):
            cost = random.integers(5, 40)
            density = np.sort(random.uniform(0.05, 1.0, random.integers(0, 3)))[::-1]
            extra = np.sort(random.uniform(-0.2, 0.02, random.integers(0, 3)))[::-1]
            own = [(int(cost), cost * d, False) for d in density] + [(int(cost), cost * d, True) for d in extra]
            products.append((str(random.choice(["A", "B", "C"])), own))
        if not any(own for _supplier, own in products):
            continue
        minimums = {name: float(random.integers(0, 90)) for name in "ABC"}
        budget = float(random.integers(20, 220))
        bought = plan.within(*small(products, minimums), budget)
        spent = bought.groupby("supplier").line_cost_cents.sum()
        assert spent.sum() <= budget and all(cost == 0 or cost >= minimums[name] for name, cost in spent.items())
        best = by_brute_force(products, minimums, budget)
        assert bought.gain_cents.sum() <= best + len(bought)  # gains are rounded to whole cents
        shares.append((bought.gain_cents.sum() + 1e-9) / max(best, 1e-9) if best > 3 else 1.0)
    assert np.mean(shares) > 0.99 and np.mean(np.array(shares) > 0.97) > 0.95


def demanding(basis: Basis, share: float) -> Basis:
    """The shop with one minimum for all suppliers: this share of its largest order."""
    largest = plan.by_supplier(plan.make(basis, [])).line_cost_cents.max()
    return replace(basis, products=basis.products.assign(supplier_minimum_cents=round(share * largest)))


@pytest.mark.parametrize("share", [0.4, 1.1, 50])
def test_every_suppliers_order_reaches_its_minimum_whatever_the_budget(basis, whole, share):
    asking = demanding(basis, share)
    for budget in (None, 0.1 * whole, 0.5 * whole, 2 * whole):
        bought = plan.within(plan.make(asking, []), plan.rank(asking), budget)
        placed = plan.by_supplier(bought)
        assert (placed.missing_cents.fillna(0) == 0).all()
        assert len(placed) > 0 or share == 50 or (budget or whole) < asking.products.supplier_minimum_cents.iloc[0] * 2
        assert (bought.packs[bought.order_units > 0] % 1 == 0).all()
        assert (bought.order_units.fillna(0) <= bought.suggested_order_units.fillna(0) + bought.top_up_units).all()
        if budget is not None:
            assert bought.line_cost_cents.sum() <= budget
        left_out = bought[(bought.suggested_order_units > 0) & bought.supplier.notna() & ~bought.supplier.isin(placed.supplier)]
        assert left_out.dropped.isin(plan.DROPPED).all()


def test_a_planners_order_below_the_minimum_is_topped_up_whatever_that_gains(basis):
    asking = demanding(basis, 1.1)
    only = due(basis, 0)
    name = basis.products.set_index("product_id").supplier[only]
    asleep = [
        override(product, "snooze_until", (AS_OF + timedelta(days=9)).isoformat(), number=10 + i)
        for i, product in enumerate(basis.products.product_id[(basis.products.status == ORDER_NOW)])
        if product != only
    ]
    made = [override(only, "order_units", 12.0), *asleep]
    bought = plan.within(plan.make(asking, made), plan.rank(asking), None)
    theirs = bought[(bought.supplier == name) & (bought.order_units > 0)]
    assert theirs.top_up_units.sum() > 0 and theirs.line_cost_cents.sum() >= asking.products.supplier_minimum_cents.iloc[0]
    assert bought.set_index("product_id").order_units[only] == 12


def test_a_kept_horizon_ranks_orders_as_a_new_one_does_also_under_changed_terms(with_minimums):
    assert with_minimums.ahead is not None
    changed = override(due(with_minimums), "lead_time_days", 60)
    for overrides in ([], [changed]):
        kept = plan.rank(plan.replanned(with_minimums, overrides))
        anew = plan.rank(plan.replanned(replace(with_minimums, ahead=None), overrides))
        for name, values in vars(kept.steps).items():
            np.testing.assert_allclose(values, getattr(anew.steps, name), rtol=1e-9)


def test_the_horizon_of_a_snapshot_is_kept_only_under_its_own_rules(shop):
    serving = Serving(next(shop.snapshots.iterdir()))
    assert plan.read(serving, Rules(service_level=0.8)).ahead is not None
    assert plan.read(serving, Rules(review_days=28)).ahead is None


def test_a_budget_over_a_snapshot_from_before_the_horizon_was_kept_buys_the_same(with_minimums, tmp_path):
    write_snapshot(tmp_path, products=120, weeks=60, order_horizon=lambda rows: rows[:0])
    earlier = plan.read(Serving(next((tmp_path / "snapshots").iterdir())), Rules())
    assert earlier.ahead is None
    pd.testing.assert_frame_equal(cut(earlier, 1e6), cut(with_minimums, 1e6))
