"""The doctor finds what is broken, and does not complain of what is merely not there yet."""

from __future__ import annotations

import json

import pytest
from fixtures.model_folders import damage, write_model, write_panel
from fixtures.tiny_snapshot import write_scored

from core import doctor, jobs, shipped
from core.models import registry
from core.schema import CANONICAL, IMPORTS
from core.storage import duckdb as db
from core.storage import snapshots
from core.storage.state import State


def complaints(workspace) -> dict[str, str]:
    return {f.check: str(f.detail) for f in doctor.examine(workspace) if not f.ok}


def write_warehouse(workspace):
    with db.connect(workspace.warehouse) as con:
        for table in (CANONICAL | IMPORTS).values():
            con.execute(table.ddl())


def test_an_empty_workspace_is_sound(workspace):
    assert complaints(workspace) == {}
    assert not workspace.state.exists(), "a check writes nothing"


def test_a_full_workspace_is_sound_and_says_what_is_served(workspace):
    write_warehouse(workspace)
    write_panel(workspace)
    description = {"features": json.loads((workspace.panel / "panel.json").read_text())["features"], "as_of": "2011-12-04", "rows": 7}
    (workspace.panel / "panel.json").write_text(json.dumps(description))
    (workspace.panel / "panel.parquet").write_bytes(b"")
    write_model(workspace, "m1")
    registry.promote(workspace, "m1", "the first")
    write_scored(workspace)
    snapshot = snapshots.publish(workspace)
    assert complaints(workspace) == {}
    details = {f.check: str(f.detail) for f in doctor.examine(workspace)}
    assert details["models"] == "Model m1 is the champion." and details["snapshots"] == f"Snapshot {snapshot} is served."


def test_a_damaged_snapshot_is_found(workspace):
    write_scored(workspace)
    snapshots.publish(workspace)
    damage(snapshots.current(workspace).table("forecasts"))
    assert "The file of table forecasts has changed since it was written" in complaints(workspace)["snapshots"]


def test_a_pointer_to_nowhere_is_found(workspace):
    workspace.current.write_text("20010101-000000-000\n")
    assert "upswing rollback" in complaints(workspace)["snapshots"]


def test_a_changed_model_and_a_lost_champion_are_found(workspace):
    folder = write_model(workspace, "m1")
    registry.promote(workspace, "m1", "the first")
    (folder / "weights.safetensors").write_bytes(b"other weights")
    assert complaints(workspace)["models"] == "Model m1 is the champion. weights.safetensors has changed since it was written."
    folder.rename(workspace.root / "elsewhere")
    assert complaints(workspace)["models"].startswith("The champion m1 is missing.")


def test_a_warehouse_of_another_shape_or_none_at_all_is_found(workspace):
    write_warehouse(workspace)
    with db.connect(workspace.warehouse) as con:
        con.execute("alter table reviews alter rating type varchar")
    assert "These tables have other columns: reviews" in complaints(workspace)["warehouse"]
    workspace.warehouse.write_bytes(b"not a database" * 1000)
    assert "is damaged" in complaints(workspace)["warehouse"]


def test_unreadable_settings_and_state_are_found(workspace):
    workspace.settings_file.write_text("[shop]\nnaem = 'x'\n")
    workspace.state.write_bytes(b"not a database, but long enough to look at" * 50)
    found = complaints(workspace)
    assert "naem" in found["settings"] and "is damaged" in found["state"]


def test_jobs_that_wait_for_nobody_are_found(workspace):
    jobs.request(workspace, "rescore")
    assert complaints(workspace) == {"worker": "There is none, and 1 job is waiting. Start `upswing serve` or `upswing worker`."}
    State(workspace).take_worker()
    assert complaints(workspace) == {}


def test_another_version_of_a_package_is_found(workspace, tmp_path, monkeypatch):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# a comment\nnumpy==0.0.1\nno-such-package-here==1.0\n")
    monkeypatch.setattr(shipped, "REQUIREMENTS", requirements)
    assert "numpy" in complaints(workspace)["packages"] and "no-such-package-here 1.0 is not installed" in complaints(workspace)["packages"]


def test_an_encoder_folder_without_a_checkpoint_is_found(workspace):
    workspace.save_settings(workspace.settings().with_values("model", encoder=str(workspace.root / "nowhere")))
    assert "model.safetensors" in complaints(workspace)["encoder"]


def test_weights_other_than_the_known_ones_are_found(workspace, monkeypatch):
    from core.models import text

    packaged = text.ENCODERS["minilm"]
    monkeypatch.setitem(text.ENCODERS, "minilm", text.PackagedEncoder(packaged.package, packaged.folder, "0" * 64))
    assert "0" * 64 in complaints(workspace)["encoder"]


@pytest.mark.parametrize("check", ["python", "packages", "device", "encoder", "disk", "settings"])
def test_every_machine_check_says_what_it_found(workspace, check):
    assert all(f.detail for f in doctor.examine(workspace) if f.check == check)
