"""Jobs end to end: asked for, claimed, done in a child process, cancelled, interrupted. The work itself is made up."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import jobs
from core.capabilities.record import PANEL, SHORT, JobKind
from core.errors import Cancelled, UserError
from core.jobs import kinds, worker
from core.messages import show
from core.storage.state import STALE_AFTER_S, State, now, records
from core.workspace import Workspace

MADE_UP = (sys.executable, "-m", "tests.fixtures.fake_job")  # as a module, so that it imports the core of this checkout
WORKER = """
import sys
from core.jobs.worker import work
from core.workspace import Workspace
work(Workspace.at(sys.argv[1]), child=tuple(sys.argv[2:]))
"""


def until(condition, seconds: float = 30.0):
    """Waits for what other processes do; a condition that never comes fails the test."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


@pytest.fixture
def working(workspace):
    """A worker in a process of its own, with made-up work."""
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(workspace.root), *MADE_UP])
    yield process
    process.kill()
    process.wait()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def do_now(workspace: Workspace, todo: str):
    job = jobs.request(workspace, "retrain", {"since": todo})
    worker.work(workspace, once=True, child=MADE_UP)
    return jobs.get(workspace, job.id)


def test_a_second_request_returns_the_job_that_is_there(workspace):
    first = jobs.request(workspace, "retrain", {"tuning": "frozen"}, actor="ana")
    second = jobs.request(workspace, "retrain", {"tuning": "last-3"}, actor="ben")
    assert second == first
    other = jobs.request(workspace, "rescore")
    assert {job.id for job in jobs.running(workspace)} == {first.id, other.id}


def test_a_second_request_returns_the_running_job(workspace):
    state = State(workspace)
    first = jobs.request(workspace, "retrain")
    state.claim_job(state.take_worker())
    again = jobs.request(workspace, "retrain")
    assert (again.id, again.status) == (first.id, "running")


def test_after_a_job_has_ended_the_next_request_is_a_new_one(workspace):
    first = jobs.request(workspace, "rescore")
    jobs.cancel(workspace, first.id)
    assert jobs.request(workspace, "rescore").id != first.id


def test_a_request_of_an_unknown_kind_or_argument_is_refused(workspace):
    with pytest.raises(UserError, match='no kind of job "retran"'):
        jobs.request(workspace, "retran")
    with pytest.raises(UserError, match="tunning"):
        jobs.request(workspace, "retrain", {"tunning": "frozen"})
    with pytest.raises(UserError, match="do not exist"):
        jobs.request(workspace, "import", {"files": [str(workspace.root / "nowhere.csv")]})
    assert jobs.recent(workspace) == []


def test_other_files_than_those_that_are_being_imported_are_refused_not_dropped(workspace, tmp_path):
    for name in ("orders.csv", "stock.csv"):
        (tmp_path / name).write_text("a;b")
    first = jobs.request(workspace, "import", {"files": [tmp_path / "orders.csv"], "preset": "generic"})
    assert jobs.request(workspace, "import", {"files": [tmp_path / "orders.csv"], "preset": "generic"}) == first
    with pytest.raises(UserError, match=f"Job {first.id} of the same kind.*once that job has ended"):
        jobs.request(workspace, "import", {"files": [tmp_path / "stock.csv"], "preset": "generic"})
    jobs.cancel(workspace, first.id)
    assert jobs.request(workspace, "import", {"files": [tmp_path / "stock.csv"], "preset": "generic"}).id != first.id


def test_jobs_of_a_kind_are_found_behind_any_number_of_others(workspace):
    ended = [("simulate", "done"), *[("explain", "done")] * 110, *[("simulate", "failed")] * 2]
    with State(workspace)._write() as con:
        con.executemany("insert into jobs (kind, status, arguments, created_at, actor) values (?, ?, '{}', '2026-11-26', 'test')", ended)
    waiting = jobs.request(workspace, "rescore")
    assert [job.id for job in jobs.recent(workspace, 20, "simulate", "rescore")] == [waiting.id, 113, 112, 1]
    assert [job.id for job in jobs.recent(workspace, 20, "simulate", status="done")] == [1]
    assert len(jobs.recent(workspace, 200)) == len(ended) + 1 and jobs.running(workspace) == [waiting]


def test_a_queued_job_is_cancelled_at_once(workspace):
    job = jobs.request(workspace, "backtest")
    assert jobs.cancel(workspace, job.id).status == "cancelled"
    assert jobs.running(workspace) == []


def test_a_done_job_holds_its_result_and_stays_done_when_cancelled(workspace):
    job = do_now(workspace, "steps")
    assert (job.status, job.done, str(job.message), job.result["model"]) == ("done", 1.0, "model m1", "m1")
    assert job.figures == {"loss": 0.25}
    assert job.result["publisher"] == job.actor == "dashboard"  # who asked for the job publishes, and no command line
    assert jobs.cancel(workspace, job.id).status == "done"


def test_a_users_error_is_the_jobs_error_in_its_own_words(workspace):
    job = do_now(workspace, "user error")
    assert job.status == "failed"
    assert (
        show(job.error) == "The warehouse has none of them. Features need orders, views, carts or reviews. Import a file with one of them."
    )
    assert show(job.error, "zh").startswith("数据仓库中都没有。")
    assert job.result == {"report": {"rows_read": 3}}, "what was done before stays told"


def test_a_fault_names_the_log_that_holds_its_traceback(workspace):
    job = do_now(workspace, "fault")
    log = workspace.logs / f"job-{job.id}.log"
    assert job.status == "failed" and "ZeroDivisionError: by nothing" in str(job.error) and str(log) in str(job.error)
    assert "Traceback" in log.read_text()


def test_work_that_the_system_kills_is_a_failed_job_and_the_worker_goes_on(workspace):
    job = do_now(workspace, "die")
    assert job.status == "failed" and "memory ran out" in str(job.error)
    assert do_now(workspace, "steps").status == "done"


@pytest.mark.parametrize("todo", ["forever", "deaf"])
def test_a_running_job_is_cancelled_whether_or_not_it_listens(workspace, working, todo):
    job = jobs.request(workspace, "retrain", {"since": todo})
    pid = int(until(lambda: (workspace.root / "child.pid").exists() and (workspace.root / "child.pid").read_text()))
    assert jobs.cancel(workspace, job.id).status == "running"
    until(lambda: jobs.get(workspace, job.id).status == "cancelled")
    until(lambda: gone(pid))
    after = jobs.request(workspace, "retrain", {"since": "steps"})
    until(lambda: jobs.get(workspace, after.id).status == "done")


def test_a_killed_worker_leaves_an_interrupted_job_and_no_work_behind(workspace, working):
    job = jobs.request(workspace, "retrain", {"since": "deaf"})
    pid = int(until(lambda: (workspace.root / "child.pid").exists() and (workspace.root / "child.pid").read_text()))
    working.kill()
    working.wait()
    found = jobs.get(workspace, job.id)
    assert found.status == "interrupted" and "equest the job again" in str(found.message)
    assert not jobs.worker_alive(workspace)
    until(lambda: gone(pid))
    assert jobs.request(workspace, "retrain").id != job.id


def test_a_stopped_worker_ends_its_work_and_says_so(workspace, working):
    job = jobs.request(workspace, "retrain", {"since": "forever"})
    until(lambda: jobs.get(workspace, job.id).step == "train")
    working.send_signal(signal.SIGTERM)
    assert working.wait(30) == 0
    assert jobs.get(workspace, job.id).status == "interrupted"
    assert State(workspace).worker() is None


def test_a_worker_whose_server_has_gone_ends_when_its_queue_is_empty(workspace, working):
    first = jobs.request(workspace, "retrain", {"since": "forever"})
    until(lambda: jobs.get(workspace, first.id).status == "running")
    working.send_signal(signal.SIGHUP)
    jobs.cancel(workspace, first.id)
    assert working.wait(30) == 0
    assert jobs.get(workspace, first.id).status == "cancelled"


def test_a_second_worker_is_refused_while_the_first_is_alive(workspace):
    state = State(workspace)
    token = state.take_worker()
    with pytest.raises(UserError, match="already its worker"):
        worker.work(workspace, once=True)
    state.release_worker(token)
    worker.work(workspace, once=True)


def test_a_worker_of_another_host_without_a_heartbeat_is_taken_for_dead(workspace, monkeypatch):
    state = State(workspace)
    job = jobs.request(workspace, "rescore")
    old = state.take_worker()
    state.claim_job(old)
    monkeypatch.setattr("core.storage.state.records.socket.gethostname", lambda: "another")
    assert jobs.reap(workspace) == []
    later = now() + timedelta(seconds=STALE_AFTER_S + 1)
    monkeypatch.setattr("core.storage.state.records.now", lambda: later)
    assert jobs.reap(workspace) == [job.id]
    assert state.take_worker() is not None
    assert not state.beat(old), "the old worker must learn that it was replaced"


def silent(workspace) -> None:
    """As after the machine slept that long, or its clock was set on."""
    then = now() - timedelta(seconds=STALE_AFTER_S + 5)
    with State(workspace)._write() as con:
        con.execute("update heartbeats set beat_at = ?", (then.isoformat(timespec="milliseconds"),))


def test_a_worker_that_slept_with_the_machine_goes_on_with_its_job(workspace, working):
    job = jobs.request(workspace, "retrain", {"since": "forever"})
    until(lambda: jobs.get(workspace, job.id).step == "train")
    silent(workspace)
    assert jobs.reap(workspace) == [] and jobs.worker_alive(workspace)
    with pytest.raises(UserError, match="already its worker"):
        worker.work(workspace, once=True)
    told = jobs.get(workspace, job.id).heartbeat_at
    until(lambda: jobs.get(workspace, job.id).heartbeat_at > told)
    assert jobs.get(workspace, job.id).status == "running"


def test_a_worker_that_cannot_see_processes_beats_before_it_looks_at_its_job(workspace, monkeypatch):
    monkeypatch.setattr("core.storage.state.process", lambda pid: "")
    look = State.job
    monkeypatch.setattr(State, "job", lambda *given: (look(*given), silent(workspace))[0])  # the machine sleeps after each look
    ends = (
        "import sys, time; from core.workspace import Workspace; from core.storage.state import State; time.sleep(1); "
        "State(Workspace.at(sys.argv[1])).end_job(int(sys.argv[2]), sys.argv[3], 'done')"
    )
    jobs.request(workspace, "retrain")
    worker.work(workspace, once=True, child=(sys.executable, "-c", ends))
    assert State(workspace).jobs()[0].status == "done"


@pytest.mark.parametrize("heir", ["another process", "a zombie"])
def test_a_dead_worker_is_dead_at_once_though_its_number_is_in_use(workspace, heir):
    state = State(workspace)
    job = jobs.request(workspace, "rescore")
    state.claim_job(state.take_worker())
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        with state._write() as con:
            con.execute("update heartbeats set pid = ?", (process.pid,))
        if heir == "a zombie":
            with state._write() as con:
                con.execute("update heartbeats set process = ?", (records.process(process.pid),))
            assert jobs.worker_alive(workspace)
            process.kill()
            until(lambda: gone(process.pid))
        assert not jobs.worker_alive(workspace) and jobs.reap(workspace) == [job.id]
        process.stdin.close()


def test_progress_of_a_job_that_is_no_longer_its_own_is_cancelled(workspace, monkeypatch):
    state = State(workspace)
    job = jobs.request(workspace, "rescore")
    token = state.take_worker()
    progress = worker.JobProgress(state, state.claim_job(token), token)
    progress("features", 0.1)
    state.release_worker(token)
    jobs.reap(workspace)
    with pytest.raises(Cancelled):
        progress("score", 0.1)
    assert jobs.get(workspace, job.id).status == "interrupted"


def test_done_and_eta_follow_the_steps_shares_and_a_skipped_step_costs_nothing(workspace, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(kinds, "PIPELINE", (replace(kinds.find("retrain"), steps={"features": 0.25, "train": 0.75}),))
    state = State(workspace)
    jobs.request(workspace, "retrain")
    token = state.take_worker()
    progress = worker.JobProgress(state, state.claim_job(token), token)
    clock[0] += 30
    progress("train", 0.4, "epoch 4", loss=0.2)  # the features were fresh: skipped
    job = jobs.running(workspace)[0]
    assert job.done == pytest.approx(0.25 + 0.3)
    assert job.eta_s == pytest.approx(30 / 0.3 * 0.45)
    progress("warm-up", 0.0)  # a step without a share moves nothing
    progress("train", 0.2)  # nor does a step that starts anew
    assert jobs.running(workspace)[0].done == pytest.approx(0.55)


def test_the_shares_of_every_kind_of_job_sum_to_one():
    for kind in kinds.kinds().values():
        assert sum(kind.steps.values()) == pytest.approx(1), kind.name


def test_every_kind_names_a_function_that_exists():
    for kind in kinds.kinds().values():
        module, function = kind.run.split(":")
        assert function in {node.name for node in ast.parse(Path(find_spec(module).origin).read_text()).body if hasattr(node, "name")}


def test_every_kind_and_step_has_a_label_in_both_languages():
    for kind in kinds.kinds().values():
        for label in (kind.label, *(kinds.step_label(kind.name, step) for step in kind.steps)):
            assert show(label, "zh") != show(label, "en"), (kind.name, label)


def test_a_short_job_runs_beside_a_long_one(workspace, working):
    long = jobs.request(workspace, "retrain", {"since": "forever"})
    until(lambda: jobs.get(workspace, long.id).step == "train")
    short = jobs.request(workspace, "explain", {"product_id": "steps"})
    until(lambda: jobs.get(workspace, short.id).status == "done")
    assert jobs.get(workspace, long.id).status == "running"


def test_two_long_jobs_run_one_after_the_other(workspace, working):
    first = jobs.request(workspace, "retrain", {"since": "forever"})
    until(lambda: jobs.get(workspace, first.id).step == "train")
    second = jobs.request(workspace, "backtest")
    short = jobs.request(workspace, "explain", {"product_id": "steps"})
    until(lambda: jobs.get(workspace, short.id).status == "done")
    assert jobs.get(workspace, second.id).status == "queued", "a short job passes it, and it waits for the long one"
    jobs.cancel(workspace, first.id)
    until(lambda: jobs.get(workspace, second.id).status != "queued")


def test_a_cancelled_job_leaves_the_other_lane_running(workspace, working):
    long = jobs.request(workspace, "retrain", {"since": "forever"})
    short = jobs.request(workspace, "explain", {"product_id": "deaf"})
    until(lambda: (workspace.root / "explain.pid").exists() and jobs.get(workspace, long.id).step == "train")
    jobs.cancel(workspace, short.id)
    until(lambda: jobs.get(workspace, short.id).status == "cancelled")
    assert jobs.get(workspace, long.id).status == "running"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_interrupts_the_jobs_of_both_lanes_and_leaves_no_work_behind(workspace, working, number):
    both = [jobs.request(workspace, "retrain", {"since": "deaf"}), jobs.request(workspace, "explain", {"product_id": "deaf"})]
    files = [workspace.root / "child.pid", workspace.root / "explain.pid"]
    pids = until(lambda: all(file.exists() and file.read_text() for file in files) and [int(file.read_text()) for file in files])
    working.send_signal(number)
    working.wait(30)
    assert [jobs.get(workspace, job.id).status for job in both] == ["interrupted", "interrupted"]
    until(lambda: all(gone(pid) for pid in pids))


def test_jobs_that_write_the_same_never_run_at_once(monkeypatch):
    label, run = kinds.find("retrain").label, kinds.find("retrain").run
    writer = JobKind("note", label, {}, run, locks=frozenset({PANEL}), lane=SHORT)
    monkeypatch.setattr(kinds, "PIPELINE", (*kinds.PIPELINE, writer))
    eligible = worker._eligible([SimpleNamespace(kind="retrain")])
    assert not eligible("note") and not eligible("backtest") and eligible("explain")
    assert worker._eligible([])("note")


def test_a_job_of_an_unknown_kind_fails_with_what_is_known(workspace):
    with State(workspace)._write() as con:
        con.execute(
            "insert into jobs (kind, status, arguments, created_at, actor) values ('prophesy', 'queued', '{}', '2026-11-26', 'test')"
        )
    worker.work(workspace, once=True)
    (job,) = jobs.recent(workspace)
    assert job.status == "failed" and 'no kind of job "prophesy"' in str(job.error)
