"""Amounts of order lines in other currencies: converted at the shop's rates, else kept aside with their sum. Units count either way."""

from __future__ import annotations

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
