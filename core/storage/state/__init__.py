"""The one door to SQLite: jobs, the audit log, and what users save.

One file in WAL mode, opened for each short transaction and closed again. Any number of processes and threads may use it, and a copy of
the workspace is a backup at any moment. Times are naive UTC, stored as ISO text.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterable
from uuid import uuid4

from core.errors import UserError
from core.messages import Message, msg, serialize, to_json
from core.storage.state.actions import ADVERTISED, CONTACTED, EXCLUDE, FEATURED, MARKED_DOWN, ORDERED, PIN, Actions
from core.storage.state.alerts import Alerts
from core.storage.state.file import add_note
from core.storage.state.marks import LONGEST_NOTE, Marks
from core.storage.state.overrides import FIELDS, REASONS, SCOPES, TERMS, Overrides
from core.storage.state.purchase_orders import NEXT, Line, PurchaseOrder, PurchaseOrders
from core.storage.state.records import (
    ACTIVE,
    STALE_AFTER_S,
    Action,
    Alert,
    AuditEntry,
    Heartbeat,
    Hit,
    Job,
    Note,
    Override,
    Pick,
    View,
    Watched,
    as_text,
    now,
    process,
    read,
)

__all__ = [
    "ACTIVE",
    "ADVERTISED",
    "CONTACTED",
    "EXCLUDE",
    "FEATURED",
    "FIELDS",
    "MARKED_DOWN",
    "ORDERED",
    "PIN",
    "REASONS",
    "SCOPES",
    "STALE_AFTER_S",
    "Action",
    "Alert",
    "AuditEntry",
    "Heartbeat",
    "Hit",
    "Job",
    "Line",
    "NEXT",
    "LONGEST_NOTE",
    "Note",
    "Override",
    "Pick",
    "PurchaseOrder",
    "State",
    "TERMS",
    "View",
    "Watched",
    "now",
]


class State(Overrides, Marks, Alerts, PurchaseOrders, Actions):
    """The state store of one workspace. Every method is one short transaction."""

    # ---- jobs

    def add_job(self, kind: str, arguments: dict, actor: str) -> tuple[Job, bool]:
        """Queue a job, or find the one of its kind that is queued or running; return (job, whether it is new)."""
        self.reap()
        with self._write() as con:
            there = con.execute("select * from jobs where kind = ? and status in ('queued', 'running')", (kind,)).fetchone()
            if there:
                return read(Job, there), False
            con.execute(
                "insert into jobs (kind, arguments, status, created_at, actor) values (?, ?, 'queued', ?, ?)",
                (kind, json.dumps(arguments), as_text(now()), actor),
            )
            row = con.execute("select * from jobs where id = last_insert_rowid()").fetchone()
            return read(Job, row), True

    def jobs(self, limit: int = 50, kinds: Iterable[str] = (), status: str = "") -> list[Job]:
        """Return the latest jobs, newest first; of these kinds and this status, where given."""
        self.reap()
        with self._connect() as con:
            found = con.execute(
                "select * from jobs where (?1 = '[]' or kind in (select value from json_each(?1)))"
                " and ?2 in ('', status) order by id desc limit ?3",
                (json.dumps(list(kinds)), status, limit),
            )
            return [read(Job, row) for row in found]

    def job(self, job_id: int) -> Job:
        self.reap()
        with self._connect() as con:
            row = con.execute("select * from jobs where id = ?", (job_id,)).fetchone()
        if row is None:
            raise UserError(
                expected=msg("The number must be that of a job of this workspace."),
                found=msg("There is no job {job}.", job=str(job_id)),
                to_do=msg("List the jobs with `upswing jobs`."),
            )
        return read(Job, row)

    def claim_job(self, token: str, eligible: Callable[[str], bool] = lambda kind: True) -> Job | None:
        """Return the oldest queued job of an eligible kind, now running under this worker, or None. No job goes to two workers."""
        with self._write() as con:
            queued = con.execute("select id, kind from jobs where status = 'queued' order by id").fetchall()
            chosen = next((row["id"] for row in queued if eligible(row["kind"])), None)
            row = con.execute(
                "update jobs set status = 'running', started_at = ?1, heartbeat_at = ?1, worker = ?2 where id = ?3 returning *",
                (as_text(now()), token, chosen),
            ).fetchone()
        return read(Job, row) if row else None

    def report_job(
        self, job_id: int, token: str, *, step: str, done: float, message: Message | str, figures: dict, eta_s: float | None
    ) -> bool:
        """Record a job's progress. Return False where it must stop: the user cancelled it, or another worker has it."""
        with self._write() as con:
            row = con.execute(
                "update jobs set step = ?, done = ?, message = ?, figures = ?, eta_s = ?, heartbeat_at = ?"
                " where id = ? and worker = ? and status = 'running' returning cancel_requested",
                (step, done, serialize(message), json.dumps(figures), eta_s, as_text(now()), job_id, token),
            ).fetchone()
        return row is not None and not row["cancel_requested"]

    def end_job(
        self, job_id: int, token: str, status: str, *, message: Message | str = "", error: Message | str = "", result: dict | None = None
    ) -> bool:
        """End a running job of this worker. Return False, and change nothing, where this worker no longer runs it."""
        with self._write() as con:
            changed = con.execute(
                "update jobs set status = ?1, message = ?2, error = ?3, result = ?4, ended_at = ?5, eta_s = null,"
                " done = case when ?1 = 'done' then 1.0 else done end where id = ?6 and worker = ?7 and status = 'running'",
                (status, serialize(message), serialize(error), to_json(result or {}), as_text(now()), job_id, token),
            ).rowcount
        return changed == 1

    def cancel_job(self, job_id: int) -> Job:
        """Cancel a job: a queued one at once, a running one on its next report. An ended job does not change."""
        with self._write() as con:
            con.execute(
                "update jobs set status = 'cancelled', message = ?, ended_at = ? where id = ? and status = 'queued'",
                (serialize(msg("The job was cancelled before it started.")), as_text(now()), job_id),
            )
            con.execute("update jobs set cancel_requested = 1 where id = ? and status = 'running'", (job_id,))
        return self.job(job_id)

    def reap(self) -> list[int]:
        """Mark running jobs whose worker is gone as interrupted; return their ids."""
        with self._connect() as con:
            running = con.execute("select id, worker from jobs where status = 'running'").fetchall()
        if not running:
            return []
        worker = self.worker()
        lost = [r["id"] for r in running if worker is None or worker.token != r["worker"] or not worker.alive]
        if not lost:
            return []
        why = msg("The worker process ended before the job did. The served forecasts have not changed. Request the job again.")
        with self._write() as con:
            return [
                i
                for i in lost
                if con.execute(
                    "update jobs set status = 'interrupted', ended_at = ?, eta_s = null, message = ? where id = ? and status = 'running'",
                    (as_text(now()), serialize(why), i),
                ).rowcount
            ]

    # ---- the worker of the workspace

    def worker(self) -> Heartbeat | None:
        """Return the last known worker, which may be dead (`alive`); None where there was none or it ended normally."""
        with self._connect() as con:
            row = con.execute("select * from heartbeats where name = 'worker'").fetchone()
        return read(Heartbeat, row) if row else None

    def take_worker(self) -> str | None:
        """Make this process the only worker of the workspace; return its token, or None where another worker is alive."""
        token, time_ = uuid4().hex, as_text(now())
        with self._write() as con:
            row = con.execute("select * from heartbeats where name = 'worker'").fetchone()
            if row and read(Heartbeat, row).alive:
                return None
            con.execute(
                "insert or replace into heartbeats values ('worker', ?, ?, ?, ?, ?, ?)",
                (token, os.getpid(), socket.gethostname(), time_, time_, process(os.getpid())),
            )
        self.reap()  # whatever an earlier worker left running
        return token

    def beat(self, token: str, job_id: int | None = None) -> bool:
        """Record a heartbeat. Return False where another worker has taken over, so that this one must stop."""
        time_ = as_text(now())
        with self._write() as con:
            mine = con.execute("update heartbeats set beat_at = ? where name = 'worker' and token = ?", (time_, token)).rowcount == 1
            if mine and job_id is not None:
                con.execute("update jobs set heartbeat_at = ? where id = ? and status = 'running'", (time_, job_id))
        return mine

    def release_worker(self, token: str) -> None:
        with self._write() as con:
            con.execute("delete from heartbeats where name = 'worker' and token = ?", (token,))

    # ---- audit

    def note(self, actor: str, act: str, subject: str, reason: Message | str = "", **details) -> None:
        """Add one line to the audit log."""
        with self._write() as con:
            add_note(con, actor, act, subject, reason, details)

    def audit(self, limit: int = 100) -> list[AuditEntry]:
        """Return the latest entries of the audit log, newest first."""
        with self._connect() as con:
            return [read(AuditEntry, row) for row in con.execute("select * from audit order by id desc limit ?", (limit,))]

    # ---- acts on snapshots and models: copies of audit.jsonl (core/storage/audit.py)

    def acts(self) -> list[dict]:
        """Return the acts in the store, oldest first, with the fields of core.storage.audit.Act."""
        with self._connect() as con:
            rows = con.execute("select * from audit where uid is not null order by id").fetchall()
        entries = [vars(read(AuditEntry, row)) | {"uid": row["uid"]} for row in rows]
        return [{name: value for name, value in entry.items() if name != "id"} for entry in entries]

    def take_acts(self, acts: list[dict]) -> None:
        """Add the acts that the store lacks."""
        with self._write() as con:
            con.executemany(
                "insert or ignore into audit (at, actor, act, subject, reason, details, uid)"
                " values (:at, :actor, :act, :subject, :reason, :details, :uid)",
                [act | {"details": json.dumps(act["details"], ensure_ascii=False)} for act in acts],
            )
