"""What the report says of rows that are set aside, and of what each state counts as."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any, TypeVar

from core.ingest.convert import states
from core.ingest.convert.set_aside import COMES_BACK, Marks
from core.ingest.convert.staging import StagedTable
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.questions import Question
from core.ingest.report import AsideLines, StateCount, TableReport

Counted = TypeVar("Counted", AsideLines, StateCount)
_FIGURES = ("rows", "orders", "units", "cents")
_UNITS = {"stock": "on_hand"}  # tables whose quantity is not `units`


def account(con, staged: StagedTable, texts: TextTable, marks: Marks, t: TableReport) -> list[Question]:
    """Fill what a table's report says of rows that are set aside and of states. Returns the questions about states."""
    units, cents = _quantities(staged)
    by_name = con.execute(f"""select problem, aside, mark_name, count(*), coalesce(sum({units}), 0), sum({cents})
        from {quoted(staged.table)} where problem is not null group by all order by 4 desc, 3""").fetchall()
    counts: Counter[str] = Counter()
    lines: dict[tuple[str, str], list[AsideLines]] = defaultdict(list)
    for problem, aside, name, rows, amount, money in by_name:
        if not staged.checks[problem - 1].aside:
            continue
        reason = staged.checks[problem - 1].reason.template if aside is None else marks.reasons[aside]
        counts[reason] += rows
        one = AsideLines(reason, states.shown(name or ""), rows, amount, money and round(money), comes_back=reason in COMES_BACK)
        lines[one.reason, one.name].append(one)
    t.aside_lines = [_added_up(same) for same in lines.values()]
    t.set_aside = dict(counts)
    if not marks.states or staged.plan.derived:
        return []
    order = "count(distinct order_id)" if "order_id" in staged.columns else "0"
    for column in marks.states:
        each: dict[tuple[str, str], list[StateCount]] = defaultdict(list)
        counted = con.execute(f"""select {column.cell} as value, count(*), {order},
            coalesce(sum({units}), 0), sum({cents}) from {quoted(texts.table)} join {quoted(staged.table)} using (line)
            where value is not null group by value order by 2 desc, 1""").fetchall()
        for value, rows, orders, amount, money in counted:
            if value in column.kinds:
                state = StateCount(column.column, states.shown(value), column.kinds[value], rows, orders, amount, money and round(money))
                each[state.value, state.counts_as].append(state)
        t.states += [_added_up(same) for same in each.values()]
    totals = con.execute(f"select count(*), sum(abs({units})), sum(abs({cents})) from {quoted(staged.table)}").fetchone()
    return states.questions(staged.file, t.states, marks.states, totals)


def _added_up(same: list[Counted]) -> Counted:
    """Return the counts of lines that are shown alike as one."""
    each = {name: [getattr(one, name) for one in same] for name in _FIGURES if hasattr(same[0], name)}
    sums: dict[str, Any] = {name: None if None in figures else sum(figures) for name, figures in each.items()}
    return replace(same[0], **sums)


def _quantities(staged: StagedTable) -> tuple[str, str]:
    """Return SQL of a row's units and of its money in cents, null where the table has none."""
    units = _UNITS.get(staged.table.removeprefix("staged_"), "units")
    if units not in staged.columns:
        return "null::double", "null::double"
    return units, "units * unit_price_cents" if "unit_price_cents" in staged.columns else "null::double"
