"""The sources of one import: what each fills, what others add to its rows, and which are left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import UserError
from core.ingest.answers import COLUMN, KnownAnswers, as_flags, column_names, constants, signature
from core.ingest.convert.dates import day_in
from core.ingest.names import plain
from core.ingest.questions import Question
from core.ingest.readers.source import Source
from core.ingest.recognise import key_resolution, known_layouts, lookups, proposals, reshape, value_checks
from core.ingest.recognise.layout_plan import plan_layout, state_rules
from core.ingest.recognise.lookups import Lookup
from core.ingest.recognise.mapping import ColumnRule, Mapping, with_column_names, with_constants
from core.ingest.recognise.personal_data import Outside, outside_of, without_personal_data
from core.ingest.recognise.planning import plan_tables
from core.ingest.recognise.purchases import orders_in_log
from core.ingest.recognise.rules import TABLE_NAMES, targets
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.ingest.recognise.unrecognised import NAME_BOTH, UnrecognisedFile
from core.ingest.report import FileReport
from core.messages import Message, msg, sentences

LONGEST = 250  # characters of flags in a refusal
EACH_ROW = "--each-row"  # the question what a row of sales is
ONE_UNIT, ORDER_LINE, DAY_TOTAL = "one-unit", "order-line", "day-total"  # its answers


@dataclass
class PlannedSource:
    """One source, the lookup that adds to its rows, the tables it fills, and the identity of its file.

    mapping: the layout of the source, or what the import was given. Without plans it is left out, or only added to others.
    """

    path: Path
    sha256: str
    source: Source
    lookup: Lookup | None
    mapping: Mapping
    plans: list[TablePlan] = field(default_factory=list)
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
    sources = [p.source for p in planned]
    for p in planned:
        p.lookup = lookups.lookup_for(p.mapping, p.source, sources)
    _plan_each(planned, sources, dry_run)
    if guessed := [p for p in planned if p.mapping.guesses]:
        shared = key_resolution.with_shared_ids(mapping, [p.plans for p in guessed], [p.columns for p in guessed])
        for p, plans in zip(guessed, shared):
            plans = key_resolution.with_stored_ids(mapping, plans, p.columns, p.source, stored_ids)
            p.plans = key_resolution.with_fallbacks(mapping, plans, p.columns, p.source)
    for p in planned:
        if p.plans:
            _complete(p)
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
    if found is not None:
        places = [f"{table}.{column}" for table, m in found.tables.items() for column in targets(table)]
        named = [hint for hint in column_names(p.report.answers) if hint.partition("=")[0].strip() in places]
        p.mapping = with_column_names(found, tuple(named)) if named else found
    return p


def _plan_each(planned: list[PlannedSource], sources: list[Source], dry_run: bool) -> None:
    """Give each source its plans, or the reason why it has none, and what to ask about it.

    Raises UserError for one that may hold sales, and where no source has plans; a dry run reports both.
    """
    added = [s for p in planned if p.lookup is not None and not p.lookup.unambiguous for s in p.lookup.sources]
    refused: list[UserError] = []
    for p in planned:
        is_added = any(p.source is s for s in added)
        mapping = p.mapping
        if is_added and (lookups.names_no_product(mapping, p.source) or mapping.layout is not None and mapping.layout.why):
            p.report.notes.append(msg("The file names no products. Its columns are added to the rows of other files of this import."))
            continue
        if mapping.guesses and lookups.is_redundant_order_list(mapping, p.source, sources):
            p.report.left_out = msg("It names no products, and other files have the lines of its orders.")
            continue
        try:
            p.plans = _plan_with_constants(mapping, p, constants(p.report.answers))
        except UserError as error:
            fits_nothing = isinstance(error, UnrecognisedFile)
            p.report.left_out, p.report.ask = error.why if isinstance(error, UnrecognisedFile) else error.message, error.ask
            p.report.refused = not fits_nothing
            if error.ask:
                p.report.questions += proposals.questions(mapping, p.source, error.ask, 0.0 if fits_nothing else 1.0)
            if not fits_nothing and not dry_run:
                raise _with_flags(error, p.report.questions) from None
            refused.append(error)
    if refused and not any(p.plans for p in planned):
        for p in planned:
            p.report.questions = [replace(q, share=1.0) if q.share or q.proposal else q for q in p.report.questions]
        if not dry_run:
            raise _with_flags(refused[0], next(p.report.questions for p in planned if p.report.left_out))


def _with_flags(error: UserError, asked: list[Question]) -> UserError:
    """Return the error, which then ends with the flags that name the columns proposed; the names that files have for them are left out."""
    flags = as_flags([q for q in asked if q.proposal], LONGEST)
    if flags and error.ask:
        table, tables = next(iter(error.ask["tables"].items()))
        lacking = [group[0].partition(".")[2] for group in tables["needed"]]
        error.expected = msg("To be read as {table}, it needs columns for {columns}.", table=TABLE_NAMES[table], columns=lacking)
        error.to_do = sentences(
            NAME_BOTH if error.ask["may_be_in_two"] else "", msg("Name each column, as in {flags}.", flags=" ".join(flags))
        )
        error.message = sentences(error.found, error.expected, error.to_do)
        error.args = (str(error.message),)
    return error


def _plan_with_constants(mapping: Mapping, p: PlannedSource, given: dict[str, str]) -> list[TablePlan]:
    """Return the plans of a source; columns that it lacks have the values given for them.

    given: "table.column" -> value. A value that is needed to plan the source at all is used only where it fits no table without it: a
    list of products does not become sales because units are given.
    """
    try:
        plans = _plan_one(mapping, p)
    except UserError:
        if not given:
            raise
        plans = _plan_one(with_constants(mapping, given), p)

    def completed(plan: TablePlan) -> TablePlan:
        places = {place.partition(".")[2]: value for place, value in given.items() if place.partition(".")[0] == plan.table}
        lacking = {c: ColumnSource(ColumnRule(constant=value), ()) for c, value in places.items() if c not in plan.columns}
        return replace(plan, columns=plan.columns | lacking)

    return [plan if plan.derived else completed(plan) for plan in plans]


def _plan_one(mapping: Mapping, p: PlannedSource) -> list[TablePlan]:
    if p.report.layout is not None:
        return plan_layout(mapping, p.source.file, p.columns)
    value_checks.refuse_counters(mapping, p.source)
    adapted = value_checks.with_id_of_orders(mapping, p.source)
    row_is_a_unit = lookups.row_is_a_unit(adapted, p.source, p.columns, are_lines=adapted is not mapping)
    row_is_a_unit |= p.report.answers.get(EACH_ROW) == ONE_UNIT
    adapted = value_checks.with_days_in_parts(value_checks.with_sales_as_units(adapted, p.source), p.source)
    columns = value_checks.without_week_numbers(adapted, p.columns, p.source)
    repeated = value_checks.repeats_products(mapping, p.source)
    plans = plan_tables(adapted, p.path.name, columns, p.source.names, row_is_a_unit, repeated)
    value_checks.refuse_movements(mapping, plans, p.source)
    value_checks.refuse_dated_products(mapping, plans, p.source)
    value_checks.refuse_product_parts(mapping, plans, p.source)
    value_checks.refuse_customer_events(mapping, plans, p.source)
    return plans


def _complete(p: PlannedSource) -> None:
    """Add the purchases of a log, take out personal data, and note what a reader of the report needs to know."""
    mapping = p.mapping
    if p.report.layout is None:
        p.plans = [replace(plan, states=state_rules(mapping, plan, p.columns)) for plan in p.plans]
    p.plans = [plan.dated_list(day_in(p.path.name)) if plan.table == "products" else plan for plan in p.plans]
    purchases = orders_in_log(mapping, p.plans, p.columns)
    p.plans = [*p.plans, *([purchases] if purchases else [])]
    if mapping.guesses:
        p.plans = [key_resolution.without_buyer_names(plan, p.source) for plan in p.plans]
    kept: list[TablePlan] = []
    outside: Outside = {}
    for plan in p.plans:
        plan, personal, asked = without_personal_data(plan, p.source, p.lookup, mapping, p.report.answers)
        p.report.questions += asked
        kept.append(plan)
        outside |= personal
    p.plans = [plan for plan in kept if not (plan.derived and len(plan.columns) < 2)]
    p.report.questions += read_twice(p) if mapping.guesses else []
    used = {s for plan in p.plans for s in plan.reads}
    p.report.unread = [c for c in p.source.columns if c not in used]
    p.report.outside = outside | outside_of(p.source, p.report.unread, outside, about_people=p.plans[0].table == "customers")
    if p.lookup:
        p.report.notes.append(_lookup_note(p.lookup))
    main = p.plans[0]
    if main.table == "orders" and main.columns["units"].constant is not None:
        p.report.notes.append(msg("The file has no column of units. Each row is one unit, and equal rows are as many."))
    elif main.table == "orders" and mapping.guesses and plain(main.columns["units"].sources[0]) == "sales":
        p.report.notes.append(msg("Column 'sales' is read as units: it has whole numbers, and the file has no price."))


def read_twice(p: PlannedSource) -> list[Question]:
    """Return a question for each column that fills two places of one table; a product's number may be its name too."""
    asked = []
    for plan in p.plans:
        places: dict[str, list[str]] = {}
        for target, filled in plan.columns.items():
            for column in filled.sources[:1] if not filled.rule.template else ():
                places.setdefault(column, []).append(target)
        for column, (first, *others) in places.items():
            if others and {first, *others} != {"product_id", "title"}:
                about = msg("Column {column} is read as {places}.", column=repr(column), places=[first, *others])
                choices = tuple((c, Message("{column}", {"column": c})) for c in p.source.columns)
                asked.append(Question(COLUMN, f"{plan.table}.{others[-1]}", column, choices, about, p.source.file))
    return asked


def _lookup_note(lookup: Lookup):
    values = {"columns": list(lookup.columns), "files": [s.file for s in lookup.sources], "key": lookup.key_there}
    if lookup.unambiguous:
        return msg("The columns {columns} come from {files} by {key}, where it has one value for it.", **values)
    return msg("The columns {columns} come from {files} by {key}.", **values)
