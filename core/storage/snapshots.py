"""Snapshots: immutable, versioned folders of serving tables, and the CURRENT pointer to the one that is served.

    snapshots/20260314-091500-123/<table>.parquet    one file for each table of every capability
    snapshots/20260314-091500-123/manifest.json      SHA-256 and rows of each, sealed; written last
    CURRENT                                          the id of the served one; replaced atomically

Ids are UTC times and sort in the order of publishing. Killed at any moment, the old or the new snapshot is served, whole, and the audit
log says so (core/storage/audit.py). Whoever opens a snapshot verifies every file of it first.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core import __version__
from core.capabilities.registry import serving_tables
from core.errors import UpswingError, UserError
from core.messages import Message, lines, msg, nmsg
from core.progress import Progress, silent
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS, FIRST_VERSION, Table
from core.storage import audit, files
from core.storage import duckdb as db
from core.storage.audit import Act
from core.storage.export import write_table
from core.storage.state import now
from core.workspace import Workspace

KEPT = 5
_ID = re.compile(r"[\w.-]*\w")  # one folder's name
ANOTHER = msg("Serve an earlier snapshot with `upswing rollback ID` (`upswing snapshots` lists them), or run `upswing publish` again.")


@dataclass(frozen=True)
class Snapshot:
    id: str
    path: Path
    manifest: dict
    current: bool = False

    @property
    def as_of(self) -> str:
        return self.manifest.get("as_of", "")

    @property
    def model(self) -> str:
        return self.manifest.get("model", "")

    @property
    def created_at(self) -> str:
        return self.manifest.get("created_at", "")

    def table(self, name: str) -> Path:
        """The Parquet file of a serving table."""
        return self.path / f"{name}.parquet"


def current(workspace: Workspace) -> Snapshot | None:
    """The served snapshot; None before the first one. Cheap: reads the pointer and the manifest, not the tables.

    Raises UserError where CURRENT names a snapshot that is not there, or whose manifest is damaged.
    """
    if not workspace.current.exists():
        return None
    snapshot_id = audit.served_id(workspace)
    if not _ID.fullmatch(snapshot_id) or not (workspace.snapshots / snapshot_id / "manifest.json").exists():
        raise UserError(
            expected=msg("CURRENT must name a snapshot of this workspace."),
            found=msg('CURRENT in {folder} names "{snapshot}", which does not exist.', folder=str(workspace.root), snapshot=snapshot_id),
            to_do=ANOTHER,
        )
    folder = workspace.snapshots / snapshot_id
    return Snapshot(snapshot_id, folder, read_manifest(folder), True)


def history(workspace: Workspace) -> list[Snapshot]:
    """The snapshots that are kept and whose manifests are sound, newest first. `upswing doctor` shows the others."""
    served = audit.served_id(workspace)
    return [Snapshot(f.name, f, found, f.name == served) for f, found in _manifests(workspace) if isinstance(found, dict)]


def damaged(workspace: Workspace) -> dict[str, UserError]:
    """What is wrong with the manifests of the snapshots that `history` leaves out, by id."""
    return {folder.name: found for folder, found in _manifests(workspace) if isinstance(found, UserError)}


def read_manifest(folder: Path) -> dict:
    """Return a snapshot's manifest. Raises UserError where it is missing or damaged."""
    return files.read_json(folder / "manifest.json", ANOTHER)


def verify(folder: Path) -> dict:
    """Return the manifest of a snapshot whose every file is as it was written. Raises UserError for any other.

    A process reads each file once: it hashes again only what has other times or another size (`files.known_sha256`).
    """
    manifest = read_manifest(folder)
    found = files.changed(folder, {f"{name}.parquet": noted["sha256"] for name, noted in manifest["tables"].items()})
    if found:
        raise UserError(
            found=msg("Snapshot {snapshot} is damaged: {sentences}", snapshot=folder.name, sentences=found),
            expected=msg("Every file of a snapshot has to be as it was written."),
            to_do=ANOTHER,
        )
    return manifest


def publish(workspace: Workspace, progress: Progress = silent, actor: str = "command line") -> str:
    """Makes a new snapshot of workspace/scored/, checks it in full, serves it, and gives its id. Keeps the newest 5.

    Raises UpswingError with all the problems found; then the old snapshot stays served and nothing is left behind.
    """
    scored = workspace.need(workspace.root / "scored", "score")
    serving = serving_tables()
    missing = [name for name in serving if not (scored / f"{name}.parquet").exists()]
    if missing:
        raise UpswingError(msg("The scored tables are incomplete: {tables} are missing. Run `upswing score` again.", tables=missing))
    with audit.deciding(workspace):
        workspace.snapshots.mkdir(exist_ok=True)
        _remove_leftovers(workspace)
        created_at = now()
        snapshot_id = _new_id(workspace, created_at)
        with files.new_folder(workspace.snapshots / snapshot_id) as folder:
            tables = {}
            for i, name in enumerate(n for n in serving if n != "meta"):
                progress("publish", 0.5 * i / len(serving), msg("Writing {table}", table=name))
                tables[name] = _copy(scored / f"{name}.parquet", folder / f"{name}.parquet")
            meta, tables["meta"] = _write_meta(scored / "meta.parquet", folder, snapshot_id, created_at, tables)
            manifest = {
                "snapshot": snapshot_id,
                "model": meta["model"],
                "as_of": meta["as_of"].isoformat(),
                "code_version": __version__,
                "created_at": created_at.isoformat(),
                "tables": tables,
            }
            progress("publish", 0.5, msg("Checking the snapshot"))
            found = check(folder, manifest)
            if found:
                raise UpswingError(lines(msg("The scored tables have problems and were not published:"), *found))
            progress("publish", 0.9, msg("Serving the snapshot"))
            (folder / "manifest.json").write_text(files.sealed(manifest), encoding="utf-8")
        _serve(workspace, Act.new("publish", snapshot_id, "", actor, model=manifest["model"], as_of=manifest["as_of"]))
        _prune(workspace)
    progress("publish", 1.0, msg("Snapshot {snapshot} is published", snapshot=snapshot_id))
    return snapshot_id


def rollback(workspace: Workspace, snapshot_id: str, reason: str = "", actor: str = "command line") -> None:
    """Serves an earlier snapshot (or a later one again), after checking it in full. Raises UserError with all that is wrong with it."""
    folder = workspace.snapshots / snapshot_id
    if not _ID.fullmatch(snapshot_id) or not (folder / "manifest.json").exists():
        raise UserError(
            expected=msg("The id must be that of a snapshot of this workspace."),
            found=msg('There is no snapshot "{snapshot}".', snapshot=snapshot_id),
            to_do=msg("List the snapshots with `upswing snapshots`."),
        )
    found = check(folder)
    if found:
        raise UserError(
            expected=msg("Only a sound snapshot can be served."),
            found=msg("Snapshot {snapshot} has problems: {sentences}", snapshot=snapshot_id, sentences=found),
            to_do=msg("Serve another snapshot, or run `upswing publish` again."),
        )
    with audit.deciding(workspace):
        _serve(workspace, Act.new("rollback", snapshot_id, reason, actor))


def export(workspace: Workspace, table: str, out: Path) -> int:
    """Writes a serving table of the current snapshot as CSV, Parquet or XLSX (by the name's end) and gives its rows."""
    snapshot = current(workspace)
    if snapshot is None:
        raise UserError(
            expected=msg("An export needs a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    serving = serving_tables()
    if table not in serving:
        raise UserError(
            expected=msg("The table must be one of {tables}.", tables=list(serving)),
            found=msg('There is no table "{table}".', table=table),
            to_do=msg("Choose one of these tables."),
        )
    if not serving[table].is_expected(_version(snapshot.manifest)) and not snapshot.table(table).exists():
        raise UserError(
            expected=msg("Only tables that the snapshot holds can be exported."),
            found=msg("The snapshot was made by an earlier version, without the table {table}.", table=table),
            to_do=msg("Run `upswing score` and `upswing publish`."),
        )
    verify(snapshot.path)
    return write_table(pq.read_table(snapshot.table(table)), Path(out))


# ---- checking


def check(folder: Path, manifest: dict | None = None) -> list[Message]:
    """Return everything that is wrong with a snapshot's folder, one sentence each; empty = fit to be served.

    Files against the manifest (by default its own), columns, types, keys, required and finite values against the tables' records,
    then each question of core/storage/sql/checks/, whose first line is the sentence for the rows it finds. A snapshot of an earlier
    version may lack the tables that were introduced since.
    """
    if manifest is None:
        try:
            manifest = read_manifest(folder)
        except UserError as error:
            return [error.found]
    noted_tables = manifest.get("tables", {})
    serving, version = serving_tables(), _version(manifest)
    expected, found = [name for name, table in serving.items() if name in noted_tables or table.is_expected(version)], []
    for name in expected:
        file, noted = folder / f"{name}.parquet", noted_tables.get(name)
        if not file.exists() or noted is None:
            found.append(
                msg("The file of table {table} is missing.", table=name) if noted else msg("The manifest lacks table {table}.", table=name)
            )
        elif files.sha256(file) != noted["sha256"]:
            found.append(msg("The file of table {table} has changed since it was written: its SHA-256 differs.", table=name))
    if found:
        return found
    paths = {name: _literal(folder / f"{name}.parquet") for name in expected}
    with db.connect() as con:
        for name in expected:
            try:
                found += _check_table(con, serving[name], paths[name], manifest["tables"][name]["rows"])
            except db.Error as error:
                found.append(msg("Table {table} cannot be read: {error}.", table=name, error=str(error)))
        if not found:
            values = paths | {"weeks": list(DEMAND_WEEKS), "levels": list(DEMAND_LEVELS), "drivers": list(DRIVERS)}
            for file in db.stored("checks"):
                found += _ask(con, file.stem, values)
            served = con.execute("select snapshot from read_parquet($meta)", {"meta": paths["meta"]}).fetchall()
            if served != [(manifest["snapshot"],)]:
                found.append(msg("The table meta must have one row, of snapshot {snapshot}.", snapshot=manifest["snapshot"]))
    return found


def _version(manifest: dict) -> str:
    """Return the version of Upswing that made a snapshot."""
    return manifest.get("code_version", FIRST_VERSION)


def _check_table(con, table: Table, path: str, rows: int) -> list[Message]:
    file = {"file": path}
    columns = [(name, type_) for name, type_, *_ in con.execute("describe select * from read_parquet($file)", file).fetchall()]
    expected = [(c.name, c.type) for c in table.columns]
    if columns != expected:
        wrong = [f"{n} {t}" for n, t in columns if (n, t) not in expected]
        lacking = [f"{n} {t}" for n, t in expected if (n, t) not in columns]
        if lacking or wrong:
            found = [msg("Table {table} lacks the columns {columns}.", table=table.name, columns=lacking)] if lacking else []
            return found + ([msg("Table {table} has unknown columns: {columns}.", table=table.name, columns=wrong)] if wrong else [])
        return [msg("The columns of table {table} are not in the order of the schema.", table=table.name)]
    found = []
    # hash() of whole rows makes DuckDB decode every value, so a damaged page cannot hide behind a column nobody checks.
    counts = ["count(*)", "coalesce(bit_xor(hash(t)), 0)"]
    required, numbers = [c for c in table.columns if c.required], [c for c in table.columns if c.type == "DOUBLE"]
    counts += [f'count(*) filter (where "{c.name}" is null)' for c in required]
    counts += [f'count(*) filter (where not isfinite("{c.name}"))' for c in numbers]
    total, _, *bad = con.execute(f"select {', '.join(counts)} from read_parquet($file) as t", file).fetchone()
    if total != rows:
        found.append(msg("Table {table} has {found} rows, and the manifest says {rows}.", table=table.name, found=total, rows=rows))
    if total == 0 and table.filled:
        found.append(msg("Table {table} has no rows.", table=table.name))
    for c, count in zip(required, bad):
        if count:
            found.append(
                nmsg("{column} is missing in {count} row.", "{column} is missing in {count} rows.", count, column=f"{table.name}.{c.name}")
            )
    for c, count in zip(numbers, bad[len(required) :]):
        if count:
            found.append(
                nmsg(
                    "{column} is not finite in {count} row.",
                    "{column} is not finite in {count} rows.",
                    count,
                    column=f"{table.name}.{c.name}",
                )
            )
    if table.key:
        key = ", ".join(table.key)
        twice = con.execute(f"select {key}, count(*) from read_parquet($file) group by {key} having count(*) > 1 limit 3", file).fetchall()
        found += [
            msg(
                "Table {table} has {count} rows with {key} = {values}.",
                table=table.name,
                count=row[-1],
                key=key,
                values=[str(v) for v in row[:-1]],
            )
            for row in twice
        ]
    return found


def _ask(con, name: str, values: dict) -> list[Message]:
    """Ask one question of core/storage/sql/checks/; its first line is the sentence, in the catalogue under its English text."""
    text = db.sql(f"checks/{name}")
    used = {k: v for k, v in values.items() if re.search(rf"\${k}\b", text)}
    cursor = con.execute(f"select *, count(*) over () from ({text}) limit 3", used)
    names = [d[0] for d in cursor.description][:-1]
    bad = cursor.fetchall()
    if not bad:
        return []
    problem = Message(text.splitlines()[0].removeprefix("-- "))
    examples = "; ".join(", ".join(f"{n} {v}" for n, v in zip(names, row)) for row in bad)
    return [
        nmsg(
            "{problem} This holds for {count} row: {examples}.",
            "{problem} This holds for {count} rows, for example {examples}.",
            bad[0][-1],
            problem=problem,
            examples=examples,
        )
    ]


# ---- files


def _copy(source: Path, target: Path) -> dict:
    """Copies durably; the hash is of what was read, so that the check finds what was written otherwise."""
    content = source.read_bytes()
    target.write_bytes(content)
    try:
        rows = pq.read_metadata(pa.BufferReader(content)).num_rows
    except pa.ArrowInvalid as error:
        raise UpswingError(
            msg(
                "{file} of the scored tables is not a Parquet file: {error}. Run `upswing score` again.", file=source.name, error=str(error)
            )
        ) from error
    return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _write_meta(source: Path, folder: Path, snapshot_id: str, created_at: datetime, tables: dict) -> tuple[dict, dict]:
    """meta.parquet with what only publishing knows: the snapshot's id, its time and row counts."""
    rows = pq.read_table(source).to_pylist()
    if len(rows) != 1:
        raise UpswingError(msg("The table meta must have one row, and has {rows}. Run `upswing score` again.", rows=len(rows)))
    counts = {name: t["rows"] for name, t in tables.items()}
    meta = rows[0] | {"snapshot": snapshot_id, "created_at": created_at, "row_counts": json.dumps(counts)}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([meta], schema=pq.read_schema(source)), sink)
    content = sink.getvalue().to_pybytes()
    (folder / "meta.parquet").write_bytes(content)
    return meta, {"rows": 1, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _new_id(workspace: Workspace, time_: datetime) -> str:
    taken = max((folder.name for folder in _folders(workspace)), default="")
    while (snapshot_id := f"{time_:%Y%m%d-%H%M%S}-{time_.microsecond // 1000:03d}") <= taken:
        newest = datetime.strptime(taken + "000", "%Y%m%d-%H%M%S-%f") if re.fullmatch(r"\d{8}-\d{6}-\d{3}", taken) else time_
        time_ = max(time_, newest) + timedelta(milliseconds=1)  # the clock was set back: keep the order of publishing
    return snapshot_id


def _serve(workspace: Workspace, act: Act) -> None:
    audit.serve(workspace, act)


def _prune(workspace: Workspace) -> None:
    served = audit.served_id(workspace)
    for folder in [folder for folder in _folders(workspace)[KEPT:] if folder.name != served]:
        (folder / "manifest.json").unlink()  # from here on it does not count, however far the removal gets
        files.remove(folder)


def _remove_leftovers(workspace: Workspace) -> None:
    """What a killed publish or removal left behind. Inside `audit.deciding`: nobody else is at work here."""
    files.sweep(workspace.snapshots.glob(".*.tmp*"))
    for folder in workspace.snapshots.iterdir():
        if folder.is_dir() and _ID.fullmatch(folder.name) and not folder.name.startswith(".") and not (folder / "manifest.json").exists():
            files.remove(folder)


def _manifests(workspace: Workspace) -> Iterator[tuple[Path, dict | UserError]]:
    for folder in _folders(workspace):
        try:
            yield folder, read_manifest(folder)
        except UserError as error:
            yield folder, error


def _folders(workspace: Workspace) -> list[Path]:
    """The folders of complete snapshots, newest first."""
    return [m.parent for m in sorted(workspace.snapshots.glob("[!.]*/manifest.json"), reverse=True)]


def _literal(path: Path) -> str:
    """A path that DuckDB does not take for a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))
