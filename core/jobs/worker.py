"""The process that does queued jobs, each in a child process of its own. Short and outgoing jobs have lanes beside the long ones.

The worker itself only claims, watches and tells that it is alive, so a crash or a lack of memory in the work fails that job
and nothing else. If the worker is killed, its child notices and ends too, and the job is found "interrupted". What is served
never depends on either: snapshots and models count only once they are whole.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from core import jobs, log
from core.errors import Cancelled, UpswingError, UserError
from core.jobs import inbox, kinds, schedule
from core.jobs.pipeline import do_job
from core.messages import Message, msg
from core.storage import access, audit, startup
from core.storage.state import Job, State
from core.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]
BEAT_S = 2.0
POLL_S = 0.3
INBOX_S = 5.0
SCHEDULE_S = 20.0
CANCEL_GRACE_S = 3.0  # for the work to notice by itself that it is cancelled, before it is ended from outside
REPORT_S = 0.5
_CHILD = (sys.executable, "-m", "core.jobs.worker")


def start(workspace: Workspace) -> subprocess.Popen | None:
    """Start a worker that survives this process, unless one is alive (then None).

    Its events are in logs/worker.jsonl; logs/worker.log has them readable, with whatever a library prints.
    """
    worker = State(workspace).worker()
    if worker is not None and worker.alive:
        return None
    workspace.logs.mkdir(parents=True, exist_ok=True)
    with (workspace.logs / "worker.log").open("ab") as printed:
        return subprocess.Popen(
            [sys.executable, "-m", "core", "worker", "--workspace", str(workspace.root)],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=REPOSITORY,
        )


def work(workspace: Workspace, once: bool = False, child: tuple[str, ...] = _CHILD) -> None:
    """Do queued jobs, oldest first, one in each lane at a time, until stopped; with `once` until the queue is empty.

    SIGTERM or Ctrl-C ends it at once (running jobs become "interrupted"), SIGHUP once the queue is empty.
    child is the command that does one job; it gets the workspace, the job's id and the worker's token.
    Raises UserError where the workspace already has a worker.
    """
    startup.prepare(workspace)
    log.start(workspace.logs, "worker", sys.stdout)
    state = State(workspace)
    stop, when_empty = threading.Event(), threading.Event()
    if once:
        when_empty.set()
    handlers = {
        signal.SIGTERM: lambda *_: stop.set(),
        signal.SIGINT: lambda *_: stop.set(),
        signal.SIGHUP: lambda *_: when_empty.set(),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        token = state.take_worker()  # from here on others may signal this process
        if token is None:
            raise UserError(
                expected=msg("A workspace has one worker."),
                found=msg("Process {process} is already its worker.", process=str(other.pid if (other := state.worker()) else "?")),
                to_do=msg("Leave the jobs to that worker."),
            )
        log.event("worker_started", process=os.getpid())
        try:
            _work(workspace, state, token, stop, when_empty, child)
        finally:
            if workspace.state.exists():
                state.release_worker(token)
            log.event("worker_ended", process=os.getpid())
    finally:
        log.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _work(
    workspace: Workspace, state: State, token: str, stop: threading.Event, when_empty: threading.Event, child: tuple[str, ...]
) -> None:
    beaten, looked, planned = 0.0, 0.0, 0.0
    running: list[_Running] = []
    jobs.drop_uploads(workspace)  # what an earlier worker had no time to
    try:
        while workspace.state.exists() and not stop.is_set():
            if time.monotonic() - beaten >= BEAT_S:
                if not state.beat(token):
                    log.event("worker_replaced", logging.WARNING, process=os.getpid())
                    return
                beaten = time.monotonic()
            ended = [one for one in running if one.look()]
            running = [one for one in running if one not in ended]
            if ended:
                jobs.drop_uploads(workspace)
            if time.monotonic() - looked >= INBOX_S and not running:
                inbox.look(workspace)
                looked = time.monotonic()
            if time.monotonic() - planned >= SCHEDULE_S and not when_empty.is_set():
                _look_at_schedule(workspace)
                planned = time.monotonic()
            job = state.claim_job(token, _eligible([one.job for one in running]))
            if job is not None:
                running.append(_Running(workspace, state, token, job, child))
            elif when_empty.is_set() and not running:
                return
            else:
                stop.wait(POLL_S)
    finally:
        for one in running:
            one.stop()
        if running:
            jobs.drop_uploads(workspace)


def _look_at_schedule(workspace: Workspace) -> None:
    try:
        schedule.look(workspace)
    except UserError as error:  # settings that cannot be read now: jobs go on, and the next look tries again
        log.event("schedule_waits", logging.WARNING, **log.failure(error))


def _eligible(running: list[Job]) -> Callable[[str], bool]:
    """Return which kinds may start beside the running jobs: those of a free lane that write nothing that is being written."""
    known = kinds.kinds()
    busy = [known[job.kind] for job in running if job.kind in known]
    lanes, locked = {kind.lane for kind in busy}, {lock for kind in busy for lock in kind.locks}

    def eligible(name: str) -> bool:
        kind = known.get(name)
        return kind is None or (kind.lane not in lanes and not kind.locks & locked)  # an unknown kind fails with words

    return eligible


class _Running:
    """A job in a child process; it ends when the child does."""

    def __init__(self, workspace: Workspace, state: State, token: str, job: Job, child: tuple[str, ...]):
        self.job, self._state, self._token = job, state, token
        self._cancelled_at: float | None = None
        workspace.logs.mkdir(parents=True, exist_ok=True)
        self._log = workspace.logs / f"job-{job.id}.log"
        log.event("job_started", job=job.id, kind=job.kind, output=self._log.name)
        with self._log.open("ab") as stream:
            self._process = subprocess.Popen(
                [*child, str(workspace.root), str(job.id), token],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=REPOSITORY,
            )

    def look(self) -> bool:
        """Return whether the job has ended, after noting how if the child could not; a cancelled one ends within a few seconds."""
        if self._process.poll() is None:
            if not self._state.beat(self._token, self.job.id):  # before each look at the job, which takes a silent worker's for lost
                _end(self._process)  # another worker has taken over: the job is no longer ours
            else:
                if self._cancelled_at is None and self._state.job(self.job.id).cancel_requested:
                    self._cancelled_at = time.monotonic()
                if self._cancelled_at is None or time.monotonic() - self._cancelled_at <= CANCEL_GRACE_S:
                    return False
                _end(self._process)
        self._note_end()
        return True

    def stop(self) -> None:
        """End the job at once, as interrupted."""
        if self._process.poll() is None:
            _end(self._process)
            self._state.end_job(self.job.id, self._token, "interrupted", message=msg("The worker was stopped. Request the job again."))
        self._note_end()

    def _note_end(self) -> None:
        job, code = self.job, self._process.returncode
        if self._cancelled_at is not None:
            self._state.end_job(job.id, self._token, "cancelled", message=msg("The job was cancelled."))
        error = (
            msg("The job stopped: the system ended its process, most likely because memory ran out. Details: {log}", log=str(self._log))
            if code == -signal.SIGKILL
            else msg("The job stopped: its process ended with code {code}. Details: {log}", code=str(code), log=str(self._log))
        )
        self._state.end_job(job.id, self._token, "failed", error=error)  # nothing where the child has noted its own end
        ended = self._state.job(job.id)
        log.event("job_ended", job=job.id, kind=job.kind, status=ended.status, code=code)


def _end(process: subprocess.Popen) -> None:
    """End the child and every process that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            pass
    process.wait()


# ---- inside the child


def do(workspace: Workspace, job_id: int, token: str) -> None:
    """Do one claimed job and note how it ended: done, cancelled, or failed with what to do about it. Its events are in logs/jobs.jsonl."""
    log.start(workspace.logs, "jobs", sys.stdout)
    state = State(workspace)
    job = state.job(job_id)
    _end_with(os.getppid())
    os.nice(5)  # the pages come first
    progress = JobProgress(state, job, token)
    try:
        with access.waiting(access.JOB_WAIT_S, progress), audit.publishing_for(job.actor):
            result = do_job(workspace, job.kind, job.arguments, progress)
    except Cancelled:
        state.end_job(job_id, token, "cancelled", message=msg("The job was cancelled."))
    except UpswingError as error:
        log.event("job_failed", logging.WARNING, job=job_id, **log.failure(error))
        print(error, flush=True)
        state.end_job(job_id, token, "failed", error=error.message, result={"ask": error.ask} if error.ask else error.done)
    except Exception as error:
        log.event("job_failed", logging.ERROR, job=job_id, **log.failure(error))
        traceback.print_exc()
        found = f"{type(error).__name__}: {error}"
        printed = str(workspace.logs / f"job-{job_id}.log")
        state.end_job(job_id, token, "failed", error=msg("Something went wrong: {error}. Details: {log}", error=found, log=printed))
    else:
        state.end_job(job_id, token, "done", message=_last_line(result["text"]), result=result)


def _last_line(text: Message | str) -> Message | str:
    """Return the last line of a result, which says what the job came to."""
    if isinstance(text, Message):
        lines = text.values.get("lines")
        return _last_line(lines[-1]) if isinstance(lines, list) and lines else text
    return text.splitlines()[-1] if text else text


class JobProgress:
    """The Progress of a job: writes to its row at most twice a second, raises Cancelled when the job is to stop.

    done is the share of the whole job, by the usual shares of its steps; a step without a share counts for the step before it.
    The ETA is the time so far for each unit of share that was really worked, times what is left; a skipped step costs nothing.
    """

    def __init__(self, state: State, job: Job, token: str):
        self._state, self._job, self._token = state, job, token
        known = kinds.kinds()
        self._shares = known[job.kind].steps if job.kind in known else {}
        self._steps: dict[str, float] = {}  # how far each step is that was worked on
        self._done, self._figures = 0.0, dict[str, float]()
        self._begun, self._reported = time.monotonic(), 0.0
        self._step: str | None = None

    def __call__(self, step: str, done: float, message: Message | str = "", **figures: float) -> None:
        if step in self._shares:
            self._steps[step] = max(self._steps.get(step, 0.0), min(max(float(done), 0.0), 1.0))
            earlier = list(self._shares)[: list(self._shares).index(step)]
            overall = sum(self._shares[s] for s in earlier) + self._shares[step] * self._steps[step]
            self._done = max(self._done, min(overall, 1.0))
        self._figures |= {name: float(value) for name, value in figures.items()}
        elapsed = time.monotonic() - self._begun
        if step == self._step and elapsed - self._reported < REPORT_S:
            return
        if step != self._step:
            log.event("step_started", job=self._job.id, step=step, seconds=round(elapsed, 1))
        self._step, self._reported = step, elapsed
        worked = sum(self._shares[s] * share for s, share in self._steps.items())
        eta = elapsed / worked * (1 - self._done) if worked > 0.02 else None
        if not self._state.report_job(
            self._job.id, self._token, step=step, done=self._done, message=message, figures=self._figures, eta_s=eta
        ):
            raise Cancelled()


def _end_with(parent: int) -> None:
    """End this process soon after its parent ends for any reason: nothing would receive its results."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        log.event("worker_lost", logging.WARNING, worker=parent)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    do(Workspace(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3])
