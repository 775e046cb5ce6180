"""Settings that changed since the snapshot: the pages name them and keep to the snapshot's rules."""

from __future__ import annotations

import pytest
from fixtures.serving import rules_of, write_snapshot

from core.settings import Settings
from tests.app.visit import words


@pytest.fixture
def mine(workspace):
    write_snapshot(workspace, rules=lambda _: rules_of(Settings()))
    return workspace


@pytest.mark.parametrize("page", ["inventory", "rising"])
def test_a_page_says_which_changed_settings_wait_for_the_next_calculation(open_page, mine, page):
    assert "Settings have changed" not in words(open_page(page, workspace=mine))
    mine.save_settings(mine.settings().with_values("inventory", service_level=0.99).with_values("labels", luck=0.01))
    at = open_page(page, workspace=mine)
    assert not at.exception
    assert "Recalculate to apply: `service_level`. Retrain the model to apply: `luck`." in words(at)
    assert "重新计算后生效：`service_level`。" in words(open_page(page, "zh", workspace=mine))


def test_the_pages_go_on_by_the_snapshots_rules(open_page, mine):
    mine.save_settings(mine.settings().with_values("inventory", target="cost").with_values("labels", horizon_days=14))
    level = open_page("inventory", workspace=mine, section="what-if").number_input(key="what_if_level")
    assert "deliveries" in level.help and not level.disabled
    assert "in the next 28 days" in words(open_page("overview", workspace=mine))
