"""What the canonical tables need from a file: columns and ids to pseudonymise. Columns and keys are in core/schema/warehouse.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.messages import Message, msg
from core.schema import CANONICAL, Column


@dataclass(frozen=True)
class TableRules:
    """How rows of one canonical table are identified and checked.

    needs       for each group at least one column must be mapped, or the file cannot fill the table
    day         the column that dates a row, "" for undated tables
    people      columns that hold a person's id, and the kind of person
    extra       columns a mapping may fill that are used while converting and not stored
    whole       a file is the whole list as of now: an import takes the place of what earlier ones gave
    """

    needs: tuple[tuple[str, ...], ...]
    day: str = ""
    people: dict[str, str] = field(default_factory=dict)
    extra: tuple[Column, ...] = ()
    whole: bool = False


# Traffic reports give a number a product and day instead of single events; each is that many events.
EVENT_COUNTS = {"views": "view", "carts": "cart", "wishlists": "wishlist"}
PURCHASE = "purchase"  # a kind of event that is stored as an order (core/ingest/recognise/purchases.py)
PURCHASE_ID_PREFIX = "event:"  # of the ids of such orders, so that orders of other files can be distinguished from them
EACH_ROW = "--each-row"  # the question what a row of sales is
ONE_UNIT, ORDER_LINE, DAY_TOTAL, RUNNING_TOTAL = "one-unit", "order-line", "day-total", "running-total"  # its answers
SAME_ORDERS = "--same-orders"  # the question which file is right where two files of an import have an order with other lines
LAST_FILE, FIRST_FILE, BOTH_FILES = "last", "first", "both"  # its answers
OTHER = "other"  # kinds of events that are known, and of no use to a forecast
_CUSTOMER = {"customer_id": "customer"}
_VISITOR = {"visitor_id": "visitor", **_CUSTOMER}

TABLE_NAMES: dict[str, Message] = {
    "orders": msg("orders"),
    "events": msg("events"),
    "reviews": msg("reviews"),
    "stock": msg("stock"),
    "deliveries": msg("deliveries"),
    "market": msg("market series"),
    "promotions": msg("promotions"),
    "links": msg("product links"),
    "products": msg("products"),
    "suppliers": msg("suppliers"),
    "customers": msg("customers"),
    "product_map": msg("old and new numbers"),
    "kit_parts": msg("parts of kits"),
    "impressions": msg("impressions"),
    "searches": msg("search lists"),
    "contacts": msg("contacts"),
}

# In order of preference where one file could fill several tables: the first is the one its rows are counted for.
RULES: dict[str, TableRules] = {
    "orders": TableRules(
        (("ordered_at",), ("product_id",), ("units",)),
        day="ordered_at",
        people=_CUSTOMER,
        extra=(
            Column("line_total_cents", "BIGINT"),
            Column("status", "VARCHAR"),
            Column("currency", "VARCHAR"),
            Column("line_id", "VARCHAR"),
        ),
    ),
    "events": TableRules(
        (("occurred_at",), ("product_id",), ("kind", *EVENT_COUNTS)),
        day="occurred_at",
        people=_VISITOR,
        extra=tuple(Column(c, "BIGINT") for c in EVENT_COUNTS),
    ),
    "reviews": TableRules((("created_at",), ("product_id",), ("rating", "body")), "created_at", _CUSTOMER),
    "stock": TableRules((("day",), ("product_id",), ("on_hand",)), "day", extra=(Column("location", "VARCHAR"),)),
    "deliveries": TableRules((("product_id",), ("due_on",), ("units",)), "due_on", whole=True),
    "market": TableRules((("day",), ("series",), ("value",)), "day"),
    "promotions": TableRules((("product_id",), ("starts_on",), ("ends_on",)), "starts_on"),
    "product_map": TableRules((("old_product_id",), ("new_product_id",))),
    "kit_parts": TableRules((("kit_id",), ("part_id",), ("units",)), whole=True),
    "links": TableRules((("source",), ("relation",), ("target",))),
    "impressions": TableRules((("shown_at",), ("product_id",), ("shown", "placement")), "shown_at", _VISITOR),
    "searches": TableRules((("searched_at",), ("query",), ("product_id",), ("position",), ("clicked",)), "searched_at", _VISITOR),
    "contacts": TableRules((("contacted_at",), ("customer_id",), ("campaign", "treated")), "contacted_at", _CUSTOMER),
    "products": TableRules((("product_id",), ("title",))),
    "suppliers": TableRules((("supplier",), ("order_days", "min_order", "lead_time_days"))),
    "customers": TableRules((("customer_id",),), people=_CUSTOMER),
}


def mapped_name(column: str) -> str:
    """Return the name that a mapping uses: its amounts are in units of the currency, stored ones in cents."""
    return column.removesuffix("_cents")


def targets(table: str) -> dict[str, Column]:
    """Return the columns a mapping may fill in a table, by the name it uses for them. customers take any column besides these."""
    if table == "customers":
        return {"customer_id": Column("customer_id", "VARCHAR", True)}
    return {mapped_name(c.name): c for c in CANONICAL[table].columns + RULES[table].extra}


def target_column(table: str, target: str) -> Column | None:
    """Return the canonical column behind a mapping's name; None for an attribute of a customer."""
    return targets(table).get(target)
