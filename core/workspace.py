"""The layout of a workspace: one folder with everything of one shop. A copy of it is a backup."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from core.errors import NotReady, UserError
from core.messages import msg
from core.settings import Settings, as_toml
from core.storage import files


@dataclass(frozen=True)
class Workspace:
    """The folder of one shop and the paths inside it."""

    root: Path

    @classmethod
    def at(cls, root: str | Path | None = None) -> Workspace:
        """The folder asked for, else $UPSWING_WORKSPACE, else ./workspace."""
        return cls(Path(root or os.environ.get("UPSWING_WORKSPACE") or "workspace").expanduser().resolve())

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
        """What `upswing tune` tried."""
        return self.root / "tune.sqlite"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def uploads(self) -> Path:
        """Files from the page until they are imported (core/jobs.py)."""
        return self.root / "uploads"

    @property
    def cache(self) -> Path:
        """What can be made again: embeddings, memory-mapped panels. Safe to delete."""
        return self.root / "cache"

    def create(self) -> Workspace:
        self.root.mkdir(parents=True, exist_ok=True)
        return self

    def need(self, path: Path, step: str) -> Path:
        """The path if it exists, else a NotReady that names the step to run first."""
        if not path.exists():
            raise NotReady(
                expected=msg("This step reads {file}.", file=path.name),
                found=msg("There is no {file} in {folder} yet.", file=path.name, folder=str(self.root)),
                to_do=msg("Run `upswing {step}` first.", step=step),
            )
        return path

    def settings(self) -> Settings:
        """The defaults, overridden by upswing.toml. A key nobody knows is an error, not silence."""
        if not self.settings_file.exists():
            return Settings()
        try:
            given = tomllib.loads(self.settings_file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise UserError(
                expected=msg("Settings are written in TOML."),
                found=msg("{file} cannot be read: {error}.", file=str(self.settings_file), error=str(error)),
                to_do=msg("Correct that line."),
            ) from error
        settings = Settings()
        for section, values in given.items():
            if section not in {f.name for f in fields(Settings)}:
                raise UserError(
                    expected=msg("The sections are {sections}.", sections=[f.name for f in fields(Settings)]),
                    found=msg("{file} has an unknown section [{section}].", file=self.settings_file.name, section=section),
                    to_do=msg("Correct {file}.", file=str(self.settings_file)),
                )
            current = getattr(settings, section)
            known = {f.name: f for f in fields(current)}
            for key, value in values.items():
                if key not in known:
                    raise UserError(
                        expected=msg("[{section}] has the settings {settings}.", section=section, settings=list(known)),
                        found=msg("There is no setting {section}.{setting}.", section=section, setting=key),
                        to_do=msg("Correct {file}.", file=str(self.settings_file)),
                    )
                default = getattr(current, key)
                kind = (int, float) if isinstance(default, float) else (list, tuple) if isinstance(default, tuple) else type(default)
                if not isinstance(value, kind) or isinstance(value, bool) != isinstance(default, bool):
                    raise UserError(
                        expected=msg(
                            "{section}.{setting} takes a value like {default}.", section=section, setting=key, default=repr(default)
                        ),
                        found=msg("{section}.{setting} is {value}.", section=section, setting=key, value=repr(value)),
                        to_do=msg("Correct {file}.", file=str(self.settings_file)),
                    )
            values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            settings = settings.with_values(section, **values)
        return settings

    def save_settings(self, settings: Settings) -> None:
        """Writes what differs from the defaults, atomically."""
        lines = []
        for f in fields(Settings):
            mine, default = getattr(settings, f.name), getattr(Settings(), f.name)
            changed = {k.name: getattr(mine, k.name) for k in fields(mine) if getattr(mine, k.name) != getattr(default, k.name)}
            if changed:
                lines.append(f"[{f.name}]")
                lines += [f"{k} = {as_toml(v)}" for k, v in changed.items()]
                lines.append("")
        files.write_text(self.settings_file, "\n".join(lines))
