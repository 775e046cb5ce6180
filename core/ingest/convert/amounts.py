"""What amounts in a file mean, where names leave it open: the price of a unit or the total of a line, money or a share."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert import formats
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.questions import Answers, Question
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.messages import Message, msg

AMOUNT = "--amount"  # the flag that says what an amount is
_UNIT, _LINE, _ORDER = "unit-price", "line-total", "order-total"
CHOICES = (
    (_UNIT, msg("the price of one unit")),
    (_LINE, msg("the total of the line")),
    (_ORDER, msg("the total of the whole order, on each of its lines")),
)
ENOUGH = 20  # lines, at least, to guess what an amount means
CLEARLY = 10  # times as many of them must be totals as are prices
NEARLY = 0.01  # how far an amount may be off: cents that were rounded


def interpret_amounts(
    con, texts: TextTable, plans: list[TablePlan], answers: Answers
) -> tuple[list[TablePlan], list[Message], list[Question]]:
    """Return a guess's plans of one source after a look at the amounts in its rows, notes on what changed, and questions.

    Of three units at 5.00 some exports give 5.00 and others 15.00 under one name, and some the amount of the whole order. Rows that do
    not fit the meaning of a column's name are asked about; until that is answered, the proposal is read.
    """
    orders = next((plan for plan in plans if plan.table == "orders"), None)
    if orders is None:
        return plans, [], []
    notes: list[Message] = []
    asked: list[Question] = []
    total, discount = (orders.columns.get(target) for target in ("line_total", "discount"))
    target = "unit_price" if total is None else "line_total"
    amount = orders.columns.get(target)
    if amount is not None and len(amount.sources) == 1:
        (column,) = amount.sources
        meaning = answers.get(f"{AMOUNT} {column}")
        if meaning is None:
            meaning = _unlike_its_name(con, texts, orders, target, column)
            about = msg("Is the amount in column {column} of a unit, of a line or of the whole order?", column=repr(column))
            asked += [Question(AMOUNT, column, meaning, CHOICES, about, texts.source.file, rows=texts.rows)] if meaning else []
        plans = [_read_as(plan, target, amount, meaning) for plan in plans] if meaning else plans
    if discount is not None and _are_shares(con, texts, discount.sources[0]):
        notes.append(
            msg(
                "Column {column} is not read: its values are percentages, as numbers from 0 to 1, and an amount is expected.",
                column=repr(discount.sources[0]),
            )
        )
        plans = [_without(plan, "discount") if plan.table == "orders" else plan for plan in plans]
    return plans, notes, asked


def _unlike_its_name(con, texts: TextTable, orders: TablePlan, target: str, column: str) -> str:
    """Return what an amount may be instead of what its name says; "" where its rows agree with the name."""
    if target == "unit_price":
        return _LINE if _grows_with_units(con, texts, orders) else ""
    return _ORDER if _repeats_in_orders(con, texts, orders, column) else ""


def _read_as(plan: TablePlan, target: str, amount: ColumnSource, meaning: str) -> TablePlan:
    """Return the plan with an amount in the column of its meaning, and without a product's price of an amount that is none."""
    becomes = {_UNIT: "unit_price", _LINE: "line_total", _ORDER: ""}[meaning]
    if plan.table == "orders" and target in plan.columns:
        renamed = {becomes if c == target else c: filled for c, filled in plan.columns.items()}
        return replace(plan, columns={c: filled for c, filled in renamed.items() if c})
    if becomes != "unit_price" and "price" in plan.columns and plan.columns["price"].sources == amount.sources:
        return _without(plan, "price")
    return plan


def _without(plan: TablePlan, target: str) -> TablePlan:
    return replace(plan, columns={c: filled for c, filled in plan.columns.items() if c != target})


def _grows_with_units(con, texts: TextTable, plan: TablePlan) -> bool:
    """Return whether what would be the price of a unit is, on lines of several units, as many times that of lines with one unit."""
    product, units, price = (plan.columns[c].sources for c in ("product_id", "units", "unit_price"))
    if not units:
        return False
    # Texts, then numbers once: DuckDB would read the numbers again in every condition.
    totals, prices = con.execute(f"""
        with texts as (select {texts.text(product[0], NO_TEXT)} as product, {texts.text(units[0], NO_VALUE)} as u,
                              {texts.text(price[0], NO_VALUE)} as p from {quoted(texts.table)} where broken is null),
        cells as materialized (select product, {formats.number("u", texts.decimals[units[0]])} as units,
                                      {formats.number("p", texts.decimals[price[0]])} as price from texts),
        one as (select product, median(price) as of_one from cells where units = 1 and price > 0 group by product)
        select count(*) filter (where abs(price - of_one * units) <= {NEARLY} * of_one * units),
               count(*) filter (where abs(price - of_one) <= {NEARLY} * of_one)
        from cells join one using (product) where units > 1 and price > 0""").fetchone()
    return totals >= ENOUGH and totals > CLEARLY * prices


def _repeats_in_orders(con, texts: TextTable, plan: TablePlan, column: str) -> bool:
    """Return whether every order of several products in different units has one amount on all of its lines."""
    order, product, units = (plan.columns[c].sources if c in plan.columns else () for c in ("order_id", "product_id", "units"))
    if not order or not units:
        return False
    several, repeated = con.execute(f"""
        with texts as (select {texts.text(order[0], NO_TEXT)} as the_order, {texts.text(product[0], NO_TEXT)} as product,
                              {texts.text(units[0], NO_VALUE)} as u, {texts.text(column, NO_VALUE)} as a
                       from {quoted(texts.table)} where broken is null),
        cells as materialized (select the_order, product, {formats.number("u", texts.decimals[units[0]])} as units,
                                      {formats.number("a", texts.decimals[column])} as amount from texts),
        orders as (select count(distinct amount) as amounts, sum(amount) as total from cells where the_order is not null
            group by the_order having count(distinct product) > 1 and count(distinct units) > 1)
        select count(*), count(*) filter (where amounts = 1 and total <> 0) from orders""").fetchone()
    return several > 0 and several == repeated


def _are_shares(con, texts: TextTable, source: str) -> bool:
    """Return whether all values are from 0 to 1 and enough are neither."""
    outside, between = con.execute(f"""
        with texts as (select {texts.text(source, NO_VALUE)} as c from {quoted(texts.table)} where broken is null),
        cells as materialized (select {formats.number("c", texts.decimals[source])} as x from texts)
        select count(*) filter (where x < 0 or x > 1), count(*) filter (where x > 0 and x < 1) from cells""").fetchone()
    return outside == 0 and between >= ENOUGH
