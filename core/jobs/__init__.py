"""Background work as the pages and the command line see it: ask for it, watch it, cancel it. The worker does it (core/jobs/worker.py)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError
from core.messages import msg
from core.models import registry
from core.storage import locks
from core.storage.state import Job, State
from core.workspace import Workspace

# Kinds of jobs and the arguments they take; the worker hands these to core/jobs/pipeline.py.
KINDS: dict[str, frozenset[str]] = {
    "import": frozenset({"files", "preset", "mapping", "columns"}),
    "retrain": frozenset({"tuning", "since", "encoder"}),
    "rescore": frozenset(),
    "backtest": frozenset({"out", "train_until", "test_from", "test_until"}),
    "simulate": frozenset({"out"}),
    "explain": frozenset({"product_id"}),  # the words of one product's text
}
UPLOADED = "[0-9a-f]" * 12  # the folder of an upload is named by its hash


def request(workspace: Workspace, kind: str, arguments: dict | None = None, actor: str = "dashboard") -> Job:
    """Queues a job. While one of its kind is queued or running, that one is returned instead of a second.

    Raises UserError for an unknown kind or argument, for files to import that are not there, and for other files than those
    that are being imported: who sent them must not think that they are.
    """
    arguments = {k: v for k, v in (arguments or {}).items() if v not in (None, "")}
    if kind not in KINDS:
        raise UserError(
            expected=msg("The kinds of jobs are {kinds}.", kinds=list(KINDS)),
            found=msg('There is no kind of job "{kind}".', kind=kind),
            to_do=msg("Choose one of these kinds."),
        )
    unknown = sorted(arguments.keys() - KINDS[kind])
    if unknown:
        raise UserError(
            expected=msg("A job of kind {kind} takes the arguments {arguments}.", kind=kind, arguments=sorted(KINDS[kind]))
            if KINDS[kind]
            else msg("A job of kind {kind} takes no arguments.", kind=kind),
            found=msg("Unknown arguments are given: {arguments}.", arguments=unknown),
            to_do=msg("Leave them out."),
        )
    if kind == "explain" and "product_id" not in arguments:
        raise UserError(
            expected=msg("Explaining a text needs its product."), found=msg("No product is given."), to_do=msg("Give its product_id.")
        )
    if kind == "import":
        arguments["files"] = [str(Path(f).expanduser().resolve()) for f in arguments.get("files", [])]
        missing = [f for f in arguments["files"] if not Path(f).exists()]
        if missing or not arguments["files"]:
            raise UserError(
                expected=msg("An import needs one or more files."),
                found=msg("These files do not exist: {files}.", files=missing) if missing else msg("No file is given."),
                to_do=msg("Name files that exist."),
            )
    job, new = State(workspace).add_job(kind, arguments, actor)
    if kind == "import" and not new and job.arguments != arguments:
        raise UserError(
            expected=msg("Only one import runs at a time."),
            found=msg("Import {job}, requested at {time} UTC, has not ended yet.", job=str(job.id), time=f"{job.created_at:%H:%M}"),
            to_do=msg("Send these files again once it has ended."),
        )
    return job


def cancel(workspace: Workspace, job_id: int) -> Job:
    """A queued job ends at once, a running one within a few seconds (status "cancelled"); an ended one stays as it is."""
    job = State(workspace).cancel_job(job_id)
    drop_uploads(workspace)
    return job


def get(workspace: Workspace, job_id: int) -> Job:
    return State(workspace).job(job_id)


def recent(workspace: Workspace, limit: int = 20, *kinds: str, status: str = "") -> list[Job]:
    """The latest jobs, newest first; of these kinds and this status, where given."""
    return State(workspace).jobs(limit, kinds, status)


def running(workspace: Workspace) -> list[Job]:
    """Jobs queued or running, newest first; at most one of each kind."""
    found = [job for kind in KINDS for job in recent(workspace, 1, kind) if job.active]
    return sorted(found, key=lambda job: job.id, reverse=True)


def reap(workspace: Workspace) -> list[int]:
    """Marks jobs whose worker is gone as "interrupted" and gives their ids. All functions above do so first."""
    return State(workspace).reap()


def worker_alive(workspace: Workspace) -> bool:
    """Whether queued jobs will be done by anybody right now."""
    worker = State(workspace).worker()
    return worker is not None and worker.alive


def promote_and_rescore(workspace: Workspace, model_id: str, reason: str, actor: str = "dashboard") -> Job:
    """Makes a model the champion and queues the rescore that serves its forecasts."""
    registry.promote(workspace, model_id, reason, actor=actor)
    return request(workspace, "rescore", actor=actor)


# ---- uploaded files: customers' names and addresses stand in them, so none outlives its import


@contextmanager
def uploading(workspace: Workspace) -> Iterator[Path]:
    """The folder of uploads, for its owner's eyes and one process at a time: what is kept for a request is not dropped before it."""
    workspace.create().uploads.mkdir(mode=0o700, exist_ok=True)
    with locks.locked(workspace.root / ".uploads.lock"):
        yield workspace.uploads


def drop_uploads(workspace: Workspace) -> None:
    """Removes uploads that no import needs. One that waits or runs does, and an interrupted one until another is asked for."""
    if not workspace.uploads.exists():
        return
    with uploading(workspace) as folder:
        given = [job.arguments for job in recent(workspace, 1, "import") if job.active or job.status == "interrupted"]
        needed = {Path(file).resolve() for one in given for file in (*one["files"], one.get("mapping", ""))}
        for upload in folder.glob(UPLOADED):
            if not any(file.is_relative_to(upload.resolve()) for file in needed):
                shutil.rmtree(upload)
        for file in folder.glob(UPLOADED + "-*"):  # of version 0.1.0, which put the hash before the name
            if file.resolve() not in needed:
                file.unlink()
