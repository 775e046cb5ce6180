"""The layout of a workspace and its version, in workspace.json; and what brings an older one to this version.

Layout 1 is 0.1.0, which had no workspace.json. A step per version, each safe to repeat: a killed migration begins again.
The warehouse needs no step: whoever opens it adds the tables and columns that it lacks (core/storage/warehouse.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from core.errors import UserError
from core.messages import msg
from core.storage import audit, files, forecast_log, keys
from core.workspace import Workspace

LAYOUT = 2
_log = logging.getLogger(__name__)


def version(workspace: Workspace) -> int:
    """Return the layout of a workspace; that of this version for a folder that holds nothing yet.

    Raises UserError where a newer Upswing wrote it.
    """
    file = _file(workspace)
    if not file.exists():
        used = any(path.exists() for path in (workspace.warehouse, workspace.state, workspace.models, workspace.snapshots))
        return 1 if used else LAYOUT
    found = files.read_json(file, msg("Restore workspace.json from a backup, or delete it: the next command writes it again."))["layout"]
    if found > LAYOUT:
        raise UserError(
            found=msg("The workspace {root} has layout {found}, written by a newer version of Upswing.", root=workspace.root, found=found),
            expected=msg("This version reads layouts up to {layout}.", layout=LAYOUT),
            to_do=msg("Use the newer version, or restore a backup from before the upgrade."),
        )
    return found


def migrate(workspace: Workspace) -> None:
    """Bring a workspace to LAYOUT. Raises UserError where a newer Upswing wrote it."""
    before = version(workspace)
    for step in range(before, LAYOUT):
        for work in _STEPS[step + 1]:
            work(workspace)
    if before < LAYOUT or not _file(workspace).exists():
        files.write_sealed(_file(workspace), {"layout": LAYOUT})


def _log_kept_snapshots(workspace: Workspace) -> None:
    """Add what an earlier version published to the forecast log, as far as its snapshots are still there."""
    published = [act.subject for act in audit.acts(workspace) if act.act == "publish"]
    for snapshot_id in published:
        if not (workspace.snapshots / snapshot_id / "manifest.json").exists():
            continue
        try:
            forecast_log.add_snapshot(workspace, snapshot_id)
        except UserError as error:  # a damaged one is `upswing doctor`'s matter, and no reason to stop an upgrade
            _log.warning("Snapshot %s is not in the forecast log: %s", snapshot_id, error)


_STEPS: dict[int, tuple[Callable[[Workspace], None], ...]] = {  # layout -> what leads to it
    2: (audit.export_from_state, keys.remember, _log_kept_snapshots),
}


def _file(workspace: Workspace) -> Path:
    return workspace.root / "workspace.json"
