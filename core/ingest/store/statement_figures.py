"""The figures of a statement, computed from the rows of one file: months, gaps, the last usual day, columns, the first rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from statistics import median

from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.readers.source import Source
from core.ingest.recognise.rules import RULES
from core.ingest.recognise.table_plan import TablePlan
from core.ingest.report import FileReport, TableReport
from core.ingest.statement import Month, ReadColumn, Statement
from core.messages import Message, msg, nmsg
from core.schema import CANONICAL

EXAMPLES = 5
LOOKED_AT = 200  # rows by which a column that is not read is described
UNUSUAL = 4  # a month with as many times the rows of those beside it, or this part of them, stands out
QUIET = 0.25  # of the usual rows of a day, fewer are no usual day
LONG_GAP = 5  # times the usual days between two with rows, at least a week
ROWS: dict[str, Message] = {
    "orders": msg("one line of an order"),
    "events": msg("one action of a visitor on a product"),
    "reviews": msg("one review"),
    "stock": msg("the stock of a product on a day"),
    "deliveries": msg("one delivery that is due"),
    "market": msg("the value of a series on a day"),
    "promotions": msg("one promotion of a product"),
    "links": msg("one link between products"),
    "product_map": msg("one old number and its new one"),
    "kit_parts": msg("one part of a kit"),
    "impressions": msg("one product that was shown"),
    "searches": msg("one product in the list of a search"),
    "contacts": msg("one customer whom a campaign contacted or held out"),
    "products": msg("one product"),
    "suppliers": msg("one supplier"),
    "customers": msg("one customer"),
}
TOTAL, UNIT = msg("the total of a product and day"), msg("one unit")


def describe(
    con, staged: StagedTable, source: Source, plans: Sequence[TablePlan], f: FileReport, t: TableReport, given: str, row: Message
) -> Statement:
    """Return the statement of one of a source's tables.

    f and t: its reports, which know columns about persons and how columns are read. given: SQL of the rows that the file gives, of equal
    ones as many as count, with `copies`. row: what one is.
    """
    table, day = staged.plan.table, RULES[staged.plan.table].day
    found = Statement(table, row, columns=_columns(source, plans, f, t), examples=_examples(con, staged))
    if not day or day not in staged.columns:
        return found
    months, days = by_month(con, table, given), by_day(con, given, day)
    if not days:
        return found
    found.first_day, found.last_day = min(days), max(days)
    found.last_usual_day, found.gaps = _last_usual(days), _gaps(days)
    found.months = _remarked([months.get(month, Month(month, 0)) for month in _between(found.first_day, found.last_day)])
    return found


def by_month(con, table: str, rows: str, orders: bool = True) -> dict[str, Month]:
    """Return month -> its figures, of rows with `copies`. table: whose columns they have. orders: count them too, which takes longest."""
    figures = "null, null, null"
    if table == "orders":
        counted = "count(distinct order_id) + coalesce(sum(order_count * copies) filter (where order_id is null), 0)" if orders else "null"
        money = "round(sum(units * unit_price_cents * copies))"
        figures = f"cast({counted} as bigint), sum(units * copies), cast({money} as bigint)"
    query = f"select {month_sql(RULES[table].day)}, cast(sum(copies) as bigint), {figures} from ({rows}) group by 1 order by 1"
    return {month: Month(month, *values) for first, *values in con.execute(query).fetchall() for month in [first.isoformat()[:7]]}


def month_sql(day: str) -> str:
    """Return SQL of the first day of a day's month."""
    return f"cast(date_trunc('month', {day}) as date)"


def stored_rows(table: str) -> str:
    """Return SQL of all stored rows of a table, with `copies`."""
    return f"select *, 1 as copies from {quoted(table)}"


def by_day(con, rows: str, day: str) -> dict[date, int]:
    """Return day -> rows, of rows with `copies`."""
    return dict(con.execute(f"select cast({day} as date), cast(sum(copies) as bigint) from ({rows}) group by 1 order by 1").fetchall())


def with_stored(statement: Statement, stored: dict[str, Month]) -> Statement:
    """Return the statement with what the warehouse holds of each month."""
    none = Month("", 0, units=0, cents=0)
    held = [(m, stored.get(m.month, none)) for m in statement.months]
    months = [replace(m, stored_rows=s.rows, stored_units=s.units, stored_cents=s.cents) for m, s in held]
    return replace(statement, months=months)


def _between(first: date, last: date) -> list[str]:
    """Return the months from one day to another.

    >>> _between(date(2023, 11, 30), date(2024, 1, 1))
    ['2023-11', '2023-12', '2024-01']
    """
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{m // 12}-{m % 12 + 1:02}" for m in months]


def _remarked(months: list[Month]) -> list[Month]:
    """Return the months with remarks: those without rows, and those far above or below the ones beside them.

    The first and the last month may be parts of one and only stand out above.
    """
    sizes = [m.rows for m in months]

    def remark(i: int) -> Message | None:
        beside = [s for s in sizes[max(i - 3, 0) : i] + sizes[i + 1 : i + 4] if s]
        if not months[i].rows:
            return msg("(no rows)")
        if len(beside) < 2:
            return None
        usual = median(beside)
        if sizes[i] > UNUSUAL * usual:
            return msg("({times} times the months beside it)", times=round(sizes[i] / usual, 1))
        if 0 < i < len(months) - 1 and sizes[i] * UNUSUAL < usual:
            return msg("(far below the months beside it)")
        return None

    return [replace(m, remark=remark(i)) for i, m in enumerate(months)]


def _last_usual(days: dict[date, int]) -> date:
    """Return the last day with at least QUIET of the rows that days around it usually have, and with others shortly before it."""
    known = sorted(days)
    usual = median(days[d] for d in known[-56:])
    step = _usual_step(known)
    for i in range(len(known) - 1, 0, -1):
        near = (known[i] - known[i - 1]).days <= step
        if near and days[known[i]] >= QUIET * usual:
            return known[i]
    return known[-1]


def _usual_step(known: list[date]) -> float:
    """Return how many days without rows are usual between two with rows, at most."""
    between = [(b - a).days for a, b in zip(known, known[1:])]
    return max(7, LONG_GAP * median(between)) if between else 7


def _gaps(days: dict[date, int]) -> list[Message]:
    known = sorted(days)
    step, one = _usual_step(known), timedelta(days=1)
    found = [(a + one, b - one) for a, b in zip(known, known[1:]) if (b - a).days > step]
    gaps = [msg("No rows from {first} to {last}.", first=first, last=last) for first, last in found[:10]]
    return gaps + [nmsg("{count} more gap.", "{count} more gaps.", len(found) - 10)] * (len(found) > 10)


def _examples(con, staged: StagedTable) -> list[dict[str, object]]:
    """Return the first rows as they will be stored, without their empty values."""
    if staged.plan.table == "customers":
        names, selected = staged.columns, [c if c == "customer_id" else f"a{i}" for i, c in enumerate(staged.columns)]
    else:
        names = selected = [c for c in staged.columns if c in CANONICAL[staged.plan.table].names]
    query = f"select {', '.join(map(quoted, selected))} from {quoted(staged.table)} where problem is null order by line limit {EXAMPLES}"
    return [dict(zip(names, row)) for row in con.execute(query).fetchall()]


def _columns(source: Source, plans: Sequence[TablePlan], f: FileReport, t: TableReport) -> list[ReadColumn]:
    """Return every column of a source: what it is read as, or what it looks like. No value of it is kept, for it may be a person's."""
    places: dict[str, list[str]] = defaultdict(list)
    for plan in plans:
        for target, filled in plan.columns.items():
            for column in filled.reads:
                places[column].append(f"{plan.table}.{target}")
        for rule in plan.states:
            places[rule.column] = places[rule.column] or [f"{plan.table}.status"]
        for column in plan.parts:
            places[column].append(f"{plan.table}.bundle")
    how = {target: way for _, target, way in t.columns}
    unread = [c for c in source.columns if c not in places and c not in f.outside]
    looks = dict(zip(unread, map(_looks, source.sample_cells(unread, LOOKED_AT) if unread else []))) | f.outside

    def read(column: str) -> ReadColumn:
        here = places.get(column, [])
        main = [place.partition(".")[2] for place in here if place.startswith(t.table + ".")]
        return ReadColumn(column, tuple(here), how.get(main[0]) if main else None, looks.get(column))

    return [read(c) for c in source.columns]


def _looks(cells: list[str | None]) -> Message:
    """Return what the cells of a column that is not read look like."""
    filled = [c.strip() for c in cells if c and c.strip()]
    if not filled:
        return msg("blank")
    different = len(set(filled))
    if different == 1:
        return msg("one value everywhere")
    if all(_is_number(c) for c in filled):
        return msg("numbers")
    return msg("text with {count} different values in {rows} rows", count=different, rows=len(filled))


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(",", ".").replace(".", "", 2).isdigit()
