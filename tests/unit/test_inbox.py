"""The watched folder: complete files are imported once, refused ones are checked once, imported ones move away."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core import jobs
from core.jobs import inbox
from core.storage.state import State


@pytest.fixture
def left(workspace):
    """Leave a file in the inbox, last changed some seconds ago."""
    workspace.inbox.mkdir()

    def leave(name: str = "orders.csv", seconds: float = 60, text: str = "a\n") -> Path:
        file = workspace.inbox / name
        file.write_text(text)
        os.utime(file, (time.time() - seconds,) * 2)
        return file

    return leave


def end(workspace, status: str) -> None:
    state = State(workspace)
    token = state.take_worker() or state.worker().token
    state.end_job(state.claim_job(token).id, token, status, result={"text": "", "report": {}} if status == "done" else {})
    state.release_worker(token)


def kinds(workspace) -> list[str]:
    return [job.kind for job in reversed(jobs.recent(workspace))]


def test_without_an_inbox_nothing_is_asked_for(workspace):
    assert inbox.look(workspace) is None and kinds(workspace) == []


def test_complete_files_are_imported_together_and_once(workspace, left):
    files = [left("b.csv"), left("a.csv")]
    job = inbox.look(workspace)
    assert (job.kind, job.actor, job.arguments["files"]) == ("import", inbox.ACTOR, sorted(map(str, files)))
    assert inbox.look(workspace) is None and kinds(workspace) == ["import"]


def test_a_file_that_is_still_written_waits(workspace, left):
    left(seconds=1)
    assert inbox.look(workspace) is None


def test_imported_files_move_away(workspace, left):
    left()
    inbox.look(workspace)
    end(workspace, "done")
    assert inbox.look(workspace) is None
    assert [f.name for f in workspace.inbox.glob("**/*") if f.is_file()] == ["orders.csv"]
    assert (workspace.inbox / inbox.IMPORTED / "orders.csv").exists()


def test_a_refused_file_is_checked_once_for_the_page_and_tried_again_when_it_changes(workspace, left):
    file = left()
    inbox.look(workspace)
    end(workspace, "failed")
    assert inbox.look(workspace).kind == "check"
    end(workspace, "done")
    assert inbox.look(workspace) is None and jobs.waiting_files(workspace).arguments["files"] == [str(file)]
    jobs.let_go(workspace, jobs.waiting_files(workspace))
    assert file.exists(), "a file of the inbox is the user's"
    now = time.time()
    os.utime(file, (now + 60,) * 2)
    inbox.QUIET_S, kept = -1e6, inbox.QUIET_S
    try:
        assert inbox.look(workspace).kind == "import"
    finally:
        inbox.QUIET_S = kept
