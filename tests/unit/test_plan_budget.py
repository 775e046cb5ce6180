"""What a budget buys of the plan: never more than there is, the planner's own first, and most money gained per money spent."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core.capabilities.inventory import plan
from core.capabilities.inventory.control import ORDER_NOW, Rules, suggest
from core.capabilities.inventory.plan import Basis
from core.errors import UserError
from core.storage.state import Override
from tests.unit.test_plan import AS_OF, basis, due, override, planned, shop  # noqa: F401


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
    worth = bought.product_id.isin(ranked.products[ranked.rows[ranked.steps.product]])
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
