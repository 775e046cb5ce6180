"""The page "Launches": new products with advice and range, the similar products behind them, and the check on past launches."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.launched import no_launches
from fixtures.serving import write_snapshot

from tests.app.visit import cells, row_ids, words


@pytest.fixture
def launched(readonly_shop) -> pd.DataFrame:
    return pd.read_parquet(next(readonly_shop.snapshots.iterdir()) / "launches.parquet")


def shown(at) -> dict[str, pd.DataFrame]:
    return {table.value.index.name: table.value for table in at.table}


def test_the_page_counts_what_to_push_watch_and_stop(open_page):
    said = words(open_page("launches"))
    assert "9 products are new or coming: **push 3**, watch 3, stop 3." in said
    assert "Based on 180 past launches." in said


def test_products_to_push_come_first_with_their_range_and_first_order(open_page, launched):
    at = open_page("launches")
    assert row_ids(at) == list(launched.product_id)
    assert [cell["text"] for cell in cells(at, "advice")] == 3 * ["Push"] + 3 * ["Watch"] + 3 * ["Stop"]
    assert cells(at, "units")[1] == {"text": "54", "sub": "27–108", "tone": ""}
    assert cells(at, "order")[1] == {"text": "53", "sub": "5–108", "tone": ""} and cells(at, "order")[-1] is None
    assert cells(at, "sold")[0]["sub"] == "not sold yet" and cells(at, "sold")[2]["sub"] == "in 2 weeks"


def test_similar_products_are_shown_with_their_launch(open_page, launched):
    at = open_page("launches", new=launched.product_id[1])
    near = shown(at)["Similar product"]
    assert len(near) == 5 and list(near["First 8 weeks"]) == ["36"] * 4 + ["–"]
    assert "15 similar products were on sale before" in words(at) and "shown but not used" not in words(at)


def test_similar_products_that_did_not_help_are_said_not_to_count(open_page, launched):
    assert "shown but not used" in words(open_page("launches", new=launched.product_id[4]))


def test_a_product_without_similar_ones_says_what_stands_in(open_page, launched):
    assert "the average product stands in" in words(open_page("launches", new=launched.product_id[0]))


def test_past_launches_are_shown_beside_a_simple_rule(open_page):
    at = open_page("launches")
    past = shown(at)["Forecast made"]
    assert "140 past launches, each forecast from earlier ones." in words(at)
    assert [text.replace("\\", "") for text in past.loc["before the first sale"]] == ["0.42", "−0.16", "77%", "–"]
    assert past.loc["after 1 week"].iloc[-1] == "60% of 20"
    assert list(past.index) == ["before the first sale", "after 1 week", "after 2 weeks", "after 4 weeks"]


def test_a_shop_whose_similar_products_say_nothing_is_told_so(open_page, shop):
    write_snapshot(shop, launch_check=lambda rows: rows.assign(score_weight=0.0))
    assert "sell as the average launch did" in words(open_page("launches", workspace=shop))


def test_a_shop_without_new_products_still_sees_the_check(open_page, shop):
    write_snapshot(shop, **{name: lambda rows: rows[:0] for name in ("launches", "launch_analogues", "launch_curves")})
    at = open_page("launches", workspace=shop)
    assert not at.exception and "No product is in its first 8 weeks" in words(at) and "Forecast made" in shown(at)


def test_a_shop_with_too_few_launches_is_told_what_is_needed(open_page, shop):
    write_snapshot(shop, **no_launches())
    at = open_page("launches", workspace=shop)
    assert "needs 20 products whose first 8 weeks" in words(at) and not at.table
