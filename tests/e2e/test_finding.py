"""The search from any page, by mouse and by keyboard alone, in both languages."""

from __future__ import annotations

import re

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from core.storage import snapshots
from core.workspace import Workspace
from dashboard import registry
from tests.e2e.conftest import settled


def titles(shop: Workspace) -> list[str]:
    return pq.read_table(snapshots.current(shop).path / "products.parquet", columns=["title"]).column("title").to_pylist()


def field(page: Page):
    return page.get_by_role("combobox", name=re.compile("^(Search products|搜索商品)"))


def misspelt(shop: Workspace) -> tuple[str, str]:
    """Return a long word of the shop's titles and the word without one of its letters."""
    word = max((w for title in titles(shop) for w in re.findall(r"[a-z]{8,}", title)), key=len)
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
