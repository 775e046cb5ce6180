"""Files into the warehouse: plan every file, then load, check and merge them in one transaction."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from core.errors import UserError
from core.ingest.answers import answers_digest, column_names, known_answers, refuse_open, with_columns
from core.ingest.convert import zones
from core.ingest.names import by_plain, listed, near, plain
from core.ingest.persons.column_values import shown_names
from core.ingest.questions import Answers
from core.ingest.readers.files import open_sources, sha256
from core.ingest.readers.source import Source
from core.ingest.recognise import known_layouts, leave_out, mapping_file
from core.ingest.recognise.day_columns import unpivot_days
from core.ingest.recognise.mapping import Mapping, with_column_names
from core.ingest.recognise.rules import RULES
from core.ingest.recognise.sources import PlannedSource, plan_sources
from core.ingest.report import FileReport, ImportReport, TableReport
from core.ingest.store import journal, maps, shop
from core.ingest.store.closing import close, recorded
from core.ingest.store.earlier_persons import forget_persons
from core.ingest.store.source import ImportRun, import_source
from core.ingest.store.statement_figures import by_month, stored_rows, with_stored
from core.ingest.store.transaction import open_warehouse, stored_product_ids
from core.messages import msg, nmsg, sentences
from core.progress import Progress, silent
from core.schema import MAPS
from core.storage import duckdb as db
from core.storage import facts, keys, private
from core.workspace import Workspace

IMPORTED_BEFORE = msg("The same file was imported before.").template


def import_files(
    workspace: Workspace,
    files: list[Path],
    *,
    preset: str | None = None,
    mapping: str | Path | None = None,
    columns: tuple[str, ...] = (),
    answers: Answers | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Read files into the workspace's warehouse through a preset or a mapping (default: the generic preset).

    columns: the shop's names of columns that the generic preset does not know, as "table.column = name"; remembered for later imports.
    answers: to questions that such files raise, by their keys (core.ingest.questions); remembered for files of the same layout.

    An import that fails leaves the warehouse as it was. dry_run does the same work on a copy in memory and writes nothing to the
    workspace. Raises UserError for files and mappings that do not fit, and for questions that nobody has answered; nothing is stored.
    """
    if not files:
        raise UserError(
            found=msg("No file is given."),
            expected=msg("An import needs at least one file."),
            to_do=msg("Name one or more files."),
        )
    known = known_answers(facts.of_file(workspace.warehouse), with_columns(answers or {}, columns))
    columns = column_names(known.given)
    chosen = _with_hints(workspace, mapping_file.load(preset, mapping), columns)
    report = ImportReport(chosen.name, dry_run)
    with ExitStack() as stack:
        stack.enter_context(private.owner_only())
        opened = _open(stack, [Path(f) for f in files], chosen, None if dry_run else workspace.cache, report)
        _refuse_unknown_names(columns, [source for _, _, source in opened])
        leave_out.refuse_unknown(known.given, [*(source.file for _, _, source in opened), *(f.file for f in report.files)])
        layouts = (*known_layouts.own(workspace.layouts), *known_layouts.shipped()) if chosen.guesses else ()
        planned = plan_sources(chosen, opened, stored_product_ids(workspace), known, dry_run, layouts)
        if not dry_run:
            workspace.create()
        with open_warehouse(workspace, dry_run) as con:
            run = _import_all(con, workspace, chosen, planned, known.given, report, progress, dry_run)
            _store_statements(run, report)
            decided = [p for p in planned if p.plans or p.is_left_out]
            _finish(run, workspace, columns, known.to_remember((p.report.layout_key, p.report.shown) for p in decided), report)
            if not dry_run:
                refuse_open(report.open())
    progress("import", 1.0, msg("done"))
    return report


def _with_hints(workspace: Workspace, mapping: Mapping, columns: tuple[str, ...]) -> Mapping:
    """Return the mapping with the shop's names of columns, of this import and of earlier ones."""
    if mapping.guesses:
        return with_column_names(mapping, (*columns, *workspace.settings().shop.columns))
    if columns:
        raise UserError(
            found=msg("The import has both column names and the mapping {mapping}.", mapping=mapping.name),
            expected=msg("Column names extend the generic preset only; a mapping has its own."),
            to_do=msg("Leave one of them out."),
        )
    return mapping


def _open(
    stack: ExitStack, files: list[Path], mapping: Mapping, scratch: Path | None, report: ImportReport
) -> list[tuple[Path, str, Source]]:
    """Open every file; returns (path, SHA-256, source) of each source. Files that cannot be opened are left out, with the reason.

    Raises UserError where none can be opened.
    """
    options, opened, errors = mapping.options, [], []
    for path in files:
        reader = open_sources(path, encoding=options.encoding, delimiter=options.delimiter, sheet=options.sheet, scratch=scratch)
        try:
            opened += [(path, source) for source in stack.enter_context(reader)]
        except UserError as error:
            errors.append(error)
            report.files.append(FileReport(path.name, msg("cannot be read"), left_out=error.message))
    if errors and not opened:
        raise errors[0]
    hashes = {path: sha256(path) for path in dict.fromkeys(path for path, _ in opened)}
    sources = [source for _, source in opened]
    sources = unpivot_days(mapping, sources) if mapping.guesses else sources
    return [(path, hashes[path], source) for (path, _), source in zip(opened, sources)]


def _refuse_unknown_names(columns: tuple[str, ...], sources: list[Source]) -> None:
    """Raise UserError for a name given to this import that is no column of its files."""
    present = list(dict.fromkeys(c for source in sources for c in source.columns))
    for hint in columns:
        name = hint.partition("=")[2].strip()
        if plain(name) not in by_plain(present):
            correct, similar = msg("Correct the name."), near(name, present)
            raise UserError(
                found=msg(
                    "No file has the column in {hint}; the files have the columns {columns}.",
                    hint=repr(hint),
                    columns=listed(shown_names(present), 30),
                ),
                expected=msg("Each name is a column of a file in this import."),
                to_do=sentences(correct, msg("Similar names: {names}.", names=similar)) if similar else correct,
            )


def _import_all(
    con,
    workspace: Workspace,
    mapping: Mapping,
    planned: list[PlannedSource],
    given: Answers,
    report: ImportReport,
    progress: Progress,
    dry_run: bool,
) -> ImportRun:
    """Import every planned source. given: answers of this import."""
    known = shop.settings(con, workspace).shop
    currency = known.currency
    options = [mapping.options, *(p.mapping.options for p in planned)]
    given_currency = next((o.currency for o in options if o.currency), "")
    run = ImportRun(
        con,
        segment_attribute=next((o.segment_attribute for o in options if o.segment_attribute), ""),
        import_id=f"{db.rows(con, 'staging/next_import')[0]['number']:06d}",
        secret=keys.customers_key(workspace, create=not dry_run, con=con),
        given_currency=given_currency,
        currency=given_currency or currency,
        has_orders=any(p.has_orders for p in planned),
        moment=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        dry_run=dry_run,
        shop=known,
    )
    if gone := forget_persons(con):
        report.notes.append(
            msg("The customer attributes {names}, stored by an earlier version, are personal data and were deleted.", names=gone)
        )
    moment = run.moment
    journal.begin(con)
    for number, p in enumerate(planned):
        report.files.append(p.report)
        if not p.plans:
            continue
        added = "".join(q.sha256 for q in planned if p.lookup and any(q.source is s for s in p.lookup.sources))
        digest = p.mapping.digest + answers_digest(p.report.answers, given) + "".join(known.exchange_rates) + added
        coming = [later.sha256 + later.source.file for later in planned[number + 1 :]]
        identity = {"file": p.source.file, "sha256": p.sha256, "mapping_sha256": digest, "currency": currency}
        rows = db.run(con, "staging/known_file", **identity, coming=coming).fetchone()[0]
        if rows and not any(RULES[plan.table].whole or plan.undated for plan in p.plans):
            p.report.main = TableReport(p.plans[0].table, read=rows, dropped={IMPORTED_BEFORE: rows})
            continue
        import_source(run, p, _part(progress, number, len(planned)))
        for t in p.report.tables:
            _record(run, t, imported_at=moment, preset=p.mapping.name, **identity)
    return run


def _store_statements(run: ImportRun, report: ImportReport) -> None:
    """Add to each statement what the warehouse holds of its months, and store it with the import."""
    stated = [(f, t) for f in report.files for t in f.tables if t.statement]
    tables = {t.table for _, t in stated if t.statement and t.statement.months}
    stored = {table: by_month(run.con, table, stored_rows(table), orders=False) for table in tables}
    for f, t in stated:
        assert t.statement
        t.statement = with_stored(t.statement, stored.get(t.table, {}))
        t.before = _earlier(run, t)
        values = {
            "import_id": run.import_id,
            "file": f.file,
            "table_name": t.table,
            "statement": json.dumps(t.as_dict(), ensure_ascii=False),
        }
        db.run(run.con, "staging/record_statement", **values).fetchall()


def _earlier(run: ImportRun, t: TableReport) -> dict | None:
    """Return what the last import understood whose file had the same columns, read as the same; None if none had."""

    def columns(statement: dict) -> list[tuple]:
        return [(c["name"], c["read_as"]) for c in statement["columns"]]

    assert t.statement
    same, rows = columns(t.statement.as_dict()), db.rows(run.con, "staging/earlier_statements", table_name=t.table, import_id=run.import_id)
    found = (json.loads(row["statement"]) for row in rows)
    return next((one for one in found if one["statement"] and columns(one["statement"]) == same), None)


def _part(progress: Progress, number: int, files: int) -> Progress:
    """Return the progress of one file among several as progress of them all."""
    return lambda step, done, message="", **figures: progress(step, (number + done) / files, message, **figures)


def _record(run: ImportRun, t: TableReport, **identity) -> None:
    """Record what became of a file's rows for one table, and from which day its features change."""
    t.check()
    db.run(
        run.con,
        "staging/record_import",
        import_id=run.import_id,
        table_name=t.table,
        rows_read=t.read,
        rows_kept=t.kept,
        rows_dropped=sum(t.dropped.values()),
        rows_quarantined=sum(t.quarantined.values()),
        rows_set_aside=sum(t.set_aside.values()),
        first_day=t.first_day,
        last_day=t.last_day,
        key_sha256=keys.fingerprint(run.secret),
        **identity,
    ).fetchall()
    if t.touched:
        db.run(run.con, "staging/touch", table_name=t.table, first_day=t.touched, import_id=run.import_id).fetchall()


def _finish(run: ImportRun, workspace: Workspace, columns: tuple[str, ...], answers: dict[str, Answers], report: ImportReport) -> None:
    """Do what needs all files: products without a description, the facts of the shop, foreign prices."""
    con, given = run.con, next((f.answers for f in report.files if f.main is not None), {})
    hints = shop.ImportHints(run.import_id, run.given_currency, run.segment_attribute, columns, answers, _time_zone(report), run.moment)
    latest = _latest(report)
    if any(t.table in MAPS for f in report.files for t in f.tables):
        report.notes += maps.check(con)
    closed = close(con, workspace, hints, given, latest.file if latest else "")
    if any(f.main is not None for f in report.files):
        journal.keep_facts(con, run.import_id, recorded(hints, given))
    if closed.untitled:
        report.notes.append(
            nmsg(
                "{count} product in the files has no name. Its number is used as the name.",
                "{count} products in the files have no name. Their numbers are used as names.",
                closed.untitled,
            )
        )
    alike = db.rows(con, "staging/ids_alike")
    if alike:
        report.notes.append(
            nmsg(
                "{count} pair of product numbers differs only in leading zeros or case: {one} and {other} are two products.",
                "{count} pairs of product numbers differ only in leading zeros or case: {one} and {other} are two products.",
                len(alike),
                one=alike[0]["one"],
                other=alike[0]["other"],
            )
        )
    if latest:
        latest.questions += [closed.as_of.question] if closed.as_of.question else []
        latest.notes += closed.as_of.notes
    shops = closed.settings.shop.currency
    if closed.foreign:
        report.notes.append(
            nmsg(
                "{count} product is priced in another currency than {currency}. Its price and cost are not imported.",
                "{count} products are priced in another currency than {currency}. Their prices and costs are not imported.",
                closed.foreign,
                currency=shops,
            )
        )
    if closed.abroad:
        report.notes.append(
            nmsg(
                "{count} supplier has a minimum order in another currency than {currency}. It is not imported.",
                "{count} suppliers have minimum orders in another currency than {currency}. They are not imported.",
                closed.abroad,
                currency=shops or msg("the shop, which has none"),
            )
        )
    report.notes += closed.notes
    attributes = [row["attribute"] for row in db.rows(con, "staging/attributes")]
    report.shop = {"currency": shops, "segment_attribute": closed.settings.shop.segment_attribute, "attributes": attributes}


def _time_zone(report: ImportReport) -> str:
    """Return the shop's time zone as a person named it for this import; "" if nobody did."""
    return next((zone for f in report.files if f.main is not None and (zone := f.answers.get(zones.TIME_ZONE))), "")


def _latest(report: ImportReport) -> FileReport | None:
    """Return the report of the file with the last day."""
    return max((f for f in report.files if f.main), key=lambda f: (f.main.last_day if f.main else None) or "", default=None)
