"""Risers and fallers: which products are listed and in which order, what each row says, what the roll-ups and the files hold."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.serving import write_snapshot

from core.capabilities.forecast import CAPABILITY
from dashboard.components.rising import filters
from dashboard.i18n import money, number, percent
from tests.app.visit import cells, lists, row_ids, words


@pytest.fixture(scope="module")
def tables(readonly_shop) -> dict[str, pd.DataFrame]:
    folder = next(readonly_shop.snapshots.iterdir())
    return {f.stem: pd.read_parquet(f) for f in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def everyone(tables) -> pd.DataFrame:
    """Forecasts over everyone with their products, likeliest risers first."""
    found = tables["forecasts"].query("segment == 'all'").merge(tables["products"], on="product_id")
    return found.sort_values("rising_probability", ascending=False).reset_index(drop=True)


# ---- which products, in which order


def test_rising_lists_everybody_likeliest_first(open_page, everyone):
    at = open_page("rising")
    assert row_ids(at) == list(everyone.product_id)
    assert [cell["text"] for cell in cells(at, "chance")] == [percent(p) for p in everyone.rising_probability]


def test_falling_is_a_list_of_its_own_by_the_chance_of_falling(open_page, everyone):
    at = open_page("rising", list="falling")
    expected = everyone.sort_values(["falling_probability", "rising_probability", "product_id"], ascending=[False, False, True])
    assert row_ids(at) == list(expected.product_id)
    assert [cell["share"] for cell in cells(at, "chance")] == pytest.approx(list(expected.falling_probability))
    assert {c["tone"] for c in lists(at)[0]["columns"] if c["kind"] in ("chance", "trend")} == {"fall"}


def test_the_list_narrows_by_category_and_search_together(open_page, everyone):
    shown = row_ids(open_page("rising", category="Kitchen", q="lunch"))
    expected = everyone[(everyone.category == "Kitchen") & everyone.title.str.contains("lunch", case=False)]
    assert shown == list(expected.product_id) and shown


@pytest.mark.parametrize(("level", "value"), [("brand", "Northwind"), ("supplier", "木艺工坊")])
def test_the_list_narrows_by_brand_and_supplier_and_to_products_without_one(open_page, everyone, level, value):
    assert row_ids(open_page("rising", **{level: value})) == list(everyone.product_id[everyone[level] == value])
    if everyone[level].isna().any():
        assert row_ids(open_page("rising", **{level: ""})) == list(everyone.product_id[everyone[level].isna()])


def test_a_search_takes_percent_and_underscore_as_they_are(open_page):
    at = open_page("rising", q="%")
    assert not lists(at) and "No product matches these filters" in words(at)


def test_filters_that_leave_nothing_can_be_cleared_at_once(open_page, everyone):
    at = open_page("rising", q="%", category="Kitchen", stock="0-1")
    at.button(key="clear_filters").click().run()
    assert row_ids(at) == list(everyone.product_id) and set(at.query_params) <= {"lang"}


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ({"brand": "", "price": "5-10", "confidence": "high"}, "Filters (3)"),
        ({"brand": "No such brand", "price": "cheap", "confidence": "blind"}, "Filters"),
        ({"list": "none", "price": "5-10"}, "Filters"),
    ],
)
def test_the_button_counts_the_filters_behind_it_that_narrow_the_list(open_page, asked, label):
    at = open_page("rising", **asked)
    assert [block.proto.popover.label for block in blocks(at.main) if block.type == "popover"][1:] == [label]  # the first has saved views


def blocks(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from blocks(child)


def test_a_search_finds_a_product_by_its_number(open_page):
    assert row_ids(open_page("rising", q="p0007")) == ["P0007"]


def test_the_list_narrows_by_price_and_age(open_page, everyone):
    at = open_page("rising")
    at.slider(key="price").set_range(5, 10).run()
    at.slider(key="age").set_range(10, 40).run()
    expected = everyone[everyone.price_cents.between(500, 1000) & everyone.days_on_sale.between(70, 280)]
    assert row_ids(at) == list(expected.product_id) and 0 < len(expected) < len(everyone)
    assert (everyone.price_cents.between(500, 1000) & everyone.days_on_sale.between(10, 69)).any()  # too young, though older than 10 days


def test_the_list_narrows_by_weeks_of_supply_and_leaves_unknown_stock_out(open_page, everyone, tables):
    cover = everyone.merge(tables["suggestions"][["product_id", "cover_weeks"]], on="product_id")
    shown = row_ids(open_page("rising", stock="2-8"))
    assert shown == list(cover.product_id[cover.cover_weeks.between(2, 8)]) and 0 < len(shown) < len(cover)
    assert len(row_ids(open_page("rising", stock=f"0-{filters.WIDEST_COVER}"))) == len(cover)


@pytest.mark.parametrize("confidence", ["medium", "high"])
def test_the_list_narrows_by_how_wide_the_likely_range_is(open_page, everyone, tables, confidence):
    four = tables["demand"].query("segment == 'all' and weeks == 4").pivot(index="product_id", columns="level", values="units")
    narrow = (four[0.9] - four[0.1]) <= filters.CONFIDENCE[confidence] * four[0.5]
    assert row_ids(open_page("rising", confidence=confidence)) == [p for p in everyone.product_id if narrow[p]]


def test_a_segment_shows_its_own_chances_and_the_whole_shops_stock_and_says_so(open_page, tables):
    at = open_page("rising", segment="Germany")
    expected = tables["forecasts"].query("segment == 'Germany'").set_index("product_id").rising_probability
    assert [cell["share"] for cell in cells(at, "chance")] == pytest.approx(list(expected[row_ids(at)]))
    assert "Weeks of supply are for the whole shop." in words(at)


@pytest.mark.parametrize(("list_", "way"), [("rising", -1), ("falling", 1)])
def test_the_order_by_change_starts_with_what_moved_most_the_lists_own_way(open_page, everyone, list_, way):
    moved = everyone.set_index("product_id").eval("rising_probability - previous_rising_probability")
    shown = [moved[p] for p in row_ids(open_page("rising", list=list_, sort="movement")) if not np.isnan(moved[p])]
    assert shown == sorted(shown, key=lambda m: way * m)


def test_a_long_list_comes_in_pages_and_another_question_starts_on_the_first(open_page, workspace):
    write_snapshot(workspace, products=250, weeks=10)
    at = open_page("rising", workspace=workspace)
    first = set(row_ids(at))
    at.query_params["page"] = "3"
    at.run()
    last = set(row_ids(at))
    assert len(first) == 100 and len(last) == 50 and not first & last
    assert lists(at)[0]["first"] == 200 and lists(at)[0]["total"] == 250
    at.selectbox(key="sort").select("pace").run()
    assert len(row_ids(at)) == 100 and "page" not in at.query_params


# ---- what a row says


def test_a_row_names_two_reasons_possible_causes_first_and_a_faller_only_what_pushes_it_down(open_page, workspace):
    pushes = {"momentum": 2.0, "season": 0.6, "price": -0.5, "attention": 1.0}
    write_snapshot(
        workspace, attributions=lambda a: a.assign(attribution=a.driver.map(pushes).fillna(0.0)), feature_values=lambda f: f.iloc[:0]
    )
    told = lambda **query: {
        tuple((f["text"], f["tone"]) for f in cell["facts"]) for cell in cells(open_page("rising", workspace=workspace, **query), "reasons")
    }
    assert told() == {(("Season", "rise"), ("Momentum", "rise"))}
    assert told(list="falling") == {(("Price", "fall"),)}
    said = words(open_page("product", workspace=workspace, product="P0007"))
    assert "Main drivers: season and momentum. Main drags: price." in said


def test_a_likely_faller_is_told_first_what_pulls_it_down(open_page, workspace):
    pushes = {"momentum": -2.0, "season": 0.6, "price": -0.5}
    write_snapshot(
        workspace,
        attributions=lambda a: a.assign(attribution=a.driver.map(pushes).fillna(0.0)),
        forecasts=lambda f: f.assign(rising_probability=0.02, falling_probability=0.7),
    )
    said = words(open_page("product", workspace=workspace, product="P0007"))
    assert "**Likely to fall.**" in said and "Pulled down by price and momentum. Held up by season." in said


@pytest.mark.parametrize(("push", "named"), [(5.0, False), (-5.0, True)])
def test_how_much_a_product_sells_is_never_named_as_what_makes_it_rise_only_as_what_holds_it_back(open_page, workspace, push, named):
    write_snapshot(
        workspace,
        attributions=lambda a: a.assign(attribution=a.attribution.where(a.driver != "demand", push)),
        feature_values=lambda f: f.iloc[:0],
    )
    at = open_page("rising", workspace=workspace, list="falling")
    assert any(f["text"] == "Sales level" for cell in cells(at, "reasons") for f in cell["facts"]) == named
    said = words(open_page("product", workspace=workspace, product=row_ids(at)[0]))
    assert "drivers: sales level" not in said and "up by sales level" not in said
    assert ("drags: sales level" in said or "down by sales level" in said) == named


def test_a_customer_groups_reasons_are_facts_of_the_group(open_page, workspace):
    def values(frame: pd.DataFrame) -> pd.DataFrame:
        ids = sorted(frame.product_id.unique())
        told = pd.DataFrame({"segment": "Germany", "product_id": ids, "feature": "search_month", "value": 1.0})
        told.loc[0, "value"] = 2.1
        return told

    only = {"attention": 1.0, "segment": 2.0}
    write_snapshot(
        workspace,
        segment_values=values,
        feature_values=lambda f: f.iloc[:0],
        attributions=lambda a: a.assign(attribution=a.driver.map(only).fillna(0.0)),
    )
    at = open_page("rising", workspace=workspace, segment="Germany")
    facts = dict(zip(row_ids(at), cells(at, "reasons")))
    assert [fact["text"] for fact in facts["P0000"]["facts"]] == ["Search clicks ×2.1 in 4 weeks"], "the group's name is no reason"
    assert [fact["text"] for fact in facts["P0001"]["facts"]] == ["Attention"]


def test_a_reason_is_told_as_a_fact_with_its_value_and_what_it_measures(open_page, workspace):
    def values(frame: pd.DataFrame) -> pd.DataFrame:
        ids = sorted(frame.product_id.unique())
        told = pd.DataFrame({"product_id": ids, "segment": "all", "driver": "attention", "feature": "search_month", "value": 1.0})
        told.loc[0, "value"] = 2.75
        return told

    write_snapshot(workspace, feature_values=values, attributions=lambda a: a.assign(attribution=a.driver.eq("attention").astype(float)))
    for language, text in (("en", "Search clicks ×2.8 in 4 weeks"), ("zh", "近 4 周搜索点击 ×2.8")):
        at = open_page("rising", language, workspace)
        facts = dict(zip(row_ids(at), cells(at, "reasons")))
        (fact,) = facts["P0000"]["facts"]
        assert fact["text"] == text and fact["tone"] == "rise" and " · " in fact["meaning"]
        assert facts["P0001"]["facts"][0]["text"] in ("Attention", "关注度", "流量关注")  # an ordinary value is no fact


def test_a_row_gives_expected_units_with_their_range_the_margin_and_the_stock_with_its_status(open_page, tables, everyone):
    at = open_page("rising")
    product = tables["products"].set_index("product_id").loc[row_ids(at)[0]]
    four = tables["demand"].query("segment == 'all' and weeks == 4 and product_id == @product.name").set_index("level").units
    assert cells(at, "units")[0]["text"] == number(four[0.5], 0)
    assert cells(at, "units")[0]["sub"] == f"{number(four[0.1], 0)}–{number(four[0.9], 0)}"
    mean = np.interp(np.linspace(0, 1, 100_001), four.index, four).mean()
    assert cells(at, "margin")[0]["text"] == money(round(mean * (product.price_cents - product.unit_cost_cents), -2), "GBP")
    status = tables["suggestions"].set_index("product_id")
    tones = {p: (cell or {}).get("tone") for p, cell in zip(row_ids(at), cells(at, "cover"))}
    assert {tones[p] for p in status.index[status.status == "order now"]} == {"short"}
    assert {tones[p] for p in status.index[(status.status == "enough") & (status.excess_units > 0)]} == {"excess"}
    assert {tones[p] for p in status.index[(status.status == "enough") & ~(status.excess_units > 0)]} == {"fine"}
    assert not any(tones[p] for p in status.index[status.status == "stock unknown"])


def test_a_change_of_nothing_is_not_shown_as_a_movement(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f.assign(previous_rising_probability=f.rising_probability - 0.004))
    assert {cell["note"] for cell in cells(open_page("rising", workspace=workspace), "chance")} == {""}
    write_snapshot(workspace, snapshot="20111204-2", forecasts=lambda f: f.assign(previous_rising_probability=f.rising_probability - 0.03))
    assert {cell["note"] for cell in cells(open_page("rising", workspace=workspace), "chance")} == {"+3"}


def test_a_trend_holds_the_weeks_there_are_and_the_same_weeks_a_year_ago(open_page, workspace):
    write_snapshot(workspace, weeks=60)
    folder = next(workspace.snapshots.iterdir())
    history = pd.read_parquet(folder / "history.parquet").query("segment == 'all'")
    last = history.week.max()
    at = open_page("rising", workspace=workspace)
    for product, cell in zip(row_ids(at), cells(at, "trend")):
        weekly = history[history.product_id == product].set_index("week").units.sort_index()
        assert cell["now"] == list(weekly[weekly.index > last - timedelta(days=182)])
        before = weekly[(weekly.index > last - timedelta(days=546)) & (weekly.index <= last - timedelta(days=364))]
        assert cell["before"] == list(before) and len(before) <= 8
    assert min(len(cell["now"]) for cell in cells(at, "trend")) < 26


def test_two_years_of_supply_are_said_to_be_more(open_page, workspace):
    write_snapshot(workspace, suggestions=lambda s: s.assign(cover_weeks=104.0, status="enough"))
    at = open_page("rising", workspace=workspace)
    assert {cell["text"] for cell in cells(at, "cover")} == {"> 104"}
    product, other = row_ids(at)[:2]
    pages = [open_page("product", workspace=workspace, product=product, tab="stock"), open_page("overview", workspace=workspace)]
    pages += [open_page("compare", workspace=workspace, products=f"{product},{other}")]
    said = "\n".join(words(page) + json.dumps(lists(page)) for page in pages)
    assert "> 104" in words(pages[0]) and "> 104" in words(pages[2]) and not re.search(r"(?<!> )\b104(\.0)?\b", said)


def test_a_row_is_a_real_link_to_its_product_in_the_language_of_the_session(open_page):
    at = open_page("rising", "zh", q="p0007")
    assert lists(at)[0]["rows"][0]["href"].startswith("product?product=P0007&lang=")


def test_a_shop_without_stock_has_no_empty_column_for_it(open_page, workspace):
    write_snapshot(workspace, stock_known=0)
    assert "cover" not in [c["name"] for c in lists(open_page("rising", workspace=workspace))[0]["columns"]]


# ---- products without a forecast


def alter_products(folder: Path, alter) -> None:
    """Replace the products table of a snapshot."""
    file, manifest = folder / "products.parquet", folder / "manifest.json"
    table = pq.read_table(file)
    frame = alter(table.to_pandas())
    pq.write_table(pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False), file)
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    listed["tables"]["products"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(listed), encoding="utf-8")


def test_a_product_without_a_forecast_is_found_with_why_not(open_page, workspace):
    why = {"P0003": "Never sold", "P0004": "On sale for less than 7 days", "P0005": "No sale in the last 26 weeks"}
    folder = write_snapshot(
        workspace,
        forecasts=lambda f: f[~f.product_id.isin(why)],
        history=lambda h: h[~(h.product_id.eq("P0005") & (h.week > h.week.max() - timedelta(days=182)))],
    )
    alter_products(
        folder,
        lambda f: f.assign(
            first_sold_on=f.first_sold_on.where(f.product_id != "P0003"),
            days_on_sale=f.days_on_sale.where(f.product_id != "P0004", 3),
        ),
    )
    at = open_page("rising", workspace=workspace, q="p0005")
    assert not lists(at) and "Show 1 product without a forecast" in words(at)
    at.button(key="show_unforecast").click().run()
    assert row_ids(at) == ["P0005"] and cells(at, "reason")[0]["text"] == why["P0005"]
    at = open_page("rising", workspace=workspace, list="none")
    assert {"unforecast_csv", "unforecast_xlsx"} <= {button.key for button in at.get("download_button")}
    assert dict(zip(row_ids(at), (cell["text"] for cell in cells(at, "reason")))) == why
    assert "57 products. 3 more have no forecast." in words(open_page("rising", workspace=workspace))


def test_a_product_without_a_forecast_for_one_group_says_so(open_page, workspace):
    write_snapshot(workspace, forecasts=lambda f: f[~(f.product_id.eq("P0003") & f.segment.eq("Germany"))])
    at = open_page("rising", workspace=workspace, list="none", segment="Germany")
    assert row_ids(at) == ["P0003"] and cells(at, "reason")[0]["text"] == "No recent sale to this customer group"


# ---- choosing rows


def test_two_to_four_rows_can_be_compared(open_page):
    shown = lists(open_page("rising"))[0]
    (action,) = shown["actions"]
    assert (
        shown["selects"]
        and (action["page"], action["parameter"]) == ("compare", "products")
        and (action["least"], action["most"]) == (2, 4)
    )


# ---- roll-ups


def test_a_shop_without_categories_offers_none_to_add_up_by(open_page, workspace):
    write_snapshot(workspace, categories=False)
    at = open_page("rising", workspace=workspace)
    assert list(at.segmented_control(key="by").options) == ["Product", "Brand", "Supplier"]


@pytest.mark.parametrize("level", ["category", "brand", "supplier"])
def test_a_roll_up_adds_up_to_the_list(open_page, everyone, level):
    at = open_page("rising", by=level)
    by_name = everyone.assign(name=everyone[level].fillna("")).groupby("name")
    assert set(row_ids(at)) == set(by_name.groups)
    expected = by_name.rising_probability.sum()
    assert row_ids(at) == list(expected.sort_values(ascending=False).index)
    assert [cell["text"] for cell in cells(at, "share")] == [number(v, 1 if v < 10 else 0) for v in expected[row_ids(at)]]
    assert [cell["text"] for cell in cells(at, "likely")] == [
        str((by_name.get_group(n).rising_probability >= 0.5).sum()) for n in row_ids(at)
    ]
    assert lists(at)[0]["rows"][0]["href"].startswith(f"rising?{level}=")


def test_the_roll_up_and_the_list_take_the_same_filters_and_expect_the_same_units():
    def parts(question: str) -> tuple[str, str]:
        text = (CAPABILITY.folder / "queries" / f"{question}.sql").read_text(encoding="utf-8")
        return text[text.index("with expected") :].partition("),")[0], text[text.index("    where f.segment = $segment") :].partition(
            "\n)"
        )[0]

    assert parts("rising") == parts("rising_groups")
    assert "mean_4w" in parts("rising")[0] and "$widest_range" in parts("rising")[1]
