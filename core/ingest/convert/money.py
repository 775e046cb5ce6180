"""What amounts in a file are of, where names leave it open: of one unit or of the whole line, money or a share of it."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.convert import formats
from core.ingest.readers.text_table import Raw
from core.ingest.recognise.names import quoted
from core.ingest.recognise.planning import Fed, TablePlan

ENOUGH = 20  # lines, at least, on which a guess at what an amount is of rests
CLEARLY = 10  # times as many of them must be totals as are prices
NEARLY = 0.01  # how far an amount may be off: cents that were rounded


def told_by_values(con, raw: Raw, plans: list[TablePlan], notes: list[str]) -> list[TablePlan]:
    """A guess's plans of one source, after a look at the amounts in its rows; what was found is added to notes.

    Of three units at 5.00 some exports say 5.00 and others 15.00 under one name (Amazon's `item-price`).
    """
    orders = next((plan for plan in plans if plan.table == "orders"), None)
    if orders is None:
        return plans
    price, discount = (orders.columns.get(target) for target in ("unit_price", "discount"))
    if price is not None and "line_total" not in orders.columns and len(price.sources) == 1 and _grows_with_units(con, raw, orders):
        named = ", ".join(price.sources)
        notes.append(f"column {named!r} is read as the total of a line: it grows with the units of a product")
        plans = [_as_total(plan, price) for plan in plans]
    if discount is not None and _are_shares(con, raw, discount.sources[0]):
        notes.append(
            f"column {discount.sources[0]!r} is not read: its values lie between 0 and 1, as shares do, and an amount of money is expected"
        )
        plans = [_without(plan, "discount") if plan.table == "orders" else plan for plan in plans]
    return plans


def _as_total(plan: TablePlan, price: Fed) -> TablePlan:
    """The plan with the total of a line where it had the price of a unit, and without a product's price of that column."""
    if plan.table == "orders":
        return replace(plan, columns={"line_total" if c == "unit_price" else c: fed for c, fed in plan.columns.items()})
    return _without(plan, "price") if "price" in plan.columns and plan.columns["price"].sources == price.sources else plan


def _without(plan: TablePlan, target: str) -> TablePlan:
    return replace(plan, columns={c: fed for c, fed in plan.columns.items() if c != target})


def _number(raw: Raw, source: str) -> str:
    return formats.number(raw.text(source, formats.NO_VALUE), raw.decimals[source])


def _grows_with_units(con, raw: Raw, plan: TablePlan) -> bool:
    """Whether what would be the price of a unit is, on lines of several units, as many times what lines of one unit of the product say."""
    product, units, price = (plan.columns[c].sources for c in ("product_id", "units", "unit_price"))
    if not units:
        return False
    totals, prices = con.execute(f"""
        with cells as (select {raw.text(product[0], formats.NO_TEXT)} as product, {_number(raw, units[0])} as units,
                              {_number(raw, price[0])} as price from {quoted(raw.table)} where broken is null),
        one as (select product, median(price) as of_one from cells where units = 1 and price > 0 group by product)
        select count(*) filter (where abs(price - of_one * units) <= {NEARLY} * of_one * units),
               count(*) filter (where abs(price - of_one) <= {NEARLY} * of_one)
        from cells join one using (product) where units > 1 and price > 0""").fetchone()
    return totals >= ENOUGH and totals > CLEARLY * prices


def _are_shares(con, raw: Raw, source: str) -> bool:
    """Whether all values lie between 0 and 1 and enough are neither."""
    value = _number(raw, source)
    outside, between = con.execute(f"""select count(*) filter (where x < 0 or x > 1), count(*) filter (where x > 0 and x < 1)
        from (select {value} as x from {quoted(raw.table)} where broken is null)""").fetchone()
    return outside == 0 and between >= ENOUGH
