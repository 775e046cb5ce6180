"""Which reasons are named, and in which order."""

import pytest

from core.capabilities.forecast.reasons import named


def drivers(**attributions: float) -> list[str]:
    return [driver for driver, _ in named(attributions.items())]


def test_what_may_make_a_rise_comes_before_the_sales_and_views_that_show_it():
    assert drivers(momentum=2.0, attention=1.0, season=0.5, price=0.6) == ["price", "season", "momentum", "attention"]


@pytest.mark.parametrize(("season", "first"), [(0.21, "season"), (0.19, "momentum")])
def test_a_cause_of_less_than_a_tenth_of_all_that_moves_a_forecast_waits_its_turn(season, first):
    assert drivers(momentum=1.9 - season, attention=0.1, season=season)[0] == first


def test_what_holds_back_counts_in_what_moves_a_forecast():
    assert drivers(momentum=1.0, season=0.15) == ["season", "momentum"]
    assert drivers(momentum=1.0, season=0.15, attention=-1.0) == ["attention", "momentum", "season"]


def test_how_much_a_product_sells_is_named_only_where_it_holds_back():
    assert drivers(demand=3.0, momentum=1.0) == ["momentum"]
    assert drivers(demand=-3.0, momentum=1.0) == ["demand", "momentum"]


def test_equals_are_named_in_the_same_order_whatever_order_they_come_in():
    assert drivers(season=0.5, price=0.5) == drivers(price=0.5, season=0.5) == ["price", "season"]


def test_nothing_that_moves_is_no_reason_to_fail():
    assert drivers() == [] and drivers(season=0.0, momentum=0.0) == ["season", "momentum"]
