"""What users keep: the watch list, notes on products, and saved views."""

from __future__ import annotations

from core import alerts
from core.storage.state import State
from tests.app.visit import lists, words


def test_a_product_is_watched_with_one_press_and_shown_on_the_overview(open_page, shop):
    assert "Watch list" not in words(open_page("overview", workspace=shop))
    at = open_page("product", workspace=shop, product="P0007")
    at.button(key="watch").click()
    at.run()
    assert not at.exception and at.button(key="watch").label == "Watching"
    assert [one.product_id for one in State(shop).watched()] == ["P0007"]
    at = open_page("overview", workspace=shop)
    assert "Watch list" in words(at)
    assert ["P0007"] in [[row["id"] for row in one["rows"]] for one in lists(at)]


def test_a_watched_product_without_a_forecast_is_counted(open_page, shop):
    State(shop).watch("gone", "ana")
    assert "1 watched product has no forecast now." in words(open_page("overview", workspace=shop))


def test_a_note_is_kept_as_plain_text_with_its_author_and_can_be_deleted(open_page, shop):
    at = open_page("product", workspace=shop, product="P0007")
    next(b for b in at.button if b.label == "Add note").click()
    at.run()
    assert len(at.error) == 1 and State(shop).notes("P0007") == []  # nobody's
    at.text_area[0].set_value("**big** <b>order</b> next week")
    at.text_input(key="author").set_value("Ana")
    next(b for b in at.button if b.label == "Add note").click()
    at.run()
    assert not at.exception
    assert [(n.text, n.actor) for n in State(shop).notes("P0007")] == [("**big** <b>order</b> next week", "Ana")]
    assert at.text[0].value == "**big** <b>order</b> next week"
    next(b for b in at.button if b.label == "Delete").click()
    at.run()
    assert State(shop).notes("P0007") == []


def save(at, name: str, shared: bool, author: str = "") -> None:
    at.text_input(key="view_name").set_value(name)
    at.toggle(key="view_shared").set_value(shared)
    at.text_input(key="author").set_value(author)
    next(b for b in at.button if b.label == "Save this view").click()
    at.run()


def test_a_saved_view_leads_back_to_the_same_controls(open_page, shop):
    at = open_page("rising", workspace=shop, q="mug", sort="pace")
    save(at, "Mugs", shared=True)
    assert not at.exception
    assert [(v.name, v.owner, v.choices) for v in State(shop).views("rising")] == [("Mugs", "", {"q": ["mug"], "sort": ["pace"]})]
    at = open_page("rising", workspace=shop, category="Kitchen")
    next(b for b in at.button if b.label == "Mugs").click()
    at.run()
    assert not at.exception and at.text_input(key="q").value == "mug" and at.selectbox(key="sort").value == "pace"
    assert "category" not in at.query_params


def test_a_private_view_is_offered_under_its_users_name_alone_and_needs_one(open_page, shop):
    at = open_page("inventory", workspace=shop, q="mug")
    save(at, "Mine", shared=False)
    assert len(at.error) == 1
    assert State(shop).views("inventory", "Ana") == []
    save(at, "Mine", shared=False, author="Ana")
    assert [v.owner for v in State(shop).views("inventory", "Ana")] == ["Ana"]
    assert "Mine" in [button.label for button in at.button]
    assert "Mine" not in [button.label for button in open_page("inventory", workspace=shop).button]


def test_alerts_are_set_on_a_product_and_shown_on_the_overview_once_they_are_set_off(open_page, shop):
    at = open_page("product", workspace=shop, product="P0007")
    at.number_input(key="alert_chance_P0007").set_value(1.0)
    at.number_input(key="alert_stockout_P0007").set_value(2.0)
    next(b for b in at.button if b.label == "Save alerts").click()
    at.run()
    assert not at.exception
    assert [(a.product_id, a.kind, a.threshold) for a in State(shop).alerts()] == [("P0007", "chance", 0.01), ("P0007", "stockout", 2.0)]
    assert "Alerts" not in [s.value for s in open_page("overview", workspace=shop).subheader]
    assert alerts.check(shop)
    at = open_page("overview", workspace=shop)
    assert not at.exception and "Alerts" in [s.value for s in at.subheader]
    told = next(one for one in lists(at) if one["label"] == "Alerts")
    assert told["rows"][0]["id"] == "P0007" and "Chance of rising has reached 1%" in str(told["rows"][0]["cells"])


def test_data_older_than_their_alert_are_said_on_the_overview_without_a_publish(open_page, shop, clock):
    shop.save_settings(shop.own_settings().with_values("notifications", data_age_days=10))
    clock(10)
    assert "older than" not in words(open_page("overview", workspace=shop))
    clock(11)
    assert "The data are older than 10 days" in words(open_page("overview", workspace=shop))
    assert "数据已超过 10 天未更新" in words(open_page("overview", "zh", workspace=shop))
