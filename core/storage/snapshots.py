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
from core.messages import Message, lines, msg
from core.progress import Progress, silent
from core.storage import audit, files
from core.storage.audit import Act
from core.storage.export import write_table
from core.storage.snapshot_checks import made_by, problems
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
        """Return the Parquet file of a serving table."""
        return self.path / f"{name}.parquet"


def current(workspace: Workspace) -> Snapshot | None:
    """Return the served snapshot; None before the first one. Cheap: reads the pointer and the manifest, not the tables.

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
    """Return the snapshots that are kept and whose manifests are sound, newest first. `upswing doctor` shows the others."""
    served = audit.served_id(workspace)
    return [Snapshot(f.name, f, found, f.name == served) for f, found in _manifests(workspace) if isinstance(found, dict)]


def damaged(workspace: Workspace) -> dict[str, UserError]:
    """Return what is wrong with the manifests of the snapshots that `history` leaves out, by id."""
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
            expected=msg("Every file of a snapshot must be unchanged since it was written."),
            to_do=ANOTHER,
        )
    return manifest


def publish(workspace: Workspace, progress: Progress = silent) -> str:
    """Make workspace/scored/ a snapshot, check it in full and serve it; return its id. The newest 5 are kept.

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
        _serve(workspace, Act.new("publish", snapshot_id, "", audit.publisher(), model=manifest["model"], as_of=manifest["as_of"]))
        _prune(workspace)
    progress("publish", 1.0, msg("Snapshot {snapshot} is published", snapshot=snapshot_id))
    return snapshot_id


def rollback(workspace: Workspace, snapshot_id: str, reason: str = "", actor: str = "command line") -> None:
    """Serve another snapshot after a full check. Raises UserError with everything that is wrong with it."""
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
    """Write a serving table of the current snapshot as CSV, Parquet or XLSX, by the file's suffix; return its number of rows."""
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
    if not serving[table].is_expected(made_by(snapshot.manifest)) and not snapshot.table(table).exists():
        raise UserError(
            expected=msg("Only tables that the snapshot holds can be exported."),
            found=msg("The snapshot was made by an earlier version, without the table {table}.", table=table),
            to_do=msg("Run `upswing score` and `upswing publish`."),
        )
    verify(snapshot.path)
    return write_table(pq.read_table(snapshot.table(table)), Path(out))


def check(folder: Path, manifest: dict | None = None) -> list[Message]:
    """Return everything that is wrong with a snapshot's folder, one sentence each; empty = fit to be served. manifest: else its own."""
    try:
        return problems(folder, manifest or read_manifest(folder))
    except UserError as error:
        return [error.found]


# ---- files


def _copy(source: Path, target: Path) -> dict:
    """Copy a file durably. The hash is of the bytes read, so that the check finds a faulty write."""
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
    """Remove what a killed publish or removal left. Call it inside `audit.deciding`, so that no other process is publishing."""
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
    """Return the folders of complete snapshots, newest first."""
    return [m.parent for m in sorted(workspace.snapshots.glob("[!.]*/manifest.json"), reverse=True)]
