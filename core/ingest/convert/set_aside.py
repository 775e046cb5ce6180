"""Rows that are no sale or no product: found in a source's texts before they are converted, and kept out of every table.

A mark of a row is a reason and a name, under which the report adds up its rows, units and money and a flag brings it back; or it says
that the row's units came back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from core.ingest.blanks import NO_VALUE
from core.ingest.convert import bundles, states, totals_rows
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.questions import Answers, Question
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.table_plan import TablePlan
from core.ingest.words import no_product_pattern, normalised
from core.messages import Message, msg

KEEP, PRODUCT = "--keep", "product"  # the flag that makes a product of a line that is set aside, and its answer
NO_PRODUCT = msg("The row is not about a product but about postage, a fee, a discount, a voucher, a sample or a test.").template
COMES_BACK = (NO_PRODUCT, totals_rows.TOTAL)  # reasons for which KEEP makes products of the rows
_WITH_PRODUCTS = ("orders", "products", "events", "stock", "deliveries")


@dataclass
class Marks:
    """Marks of a source's rows, in the temporary table `marks` (line, reason, name, returned), and what they come from.

    reasons  templates, by their position (from 0) in the column `reason`; null there for a row whose units came back
    states   the state columns with what each value counts as
    notes    on columns that are not read as states
    bundles  the column that tells parts of bundles from these, with the question which of them count; None without any
    """

    reasons: list[str] = field(default_factory=list)
    states: list[states.StateColumn] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    bundles: tuple[str, Question] | None = None
    is_empty: bool = True


def mark(con, texts: TextTable, plans: list[TablePlan], mapping: Mapping, answers: Answers) -> Marks:
    """Mark the rows of a source. plans: its main table's first. answers: of the shop, to the questions about states and lines."""
    plan = plans[0]
    marks, found = Marks(), []

    def position(reason: str) -> int:
        if reason not in marks.reasons:
            marks.reasons.append(reason)
        return marks.reasons.index(reason)

    def add(select: str, **values) -> None:
        con.execute(f"insert into marks {select}", values or None).fetchall()

    con.execute("create or replace temp table marks (line bigint, rank integer, reason integer, name varchar, returned boolean)").fetchall()
    kept = {normalised(key.removeprefix(KEEP)) for key, value in answers.items() if key.startswith(KEEP) and value == PRODUCT}
    for line, name in totals_rows.find(con, texts, plan):
        if normalised(states.shown(name)) not in kept:
            found.append((line, name))
    if found:
        add(
            f"select line, 1, {position(totals_rows.TOTAL)}, name, false from (select unnest($lines) as line, unnest($names) as name)",
            lines=[line for line, _ in found],
            names=[name for _, name in found],
        )
    for parent in plan.parts:
        cell = texts.text(parent, NO_VALUE)
        add(f"select line, 2, {position(bundles.PART)}, null, false from {quoted(texts.table)} where {cell} is not null and {cell} <> '0'")
    marks.bundles = bundles.find(con, texts, plan, answers)
    for reason in (bundles.PART, bundles.OF_PARTS) if marks.bundles else ():
        add(f"select line, 5, {position(reason)}, null, false from bundle_aside where reason = $reason", reason=reason)
    for filled in plan.lines:
        cell = texts.text(filled, NO_VALUE)
        add(f"select line, 1, {position(totals_rows.TOTAL)}, null, false from {quoted(texts.table)} where {cell} is null")
    if plan.table in _WITH_PRODUCTS:
        named = [s for one in plans for target in ("product_id", "title") if target in one.columns for s in one.columns[target].sources]
        _mark_no_products(con, texts, list(dict.fromkeys(named)), mapping, kept, add, position)
    if plan.states:
        marks.states, marks.notes = states.decide(con, texts, plan, answers)
        for column in marks.states:
            for kind, reason in states.REASONS[plan.table == "deliveries"].items():
                if values := column.values_of(kind):
                    returned = kind == "return"
                    add(
                        f"""select line, 4, {"null" if returned else position(reason)}, {column.cell}, {returned} from {quoted(texts.table)}
                        where list_contains($values, {column.cell})""",
                        values=values,
                    )
    ((marked,),) = con.execute("select count(*) from marks").fetchall()
    marks.is_empty = not marked
    con.execute("""create or replace temp table marks as
        select line, arg_min(reason, rank) filter (where reason is not null) as reason,
            arg_min(name, rank) filter (where reason is not null) as name, bool_or(returned) as returned
        from marks group by line""").fetchall()
    return marks


def _mark_no_products(con, texts: TextTable, named: list[str], mapping: Mapping, kept: set[str], add, position) -> None:
    """Mark lines of postage, fees, gift cards and the like, by the words that all shops use or by the mapping's own.

    named: the columns that name products.
    """
    patterns = [f"(?i){'|'.join(f'(?:{p})' for p in mapping.options.non_products)}"] if mapping.options.non_products else []
    patterns += [no_product_pattern()] if mapping.guesses or mapping.layout is not None else []
    if not named or not patterns:
        return
    cells = [texts.text(source, NO_VALUE) for source in named]
    # A table of its own: DuckDB would match the pattern on every row before it drops the equal ones.
    each = " union all ".join(f"select distinct {i} as source, {cell} as name from {quoted(texts.table)}" for i, cell in enumerate(cells))
    con.execute(f"create or replace temp table names as {each}").fetchall()
    matching = " or ".join(f"regexp_full_match(name, $pattern{i})" for i in range(len(patterns)))
    values = {f"pattern{i}": pattern for i, pattern in enumerate(patterns)}
    found = con.execute(f"select source, name from names where {matching}", values).fetchall()
    for i, cell in enumerate(cells):
        aside = [name for source, name in found if source == i and normalised(states.shown(name)) not in kept]
        if aside:
            add(
                f"select line, 3, {position(NO_PRODUCT)}, {cell}, false from {quoted(texts.table)} where list_contains($names, {cell})",
                names=aside,
            )
