"""What other service levels, lead times or another demand would do to the order, the stock and the service."""

from __future__ import annotations

import doctest
from dataclasses import replace

import numpy as np
import pytest
from fixtures.serving import COSTLESS, write_snapshot

from core.capabilities.inventory.control import Rules
from core.capabilities.inventory.plan import Basis, Scenario, outlook, rank, read, scenario_orders, whatif
from core.errors import UserError
from core.storage.queries import Serving
from core.workspace import Workspace
from tests.unit.test_plan import basis, shop  # noqa: F401


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(whatif)
    assert result.attempted >= 2 and result.failed == 0


def everything(basis: Basis) -> np.ndarray:
    return np.arange(len(basis.products))


def test_now_is_the_plan_as_it_stands(basis):
    now, products = outlook(basis, everything(basis)), basis.products
    assert now.to_order == (products.suggested_order_units > 0).sum()
    assert now.order_cost_cents == products.order_cost_cents.sum()
    assert 0.9 < now.fill_rate <= 1 and now.average_stock_cents > 0


def test_where_no_cost_is_known_neither_is_the_money(tmp_path):
    costless = read(Serving(write_snapshot(Workspace(tmp_path), weeks=9, stock_known=1.0, **COSTLESS)), Rules())
    for scenario in (Scenario(), Scenario(demand=2.0)):
        found = outlook(costless, everything(costless), scenario)
        assert found.to_order > 0 and np.isnan(found.order_cost_cents) and np.isnan(found.average_stock_cents)


def test_planning_again_with_todays_service_level_changes_nothing(basis):
    now, again = (outlook(basis, everything(basis), s) for s in (Scenario(), Scenario(service_level=0.95)))
    assert vars(again) == pytest.approx(vars(now))


def test_a_higher_service_level_meets_more_with_more_stock(basis):
    less, more = (outlook(basis, everything(basis), Scenario(service_level=level)) for level in (0.85, 0.99))
    assert more.fill_rate > less.fill_rate and more.average_stock_cents > less.average_stock_cents
    assert more.to_order >= less.to_order and more.order_cost_cents > less.order_cost_cents


def test_longer_lead_times_order_more_also_where_none_is_known(basis):
    rows = np.flatnonzero(np.isnan(basis.terms.lead_time_days) & (basis.terms.on_hand >= 0))
    assert len(rows)
    now, longer = (outlook(basis, rows, Scenario(lead_time=share)) for share in (1, 2))
    assert longer.order_cost_cents > now.order_cost_cents and longer.average_stock_cents > now.average_stock_cents


def test_a_longer_lead_time_waits_for_what_was_due_too_late(basis):
    rows = np.flatnonzero((basis.terms.on_order_later > 0) & (basis.terms.on_hand >= 0))
    none = replace(basis, deliveries=basis.deliveries[:0])
    for share, counts in ((1.2, False), (10.0, True)):  # 60 days, when it is due, are between the two
        with_it, without = (outlook(b, rows, Scenario(lead_time=share)).order_cost_cents for b in (basis, none))
        assert (with_it < without) == counts and (with_it == without) != counts


def test_twice_the_demand_needs_twice_the_stock_though_nobody_ever_wanted_so_much(basis):
    tight = replace(
        basis.terms,
        **{f"peak_w{w}": np.full(len(basis.products), 0.01) for w in (1, 2, 4, 8, 13)},
        moq=np.full(len(basis.products), np.nan),
        pack_size=np.full(len(basis.products), 0.01),
    )
    now, then = (outlook(replace(basis, terms=tight), everything(basis), Scenario(service_level=0.95, demand=d)) for d in (1, 2))
    assert then.average_stock_cents == pytest.approx(2 * now.average_stock_cents, rel=0.01)


def test_a_promotion_of_all_weeks_is_a_demand_of_all_weeks(basis):
    always, promoted = (outlook(basis, everything(basis), s) for s in (Scenario(demand=1.5), Scenario(promotion=1.5)))
    assert vars(promoted) == pytest.approx(vars(always))


def test_a_promotion_after_the_next_delivery_orders_nothing_for_it(basis):
    rows = np.flatnonzero(basis.products.lead_time_days + basis.products.wait_days + basis.products.review_days <= 28)
    now, early, late = (
        outlook(basis, rows, s)
        for s in (
            Scenario(service_level=0.95),
            Scenario(promotion=3, promoted_from=1, promoted_to=4),
            Scenario(promotion=3, promoted_from=9),
        )
    )
    assert len(rows) and early.order_cost_cents > 1.2 * now.order_cost_cents
    assert late.order_cost_cents == pytest.approx(now.order_cost_cents)


def test_weeks_outside_a_promotion_keep_their_demand_and_quantiles_never_cross():
    demand = np.sort(np.random.default_rng(2).gamma(1.0, 9.0, (50, 5, 9)), axis=2).cumsum(axis=1)
    quiet = whatif.promoted(demand, 0.2, 3, 8)
    assert quiet[:, :2] == pytest.approx(demand[:, :2])
    assert (quiet[:, 2:] <= demand[:, 2:] + 1e-9).all() and (np.diff(quiet, axis=1) >= 0).all() and (np.diff(quiet, axis=2) >= 0).all()


def test_a_budget_buys_less_and_meets_less_from_the_same_levels(basis):
    now = outlook(basis, everything(basis))
    half = outlook(basis, everything(basis), Scenario(budget_cents=now.order_cost_cents / 2))
    assert 0 < half.order_cost_cents <= now.order_cost_cents / 2 and half.to_order < now.to_order
    assert half.fill_rate < now.fill_rate and half.average_stock_cents == pytest.approx(now.average_stock_cents)
    asking_nothing = replace(basis, products=basis.products.assign(supplier_minimum_cents=np.nan))
    ranking = rank(asking_nothing)
    ranked = np.unique(ranking.steps.row[~ranking.steps.extra])  # of what is worth its money
    ample = outlook(asking_nothing, ranked, Scenario(budget_cents=now.order_cost_cents))
    assert vars(ample) == pytest.approx(vars(outlook(basis, ranked)))


def test_the_orders_of_a_scenario_come_to_what_its_outlook_says(basis):
    scenario = Scenario(demand=1.5)
    units = scenario_orders(basis, everything(basis), scenario)
    assert (units > 0).sum() == outlook(basis, everything(basis), scenario).to_order
    now = basis.products.set_index("product_id").suggested_order_units
    assert units.sum() > now.sum() and set(units.index) == set(now.index)


def test_without_known_stock_there_is_no_fill_rate_and_without_products_nothing(basis):
    unknown = np.flatnonzero(basis.products.inventory_position.isna())
    assert np.isnan(outlook(basis, unknown).fill_rate) and outlook(basis, unknown).to_order == 0
    assert outlook(basis, unknown[:0], Scenario(demand=2)).order_cost_cents == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_level": 1.0},
        {"lead_time": 0.0},
        {"demand": -1.0},
        {"promotion": 0.0},
        {"promoted_from": 5, "promoted_to": 4},
        {"promoted_to": 14},
        {"budget_cents": -1.0},
    ],
)
def test_what_makes_no_sense_is_refused(basis, wrong):
    with pytest.raises(UserError):
        outlook(basis, everything(basis), Scenario(**wrong))
