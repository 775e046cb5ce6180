"""What a worker, the server and every command that writes do first: migrate, finish what a killed process began, sweep."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

from core.errors import UserError
from core.messages import msg
from core.storage import audit, files, layout, private, snapshots
from core.workspace import Workspace

_log = logging.getLogger(__name__)
_OF_0_1_0 = ("*.tmp", "*.tmp.old", "models/*.tmp", "panel/*.tmp", "panel/*/*.tmp", "cache/*.tmp", "cache/*/*/*.tmp")


def prepare(workspace: Workspace) -> None:
    """Make a workspace ready to be written to. Raises UserError where a newer Upswing wrote it, or something in it is damaged."""
    with audit.deciding(workspace):
        layout.migrate(workspace)
        _restore_champion(workspace)
        audit.copy_to_state(workspace)
    sweep(workspace)
    private.tighten(workspace.root)


def _restore_champion(workspace: Workspace) -> None:
    """Restore the champion from the served snapshot where audit.jsonl and state.sqlite are both lost."""
    if any(act.act == "promote" for act in audit.acts(workspace)):
        return
    try:
        served = snapshots.current(workspace)
    except UserError as error:
        _log.warning("The champion is not known, and neither is the served snapshot: %s", error)
        return
    if served is not None and served.model:
        audit.record(workspace, "promote", served.model, msg("Its forecasts are served."), "upswing", before=None)


def sweep(workspace: Workspace) -> list[Path]:
    """Remove what killed processes left unfinished; return what was removed. What a living process writes stays."""
    return files.sweep(sorted(set(_leftovers(workspace))))


def _leftovers(workspace: Workspace) -> Iterator[Path]:
    yield from Path(gettempdir()).glob(f".{files.UNPACKED}.*.tmp*")
    yield from (workspace.logs / "tensorboard").glob("unfinished-*")
    for pattern in _OF_0_1_0:
        yield from workspace.root.glob(pattern)
    for folder, folders, names in os.walk(workspace.root):
        unfinished = [name for name in (*folders, *names) if name.startswith(".") and name.endswith((".tmp", ".tmp.lock"))]
        folders[:] = [name for name in folders if name not in unfinished]
        yield from (Path(folder) / name for name in unfinished)
