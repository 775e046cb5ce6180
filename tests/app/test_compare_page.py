"""The Compare page: products, customer groups and years side by side, from addresses that lists and other pages make."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import write_snapshot
from plotly.io import from_json

from dashboard.components.compare import parts
from tests.app.visit import words


def lines(at) -> list[str]:
    """The names of the lines of the chart."""
    return [line.name for line in from_json(at.get("plotly_chart")[0].proto.spec).data if line.showlegend is not False]


def test_two_products_of_an_address_are_shown_side_by_side(open_page):
    at = open_page("compare", products="P0007,P0011")
    assert not at.exception and at.multiselect(key="products").value == ["P0007", "P0011"]
    assert len(lines(at)) == 2
    table = at.table[0].value
    assert table.shape[1] == 2 and {"Chance of rising", "Expected units, 4 weeks", "Price", "Weeks of supply"} <= set(table.index)


def test_a_number_with_a_comma_is_one_product():
    assert parts("P0,7,P11,gone,P1", {"P0,7", "P11", "P1", "7"}) == ["P0,7", "P11", "P1"]


def test_an_index_puts_the_average_of_each_at_100(open_page):
    at = open_page("compare", products="P0007,P0011", index="1")
    figure = from_json(at.get("plotly_chart")[0].proto.spec)
    shown = [np.frombuffer(b64decode(line.y["bdata"]), line.y["dtype"]) for line in figure.data if line.showlegend is not False]
    assert [units.mean() for units in shown] == pytest.approx([100, 100])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_product_is_compared_in_the_largest_groups_and_with_its_last_year(open_page, language):
    at = open_page("compare", language, products="P0007", by="groups")
    assert not at.exception and len(lines(at)) == 3
    at = open_page("compare", language, products="P0007", by="years", weeks="13")
    assert not at.exception and lines(at) == {"en": ["This year", "A year before"], "zh": ["今年", "去年同期"]}[language]


def test_a_clear_difference_is_said_in_words_and_an_unclear_one_is_not(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f.assign(rising_probability=np.where(f.product_id == "P0007", 0.8, 0.1)))
    assert "is likelier to rise: 80% vs 10%" in words(open_page("compare", workspace=workspace, products="P0007,P0011"))
    write_snapshot(workspace, snapshot="20111204-2", forecasts=lambda f: f.assign(rising_probability=0.3))
    assert "likelier" not in words(open_page("compare", workspace=workspace, products="P0007,P0011"))


def test_a_product_younger_than_a_year_has_no_year_to_compare_with(open_page, workspace):
    young = lambda h: h[(h.product_id != "P0007") | (h.week > h.week.max() - pd.Timedelta(weeks=20))]
    write_snapshot(workspace, history=young)
    at = open_page("compare", workspace=workspace, product="P0007", by="years", weeks="13")
    assert not at.exception and "no full 13 weeks a year before" in words(at)


def test_a_group_is_not_told_to_sell_less_than_all_customers(open_page):
    at = open_page("compare", products="P0007", by="groups", groups="all")
    assert not at.exception and lines(at) == ["All customers"] and "sell more" not in words(at)


def test_without_products_the_page_says_how_to_choose_them(open_page):
    assert "Choose two to four products" in words(open_page("compare"))
    assert "Choose a second product" in words(open_page("compare", products="P0007"))
    assert "Choose two to four products" in words(open_page("compare", products="nobody's"))


def test_at_most_four_products_are_shown(open_page):
    at = open_page("compare", products="P0001,P0002,P0003,P0004,P0005,P0006")
    assert not at.exception and len(lines(at)) == 4


def test_the_product_page_leads_here(open_page):
    links = [link for link in open_page("product", product="P0007").get("page_link") if link.proto.label == "Compare"]
    assert len(links) == 1 and "P0007" in links[0].proto.query_string
