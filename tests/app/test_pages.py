"""Each page on a made-up snapshot: what it must say, in both languages, and what its filters do."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import FEATURES, MODEL, NASTY, write_models, write_snapshot

from core import jobs
from core.storage.queries import Serving
from core.storage.snapshots import check
from core.storage.state import State
from core.workspace import Workspace
from dashboard.i18n import percent, plain
from dashboard.labels import driver
from tests.app.visit import PAGES, words

TITLES = {
    "overview": ("Overview", "总览"),
    "rising": ("Rising", "热销潜力榜"),
    "inventory": ("Inventory", "库存"),
    "product": ("Product", "商品"),
    "segments": ("Segments", "客群"),
    "why": ("Why", "原因"),
    "data": ("Data", "数据"),
    "model": ("Model", "模型"),
}


@pytest.fixture(scope="module")
def tables(readonly_shop) -> dict[str, pd.DataFrame]:
    folder = next(readonly_shop.snapshots.iterdir())
    return {f.stem: pd.read_parquet(f) for f in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def everyone(tables) -> pd.DataFrame:
    """Forecasts over everyone with their products, likeliest first."""
    found = tables["forecasts"].query("segment == 'all'").merge(tables["products"], on="product_id")
    return found.sort_values("rising_probability", ascending=False).reset_index(drop=True)


@pytest.mark.parametrize("language", [0, 1], ids=["english", "chinese"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_its_title_and_what_the_data_are_as_of(open_page, name, language):
    at = open_page(name, ("en", "zh")[language])
    assert not at.exception and not at.error
    assert at.title[0].value == TITLES[name][language]
    assert ("data to **4 Dec 2011** · model 20111204\\-a1b2c3", "数据截至 **2011年12月4日** · 模型 20111204\\-a1b2c3")[language] in words(
        at
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_chinese_has_no_english_sentence_left(open_page, name):
    # Names from the shop's data and code in backticks may be English; a run of four lower-case words is a sentence of ours.
    at = open_page(name, "zh")
    ours = [line for line in words(at).splitlines() if not any(title in line for title in ("Harbour", "boxed", "Northwind"))]
    assert [line for line in ours if re.search(r"(?:\b[a-z]{2,}\b[ ,;]+){3}\b[a-z]{2,}\b", re.sub(r"`[^`]*`|\{.*\}", "", line))] == []


# ---- overview


def test_the_overview_adds_up_all_chances_and_orders(open_page, tables, everyone):
    shown = {m.label: m.value for m in open_page("overview").metric}
    assert shown["Expected risers"] == f"{everyone.rising_probability.sum():.0f}"
    assert shown["Likely risers (50%+)"] == str((everyone.rising_probability >= 0.5).sum())
    assert shown["To order now"] == str((tables["suggestions"].status == "order now").sum())


def test_the_overview_compares_the_units_of_the_last_four_weeks_with_the_four_before(open_page, tables):
    weekly = tables["history"].query("segment == 'all'").groupby("week").units.sum().sort_index()
    grown = f"{weekly.iloc[-4:].sum() / weekly.iloc[-8:-4].sum() - 1:+.0%}"
    assert grown in [m.delta for m in open_page("overview").metric]


def test_the_first_decision_is_to_order_a_likely_riser_that_runs_short(open_page, tables, everyone):
    short = everyone.merge(tables["suggestions"].query("status == 'order now'"), on="product_id").query("rising_probability >= 0.5")
    said = words(open_page("overview"))
    orders = [
        row
        for row in short.itertuples()
        if f"**{percent(row.rising_probability)}** chance of rising. Stock lasts **{row.cover_weeks:.1f}** weeks." in said
    ]
    assert len(orders) == 1 and f"**{plain(orders[0].title)}**" in said


def test_the_overview_and_the_products_own_page_follow_what_planners_changed(open_page, shop, tables):
    due = tables["suggestions"].query("status == 'order now'")
    changed, *snoozed = due.product_id
    state, more = State(shop), {"reason": "budget", "actor": "ana", "expires_on": date(2011, 12, 19)}
    for product in snoozed:
        state.set_override("product", product, "snooze_until", "2011-12-20", **more)
    state.set_override("product", changed, "order_units", 7.0, **more)
    at = open_page("overview", workspace=shop)
    shown, cost = {m.label: m for m in at.metric}["To order now"], tables["planning"].set_index("product_id").unit_cost_cents[changed]
    assert shown.value == "1" and shown.delta == f"£{round(7 * cost / 100)}"
    assert set(re.findall(r"Order (\S+) units by", words(at))) <= {"7"}
    at = open_page("product", workspace=shop, product=changed)
    was = due.suggested_order_units.iloc[0]
    assert "**7 units** by" in words(at)
    assert f"Changed by planners: Quantity. {was:,.0f} units were suggested. ana: Budget." in words(at)
    at = open_page("product", workspace=shop, product=snoozed[0])
    assert "Snoozed until 20 Dec 2011. Not in today's order. ana: Budget." in words(at) and "units** by" not in words(at)


def test_the_first_snapshot_shows_the_likeliest_instead_of_changes(open_page, workspace):
    write_snapshot(workspace, previous=False)
    said = words(open_page("overview", workspace=workspace))
    assert "Most likely to rise" in said and "Biggest gains" not in said


def test_where_no_chance_has_changed_the_likeliest_stand_instead_of_empty_tables(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f.assign(previous_rising_probability=f.rising_probability))
    at = open_page("overview", workspace=workspace)
    assert "Most likely to rise" in words(at) and "No chance has changed" in words(at) and "Biggest" not in words(at)
    assert not next(m for m in at.metric if m.label == "Expected risers").delta


def test_where_chances_only_grew_the_other_side_says_so(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f.assign(previous_rising_probability=f.rising_probability / 2))
    said = words(open_page("overview", workspace=workspace))
    assert "Biggest drops" in said and "None." in said and "Most likely to rise" not in said


@pytest.mark.parametrize("page", ["overview", "model"])
def test_forecasts_that_nothing_was_held_back_to_check_are_shown_with_a_warning(open_page, workspace, page):
    write_snapshot(workspace, metrics=lambda m: m[:0], calibration=lambda c: c[:0])
    at = open_page(page, workspace=workspace)
    assert not at.exception and "are unchecked: the history is too short" in at.warning[0].value
    assert "On the dotted line" not in words(at) and "Measured on the latest weeks" not in words(at)
    assert not open_page(page).warning


@pytest.mark.parametrize("page", ["overview", "model"])
def test_where_nothing_rose_in_the_weeks_held_back_that_is_what_the_warning_says(open_page, workspace, page):
    write_snapshot(workspace, metrics=lambda m: m[:1].assign(metric="brier"), calibration=lambda c: c[:0])
    at = open_page(page, workspace=workspace)
    assert not at.exception and "are unchecked: nothing rose in the validation weeks" in at.warning[0].value


def test_a_shop_without_stock_is_told_to_check_it(open_page, workspace):
    write_snapshot(workspace, stock_known=0)
    at = open_page("overview", workspace=workspace)
    assert "Stock unknown" in words(at) and "No stock data, so no order suggestions" in words(at)
    assert "To order now" not in [m.label for m in at.metric]


# ---- rising


def test_rising_lists_everybody_likeliest_first(open_page, everyone):
    shown = open_page("rising").dataframe[0].value
    assert list(shown.product_id) == list(everyone.product_id)
    assert shown.rising_probability.is_monotonic_decreasing


def test_rising_names_three_drivers_with_arrows_causes_first(open_page, workspace):
    pushes = {"momentum": 2.0, "season": 0.6, "price": -0.5, "attention": 1.0}
    write_snapshot(workspace, attributions=lambda a: a.assign(attribution=a.driver.map(pushes).fillna(0.0)))
    shown = open_page("rising", workspace=workspace).dataframe[0].value
    assert set(shown.reasons) == {"Season ▲▲  Price ▼▼  Momentum ▲▲▲"}
    said = words(open_page("product", workspace=workspace, product=shown.product_id.iloc[0]))
    assert "Main drivers: season and momentum. Main drags: price." in said


@pytest.mark.parametrize(("push", "named"), [(5.0, False), (-5.0, True)])
def test_how_much_a_product_sells_is_never_named_as_what_makes_it_rise_only_as_what_holds_it_back(open_page, workspace, push, named):
    write_snapshot(workspace, attributions=lambda a: a.assign(attribution=a.attribution.where(a.driver != "demand", push)))
    shown = open_page("rising", workspace=workspace).dataframe[0].value
    assert any("Sales level" in reasons for reasons in shown.reasons) == named
    said = words(open_page("product", workspace=workspace, product=shown.product_id.iloc[0]))
    assert "drivers: sales level" not in said and ("drags: sales level" in said) == named


def test_rising_narrows_by_category_and_search_together(open_page, everyone):
    at = open_page("rising", category="Kitchen", q="lunch")
    shown = at.dataframe[0].value
    expected = everyone[(everyone.category == "Kitchen") & everyone.title.str.contains("lunch", case=False)]
    assert list(shown.product_id) == list(expected.product_id) and len(shown)


def test_a_search_takes_percent_and_underscore_as_they_are(open_page):
    at = open_page("rising", q="%")
    assert not at.dataframe and "No product matches these filters" in words(at)


def test_a_search_finds_a_product_by_its_number(open_page):
    assert list(open_page("rising", q="p0007").dataframe[0].value.product_id) == ["P0007"]


def test_rising_narrows_by_price_and_age(open_page, everyone):
    at = open_page("rising")
    at.slider(key="price").set_range(5, 10).run()
    at.slider(key="age").set_range(10, 40).run()
    shown = at.dataframe[0].value
    expected = everyone[everyone.price_cents.between(500, 1000) & everyone.days_on_sale.between(70, 280)]
    assert list(shown.product_id) == list(expected.product_id) and 0 < len(shown) < len(everyone)
    assert (everyone.price_cents.between(500, 1000) & everyone.days_on_sale.between(10, 69)).any()  # too young, though older than 10 days


def test_rising_of_a_segment_shows_that_segments_chances_and_no_cover(open_page, tables):
    shown = open_page("rising", segment="Germany").dataframe[0].value
    expected = tables["forecasts"].query("segment == 'Germany'").set_index("product_id").rising_probability
    assert (shown.set_index("product_id").rising_probability == expected[shown.product_id]).all()
    assert shown.cover_weeks.isna().all()


def test_rising_sorts_by_movement(open_page):
    at = open_page("rising")
    at.selectbox(key="sort").select("movement").run()
    assert at.dataframe[0].value.movement.is_monotonic_decreasing


def test_a_long_list_comes_in_pages_and_another_question_starts_on_the_first(open_page, workspace):
    write_snapshot(workspace, products=250, weeks=10)
    at = open_page("rising", workspace=workspace)
    first = set(at.dataframe[0].value.product_id)
    at.query_params["page"] = "3"
    at.run()
    last = set(at.dataframe[0].value.product_id)
    assert len(first) == 100 and len(last) == 50 and not first & last
    at.selectbox(key="sort").select("pace").run()
    assert len(at.dataframe[0].value) == 100


# ---- product


def test_a_link_names_the_product_that_opens(open_page, everyone):
    row = everyone.iloc[7]
    at = open_page("product", product=row.product_id)
    assert at.header[0].value == plain(row.title)
    assert f"**{percent(row.rising_probability)}**" in words(at)


def test_without_a_link_the_likeliest_riser_opens(open_page, everyone):
    assert open_page("product").header[0].value == plain(everyone.title[0])


def test_a_link_to_no_product_says_so_and_shows_another(open_page, everyone):
    at = open_page("product", product="no-such-thing")
    assert "There is no product no\\-such\\-thing" in words(at)
    assert at.header[0].value == plain(everyone.title[0])


@pytest.mark.parametrize(("language", "told"), [("en", "Light area: estimated sales lost"), ("zh", "浅色部分：缺货期间的估计流失销量")])
def test_the_chart_says_what_its_lighter_part_is_where_a_product_was_out_of_stock(open_page, tables, language, told):
    lost = tables["history"].query("segment == 'all'").groupby("product_id").lost_units.sum()
    out, never = lost.index[lost > 0][0], lost.index[lost == 0][0]
    assert told in words(open_page("product", language=language, product=out))
    assert told not in words(open_page("product", language=language, product=never))


def test_choosing_another_product_changes_the_address(open_page):
    at = open_page("product")
    at.selectbox(key="product").select("P0021").run()
    assert at.query_params["product"] == "P0021"
    assert "P0021" in words(at)


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_title_full_of_markup_is_shown_as_it_stands(open_page, number):
    at = open_page("product", product=f"P{number:04d}")
    assert not at.exception
    assert at.header[0].value == plain(NASTY[number])
    assert not any("<script>" in element.proto.spec for element in at.get("plotly_chart"))


def test_values_stand_beside_their_drivers_in_plain_units(open_page, tables):
    shown = open_page("product", product="P0010").dataframe[0].value
    stars = tables["feature_values"].query("product_id == 'P0010' and feature == 'rating_year'").value.iloc[0]
    assert f"{stars:.1f} stars" in list(shown["Value"]) or f"{stars:.0f} stars" in list(shown["Value"])
    assert set(shown["Driver"]) >= {"Reviews", "Season", "Price"}


def test_stock_and_order_are_told_where_known_and_levels_alone_where_not(open_page, tables):
    known = tables["suggestions"].query("status == 'order now'").iloc[0]
    at = open_page("product", product=known.product_id)
    assert f"**{known.suggested_order_units:,.0f} units**" in words(at)
    levels = [known.reorder_point, known.order_up_to_level]
    shown = [cell for table in at.table for row in table.value.itertuples() for cell in row]
    assert [cell for cell in shown if cell in {f"{level:,.0f}" for level in levels}] == [f"{level:,.0f}" for level in levels]
    unknown = tables["suggestions"].query("status == 'stock unknown'").iloc[0]
    at = open_page("product", product=unknown.product_id)
    assert "only levels are shown" in words(at) and "units** by" not in words(at)


def test_words_that_the_snapshot_lacks_are_asked_of_the_worker(open_page, workspace):
    write_snapshot(workspace, text_attributions=lambda t: t[t.product_id != "P0005"])
    at = open_page("product", workspace=workspace, product="P0005")
    at.button(key="explain").click().run()
    assert [(job.kind, job.arguments) for job in jobs.recent(workspace)] == [("explain", {"product_id": "P0005"})]
    assert "explain" not in [b.key for b in at.button]


# ---- segments and why


def test_small_groups_are_left_out_and_the_page_says_so(open_page, tables):
    small = tables["segments"].query("orders_base < 200").segment
    at = open_page("segments")
    assert f"{len(small)} group with fewer than 200 orders in 8 weeks is not shown." in words(at)
    assert not set(at.dataframe[0].value.segment) & set(small)


def test_a_shop_whose_customers_are_not_told_apart_is_told_what_to_give(open_page, workspace):
    write_snapshot(workspace, segments=("all",))
    at = open_page("segments", workspace=workspace)
    assert not at.exception and "Import a customers file" in words(at)


def test_a_shop_whose_groups_are_all_small_is_told_how_large_they_have_to_be(open_page, workspace):
    workspace.save_settings(workspace.settings().with_values("shop", segment_attribute="country"))
    write_snapshot(workspace, segments=("all",))
    at = open_page("segments", workspace=workspace)
    assert not at.exception and "No customer group is large enough yet. A group needs 200 orders in 8 weeks." in words(at)


def test_a_shop_without_categories_compares_products(open_page, workspace):
    write_snapshot(workspace, categories=False)
    assert "best-selling products" in words(open_page("segments", workspace=workspace))
    at = open_page("rising", workspace=workspace)
    assert not at.exception and "category" not in [m.key for m in at.multiselect]


def test_why_names_the_two_strongest_drivers(open_page, tables):
    strength = tables["attributions"].query("segment == 'all'").assign(size=lambda f: f.attribution.abs()).groupby("driver")["size"].mean()
    first, second = strength.sort_values(ascending=False).index[:2]
    assert f"**{driver(first)}** and **{driver(second)}**" in words(open_page("why"))


def test_why_looks_at_each_value_of_a_driver(open_page):
    at = open_page("why", driver="demand")
    options = list(at.selectbox(key="signal").options)
    assert len(options) > 1 and set(options) == {meaning for _name, of, _unit, meaning in FEATURES if of == "demand"}


# ---- data (inventory: test_inventory_page.py)


def test_data_says_what_was_read_what_was_set_aside_and_what_is_missing(open_page):
    at = open_page("data")
    shown = {m.label: m.value for m in at.metric}
    assert shown["Rows read"] == "120,513" and shown["Rejected"] == "1,029"
    assert list(at.dataframe[1].value.detail) == ["not a product: postage, fees, manual", "date is in the future", "title is missing"]
    assert "Separating real growth from promotions" in words(at)


def test_data_names_the_drivers_without_data(open_page, workspace):
    write_snapshot(workspace, reviews=False)
    assert "not in any forecast: Reviews." in words(open_page("data", workspace=workspace))


# ---- model


def test_each_figure_of_the_model_stands_with_its_interval(open_page):
    shown = {m.label: (m.value, m.delta) for m in open_page("model").metric}
    assert shown["Top-50 hit rate"] == ("68%", "60%–75%") and shown["Ranking quality"] == ("0.470", "0.430–0.510")


def test_a_snapshot_from_before_there_were_intervals_shows_its_figures_without(open_page, workspace):
    write_snapshot(workspace, metrics=lambda m: m.assign(low=np.nan, high=np.nan))
    at = open_page("model", workspace=workspace)
    assert not at.exception and {m.delta for m in at.metric} == {""}


def test_the_card_of_the_model_in_use_is_shown_and_another_ones_when_chosen(open_page, workspace):
    write_snapshot(workspace)
    (other,) = write_models(workspace)
    at = open_page("model", workspace=workspace)
    assert [e.label for e in at.expander] == [f"Model card: `{MODEL}`"] and "`frozen`" in at.expander[0].markdown[0].value
    at.selectbox(key="model").select(other).run()
    assert [e.label for e in at.expander] == [f"Model card: `{other}`"] and "`last-3`" in at.expander[0].markdown[0].value


def test_before_the_first_snapshot_a_trained_model_shows_how_it_learned_and_its_card(open_page, workspace):
    write_models(workspace, candidates=0)
    at = open_page("model", workspace=workspace)
    assert not at.exception and len(at.expander) == 1 and "Training stops when validation" in words(at)


# ---- nothing yet, or broken


@pytest.mark.parametrize("name", PAGES)
def test_without_a_snapshot_a_page_says_what_to_run(open_page, workspace, name):
    at = open_page(name, workspace=workspace)
    assert not at.exception and not at.error
    assert at.info[0].proto.title == "No forecasts yet"
    assert "upswing import FILE...\nupswing run" in words(at)
    if name == "data":
        assert "Start here" in at.info[0].value and [f.label for f in at.file_uploader]
    else:
        assert "Start on the Data page" in at.info[0].value
        assert [link.proto.page for link in at.get("page_link")] == ["data"]


@pytest.mark.parametrize("damage", [lambda f: f.unlink(), lambda f: f.write_bytes(b"not a table")], ids=["gone", "garbage"])
def test_a_broken_snapshot_is_reported_with_what_to_do(open_page, workspace, damage):
    damage(write_snapshot(workspace) / "products.parquet")
    at = open_page("rising", workspace=workspace)
    assert not at.exception
    assert "products\\.parquet" in at.error[0].value and "upswing rollback ID" in words(at)


def test_a_pointer_to_no_snapshot_is_reported_with_what_to_do(open_page, workspace):
    workspace.current.write_text("20200101-000000-000\n", encoding="utf-8")
    at = open_page("overview", workspace=workspace)
    assert not at.exception and "upswing rollback ID" in words(at)


def test_a_new_snapshot_shows_at_the_next_rerun(open_page, workspace):
    write_snapshot(workspace, snapshot="20111204-1")
    at = open_page("overview", workspace=workspace)
    before = at.metric[0].value
    write_snapshot(workspace, snapshot="20111204-2", products=120)
    at.run()
    assert at.metric[0].value != before


def test_the_made_up_snapshot_is_fit_to_be_served(readonly_shop):
    assert check(next(readonly_shop.snapshots.iterdir())) == []


def test_a_snapshot_in_a_folder_that_looks_like_a_pattern_is_read(tmp_path):
    folder = write_snapshot(Workspace(tmp_path / "shop [1]*"), products=5, weeks=9)
    assert len(Serving(folder).ask("product_choices", search="", limit=10)) == 5
