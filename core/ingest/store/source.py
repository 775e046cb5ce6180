"""One source through text and staging into its tables, with its counts for the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from core.errors import UserError
from core.ingest.convert import counters, dates, zones
from core.ingest.convert.amounts import interpret_amounts
from core.ingest.convert.carry_down import carried_in_rows, carry_down
from core.ingest.convert.column_formats import decide_formats
from core.ingest.convert.formats import TYPED
from core.ingest.convert.pseudonyms import shown_table
from core.ingest.convert.set_aside import Marks, mark
from core.ingest.convert.staging import StagedTable, stage
from core.ingest.convert.text_table import TextTable, add_lookup, load_texts
from core.ingest.names import quoted
from core.ingest.recognise import personal_data
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.row_meaning import question, with_running_totals
from core.ingest.recognise.rules import (
    DAY_TOTAL,
    EACH_ROW,
    EVENT_COUNTS,
    ONE_UNIT,
    ORDER_LINE,
    RULES,
    RUNNING_TOTAL,
    SAME_ORDERS,
    TABLE_NAMES,
    target_column,
)
from core.ingest.recognise.sources import PlannedSource
from core.ingest.recognise.table_plan import TablePlan
from core.ingest.report import TableReport
from core.ingest.store import currencies, journal, period, purchases, stock
from core.ingest.store.merge import merge
from core.ingest.store.rows import KNOWN, Merged
from core.ingest.store.set_aside import account
from core.ingest.store.statement_check import confirm
from core.ingest.store.statement_figures import ROWS, TOTAL, UNIT, by_month, describe, stored_rows
from core.ingest.store.totals import OrderGrain, detect_grain, orders_at_stake
from core.messages import Message, msg, nmsg
from core.progress import Progress
from core.schema import RESPONSES
from core.settings import ShopSettings
from core.storage import duckdb as db

IN_OTHER_ROWS = msg("Another row or the warehouse has the same values.").template
_UNITS_OF = {
    "orders": "1",
    "events": "1",
    "reviews": "0",
    **dict.fromkeys(RESPONSES, "0"),
}  # what a row counts for where it has no column of units
ROLLED_UP = msg("The row is one of several that make one product.").template


@dataclass
class ImportRun:
    """What the sources of one import share.

    segment_attribute, given_currency  of the mapping or the first source that has one; "" before
    currency   of the amounts: the given one, or else the shop's; "" before either is known
    renewed    the tables read as a whole list whose old rows this import has deleted already
    renewing   the one of them whose first new rows come next
    has_orders files of this import have the orders
    moment     of the import
    dry_run    nothing of it is stored
    shop       what was known of the shop before this import
    """

    con: Any  # DuckDB's connection
    segment_attribute: str
    import_id: str
    secret: bytes
    given_currency: str
    currency: str
    has_orders: bool
    moment: datetime
    dry_run: bool = False
    shop: ShopSettings = field(default_factory=ShopSettings)
    renewed: set[str] = field(default_factory=set)
    renewing: str = ""


def import_source(run: ImportRun, p: PlannedSource, progress: Progress) -> None:
    """Store one source in its tables, and fill its report. Raises UserError for rows that would count twice."""
    texts, plans = _read(run, p, progress)
    marks = mark(run.con, texts, plans, p.mapping, p.report.answers)
    p.report.notes += marks.notes
    if marks.bundles:
        column, asked = marks.bundles
        p.report.questions.append(asked)
        p.report.unread = [c for c in p.report.unread if c != column]
        plans = [replace(plans[0], parts=(column,)), *plans[1:]]
    plans = [currencies.by_sign(plan, texts) for plan in plans]
    plans = [plan.without({column.column for column in marks.states}) if plan.derived else plan for plan in plans]
    purchases.clear_purchases(run.con)
    main, taken = None, 0
    for plan in plans:
        if plan.from_purchases and not taken:
            continue
        if plan.table == "orders" and not plan.from_purchases:
            purchases.refuse_both(run.con, p.source.file)
        if plan.undated:
            day, note = _day_of_stock(run.con, p.source.file)
            plan = plan.dated(day.isoformat())
            p.report.notes.append(note)
        progress("import", 0.6, msg("{file}: checking {table}", file=p.source.file, table=TABLE_NAMES[plan.table]))
        currency = run.currency or texts.currency
        staged = stage(
            run.con,
            texts,
            plan,
            p.mapping,
            run.secret,
            currency=currency,
            rates=currencies.rates(run.shop),
            main=main if plan.optional and not plan.running else None,
            marked=not marks.is_empty,
        )
        if plan.table == "orders" and "currency" in plan.columns and currency:
            p.report.notes += currencies.keep_aside(run.con, run.import_id, p.source.file, currency)
        if plan.table == "orders" and _is_running(run, p, staged):
            plans[:] = with_running_totals(plans)
            staged.plan = plan = plans[0]
            p.report.notes += counters.take_differences(run.con, staged)
        t = _checked(run, p, texts, staged, marks)
        p.report.notes += _warnings(run.con, staged)
        left_out = {}
        if plan.table == "events" and (unused := purchases.drop_unused_kinds(run.con, staged)):
            left_out[purchases.UNUSED_KIND] = unused
        if any(later.from_purchases for later in plans) and not plan.derived:
            taken = purchases.take_purchases(run.con, staged)
            run.has_orders = run.has_orders or purchases.has_order_files(run.con)
            left_out |= {purchases.IN_ORDER_FILES if run.has_orders else purchases.AS_ORDERS: taken} if taken else {}
            taken = 0 if run.has_orders else taken
        progress("import", 0.8, msg("{file}: storing {table}", file=p.source.file, table=TABLE_NAMES[plan.table]))
        merged = _merged(run, p, t, texts, staged, plans)
        p.report.notes += merged.notes
        _count(t, replace(merged, dropped=merged.dropped | left_out), plan, p.mapping)
        _refuse_another_reading(run.con, t, plan, p)
        if plan.derived:
            p.report.derived.append(t)
        else:
            main, p.report.main = staged, t
    for name in [texts.table, *(f"staged_{plan.table}" for plan in plans)]:
        run.con.execute(f"drop table if exists {quoted(name)}").fetchall()
    if p.report.main is not None and p.report.main.table != "suppliers":  # who may bill in currencies of their own
        run.currency = run.currency or texts.currency
        run.given_currency = run.given_currency or texts.currency


def _read(run: ImportRun, p: PlannedSource, progress: Progress) -> tuple[TextTable, list[TablePlan]]:
    """Load a source's text, with what a lookup adds, and decide how its values are written and what its amounts mean."""
    wanted = {s for plan in p.plans for s in plan.reads}
    own = [c for c in p.source.columns if c in wanted or p.lookup and c == p.lookup.key]
    texts = load_texts(run.con, p.source, own, "texts", progress)
    if p.lookup:
        columns = [p.lookup.key_there, *p.lookup.columns]
        others = [load_texts(run.con, source, columns, f"lookup_{i}", progress) for i, source in enumerate(p.lookup.sources)]
        texts = add_lookup(run.con, texts, p.lookup, others)
    if p.mapping.guesses:
        p.plans[0] = replace(p.plans[0], carried=carried_in_rows(run.con, texts, p.plans[0]))
    if p.plans[0].carried[0]:
        texts = carry_down(run.con, texts, p.plans[0])
        group, carried = p.plans[0].carried
        p.report.notes.append(
            msg("The columns {columns} are filled on the first line of an order only and hold for its other lines.", columns=[*carried])
        )
    decide_formats(run.con, texts, p.plans, p.mapping, p.report.answers)
    zone = p.report.answers.get(zones.TIME_ZONE) or run.shop.time_zone
    clock = zones.clock(zone, run.shop.countries, run.currency or texts.currency)
    zones.decide_zones(run.con, texts, _moments(texts, p.plans), clock, p.mapping.layout.time_zone if p.mapping.layout else "")
    p.report.questions += texts.questions
    p.report.shown |= texts.shown
    p.report.notes += [msg("Column {column}: {remark}", column=repr(c), remark=remark) for c, remark in texts.remarks]
    if not p.mapping.guesses:
        return texts, p.plans
    plans, notes, asked = interpret_amounts(run.con, texts, p.plans, p.report.answers)
    p.report.questions += asked
    p.report.notes += notes
    return texts, plans


def _moments(texts: TextTable, plans: list[TablePlan]) -> dict[str, str]:
    """Return the columns that say when something happened -> SQL of the units of a row; an act is one, and a review has none."""
    found: dict[str, str] = {}
    for plan in (plan for plan in plans if plan.table in _UNITS_OF):
        day, units = plan.columns.get(RULES[plan.table].day), plan.columns.get("units")
        counted = f"abs({texts.number(units.sources[0])})" if units and units.sources else _UNITS_OF[plan.table]
        for source in day.sources[:1] if day else ():
            found.setdefault(source, counted)
    return found


def _day_of_stock(con, file: str) -> tuple[date, Message]:
    """Return the day of a count that has none, and a note on where it comes from."""
    if named := dates.day_in(file):
        day = date.fromisoformat(named)
        return day, msg("The file has no date column. Its stock counts as of the end of {day}, the day in its name.", day=day)
    last = period.period(con, "orders").usual
    if last:
        return last, msg("The file has no date column. Its stock counts as of the end of {day}, the last day of sales.", day=last)
    today = date.today()
    return today, msg(
        "The file has no date column. Its stock counts as of the end of today, {day}, because no sales are stored.", day=today
    )


def _checked(run: ImportRun, p: PlannedSource, texts: TextTable, staged: StagedTable, marks: Marks) -> TableReport:
    """Begin a table's report: rows read and quarantined. An import of a whole list deletes the rows of the one before."""
    con, plan = run.con, staged.plan
    t = TableReport(plan.table, columns=_columns_read(texts, plan))
    t.read = con.execute(f"select count(*) from {quoted(staged.table)}").fetchone()[0]
    if not plan.optional:
        p.report.questions += account(con, staged, texts, marks, t)
        t.quarantined = _quarantine(con, staged, run.import_id, p)
    if t.read and t.read == sum(t.quarantined.values()):
        p.report.notes.append(
            msg("No row can be stored as {table}. See the reasons, and correct the mapping or its [options].", table=TABLE_NAMES[t.table])
        )
    elif RULES[plan.table].whole and plan.table not in run.renewed:
        con.execute(f"delete from {quoted(plan.table)}").fetchall()
        p.report.notes.append(msg("The file is read as the whole list of {table} and replaces the one before.", table=TABLE_NAMES[t.table]))
        run.renewed.add(plan.table)
        run.renewing = plan.table
    return t


def _merged(run: ImportRun, p: PlannedSource, t: TableReport, texts: TextTable, staged: StagedTable, plans: list[TablePlan]) -> Merged:
    """Store a table's rows, with the statement on them before and its proof after."""
    con, is_orders = run.con, staged.plan.table == "orders"
    grain = _grain(run, p, texts, staged)
    if t.table == "stock" and not staged.plan.derived and "location" not in staged.plan.columns:
        stock.refuse_second_count(con, staged)
    if t.table == "stock" and "location" not in staged.plan.columns and (question := stock.question_of_rows(con, staged)):
        p.report.questions.append(question)
        staged = staged if p.report.answers.get(stock.STOCK_ROWS, question.proposal) == stock.LAST else stock.with_places(con, staged)
    before = set(by_month(con, "orders", stored_rows("orders"), orders=False)) if is_orders else set()
    same_orders = p.report.answers.get(SAME_ORDERS, "")
    if not run.dry_run:
        journal.keep(con, run.import_id, staged, grain, p.mapping.options.roll_up, run.renewing == t.table, same_orders)
    run.renewing = ""

    def state(rows: str) -> None:
        if is_orders or not staged.plan.derived:
            row = UNIT if staged.plan.row_is_a_unit else ROWS[t.table] if grain == OrderGrain.LINES else TOTAL
            t.statement = describe(con, staged, p.source, plans, p.report, t, rows, row)

    merged = merge(con, staged, grain=grain, rolled_up=p.mapping.options.roll_up, seen=state, same_orders=same_orders)
    p.report.questions += [merged.question] if merged.question else []
    if is_orders and t.statement:
        confirm(con, staged, t.statement.months, before, grain)
    return merged


def _is_running(run: ImportRun, p: PlannedSource, staged: StagedTable) -> bool:
    """Return whether the units of orders are running totals: by the plan, or by how they rise, which is asked about."""
    if staged.plan.running or p.report.answers.get(EACH_ROW) or p.mapping.options.grain or staged.plan.from_purchases:
        return staged.plan.running
    if not counters.only_rise(run.con, staged):
        return False
    units = repr(staged.plan.columns["units"].describe())
    about = msg(
        "Column {column} of {file} never falls from one day of a product to the next. What is one row?", column=units, file=p.source.file
    )
    p.report.questions.append(question(p.source.file, RUNNING_TOTAL, about))
    return True


def _grain(run: ImportRun, p: PlannedSource, texts: TextTable, staged: StagedTable) -> OrderGrain:
    """Return what a row of orders is, by the mapping or by the rows, with a note in the report."""
    plan = staged.plan
    if plan.table != "orders" or plan.from_purchases:
        return OrderGrain.LINES
    answer = DAY_TOTAL if plan.running else p.report.answers.get(EACH_ROW, "")
    given = {"day": OrderGrain.TOTALS, "line": OrderGrain.LINES}.get(p.mapping.options.grain)
    grain = OrderGrain.TOTALS if answer == DAY_TOTAL else given or detect_grain(run.con, staged, are_lines=answer in (ORDER_LINE, ONE_UNIT))
    p.report.notes.append(grain.value)
    asked = given or any(q.flag == EACH_ROW for q in p.report.questions)
    if not asked and not {"order_id", "customer_id"} & plan.columns.keys():
        days = plan.columns["ordered_at"]
        weekly = "week" in (days.rule.format or "") or any("week" in texts.dates.get(s, "") for s in days.sources)  # no order has a week
        decided = p.mapping.layout is not None or p.source.totals or weekly or plan.row_is_a_unit
        rows, share = (0, 0.0) if decided else orders_at_stake(run.con, staged)
        proposal = DAY_TOTAL if grain == OrderGrain.TOTALS else ORDER_LINE
        p.report.questions.append(question(p.source.file, proposal, rows=rows, share=share))
    if grain != OrderGrain.LINES and "order_count" not in plan.columns:
        p.report.notes.append(
            msg("No column counts the orders of a total, so each unit counts as one order. Give `order_count` if there is one.")
        )
    return grain


def _warnings(con, staged: StagedTable) -> list[Message]:
    """Return notes on cells that rows are kept without."""
    notes: list[Message] = []
    for i, check in enumerate(staged.warnings):
        query = f"select count(*), min(line) from {quoted(staged.table)} where problem is null and warned & {2**i} > 0"
        ((rows, line),) = con.execute(query).fetchall()
        column = repr(staged.plan.columns[check.column or ""].describe())
        note = nmsg(
            "Kept with a warning: {count} row, without its value in column {column} (line {line}). {reason}",
            "Kept with a warning: {count} rows, without their values in column {column} (first in line {line}). {reason}",
            rows,
            column=column,
            line=line,
            reason=Message(check.reason.template),
        )
        notes += [note] if rows else []
    return notes


def _quarantine(con, staged: StagedTable, import_id: str, p: PlannedSource) -> dict[str, int]:
    """Store the rejected rows, in place of those of the same file before; returns template of the reason -> rows."""
    db.run(con, "staging/forget_refused", file=p.source.file, sha256=p.sha256, table_name=staged.plan.table).fetchall()
    reasons = [c.reason.template for c in staged.checks]
    aside = [number for number, check in enumerate(staged.checks, 1) if check.aside]
    con.execute(
        f"""create or replace temp table refused as
        select line, problem, problem_value, broken from {quoted(staged.table)}
        where problem is not null and not list_contains($aside, problem)""",
        {"aside": aside},
    ).fetchall()
    shown_table(con, "shown_values", "(select problem_value as text from refused)", **personal_data.beside(p.report.outside))
    db.run(
        con,
        "staging/quarantine",
        import_id=import_id,
        file=p.source.file,
        table_name=staged.plan.table,
        columns=[c.column for c in staged.checks],
        reasons=reasons,
    ).fetchall()
    counts: Counter[str] = Counter()
    by_reason = "select problem, broken, count(*) from refused group by problem, broken order by problem, broken"
    for problem, broken, n in con.execute(by_reason).fetchall():
        counts[broken or reasons[problem - 1]] += n
    con.execute("drop table refused").fetchall()
    con.execute("drop table shown_values").fetchall()
    return dict(counts)


def _count(t: TableReport, merged: Merged, plan: TablePlan, mapping: Mapping) -> None:
    """Fill the counts; rows without another reason are known already."""
    t.kept, t.replaced, t.dropped = merged.kept, merged.replaced, merged.dropped
    t.first_day, t.last_day = (d.isoformat() if d else None for d in (merged.first_day, merged.last_day))
    t.touched = merged.touched
    rest = t.read - t.kept - sum(t.dropped.values()) - sum(t.quarantined.values()) - sum(t.set_aside.values())
    if rest:
        reason = IN_OTHER_ROWS if plan.derived else KNOWN
        if t.table == "products" and mapping.options.roll_up:
            reason = ROLLED_UP
        t.dropped = t.dropped | {reason: rest}


def _refuse_another_reading(con, t: TableReport, plan: TablePlan, p: PlannedSource) -> None:
    """Raise UserError for a file that was imported under another mapping and would count twice.

    Its rows may replace what they were then, or be more than could be read then; any others would count twice.
    """
    fit_before = db.run(con, "staging/fit_before", file=p.source.file, sha256=p.sha256, table_name=t.table).fetchone()[0]
    fit = t.read - sum(t.quarantined.values()) - sum(t.set_aside.values())
    counted = t.table in ("orders", "events", "reviews", *RESPONSES) and not set(EVENT_COUNTS) & set(plan.columns)
    if counted and fit_before is not None and (twice := t.kept - t.replaced - max(fit - fit_before, 0)) > 0:
        raise UserError(
            found=nmsg(
                "{count} row of {file} differs from what it was in an earlier import, under another mapping or currency.",
                "{count} rows of {file} differ from what they were in an earlier import, under another mapping or currency.",
                twice,
                file=p.source.file,
            ),
            expected=msg("A file gives the same rows in every import; these {table} would count twice.", table=TABLE_NAMES[t.table]),
            to_do=msg("Import all files under the new mapping into a new workspace, or keep the old mapping."),
        )


def _columns_read(texts: TextTable, plan: TablePlan) -> list[tuple[Message | str, str, Message | None]]:
    """Return (source, canonical column, how it is read) for the plan."""
    read = []
    for target, filled in plan.columns.items():
        column, source = target_column(plan.table, target), filled.sources[0] if filled.sources else None
        how = None
        if target in RULES[plan.table].people:
            how = msg("pseudonym")
        elif source and column is not None and column.type in ("DOUBLE", "BIGINT"):
            signs = {".": msg("number with a decimal point"), ",": msg("number with a decimal comma")}
            how = signs.get(texts.decimals[source], msg("number"))
        elif source and column is not None and column.type in ("DATE", "TIMESTAMP"):
            name = texts.dates[source].split("+")[0]
            example = dates.DATES[name].example if name in dates.DATES else name
            how = msg("date") if name == TYPED else msg("date like {example}", example=example)
        read.append((filled.describe(), target, how))
    return read
