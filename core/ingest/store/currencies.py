"""Amounts of order lines in other currencies: converted at the shop's rates, else kept aside with their sum. Units count either way."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.convert.text_table import TextTable
from core.ingest.recognise.mapping import ColumnRule
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.messages import Message, nmsg
from core.settings import ShopSettings
from core.storage import duckdb as db


def rates(shop: ShopSettings) -> dict[str, float]:
    """Return the value of one unit of each other currency in the shop's.

    >>> rates(ShopSettings(exchange_rates=("USD = 0.92", "JPY=0.0061")))
    {'USD': 0.92, 'JPY': 0.0061}
    """
    pairs = (each.partition("=") for each in shop.exchange_rates)
    return {currency.strip(): float(rate) for currency, _, rate in pairs}


def by_sign(plan: TablePlan, texts: TextTable) -> TablePlan:
    """Return a plan of orders whose amounts have signs of several currencies, and no column of them, with the sign as the currency."""
    amount = next((plan.columns[c] for c in ("unit_price", "line_total") if c in plan.columns), None)
    if plan.table != "orders" or amount is None or not amount.sources or not texts.mixed or "currency" in plan.columns:
        return plan
    return replace(plan, columns=plan.columns | {"currency": ColumnSource(ColumnRule(), amount.sources[:1])})


def keep_aside(con, import_id: str, file: str, currency: str) -> list[Message]:
    """Store the sum of the staged order lines in each currency without a rate; returns a note on each. currency: of the shop."""
    db.run(con, "staging/forget_foreign", file=file).fetchall()
    notes: list[Message] = []
    for row in db.rows(con, "staging/foreign_sums"):
        values = {"import_id": import_id, "file": file, "currency": row["currency"], "units": row["units"], "cents": row["cents"]}
        db.run(con, "staging/record_foreign", **values, lines=row["rows"]).fetchall()
        notes.append(
            nmsg(
                "{count} row is in {currency}. Its {units} units count; its amount of {amount} {currency} is kept aside. "
                'With exchange_rates = ["{currency} = RATE"] in [shop], it is converted to {own}.',
                "{count} rows are in {currency}. Their {units} units count; their amount of {amount} {currency} is kept aside. "
                'With exchange_rates = ["{currency} = RATE"] in [shop], it is converted to {own}.',
                row["rows"],
                currency=row["currency"],
                units=row["units"],
                amount=row["cents"] / 100,
                own=currency,
            )
        )
    return notes
