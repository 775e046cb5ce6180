"""How many products there are: the same on every page, or the page says which are left out."""

from __future__ import annotations

import re

import pytest
from fixtures.serving import write_snapshot

from core.storage.queries import Serving
from core.workspace import Workspace
from tests.app.visit import lists, words

PRODUCTS, WITHOUT = 60, 3


@pytest.fixture(scope="module")
def partly_forecast(tmp_path_factory) -> Workspace:
    """A shop of which some products have no forecast, and so no plan."""
    workspace = Workspace(tmp_path_factory.mktemp("counts") / "shop")
    without = [f"P{number:04d}" for number in range(3, 3 + WITHOUT)]
    leave_out = lambda frame: frame[~frame.product_id.isin(without)]
    write_snapshot(workspace, PRODUCTS, **dict.fromkeys(("forecasts", "demand", "suggestions", "planning"), leave_out))
    return workspace


def named(at, pattern: str) -> list[int]:
    return [int(count.replace(",", "")) for count in re.findall(pattern, words(at))]


@pytest.mark.parametrize("where", [{}, {"list": "falling"}, {"by": "category"}, {"by": "supplier"}])
def test_each_list_of_forecasts_names_its_products_and_how_many_more_have_none(open_page, partly_forecast, where):
    at = open_page("rising", workspace=partly_forecast, **where)
    assert named(at, r"(\d+) products\.") == [PRODUCTS - WITHOUT] and named(at, r"(\d+) more have no forecast\.") == [WITHOUT]
    if "by" in where:
        of_groups = [int(row["cells"][0]["sub"].split()[0]) for row in lists(at)[0]["rows"]]
        assert sum(of_groups) == PRODUCTS - WITHOUT


def test_the_plan_names_its_products_and_how_many_more_have_no_plan(open_page, partly_forecast):
    at = open_page("inventory", workspace=partly_forecast, status="")
    assert named(at, r"(\d+) products, highest") == [PRODUCTS - WITHOUT] and named(at, r"(\d+) more have no forecast, so no plan") == [
        WITHOUT
    ]
    of_status = [open_page("inventory", workspace=partly_forecast, status=one) for one in ("order now", "enough", "withheld")]
    assert sum(sum(named(at, r"(\d+) products?, highest")) for at in of_status) == PRODUCTS - WITHOUT
    assert all("no plan" not in words(at) for at in of_status)


def test_the_search_counts_a_category_as_its_lists_do_together(open_page, partly_forecast):
    found = Serving(next(partly_forecast.snapshots.iterdir())).ask("search_entries")
    name, count = found[found.kind == "category"].sort_values("products").iloc[-1][["code", "products"]]
    at = open_page("rising", workspace=partly_forecast, category=name)
    assert sum(named(at, r"(\d+) products?\.") + named(at, r"(\d+) more ha\w+ no forecast\.")) == count
