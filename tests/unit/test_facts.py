"""The fact behind a reason: the most unusual signal of a driver that points its way."""

from __future__ import annotations

import pytest

from core.capabilities.forecast import facts
from core.features.definitions import FEATURES
from core.schema import DRIVERS

USUAL = [0.4, 0.5, 0.8, 1.0, 1.25, 1.8, 2.2]  # of a multiple, at facts.LEVELS
SPREAD = {f.name: USUAL if f.unit == "times" else [0, 0, 0, 2, 10, 40, 90] for f in FEATURES}


def said(driver: str, push: float, language: str = "en", **values: float) -> str | None:
    found = facts.strongest(driver, push, values, SPREAD)
    return None if found is None else found[0].show(language)


def test_the_most_unusual_signal_of_the_driver_is_named_with_its_value():
    assert said("attention", 1.0, search_month=2.75, views_month=1.3, recent_lift=9.0) == "Search clicks ×2.8 in 4 weeks"
    assert said("attention", 1.0, search_month=1.3, views_month=1.9, language="zh") == "近 4 周浏览 +90%"


def test_a_driver_that_holds_back_is_not_explained_by_what_speaks_for_a_rise():
    assert said("momentum", -1.0, recent_lift=3.0, week_on_month=0.4) == "Orders −60% last week"
    assert said("momentum", -1.0, recent_lift=3.0) is None
    assert said("price", 1.0, price_change=0.5) == "Price −50% in 2 weeks"
    assert said("price", 1.0, price_change=2.0) is None


def test_more_units_returned_than_sold_is_no_share_above_100_percent():
    assert said("demand", -1.0, returned_share=50.0) == "More units returned than sold"


def test_an_ordinary_value_is_no_reason():
    assert said("attention", 1.0, search_month=1.0) is None
    assert said("attention", 1.0, search_month=1.02) is None


@pytest.mark.parametrize(("value", "shown"), [(1.81, "+81%"), (2.0, "×2"), (2.26, "×2.3"), (12.34, "×12.3")])
def test_a_multiple_is_written_as_a_change_below_twice(value, shown):
    assert said("graph", 1.0, neighbours_trend=value) == f"Similar products {shown} in 2 weeks"


def test_age_is_told_in_weeks_and_a_discount_in_percent():
    assert facts.strongest("newness", 1.0, {"days_on_sale": 42.0}, {"days_on_sale": [60, 90, 200, 400, 700, 900, 1000]})[0].show() == (
        "On sale for 6 weeks"
    )
    discounts = {"discount_14d": [0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.2]}
    assert facts.strongest("price", 1.0, {"discount_14d": 0.25}, discounts)[0].show() == "25% discount in 2 weeks"
    assert facts.strongest("price", -1.0, {"discount_14d": 0.0}, discounts) is None  # no discount is nothing to tell


def test_what_is_measured_comes_along_in_both_languages():
    meaning = facts.strongest("attention", 1.0, {"search_month": 3.0}, SPREAD)[1]
    assert meaning.show("en") == "Search clicks, last 4 weeks vs previous 4" and meaning.show("zh") != meaning.show("en")


def test_every_fact_is_of_a_feature_of_its_driver_and_every_driver_with_plain_signals_has_one():
    drivers = {feature.name: feature.driver for feature in FEATURES}
    assert [fact for fact in facts._FACTS if drivers[fact.feature] != fact.driver] == []
    assert set(DRIVERS) - {fact.driver for fact in facts._FACTS} == {"text"}


def test_some_facts_explain_one_direction_only():
    discounts = {"discount_56d": [0.0, 0.0, 0.0, 0.0, 0.02, 0.05, 0.08], "days_since_promo": [5, 9, 40, 90, 200, 300, 360]}
    assert facts.strongest("price", -1.0, {"discount_56d": 0.16}, discounts)[0].show() == "16% discount in 8 weeks"
    assert facts.strongest("promotion", -1.0, {"days_since_promo": 9.0}, discounts)[0].show() == "Promotion ended 9 days ago"
    assert facts.strongest("promotion", 1.0, {"days_since_promo": 350.0}, discounts) is None
    assert said("graph", 1.0, linked_surges=60.0) == "Linked products are surging" and said("graph", -1.0, linked_surges=60.0) is None


def test_the_facts_of_a_text_are_its_strongest_words_of_the_same_direction():
    texts = [("red", 0.1), ("lantern", 0.5), ("old", -0.7), ("glass", 0.3), ("a long description of what it is made of", 0.9)]
    assert facts.words(0.2, texts)[0].show("en") == "Words “lantern”, “glass”"
    assert facts.words(-0.2, texts)[0].show("en") == "Words “old”" and facts.words(-0.2, texts[:2]) is None


def test_a_spare_fact_is_said_only_where_no_other_points_the_drivers_way():
    assert said("momentum", 1.0, recent_lift=1.6, lead_segment_trend=9.0) == "Orders +60% vs usual"
    assert said("momentum", 1.0, recent_lift=0.6, lead_segment_trend=9.0) == "Orders ×9 in one customer group"


def test_a_value_between_two_quantiles_stands_between_them():
    assert facts._standing(0.65, USUAL) == pytest.approx(0.175)
    assert facts.strongest("season", -1.0, {"year_ago_share": 0.88}, SPREAD)[0].show() == "Next 4 weeks last year −12% vs now"
