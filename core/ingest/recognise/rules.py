"""What the canonical tables ask of a file: needed columns, ids to pseudonymise. Columns and keys are in core/schema/warehouse.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.schema import CANONICAL, Column


@dataclass(frozen=True)
class Rules:
    """How rows of one canonical table are told apart and checked.

    needs       for each group at least one column must be mapped, or the file cannot feed the table
    day         the column that dates a row, "" for undated tables
    people      columns that hold a person's id, and the kind of person
    extra       columns a mapping may feed that are used while converting and not stored
    whole       a file is the whole list as of now: an import takes the place of what earlier ones gave
    """

    needs: tuple[tuple[str, ...], ...]
    day: str = ""
    people: dict[str, str] = field(default_factory=dict)
    extra: tuple[Column, ...] = ()
    whole: bool = False


# Traffic reports give a number a product and day instead of single events; a column of them stands for that many events.
EVENT_COUNTS = {"views": "view", "carts": "cart", "wishlists": "wishlist"}
PURCHASE = "purchase"  # a kind of event that is stored as an order (core/ingest/recognise/purchases.py)
OTHER = "other"  # kinds of events that are known, and of no use to a forecast
BOUGHT, BOUGHT_ID = "bought", "event:"  # the table of a log's lines that are purchases, and what the ids of such orders begin with
_CUSTOMER = {"customer_id": "customer"}

# In order of preference where one file could feed several tables: the first is the one its rows are counted for.
RULES: dict[str, Rules] = {
    "orders": Rules(
        (("ordered_at",), ("product_id",), ("units",)),
        day="ordered_at",
        people=_CUSTOMER,
        extra=(Column("line_total_cents", "BIGINT"), Column("status", "VARCHAR"), Column("currency", "VARCHAR")),
    ),
    "events": Rules(
        (("occurred_at",), ("product_id",), ("kind", *EVENT_COUNTS)),
        day="occurred_at",
        people={"visitor_id": "visitor", **_CUSTOMER},
        extra=tuple(Column(c, "BIGINT") for c in EVENT_COUNTS),
    ),
    "reviews": Rules((("created_at",), ("product_id",), ("rating", "body")), "created_at", _CUSTOMER),
    "stock": Rules((("day",), ("product_id",), ("on_hand",)), "day", extra=(Column("location", "VARCHAR"),)),
    "deliveries": Rules((("product_id",), ("due_on",), ("units",)), "due_on", whole=True),
    "market": Rules((("day",), ("series",), ("value",)), "day"),
    "promotions": Rules((("product_id",), ("starts_on",), ("ends_on",)), "starts_on"),
    "links": Rules((("source",), ("relation",), ("target",))),
    "products": Rules((("product_id",), ("title",))),
    "suppliers": Rules((("supplier",), ("order_days", "min_order", "lead_time_days"))),
    "customers": Rules((("customer_id",),), people=_CUSTOMER),
}


def mapped_name(column: str) -> str:
    """The name a mapping uses: amounts are written in currency units there, and stored in cents."""
    return column.removesuffix("_cents")


def targets(table: str) -> dict[str, Column]:
    """The columns a mapping may feed in a table, by the name it uses for them. customers take any column besides these."""
    if table == "customers":
        return {"customer_id": Column("customer_id", "VARCHAR", True)}
    return {mapped_name(c.name): c for c in CANONICAL[table].columns + RULES[table].extra}


def target_column(table: str, target: str) -> Column | None:
    """The canonical column behind a mapping's name; None for an attribute of a customer."""
    return targets(table).get(target)
