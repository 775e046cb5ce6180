"""What a merchandiser does: look at the list, open a product, send a link, read it in Chinese."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from core.messages import show, translations
from core.storage import snapshots
from core.workspace import Workspace
from dashboard import registry
from dashboard.i18n import catalogue
from tests.e2e.conftest import settled

PAGES = registry.pages()


def chinese(text: str) -> str:
    """Return a word of the pages, or of the navigation, in Chinese."""
    return next(found for found in (catalogue("zh").gettext(text), translations("zh").gettext(text)) if found != text)


def risers(shop: Workspace) -> list[dict]:
    """Forecasts for everyone, the most likely riser first, from the snapshot that is served."""
    table = pq.read_table(snapshots.current(shop).path / "forecasts.parquet")
    return sorted((row for row in table.to_pylist() if row["segment"] == "all"), key=lambda row: -row["rising_probability"])


def titles(shop: Workspace) -> dict[str, str]:
    table = pq.read_table(snapshots.current(shop).path / "products.parquet", columns=["product_id", "title"])
    return dict(zip(*(column.to_pylist() for column in table.columns)))


def cells(page: Page, column: int) -> list[str]:
    """What stands in a column of the first table: it is painted on a canvas, and spelled out inside it for screen readers."""
    found = page.get_by_test_id("stDataFrame").first.locator(f"canvas td[aria-colindex='{column}']")
    found.first.wait_for(state="attached")
    return found.all_inner_texts() or found.all_text_contents()


def open_row(page: Page, row: int) -> None:
    """Ticks a row of the first table, by its box at the row's left end."""
    page.get_by_test_id("stDataFrame").first.locator(".dvn-scroller").click(position={"x": 16, "y": 35 + 36 * row + 18})


def test_the_rising_page_lists_the_likely_risers_first_and_a_row_opens_its_product(page, shop):
    page.goto("/rising")
    settled(page)
    by_id = titles(shop)
    listed = [float(text) for text in cells(page, 2)]
    assert len(listed) >= 10
    assert listed == sorted(listed, reverse=True)
    assert listed[0] == pytest.approx(risers(shop)[0]["rising_probability"], abs=1e-9)
    assert set(cells(page, 1)) <= {title[:90] for title in by_id.values()}
    title = cells(page, 1)[0]
    open_row(page, 0)
    expect(page).to_have_url(re.compile(r"/product\?"))
    product = parse_qs(urlsplit(page.url).query)["product"][0]
    assert by_id[product] == title
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_text("in the next 28 days").first).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()


def test_a_link_opens_the_product_that_it_names_and_says_so_where_there_is_none(page, shop):
    product = risers(shop)[3]["product_id"]
    page.goto(f"/product?product={product}")
    settled(page)
    expect(page.get_by_role("heading", name=titles(shop)[product], exact=True)).to_be_visible()
    page.goto("/product?product=no-such-product")
    settled(page)
    expect(page.get_by_text("no-such-product").first).to_be_visible()


def test_a_search_narrows_the_list_and_stays_in_the_address(page, shop):
    product = risers(shop)[0]["product_id"]
    page.goto("/rising")
    settled(page)
    page.get_by_label("Search", exact=True).fill(product)
    expect(page.get_by_text(re.compile(r"^1 product\b"))).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["q"] == [product]
    page.reload()
    expect(page.get_by_text(re.compile(r"^1 product\b"))).to_be_visible()


def switch_to_chinese(page) -> None:
    page.get_by_role("radio", name="中文").or_(page.get_by_role("button", name="中文")).first.click()


def test_another_language_keeps_what_was_chosen_also_after_a_reload_and_stays_while_one_walks_on(page):
    def box(label: str):
        return page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input")

    page.goto("/rising?sort=movement")
    settled(page)
    expect(box("Sort by")).to_have_value("Change")
    switch_to_chinese(page)
    expect(page.get_by_role("heading", name=chinese("Rising"), exact=True)).to_be_visible()
    expect(box(chinese("Sort by"))).to_have_value(chinese("Change"))
    expect(box(chinese("Customer group"))).to_have_value(chinese("All customers"))
    page.reload()
    expect(box(chinese("Sort by"))).to_have_value(chinese("Change"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=chinese("Data")).click()
    expect(page.get_by_role("heading", name=chinese("Data"), exact=True)).to_be_visible()
    page.get_by_role("radio", name="EN").or_(page.get_by_role("button", name="EN")).first.click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()


def test_the_section_that_is_open_stays_open_in_another_language(page):
    page.goto("/inventory")
    settled(page)
    page.get_by_role("tab", name="What-if").click()
    expect(page.get_by_role("tab", name="What-if", selected=True)).to_be_visible()
    settled(page)  # the server knows of the choice
    switch_to_chinese(page)
    expect(page.get_by_role("tab", name=chinese("What-if"), selected=True)).to_be_visible()


def test_back_returns_to_what_was_chosen_before_and_a_copied_address_shows_it_in_a_browser_of_the_other_language(page, browser):
    page.goto("/inventory")
    settled(page)
    for tab in ("Stop ordering", "What-if"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab, selected=True)).to_be_visible()
        settled(page)
    expect(page).to_have_url(re.compile(r"section=what-if"))
    copied = page.url
    page.go_back()
    expect(page.get_by_role("tab", name="Stop ordering", selected=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("tab", name="Orders", selected=True)).to_be_visible()
    other = browser.new_context(locale="zh-CN").new_page()
    other.goto(copied)
    settled(other)
    expect(other.get_by_role("tab", name=chinese("What-if"), selected=True)).to_be_visible()
    other.context.close()


@pytest.mark.parametrize("language", ["EN", "中文"])
def test_every_page_opens_from_the_navigation_in_both_languages(page, shop, language):
    links = page.get_by_test_id("stSidebarNav").get_by_role("link")
    page.goto(f"/rising?lang={language}")
    settled(page)
    for name, item in PAGES.items():
        title = show(item.title, "en" if language == "EN" else "zh")
        assert language == "EN" or re.search(r"[\u4e00-\u9fff]", title)
        links.filter(has_text=re.compile(rf"{re.escape(title)}$")).click()
        expect(page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
        settled(page)
        expect(page.get_by_text(snapshots.current(shop).model).first).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0, name
