"""The SQLite file: its tables, its version, and short transactions on it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import UserError
from core.messages import Message, msg, serialize
from core.storage.state.records import as_text, now
from core.workspace import Workspace

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
    # version 2: overrides have a scope, an end and a history; those of version 1 were a product's, without an end
    """
    alter table overrides rename to overrides_1;
    create table overrides (
        id integer primary key autoincrement, scope text not null, name text not null, field text not null, value text not null,
        before text not null default 'null', reason text not null, comment text not null default '', actor text not null, at text not null,
        expires_on text not null, ended_at text, ended_by text, basis text not null default '{}'
    );
    create unique index one_open_override on overrides (scope, name, field) where ended_at is null;
    insert into overrides (scope, name, field, value, reason, comment, actor, at, expires_on)
        select 'product', product_id, field, value, 'other', reason, actor, at, date(at, '+90 days') from overrides_1;
    drop table overrides_1;
    """,
    # version 3: which process the worker is, beside its number, which another one may get
    "alter table heartbeats add column process text not null default ''",
)


class StateFile:
    """The file of one workspace; made where there is none.

    Raises UserError where the file is no state store of ours, or of a newer version.
    """

    def __init__(self, workspace: Workspace):
        self.path = workspace.create().state
        self._migrate()

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
            raise UserError(
                expected=msg("Upswing keeps jobs and decisions in {file}.", file=str(self.path)),
                found=msg("The file cannot be opened: {error}.", error=str(error)),
                to_do=msg("Check that the folder exists and can be written."),
            ) from error
        try:
            con.row_factory = sqlite3.Row
            con.execute("pragma synchronous = normal")
            yield con
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
            raise UserError(
                expected=msg("Upswing keeps jobs and decisions in {file}.", file=str(self.path)),
                found=msg("The state store is damaged: {error}.", error=str(error)),
                to_do=msg("Restore the file from a backup, or move it away."),
            ) from error
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
                raise UserError(
                    expected=msg("This version of Upswing reads state stores up to version {version}.", version=len(_SCHEMA)),
                    found=msg("{file} has version {version}.", file=str(self.path), version=version),
                    to_do=msg("Use the newer version of Upswing that wrote it."),
                )
            if version == len(_SCHEMA):
                return
            _set_wal(con)
        with self._write() as con:
            version = con.execute("pragma user_version").fetchone()[0]  # another process may have been faster
            for script in _SCHEMA[version:]:
                for statement in filter(str.strip, script.split(";")):
                    con.execute(statement)
            con.execute(f"pragma user_version = {len(_SCHEMA)}")


def add_note(con: sqlite3.Connection, actor: str, act: str, subject: str, reason: Message | str, details: dict) -> None:
    """Adds one line to the audit log, in the transaction that does what it tells of."""
    con.execute(
        "insert into audit (at, actor, act, subject, reason, details) values (?, ?, ?, ?, ?, ?)",
        (as_text(now()), actor, act, subject, serialize(reason), json.dumps(details, ensure_ascii=False)),
    )


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
