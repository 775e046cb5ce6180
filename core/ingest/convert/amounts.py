"""What amounts in a file mean, where names leave it open: the price of a unit or the total of a line, money or a share."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert import formats
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.messages import Message, msg

ENOUGH = 20  # lines, at least, to guess what an amount means
CLEARLY = 10  # times as many of them must be totals as are prices
NEARLY = 0.01  # how far an amount may be off: cents that were rounded


def interpret_amounts(con, texts: TextTable, plans: list[TablePlan]) -> tuple[list[TablePlan], list[Message]]:
    """Return a guess's plans of one source after a look at the amounts in its rows, and notes on what changed.

    Of three units at 5.00 some exports give 5.00 and others 15.00 under one name (Amazon's `item-price`).
    """
    orders = next((plan for plan in plans if plan.table == "orders"), None)
    if orders is None:
        return plans, []
    notes = []
    price, discount = (orders.columns.get(target) for target in ("unit_price", "discount"))
    if price is not None and "line_total" not in orders.columns and len(price.sources) == 1 and _grows_with_units(con, texts, orders):
        notes.append(
            msg("Column {column} is read as the total of a line: it grows with the units of a product.", column=repr(price.sources[0]))
        )
        plans = [_as_total(plan, price) for plan in plans]
    if discount is not None and _are_shares(con, texts, discount.sources[0]):
        notes.append(
            msg(
                "Column {column} is not read: its values are shares between 0 and 1, and an amount of money is expected.",
                column=repr(discount.sources[0]),
            )
        )
        plans = [_without(plan, "discount") if plan.table == "orders" else plan for plan in plans]
    return plans, notes


def _as_total(plan: TablePlan, price: ColumnSource) -> TablePlan:
    """Return the plan with the total of a line in place of the price of a unit, and without a product's price of that column."""
    if plan.table == "orders":
        return replace(plan, columns={"line_total" if c == "unit_price" else c: filled for c, filled in plan.columns.items()})
    return _without(plan, "price") if "price" in plan.columns and plan.columns["price"].sources == price.sources else plan


def _without(plan: TablePlan, target: str) -> TablePlan:
    return replace(plan, columns={c: filled for c, filled in plan.columns.items() if c != target})


def _number(texts: TextTable, source: str) -> str:
    return formats.number(texts.text(source, NO_VALUE), texts.decimals[source])


def _grows_with_units(con, texts: TextTable, plan: TablePlan) -> bool:
    """Return whether what would be the price of a unit is, on lines of several units, as many times that of lines with one unit."""
    product, units, price = (plan.columns[c].sources for c in ("product_id", "units", "unit_price"))
    if not units:
        return False
    totals, prices = con.execute(f"""
        with cells as (select {texts.text(product[0], NO_TEXT)} as product, {_number(texts, units[0])} as units,
                              {_number(texts, price[0])} as price from {quoted(texts.table)} where broken is null),
        one as (select product, median(price) as of_one from cells where units = 1 and price > 0 group by product)
        select count(*) filter (where abs(price - of_one * units) <= {NEARLY} * of_one * units),
               count(*) filter (where abs(price - of_one) <= {NEARLY} * of_one)
        from cells join one using (product) where units > 1 and price > 0""").fetchone()
    return totals >= ENOUGH and totals > CLEARLY * prices


def _are_shares(con, texts: TextTable, source: str) -> bool:
    """Return whether all values are from 0 to 1 and enough are neither."""
    value = _number(texts, source)
    outside, between = con.execute(f"""select count(*) filter (where x < 0 or x > 1), count(*) filter (where x > 0 and x < 1)
        from (select {value} as x from {quoted(texts.table)} where broken is null)""").fetchone()
    return outside == 0 and between >= ENOUGH
