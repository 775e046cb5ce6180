"""The SQLite file: its tables, its version, and short transactions on it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import UserError
from core.messages import Message, msg, serialize
from core.storage import disk, files, locks
from core.storage.state.records import as_text, now
from core.workspace import Workspace

BUSY_S = 10.0  # how long a transaction waits for another program's
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
    # version 3: the worker's process beside its number, which a later process may get
    "alter table heartbeats add column process text not null default ''",
    # version 4: acts on snapshots and models are copies of audit.jsonl, from which the models' statuses follow
    """
    alter table audit add column uid text;
    update audit set uid = lower(hex(randomblob(16))) where act in ('publish', 'rollback', 'promote', 'discard');
    create unique index one_entry_an_act on audit (uid) where uid is not null;
    drop table models;
    """,
    # version 5: a watch list, notes on products, and views of one user alone; the views before were everybody's
    """
    create table watched (product_id text primary key, actor text not null, at text not null);
    alter table comments rename to notes;
    alter table views rename to views_4;
    create table views (
        page text not null, name text not null, owner text not null, choices text not null, actor text not null, at text not null,
        primary key (page, name, owner)
    );
    insert into views select page, name, '', choices, actor, at from views_4;
    drop table views_4;
    """,
    # version 6: purchase orders
    """
    create table purchase_orders (
        number text primary key, supplier text not null, currency text not null, ship_to text not null, terms text not null,
        status text not null, actor text not null, created_at text not null, at text not null, sent_on text
    );
    create table purchase_order_lines (
        number text not null references purchase_orders, product_id text not null, title text not null, units real not null,
        unit_cost_cents real, due_on text not null, received real not null default 0, primary key (number, product_id)
    );
    """,
    # version 7: alerts on products, and those that the last published snapshot set off
    """
    create table alerts (
        product_id text not null, kind text not null, threshold real not null, actor text not null, at text not null,
        primary key (product_id, kind)
    );
    create table alert_hits (
        snapshot text not null, product_id text not null, kind text not null, threshold real not null, figure real not null, earlier real,
        primary key (snapshot, product_id, kind)
    );
    """,
    # version 8: what alerts find is kept for some days, by the last day of its data, and what was sent is remembered
    """
    drop table alert_hits;
    create table alert_hits (
        as_of text not null, product_id text not null, kind text not null, threshold real not null, snapshot text not null,
        figure real not null, earlier real, at text not null, primary key (as_of, product_id, kind, threshold)
    );
    create table sent (channel text not null, subject text not null, at text not null, primary key (channel, subject));
    """,
    # version 9: products that a list to feature always or never names, and actions with what was expected of them
    """
    create table picks (product_id text primary key, pick text not null, actor text not null, at text not null);
    create table actions (
        id integer primary key autoincrement, kind text not null, name text not null, segment text not null, products text not null,
        control text not null, seed integer not null, first_day text not null, last_day text not null, expected_units real not null,
        details text not null, actor text not null, at text not null, undone_at text, undone_by text
    );
    """,
)


class StateFile:
    """The file of one workspace, created where there is none.

    Raises UserError where the file is not a state store, is damaged, stays locked, or is of a newer version.
    """

    def __init__(self, workspace: Workspace):
        self.path = workspace.create().state
        if not self.path.exists():
            self._make()
        log = self.path.with_name(self.path.name + "-wal")
        if self.path.is_file() and not self.path.stat().st_size and not (log.exists() and log.stat().st_size):
            raise _damaged(self.path, msg("the file is empty"))
        self._migrate()

    def problems(self) -> list[str]:
        """Return the findings of SQLite's own integrity check, [] for a sound file."""
        with self._connect() as con:
            found = [row[0] for row in con.execute("pragma integrity_check")]
        return [] if found == ["ok"] else found

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with _connection(self.path) as con:
            yield con

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction. It takes the lock at once, so that what it reads still holds when it writes."""
        with self._connect() as con:
            con.execute("begin immediate")
            try:
                yield con
            except BaseException:
                con.execute("rollback")
                raise
            con.execute("commit")

    def _make(self) -> None:
        """Put a new file in place whole, so that an empty one is always a damaged one."""
        with locks.locked(self.path.with_name(f".{self.path.name}.lock")):
            if self.path.exists():  # another process was faster
                return
            for end in ("-wal", "-shm"):  # of a file that was lost: SQLite would play them into the new one
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            files.write_with(self.path, _write_empty)

    def _migrate(self) -> None:
        with self._connect() as con:
            version = con.execute("pragma user_version").fetchone()[0]
        if version > len(_SCHEMA):
            raise UserError(
                found=msg("{file} was written by a newer version of Upswing.", file=str(self.path)),
                expected=msg("This version reads state stores up to version {version}.", version=len(_SCHEMA)),
                to_do=msg("Use the newer Upswing that wrote it."),
            )
        if version < len(_SCHEMA):
            with self._write() as con:
                _upgrade(con)


def _write_empty(file: Path) -> None:
    with _connection(file) as con:
        con.execute("pragma journal_mode = wal")
        con.execute("begin immediate")
        _upgrade(con)
        con.execute("commit")


def _upgrade(con: sqlite3.Connection) -> None:
    version = con.execute("pragma user_version").fetchone()[0]  # another process may have been faster
    for script in _SCHEMA[version:]:
        for statement in filter(str.strip, script.split(";")):
            con.execute(statement)
    con.execute(f"pragma user_version = {len(_SCHEMA)}")


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a connection that raises UserError for its faults. Autocommit: a lone select is its own short read transaction."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as con:
            con.row_factory = sqlite3.Row
            con.execute("pragma synchronous = normal")
            yield con
    except sqlite3.DatabaseError as error:
        fault = _as_user_error(error, path)
        if fault is None:
            raise
        raise fault from error


def _as_user_error(error: sqlite3.DatabaseError, path: Path) -> UserError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte of an extended code
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return _damaged(path, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return UserError(
            found=msg("Another program has kept {file} locked for {seconds} s.", file=str(path), seconds=round(BUSY_S)),
            expected=msg("Upswing needs to write there for a moment."),
            to_do=msg("Close programs that have the file open, such as a database viewer, then try again."),
        )
    if code == sqlite3.SQLITE_FULL:
        return disk.full(path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return UserError(
            found=msg("{file} cannot be used: {error}.", file=str(path), error=str(error)),
            expected=msg("It must be a file in a folder that you can write to."),
            to_do=msg("Check what is at that path and who may write there, then try again."),
        )
    return None


def _damaged(path: Path, reason: Message | str) -> UserError:
    return UserError(
        found=msg("{file} is damaged: {error}.", file=str(path), error=reason),
        expected=msg("It holds jobs and planners' changes."),
        to_do=msg("Restore it from a backup, or move it away: what is served and which model is used stay as they are."),
    )


def add_note(con: sqlite3.Connection, actor: str, act: str, subject: str, reason: Message | str, details: dict) -> None:
    """Add one line to the audit log, in the transaction of the act it records."""
    con.execute(
        "insert into audit (at, actor, act, subject, reason, details) values (?, ?, ?, ?, ?, ?)",
        (as_text(now()), actor, act, subject, serialize(reason), json.dumps(details, ensure_ascii=False)),
    )
