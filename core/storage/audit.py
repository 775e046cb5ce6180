"""Who published, rolled back, promoted or discarded what, when and why: `audit.jsonl`, one act a line, oldest first.

The file is the record. Which model is the champion follows from it (core/models/registry.py), so losing state.sqlite changes nothing
that is served. The state store holds a copy, beside the acts of planners, which `copy_to_state` completes.

    with deciding(workspace):
        record(workspace, "promote", model_id, reason, actor)             # one line is the whole act
        serve(workspace, Act.new("publish", snapshot_id, reason, actor))  # the line and CURRENT change as one

`serve` writes what it is about to do into publishing.json, replaces CURRENT, adds the forecasts of a publish to the forecast log, adds
the line, and removes publishing.json. A process that is killed in between leaves publishing.json behind, and `finish` does the rest
where CURRENT was replaced already. So what was served is logged, once, and nothing else is.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from core.errors import UserError
from core.messages import Message, deserialize, msg, serialize
from core.storage import disk, files, forecast_log, locks
from core.storage.state import State, now
from core.workspace import Workspace

_log = logging.getLogger(__name__)
_publisher: ContextVar[str] = ContextVar("publisher", default="command line")


def publisher() -> str:
    """Return who publishes: the command line, or whoever requested the job at work."""
    return _publisher.get()


@contextmanager
def publishing_for(actor: str) -> Iterator[None]:
    """Record what is published in this block under the name of whoever requested it."""
    before = _publisher.set(actor)
    try:
        yield
    finally:
        _publisher.reset(before)


@dataclass(frozen=True)
class Act:
    """One decision. act: publish, rollback, promote or discard; subject: the id of a snapshot or a model; uid: its own number."""

    uid: str
    at: datetime
    actor: str
    act: str
    subject: str
    reason: Message | str = ""
    details: dict = field(default_factory=dict)

    @classmethod
    def new(cls, act: str, subject: str, reason: Message | str, actor: str, **details) -> Act:
        return cls(uuid4().hex, now(), actor, act, subject, reason, details)

    @classmethod
    def from_dict(cls, record: dict) -> Act:
        return cls(**record | {"at": datetime.fromisoformat(record["at"]), "reason": deserialize(record["reason"])})

    def as_dict(self) -> dict:
        return vars(self) | {"at": self.at.isoformat(timespec="milliseconds"), "reason": serialize(self.reason)}


def path(workspace: Workspace) -> Path:
    return workspace.root / "audit.jsonl"


def acts(workspace: Workspace) -> list[Act]:
    """Return all acts, oldest first; those of a state store of 0.1.0 where there is no audit.jsonl yet.

    Raises UserError where a line has changed. An unfinished last line is none: its writer was killed before the act counted.
    """
    file = path(workspace)
    if file.exists():
        return _read(file)[0]
    return [Act(**entry) for entry in State(workspace).acts()] if workspace.state.exists() else []


@contextmanager
def deciding(workspace: Workspace) -> Iterator[None]:
    """Hold the lock under which one process decides what is served; first finish what a killed one began."""
    with locks.locked(workspace.create().root / ".lock"):
        finish(workspace)
        yield


def record(workspace: Workspace, act: str, subject: str, reason: Message | str, actor: str, **details) -> None:
    """Add an act to the audit log. Inside `deciding`. Raises UserError where it could not be written; then it did not happen."""
    _append(workspace, Act.new(act, subject, reason, actor, **details))
    copy_to_state(workspace)


def serve(workspace: Workspace, act: Act) -> None:
    """Make CURRENT name the act's snapshot and add the act to the audit log. Inside `deciding`.

    Raises UserError where CURRENT could not be replaced; then nothing changed. Once it is replaced nothing is raised any more:
    what could not be noted is noted by the next `finish`.
    """
    files.write_sealed(_intent(workspace), act.as_dict())
    try:
        files.write_text(workspace.current, act.subject + "\n")
    except UserError as error:
        if served_id(workspace) != act.subject:
            raise
        _log.warning("CURRENT names %s, but the disk has not confirmed it: %s", act.subject, error)
    finally:
        try:
            finish(workspace)
        except UserError as error:
            _log.warning("The audit log does not show yet that %s is served: %s", act.subject, error)


def finish(workspace: Workspace) -> None:
    """Complete or withdraw what a killed process began: an act counts once CURRENT names its snapshot. Inside `deciding`."""
    intent = _intent(workspace)
    if not intent.exists():
        return
    to_do = msg("Delete publishing.json, then check with `upswing snapshots` which snapshot is served.")
    act = Act.from_dict(files.read_json(intent, to_do))
    if served_id(workspace) == act.subject and all(act.uid != done.uid for done in acts(workspace)):
        if act.act == "publish":
            act = replace(act, details=act.details | {"log": forecast_log.add_snapshot(workspace, act.subject)})
        _append(workspace, act)
    with disk.reported(intent):
        intent.unlink()
        files.sync(workspace.root)
    copy_to_state(workspace)


def served_id(workspace: Workspace) -> str:
    """Return what CURRENT says, "" where there is none."""
    try:
        return workspace.current.read_bytes().decode("utf-8", "replace").strip()
    except (FileNotFoundError, IsADirectoryError):
        return ""


def copy_to_state(workspace: Workspace) -> None:
    """Give the state store the acts that it lacks. Where it is locked or damaged, a later call does."""
    if not path(workspace).exists():
        return
    try:
        State(workspace).take_acts([act.as_dict() for act in acts(workspace)])
    except UserError as error:
        _log.warning("The state store lacks the latest entries of the audit log: %s", error)


def export_from_state(workspace: Workspace) -> None:
    """Write audit.jsonl from the state store, where it is missing: after an upgrade from 0.1.0, or when the file was lost."""
    known = acts(workspace)
    if known and not path(workspace).exists():
        files.write_text(path(workspace), "".join(map(_line, known)))


def _intent(workspace: Workspace) -> Path:
    return workspace.root / "publishing.json"


def _append(workspace: Workspace, act: Act) -> None:
    export_from_state(workspace)
    file = path(workspace)
    new = not file.exists()
    whole = 0 if new else _read(file)[1]
    with disk.reported(file), file.open("ab") as stream:
        stream.truncate(whole)
        try:
            stream.write(_line(act).encode())
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            os.ftruncate(stream.fileno(), whole)
            raise
    if new:
        files.sync(workspace.root)


def _line(act: Act) -> str:
    record = act.as_dict()
    return json.dumps(record | {"check": _check(record)}, ensure_ascii=False) + "\n"


def _check(record: dict) -> str:
    return hashlib.sha256(json.dumps(record, ensure_ascii=False).encode()).hexdigest()[:16]


def _read(file: Path) -> tuple[list[Act], int]:
    """Return the acts in a file and how many bytes their lines take."""
    found, size = [], 0
    lines = file.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        act = _parsed(line)
        if act is None and (line.endswith(b"\n") or number < len(lines) or _parsed(line[:-1] + b"\n")):
            raise UserError(
                found=msg("Line {number} of {file} has changed since it was written.", number=number, file=file),
                expected=msg("The audit log must be unchanged since it was written: it records which model is in use."),
                to_do=msg("Restore audit.jsonl from a backup, or delete that line."),
            )
        if act is not None:
            found.append(act)
            size += len(line)
    return found, size


def _parsed(line: bytes) -> Act | None:
    try:
        text = line.decode("utf-8")
        record = json.loads(text)
        del record["check"]
        act = Act.from_dict(record)
    except (ValueError, KeyError, TypeError):
        return None
    return act if text == _line(act) else None
