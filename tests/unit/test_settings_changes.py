"""Saving settings: atomic, audited with old and new value, comments kept, refusals that save nothing."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.settings_changes import change
from core.storage.state import State

WRITTEN = '# ours\n[shop]\nname = "Lantern"  # as on the door\n\n[inventory]\nservice_level = 0.9\n'


@pytest.fixture
def shop(workspace):
    workspace.create().settings_file.write_text(WRITTEN)
    return workspace


def audit(workspace) -> list[tuple]:
    return [(e.actor, e.subject, e.details["before"], e.details["after"]) for e in State(workspace).audit() if e.act == "setting"]


def test_a_change_keeps_comments_and_records_who_changed_what(shop):
    assert change(shop, {"shop": {"name": "Lamps"}, "pages": {"red_days": 30}}, "ana") == ["shop.name", "pages.red_days"]
    text = shop.settings_file.read_text()
    assert text == WRITTEN.replace('"Lantern"', '"Lamps"') + "\n[pages]\nred_days = 30\n"
    assert audit(shop) == [("ana", "pages.red_days", None, 30), ("ana", "shop.name", "Lantern", "Lamps")]


def test_none_takes_a_setting_out_of_the_file(shop):
    change(shop, {"shop": {"name": None}}, "ana")
    assert shop.settings().shop.name == "My shop" and "# ours" in shop.settings_file.read_text()
    assert audit(shop) == [("ana", "shop.name", "Lantern", None)]


def test_the_same_value_changes_nothing(shop):
    before = shop.settings_file.stat().st_mtime_ns
    assert change(shop, {"shop": {"name": "Lantern", "currency": None}}, "ana") == []
    assert shop.settings_file.stat().st_mtime_ns == before and audit(shop) == []


def test_a_refusal_says_what_was_expected_and_saves_nothing(shop):
    with pytest.raises(UserError) as refused:
        change(shop, {"shop": {"name": "Lamps", "currency": "pounds"}, "schedule": {"refresh_at": "25:00"}}, "ana")
    assert 'currency in [shop] is "pounds"; it must be a currency code' in str(refused.value.found)
    assert 'refresh_at in [schedule] is "25:00"; it must be a time of day' in str(refused.value.found)
    assert "Nothing has been saved" in str(refused.value.to_do)
    assert shop.settings_file.read_text() == WRITTEN and audit(shop) == []
