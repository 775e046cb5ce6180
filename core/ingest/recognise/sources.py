"""The sources of one import: what each fills, what others add to its rows, and which are left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import UserError
from core.ingest.answers import COLUMN, KnownAnswers, column_names, constants, signature
from core.ingest.convert.dates import day_in
from core.ingest.readers.source import Source
from core.ingest.recognise import documents, known_layouts, leave_out, lookups, reshape
from core.ingest.recognise.bundles import bundle_columns
from core.ingest.recognise.declared import plan_declared, state_rules
from core.ingest.recognise.lookups import Lookup
from core.ingest.recognise.mapping import ColumnRule, Mapping, with_column_names, with_constants
from core.ingest.recognise.matcher import product_columns
from core.ingest.recognise.personal_data import Outside, outside_of, without_personal_data
from core.ingest.recognise.purchases import orders_in_log
from core.ingest.recognise.row_meaning import meaning, with_running_totals
from core.ingest.recognise.rules import EACH_ROW, FIRST_FILE, ONE_UNIT, RUNNING_TOTAL, SAME_ORDERS, targets
from core.ingest.recognise.sheet import Sheet
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.ingest.recognise.tables import plan_tables
from core.ingest.recognise.unrecognised import UnrecognisedFile
from core.ingest.report import FileReport
from core.messages import msg


@dataclass
class PlannedSource:
    """One source, the lookup that adds to its rows, the tables it fills, and the identity of its file.

    mapping: the layout of the source, or what the import was given. sheet: what the matcher sees of one without a declared layout.
    Without plans it is left out, or only added to others.
    """

    path: Path
    sha256: str
    source: Source
    lookup: Lookup | None
    mapping: Mapping
    plans: list[TablePlan] = field(default_factory=list)
    sheet: Sheet | None = None
    report: FileReport = field(init=False)

    def __post_init__(self):
        source = self.source
        self.report = FileReport(
            source.file,
            source.kind,
            source.encoding,
            source.delimiter,
            notes=list(source.notes),
            layout_key=signature(source.columns),
        )

    @property
    def columns(self) -> list[str]:
        """The source's own and those that are added to them."""
        return self.source.columns + list(self.lookup.columns if self.lookup else ())

    def leave_out(self) -> None:
        """Report that a person leaves the source out, with the way to read it all the same."""
        self.report.left_out = leave_out.CHOSEN
        self.report.questions.append(leave_out.question(self.source.file))

    @property
    def is_left_out(self) -> bool:
        """Whether a person leaves it out."""
        return self.report.left_out == leave_out.CHOSEN

    @property
    def has_orders(self) -> bool:
        return bool(self.plans) and self.plans[0].table == "orders"


def plan_sources(
    mapping: Mapping,
    files: list[tuple[Path, str, Source]],
    stored_ids: set[str],
    known: KnownAnswers | None = None,
    dry_run: bool = False,
    layouts: tuple[Mapping, ...] = (),
) -> list[PlannedSource]:
    """Return the sources with what each fills, in the order in which they are stored.

    files: (path, SHA-256, source) each. stored_ids: of the shop's products. known: answers to questions that the sources raise.
    layouts: those to recognise, where the mapping is one of guesses. Of several sources, those that fit no table are left out.

    Raises UserError where none fits, and for what the mapping or the rules of privacy refuse. A dry run leaves such sources out, with
    the reason in their reports.
    """
    known = known or KnownAnswers()
    planned = [_recognised(mapping, path, sha, source, layouts if mapping.guesses else (), known) for path, sha, source in files]
    read: list[PlannedSource] = []
    for p in planned:
        if leave_out.answer(p.source.file, known.given) == leave_out.YES:
            p.leave_out()
        else:
            read.append(p)
    sheets, sources = [p.sheet for p in read if p.sheet], [p.source for p in read]
    for p in read:
        p.lookup = lookups.matched_lookup(p.sheet, sheets) if p.sheet else lookups.declared_lookup(p.mapping, p.source, sources)
        if p.sheet and p.lookup:
            p.sheet.added = p.lookup.columns
    _plan_each(read, dry_run, others=len(planned) > 1)
    matched = [p for p in planned if p.sheet and p.plans]
    agreed = product_columns([(p.sheet, p.plans[0].table) for p in matched if p.sheet], stored_ids)
    for p, column in zip(matched, agreed):
        if p.sheet and column:
            p.sheet.product_column = column
            p.plans = _plan_with_constants(p, constants(p.report.answers))
    for p in planned:
        if p.plans:
            _complete(p)
    if any(p.report.answers.get(SAME_ORDERS) == FIRST_FILE for p in planned):
        planned.reverse()  # the newer lines of an order are merged last
    return sorted(planned, key=lambda p: any(plan.undated for plan in p.plans))  # an undated count takes its day from the sales


def _recognised(mapping: Mapping, path: Path, sha: str, source: Source, layouts: tuple[Mapping, ...], known: KnownAnswers) -> PlannedSource:
    """Return a source with its layout, if it has a known one, and the answers for it."""
    found, evidence = known_layouts.recognise(source.columns, layouts)
    if found is not None:
        source = reshape.of_layout(found, source)
    elif mapping.guesses:
        source = reshape.numbered_items(mapping, source)
    p = PlannedSource(path, sha, source, None, found or mapping)
    if found is not None:
        p.report.layout, p.report.layout_key = evidence, found.name
    p.report.answers = known.of(p.report.layout_key)
    if found is None and mapping.guesses:
        p.sheet = Sheet(mapping, source, p.report.answers)
    if found is not None:
        places = [f"{table}.{column}" for table, m in found.tables.items() for column in targets(table)]
        named = [hint for hint in column_names(p.report.answers) if hint.partition("=")[0].strip() in places]
        p.mapping = with_column_names(found, tuple(named)) if named else found
    return p


def _plan_each(planned: list[PlannedSource], dry_run: bool, others: bool) -> None:
    """Give each source its plans, or the reason why it has none, and what to ask about it.

    others: the import has other files. Raises UserError for a source that may hold sales, and where no source has plans; a dry run
    reports both.
    """
    added = [s for p in planned if p.lookup is not None and not p.lookup.unambiguous for s in p.lookup.sources]
    refused: list[UserError] = []
    for p in planned:
        is_added, layout = any(p.source is s for s in added), p.mapping.layout
        if is_added and (p.sheet or lookups.names_no_product(p.mapping, p.source) or layout is not None and layout.why):
            p.report.notes.append(msg("The file names no products. Its columns are added to the rows of other files of this import."))
            continue
        if p.sheet and lookups.is_redundant_order_list(p.sheet, [q.sheet for q in planned if q.sheet]):
            p.report.left_out = msg("It names no products, and other files have the lines of its orders.")
            continue
        try:
            p.plans = _plan_with_constants(p, constants(p.report.answers))
        except UserError as error:
            if others and leave_out.answer(p.source.file, p.report.answers) == leave_out.YES:
                p.leave_out()
                continue
            refused.append(_not_read(p, error, others))
            if p.report.refused and not dry_run:
                raise refused[-1] from error
    if all(p.is_left_out for p in planned) and not dry_run:
        raise leave_out.nothing_left()
    if refused and not any(p.plans for p in planned):
        for p in planned:
            columns = [q for q in p.report.questions if q.flag == COLUMN]
            p.report.questions = [replace(q, share=1.0) if q in columns and (q.share or q.proposal) else q for q in p.report.questions]
        if not dry_run:
            raise refused[0]


def _not_read(p: PlannedSource, error: UserError, others: bool) -> UserError:
    """Fill the report of a source that fits no table, with its questions, and return the error that says so.

    One that does not look like sales is set aside, unless a person wants it to be read.
    """
    file = p.source.file
    asked = error.questions if isinstance(error, UnrecognisedFile) else []
    if isinstance(error, UnrecognisedFile) and error.optional and leave_out.answer(file, p.report.answers) != leave_out.NO:
        p.report.left_out, p.report.ask = error.why, error.ask
        may_be_read = bool(asked) and others or error.readable
        p.report.questions += [replace(q, share=0.0) for q in asked] + [leave_out.question(file)] * may_be_read
        return error
    if others:
        asked = [*asked, leave_out.question(file, leave_out.NO) if asked else leave_out.only_way_on(file)]
        error = leave_out.with_way_out(error, file)
    p.report.left_out, p.report.ask, p.report.refused = error.message, error.ask, True
    p.report.questions += asked
    return error


def _plan_with_constants(p: PlannedSource, given: dict[str, str]) -> list[TablePlan]:
    """Return the plans of a source; columns that it lacks have the values given for them.

    given: "table.column" -> value. A value that is needed to plan the source at all is used only where it fits no table without it: a
    list of products does not become sales because units are given.
    """
    try:
        plans = _plan_one(p.mapping, p)
    except UserError:
        if not given:
            raise
        plans = _plan_one(with_constants(p.mapping, given), p)

    def completed(plan: TablePlan) -> TablePlan:
        places = {place.partition(".")[2]: value for place, value in given.items() if place.partition(".")[0] == plan.table}
        lacking = {c: ColumnSource(ColumnRule(constant=value), ()) for c, value in places.items() if c not in plan.columns}
        return replace(plan, columns=plan.columns | lacking)

    return [plan if plan.derived else completed(plan) for plan in plans]


def _plan_one(mapping: Mapping, p: PlannedSource) -> list[TablePlan]:
    if p.sheet is None:
        file = p.source.file if mapping.layout else p.path.name
        plans = plan_declared(mapping, file, p.columns, p.report.answers.get(EACH_ROW) == ONE_UNIT)
    else:
        p.sheet.mapping = mapping
        plans = plan_tables(p.sheet)
    asked = p.sheet.questions if p.sheet else []
    return with_running_totals(plans) if meaning(p.report.answers, asked) == RUNNING_TOTAL else plans


def _complete(p: PlannedSource) -> None:
    """Add the purchases of a log, take out personal data, and note what a reader of the report needs to know."""
    mapping = p.mapping
    if p.report.layout is None:
        p.plans = [replace(plan, states=state_rules(mapping, plan, p.columns)) for plan in p.plans]
        p.plans = [_with_documents(p.sheet, plan) if p.sheet else plan for plan in p.plans]
    if p.plans[0].table == "orders" and not p.plans[0].parts and mapping.automatic:
        p.plans[0] = replace(p.plans[0], bundles=bundle_columns(p.source, p.columns, p.plans[0]))
    p.plans = [plan.dated_list(day_in(p.path.name)) if plan.table == "products" else plan for plan in p.plans]
    purchases = orders_in_log(mapping, p.plans, p.columns)
    p.plans = [*p.plans, *([purchases] if purchases else [])]
    kept: list[TablePlan] = []
    outside: Outside = {}
    for plan in p.plans:
        plan, personal, asked = without_personal_data(plan, p.source, p.lookup, mapping, p.report.answers)
        p.report.questions += asked
        kept.append(plan)
        outside |= personal
    p.plans = [plan for plan in kept if not (plan.derived and len(plan.columns) < 2)]
    p.report.questions += p.sheet.asked(p.plans) if p.sheet else []
    used = {s for plan in p.plans for s in replace(plan, bundles=None).reads}
    p.report.unread = [c for c in p.source.columns if c not in used]
    p.report.outside = outside | outside_of(p.source, p.report.unread, outside, about_people=p.plans[0].table == "customers")
    if p.lookup:
        p.report.notes.append(_lookup_note(p.lookup))
    main = p.plans[0]
    if main.table == "orders" and main.columns["units"].constant is not None:
        p.report.notes.append(msg("The file has no column of units. Each row is one unit, and equal rows are as many."))


def _with_documents(sheet: Sheet, plan: TablePlan) -> TablePlan:
    known = {rule.column for rule in plan.states}
    return replace(plan, states=(*plan.states, *(rule for rule in documents.state_rules(sheet, plan) if rule.column not in known)))


def _lookup_note(lookup: Lookup):
    values = {"columns": list(lookup.columns), "files": [s.file for s in lookup.sources], "key": lookup.key_there}
    if lookup.unambiguous:
        return msg("The columns {columns} come from {files} by {key}, where it has one value for it.", **values)
    return msg("The columns {columns} come from {files} by {key}.", **values)
