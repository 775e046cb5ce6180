"""A planner's Monday on the Inventory page: filter, change, snooze, send the order, and find it all again."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from core.capabilities.inventory import plan
from core.capabilities.inventory.control import ORDER_NOW, Rules
from core.storage import snapshots
from core.storage.queries import Serving
from core.storage.state import State
from tests.e2e.conftest import settled


def planned(shop) -> pd.DataFrame:
    overrides = State(shop).overrides()
    serving = Serving(snapshots.current(shop).path)
    basis = plan.read(serving, Rules.of(serving.rules(shop.own_settings()).inventory))
    return plan.make(plan.replanned(basis, overrides), overrides).set_index("product_id")


@pytest.fixture
def supplier(shop) -> str:
    """The supplier with most to order; what the test changes is taken back, since other tests look at the same shop."""
    frame = planned(shop).reset_index()
    due = plan.by_supplier(plan.select(frame, status=ORDER_NOW)).dropna(subset="supplier").sort_values("lines")
    assert len(due) and due.lines.iloc[-1] >= 3, "the sample shop has too little to order"
    yield due.supplier.iloc[-1]
    state = State(shop)
    for override in state.overrides():
        state.end_override(override.id, "test")


def open_filtered(page: Page, supplier: str) -> None:
    page.goto("/inventory")
    box = page.locator(".st-key-supplier").get_by_role("combobox")
    box.click()
    page.keyboard.type(supplier)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("supplier="))
    settled(page)


def cell(page: Page, column: int, row: int = 0) -> None:
    """Clicks a cell of the list: its canvas has no elements. column: pixels from the left; row: 0 is the first."""
    page.get_by_test_id("stDataFrame").first.click(position={"x": column, "y": 35 + 36 * row + 18})


def choose(page: Page, product_id: str) -> None:
    """Ticks the row of a product, found by its number."""
    search = page.locator(".st-key-q").locator("input")
    search.fill(product_id)
    expect(page).to_have_url(re.compile("q="))
    expect(page.get_by_text("1 product, highest margin at risk first")).to_be_visible()
    settled(page)
    cell(page, 30)
    expect(page.locator(".st-key-change_save")).to_be_visible()
    settled(page)


def field(page: Page, name: str):
    """A field of the open form; the rest of its key says for which choice it is."""
    return page.locator(f"[class*='st-key-{name}_']")


def save(page: Page, reason: str, comment: str = "") -> None:
    field(page, "change_reason").get_by_role("combobox").click()
    page.keyboard.type(reason)
    page.keyboard.press("Enter")
    if comment:
        field(page, "change_comment").get_by_role("textbox").fill(comment)
    page.locator(".st-key-planner").get_by_role("textbox").fill("Ana")
    page.locator(".st-key-change_save").get_by_role("button").click()
    expect(page.get_by_text("1 change saved.").first).to_be_visible()
    expect(page.locator(".st-key-change_save")).to_have_count(0)
    page.locator(".st-key-q").locator("input").fill("")
    expect(page).not_to_have_url(re.compile("q="))
    settled(page)


def set_quantity(page: Page, product_id: str, units: float, reason: str, comment: str) -> None:
    choose(page, product_id)
    field(page, "change_units").get_by_role("spinbutton").fill(f"{units:g}")
    save(page, reason, comment)


def snooze(page: Page, product_id: str) -> None:
    choose(page, product_id)
    page.locator(".st-key-change_kind").get_by_text("Snooze").click()
    expect(field(page, "change_until")).to_be_visible()
    settled(page)
    save(page, "No storage space")


def downloaded(page: Page, key: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f".st-key-{key}").get_by_role("button").click()
    with open(download.value.path(), "rb") as stream:
        return stream.read()


def test_what_a_planner_changed_is_in_the_order_and_there_again_when_the_page_is_reopened(page, shop, browser, address, supplier):
    before = planned(shop)
    first, second, third = before[(before.supplier == supplier) & (before.order_units > 0)].index[:3]
    pack = before.pack_size.fillna(1)
    wanted = {first: before.order_units[first] + 2 * pack[first], second: 3 * pack[second]}

    open_filtered(page, supplier)
    set_quantity(page, first, wanted[first], "Planned promotion", "=2+3 for the window")
    set_quantity(page, second, wanted[second], "Budget", "later more")
    snooze(page, third)
    assert {o.actor for o in State(shop).overrides() if o.ended_at is None} == {"Ana"}

    frame = planned(shop)
    ordered = frame[(frame.supplier == supplier) & (frame.order_units > 0)]
    book = load_workbook(io.BytesIO(downloaded(page, "orders_xlsx")))
    assert len(book.sheetnames) == 2
    sheet = book.worksheets[1]
    rows = {row[0]: row for row in sheet.iter_rows(min_row=2, values_only=True)}
    headings = [cell.value for cell in sheet[1]]
    units, cost = headings.index("Order"), headings.index("Cost")
    assert set(rows) == set(ordered.index) and third not in rows
    assert {p: rows[p][units] for p in wanted} == wanted
    for product, row in rows.items():
        assert row[units] == pytest.approx(ordered.order_units[product])
        assert row[cost] == pytest.approx(ordered.line_cost_cents[product] / 100)
    assert rows[first][headings.index("Comment")] == "=2+3 for the window"
    assert all(cell.data_type != "f" for each in book for row in each for cell in row)
    told = [row[:2] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert {("Supplier", supplier), ("Changed by", "Ana"), ("Forecast version", snapshots.current(shop).id)} <= set(told)

    # Somebody else, another browser, later.
    context = browser.new_context(base_url=address, locale="en-GB", viewport={"width": 1360, "height": 900})
    other = context.new_page()
    open_filtered(other, supplier)
    choose(other, first)
    expect(other.get_by_text(f"Order {wanted[first]:,.0f}")).to_be_visible()
    expect(other.get_by_text(re.compile("Planned promotion .*Ana"))).to_be_visible()
    other.locator(".st-key-q").locator("input").fill("")
    expect(other).not_to_have_url(re.compile("q="))
    settled(other)
    again = load_workbook(io.BytesIO(downloaded(other, "orders_xlsx"))).worksheets[1]
    assert {row[0]: row[units] for row in again.iter_rows(min_row=2, values_only=True)} == {p: r[units] for p, r in rows.items()}
    other.goto("/inventory?status=snoozed")
    expect(other.get_by_text("1 product, highest margin at risk first")).to_be_visible()
    context.close()


def test_a_click_on_a_row_explains_it_and_csv_and_printed_page_hold_the_same_lines(page, shop):
    frame = planned(shop)
    first = frame.iloc[0]
    page.goto("/inventory")
    settled(page)
    cell(page, 30)
    expect(page.get_by_text(f"Order {first.order_units:,.0f}")).to_be_visible()
    expect(page.get_by_text(f"Reorder point {first.reorder_point:,.0f} =")).to_be_visible()
    page.get_by_role("button", name="More").click()
    lines = list(csv.DictReader(io.StringIO(downloaded(page, "orders_csv").decode("utf-8-sig"))))
    assert {line["SKU"] for line in lines} == set(frame.index[frame.order_units > 0])
    page.goto("/inventory?print=1")
    settled(page)
    expect(page.get_by_role("row")).to_have_count(len(lines) + page.get_by_role("table").count())
    page.emulate_media(media="print")
    expect(page.locator(".st-key-plan_filters")).to_be_hidden()


def budget_of_one_supplier(shop) -> tuple[str, float, int]:
    """Return the supplier with most to order, the least it takes in cents, and a budget for some of that order in whole money."""
    totals = plan.by_supplier(planned(shop).reset_index()).dropna(subset=["supplier", "line_cost_cents"])
    first = totals.iloc[0]
    least = 0.0 if pd.isna(first.minimum_cents) else first.minimum_cents
    return first.supplier, least, round(max(0.6 * first.line_cost_cents, 1.1 * least) / 100)


def cost_of(order: bytes) -> float:
    """Return the cost of all lines of an exported order, in money."""
    lines = load_workbook(io.BytesIO(order)).worksheets[1].iter_rows(values_only=True)
    cost = next(lines).index("Cost")
    return sum(line[cost] or 0 for line in lines)


def test_an_order_from_one_supplier_within_a_budget_takes_four_clicks_and_its_export_one(page, shop):
    supplier, least, budget = budget_of_one_supplier(shop)
    page.goto("/")
    settled(page)
    clicks = 0

    def click(place) -> None:
        nonlocal clicks
        place.click()
        clicks += 1

    click(page.get_by_test_id("stSidebarNav").get_by_role("link", name="Inventory"))
    settled(page)
    click(page.locator(".st-key-supplier").get_by_role("combobox"))
    page.keyboard.type(supplier)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("supplier="))
    click(page.locator(".st-key-budget").locator("input"))
    page.keyboard.type(str(budget))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Every order can be placed")).to_be_visible()
    settled(page)
    assert clicks <= 4
    cost = 100 * cost_of(downloaded(page, "orders_xlsx"))
    assert least <= cost <= 100 * budget and cost > 0


def test_a_quantity_typed_into_its_cell_is_saved_with_a_reason_and_undone_by_one_click(page, shop, supplier):
    open_filtered(page, supplier)
    cell(page, 100)
    for _ in ("Supplier", "Stock", "Weeks", "Stock risk", "Order"):  # from Product to the cell of the quantity
        page.keyboard.press("ArrowRight")
    page.keyboard.type("7777", delay=80)
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 quantity is not saved yet")).to_be_visible()
    page.locator(".st-key-change_save").get_by_role("button").click()
    expect(page.get_by_text("Choose a reason.", exact=True)).to_be_visible()
    page.locator(".st-key-change_reason_typed").get_by_role("combobox").click()
    page.keyboard.type("Budget")
    page.keyboard.press("Enter")
    page.locator(".st-key-change_save").get_by_role("button").click()
    expect(page.get_by_text("1 change saved.")).to_be_visible()
    assert [o.value for o in State(shop).overrides() if o.ended_at is None] == [7777]
    page.locator(".st-key-undo").get_by_role("button").click()
    expect(page.get_by_text("1 change saved.")).to_have_count(0)
    settled(page)
    assert [o for o in State(shop).overrides() if o.ended_at is None] == []


def test_on_a_phone_a_quantity_is_tapped_typed_and_saved_on_its_card(browser, shop, address, supplier):
    before = planned(shop)
    product, second = before[(before.supplier == supplier) & (before.order_units > 0)].index[:2]
    wanted = before.order_units[product] + 2 * before.pack_size.fillna(1)[product]
    context = browser.new_context(base_url=address, locale="en-GB", viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"/inventory?supplier={supplier}")
    settled(page)
    cards = page.locator(".st-key-plan_cards")
    fields = {code: cards.get_by_role("spinbutton", name=before.title[code], exact=False) for code in (product, second)}
    expect(page.get_by_test_id("stDataFrame").first).to_be_hidden()
    fields[product].tap()
    fields[product].fill(f"{wanted:g}")
    fields[second].tap()
    expect(page.get_by_text("1 quantity is not saved yet")).to_be_in_viewport()
    expect(fields[second]).to_be_focused()
    field(page, "change_reason").get_by_role("combobox").tap()
    page.keyboard.type("Budget")
    page.keyboard.press("Enter")
    page.locator(".st-key-change_save").get_by_role("button").tap()
    expect(page.get_by_text("1 change saved.").first).to_be_visible()
    assert [(o.name, o.value) for o in State(shop).overrides() if o.ended_at is None] == [(product, wanted)]
    expect(page.locator(".st-key-plan_panel")).to_have_count(0)
    expect(fields[product]).to_have_value(f"{wanted:g}")
    context.close()
