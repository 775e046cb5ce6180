"""A workspace of 0.1.0, made by 0.1.0 (tests/fixtures/workspace_0.1.0.zip), and one of a newer version."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from core import cli
from core.errors import UserError
from core.ingest import import_files
from core.models import registry
from core.models.panel import Panel
from core.models.predict import FittedModel
from core.storage import audit, files, keys, layout, snapshots, startup
from core.storage.queries import Serving
from core.storage.state import State
from core.workspace import Workspace

MADE_BY_0_1_0 = Path(__file__).parents[1] / "fixtures" / "workspace_0.1.0.zip"
MODEL = "m20261129-1655-597f"
SNAPSHOT = "20261129-165550-284"
ORDERS = """order id,product id,title,ordered at,quantity,unit price,customer id,country
n1,p03,Tin robot,2025-02-04 12:00:00,2,7.50,c001,United Kingdom
n2,p01,Pine candle,2025-02-04 13:00:00,1,5.50,c002,Germany
"""


@pytest.fixture
def old(tmp_path) -> Workspace:
    """A workspace that 0.1.0 imported, trained and published in."""
    workspace = Workspace(tmp_path / "shop").create()
    with zipfile.ZipFile(MADE_BY_0_1_0) as packed:
        packed.extractall(workspace.root)
    return workspace


def test_a_snapshot_and_a_champion_of_0_1_0_are_served_before_and_after_the_migration(old):
    assert layout.version(old) == 1
    for _ in range(2):
        assert snapshots.current(old).id == SNAPSHOT
        assert len(Serving(snapshots.current(old).path).ask("meta")) == 1
        assert registry.champion(old) == MODEL
        startup.prepare(old)
    assert layout.version(old) == layout.LAYOUT
    assert [(a.act, a.subject) for a in audit.acts(old)] == [("promote", MODEL), ("publish", SNAPSHOT)]
    assert [(e.act, e.subject) for e in reversed(State(old).audit())] == [("promote", MODEL), ("publish", SNAPSHOT)]


def test_a_migrated_workspace_keeps_its_champion_when_its_state_store_is_lost(old):
    startup.prepare(old)
    old.state.unlink()
    assert registry.champion(old) == MODEL


def test_the_panel_and_the_model_of_0_1_0_can_be_read_or_say_what_to_do(old):
    startup.prepare(old)
    panel = Panel.open(old.panel, old.cache)
    assert len(panel) > 0
    try:
        FittedModel.load(old.models / MODEL, panel.features)
    except UserError as error:
        assert "rain again" in str(error) or "upswing train" in str(error)


def test_an_import_goes_on_where_0_1_0_stopped_and_knows_its_customers(old, tmp_path):
    startup.prepare(old)
    (tmp_path / "more.csv").write_text(ORDERS, encoding="utf-8")
    before = bytes.fromhex((old.root / "privacy.key").read_text())
    import_files(old, [tmp_path / "more.csv"])
    assert keys.customers_key(old, create=True) == before


def test_leftovers_of_0_1_0_are_swept(old):
    for name in ("CURRENT.tmp", "scored.ab12cd34.tmp/x", f"models/{MODEL}.tmp/config.json", "panel/panel.parquet.tmp"):
        (old.root / name).parent.mkdir(parents=True, exist_ok=True)
        (old.root / name).write_text("half")
    startup.prepare(old)
    assert not list(old.root.rglob("*.tmp"))


def test_a_killed_migration_begins_again(old, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setitem(layout._STEPS, 2, (audit.export_from_state, killed))
        startup.prepare(old)
    assert layout.version(old) == 1
    startup.prepare(old)
    assert layout.version(old) == layout.LAYOUT and len(audit.acts(old)) == 2


@pytest.mark.parametrize("command", ["snapshots", "publish", "worker"])
def test_a_workspace_of_a_newer_version_is_refused_with_what_to_do(workspace, capsys, command):
    files.write_sealed(workspace.root / "workspace.json", {"layout": layout.LAYOUT + 1})
    assert cli.main([command, "--workspace", str(workspace.root)]) == 2
    said = capsys.readouterr().err
    assert f"layout {layout.LAYOUT + 1}" in said and "Use the newer version" in said


def test_a_new_workspace_gets_the_layout_of_this_version(workspace):
    startup.prepare(workspace)
    assert json.loads((workspace.root / "workspace.json").read_text())["layout"] == layout.LAYOUT
