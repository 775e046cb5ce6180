"""Freshness: a panel is fresh by the hash of what it was made from, whatever the times of its files."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fixtures.tiny import tiny_encoder

from core.features import freshness
from core.features.freshness import fingerprint, panel_is_fresh
from core.storage import duckdb as db
from core.storage import warehouse
from core.workspace import Workspace


@pytest.fixture(scope="module")
def encoders(tmp_path_factory) -> tuple[Path, Path]:
    """Two folders whose weights differ."""
    folder = tmp_path_factory.mktemp("encoders")
    return tiny_encoder(folder / "a", seed=0), tiny_encoder(folder / "b", seed=1)


@pytest.fixture
def shop(tmp_path, encoders) -> Workspace:
    """A workspace whose panel was made from one import."""
    workspace = Workspace(tmp_path / "shop").create()
    workspace.save_settings(workspace.settings().with_values("model", encoder=str(encoders[0])))
    imported(workspace, "orders.csv")
    describe(workspace)
    return workspace


def imported(workspace: Workspace, file: str) -> None:
    with db.connect(workspace.warehouse) as con:
        warehouse.complete(con)
        number = db.rows(con, "staging/next_import")[0]["number"]
        row = {"import_id": f"{number:06d}", "imported_at": datetime(2020, 1, 1), "file": file, "sha256": file, "preset": "generic"}
        row |= {"table_name": "orders", "mapping_sha256": "m", "currency": "", "first_day": None, "last_day": None, "key_sha256": None}
        row |= {f"rows_{kind}": 1 for kind in ("read", "kept", "dropped", "quarantined", "set_aside")}
        db.run(con, "staging/record_import", **row).fetchall()


def describe(workspace: Workspace) -> None:
    """Write panel.json as a build of now does."""
    settings = workspace.settings()
    with db.connect(workspace.warehouse, read_only=True) as con:
        made_from = fingerprint(con, settings)
    workspace.panel.mkdir(exist_ok=True)
    (workspace.panel / "panel.json").write_text(json.dumps({"fingerprint": made_from}))


def change(workspace: Workspace, section: str, **values) -> None:
    workspace.save_settings(workspace.settings().with_values(section, **values))


def test_a_panel_is_fresh_until_something_is_imported(shop):
    assert panel_is_fresh(shop)
    imported(shop, "more.csv")
    assert not panel_is_fresh(shop)
    describe(shop)
    assert panel_is_fresh(shop)


def test_a_copy_of_a_stale_workspace_is_stale_and_one_of_a_fresh_workspace_is_fresh(shop, tmp_path):
    copied = Workspace(Path(shutil.copytree(shop.root, tmp_path / "fresh", copy_function=shutil.copyfile)))
    assert panel_is_fresh(copied)
    imported(shop, "more.csv")
    copied = Workspace(Path(shutil.copytree(shop.root, tmp_path / "stale", copy_function=shutil.copyfile)))
    assert not panel_is_fresh(copied), "the copy's panel.json is younger than the import"


def test_times_of_files_do_not_matter(shop):
    os.utime(shop.panel / "panel.json", (0, 0))
    assert panel_is_fresh(shop)


def test_another_encoder_makes_the_panel_stale(shop, encoders):
    change(shop, "model", encoder=str(encoders[1]))
    assert not panel_is_fresh(shop)


def test_other_weights_in_the_same_folder_make_the_panel_stale(shop, encoders, tmp_path):
    folder = Path(shutil.copytree(encoders[0], tmp_path / "encoder"))
    change(shop, "model", encoder=str(folder))
    assert panel_is_fresh(shop), "the same weights elsewhere are the same encoder"
    shutil.copyfile(encoders[1] / "model.safetensors", folder / "model.safetensors")
    assert not panel_is_fresh(shop)


def test_a_changed_feature_query_makes_the_panel_stale(shop, tmp_path, monkeypatch):
    folder = tmp_path / "sql"
    folder.mkdir()
    for file in db.stored("features"):
        shutil.copyfile(file, folder / file.name)
    monkeypatch.setitem(db.FOLDERS, "features", (str(folder),))
    assert panel_is_fresh(shop)
    changed = folder / "campaigns.sql"
    changed.write_text(changed.read_text() + "\n-- changed\n")
    assert not panel_is_fresh(shop)


def test_a_changed_feature_definition_makes_the_panel_stale(shop, monkeypatch):
    first, *others = freshness.FEATURES
    monkeypatch.setattr(freshness, "FEATURES", (replace(first, sql="0"), *others))
    assert not panel_is_fresh(shop)


@pytest.mark.parametrize(
    ("section", "values", "fresh"),
    [
        ("labels", {"horizon_days": 14}, False),
        ("shop", {"segment_attribute": "channel"}, False),
        ("shop", {"countries": ("DE",)}, False),
        ("shop", {"name": "Lamps"}, True),
        ("shop", {"columns": ("orders.units = Menge",)}, True),
        ("model", {"max_epochs": 1}, True),
        ("inventory", {"service_level": 0.9}, True),
    ],
)
def test_only_settings_that_the_panel_reads_make_it_stale(shop, section, values, fresh):
    change(shop, section, **values)
    assert panel_is_fresh(shop) == fresh


@pytest.mark.parametrize("content", ["{}", "{", '{"code_version": "0.1.0", "settings": {}}'])
def test_a_panel_that_does_not_say_what_it_was_made_from_is_stale(shop, content):
    (shop.panel / "panel.json").write_text(content)
    assert not panel_is_fresh(shop)


def test_without_a_panel_or_an_import_nothing_is_fresh(tmp_path):
    workspace = Workspace(tmp_path).create()
    assert not panel_is_fresh(workspace)
    imported(workspace, "orders.csv")
    assert not panel_is_fresh(workspace)
