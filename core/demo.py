"""The sample shop, from its files to the dashboard."""

from __future__ import annotations

from collections.abc import Callable

from core import pictures, shipped
from core.errors import UserError
from core.messages import Message, msg
from core.progress import Progress
from core.serve import need_port, serve
from core.storage import snapshots, startup
from core.workspace import Workspace

_MARK = "demo"  # under logs/: shows that this workspace is the sample shop's, also where its first build was interrupted


def demo(workspace: Workspace, port: int, progress: Progress, tell: Callable[[Message], None]) -> None:
    """Import the sample files, run all steps and serve. What is finished is kept: a second call serves at once.

    Raises UserError where the port is taken, before the long work, and where the folder holds another shop.
    """
    from core.ingest import import_files
    from core.jobs.pipeline import run

    need_port(port)
    if snapshots.current(workspace) is None:
        mark = workspace.logs / _MARK
        if workspace.root.is_dir() and any(workspace.root.iterdir()) and not mark.exists():
            raise UserError(
                found=msg("The folder {folder} holds other files.", folder=str(workspace.root)),
                expected=msg("The sample shop needs a folder of its own."),
                to_do=msg("Name a new folder with --workspace."),
            )
        tell(msg("Building the sample shop in {folder}. This happens only once and takes a few minutes.", folder=str(workspace.root)))
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        startup.prepare(workspace)
        import_files(workspace, shipped.sample_files(), progress=progress)
        run(workspace, progress=progress, replayed=True)
    if not workspace.pictures.exists():
        pictures.add(workspace, shipped.sample_pictures(), progress)
    if "demo" not in workspace.own_values().get("pages", {}):  # whoever sets it keeps it
        workspace.save_settings(workspace.settings().with_values("pages", demo=True))
    serve(workspace, port, tell)
