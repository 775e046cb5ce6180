"""The state store under several processes and threads, and what users leave in it."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.config import Workspace
from core.errors import UserError
from core.state import State

KINDS = [f"kind {i}" for i in range(40)]


def _claim_all(root: str, token: str, answers) -> None:
    state = State(Workspace(Path(root)))
    mine = []
    while job := state.claim_job(token):
        mine.append(job.id)
    answers.put(mine)


def _add_all(root: str, answers) -> None:
    state = State(Workspace(Path(root)))
    answers.put([state.add_job(kind, {}, "test")[0].id for kind in KINDS])


def _in_processes(target, arguments: list[tuple]) -> list:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [context.Process(target=target, args=(*given, answers)) for given in arguments]
    for process in processes:
        process.start()
    found = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    return found


def test_two_processes_never_claim_the_same_job(workspace):
    state = State(workspace)
    ids = {state.add_job(kind, {}, "test")[0].id for kind in KINDS}
    first, second = _in_processes(_claim_all, [(str(workspace.root), "a"), (str(workspace.root), "b")])
    assert set(first) | set(second) == ids
    assert not set(first) & set(second)


def test_two_processes_that_ask_for_the_same_jobs_get_the_same_ones(workspace):
    # They also make the file at the same time, since it is not there yet.
    first, second = _in_processes(_add_all, [(str(workspace.root),)] * 2)
    assert first == second
    assert len(State(workspace).jobs()) == len(KINDS)


def test_many_threads_may_write_through_one_state(workspace):
    state = State(workspace)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: state.note("ana", "note", str(i)), range(80)))
    assert {entry.subject for entry in state.audit(100)} == {str(i) for i in range(80)}


def test_jobs_are_claimed_oldest_first(workspace):
    state = State(workspace)
    for kind in ("rescore", "import", "retrain"):
        state.add_job(kind, {}, "test")
    assert [state.claim_job("a").kind for _ in range(3)] == ["rescore", "import", "retrain"]


def test_a_job_ends_once_and_only_by_its_own_worker(workspace):
    state = State(workspace)
    token = state.take_worker()
    job, _ = state.add_job("rescore", {}, "test")
    state.claim_job(token)
    assert not state.end_job(job.id, "another worker", "failed")
    assert state.end_job(job.id, token, "done", result={"snapshot": "s"})
    assert not state.end_job(job.id, token, "failed")
    assert state.job(job.id).result == {"snapshot": "s"}


def test_there_is_one_champion_and_every_change_is_audited(workspace):
    state = State(workspace)
    assert state.set_champion("m1", "the first", "ana") is None
    assert state.set_champion("m2", "better Brier", "ben") == "m1"
    assert {m.id: m.status for m in state.model_statuses().values()} == {"m1": "retired", "m2": "champion"}
    newest, oldest = state.audit()
    assert (newest.actor, newest.act, newest.subject, newest.reason) == ("ben", "promote", "m2", "better Brier")
    assert newest.details == {"before": "m1"}
    assert newest.at >= oldest.at


def test_overrides_are_replaced_and_taken_back(workspace):
    state = State(workspace)
    state.set_override("P1", "lead_time_days", 21, "new supplier", "ana")
    state.set_override("P1", "lead_time_days", 28, "slower than said", "ana")
    assert [(o.field, o.value, o.reason) for o in state.overrides("P1")] == [("lead_time_days", 28, "slower than said")]
    state.set_override("P1", "lead_time_days", None, "back to the file", "ana")
    assert state.overrides() == []
    assert len(state.audit()) == 3


def test_comments_and_views_come_back_as_they_were_given(workspace):
    state = State(workspace)
    state.add_comment("P1", "圣诞灯笼 sells <b>early</b>", "ana")
    state.add_comment("P1", "agreed", "ben")
    assert [(c.text, c.actor) for c in state.comments("P1")] == [("agreed", "ben"), ("圣诞灯笼 sells <b>early</b>", "ana")]
    state.save_view("rising", "Christmas", {"category": ["Seasonal"]}, "ana")
    state.save_view("rising", "Christmas", {"category": ["Seasonal", "Lighting"]}, "ana")
    assert [v.choices for v in state.views("rising")] == [{"category": ["Seasonal", "Lighting"]}]
    state.delete_view("rising", "Christmas")
    assert state.views("rising") == []


def test_a_store_of_a_newer_version_is_refused_and_left_alone(workspace):
    State(workspace)
    with sqlite3.connect(workspace.state) as con:
        con.execute("pragma user_version = 99")
    with pytest.raises(UserError, match="version 99"):
        State(workspace)


def test_a_file_that_is_no_store_is_refused(workspace):
    workspace.state.write_bytes(b"not a database, but long enough to look at" * 50)
    with pytest.raises(UserError, match="a sound state store"):
        State(workspace)


def test_an_unknown_job_is_the_users_error(workspace):
    with pytest.raises(UserError, match="the number of a job"):
        State(workspace).job(7)


def test_nothing_stays_open_so_a_copy_of_the_one_file_is_a_backup(workspace, tmp_path):
    State(workspace).note("ana", "note", "before the copy")
    assert not workspace.state.with_name("state.sqlite-wal").exists()
    copy = Workspace(tmp_path / "copy").create()
    copy.state.write_bytes(workspace.state.read_bytes())
    assert [e.subject for e in State(copy).audit()] == ["before the copy"]
