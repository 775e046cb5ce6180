"""A workspace is its owner's alone, whoever writes its files."""

from __future__ import annotations

import os
import stat

from fixtures.importing import ORDERS, write

from core.cli import main
from core.ingest import import_files
from core.storage import private, startup
from core.storage.state import State
from core.workspace import Workspace


def open_to_others(root) -> list[str]:
    return [str(p.relative_to(root)) for p in (root, *root.rglob("*")) if stat.S_IMODE(p.lstat().st_mode) & 0o077]


def test_an_import_writes_for_its_owner_alone(tmp_path):
    workspace = Workspace(tmp_path / "shop")
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert open_to_others(workspace.root) == []


def test_a_command_writes_for_its_owner_alone_and_exports_for_the_others_too(tmp_path):
    root, report = tmp_path / "shop", tmp_path / "report.json"
    assert main(["import", str(write(tmp_path, "orders.csv", ORDERS)), "--workspace", str(root), "--report", str(report), "-q"]) == 0
    State(Workspace(root)).jobs()
    assert (root / "logs" / "commands.jsonl").exists() and open_to_others(root) == []
    assert stat.S_IMODE(report.stat().st_mode) == 0o666 & ~_umask()


def test_a_workspace_that_others_could_read_is_closed_before_it_is_written_to(workspace):
    (workspace.root / "logs").mkdir(mode=0o755)
    (workspace.root / "logs" / "worker.log").write_text("")
    os.chmod(workspace.root, 0o755)
    assert open_to_others(workspace.root)
    startup.prepare(workspace)
    assert open_to_others(workspace.root) == []


def test_what_is_written_elsewhere_keeps_the_usual_permissions(tmp_path):
    before = _umask()
    with private.owner_only():
        (tmp_path / "inside").touch()
    assert _umask() == before and stat.S_IMODE((tmp_path / "inside").stat().st_mode) == 0o600


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found
