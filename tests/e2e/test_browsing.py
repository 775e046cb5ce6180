"""What a merchandiser does: look at the list, open a product, send a link, read it in Chinese."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from core.capabilities.forecast import words
from core.messages import show, translations
from core.storage import snapshots
from core.workspace import Workspace
from dashboard import registry
from dashboard.i18n import catalogue, percent, shortened
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


def rows(page: Page):
    """Return the rows of the page's list of products."""
    return page.get_by_role("grid").get_by_role("row").filter(has=page.get_by_role("link"))


def names(page: Page) -> list[str]:
    expect(rows(page).first).to_be_visible()
    return page.get_by_role("grid").get_by_role("link").all_inner_texts()


def test_the_rising_page_lists_the_likely_risers_first_and_a_click_anywhere_on_a_row_opens_its_product(page, shop):
    page.goto("/rising")
    settled(page)
    by_id, expected = titles(shop), risers(shop)
    listed = names(page)
    assert listed == [shortened(by_id[row["product_id"]], 90) for row in expected[: len(listed)]] and len(listed) >= 10
    row = rows(page).nth(1)
    expect(row).to_contain_text(percent(expected[1]["rising_probability"]))
    box = row.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2)  # at the far end, away from the name
    expect(page).to_have_url(re.compile(r"/product\?"))
    assert parse_qs(urlsplit(page.url).query)["product"] == [expected[1]["product_id"]]
    expect(page.get_by_role("heading", name=by_id[expected[1]["product_id"]], exact=True)).to_be_visible()
    expect(page.get_by_text("in the next 28 days").first).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
    page.go_back()
    expect(rows(page).first).to_be_visible()


def test_the_arrow_keys_walk_through_the_list_and_enter_opens_a_product(page, shop):
    page.goto("/rising")
    settled(page)
    first, second, third = names(page)[:3]
    page.get_by_role("link", name=first, exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("link", name=second, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/product\?"))
    assert parse_qs(urlsplit(page.url).query)["product"] == [risers(shop)[1]["product_id"]]


def test_a_row_is_a_link_whose_address_opens_the_product_in_another_tab(page, shop):
    page.goto("/rising")
    settled(page)
    expect(rows(page).first).to_be_visible()
    with page.context.expect_page() as opened:
        rows(page).nth(2).click(modifiers=["Control"])
    other = opened.value
    settled(other)
    expect(other.get_by_role("heading", name=titles(shop)[risers(shop)[2]["product_id"]], exact=True)).to_be_visible()
    other.close()
    assert "/rising" in page.url


@pytest.mark.parametrize("path", ["/rising", "/rising?list=falling", "/rising?list=none", "/rising?by=category"])
def test_no_list_scrolls_sideways_at_1280_pixels(page, path):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(path)
    settled(page)
    expect(rows(page).first).to_be_visible()
    wide = "e => [e.scrollWidth, e.clientWidth]"
    for place in (page.get_by_role("grid"), page.get_by_test_id("stMain")):
        content, room = place.evaluate(wide)
        assert content <= room
    page.set_viewport_size({"width": 1360, "height": 900})


def test_a_tap_on_a_card_opens_its_product_on_a_phone(browser, address, shop):
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="en-GB")
    phone = context.new_page()
    phone.goto("/rising")
    settled(phone)
    expect(rows(phone).first).to_be_visible()
    assert phone.get_by_role("grid").evaluate("e => e.scrollWidth <= innerWidth")
    assert rows(phone).first.bounding_box()["height"] > 120  # a card, no line of a table
    rows(phone).first.tap()
    expect(phone).to_have_url(re.compile(r"/product\?"))
    assert parse_qs(urlsplit(phone.url).query)["product"] == [risers(shop)[0]["product_id"]]
    context.close()


def test_five_products_to_feature_with_a_reason_and_for_whom_are_one_click_away(page, rising_shop):
    page.goto(f"{rising_shop}/model")
    settled(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Overview").click()  # the only click of four
    settled(page)
    featured = page.get_by_role("grid", name="Feature").get_by_role("row").filter(has=page.get_by_role("link"))
    expect(featured).to_have_count(5)
    for place in range(5):
        about = featured.nth(place).locator(".name .sub")
        chance, reason, whom = about.inner_text().split("\n")
        assert "chance of rising" in chance and reason and whom.startswith("For whom: ")
        assert about.evaluate("e => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth")  # nothing of it is cut


@pytest.mark.parametrize(("language", "code", "title"), [("EN", "en", "Weekly report: "), ("中文", "zh-CN", "经营周报：")])
def test_the_weekly_report_is_two_clicks_from_any_page_in_the_pages_language(page, tmp_path, language, code, title):
    page.goto(f"/inventory?lang={language}")
    settled(page)
    overview, report = {"en": ("Overview", "Weekly report")}.get(code) or (chinese("Overview"), chinese("Weekly report"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=overview).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=report).click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    page.goto(file.as_uri())
    expect(page.locator("html")).to_have_attribute("lang", code)
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page).to_have_title(re.compile(title))
    assert page.get_by_role("row").count() > 10


def test_what_is_falling_is_one_click_from_the_overview(page, shop):
    page.goto("/overview")
    settled(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Show fallers").click()  # the only click
    expect(page.get_by_role("tab", name="Falling", selected=True)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Chance of falling")).to_be_visible()
    falling = sorted(risers(shop), key=lambda row: (-row["falling_probability"], -row["rising_probability"], row["product_id"]))
    assert names(page)[0] == shortened(titles(shop)[falling[0]["product_id"]], 90)


def test_a_heading_sorts_the_list_and_a_category_opens_its_products(page):
    page.goto("/rising")
    settled(page)
    page.get_by_role("button", name="Expected units").click()
    expect(page.get_by_role("columnheader", name="Expected units")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("sort=units"))
    page.goto("/rising?by=category")
    settled(page)
    first = names(page)[0]
    rows(page).first.click()
    expect(page.get_by_role("columnheader", name="Chance of rising")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {"category": [first]} | {
        k: v for k, v in parse_qs(urlsplit(page.url).query).items() if k == "lang"
    }


def test_two_products_are_compared_in_three_clicks(page, shop):
    page.goto("/rising")
    settled(page)
    boxes = page.get_by_role("grid").get_by_role("checkbox")
    boxes.nth(0).click()
    boxes.nth(1).click()
    page.get_by_test_id("stMain").get_by_role("link", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(r"/compare\?"))
    expected = [row["product_id"] for row in risers(shop)[:2]]
    assert ",".join(parse_qs(urlsplit(page.url).query)["products"]).split(",") == expected
    settled(page)


def test_a_trend_is_as_wide_as_its_weeks_and_never_stretched_over_half_a_year(page, rising_shop):
    page.goto(f"{rising_shop}/rising")
    settled(page)
    expect(rows(page).first).to_be_visible()
    drawn = (
        page.get_by_role("grid")
        .locator("svg[aria-label]")
        .evaluate_all(
            "all => all.map(e => [e.getAttribute('aria-label'), e.querySelector('path.now')?.getAttribute('d'), e.viewBox.baseVal.width])"
        )
    )
    begins = {int(re.search(r"units in (\d+) week", label)[1]): float(path[1:].split()[0]) for label, path, _width in drawn if path}
    width = drawn[0][2]
    assert min(begins) < 20 and max(begins) == 26
    for weeks, start in begins.items():
        assert start == pytest.approx(width - width / 25 * (weeks - 1), abs=0.1)


def test_the_whole_list_is_one_click_away_as_csv(page, rising_shop):
    page.goto(f"{rising_shop}/rising")
    settled(page)
    assert page.get_by_role("grid").get_attribute("aria-rowcount") == "151"  # of which a page of the list shows 100
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith("\ufeffSKU,Product,")
    assert len(list(csv.reader(text.splitlines()))) == 151


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
    def box(key: str):
        return page.locator(f".st-key-{key} input")

    page.goto("/rising?sort=movement")
    settled(page)
    expect(box("sort")).to_have_value("By change in chance")
    switch_to_chinese(page)
    expect(page.get_by_role("heading", name=chinese("Rising and falling"), exact=True)).to_be_visible()
    expect(box("sort")).to_have_value(chinese("By change in chance"))
    expect(box("segment")).to_have_value(chinese("All customers"))
    page.reload()
    expect(box("sort")).to_have_value(chinese("By change in chance"))
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


@pytest.fixture
def chinese_browser(browser, address) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 1360, "height": 900}, locale="zh-CN")
    yield context.new_page()
    context.close()


def option(page, name: str, **state):
    """Return a tab or a part of a segmented control."""
    return page.get_by_role("tab", name=name, exact=True, **state).or_(page.get_by_role("radio", name=name, exact=True, **_checked(state)))


def _checked(state: dict) -> dict:
    return {"checked": state["selected"]} if state else {}


# page -> two choices that are made one after the other, in the words of the page
CHOICES = {
    "rising": ("Falling", "No forecast"),
    "product": ("Why", "Stock"),
    "compare": ("Customer groups", "Year over year"),
    "inventory": ("Stop ordering", "What-if"),
    "track_record": ("Rose, not called", "All"),
    "model": ("Decisions", "Models"),
    "settings": ("Orders", "Freshness"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_back_returns_to_what_was_chosen_before_and_a_copied_address_shows_it_in_a_browser_of_the_other_language(
    page, chinese_browser, name
):
    page.goto(f"/{name}")
    settled(page)
    first, (before, last) = page.url, CHOICES[name]
    for choice in (before, last):
        shown = page.url
        option(page, choice).first.click()
        expect(page).not_to_have_url(shown)
        settled(page)
    copied = page.url
    chinese_browser.goto(copied)
    settled(chinese_browser)
    expect(option(chinese_browser, chinese(last), selected=True).first).to_be_visible()
    assert chinese_browser.url.partition("?")[2] == copied.partition("?")[2]
    page.go_back()
    expect(option(page, before, selected=True).first).to_be_visible()
    page.go_back()
    expect(page).to_have_url(first)
    expect(option(page, before, selected=True)).to_have_count(0)


@pytest.mark.parametrize(("name", "key"), [("why", "segment"), ("segments", "category")])
def test_a_chosen_entry_of_a_list_is_the_same_in_a_browser_of_the_other_language(page, chinese_browser, name, key):
    box = f".st-key-{key} input"
    page.goto(f"/{name}")
    settled(page)
    first = page.locator(box).input_value()
    page.locator(box).click()
    page.get_by_role("option").nth(1).click()
    expect(page).to_have_url(re.compile(f"{key}="))
    (code,) = parse_qs(urlsplit(page.url).query)[key]
    chinese_browser.goto(page.url)
    settled(chinese_browser)
    with_code = re.compile(re.escape(words.segment(code, "country", "zh") if key == "segment" else code))
    expect(chinese_browser.locator(box)).to_have_value(with_code)
    page.go_back()
    expect(page.locator(box)).to_have_value(first)


def test_back_from_a_product_shows_the_list_with_its_tab_its_filters_and_its_order(page):
    page.goto("/rising?list=falling&stock=0-25&confidence=medium")
    settled(page)
    page.get_by_role("button", name="Expected units").click()
    expect(page).to_have_url(re.compile("sort=units"))
    settled(page)
    asked, listed = page.url, names(page)
    rows(page).nth(1).click()
    expect(page).to_have_url(re.compile(r"/product\?"))
    settled(page)
    page.get_by_role("tab", name="Stock").click()
    expect(page).to_have_url(re.compile("tab=stock"))
    settled(page)
    page.go_back()
    expect(page).not_to_have_url(re.compile("tab=stock"))
    settled(page)
    page.go_back()
    expect(page).to_have_url(asked)
    expect(page.get_by_role("tab", name="Falling", selected=True)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Expected units")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("button", name="Filters (2)")).to_be_visible()
    assert names(page) == listed


def test_an_address_that_no_page_wrote_is_corrected_and_is_no_trap_for_back(page):
    page.goto("/inventory")
    settled(page)
    page.goto("/rising?sort=%3Cb%3E&list=nowhere&page=-7&category=" + "z" * 5_000)
    expect(page).to_have_url(re.compile(r"/rising(\?lang=\w+)?$"))
    settled(page)
    expect(rows(page).first).to_be_visible()
    page.go_back()
    settled(page)
    page.go_back()
    expect(page).to_have_url(re.compile("/inventory"))


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
        expect(page.get_by_text(re.compile("Data to|数据截至")).first).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0, name


def test_whether_the_last_calls_came_true_is_one_click_from_the_overview(page, shop):
    page.goto("/")
    settled(page)
    page.get_by_role("link", name=re.compile("How right we were: ")).click()
    settled(page)
    expect(page.get_by_role("heading", name="How right we were")).to_be_visible()
    calls = pq.read_table(snapshots.current(shop).path / "track_calls.parquet").to_pandas()
    mine = calls[(calls.as_of == calls.as_of.max()) & (calls.segment == "all") & calls.called & calls.units.notna()]
    rose = (mine.outcome == "rose").sum()
    expect(page.get_by_text(re.compile(rf"Of our {len(mine)} calls? of .*, {rose} rose in the next 28 days"))).to_be_visible()
