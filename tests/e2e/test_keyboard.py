"""Every job by keyboard alone: Tab, arrows, Enter and Ctrl-K, never a click and never a focus that a script sets."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import settled
from tests.e2e.test_browsing import risers, rows
from tests.e2e.test_finding import field, misspelt
from tests.e2e.test_planning import budget_of_one_supplier, cost_of

STOPS = 60  # of the Tab key: who needs more to come to a control has lost the way
FOCUSED = "e => e === e.getRootNode().activeElement || e.contains(e.getRootNode().activeElement)"


def reach(page: Page, control: Locator) -> None:
    """Press Tab until the control, or something in it, has the focus."""
    expect(control).to_be_visible()
    for _stop in range(STOPS):
        page.keyboard.press("Tab")
        if control.evaluate(FOCUSED):
            return
    raise AssertionError(f"no way to {control} with {STOPS} stops of the Tab key")


def go(page: Page, name: str) -> None:
    """Open a page by its link in the navigation."""
    reach(page, page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    settled(page)


def pressed(page: Page, button: Locator) -> Path:
    """Press a button that downloads a file; return the file."""
    reach(page, button)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    return Path(download.value.path())


@pytest.fixture
def overview(page) -> Page:
    """The page that Upswing opens with."""
    page.goto("/")
    settled(page)
    return page


def test_five_products_to_feature_are_read_row_by_row_and_one_is_opened(page, rising_shop):
    page.goto(f"{rising_shop}/model")
    settled(page)
    go(page, "Overview")
    featured = page.get_by_role("grid", name="Feature").get_by_role("link")
    reach(page, featured.first)
    for place in range(1, 5):
        page.keyboard.press("ArrowDown")
        expect(featured.nth(place)).to_be_focused()
    title = featured.nth(4).inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/product\?"))
    expect(page.get_by_role("heading", level=2).first).to_contain_text(title.rstrip("…"))


def test_what_is_falling_is_opened(overview):
    reach(overview, overview.get_by_test_id("stMain").get_by_role("link", name="What is falling"))
    overview.keyboard.press("Enter")
    expect(overview.get_by_role("tab", name="Falling", selected=True)).to_be_visible()
    expect(rows(overview).first).to_be_visible()


def test_two_products_are_chosen_in_the_list_and_compared(page, shop):
    page.goto("/rising")
    settled(page)
    reach(page, rows(page).first.get_by_role("link"))
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected", exact=True)).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_text("2 selected", exact=True)).to_be_visible()
    settled(page)
    reach(page, page.get_by_test_id("stMain").get_by_role("link", name="Compare", exact=True))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/compare\?"))
    expect(page.get_by_test_id("stTable").locator("thead th")).to_have_count(3)  # the first is that of the measures
    assert ",".join(parse_qs(urlsplit(page.url).query)["products"]).split(",") == [row["product_id"] for row in risers(shop)[:2]]


def test_whether_last_months_calls_came_true_is_opened(overview):
    reach(overview, overview.get_by_role("link", name=re.compile("How right we were: ")))
    overview.keyboard.press("Enter")
    expect(overview.get_by_role("heading", level=1, name="How right we were")).to_be_visible()
    expect(overview.get_by_text(re.compile(r"Of our \d+ calls? of "))).to_be_visible()


def test_an_order_from_one_supplier_within_a_budget_is_made_and_exported(overview, shop):
    supplier, least, budget = budget_of_one_supplier(shop)
    page = overview
    go(page, "Inventory")
    reach(page, page.locator(".st-key-supplier").get_by_role("combobox"))
    page.keyboard.type(supplier)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("supplier="))
    page.keyboard.press("Escape")
    reach(page, page.locator(".st-key-budget").locator("input"))
    page.keyboard.type(str(budget))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Every order can be placed")).to_be_visible()
    settled(page)
    cost = 100 * cost_of(pressed(page, page.locator(".st-key-orders_xlsx").get_by_role("button")).read_bytes())
    assert least <= cost <= 100 * budget and cost > 0


def test_a_misspelt_product_is_found_and_opened(page, shop):
    word, typed = misspelt(shop)
    page.goto("/segments")
    settled(page)
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()
    page.keyboard.type(typed)
    expect(page.get_by_role("option").first).to_contain_text(re.compile(word, re.IGNORECASE))
    page.keyboard.press("Enter")
    page.wait_for_url("**/product?*")
    expect(page.get_by_role("heading", level=2).filter(has_text=re.compile(word, re.IGNORECASE))).to_be_visible()


def test_the_weekly_report_is_taken_along(overview):
    report = pressed(overview, overview.get_by_role("button", name="Weekly report"))
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
