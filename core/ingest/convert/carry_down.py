"""Cells that stand on the first line of an order only, carried down to its other lines."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.blanks import NO_TEXT
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.recognise.table_plan import TablePlan


def carry_down(con, texts: TextTable, plan: TablePlan) -> TextTable:
    """Return the texts with the columns of the plan's orders filled on every line; as they are where nothing is carried.

    A blank order belongs to the line above; a blank cell takes the first value that its order has.
    """
    group, carried = plan.carried
    if not group:
        return texts
    filled = {c: f"nullif(trim({texts.columns[c]}), '')" for c in (*group, *carried) if texts.source.typed.get(c) is None}
    filled |= {c: texts.columns[c] for c in (*group, *carried) if c not in filled}
    orders = ", ".join(f"last_value({filled[c]} ignore nulls) over (order by line) as {texts.columns[c]}" for c in group)
    keys = ", ".join(texts.columns[c] for c in group)
    firsts = ", ".join(
        f"coalesce({filled[c]}, first_value({filled[c]} ignore nulls) over (partition by {keys} order by line "
        f"rows between unbounded preceding and unbounded following)) as {texts.columns[c]}"
        for c in carried
    )
    table = f"{texts.table}_carried"
    con.execute(f"""create or replace temp table {quoted(table)} as
        with orders as (select * replace ({orders}) from {quoted(texts.table)})
        select {f"* replace ({firsts})" if carried else "*"} from orders""").fetchall()
    con.execute(f"drop table {quoted(texts.table)}").fetchall()
    return replace(texts, table=table)


def carried_in_rows(con, texts: TextTable, plan: TablePlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (columns of the order, columns carried) by the rows of a source whose layout is not known; ((), ()) if none are.

    A column is carried where no order fills it but on its first line, and some order has several lines. The order's number itself may be
    blank on further lines if its day is carried too.
    """
    targets = ("ordered_at", "customer_id", "channel", "country", "currency")
    order, product = (plan.columns.get(t) for t in ("order_id", "product_id"))
    if plan.table != "orders" or order is None or product is None or not order.sources:
        return (), ()
    number = order.sources[0]
    candidates = [s for t in targets if t in plan.columns for s in plan.columns[t].sources if s != number and s not in product.sources]
    candidates = list(dict.fromkeys([*candidates, *(rule.column for rule in plan.states)]))
    if not candidates:
        return (), ()
    cells = {c: texts.text(c, NO_TEXT) for c in (number, *candidates)}
    blanks = ", ".join(f"count(*) filter (where {cell} is null)" for cell in cells.values())
    counts = dict(zip(cells, con.execute(f"select {blanks} from {quoted(texts.table)} where broken is null").fetchone()))
    if not any(counts.values()):
        return (), ()
    product_cell = texts.text(product.sources[0], NO_TEXT)
    filled = ", ".join(f"x{i} is not null as f{i}" for i in range(1, len(cells)))
    texts_of = ", ".join(f"{cell} as x{i}" for i, cell in enumerate(cells.values()))
    alike = ", ".join(f"count(*) filter (where f{i} and place > 1)" for i in range(1, len(cells)))
    (lines, orders, *unlike) = con.execute(f"""with rows as (select line, {product_cell} as product, {texts_of}
            from {quoted(texts.table)} where broken is null and {product_cell} is not null),
        orders as (select *, last_value(x0 ignore nulls) over (order by line) as the_order from rows),
        placed as (select row_number() over (partition by the_order order by line) as place, {filled} from orders)
        select count(*), count(*) filter (where place = 1), {alike} from placed""").fetchone()
    if orders == lines:
        return (), ()
    carried = tuple(c for c, wrong in zip(candidates, unlike) if not wrong and counts[c])
    day = plan.columns["ordered_at"].sources
    if counts[number] and not set(day) & set(carried):
        return (), ()
    return ((number,), carried) if carried else ((), ())
