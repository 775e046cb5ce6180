"""Tables that the features step keeps in the warehouse: the daily aggregate, units lost while out of stock, and sentiments."""

from __future__ import annotations

from core.schema import Column, Table
from core.storage import duckdb as db
from core.storage import warehouse

_AGGREGATES = (
    *("interest", "orders", "units", "returned_units", "revenue_cents", "priced_units", "discount_cents", "guest_orders"),
    *("largest_order_units", "buyers", "first_buys", "new_customers", "views", "carts", "wishlists", "search_clicks"),
    *("ad_impressions", "ad_clicks", "reviews", "rated", "rating_sum", "low_ratings", "sentiments", "sentiment_sum"),
)
_KEY = (Column("product_id", "VARCHAR"), Column("value", "VARCHAR"), Column("day", "DATE"))

KEPT: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "daily",
            "A product, customer group and day on which something happened.",
            columns=(*_KEY, *(Column(name, "DOUBLE") for name in _AGGREGATES)),
        ),
        Table(
            "lost_units",
            "A product, customer group and day out of stock, with the units that were wanted.",
            columns=(*_KEY, Column("lost_units", "DOUBLE")),
        ),
        Table(
            "text_sentiment",
            "A text of a review with its sentiment by an encoder, which the SHA-256 of its weights names.",
            columns=(Column("text_sha256", "VARCHAR"), Column("encoder", "VARCHAR"), Column("sentiment", "DOUBLE")),
        ),
        Table("daily_built", "What the daily aggregate was built under.", columns=(Column("meaning", "VARCHAR"),)),
    )
}


def create(con) -> None:
    """Create the missing ones of these tables in a warehouse, and the view daily_wanted over them.

    Where an earlier version has other columns, all of them start empty: they can be computed again.
    """
    there = warehouse.columns(con)
    if any(name in there and {column for column, _ in there[name]} != set(table.names) for name, table in KEPT.items()):
        for name in KEPT:
            con.execute(f"drop table if exists {name}")
    for table in KEPT.values():
        con.execute(table.ddl())
    con.execute(f"create or replace view daily_wanted as {db.sql('features/daily_wanted')}")
