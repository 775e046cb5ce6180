"""Each page on a made-up snapshot: what it must say, in both languages, and what its filters do."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import FEATURES, MODEL, NASTY, write_models, write_snapshot

from core import jobs
from core.capabilities.inventory.control import Distribution
from core.storage.queries import Serving
from core.storage.snapshots import check
from core.storage.state import State
from core.workspace import Workspace
from dashboard.i18n import day, money, percent, plain
from dashboard.labels import driver
from tests.app.visit import PAGES, lists, words

TITLES = {
    "overview": ("Overview", "总览"),
    "rising": ("Rising and falling", "商品涨跌榜"),
    "inventory": ("Inventory", "库存"),
    "feature": ("Feature", "主推"),
    "recommendations": ("Recommendations", "商品推荐"),
    "launches": ("Launches", "新品"),
    "at_risk": ("Customers at risk", "流失风险"),
    "action_results": ("Action results", "行动复盘"),
    "product": ("Product", "商品"),
    "compare": ("Compare", "对比"),
    "segments": ("Segments", "客群"),
    "why": ("Why", "原因"),
    "data": ("Data", "数据"),
    "model": ("Model", "模型"),
    "settings": ("Settings", "设置"),
    "track_record": ("How right we were", "预测复盘"),
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
    assert ("Data to 4 Dec 2011, 1 day old", "数据截至2011年12月4日，距今 1 天")[language] in words(at)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_chinese_has_no_english_sentence_left(open_page, name):
    # Names from the shop's data and code in backticks may be English; a run of four lower-case words is a sentence of ours.
    at = open_page(name, "zh")
    ours = [line for line in words(at).splitlines() if not any(title in line for title in ("Harbour", "boxed", "Northwind"))]
    assert [line for line in ours if re.search(r"(?:\b[a-z]{2,}\b[ ,;]+){3}\b[a-z]{2,}\b", re.sub(r"`[^`]*`|\{.*\}", "", line))] == []


# ---- overview


def test_the_overview_adds_up_all_chances(open_page, everyone):
    likely = (everyone.rising_probability >= 0.5).sum()
    told = (
        f"{everyone.rising_probability.sum():.0f} products are expected to rise in the next 28 days, {likely} of them with a chance of 50%"
    )
    assert told in words(open_page("overview"))


def test_the_overview_says_in_money_what_is_at_stake(open_page, readonly_shop, tables):
    shown = {m.label: m for m in open_page("overview").metric}
    plan, planning = tables["suggestions"], tables["planning"].set_index("product_id")
    due = plan[plan.suggested_order_units > 0]
    assert shown["Margin at risk"].value == f"£{due.lost_margin_cents.sum() / 100:,.0f}"
    assert shown["Excess stock"].value == f"£{plan.excess_cost_cents[plan.excess_units > 0].sum() / 100:,.0f}"
    likely = tables["forecasts"].query("segment == 'all' and rising_probability >= 0.5")
    sold = tables["products"].set_index("product_id")
    own = likely.set_index("product_id").own_pace_orders * (sold.units_28d / sold.orders_28d.where(sold.orders_28d > 0)).fillna(1)
    month = tables["demand"].query("segment == 'all' and weeks == 4").pivot(index="product_id", columns="level", values="units")
    margin = (planning.price_cents - planning.unit_cost_cents.where(planning.unit_cost_cents > 0))[own.dropna().index]
    means = pd.Series(Distribution(month.loc[margin.index].to_numpy()).mean, margin.index)
    expected = ((means - own[margin.index]) * margin).sum() / 100
    assert shown["Extra margin, likely risers"].value == money(100 * expected, "GBP", short=True)
    low, high = re.findall(r"likely (\S+) to (\S+)", shown["Extra margin, likely risers"].delta)[0]
    assert low != high and "Value of the plan" in shown


def test_the_overview_compares_the_units_of_the_last_four_weeks_with_the_four_before(open_page, tables):
    weekly = tables["history"].query("segment == 'all'").groupby("week").units.sum().sort_index()
    grown = f"{weekly.iloc[-4:].sum() / weekly.iloc[-8:-4].sum() - 1:+.0%}"
    assert f"({grown} vs the 4 weeks before)" in words(open_page("overview"))


def test_the_overview_lists_what_to_feature_what_to_order_and_what_to_stop(open_page, tables, everyone):
    shown = {found["label"]: found for found in lists(open_page("overview"))}
    known = everyone.merge(tables["suggestions"], on="product_id").set_index("product_id")
    rises, enough = known.rising_probability >= 0.25, known.status == "enough"
    stops = known[(known.falling_probability >= 0.25) & (known.cover_weeks >= 8) & (known.status != "order now")].index
    features = known[rises & enough & ~known.index.isin(stops)].index
    listed = {label: [row["id"] for row in found["rows"]] for label, found in shown.items()}
    assert set(listed.get("Feature", ())) == set(features[:5]) or len(listed["Feature"]) == 5 and set(listed["Feature"]) <= set(features)
    assert all(known.status[product] != "enough" for product in listed["Order"]) and 0 < len(listed["Order"]) <= 5
    assert set(listed.get("Stop or mark down", ())) <= set(known[(known.falling_probability >= 0.25) & (known.cover_weeks >= 8)].index)
    order = shown["Order"]
    first = known.loc[order["rows"][0]["id"]]
    product, amount = order["rows"][0]["cells"]
    assert product["sub"] == f"{first.cover_weeks:.1f} weeks of stock · order by {day(first.order_by)}"
    assert amount["text"] == f"{first.suggested_order_units:,.0f} units"
    assert order["rows"][0]["href"] == f"inventory?q={order['rows'][0]['id']}&status="
    assert listed.keys() & {"Feature", "Stop or mark down"}


@pytest.mark.parametrize(("language", "whom", "everyone_"), [("en", "For whom: ", "all customers"), ("zh", "目标客群：", "全部顾客")])
def test_what_to_feature_names_a_reason_and_for_whom_as_the_products_page_does(open_page, workspace, language, whom, everyone_):
    write_snapshot(workspace, stock_known=0)  # without stock, whatever rises is worth featuring
    featured = lists(open_page("overview", language, workspace))[0]["rows"]
    said = {row["id"]: row["cells"][0]["sub"].split("\n") for row in featured}
    assert len(said) == 5 and all(reason and group.startswith(whom) for _chance, reason, group in said.values())
    product, (_chance, _reason, group) = next(iter(said.items()))
    tile = {m.label: m for m in open_page("product", language, workspace, product=product).metric}[whom.rstrip(": ：")]
    assert group == whom + everyone_ if tile.delta.split()[0].startswith(("best", "最高客群")) else tile.value in group


def test_the_overview_and_the_products_own_page_follow_what_planners_changed(open_page, shop, tables):
    due = tables["suggestions"].query("status == 'order now'")
    changed, *snoozed = due.product_id
    state, more = State(shop), {"reason": "budget", "actor": "ana", "expires_on": date(2011, 12, 19)}
    for product in snoozed:
        state.set_override("product", product, "snooze_until", "2011-12-20", **more)
    state.set_override("product", changed, "order_units", 7.0, **more)
    orders = [row for shown in lists(open_page("overview", workspace=shop))[1:2] for row in shown["rows"]]
    assert not {row["id"] for row in orders} & set(snoozed)
    assert [row["cells"][1]["text"] for row in orders if row["id"] == changed] in ([], ["7 units"])
    at = open_page("product", workspace=shop, product=changed, tab="stock")
    was = due.suggested_order_units.iloc[0]
    assert "**7 units** by" in words(at)
    assert f"Changed by planners: Quantity. {was:,.0f} units were suggested. ana: Budget." in words(at)
    at = open_page("product", workspace=shop, product=snoozed[0], tab="stock")
    assert "Snoozed until 20 Dec 2011. Not in the order. ana: Budget." in words(at) and "units** by" not in words(at)


def test_the_first_snapshot_says_when_changes_appear(open_page, workspace):
    write_snapshot(workspace, previous=False)
    said = words(open_page("overview", workspace=workspace))
    assert "Changes appear here after the next update" in said and "Biggest gains" not in said


def test_where_no_chance_has_changed_the_overview_says_so(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f.assign(previous_rising_probability=f.rising_probability))
    said = words(open_page("overview", workspace=workspace))
    assert "No chance has changed by more than noise" in said and "Biggest" not in said and "at the last update" not in said


def test_a_change_within_noise_is_no_move(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f.assign(previous_rising_probability=(f.rising_probability - 0.02).clip(lower=0)))
    assert "No chance has changed by more than noise" in words(open_page("overview", workspace=workspace))


def test_where_chances_only_grew_the_other_side_says_so(open_page, workspace):
    write_snapshot(
        workspace,
        forecasts=lambda f: f.assign(
            previous_rising_probability=f.rising_probability.where(f.rising_probability < 0.8, f.rising_probability / 2)
        ),
    )
    said = words(open_page("overview", workspace=workspace))
    assert "Biggest drops" in said and "None." in said


@pytest.mark.parametrize("page", ["overview", "model"])
def test_forecasts_that_nothing_was_held_back_to_check_are_shown_with_a_warning(open_page, workspace, page):
    write_snapshot(workspace, metrics=lambda m: m[:0], calibration=lambda c: c[:0])
    at = open_page(page, workspace=workspace)
    assert not at.exception and "are unchecked: the history is too short" in words(at)
    assert "On the dotted line" not in words(at) and "Measured on the latest weeks" not in words(at)
    assert "unchecked" not in words(open_page(page))


@pytest.mark.parametrize("page", ["overview", "model"])
def test_where_nothing_rose_in_the_weeks_held_back_that_is_what_the_warning_says(open_page, workspace, page):
    write_snapshot(workspace, metrics=lambda m: m[:1].assign(metric="brier"), calibration=lambda c: c[:0])
    at = open_page(page, workspace=workspace)
    assert not at.exception and "are unchecked: nothing rose in the validation weeks" in words(at)


def test_a_shop_without_stock_gets_no_decision_about_stock(open_page, workspace):
    write_snapshot(workspace, stock_known=0)
    at = open_page("overview", workspace=workspace)
    assert "No stock data, so no order quantities" in words(at)
    assert [shown["label"] for shown in lists(at)][:2] == ["Feature", "Falling"]
    assert not {"Margin at risk", "Excess stock", "Value of the plan"} & {m.label for m in at.metric}
    assert "weeks of stock" not in str(lists(at)) and "Stop ordering" not in str(lists(at))


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


@pytest.mark.parametrize(("language", "told"), [("en", "Light area: estimated sales lost"), ("zh", "浅色部分：断货期间的估计流失销量")])
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
    shown = open_page("product", product="P0010", tab="why").dataframe[-1].value
    stars = tables["feature_values"].query("product_id == 'P0010' and feature == 'rating_year'").value.iloc[0]
    assert f"{stars:.1f} stars" in list(shown["shown"]) or f"{stars:.0f} stars" in list(shown["shown"])
    assert set(shown["driver"]) >= {"Reviews", "Season", "Price"}


def test_stock_and_order_are_told_where_known_and_levels_alone_where_not(open_page, tables):
    known = tables["suggestions"].query("status == 'order now'").iloc[0]
    at = open_page("product", product=known.product_id, tab="stock")
    assert f"**{known.suggested_order_units:,.0f} units**" in words(at)
    levels = [known.reorder_point, known.order_up_to_level]
    shown = [cell for table in at.table for row in table.value.itertuples() for cell in row]
    assert [cell for cell in shown if cell in {f"{level:,.0f}" for level in levels}] == [f"{level:,.0f}" for level in levels]
    unknown = tables["suggestions"].query("status == 'stock unknown'").iloc[0]
    at = open_page("product", product=unknown.product_id, tab="stock")
    assert "only levels are shown" in words(at) and "units** by" not in words(at)


def test_words_that_the_snapshot_lacks_are_asked_of_the_worker(open_page, workspace):
    write_snapshot(workspace, text_attributions=lambda t: t[t.product_id != "P0005"])
    at = open_page("product", workspace=workspace, product="P0005", tab="why")
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


def test_without_a_snapshot_settings_can_be_set(open_page, workspace):
    at = open_page("settings", workspace=workspace)
    assert not at.exception and not at.error and not at.info
    assert at.text_input[0].value == "My shop"


@pytest.mark.parametrize("name", [name for name in PAGES if name != "settings"])
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
