"""The plan in money: extra margin of likely risers with its range, and sums that don't count what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import write_snapshot

from core.capabilities.inventory import plan
from core.capabilities.inventory.control import Distribution, Rules
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.storage.queries import Serving
from core.workspace import Workspace


@pytest.fixture(scope="module")
def basis(tmp_path_factory) -> plan.Basis:
    workspace = Workspace(tmp_path_factory.mktemp("money"))
    folder = write_snapshot(workspace)
    return plan.read(Serving(folder), Rules.of(workspace.settings().inventory))


def test_the_extra_margin_of_one_product_is_its_mean_forecast_beyond_its_own_rate(basis):
    row = int(np.flatnonzero(basis.terms.unit_cost_cents > 0)[0])
    product, month = basis.products.product_id[row], basis.demand[row, DEMAND_WEEKS.index(4)]
    revenue, margin = plan.extra(basis, pd.Series({product: 10.0}), pd.Index([product]))
    more = float(Distribution(month[None]).mean[0]) - 10.0
    each = basis.terms.price_cents[row] - basis.terms.unit_cost_cents[row]
    assert (margin.cents, margin.products, margin.unknown) == (pytest.approx(more * each), 1, 0)
    assert revenue.cents == pytest.approx(more * basis.terms.price_cents[row])
    width = (month[DEMAND_LEVELS.index(0.9)] - month[DEMAND_LEVELS.index(0.1)]) * each
    assert margin.high - margin.low == pytest.approx(width)


def test_ranges_of_independent_products_add_up_by_their_squares(basis):
    rows = np.flatnonzero(basis.terms.unit_cost_cents > 0)[:2]
    products = basis.products.product_id.iloc[rows]
    own = pd.Series(0.0, index=products)
    both = plan.extra(basis, own, pd.Index(products))[1]
    each = [plan.extra(basis, own, pd.Index([p]))[1] for p in products]
    assert both.cents == pytest.approx(sum(one.cents for one in each))
    assert (both.high - both.low) ** 2 == pytest.approx(sum((one.high - one.low) ** 2 for one in each))


def test_without_a_cost_the_margin_is_unknown_and_without_a_product_it_is_nothing(basis):
    product = basis.products.product_id[0]
    costless = replace(basis, terms=replace(basis.terms, unit_cost_cents=np.full(len(basis.products), np.nan)))
    unknown = plan.extra(costless, pd.Series({product: 1.0}), pd.Index([product]))[1]
    assert np.isnan(unknown.cents) and unknown.unknown == 1
    nothing = plan.extra(basis, pd.Series(dtype=float), pd.Index([]))[1]
    assert (nothing.cents, nothing.low, nothing.high, nothing.products) == (0, 0, 0, 0)


def test_sums_leave_out_what_is_not_known(basis):
    made = plan.make(basis, [])
    due = made[made.order_units > 0]
    assert plan.at_risk(made).cents == due.lost_margin_cents.sum() and plan.at_risk(made).products == due.lost_margin_cents.notna().sum()
    assert plan.excess(made).cents == made.excess_cost_cents[made.excess_units > 0].sum()
