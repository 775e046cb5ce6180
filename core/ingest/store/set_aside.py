"""What the report says of rows that are set aside, and of what each state counts as."""

from __future__ import annotations

from collections import Counter

from core.ingest.convert import states
from core.ingest.convert.set_aside import Marks
from core.ingest.convert.staging import StagedTable
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.questions import Question
from core.ingest.report import AsideLines, StateCount, TableReport

_UNITS = {"stock": "on_hand"}  # tables whose quantity is not `units`


def account(con, staged: StagedTable, texts: TextTable, marks: Marks, t: TableReport) -> list[Question]:
    """Fill what a table's report says of rows that are set aside and of states. Returns the questions about states."""
    units, cents = _quantities(staged)
    by_name = con.execute(f"""select problem, aside, mark_name, count(*), coalesce(sum({units}), 0), sum({cents})
        from {quoted(staged.table)} where problem is not null group by all order by 4 desc, 3""").fetchall()
    counts: Counter[str] = Counter()
    for problem, aside, name, rows, amount, money in by_name:
        if not staged.checks[problem - 1].aside:
            continue
        reason = staged.checks[problem - 1].reason.template if aside is None else marks.reasons[aside]
        counts[reason] += rows
        t.aside_lines.append(AsideLines(reason, name or "", rows, amount, money and round(money)))
    t.set_aside = dict(counts)
    if not marks.states or staged.plan.derived:
        return []
    order = "count(distinct order_id)" if "order_id" in staged.columns else "0"
    for column in marks.states:
        t.states += [
            StateCount(column.column, value, column.kinds[value], rows, orders, amount, money and round(money))
            for value, rows, orders, amount, money in con.execute(f"""select {column.cell} as value, count(*), {order},
                coalesce(sum({units}), 0), sum({cents}) from {quoted(texts.table)} join {quoted(staged.table)} using (line)
                where value is not null group by value order by 2 desc, 1""").fetchall()
            if value in column.kinds
        ]
    totals = con.execute(f"select count(*), sum(abs({units})), sum(abs({cents})) from {quoted(staged.table)}").fetchone()
    return states.questions(staged.file, t.states, marks.states, totals)


def _quantities(staged: StagedTable) -> tuple[str, str]:
    """Return SQL of a row's units and of its money in cents, null where the table has none."""
    units = _UNITS.get(staged.table.removeprefix("staged_"), "units")
    if units not in staged.columns:
        return "null::double", "null::double"
    return units, "units * unit_price_cents" if "unit_price_cents" in staged.columns else "null::double"
