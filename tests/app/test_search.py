"""The search of every page: what it finds of a shop, how it words it, and where it leads."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import registry
from dashboard.components import search
from tests.app.visit import PAGES, components

LEAD_TIME = {"en": ("Lead time (days)", "Setting · Orders"), "zh": ("采购提前期（天）", "设置项 · 订单")}


def hits_of_a_query() -> None:
    import streamlit as st

    from dashboard import data
    from dashboard.components import search

    data.resolve()
    st.json(search.find(st.query_params["q"]))


@pytest.fixture
def find(monkeypatch, readonly_shop):
    """find(query, language="en", workspace=None) -> what the search finds."""

    def find_(query: str, language: str = "en", workspace=None) -> list[dict[str, str]]:
        monkeypatch.setenv("UPSWING_WORKSPACE", str((workspace or readonly_shop).root))
        at = AppTest.from_function(hits_of_a_query, default_timeout=60)
        at.query_params["q"], at.session_state["lang"] = query, language
        at.run()
        assert not at.exception
        return json.loads(at.json[0].value)

    return find_


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_the_search_in_its_language(open_page, name):
    for language, tag in (("en", "en"), ("zh", "zh-CN")):
        given = components(open_page(name, language))[0]
        assert given["language"] == tag
        assert given["words"]["search"] == {"en": "Search products, pages, settings", "zh": "搜索商品、页面、设置"}[language]


def test_a_product_is_found_with_typos_and_told_by_number_and_chance(find):
    hits = find("lantren")
    assert len(hits) == 4 and all("lantern" in hit["name"].lower() for hit in hits)
    assert all(hit["fact"].startswith("Product · P0") and hit["fact"].endswith("chance of rising") for hit in hits)


def test_a_chinese_name_is_found_by_its_characters_and_its_pinyin(find):
    assert [hit["id"] for hit in find("驯鹿", "zh")] == [hit["id"] for hit in find("xunlu")] == ["product:P0002"]


def test_a_category_comes_before_its_products_and_leads_to_the_list_of_them(find):
    first = find("kitchen")[0]
    assert (first["id"], first["name"]) == ("category:Kitchen", "Kitchen") and "products" in first["fact"]
    assert search.target(first["id"]) == ("rising", {"category": "Kitchen"})


@pytest.mark.parametrize(("query", "language"), [("inventory", "en"), ("库存", "en"), ("inventroy", "zh"), ("kucun", "zh")])
def test_a_page_is_found_by_its_name_in_both_languages_and_named_in_the_one_in_use(find, query, language):
    first = find(query, language)[0]
    assert first["id"] == "page:inventory" and first["name"] == {"en": "Inventory", "zh": "库存"}[language]
    assert search.target(first["id"]) == ("inventory", {})


@pytest.mark.parametrize(
    ("query", "language"), [("lead time", "en"), ("采购提前期", "en"), ("tiqianqi", "zh"), ("default_lead_time_days", "zh")]
)
def test_a_setting_is_found_by_its_label_in_both_languages_and_leads_to_its_tab(find, query, language):
    hit = next(hit for hit in find(query, language) if hit["id"].startswith("setting:"))
    assert hit["id"] == "setting:orders.inventory.default_lead_time_days"
    assert (hit["name"], hit["fact"]) == LEAD_TIME[language]
    assert search.target(hit["id"]) == ("settings", {"group": "orders"})


def test_pages_are_found_in_a_shop_without_forecasts(find, workspace):
    assert find("data", workspace=workspace)[0]["id"] == "page:data"


def test_every_kind_leads_to_a_page_that_exists():
    assert {page for page, _key in search.TARGETS.values()} <= set(registry.pages())


def test_a_search_for_nothing_finds_nothing(find):
    assert find("") == find("!?") == []
