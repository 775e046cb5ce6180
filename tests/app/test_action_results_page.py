"""The page "Action results": what each action changed, what waits, and how one is recorded."""

from __future__ import annotations

from datetime import date

import pytest
from fixtures.serving import write_snapshot

from core.storage.state import FEATURED, State
from tests.app.visit import tables, words


def keep(shop, name: str, first: date = date(2011, 11, 1), last: date = date(2011, 11, 28), **details) -> None:
    State(shop).keep_action(
        FEATURED, name, segment="all", products=["P0001", "P0002"], control=["P0003"], seed=1, first_day=first, last_day=last,
        expected_units=90, details=details, actor="Ann",
    )  # fmt: skip


@pytest.fixture
def results(shop, open_page):
    keep(shop, "Front page")
    keep(shop, "Search ads")
    return open_page("action_results", workspace=shop)


def test_the_page_says_how_many_paid_and_what_all_brought(results):
    said = words(results)
    assert "Of 6 actions: **3 paid**, 1 did not, 2 cannot be told." in said
    assert "Together, beside similar products: +33 extra units (+16 … +46)." in said


def test_each_action_shows_what_was_expected_what_came_and_the_evidence(results):
    shown = tables(results)[0]
    assert list(shown.loc["Front page · Featured · 30 Oct 2011 – 26 Nov 2011"]) == [
        "1,150 / 900",
        "+230 (+105 … +329)",
        "Paid · beside a hold-out",
    ]
    assert list(shown.loc["Search ads · Advertised · 23 Oct 2011 – 5 Nov 2011"])[1:] == [
        "+8 (−22 … unknown)",
        "Can't tell · beside a hold-out · needs 8 times the products or weeks",
    ]
    assert list(shown.loc["PO-2011-0001 · Ordered · 9 Oct 2011 – 5 Nov 2011"])[1:] == ["–", "Can't tell · no comparison"]


def test_an_action_that_was_undone_is_not_shown(shop, results, open_page):
    State(shop).undo_action(2, "Ann")
    assert "Search ads" not in words(open_page("action_results", workspace=shop))


def test_an_action_that_still_runs_says_when_it_is_judged_and_is_undone(shop, results, open_page):
    keep(shop, "Advent", date(2011, 12, 5), date(2012, 1, 1), power={"0.2": 0.12, "0.5": 0.4, "1.0": 0.9})
    at = open_page("action_results", workspace=shop)
    assert "Judged once the data reach 1 Jan 2012." in words(at)
    assert "With 1 of 3 products held out, you would see a rise of 20% in 12 of 100 cases" in words(at)
    at.button(key="action_undo_3").click().run()
    assert "Advent" not in words(at)


def test_an_action_is_recorded_by_hand(shop, results):
    at = results
    at.text_input(key="action_name").set_value("Search ads, December")
    at.multiselect(key="action_products").set_value(["P0001", "P0002"])
    at.multiselect(key="action_control").set_value(["P0003"])
    at.number_input(key="action_expected").set_value(56)
    at.number_input(key="action_cost").set_value(12.5)
    at.button(key="action_record").click().run()
    action = State(shop).actions()[0]
    assert (action.kind, action.products, action.control) == ("advert", ["P0001", "P0002"], ["P0003"])
    assert action.expected_units == 56 and action.details["cost_cents"] == 1_250
    assert "Search ads, December" in words(at)


def test_a_product_cannot_be_in_the_action_and_held_out(shop, open_page):
    at = open_page("action_results", workspace=shop)
    at.text_input(key="action_name").set_value("Both")
    at.multiselect(key="action_products").set_value(["P0001"])
    at.multiselect(key="action_control").set_value(["P0001"])
    at.button(key="action_record").click().run()
    assert "not both" in at.error[0].value and State(shop).actions() == []


def test_a_shop_without_actions_is_told_how_to_begin(shop, open_page):
    write_snapshot(shop, action_results=lambda rows: rows[:0])
    said = words(open_page("action_results", workspace=shop))
    assert "No action is judged yet." in said and "Keep a list as an action" in said


def test_other_choices_are_shown_beside_what_was_shown_with_their_evidence(results):
    shown = tables(results)[1]
    assert list(shown.columns) == ["Click rate", "95% range", "Impressions that count", "Evidence"]
    assert list(shown.loc["home · as shown"]) == ["5.0%", "4.8% … 5.2%", "42,000", "–"]
    assert list(shown.loc["home · equal chance"]) == ["3.0%", "2.8% … 3.2%", "19,908", "fewer than shown (5.0%)"]
    assert list(shown.loc["home · likely risers"])[3] == "more than shown (5.5%)"
    assert list(shown.loc["newsletter · equal chance"]) == ["–", "–", "410", "not enough impressions: about 6,800 needed"]
    assert shown.loc["search ads · equal chance", "Evidence"] == "not judged: the probabilities do not fit what was shown"
    assert shown.loc["social · likely risers", "Evidence"] == "no clear difference from shown (2.0%)"
    assert "From impressions of 6 Jun 2011 – 4 Dec 2011" in words(results)


def test_other_choices_in_chinese(shop, open_page):
    at = open_page("action_results", workspace=shop, language="zh")
    assert "换一种展示方式会怎样" in words(at)
    assert list(tables(at)[1].loc["home · 机会均等"]) == ["3.0%", "2.8% … 3.2%", "19,908", "低于实际展示（5.0%）"]


def test_a_shop_without_recorded_probabilities_has_no_such_part(shop, open_page):
    write_snapshot(shop, choice_results=lambda rows: rows[:0])
    assert "other choices" not in words(open_page("action_results", workspace=shop))
