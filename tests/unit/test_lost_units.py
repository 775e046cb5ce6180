"""Days out of stock are demand cut off from above: what was lost on them is said beside what was sold, and nowhere else."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from core.features import tables
from core.schema import CANONICAL
from core.settings import LabelSettings
from core.storage import duckdb as db
from core.storage.duckdb import DuckDB

FIRST_DAY = date(2024, 1, 1)
RULES = LabelSettings()


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def orders(product: str, days, a_day: float = 1, units: float = 1, value: str = "GB") -> list[tuple]:
    """Rows of the daily aggregate: so many orders of so many units on each of these days."""
    return [(product, value, day(d), a_day, units * a_day) for d in days]


def counts(product: str, found: dict[int, float]) -> list[tuple]:
    return [(day(d), product, on_hand) for d, on_hand in found.items()]


def lost(sold: list[tuple], stock: list[tuple]) -> pd.DataFrame:
    """product_id, value, day (number), lost_units of a shop that sold and counted this."""
    with db.connect() as con:
        tables.create(con)
        con.execute(CANONICAL["stock"].ddl())
        con.executemany("insert into daily (product_id, value, day, interest, units) values (?, ?, ?, ?, ?)", sold)
        if stock:
            con.executemany("insert into stock (day, product_id, on_hand) values (?, ?, ?)", stock)
        DuckDB(con).replace_days("lost_units", None, "features/lost_units", base_days=RULES.base_days, min_age_days=RULES.min_age_days)
        found = con.execute("select * from lost_units order by product_id, value, day").df()
    return found.assign(day=(found.day - pd.Timestamp(FIRST_DAY)).dt.days)


REST = orders("rest", range(120), 10, 2)  # the other products of the shop: ten orders a day of two units


def test_a_day_out_of_stock_loses_its_products_share_of_what_the_shop_sells_that_day():
    # 2 of 12 orders a day, of 3 units each, until it ran out on day 60 for ten days, in which the shop sold double.
    rest = orders("rest", range(60), 10, 2) + orders("rest", range(60, 70), 20, 2) + orders("rest", range(70, 120), 10, 2)
    found = lost(rest + orders("a", range(60), 2, 3) + orders("a", range(70, 120), 2, 3), counts("a", {53: 20, 60: 0, 70: 40}))
    assert list(found.day) == list(range(60, 70)) and set(found.product_id) == {"a"}
    sold, others = 56 * 2, 56 * 10  # orders of the 56 days before
    usual = (3 * sold + 10 * (3 * sold + 2 * others) / (sold + others)) / (sold + 10)  # units an order, drawn towards the shop's
    assert found.lost_units.to_numpy() == pytest.approx(20 * sold / others * usual, abs=1 / 1024)
    assert usual == pytest.approx(3, rel=0.03)


def test_nothing_is_lost_on_days_in_stock_nor_where_no_stock_is_recorded_nor_of_what_nobody_buys():
    sold = REST + orders("a", range(60), 2) + orders("unknown", range(60), 2)
    assert list(lost(sold, counts("a", {0: 9, 60: 0, 65: 9, 66: 9})).day) == list(range(60, 65))
    assert lost(sold, []).empty
    assert lost(sold, counts("never sold", {0: 9, 60: 0, 70: 9}) + counts("rest", {0: 9, 119: 9})).empty
    long_ago = orders("a", range(3))  # no sale in the eight weeks before it ran out
    assert lost(REST + long_ago, counts("a", {0: 9, 80: 0, 90: 9})).empty


def test_the_day_it_ran_out_on_sold_what_there_was_and_is_neither_lost_nor_part_of_the_pace():
    usual = lost(REST + orders("a", range(60), 2), counts("a", {53: 20, 60: 0, 65: 9}))
    rush = lost(REST + orders("a", range(60), 2) + orders("a", [60], 1, 48), counts("a", {53: 20, 60: 0, 65: 9}))
    assert list(usual.day) == [60, 61, 62, 63, 64] and list(rush.day) == [61, 62, 63, 64]
    assert set(rush.lost_units) == set(usual.lost_units)


def test_what_still_sells_is_not_lost():
    stock = counts("a", {53: 20, **dict.fromkeys(range(60, 103, 7), 0.0), 103: 9})
    before = REST + orders("a", range(60), 1, 2)
    shut, back = lost(before, stock), lost(before + orders("a", range(65, 103), 1, 2), stock)
    assert shut.lost_units.sum() == pytest.approx(2 * 43, rel=0.01)
    assert back.lost_units.sum() == pytest.approx(2 * 5, rel=0.01) and back.day.max() == 64  # whatever the weekly counts say
    assert lost(before + orders("a", range(60, 103), 1, 2), stock).empty  # made to order: the shelf is always empty


@pytest.mark.parametrize(
    ("stock", "days"),
    [
        ({53: 20, 60: 0}, range(60, 74)),  # not counted again
        ({53: 20, 60: 0, 90: 9}, range(60, 74)),
        ({53: 20, 60: 0, 67: 0, 90: 9}, range(60, 81)),
        (dict.fromkeys(range(60, 120, 7), 0.0), range(60, 116)),  # after eight weeks no pace is known any more
    ],
)
def test_a_count_is_believed_for_two_weeks_and_a_pace_for_eight(stock, days):
    assert list(lost(REST + orders("a", range(60), 2), counts("a", stock)).day) == list(days)


def test_too_few_days_in_stock_say_nothing_and_days_out_of_stock_are_not_days_of_a_slow_pace():
    few = REST + orders("a", range(54, 60), 4)
    assert lost(few, counts("a", {54: 30, 60: 0, 70: 9})).empty
    twice = REST + orders("a", [*range(30), *range(50, 60)], 2)
    found = lost(twice, counts("a", {0: 9, 30: 0, **dict.fromkeys(range(37, 50, 7), 0.0), 50: 9, 60: 0, 65: 9}))
    once, again = found[found.day < 50].lost_units, found[found.day >= 60].lost_units
    assert list(found.day) == [*range(30, 50), *range(60, 65)]
    assert again.mean() == pytest.approx(once.mean(), rel=0.05)


def test_one_bulk_order_of_a_slow_product_is_not_taken_for_its_pace():
    calm = lost(REST + orders("a", range(5, 60, 14)), counts("a", {0: 9, 60: 0, 70: 9})).lost_units.sum()
    bulk = lost(REST + orders("a", range(5, 60, 14)) + orders("a", [40], 1, 48), counts("a", {0: 9, 60: 0, 70: 9})).lost_units.sum()
    assert bulk < 0.5 * calm * (4 + 48) / 4


def test_customer_groups_lose_in_proportion_to_what_they_buy():
    sold = REST + orders("a", range(60), 3, 1, "GB") + orders("a", range(60), 1, 2, "DE")
    found = lost(sold, counts("a", {53: 20, 60: 0, 70: 9})).groupby("value").lost_units.sum()
    assert found["GB"] == pytest.approx(3 * found["DE"], rel=0.001)


def test_what_happens_later_changes_nothing_that_was_lost_before():
    sold = REST + orders("a", range(60), 2)
    stock = counts("a", {53: 20, 60: 0, 67: 0, 74: 0, 81: 50})
    whole = lost(sold + orders("a", range(81, 120), 9, 7), stock)
    for last in (60, 66, 67, 73, 80):
        known = lost([s for s in sold if s[2] <= day(last)], [s for s in stock if s[0] <= day(last)])
        assert known.equals(whole[whole.day <= last].reset_index(drop=True)) and known.day.max() == last
