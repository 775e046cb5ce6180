"""What other service levels, lead times or another demand would do to the order, the stock and the service."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import UserError
from core.plan import Basis, Scenario, outlook
from tests.unit.test_plan import basis, shop  # noqa: F401


def everything(basis: Basis) -> np.ndarray:
    return np.arange(len(basis.products))


def test_now_is_the_plan_as_it_stands(basis):
    now, products = outlook(basis, everything(basis)), basis.products
    assert now.to_order == (products.suggested_order_units > 0).sum()
    assert now.order_cost_cents == products.order_cost_cents.sum()
    assert 0.9 < now.fill_rate <= 1 and now.average_stock_cents > 0


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


def test_twice_the_demand_needs_twice_the_stock_though_nobody_ever_wanted_so_much(basis):
    tight = replace(basis.terms, **{f"peak_w{w}": np.full(len(basis.products), 0.01) for w in (1, 2, 4, 8, 13)},
                    moq=np.full(len(basis.products), np.nan), pack_size=np.full(len(basis.products), 0.01))
    now, then = (outlook(replace(basis, terms=tight), everything(basis), Scenario(service_level=0.95, demand=d)) for d in (1, 2))
    assert then.average_stock_cents == pytest.approx(2 * now.average_stock_cents, rel=0.01)


def test_without_known_stock_there_is_no_fill_rate_and_without_products_nothing(basis):
    unknown = np.flatnonzero(basis.products.inventory_position.isna())
    assert np.isnan(outlook(basis, unknown).fill_rate) and outlook(basis, unknown).to_order == 0
    assert outlook(basis, unknown[:0], Scenario(demand=2)).order_cost_cents == 0


@pytest.mark.parametrize("wrong", [{"service_level": 1.0}, {"lead_time": 0.0}, {"demand": -1.0}])
def test_what_makes_no_sense_is_refused(basis, wrong):
    with pytest.raises(UserError):
        outlook(basis, everything(basis), Scenario(**wrong))
