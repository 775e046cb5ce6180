"""The watched folder `inbox/`: what is left there is imported under the remembered answers, and waits on the Data page where it asks."""

from __future__ import annotations

import time
from datetime import UTC
from pathlib import Path

from core import jobs
from core.storage.state import Job
from core.workspace import Workspace

ACTOR = "inbox"
QUIET_S = 10.0  # a file that has not changed for so long is complete
IMPORTED = "imported"  # the folder inside the inbox to which files move


def look(workspace: Workspace) -> Job | None:
    """Ask for the import of files that have come; return the job, or None where there is nothing to do.

    Files that an import refused are checked instead, once: the page shows what they ask. They are tried again when they change.
    """
    if not workspace.inbox.is_dir():
        return None
    settle(workspace)
    files = _complete(workspace.inbox)
    if not files or any(job.active for job in jobs.recent(workspace, 1, "import") + jobs.recent(workspace, 1, "check")):
        return None
    arguments = {"files": [str(file) for file in files]}
    if (tried := _last(workspace, "import", files)) is None:
        return jobs.request(workspace, "import", arguments, ACTOR)
    if tried.status == "failed" and _last(workspace, "check", files) is None:
        return jobs.request(workspace, "check", arguments, ACTOR)
    return None


def settle(workspace: Workspace) -> None:
    """Move imported files out of the way."""
    for job in jobs.recent(workspace, 5, "import", status="done"):
        for file in map(Path, job.arguments["files"]):
            if file.parent == workspace.inbox.resolve() and file.exists() and _changed(file) < _asked(job):
                (workspace.inbox / IMPORTED).mkdir(exist_ok=True)
                file.replace(workspace.inbox / IMPORTED / file.name)


def _complete(folder: Path) -> list[Path]:
    """Return the files of the inbox, sorted by name; none while one of them is still written."""
    files = sorted(f.resolve() for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))
    return files if all(time.time() - _changed(f) >= QUIET_S for f in files) else []


def _last(workspace: Workspace, kind: str, files: list[Path]) -> Job | None:
    """Return the last job of a kind that was asked for these files as they are."""
    latest, names = max(map(_changed, files)), [str(f) for f in files]
    return next((j for j in jobs.recent(workspace, 20, kind) if j.arguments["files"] == names and _asked(j) >= latest), None)


def _changed(file: Path) -> float:
    return file.stat().st_mtime


def _asked(job: Job) -> float:
    return job.created_at.replace(tzinfo=UTC).timestamp()
