"""The layout of a workspace: one folder with everything of one shop. A copy of it is a backup."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from core.errors import NotReady, UserError
from core.messages import msg
from core.settings import Settings, Values, effective

MARKS = ("upswing.toml", "warehouse.duckdb", "state.sqlite", "CURRENT")  # a folder with one of these is a workspace


@lru_cache(maxsize=64)
def _resolved(named: str, _folder: str) -> Path:
    """Return the whole path of what is named in a working folder: pages ask dozens of times a rerun, and each link is looked up."""
    return Path(named).expanduser().resolve()


@dataclass(frozen=True)
class Workspace:
    """The folder of one shop and the paths inside it."""

    root: Path

    @classmethod
    def at(cls, root: str | Path | None = None) -> Workspace:
        """Return the workspace at this folder, else at $UPSWING_WORKSPACE, else at ./workspace."""
        return cls(_resolved(str(root or os.environ.get("UPSWING_WORKSPACE") or "workspace"), os.getcwd()))

    @property
    def settings_file(self) -> Path:
        return self.root / "upswing.toml"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def panel(self) -> Path:
        return self.root / "panel"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def current(self) -> Path:
        return self.root / "CURRENT"

    @property
    def state(self) -> Path:
        return self.root / "state.sqlite"

    @property
    def study(self) -> Path:
        """The study of `upswing tune`."""
        return self.root / "tune.sqlite"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def uploads(self) -> Path:
        """Uploaded files until they are imported (core/jobs/)."""
        return self.root / "uploads"

    @property
    def layouts(self) -> Path:
        """Layouts of files that the shop describes itself (core/ingest/recognise/layout_file.py)."""
        return self.root / "layouts"

    @property
    def inbox(self) -> Path:
        """Files to import that other programs leave: the worker watches it (core/jobs/inbox.py)."""
        return self.root / "inbox"

    @property
    def pictures(self) -> Path:
        """Thumbnails of the products (core/pictures.py)."""
        return self.root / "pictures.zip"

    @property
    def smtp_password(self) -> Path:
        """The password of the mail server, alone in its file (core/notifications/smtp.py)."""
        return self.root / "smtp-password"

    @property
    def cache(self) -> Path:
        """Files that can be recomputed: embeddings, memory-mapped panels. Safe to delete."""
        return self.root / "cache"

    def create(self) -> Workspace:
        """Create the folder where it is missing, for its owner's eyes."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def existing(self) -> Workspace:
        """Return this workspace where its folder exists; create nothing. Raises a UserError that names similar folders next to it."""
        if self.root.is_dir():
            return self
        parent = self.root.parent
        siblings = [p.name for p in sorted(parent.iterdir()) if any((p / mark).exists() for mark in MARKS)] if parent.is_dir() else []
        similar = get_close_matches(self.root.name, siblings, n=3, cutoff=0.5) or siblings[:3]
        raise UserError(
            found=msg("There is no workspace at {folder}.", folder=str(self.root)),
            expected=msg("This command needs an existing workspace."),
            to_do=msg("Did you mean one of these folders beside it: {folders}?", folders=similar)
            if similar
            else msg("Name an existing one with --workspace, or make one: `upswing import FILE... --workspace DIR`."),
        )

    def need(self, path: Path, step: str) -> Path:
        """Return the path. Raises NotReady, which names the step to run first, where it does not exist."""
        if not path.exists():
            raise NotReady(
                expected=msg("This step reads {file}.", file=path.name),
                found=msg("There is no {file} in {folder} yet.", file=path.name, folder=str(self.root)),
                to_do=msg("Run `upswing {step}` first.", step=step),
            )
        return path

    def settings(self) -> Settings:
        """Return the settings in effect: the defaults, over them the facts that imports inferred, over them `upswing.toml`.

        Reads the warehouse, which one process may write at a time. Raises UserError for a file that is not as it should be.
        """
        from core.storage import facts

        return effective(self.own_values(), facts.values(facts.of_file(self.warehouse)))

    def own_settings(self) -> Settings:
        """Return the defaults with `upswing.toml` over them: all that sections other than [shop] ever hold, without the warehouse."""
        return effective(self.own_values(), {})

    def own_values(self) -> Values:
        """Return the values of `upswing.toml` itself, by section and name."""
        from core import settings_file  # pydantic and tomlkit are loaded only where a file is read

        return settings_file.read(self.settings_file)

    def save_settings(self, settings: Settings) -> None:
        """Write the values that differ from the settings in effect into `upswing.toml`; the rest of the file keeps its bytes."""
        from core import settings_file

        if changes := settings.changes(self.settings()):
            settings_file.write(self.settings_file, changes)
