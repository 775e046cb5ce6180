"""Take an import back: the warehouse is made again from the journal of all the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from core.errors import UserError
from core.ingest.convert.row_checks import FIRST_DAY
from core.ingest.store import journal
from core.ingest.store.changes import TableChange, change_of, forget_rows, set_aside
from core.ingest.store.closing import close
from core.ingest.store.shop import ImportHints
from core.messages import Message, msg
from core.messages import lines as as_lines
from core.progress import Progress, silent
from core.schema import CANONICAL, MAPS
from core.storage import duckdb as db
from core.storage import facts, product_numbers, warehouse
from core.workspace import Workspace

SHOWN = 5  # imports that a message names
_BUILT_FROM = ("orders", "events", "reviews", "customers")  # the tables whose days the daily aggregate follows
_FORECAST_FROM = (*_BUILT_FROM, *MAPS)


@dataclass(frozen=True)
class UndoReport:
    """What taking back an import changed, or with dry_run would change. facts: names of the settings whose facts differ."""

    import_id: str
    imported_at: datetime
    files: str
    dry_run: bool
    tables: list[TableChange] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def text(self) -> Message:
        """Return the whole report, to be shown in the reader's language."""
        values = {"id": self.import_id, "day": self.imported_at.date(), "files": self.files}
        head = (
            msg("Plan of undoing import {id} of {day} ({files}). Nothing is written.", **values)
            if self.dry_run
            else msg("Import {id} of {day} ({files}) is undone.", **values)
        )
        parts = [head, *(change.message() for change in self.tables)]
        if not self.tables:
            parts.append(msg("No stored row changes: other imports gave the same rows."))
        if self.facts:
            parts.append(msg("These facts of the shop change: {facts}.", facts=self.facts))
        if not self.dry_run and any(change.table in _FORECAST_FROM for change in self.tables):
            parts.append(msg("Forecasts follow with the next `upswing run`."))
        return as_lines(*parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for programs."""
        return asdict(self)


def undo_import(workspace: Workspace, import_id: str, *, dry_run: bool = False, progress: Progress = silent) -> UndoReport:
    """Make the warehouse what it would be without one import, and record from which day features change.

    dry_run: say what would change, and leave the warehouse as it is. Raises UserError for an import that does not exist or that an
    earlier version made, and where the maps of product numbers that stay contradict each other.
    """
    path = workspace.need(workspace.warehouse, "import FILE...")
    with db.connect(path) as con:
        con.execute("begin").fetchall()
        warehouse.complete(con)
        journal.begin(con)
        found = _find(con, import_id)
        report = UndoReport(found["import_id"], found["imported_at"], found["files"], dry_run)
        _without(con, workspace, report, progress)
        con.execute("rollback" if dry_run else "commit").fetchall()
    progress("import", 1.0, msg("done"))
    return report


def imports(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the imports that can be taken back, the newest first: import_id, imported_at as ISO text, files."""
    path = workspace.need(workspace.warehouse, "import FILE...")
    warehouse.complete_file(path)
    with db.connect(path, read_only=True) as con:
        steps, found = list(journal.steps(con)), db.rows(con, "staging/import_list")
    earlier = max((step.import_id for step in steps if step.step == journal.BASE), default="")
    return [one | {"imported_at": one["imported_at"].isoformat()} for one in found if steps and one["import_id"] > earlier]


def _find(con, import_id: str) -> dict:
    """Return an import's id, time and files."""
    imports = db.rows(con, "staging/import_list")
    found = next((one for one in imports if one["import_id"].lstrip("0") == import_id.strip().lstrip("0")), None)
    if found is None:
        known = [msg("{id} ({files})", id=one["import_id"], files=one["files"]) for one in imports[:SHOWN]]
        raise UserError(
            found=msg("There is no import {id}.", id=import_id),
            expected=msg("The latest imports are {imports}.", imports=known) if known else msg("Nothing has been imported yet."),
            to_do=msg("Name one of them.") if known else msg("Name one or more files."),
        )
    if any(step.import_id >= found["import_id"] for step in journal.steps(con) if step.step == journal.BASE):
        raise UserError(
            found=msg("Import {id} was made by an earlier version of Upswing.", id=found["import_id"]),
            expected=msg("Imports since version 0.3 can be undone."),
            to_do=msg("Import all files but those of this import into a new workspace."),
        )
    return found


def _without(con, workspace: Workspace, report: UndoReport, progress: Progress) -> None:
    """Make the tables again without the import, fill the report with what differs, and mark the days that features change from."""
    before = {fact.name: (fact.value, fact.evidence) for fact in facts.stored(con)}
    set_aside(con)
    for name in ("journal", "imports", "quarantine", "statements", "touched", "foreign_amounts"):
        db.run(con, f"staging/forget_{name}", import_id=report.import_id).fetchall()
    forget_rows(con, report.import_id)
    _replay(con, workspace, progress)
    product_numbers.stored(con).counts()  # raises where the maps that stay contradict each other
    for table in CANONICAL:
        change = change_of(con, table)
        if change is None:
            continue
        report.tables.append(change)
        first = FIRST_DAY if table == "customers" else change.first_day
        if table in _BUILT_FROM and first:
            db.run(con, "staging/touch", table_name=table, first_day=first, import_id=report.import_id).fetchall()
    after = {fact.name: (fact.value, fact.evidence) for fact in facts.stored(con)}
    report.facts.extend(n for n in sorted(before.keys() | after.keys()) if n.startswith("shop.") and _value(before, n) != _value(after, n))


def _replay(con, workspace: Workspace, progress: Progress) -> None:
    """Merge the rows of all imports in the journal again, each with its end."""
    steps, last = list(journal.steps(con)), ""
    for number, step in enumerate(steps):
        progress("import", number / len(steps), msg("Rebuilding the warehouse"))
        if step.import_id != last:
            journal.new_import(con)
            last = step.import_id
        if step.step == journal.FACTS:
            record = dict(step.record)
            given, moment = record.pop("given"), record.pop("moment")
            hints = ImportHints(**record | {"columns": tuple(record["columns"])}, moment=datetime.fromisoformat(moment) if moment else None)
            close(con, workspace, hints, given, step.file)
        else:
            journal.merge_again(con, step)


def _value(found: dict, name: str) -> object:
    return found[name][0] if name in found else None
