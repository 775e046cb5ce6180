"""The Settings page: what it shows, what it saves, what a saved setting waits for, and the schedule's runs."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
import pytest
from fixtures.serving import SERVING, rules_of, write_snapshot

from core import data_age
from core.jobs import schedule
from core.messages import msg
from core.models import registry
from core.settings import SECTIONS, SERVICE, Settings, applied_by, described
from core.storage.state import State
from dashboard.components.settings import groups
from tests.app.visit import words


def widget(at, kind: str, setting: str):
    return next(w for w in getattr(at, kind) if w.key.startswith(f"set_{setting}_"))


def save(at, group: str):
    next(b for b in at.button if b.key == f"save_{group}").click()
    return at.run()


def with_facts(settings: Settings, **facts) -> pd.DataFrame:
    rows = [("facts", name, json.dumps(value)) for name, value in facts.items()]
    return pd.concat([rules_of(settings), pd.DataFrame(rows, columns=list(SERVING["rules"].names))], ignore_index=True)


def test_a_new_shop_name_is_in_the_header_at_once_and_in_the_change_log(open_page, shop):
    at = open_page("settings", workspace=shop)
    widget(at, "text_input", "shop_name").set_value("Lantern & Co")
    at = save(at, "shop")
    assert not at.exception and not at.error
    assert shop.own_settings().shop.name == "Lantern & Co"
    assert "Lantern" in at.caption[1].value and "Saved." in [s.value for s in at.success]
    entry = next(e for e in State(shop).audit() if e.act == "setting")
    assert (entry.actor, entry.subject, entry.details) == ("dashboard", "shop.name", {"before": None, "after": "Lantern & Co"})
    assert "Lantern" in str([t.value.to_dict() for t in at.table])


def test_a_value_that_is_not_allowed_says_what_is_and_saves_nothing(open_page, shop):
    at = open_page("settings", workspace=shop)
    widget(at, "text_input", "shop_currency").set_value("pounds")
    at = save(at, "shop")
    assert "it must be a currency code of three capital letters" in at.error[0].value.replace("\\", "")
    assert "Nothing has been saved" in words(at) and not shop.settings_file.exists()


def test_an_order_template_with_an_unknown_column_is_refused(open_page, shop):
    at = open_page("settings", workspace=shop)
    widget(at, "text_area", "inventory_order_columns").set_value("product_id\nno_such_column")
    assert "no_such_column" in save(at, "orders").error[0].value.replace("\\", "") and not shop.settings_file.exists()


def test_a_saved_rule_of_ordering_waits_for_a_calculation_that_a_button_requests(open_page, workspace):
    write_snapshot(workspace, rules=lambda _: rules_of(Settings()))
    at = open_page("settings", workspace=workspace)
    widget(at, "number_input", "inventory_service_level").set_value(0.99)
    at = save(at, "orders")
    assert "Recalculate to apply: `service_level`" in words(at)
    next(b for b in at.button if b.key == "apply_rescore").click()
    at.run()
    assert [job.kind for job in State(workspace).jobs()] == ["rescore"]


def test_values_of_the_files_are_shown_as_such_and_can_be_overridden_and_taken_back(open_page, workspace):
    write_snapshot(workspace, rules=lambda _: with_facts(Settings(), currency="GBP", time_zone="Europe/London"))
    at = open_page("settings", workspace=workspace)
    assert widget(at, "text_input", "shop_currency").value == "GBP" and words(at).count("From your files.") == 2
    widget(at, "text_input", "shop_currency").set_value("EUR")
    at = save(at, "shop")
    assert workspace.own_values() == {"shop": {"currency": "EUR"}}  # the time zone stays the files'
    assert "Your value. Value in your files: GBP" in words(at)
    next(b for b in at.button if b.key == "reset_setting").click()
    at.run()
    assert workspace.own_values().get("shop", {}) == {} and widget(at, "text_input", "shop_currency").value == "GBP"


def test_the_age_of_the_data_follows_the_time_zone_of_the_files(open_page, workspace, monkeypatch):
    write_snapshot(workspace, rules=lambda _: with_facts(Settings(), time_zone="Pacific/Auckland"))
    monkeypatch.setattr(data_age, "now", lambda: datetime.fromisoformat("2011-12-05T12:00:00+00:00"))
    assert "2 days old" in words(open_page("why", workspace=workspace))


def test_the_language_of_a_new_visitor_is_a_setting(open_page, shop):
    shop.save_settings(Settings().with_values("pages", language="zh"))
    at = open_page("settings", workspace=shop)
    del at.query_params["lang"]
    fresh = type(at).from_file(at._script_path, default_timeout=60).run()
    assert fresh.segmented_control[0].value == "zh"


def test_one_toggle_starts_the_schedule_and_its_runs_are_shown(open_page, shop, monkeypatch):
    at = open_page("settings", workspace=shop, group="schedule")
    assert "The schedule is off" in words(at)
    widget(at, "toggle", "schedule_on").set_value(True)
    at = save(at, "schedule")
    assert "5 Dec 2011 04:30" in words(at) or "6 Dec 2011 04:30" in words(at)
    schedule.look(shop)
    monkeypatch.setattr(data_age, "now", lambda: datetime.fromisoformat("2011-12-07T12:00:00+00:00"))
    assert [job.kind for job in schedule.look(shop)] == ["rescore"]
    assert registry.champion(shop) and "waiting" in words(open_page("settings", workspace=shop, group="schedule"))


def test_a_test_message_is_queued_by_a_button_and_its_failure_stays_on_the_page(open_page, shop):
    at = open_page("settings", workspace=shop, group="notifications")
    next(b for b in at.button if b.key == "test_message").click()
    at.run()
    assert [job.kind for job in State(shop).jobs()] == ["test_message"]
    token = State(shop).take_worker()
    job = State(shop).claim_job(token)
    State(shop).end_job(job.id, token, "failed", error=msg("{server} offers no STARTTLS.", server="mail.example.com:25"))
    said = words(open_page("settings", workspace=shop, group="notifications"))
    assert "offers no STARTTLS" in said and "UPSWING_SMTP_PASSWORD" in said


def test_an_http_webhook_on_another_machine_is_refused(open_page, shop):
    at = open_page("settings", workspace=shop, group="notifications")
    widget(at, "text_input", "notifications_webhook").set_value("http://example.com/hook")
    assert "begins with https" in save(at, "notifications").error[0].value.replace("\\", "") and not shop.settings_file.exists()


def test_each_setting_says_its_effect_and_what_applies_it(open_page):
    said = words(open_page("settings"))
    for group in groups().values():
        for field in group.fields:
            assert field.label in said and field.effect in said
            assert field.name in described(field.section) and applied_by(field.section, field.name)
    shown = {field.section for group in groups().values() for field in group.fields}
    assert set(SERVICE) <= shown <= set(SECTIONS)


@pytest.mark.parametrize("code", list(groups()))
def test_each_group_of_settings_has_an_address(open_page, code):
    at = open_page("settings", group=code)
    assert not at.exception and next(b for b in at.button if b.key == f"save_{code}")
