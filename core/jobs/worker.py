"""The process that does queued jobs, each in a child process of its own.

The worker itself only claims, watches and tells that it is alive, so a crash or a lack of memory in the work fails that job
and nothing else. If the worker is killed, its child notices and ends too, and the job is found "interrupted". What is served
never depends on either: snapshots and models count only once they are whole.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

from core import jobs
from core.errors import Cancelled, UpswingError, UserError
from core.jobs.pipeline import SHARES, do_job
from core.messages import Message, msg
from core.storage import access, startup
from core.storage.state import Job, State, now
from core.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]
BEAT_S = 2.0
POLL_S = 0.3
CANCEL_GRACE_S = 3.0  # for the work to notice by itself that it is cancelled, before it is ended from outside
REPORT_S = 0.5
_CHILD = (sys.executable, "-m", "core.jobs.worker")


def start(workspace: Workspace) -> subprocess.Popen | None:
    """Starts a worker that survives this process, unless one is alive (then None). It writes to logs/worker.log."""
    worker = State(workspace).worker()
    if worker is not None and worker.alive:
        return None
    workspace.logs.mkdir(parents=True, exist_ok=True)
    with (workspace.logs / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "core", "worker", "--workspace", str(workspace.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=REPOSITORY,
        )


def work(workspace: Workspace, once: bool = False, child: tuple[str, ...] = _CHILD) -> None:
    """Does queued jobs, oldest first, one at a time, until stopped; with `once` until the queue is empty.

    SIGTERM or Ctrl-C ends it at once (the running job becomes "interrupted"), SIGHUP once the queue is empty.
    child is the command that does one job; it gets the workspace, the job's id and the worker's token.
    Raises UserError where the workspace already has a worker.
    """
    startup.prepare(workspace)
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
                found=msg("Process {process} is already its worker.", process=str(state.worker().pid)),
                to_do=msg("Leave the jobs to that worker."),
            )
        _log(f"worker {os.getpid()} waits for jobs of {workspace.root}")
        try:
            _work(workspace, state, token, stop, when_empty, child)
        finally:
            if workspace.state.exists():
                state.release_worker(token)
            _log(f"worker {os.getpid()} has ended")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _work(
    workspace: Workspace, state: State, token: str, stop: threading.Event, when_empty: threading.Event, child: tuple[str, ...]
) -> None:
    beaten = 0.0
    jobs.drop_uploads(workspace)  # what an earlier worker had no time to
    while not stop.is_set() and workspace.state.exists():
        if time.monotonic() - beaten >= BEAT_S:
            if not state.beat(token):
                _log("another worker has taken over")
                return
            beaten = time.monotonic()
        job = state.claim_job(token)
        if job is not None:
            _do(workspace, state, token, job, stop, child)
            jobs.drop_uploads(workspace)
        elif when_empty.is_set():
            return
        else:
            stop.wait(POLL_S)


def _do(workspace: Workspace, state: State, token: str, job: Job, stop: threading.Event, child: tuple[str, ...]) -> None:
    """Runs one job in a child process and sees to it that the job ends when the child does."""
    workspace.logs.mkdir(parents=True, exist_ok=True)
    log = workspace.logs / f"job-{job.id}.log"
    _log(f"job {job.id} ({job.kind}) begins, log in {log}")
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [*child, str(workspace.root), str(job.id), token],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=REPOSITORY,
        )
    cancelled_at = None
    try:
        while True:
            try:
                process.wait(POLL_S)
                break
            except subprocess.TimeoutExpired:
                pass
            if stop.is_set():
                _end(process)
                state.end_job(job.id, token, "interrupted", message=msg("The worker was stopped. Request the job again."))
                break
            if not state.beat(token, job.id):  # before each look at the job, which takes a silent worker's for lost
                break  # taken over: the job is no longer ours, `finally` ends the child
            if cancelled_at is None and state.job(job.id).cancel_requested:
                cancelled_at = time.monotonic()
            if cancelled_at is not None and time.monotonic() - cancelled_at > CANCEL_GRACE_S:
                _end(process)
                break
    finally:
        _end(process)
    # The child has noted how it ended, unless it could not.
    if cancelled_at is not None:
        state.end_job(job.id, token, "cancelled", message=msg("The job was cancelled."))
    killed = process.returncode == -signal.SIGKILL
    error = (
        msg("The job stopped: the system ended its process, most likely because memory ran out. Details: {log}", log=str(log))
        if killed
        else msg("The job stopped: its process ended with code {code}. Details: {log}", code=str(process.returncode), log=str(log))
    )
    state.end_job(job.id, token, "failed", error=error)
    ended = state.job(job.id)
    _log(f"job {job.id} ({job.kind}) {ended.status} {ended.error}".rstrip())


def _end(process: subprocess.Popen) -> None:
    """Ends the child and whatever it started."""
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
    """Does one claimed job and notes how it ended: done, cancelled, or failed with what to do about it."""
    state = State(workspace)
    job = state.job(job_id)
    _end_with(os.getppid())
    os.nice(5)  # the pages come first
    progress = JobProgress(state, job, token)
    try:
        with access.waiting(access.JOB_WAIT_S, progress):
            result = do_job(workspace, job.kind, job.arguments, progress)
    except Cancelled:
        state.end_job(job_id, token, "cancelled", message=msg("The job was cancelled."))
    except UpswingError as error:
        _log(str(error))
        state.end_job(job_id, token, "failed", error=error.message, result={"ask": error.ask} if error.ask else error.done)
    except Exception as error:
        traceback.print_exc()
        found = f"{type(error).__name__}: {error}"
        log = str(workspace.logs / f"job-{job_id}.log")
        state.end_job(job_id, token, "failed", error=msg("Something went wrong: {error}. Details: {log}", error=found, log=log))
    else:
        state.end_job(job_id, token, "done", message=_last_line(result["text"]), result=result)


def _last_line(text: Message | str) -> Message | str:
    """Return the last line of a result, which says what the job came to."""
    if isinstance(text, Message):
        lines = text.values.get("lines")
        return _last_line(lines[-1]) if lines else text
    return text.splitlines()[-1] if text else text


class JobProgress:
    """The Progress of a job: writes to its row at most twice a second, raises Cancelled when the job is to stop.

    done is the share of the whole job, by the usual shares of its steps; a step without a share counts for the step before it.
    The ETA is the time so far for each unit of share that was really worked, times what is left; a skipped step costs nothing.
    """

    def __init__(self, state: State, job: Job, token: str):
        self._state, self._job, self._token = state, job, token
        self._shares = SHARES[job.kind]
        self._steps: dict[str, float] = {}  # how far each step is that was worked on
        self._done, self._figures = 0.0, {}
        self._begun, self._reported, self._step = time.monotonic(), 0.0, None

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
        self._step, self._reported = step, elapsed
        worked = sum(self._shares[s] * share for s, share in self._steps.items())
        eta = elapsed / worked * (1 - self._done) if worked > 0.02 else None
        if not self._state.report_job(
            self._job.id, self._token, step=step, done=self._done, message=message, figures=self._figures, eta_s=eta
        ):
            raise Cancelled()


def _end_with(parent: int) -> None:
    """Ends this process soon after its parent, however that came about: nobody would be told of the work any more."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        _log("the worker is gone, and so the work ends here")
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _log(text: str) -> None:
    print(f"{now().isoformat(sep=' ', timespec='seconds')}  {text}", flush=True)


if __name__ == "__main__":
    do(Workspace(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3])
