"""The one door to SQLite: what changes while the shop is looked at - jobs, audit, model statuses, notes of the users.

One file in WAL mode, opened for each short transaction and closed again, so any number of processes and threads may use it
and a copy of the workspace is a backup at any moment. Times are naive UTC, stored as ISO text.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator
from uuid import uuid4

from core.config import Workspace
from core.errors import UserError

ACTIVE = ("queued", "running")
STALE_AFTER_S = 15.0  # a worker beats every 2 s; this long without a beat and it is taken for dead
_BUSY_S = 10.0

_SCHEMA = (
    # version 1
    """
    create table jobs (
        id integer primary key autoincrement, kind text not null, arguments text not null, status text not null,
        step text not null default '', done real not null default 0, message text not null default '',
        figures text not null default '{}', eta_s real, created_at text not null, started_at text, ended_at text,
        heartbeat_at text, error text not null default '', result text not null default '{}', actor text not null,
        cancel_requested integer not null default 0, worker text not null default ''
    );
    create unique index one_active_job_of_a_kind on jobs (kind) where status in ('queued', 'running');
    create table heartbeats (
        name text primary key, token text not null, pid integer not null, host text not null,
        started_at text not null, beat_at text not null
    );
    create table audit (
        id integer primary key autoincrement, at text not null, actor text not null, act text not null,
        subject text not null, reason text not null, details text not null default '{}'
    );
    create table models (
        id text primary key, status text not null, reason text not null, changed_at text not null
    );
    create unique index one_champion on models (status) where status = 'champion';
    create table overrides (
        product_id text not null, field text not null, value text not null, reason text not null, actor text not null,
        at text not null, primary key (product_id, field)
    );
    create table comments (
        id integer primary key autoincrement, product_id text not null, text text not null, actor text not null, at text not null
    );
    create table views (
        page text not null, name text not null, choices text not null, actor text not null, at text not null,
        primary key (page, name)
    );
    """,
)


@dataclass(frozen=True)
class Job:
    """A piece of background work. `done` is the share of the whole job, 0..1; `eta_s` seconds still to go, None = unknown."""

    id: int
    kind: str  # one of core.jobs.KINDS
    arguments: dict
    status: str  # queued, running, done, failed, cancelled, interrupted
    step: str
    done: float
    message: str
    figures: dict
    eta_s: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    error: str
    result: dict
    actor: str
    cancel_requested: bool
    worker: str  # token of the worker that runs it

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass(frozen=True)
class Heartbeat:
    """The worker of a workspace, as it last told of itself."""

    name: str
    token: str
    pid: int
    host: str
    started_at: datetime
    beat_at: datetime

    @property
    def alive(self) -> bool:
        fresh = now() - self.beat_at < timedelta(seconds=STALE_AFTER_S)
        return fresh and (self.host != socket.gethostname() or _process_exists(self.pid))


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to which thing, when and why."""

    id: int
    at: datetime
    actor: str
    act: str
    subject: str
    reason: str
    details: dict


@dataclass(frozen=True)
class ModelStatus:
    id: str
    status: str  # candidate, champion, discarded, retired
    reason: str
    changed_at: datetime


@dataclass(frozen=True)
class Override:
    """A user's own value for one field of a product, e.g. its lead time."""

    product_id: str
    field: str
    value: Any
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Comment:
    id: int
    product_id: str
    text: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class View:
    """The choices of a page (filters, columns ...) under a name."""

    page: str
    name: str
    choices: dict
    actor: str
    at: datetime


def now() -> datetime:
    """Naive UTC, to the millisecond (what the store keeps)."""
    time_ = datetime.now(timezone.utc).replace(tzinfo=None)
    return time_.replace(microsecond=time_.microsecond // 1000 * 1000)


class State:
    """The state store of one workspace; makes the file where there is none.

    Raises UserError where the file is no state store of ours, or of a newer version.
    """

    def __init__(self, workspace: Workspace):
        self.path = workspace.create().state
        self._migrate()

    # ---- jobs

    def add_job(self, kind: str, arguments: dict, actor: str) -> tuple[Job, bool]:
        """Queues a job, or finds the one of its kind that is queued or running: (job, whether it is new)."""
        self.reap()
        with self._write() as con:
            there = con.execute("select * from jobs where kind = ? and status in ('queued', 'running')", (kind,)).fetchone()
            if there:
                return _read(Job, there), False
            con.execute(
                "insert into jobs (kind, arguments, status, created_at, actor) values (?, ?, 'queued', ?, ?)",
                (kind, json.dumps(arguments), _text(now()), actor),
            )
            row = con.execute("select * from jobs where id = last_insert_rowid()").fetchone()
            return _read(Job, row), True

    def jobs(self, limit: int = 50) -> list[Job]:
        """The latest jobs, newest first."""
        self.reap()
        with self._connect() as con:
            return [_read(Job, row) for row in con.execute("select * from jobs order by id desc limit ?", (limit,))]

    def job(self, job_id: int) -> Job:
        self.reap()
        with self._connect() as con:
            row = con.execute("select * from jobs where id = ?", (job_id,)).fetchone()
        if row is None:
            raise UserError("the number of a job", repr(job_id), "list them with `upswing jobs`")
        return _read(Job, row)

    def claim_job(self, token: str) -> Job | None:
        """The oldest queued job, now running under this worker; None where the queue is empty. Never the same to two."""
        with self._write() as con:
            row = con.execute(
                "update jobs set status = 'running', started_at = ?1, heartbeat_at = ?1, worker = ?2"
                " where id = (select min(id) from jobs where status = 'queued') returning *",
                (_text(now()), token),
            ).fetchone()
        return _read(Job, row) if row else None

    def report_job(self, job_id: int, token: str, *, step: str, done: float, message: str, figures: dict, eta_s: float | None) -> bool:
        """Notes how far a job is. False: stop, because the user asked so or because the job is no longer this worker's."""
        with self._write() as con:
            row = con.execute(
                "update jobs set step = ?, done = ?, message = ?, figures = ?, eta_s = ?, heartbeat_at = ?"
                " where id = ? and worker = ? and status = 'running' returning cancel_requested",
                (step, done, message, json.dumps(figures), eta_s, _text(now()), job_id, token),
            ).fetchone()
        return row is not None and not row["cancel_requested"]

    def end_job(self, job_id: int, token: str, status: str, *, message: str = "", error: str = "", result: dict | None = None) -> bool:
        """Ends a running job of this worker. False: it was not running (any more) under this worker, nothing changed."""
        with self._write() as con:
            changed = con.execute(
                "update jobs set status = ?1, message = ?2, error = ?3, result = ?4, ended_at = ?5, eta_s = null,"
                " done = case when ?1 = 'done' then 1.0 else done end where id = ?6 and worker = ?7 and status = 'running'",
                (status, message, error, json.dumps(result or {}), _text(now()), job_id, token),
            ).rowcount
        return changed == 1

    def cancel_job(self, job_id: int) -> Job:
        """A queued job is cancelled at once; a running one is asked to stop; an ended one stays as it is."""
        with self._write() as con:
            con.execute(
                "update jobs set status = 'cancelled', message = 'cancelled before it began', ended_at = ?"
                " where id = ? and status = 'queued'", (_text(now()), job_id),
            )
            con.execute("update jobs set cancel_requested = 1 where id = ? and status = 'running'", (job_id,))
        return self.job(job_id)

    def reap(self) -> list[int]:
        """Marks running jobs whose worker is gone as interrupted; gives their ids."""
        with self._connect() as con:
            running = con.execute("select id, worker from jobs where status = 'running'").fetchall()
        if not running:
            return []
        worker = self.worker()
        lost = [r["id"] for r in running if worker is None or worker.token != r["worker"] or not worker.alive]
        if not lost:
            return []
        with self._write() as con:
            return [i for i in lost if con.execute(
                "update jobs set status = 'interrupted', ended_at = ?, eta_s = null,"
                " message = 'the worker process ended before the job did; what is served did not change, request the job again'"
                " where id = ? and status = 'running'", (_text(now()), i)).rowcount]

    # ---- the worker of the workspace

    def worker(self) -> Heartbeat | None:
        """The last known worker; ask its `alive`. None: there was never one, or it said good-bye."""
        with self._connect() as con:
            row = con.execute("select * from heartbeats where name = 'worker'").fetchone()
        return _read(Heartbeat, row) if row else None

    def take_worker(self) -> str | None:
        """Makes this process the one worker of the workspace and gives its token; None: another one is alive."""
        token, time_ = uuid4().hex, _text(now())
        with self._write() as con:
            row = con.execute("select * from heartbeats where name = 'worker'").fetchone()
            if row and _read(Heartbeat, row).alive:
                return None
            con.execute("insert or replace into heartbeats values ('worker', ?, ?, ?, ?, ?)",
                        (token, os.getpid(), socket.gethostname(), time_, time_))
        self.reap()  # whatever an earlier worker left running
        return token

    def beat(self, token: str, job_id: int | None = None) -> bool:
        """Says "still here". False: another worker took over in the meantime, so stop."""
        time_ = _text(now())
        with self._write() as con:
            mine = con.execute("update heartbeats set beat_at = ? where name = 'worker' and token = ?", (time_, token)).rowcount == 1
            if mine and job_id is not None:
                con.execute("update jobs set heartbeat_at = ? where id = ? and status = 'running'", (time_, job_id))
        return mine

    def release_worker(self, token: str) -> None:
        with self._write() as con:
            con.execute("delete from heartbeats where name = 'worker' and token = ?", (token,))

    # ---- audit

    def note(self, actor: str, act: str, subject: str, reason: str = "", **details) -> None:
        """Adds one line to the audit log."""
        with self._write() as con:
            _note(con, actor, act, subject, reason, details)

    def audit(self, limit: int = 100) -> list[AuditEntry]:
        """The latest entries, newest first."""
        with self._connect() as con:
            return [_read(AuditEntry, row) for row in con.execute("select * from audit order by id desc limit ?", (limit,))]

    # ---- model statuses (core/registry.py decides; a model without a row here is a candidate)

    def model_statuses(self) -> dict[str, ModelStatus]:
        with self._connect() as con:
            return {row["id"]: _read(ModelStatus, row) for row in con.execute("select * from models")}

    def set_champion(self, model_id: str, reason: str, actor: str, act: str = "promote") -> str | None:
        """Makes a model the champion and retires the one before, in one transaction; gives the id of the one before."""
        with self._write() as con:
            row = con.execute("select id from models where status = 'champion'").fetchone()
            before = row["id"] if row else None
            if before:
                con.execute("update models set status = 'retired', reason = ?, changed_at = ? where id = ?",
                            (f"replaced by {model_id}", _text(now()), before))
            con.execute("insert or replace into models values (?, 'champion', ?, ?)", (model_id, reason, _text(now())))
            _note(con, actor, act, model_id, reason, {"before": before})
        return before

    def set_discarded(self, model_id: str, reason: str, actor: str) -> None:
        with self._write() as con:
            con.execute("insert or replace into models values (?, 'discarded', ?, ?)", (model_id, reason, _text(now())))
            _note(con, actor, "discard", model_id, reason, {})

    # ---- what users add: overrides, comments, saved views

    def set_override(self, product_id: str, field: str, value: Any, reason: str, actor: str) -> None:
        """The user's own value of a product's field; None takes it back."""
        with self._write() as con:
            if value is None:
                con.execute("delete from overrides where product_id = ? and field = ?", (product_id, field))
            else:
                con.execute("insert or replace into overrides values (?, ?, ?, ?, ?, ?)",
                            (product_id, field, json.dumps(value), reason, actor, _text(now())))
            _note(con, actor, "override", product_id, reason, {"field": field, "value": value})

    def overrides(self, product_id: str | None = None) -> list[Override]:
        with self._connect() as con:
            found = con.execute("select * from overrides where ?1 is null or product_id = ?1 order by product_id, field", (product_id,))
            return [_read(Override, row) for row in found]

    def add_comment(self, product_id: str, text: str, actor: str) -> None:
        with self._write() as con:
            con.execute("insert into comments (product_id, text, actor, at) values (?, ?, ?, ?)", (product_id, text, actor, _text(now())))

    def comments(self, product_id: str) -> list[Comment]:
        """Newest first."""
        with self._connect() as con:
            return [_read(Comment, row) for row in con.execute("select * from comments where product_id = ? order by id desc", (product_id,))]

    def save_view(self, page: str, name: str, choices: dict, actor: str) -> None:
        with self._write() as con:
            con.execute("insert or replace into views values (?, ?, ?, ?, ?)", (page, name, json.dumps(choices), actor, _text(now())))

    def views(self, page: str) -> list[View]:
        with self._connect() as con:
            return [_read(View, row) for row in con.execute("select * from views where page = ? order by name", (page,))]

    def delete_view(self, page: str, name: str) -> None:
        with self._write() as con:
            con.execute("delete from views where page = ? and name = ?", (page, name))

    # ---- the file

    def problems(self) -> list[str]:
        """What SQLite's own integrity check finds; empty = sound."""
        with self._connect() as con:
            found = [row[0] for row in con.execute("pragma integrity_check")]
        return [] if found == ["ok"] else found

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        # Autocommit: a lone select is its own short read transaction.
        try:
            con = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise UserError(f"to open {self.path}", str(error), "check that the folder is there and may be written") from error
        try:
            con.row_factory = sqlite3.Row
            con.execute("pragma synchronous = normal")
            yield con
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
            raise UserError(f"a sound state store at {self.path}", str(error), "put back a copy, or move the file away") from error
        finally:
            con.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: taken at once, so that what is read inside still holds when it is written."""
        with self._connect() as con:
            con.execute("begin immediate")
            try:
                yield con
            except BaseException:
                con.execute("rollback")
                raise
            con.execute("commit")

    def _migrate(self) -> None:
        with self._connect() as con:
            version = con.execute("pragma user_version").fetchone()[0]
            if version > len(_SCHEMA):
                raise UserError(f"a state store of version {len(_SCHEMA)} or older at {self.path}", f"version {version}",
                                "use the newer Upswing that wrote it")
            if version == len(_SCHEMA):
                return
            _set_wal(con)
        with self._write() as con:
            version = con.execute("pragma user_version").fetchone()[0]  # another process may have been faster
            for script in _SCHEMA[version:]:
                for statement in filter(str.strip, script.split(";")):
                    con.execute(statement)
            con.execute(f"pragma user_version = {len(_SCHEMA)}")


def _set_wal(con: sqlite3.Connection) -> None:
    # SQLite does not wait for other processes here, so we do: it happens once in the life of a file.
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            con.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _note(con: sqlite3.Connection, actor: str, act: str, subject: str, reason: str, details: dict) -> None:
    con.execute("insert into audit (at, actor, act, subject, reason, details) values (?, ?, ?, ?, ?, ?)",
                (_text(now()), actor, act, subject, reason, json.dumps(details)))


_JSON = {"arguments", "figures", "result", "details", "value", "choices"}


def _read(kind, row: sqlite3.Row):
    """A row as its dataclass."""
    values = {}
    for f in fields(kind):
        value = row[f.name]
        if f.name in _JSON:
            value = json.loads(value)
        elif f.name == "at" or f.name.endswith("_at"):
            value = datetime.fromisoformat(value) if value else None
        elif f.name == "cancel_requested":
            value = bool(value)
        values[f.name] = value
    return kind(**values)


def _text(time_: datetime) -> str:
    return time_.isoformat(timespec="milliseconds")


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is there, but another user's
    return True
