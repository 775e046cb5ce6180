"""Background work as the pages and the command line see it: ask for it, watch it, cancel it. The worker does it (core/jobs/worker.py)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError
from core.jobs import kinds
from core.messages import Message, msg
from core.models import registry
from core.storage import locks
from core.storage.state import Job, State
from core.workspace import Workspace

UPLOADED = "[0-9a-f]" * 12  # the folder of an upload is named by its hash


def request(workspace: Workspace, kind: str, arguments: dict | None = None, actor: str = "dashboard") -> Job:
    """Queue a job. While one of its kind is queued or running, return that one instead.

    Raises UserError for an unknown kind, for arguments that it cannot use, and for an import of other files than those that are
    being imported: whoever sent them must not think that they are.
    """
    record = kinds.find(kind)
    arguments = kinds.checked(record, {k: v for k, v in (arguments or {}).items() if v not in (None, "")})
    job, new = State(workspace).add_job(kind, arguments, actor)
    if record.exact and not new and job.arguments != arguments:
        raise UserError(
            expected=msg("Only one job of a kind runs at a time."),
            found=msg(
                "Job {job} of the same kind, requested at {time} UTC, has not ended yet.", job=str(job.id), time=f"{job.created_at:%H:%M}"
            ),
            to_do=msg("Send this request again once that job has ended."),
        )
    return job


def cancel(workspace: Workspace, job_id: int) -> Job:
    """Cancel a job: a queued one at once, a running one within seconds (status "cancelled"). An ended job does not change."""
    job = State(workspace).cancel_job(job_id)
    drop_uploads(workspace)
    return job


def get(workspace: Workspace, job_id: int) -> Job:
    return State(workspace).job(job_id)


def recent(workspace: Workspace, limit: int = 20, *kinds: str, status: str = "") -> list[Job]:
    """Return the latest jobs, newest first, filtered by kinds and status where given."""
    return State(workspace).jobs(limit, kinds, status)


def running(workspace: Workspace) -> list[Job]:
    """Return the jobs that are queued or running, newest first; at most one per kind."""
    found = [job for kind in kinds.kinds() for job in recent(workspace, 1, kind) if job.active]
    return sorted(found, key=lambda job: job.id, reverse=True)


def reap(workspace: Workspace) -> list[int]:
    """Mark jobs whose worker is gone as "interrupted"; return their ids. All functions above do so first."""
    return State(workspace).reap()


def worker_alive(workspace: Workspace) -> bool:
    """Return whether a worker is alive to run queued jobs."""
    worker = State(workspace).worker()
    return worker is not None and worker.alive


def promote_and_rescore(workspace: Workspace, model_id: str, reason: Message | str, actor: str = "dashboard") -> Job:
    """Promote a model and queue the rescore that serves its forecasts."""
    registry.promote(workspace, model_id, reason, actor=actor)
    return request(workspace, "rescore", actor=actor)


def alert(workspace: Workspace, actor: str) -> None:
    """Check the alerts against the snapshot that was just published, and queue their webhook where there is one."""
    from core import alerts  # it asks snapshots, which loads duckdb; lists of jobs need none

    if alerts.check(workspace) and workspace.own_settings().notifications.webhook:
        request(workspace, "webhook", actor=actor)


# ---- uploaded files: customers' names and addresses stand in them, so none outlives its import


@contextmanager
def uploading(workspace: Workspace) -> Iterator[Path]:
    """Lock the folder of uploads, which only its owner can read, so that no process removes an upload before its import is requested."""
    workspace.create().uploads.mkdir(mode=0o700, exist_ok=True)
    with locks.locked(workspace.root / ".uploads.lock"):
        yield workspace.uploads


def drop_uploads(workspace: Workspace) -> None:
    """Remove uploads that nobody needs. Files that are checked or waiting for answers stay until they are imported or let go, and so
    do those of an import that waits, runs or was interrupted."""
    if not workspace.uploads.exists():
        return
    with uploading(workspace) as folder:
        given = [job.arguments for job in recent(workspace, 1, "import") if job.active or job.status == "interrupted"]
        given += [job.arguments for job in recent(workspace, 1, "pictures") if job.active]
        given += [job.arguments for job in (waiting_files(workspace),) if job is not None]
        needed = {Path(file).resolve() for one in given for file in (*one["files"], one.get("mapping", ""))}
        for upload in folder.glob(UPLOADED):
            if not any(file.is_relative_to(upload.resolve()) for file in needed):
                shutil.rmtree(upload)
        for file in folder.glob(UPLOADED + "-*"):  # of version 0.1.0, which put the hash before the name
            if file.resolve() not in needed:
                file.unlink()


def waiting_files(workspace: Workspace) -> Job | None:
    """Return the last check of files that are still there and not imported; None where no files wait.

    An import that failed before it stored anything leaves its files waiting: its answers can be changed. So does a check with answers that
    was cancelled or failed: the one before it holds. A first check that was cancelled or failed leaves none.
    """
    for check in recent(workspace, 20, "check"):
        if check.status in ("cancelled", "failed") and check.arguments.get("answers"):
            continue
        later = [job for job in recent(workspace, 5, "import") if job.id > check.id]
        imported = any(job.status == "done" or "report" in job.result for job in later)
        if check.status not in ("cancelled", "failed") and not imported and all(Path(file).exists() for file in check.arguments["files"]):
            return check
        break
    return None


def let_go(workspace: Workspace, check: Job) -> None:
    """Delete the uploads of a check. Files elsewhere stay: they are the user's."""
    with uploading(workspace) as folder:
        for file in (Path(f).resolve() for f in check.arguments["files"]):
            if file.is_relative_to(folder.resolve()):
                file.unlink(missing_ok=True)
    drop_uploads(workspace)
