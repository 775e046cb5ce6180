"""The records of the state store, and how a row becomes one."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from core.messages import Message, deserialize, from_json

ACTIVE = ("queued", "running")
STALE_AFTER_S = 15.0  # a worker beats every 2 s; where its process cannot be seen, it is taken for dead this long after a beat


def now() -> datetime:
    """Return the current UTC time, naive and in whole milliseconds, as the store keeps it."""
    time_ = datetime.now(UTC).replace(tzinfo=None)
    return time_.replace(microsecond=time_.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Job:
    """A piece of background work. `done` is the share of the whole job, 0..1; `eta_s` seconds still to go, None = unknown."""

    id: int
    kind: str  # one of core.jobs.KINDS
    arguments: dict
    status: str  # queued, running, done, failed, cancelled, interrupted
    step: str
    done: float
    message: Message | str  # text in jobs of earlier versions
    figures: dict
    eta_s: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    error: Message | str
    result: dict  # may hold messages
    actor: str
    cancel_requested: bool
    worker: str  # token of the worker that runs it

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass(frozen=True)
class Heartbeat:
    """The worker of a workspace at its last heartbeat."""

    name: str
    token: str
    pid: int
    host: str
    started_at: datetime
    beat_at: datetime
    process: str  # as process() tells it, "" where the system doesn't

    @property
    def alive(self) -> bool:
        """Whether it is alive: on this host while its process exists, even after a pause; on another host while it sends heartbeats."""
        here = self.host == socket.gethostname()
        if here and self.process:
            return process(self.pid) == self.process
        fresh = now() - self.beat_at < timedelta(seconds=STALE_AFTER_S)
        return fresh and (not here or _process_exists(self.pid))


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to which thing, when and why."""

    id: int
    at: datetime
    actor: str
    act: str
    subject: str
    reason: Message | str
    details: dict


@dataclass(frozen=True)
class Override:
    """A planner's value in place of the plan's. core.storage.state.overrides lists the kinds."""

    id: int
    scope: str
    name: str  # the product's id, the supplier's name, or A, B, C
    field: str
    value: Any  # units, a share, days, or an ISO day
    before: Any  # what it replaced; None where nothing was known
    reason: Message | str
    comment: str
    actor: str
    at: datetime
    expires_on: date  # the last day it holds
    ended_at: datetime | None  # taken back or replaced before that
    ended_by: str | None
    basis: (
        dict  # what was known at the time, to compare later with what happened (core/capabilities/inventory/plan/forecast_value_added.py)
    )

    @property
    def place(self) -> tuple[str, str, str]:
        """The place that it changes. A place has at most one open override."""
        return self.scope, self.name, self.field

    def holds(self, on: date) -> bool:
        return self.ended_at is None and on <= self.expires_on


@dataclass(frozen=True)
class View:
    """The choices of a page (filters, columns ...) under a name."""

    page: str
    name: str
    owner: str  # whose alone it is; "" = the whole shop's
    choices: dict
    actor: str
    at: datetime


@dataclass(frozen=True)
class Watched:
    """A product on the shop's watch list, and who put it there."""

    product_id: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Note:
    """A note on a product: plain text."""

    id: int
    product_id: str
    text: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Alert:
    """What a user wants to be told of a product. core/alerts.py says what each kind is."""

    product_id: str
    kind: str
    threshold: float
    actor: str
    at: datetime


@dataclass(frozen=True)
class Hit:
    """An alert that a snapshot set off. earlier: the figure in the snapshot before, None where it was not known.

    as_of: the last day of the snapshot's data. product_id: "" where the alert is the shop's. at: when it was found.
    """

    snapshot: str
    as_of: date
    product_id: str
    kind: str
    threshold: float
    figure: float
    earlier: float | None
    at: datetime = field(default_factory=now, compare=False)

    @property
    def key(self) -> str:
        """Return what two findings of one update share, however often it is published."""
        return f"{self.as_of} {self.kind} {self.threshold:g} {self.product_id}"


@dataclass(frozen=True)
class Pick:
    """A product that lists to feature always or never name. pick: core.storage.state.actions.PIN or EXCLUDE."""

    product_id: str
    pick: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Action:
    """What the shop did because of a suggestion. products: those that it is done with; control: those left out, drawn by the seed.

    expected_units: of the products, in 4 weeks. details: what the kind adds.
    """

    id: int
    kind: str
    name: str
    segment: str
    products: list[str]
    control: list[str]
    seed: int
    first_day: date
    last_day: date
    expected_units: float
    details: dict
    actor: str
    at: datetime


_MESSAGES = {"message", "error", "reason"}
_JSON = {"arguments", "figures", "details", "value", "before", "choices", "basis", "products", "control"}


def read(kind, row: sqlite3.Row):
    """Return a row as its dataclass."""
    values = {}
    for f in fields(kind):
        value = row[f.name]
        if f.name in _MESSAGES:
            value = deserialize(value)
        elif f.name == "result":
            value = from_json(value)
        elif f.name in _JSON:
            value = json.loads(value)
        elif f.name == "at" or f.name.endswith("_at"):
            value = datetime.fromisoformat(value) if value else None
        elif f.name == "cancel_requested":
            value = bool(value)
        elif f.name in ("expires_on", "as_of", "first_day", "last_day"):
            value = date.fromisoformat(value)
        values[f.name] = value
    return kind(**values)


def as_text(time_: datetime) -> str:
    return time_.isoformat(timespec="milliseconds")


def process(pid: int) -> str:
    """Return boot id and start tick of a process, which tell it from a later one of its number; "" where it has ended, or without /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        state, *rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else f"{boot} {rest[18]}"  # a zombie has ended; field 22 of proc(5) is the start


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is there, but another user's
    return True
