"""The page "Feature": its list, what leaning brought, picks, and actions that are kept."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.serving import write_snapshot

from core.storage.state import EXCLUDE, PIN, State
from tests.app.visit import cells, row_ids, words


@pytest.fixture
def candidates(readonly_shop) -> pd.DataFrame:
    found = pd.read_parquet(next(readonly_shop.snapshots.iterdir()) / "feature_lists.parquet")
    return found[found.segment == "all"].sort_values("place")


def apart(ordered, shop, count: int = 20) -> list[str]:
    """The first products of an order of which no two of a category have near texts."""
    folder = next(shop.snapshots.iterdir())
    near = pd.read_parquet(folder / "neighbours.parquet").query("similarity >= 0.9")
    category = pd.read_parquet(folder / "products.parquet").set_index("product_id").category
    close = {frozenset(pair) for pair in zip(near.product_id, near.neighbour_id) if category[pair[0]] == category[pair[1]]}
    kept: list[str] = []
    for product in ordered:
        if not any(frozenset((product, other)) in close for other in kept):
            kept.append(product)
    return kept[:count]


def test_the_page_says_what_past_updates_said(open_page):
    said = words(open_page("feature"))
    assert "In 6 past updates, the 20 products of such lists sold **624** units in 4 weeks, last month's best sellers 600." in said
    assert "changed units by −1.0% and units beyond the usual by +20.0%" in said
    assert "Nobody was shown these lists" in said


def test_the_list_names_the_best_candidates_with_range_and_reason(open_page, candidates, readonly_shop):
    at = open_page("feature")
    assert row_ids(at) == apart(candidates.product_id, readonly_shop)
    first = candidates.iloc[0]
    assert cells(at, "units")[0]["text"] == f"{first.expected_units:,.0f}"
    assert cells(at, "units")[0]["sub"] == f"{first.low_units:,.0f}–{first.high_units:,.0f}"
    assert any(cell for cell in cells(at, "reason"))


def test_without_leaning_the_list_orders_by_expected_units(open_page, candidates, readonly_shop):
    at = open_page("feature", dose="0.0")
    assert row_ids(at) == apart(candidates.sort_values("expected_units", ascending=False).product_id, readonly_shop)
    assert "orders by expected units alone" in words(at)


def test_stock_that_does_not_cover_4_weeks_is_said_to_run_short(open_page, candidates):
    said = {row: cell and cell["sub"] for row, cell in zip(row_ids(open_page("feature")), cells(open_page("feature"), "stock"))}
    known = candidates[candidates.product_id.isin(said) & candidates.cover_weeks.notna()]
    assert {p: said[p] for p in known.product_id} == {
        p: "Lasts" if w >= 4 else "Runs short" for p, w in zip(known.product_id, known.cover_weeks)
    }


def test_a_shop_without_stock_gets_no_stock_column(open_page, shop):
    write_snapshot(shop, stock_known=0.0)
    at = open_page("feature", workspace=shop)
    assert not at.exception
    with pytest.raises(ValueError, match="stock"):
        cells(at, "stock")


def test_a_shop_without_a_past_sees_no_slider_and_why(open_page, shop):
    write_snapshot(shop, feature_record=lambda rows: rows[:0])
    at = open_page("feature", workspace=shop)
    assert not at.select_slider(key="feature_holdout").disabled and len(at.select_slider) == 1
    assert "once a past update's 4 weeks are over" in words(at)
    assert "not checked in your shop" in words(at)


def test_excluded_products_leave_and_pinned_ones_lead(open_page, shop):
    before = row_ids(open_page("feature", workspace=shop))
    State(shop).pick([before[0]], EXCLUDE, "Ann")
    State(shop).pick([before[3]], PIN, "Ann")
    at = open_page("feature", workspace=shop)
    after = row_ids(at)
    assert after[0] == before[3] and before[0] not in after and len(after) == 20
    at.button(key="feature_unpick").click().run()
    assert row_ids(at) == before


def test_pinned_products_move_up_and_down(open_page, shop):
    before = row_ids(open_page("feature", workspace=shop))
    State(shop).pick([before[4], before[2]], PIN, "Ann")
    at = open_page("feature", workspace=shop)
    assert row_ids(at)[:3] == [before[4], before[2], before[0]]
    assert at.button(key="feature_up").disabled and at.button(key="feature_down").disabled
    at.session_state["featured"] = {"selected": [before[2]]}  # as the callback of the list does for ticked rows
    at.run()
    at.button(key="feature_up").click().run()
    assert row_ids(at)[:3] == [before[2], before[4], before[0]]


def test_a_brand_gets_its_smallest_share(open_page, shop):
    products = pd.read_parquet(next(shop.snapshots.iterdir()) / "products.parquet").set_index("product_id")
    listed = products.brand[row_ids(open_page("feature", workspace=shop))].value_counts()
    more = int(listed.iloc[-1]) + 1
    (shop.root / "upswing.toml").write_text(f"[feature]\nmin_share_brand = {more / 20}\n", encoding="utf-8")
    at = open_page("feature", workspace=shop)
    assert (products.brand[row_ids(at)] == listed.index[-1]).sum() == more
    assert "place kept for the smallest share of other brands or suppliers" in words(at)


def test_a_brand_with_its_share_makes_room_for_others(open_page, shop):
    (shop.root / "upswing.toml").write_text("[feature]\nmax_share_brand = 0.5\n", encoding="utf-8")
    at = open_page("feature", workspace=shop)
    products = pd.read_parquet(next(shop.snapshots.iterdir()) / "products.parquet").set_index("product_id")
    assert (products.brand[row_ids(at)] == "Northwind").sum() == 10
    assert "brand has its share of the list" in words(at)


def test_a_list_is_kept_as_an_action_with_a_hold_out_and_undone(open_page, shop):
    at = open_page("feature", workspace=shop)
    listed = row_ids(at)
    at.text_input(key="feature_name").set_value("Front page")
    at.button(key="feature_keep").click().run()
    (action,) = State(shop).actions()
    assert sorted([*action.products, *action.control]) == sorted(listed) and len(action.control) == 4
    assert action.name == "Front page" and action.details["dose"] == 0.5
    assert "Front page" in words(at) and "Held out:" in words(at)
    at.button(key=f"feature_undo_{action.id}").click().run()
    assert State(shop).actions() == [] and "Held out:" not in words(at)


def test_an_action_without_a_name_is_refused_with_what_to_do(open_page, shop):
    at = open_page("feature", workspace=shop)
    at.button(key="feature_keep").click().run()
    assert "An action has a name" in at.error[0].value
    assert State(shop).actions() == []
