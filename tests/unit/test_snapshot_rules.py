"""A snapshot carries the rules that it was made under: the plan and the pages follow them until the next calculation."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest
from fixtures.serving import rules_of, write_snapshot

from core.capabilities.inventory import plan
from core.messages import msg
from core.settings import Settings
from core.storage import files
from core.storage.queries import Serving
from core.storage.state import State
from core.workspace import Workspace


@pytest.fixture
def shop(workspace) -> Workspace:
    """A shop whose snapshot was made at a service level of 0.9."""
    made_under = Settings().with_values("inventory", service_level=0.9).with_values("labels", horizon_days=14)
    write_snapshot(workspace, rules=lambda _: rules_of(made_under))
    return workspace


def rules(workspace: Workspace) -> Settings:
    return Serving(next(workspace.snapshots.iterdir())).rules(workspace.own_settings())


def exported(workspace: Workspace) -> pd.DataFrame:
    plan.export(workspace, workspace.root / "plan.parquet")
    return pd.read_parquet(workspace.root / "plan.parquet").set_index("product_id")


def test_a_changed_service_level_leaves_the_plan_as_it_is_until_it_is_recalculated(shop):
    product = exported(shop).query("order_units > 0").index[0]
    State(shop).set_override("product", product, "lead_time_days", 28.0, reason="other", actor="ana", expires_on=date(2099, 1, 1))
    before = exported(shop)
    assert before.service_level[product] == 0.9, "a product that is planned again follows the snapshot's rules"
    shop.save_settings(shop.settings().with_values("inventory", service_level=0.99, review_days=28))
    pd.testing.assert_frame_equal(exported(shop), before)


def test_a_snapshots_rules_are_those_it_was_made_under(shop):
    shop.save_settings(shop.settings().with_values("inventory", service_level=0.99).with_values("labels", luck=0.01))
    found = rules(shop)
    assert (found.inventory.service_level, found.labels.horizon_days, found.labels.luck) == (0.9, 14, 0.05)
    assert shop.own_settings().changes(found) == {"inventory": {"service_level": 0.99}, "labels": {"horizon_days": 28, "luck": 0.01}}


def test_the_template_of_purchase_orders_is_no_rule_and_applies_at_once(shop):
    shop.save_settings(shop.settings().with_values("inventory", order_columns=("product_id", "order_units")))
    assert rules(shop).inventory.order_columns == ("product_id", "order_units")
    assert "order_columns" not in shop.own_settings().changes(rules(shop)).get("inventory", {})


@pytest.mark.parametrize("absent", [True, False])
def test_a_snapshot_of_an_earlier_version_is_read_by_todays_settings(workspace, absent):
    folder = write_snapshot(workspace)
    if absent:
        manifest = files.read_json(folder / "manifest.json", msg("Write it again."))
        del manifest["tables"]["rules"]
        files.write_sealed(folder / "manifest.json", manifest)
        (folder / "rules.parquet").unlink()
    workspace.save_settings(workspace.settings().with_values("inventory", service_level=0.8))
    assert rules(workspace) == workspace.own_settings()


def test_a_rule_that_this_version_does_not_know_is_passed_over(workspace):
    known = rules_of(Settings().with_values("labels", luck=0.1))
    strange = pd.DataFrame([("labels", "gone", "1"), ("versions", "code", json.dumps("9.9"))], columns=known.columns)
    write_snapshot(workspace, rules=lambda _: pd.concat([known, strange]))
    assert rules(workspace).labels.luck == 0.1
