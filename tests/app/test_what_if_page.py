"""What-if on Product and Why: the chance before and after, or why there is no number; the address carries the controls."""

from __future__ import annotations

import pytest
from fixtures.serving import write_snapshot

from core.workspace import Workspace
from tests.app.visit import words


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("what-if"))
    write_snapshot(workspace, products=30)
    return workspace


def ids(count: int) -> str:
    return f"P{count:04d}"


def test_a_product_shows_its_chance_before_and_after(open_page, shop):
    at = open_page("product", workspace=shop, product=ids(7), tab="why")
    assert "Change the price, a promotion or the stock" in words(at)
    at.select_slider(key="price_change").set_value(-20).run()
    assert at.query_params["price_change"] == "-20"
    assert "Chance of rising: " in words(at) and " → **" in words(at) and "not a promise" in words(at)
    at.selectbox(key="promotion").set_value("started").run()
    assert "There is no number for this combination." in words(at) and " → **" not in words(at), "no row of the snapshot has both"


@pytest.mark.parametrize(
    ("product", "controls", "why"),
    [
        (ids(2), {"price_change": "-10"}, "Not sold in the last 2 weeks"),
        (ids(7), {"price_change": "30"}, "Fewer than 5 products of this shop have sold this far above"),
        (ids(1), {"stock": "out of stock"}, "Sold within the last week"),
    ],
)
def test_where_there_is_no_number_the_product_says_why(open_page, shop, product, controls, why):
    said = words(open_page("product", workspace=shop, product=product, tab="why", **controls))
    assert why in said and " → **" not in said


def test_the_shop_lists_whose_chance_differs_most_and_counts_those_without_a_number(open_page, shop):
    at = open_page("why", workspace=shop, price_change="-10", segment="Germany")
    assert "Of 29 products, the chance of rising is higher for" in words(at)
    assert "1 product without a number: Not sold to this group in the last 2 weeks" in words(at)
    shown = next(f.value for f in at.dataframe if "chance_then" in f.value)
    assert len(shown) == 29 and shown.change.abs().is_monotonic_decreasing and (shown.change > 0).all()


def test_a_snapshot_of_an_earlier_version_says_that_it_has_no_what_if(open_page, tmp_path):
    workspace = Workspace(tmp_path)
    write_snapshot(workspace, products=12, what_if=lambda frame: frame.head(0))
    assert "This update has no what-if yet." in words(open_page("why", workspace=workspace))
    assert "This update has no what-if yet." in words(open_page("product", workspace=workspace, tab="why"))


def test_a_product_outside_a_large_shops_what_if_says_so(open_page, tmp_path):
    workspace = Workspace(tmp_path)
    write_snapshot(workspace, products=12, what_if=lambda frame: frame[frame.product_id != ids(7)])
    assert "This one is not among them." in words(open_page("product", workspace=workspace, product=ids(7), tab="why"))
