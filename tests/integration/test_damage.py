"""Damaged, locked, lost and read-only: each gives a sentence with what to do, never a traceback, and what is served stays served."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.kept import copied
from fixtures.model_folders import write_model
from fixtures.tiny_snapshot import write_scored

from core import cli, jobs
from core.errors import UserError
from core.jobs import pipeline, worker
from core.messages import msg
from core.models import registry
from core.models.panel import Panel
from core.storage import access, audit, files, snapshots, startup, warehouse
from core.storage import duckdb as db
from core.storage.queries import Serving
from core.storage.state import State, file
from core.workspace import Workspace


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Workspace:
    """A shop that serves a snapshot of its champion m1; nobody changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("shop")).create()
    write_scored(workspace)
    for model in ("m1", "m2"):
        write_model(workspace, model)
    registry.promote(workspace, "m1", "the first")
    snapshots.publish(workspace)
    return workspace


@pytest.fixture
def shop(published, workspace) -> Workspace:
    """The same for one test alone."""
    copied(published.root, workspace.root)
    return workspace


def spoil(path: Path, how: str) -> None:
    """Puts damage in place of a file."""
    files.remove(path)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    if how == "malformed":
        path.write_bytes(b"not what it was, but long enough to look at" * 300)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "a folder":
        path.mkdir()


def three_sentences(error: UserError) -> bool:
    return all(str(part).endswith(".") and str(part)[0].isupper() or str(part).startswith("/") for part in error_parts(error))


def error_parts(error: UserError) -> tuple:
    return error.found, error.expected, error.to_do


DAMAGE = ("malformed", "empty", "a folder")


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_state_store_is_reported_with_what_to_do(shop, how):
    spoil(shop.state, how)
    with pytest.raises(UserError, match="state.sqlite (is damaged|cannot be used).*(Restore it|Check what)") as error:
        jobs.recent(shop)
    assert three_sentences(error.value)


@pytest.mark.parametrize("how", [*DAMAGE, "lost"])
def test_publish_rollback_and_promote_succeed_without_a_state_store_and_are_noted_there_later(shop, how, caplog):
    first = snapshots.current(shop).id
    spoil(shop.state, how)
    second = snapshots.publish(shop)
    snapshots.rollback(shop, first, "the new one looks odd")
    registry.promote(shop, "m2", "better")
    assert snapshots.current(shop).id == first
    assert registry.champion(shop) == "m2"
    assert "state store lacks" in caplog.text or how == "lost"
    files.remove(shop.state)
    startup.prepare(shop)
    noted = [(e.act, e.subject) for e in reversed(State(shop).audit())]
    assert noted == [("promote", "m1"), ("publish", first), ("publish", second), ("rollback", first), ("promote", "m2")]


def test_publish_succeeds_while_another_program_locks_the_state_store(shop, monkeypatch):
    monkeypatch.setattr(file, "BUSY_S", 0.1)
    with closing(sqlite3.connect(shop.state, isolation_level=None)) as con:
        con.execute("begin exclusive")
        second = snapshots.publish(shop)
        assert snapshots.current(shop).id == second
        with pytest.raises(UserError, match="locked for .*Close programs"):
            jobs.request(shop, "rescore")
    startup.prepare(shop)
    assert [e.subject for e in State(shop).audit()] == [second, snapshots.history(shop)[1].id, "m1"]


@pytest.mark.parametrize("lost", [("state.sqlite",), ("audit.jsonl",), ("state.sqlite", "audit.jsonl")])
def test_a_lost_state_store_or_audit_log_never_makes_another_model_the_champion(shop, lost, monkeypatch):
    shown = {"served": snapshots.current(shop).model, "promoted": "m1"}
    for name in lost:
        spoil(shop.root / name, "lost")
    startup.prepare(shop)
    assert registry.champion(shop) == shown["served" if len(lost) == 2 else "promoted"]
    asked = []
    monkeypatch.setattr(pipeline, "_run", lambda *_: asked.append("promote the first model") or {"text": ""})
    monkeypatch.setattr(pipeline, "_rescore", lambda *_: asked.append("rescore") or {"text": ""})
    pipeline.do_job(shop, "import", {}, lambda *_, **__: None)
    assert asked == ["rescore"]


def test_a_changed_line_of_the_audit_log_is_reported_and_a_half_written_last_one_is_none(shop):
    path = audit.path(shop)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"m1"', b'"m2"', 1))
    with pytest.raises(UserError, match="Line 1 of .*audit.jsonl has changed.*Restore audit.jsonl"):
        registry.champion(shop)
    path.write_bytes(whole + whole[:40])
    assert registry.champion(shop) == "m1"
    registry.promote(shop, "m2", "better")
    assert path.read_bytes().startswith(whole) and len(audit.acts(shop)) == 3


def test_any_flipped_bit_of_the_audit_log_is_noticed(shop):
    path = audit.path(shop)
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), 29):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match="has changed"):
            audit.acts(shop)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_warehouse_is_reported_with_what_to_do(workspace, how, capsys):
    spoil(workspace.warehouse, how)
    assert cli.main(["features", "--workspace", str(workspace.root)]) == 2
    said = capsys.readouterr().err
    wanted = ("There is a folder where", "Move it away") if how == "a folder" else ("is damaged", "Restore warehouse.duckdb from a backup")
    assert all(words in said for words in wanted) and "warehouse.duckdb" in said and "Traceback" not in said


def test_flipped_bits_of_a_warehouse_are_reported_when_they_are_read(workspace):
    with db.connect(workspace.warehouse) as con:
        con.execute("create table t as select range as i, hash(range) as h from range(200000)")
    content = bytearray(workspace.warehouse.read_bytes())
    for place in range(20_000, len(content), 4_000):
        content[place] ^= 4
    workspace.warehouse.write_bytes(content)
    with pytest.raises(UserError, match="is damaged.*Restore warehouse.duckdb"):
        with db.connect(workspace.warehouse, read_only=True) as con:
            con.execute("select bit_xor(hash(t)) from t").fetchall()


@pytest.mark.parametrize("name", ["panel.json", "panel.parquet", "texts.parquet"])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_panel_is_reported_with_what_to_do(tmp_path, name, how):
    from fixtures.tiny import tiny_panel

    folder = tiny_panel(tmp_path / "panel", products=4, origins=8)
    seal(folder)
    Panel.open(folder, tmp_path / "cache")
    spoil(folder / name, how)
    with pytest.raises(UserError, match=r"(panel|texts)\.[a-z]+.*(Run|run) `upswing features`"):
        Panel.open(folder, tmp_path / "cache")


def test_a_damaged_copy_of_a_panel_is_made_again(tmp_path):
    from fixtures.tiny import tiny_panel

    folder = tiny_panel(tmp_path / "panel", products=4, origins=8)
    x = Panel.open(folder, tmp_path / "cache").x.tobytes()
    (copy,) = (tmp_path / "cache").glob("*/x.npy")
    content = bytearray(copy.read_bytes())
    content[-5] ^= 1
    copy.write_bytes(content)
    assert Panel.open(folder, tmp_path / "cache").x.tobytes() == x


def seal(panel: Path) -> None:
    """A panel's hashes, as the features step writes them."""
    described = files.read_json(panel / "panel.json", "")
    files.write_sealed(panel / "panel.json", described | {"files": {"panel.parquet": files.sha256(panel / "panel.parquet")}})
    files.write_sealed(panel / "texts.json", {"files": {"texts.parquet": files.sha256(panel / "texts.parquet")}})


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_pointer_or_manifest_is_reported_and_a_rollback_repairs_it(shop, how):
    served = snapshots.current(shop)
    spoil(shop.current, how)
    with pytest.raises(UserError, match="CURRENT.*upswing rollback"):
        snapshots.current(shop)
    if how == "a folder":
        with pytest.raises(UserError, match="There is a folder where .*CURRENT.*Move it away"):
            snapshots.rollback(shop, served.id)
        shop.current.rmdir()
    snapshots.rollback(shop, served.id)
    assert snapshots.current(shop).id == served.id
    second = snapshots.publish(shop)
    spoil(served.path / "manifest.json", how)
    assert [s.id for s in snapshots.history(shop)] == [second]
    assert list(snapshots.damaged(shop)) == [served.id]
    with pytest.raises(UserError, match="manifest.json cannot be read.*Only a sound snapshot"):
        snapshots.rollback(shop, served.id)
    with pytest.raises(UserError, match="manifest.json.*upswing rollback"):
        Serving(served.path)


def test_a_full_disk_leaves_the_old_snapshot_served(shop, monkeypatch):
    places, failing = [], [None]

    def full(_descriptor: int) -> None:
        places.append(place())
        if places[-1] == failing[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    monkeypatch.setattr(snapshots, "check", lambda *_: [])  # half of the time, and it writes nothing
    old = snapshots.publish(shop)
    for failing[0] in dict.fromkeys(places):
        try:
            served = snapshots.publish(shop)
        except UserError as error:
            assert "full" in str(error) and snapshots.current(shop).id == old
        else:
            assert snapshots.current(shop).id == served
            old = served
    monkeypatch.undo()
    startup.prepare(shop)
    assert [a.subject for a in audit.acts(shop) if a.act == "publish"][-1] == snapshots.current(shop).id
    assert not list(shop.root.rglob("*.tmp*"))


def place() -> tuple[str, ...]:
    """Return the lines of core that lead to this call: a place where something is written."""
    return tuple(f"{line.filename}:{line.lineno}" for line in traceback.extract_stack() if "/core/" in line.filename)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full_or_read_only_is_reported(small_disk):
    shop = Workspace(small_disk / "shop").create()
    write_scored(shop)
    served = snapshots.publish(shop)
    (small_disk / "filler").write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize - 50_000))
    with pytest.raises(UserError, match="full"):
        snapshots.publish(shop)
    with pytest.raises(UserError, match="full"):
        with db.connect(shop.warehouse) as con:
            warehouse.complete(con)
            con.execute("create table t as select range as i, random() as r from range(1000000)")
    assert snapshots.current(shop).id == served and Serving(shop.snapshots / served).ask("meta").snapshot[0] == served
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(UserError, match="read-only"):
        snapshots.publish(shop)
    assert Serving(shop.snapshots / served).ask("meta").snapshot[0] == served


HOLD = """
import sys, time
from core.storage import duckdb as db
with db.connect(sys.argv[1]) as con:
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path: Path, seconds: float) -> subprocess.Popen:
    """Another process that writes to a warehouse for a while."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(seconds)], stdout=subprocess.PIPE, text=True, cwd=worker.REPOSITORY
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_job_waits_for_another_process_that_writes_the_warehouse_and_says_so(workspace):
    with hold(workspace.warehouse, 3.0):
        said, begun = [], time.monotonic()
        with access.waiting(60.0, lambda step, done, message="", **_: said.append(str(message))):
            with db.connect(workspace.warehouse) as con:
                assert con.execute("select 1").fetchone() == (1,)
        assert time.monotonic() - begun > 1.0
        assert set(said) == {"Waiting for another import to finish"}


def test_a_command_waits_a_shorter_time_and_then_says_who_is_at_work(workspace):
    with hold(workspace.warehouse, 60.0) as process:
        with access.waiting(0.5), pytest.raises(UserError, match="Another Upswing process.*upswing jobs"):
            with db.connect(workspace.warehouse):
                pass
        process.kill()


def test_a_job_that_waits_can_be_cancelled(workspace):
    with hold(workspace.warehouse, 60.0) as process:

        def cancel(*_, **__):
            raise KeyboardInterrupt

        with access.waiting(60.0, cancel), pytest.raises(KeyboardInterrupt):
            with db.connect(workspace.warehouse):
                pass
        process.kill()


def test_the_worker_waits_ten_minutes_for_the_warehouse(workspace, monkeypatch):
    seen = []
    monkeypatch.setattr(worker, "do_job", lambda *_: seen.append(access._patience.get().seconds) or {"text": msg("Done.")})
    monkeypatch.setattr(worker, "_end_with", lambda parent: None)
    monkeypatch.setattr(worker.os, "nice", lambda n: None)
    state = State(workspace)
    token = state.take_worker()
    state.add_job("rescore", {}, "test")
    worker.do(workspace, state.claim_job(token).id, token)
    assert seen == [600.0]


def test_two_decisions_at_the_same_time_are_made_one_after_the_other(shop):
    served = snapshots.current(shop).id
    threads = [threading.Thread(target=snapshots.rollback, args=(shop, served, str(i))) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(a.reason) for a in audit.acts(shop) if a.act == "rollback") == ["0", "1", "2", "3"]
