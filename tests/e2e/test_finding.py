"""Finding and comparing products from any page, by mouse and by keyboard alone, in both languages."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from core.storage import snapshots
from core.storage.state import State
from core.workspace import Workspace
from dashboard import registry
from tests.e2e.conftest import settled


def titles(shop: Workspace) -> list[str]:
    return pq.read_table(snapshots.current(shop).path / "products.parquet", columns=["title"]).column("title").to_pylist()


def field(page: Page):
    return page.get_by_role("combobox", name=re.compile("^(Search products|搜索商品)"))


def misspelt(shop: Workspace) -> tuple[str, str]:
    """Return a long word of the shop's titles and the word without one of its letters."""
    words = sorted({word.lower() for title in titles(shop) for word in re.findall(r"\b[A-Za-z]{8,}\b", title)})
    word = max(words, key=len)
    return word, word[:4] + word[5:]


@pytest.mark.parametrize("name", registry.pages())
def test_a_misspelt_product_is_found_from_any_page_with_two_clicks(page, shop, name):
    word, typed = misspelt(shop)
    page.goto(f"/{name}")
    settled(page)
    field(page).click()  # the first click
    page.keyboard.type(typed)
    page.get_by_role("option").filter(has_text=re.compile(word, re.IGNORECASE)).first.click()  # the second
    page.wait_for_url("**/product?*")
    expect(page.get_by_role("heading", level=2).filter(has_text=re.compile(word, re.IGNORECASE))).to_be_visible()


@pytest.mark.parametrize(("language", "lang"), [("EN", "en"), ("中文", "zh-CN")])
def test_a_chinese_product_is_found_by_keyboard_alone(page, shop, language, lang):
    run = next(run for title in titles(shop) for run in re.findall(r"[\u4e00-\u9fff]{5,}", title))
    page.goto(f"/model?lang={language}")
    settled(page)
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(field(page)).to_be_visible()  # from then on it hears the key
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()
    page.keyboard.insert_text(run)
    expect(page.get_by_role("option").first).to_contain_text(run)
    page.keyboard.press("Enter")
    page.wait_for_url("**/product?*")
    expect(page.get_by_role("heading", level=2).first).to_contain_text(run)


def test_arrows_move_through_the_results_enter_opens_and_escape_leaves(page):
    page.goto("/segments")
    settled(page)
    expect(field(page)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("in")
    options = page.get_by_role("option")
    expect(options.nth(1)).to_be_visible()
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    expect(field(page)).not_to_be_focused()
    expect(field(page)).to_have_value("")
    page.keyboard.press("/")
    page.keyboard.type("inventroy")
    page.keyboard.press("Enter")  # before there is an answer
    page.wait_for_url("**/inventory*")
    settled(page)
    expect(page).to_have_title("Inventory · Upswing")


def test_a_slash_in_a_field_is_a_slash(page):
    page.goto("/rising")
    settled(page)
    other = page.get_by_label("Search", exact=True)
    other.click()
    page.keyboard.type("a/b")
    expect(other).to_have_value("a/b")


def test_two_products_are_compared_with_three_clicks(page, shop):
    page.goto("/product")
    settled(page)
    page.get_by_role("link", name="Compare", exact=True).last.click()
    page.wait_for_url("**/compare?*")
    settled(page)
    page.get_by_test_id("stMultiSelect").get_by_role("combobox").click()
    page.get_by_role("option", name=" · ").nth(3).click()
    expect(page.get_by_test_id("stTable").locator("thead th")).to_have_count(3)  # the first is that of the measures
    assert len(parse_qs(urlsplit(page.url).query)["products"]) == 2


def test_two_products_are_compared_by_keyboard_alone(page, shop):
    page.goto("/overview")
    settled(page)
    page.keyboard.press("/")
    page.keyboard.type("compare")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare*")
    settled(page)
    page.get_by_test_id("stMultiSelect").get_by_role("combobox").focus()
    for chosen, product in enumerate(("strawb", "cherr"), 1):
        page.keyboard.type(product)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(rf"(\bproducts=[^&]+&?){{{chosen}}}$"))
        settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stTable").locator("thead th")).to_have_count(3)


def test_a_watched_product_is_on_the_overview_and_a_saved_view_restores_its_filters(page, shop):
    page.goto("/product")
    settled(page)
    title = page.get_by_role("heading", level=2).first.inner_text()
    page.get_by_role("button", name="Watch", exact=True).click()
    expect(page.get_by_role("button", name="Watching")).to_be_visible()
    page.goto("/overview")
    settled(page)
    expect(page.get_by_role("heading", name="Watch list")).to_be_visible()
    assert [watched.product_id for watched in State(shop).watched()] and title
    page.goto("/inventory?abc=A")
    settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Name of the view").fill("Class A")
    page.get_by_role("button", name="Save this view").click()
    settled(page)
    page.goto("/inventory")
    settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("button", name="Class A").click()
    expect(page).to_have_url(re.compile(r"abc=A"))
