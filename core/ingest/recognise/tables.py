"""Which tables a sheet fills: those that its columns can fill, weighed by its name and by what its rows show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.errors import UserError
from core.ingest.convert.date_columns import WEEKS
from core.ingest.names import plain
from core.ingest.recognise import documents
from core.ingest.recognise.mapping import RETURNS
from core.ingest.recognise.matcher import match
from core.ingest.recognise.row_meaning import counted_orders
from core.ingest.recognise.rules import EVENT_COUNTS, RULES
from core.ingest.recognise.sheet import BARE, Sheet
from core.ingest.recognise.table_plan import NO_SALES, UNDATED, Found, TablePlan, is_complete, with_others
from core.ingest.recognise.unrecognised import UnrecognisedFile, unrecognised
from core.ingest.words import column_words
from core.messages import msg

Fillable = dict[str, Found]  # table -> what fills it

MOSTLY = 0.5  # of the rows
NAMED, OTHERS = 20.0, 40.0  # weights: of a table's word in the name, of evidence that the rows are another table's


def plan_tables(sheet: Sheet) -> list[TablePlan]:
    """Return the tables that a sheet fills, the main one first. Raises UserError for one that fits none or cannot serve."""
    _refuse_months(sheet)
    fillable = {t: found for t in sheet.mapping.tables if is_complete(t, found := _found(sheet, t))}
    counted = counted_orders(sheet)
    fillable |= {"orders": counted} if counted else {}
    if "products" not in fillable and ("products" in sheet.named or fillable.keys() & {"orders", "events"}):
        fillable |= _untitled(sheet)
    for table, holds in VETOES:
        if table in fillable and table not in sheet.named and holds(sheet, fillable):
            del fillable[table]
    _refuse_false_sales(sheet, fillable)
    weights = {table: _weight(sheet, fillable, table) for table in fillable}
    main = "orders" if counted else max(weights, key=weights.__getitem__)
    for table, refusal in REFUSALS:
        if table == main and (error := refusal(sheet, fillable[main])) is not None:
            raise error
    derived = {
        t: _derived_columns(t, fillable[t], fillable[main]) for t in RULES if t in fillable and _may_be_derived(t, main, fillable[t])
    }
    return [TablePlan(main, fillable[main]), *(TablePlan(t, found, derived=True) for t, found in derived.items() if is_complete(t, found))]


def _weight(sheet: Sheet, fillable: Fillable, table: str) -> float:
    """Return how likely the rows are a table's: first of its name, then of RULES, and customers last."""
    weight = NAMED * (table in sheet.named) - list(RULES).index(table) - NAMED / 2 * (table == "customers")
    weight += NAMED / 2 * (table == "deliveries" and table in sheet.named)  # incoming orders with a day on which they are due are no sales
    return weight - OTHERS * sum(against == table and bool(holds(sheet, fillable)) for against, holds in EVIDENCE)


def _found(sheet: Sheet, table: str) -> Found:
    found = match(sheet, table)
    if table == "stock" and "day" not in found and (table in sheet.named or not sheet.has_quantities):
        found["day"] = UNDATED
    return with_others(sheet.mapping.tables[table], found, sheet.columns)


def _untitled(sheet: Sheet) -> Fillable:
    """Return products that have a category or a brand and no name, with their id as the title."""
    found = match(sheet, "products")
    if not sheet.identifies_products or not found.keys() & {"category", "brand"}:
        return {}
    return {"products": found | {"title": found["product_id"]}}


# ---- what speaks against a table

Holds = Callable[[Sheet, Fillable], object]


def _are_sales(sheet: Sheet, fillable: Fillable) -> object:
    """Items that were bought, not those that are on sale; what customers bought, not who they are."""
    return {"order_id", "customer_id"} & fillable.get("orders", {}).keys()


def _are_events(sheet: Sheet, fillable: Fillable) -> object:
    """Items that were looked at, and by whom."""
    log = fillable.get("events", {}).keys()
    return "kind" in log and {"visitor_id", "customer_id"} & log


def _are_persons(sheet: Sheet, fillable: Fillable) -> object:
    """A name next to a customer's id is the customer's; a bare `id` may be a product's."""
    known = {name: column for name, column in sheet.present.items() if name != "id"}
    if sheet.named or "customers" not in fillable or sheet.identifies_products:
        return False
    return sheet.by_name("customers.customer_id", known)


def _are_products_with_stock(sheet: Sheet, fillable: Fillable) -> object:
    return not sheet.named and fillable["stock"]["day"] is UNDATED and "products" in fillable


EVIDENCE: tuple[tuple[str, Holds], ...] = (
    ("products", _are_sales),
    ("products", _are_events),
    ("products", _are_persons),
    ("customers", _are_sales),
    ("customers", _are_events),
    ("stock", _are_products_with_stock),
)


# ---- what excludes a table that the name does not speak of


def _is_bare(found: Found, target: str) -> bool:
    """Return whether what would identify a thing is an id or name of anything at all."""
    return plain(found[target].sources[0]) in BARE


def _of_places(sheet: Sheet, fillable: Fillable) -> object:
    """A place has a bare id or name, and a position or, in a list of stores, nothing else."""
    found, words = fillable["products"], column_words("place_lists")
    merely_named = found.keys() <= {"product_id", "title"} and any(word in name.lower() for name in sheet.titles for word in words)
    return _is_bare(found, "product_id") and (merely_named or sheet.column_of("places"))


VETOES: tuple[tuple[str, Holds], ...] = (
    # customers take any column: also those of sales whose date or units have unknown names
    ("customers", lambda sheet, fillable: sheet.named or sheet.identifies_products),
    ("customers", lambda sheet, fillable: _is_bare(fillable["customers"], "customer_id")),
    ("products", _of_places),
    # a mere quantity, in a file not named after stock, is of units sold
    ("stock", lambda sheet, fillable: fillable["stock"]["on_hand"].sources == (sheet.by_name("orders.units", sheet.present),)),
)


# ---- what a main table cannot be, with the reason and the advice


def _dated_orders(sheet: Sheet, found: Found) -> UserError | None:
    """Rows with numbers of orders, and days or units, are sales whose units or days have an unknown name. A bare `order` or `num` may be a
    place."""
    known = {name: column for name, column in sheet.present.items() if name not in ("order", "num")}
    told = sheet.by_name("orders.ordered_at", known) or sheet.by_name("orders.units", known)
    return (
        unrecognised(sheet, ["orders"])
        if sheet.by_name("orders.order_id", known) and told and set(sheet.named) <= {"orders", "products"}
        else None
    )


def _products_on_several_days(sheet: Sheet, found: Found) -> UserError | None:
    """Rows that name products on several days are sales, in a column of days that is known or looks so."""
    product = found["product_id"].sources[0] if "product_id" in found else sheet.by_name("products.product_id")
    if "products" in sheet.named or product is None or product not in sheet.source.columns:
        return None
    known = [day for place in ("orders.ordered_at", "events.occurred_at") if (day := sheet.by_name(place)) and day != product]
    used = {s for filled in found.values() for s in filled.sources} if "product_id" in found else set()
    rest = [c for c in sheet.source.columns if c not in used and c not in known]
    sheet.first_rows.look_at(*((c,) for c in rest))
    days = [*known, *(c for c in rest if sheet.first_rows.shape(c).share("day") > MOSTLY)]
    products = sheet.evidence.different(product)  # a list may have a day, and some products on several
    several = any(products < sheet.evidence.different(product, day) * (MOSTLY if day in used else 1) for day in days)
    return unrecognised(sheet, ["orders"]) if several else None


def _names_of_parts(sheet: Sheet, found: Found) -> UserError | None:
    """Several names for most products are those of their parts."""
    product, title = found["product_id"].sources[0], found["title"].sources[0]
    if "products" in sheet.named or product == title or not {product, title} <= set(sheet.source.columns):
        return None
    names, products = sheet.evidence.different(product, title), sheet.evidence.different(product)
    if names < 2 * max(products, 1):
        return None
    return UnrecognisedFile(
        found=msg("{file} has {names} names for {products} products.", file=sheet.file, names=names, products=products),
        expected=msg("A list of products has one name for each."),
        to_do=msg('If it is a list of products, add "products" to its name.'),
        why=msg("It has several names for most products."),
    )


def _acts_of_customers(sheet: Sheet, found: Found) -> UserError | None:
    """Most customers on several rows are in what they did."""
    customer = found["customer_id"].sources[0]
    if "customers" in sheet.named and "events" not in sheet.named or customer not in sheet.source.columns:
        return None
    customers, rows = sheet.evidence.different(customer), sheet.evidence.rows(customer)
    if customers >= MOSTLY * rows:
        return None
    return UnrecognisedFile(
        found=msg("{file} has {customers} customers in {rows} rows.", file=sheet.file, customers=customers, rows=rows),
        expected=msg("A list of customers has one row for each."),
        to_do=msg('If it is a list of customers, add "customers" to its name.'),
        why=msg("It looks like a list of customers but repeats most of them."),
    )


def _categories(sheet: Sheet, found: Found) -> UserError | None:
    """What would be a product is a category if it has a bare id, a category and no name."""
    read = {target: plain(filled.sources[0]) for target, filled in found.items() if filled.sources}
    described = read.get("title") in ("description", "商品描述")
    if sheet.named or read.get("product_id") != "id" or "category" not in read or not described:
        return None
    return UnrecognisedFile(
        found=msg("{file} lists categories, and no file of this import lists products with their ids.", file=sheet.file),
        expected=msg("Names of categories are added to the products that are in them."),
        to_do=msg("Import it together with the list of products, or skip it."),
    )


def _movements(sheet: Sheet, found: Found) -> UserError | None:
    if (kind := sheet.column_of("movements")) is None:
        return None
    return UnrecognisedFile(
        found=msg("{file} lists movements of stock, judging by its column {column}.", file=sheet.file, column=repr(kind)),
        expected=msg("Sales are order lines or totals of a product and day."),
        to_do=msg("Export the orders instead, or skip the file."),
    )


def _sold_bundles(sheet: Sheet, found: Found) -> UserError | None:
    """Bundles with their parts on dated rows with numbers of orders are sales."""
    return unrecognised(sheet, ["orders"]) if sheet.orders("ordered_at", "order_id") == ["ordered_at", "order_id"] else None


REFUSALS: tuple[tuple[str, Callable[[Sheet, Found], UserError | None]], ...] = (
    ("products", _categories),
    ("products", _dated_orders),
    ("products", _products_on_several_days),
    ("products", _names_of_parts),
    ("customers", _dated_orders),
    ("customers", _products_on_several_days),
    ("customers", _acts_of_customers),
    ("orders", _movements),
    ("kit_parts", _sold_bundles),
    ("orders", documents.refusal),
)


def _refuse_months(sheet: Sheet) -> None:
    """Raise UserError for sales by month."""
    month, units = sheet.column_of("months"), sheet.by_name("orders.units")
    parts = (*column_words("years"), *column_words("months"), *WEEKS)
    rest = {name: column for name, column in sheet.own.items() if name not in parts}
    by_month = month and units and sheet.by_name("orders.product_id") and not sheet.by_name("orders.ordered_at", rest)
    if by_month and not sheet.own.keys() & set(WEEKS) and "ordered_at" not in match(sheet, "orders"):
        raise UserError(
            found=msg("{file} has sales by month, in column {column}.", file=sheet.file, column=repr(month)),
            expected=msg("Sales are given by day, by week, or as order lines: months are too long to show a rise."),
            to_do=msg("Export them by day or week, or skip the file."),
        )


def _refuse_false_sales(sheet: Sheet, fillable: Fillable) -> None:
    """Raise UserError for a sheet whose name and columns disagree: returns and purchases have dates, products and quantities too.

    A sheet named after no sales fills no orders. Sales whose date has an unknown name are no list of products.
    """
    if "orders" in fillable and RETURNS in sheet.named:
        raise UserError(
            found=msg("{file} holds returns, judging by its name or that of its sheet.", file=sheet.file),
            expected=msg("Returned units are below zero, or marked by a mapping."),
            to_do=msg(
                "If they are below zero, rename the file. Otherwise write a mapping with {status} in [orders] and {option} in [options].",
                status='status = { constant = "returned" }',
                option='cancelled_status = ["returned"]',
            ),
        )
    named = [t for t in sheet.named if t in sheet.mapping.tables]
    expected = named if "orders" in named else [t for t in named if t in NO_SALES] if "orders" in fillable else []
    if not fillable or expected and not fillable.keys() & set(expected):
        raise unrecognised(sheet, expected or named)
    if expected and "orders" not in named:
        del fillable["orders"]


# ---- tables that are filled beside the main one


def _may_be_derived(table: str, main: str, found: Found) -> bool:
    """Return whether the lines of a main table may fill another one: products from orders, views from sales totals, stock from a list of
    products."""
    if table == "events":
        return main == "orders" and bool(found.keys() & EVENT_COUNTS.keys())
    if table == "stock":
        return main == "products"
    return table == "products" and main in ("orders", "events")


def _derived_columns(table: str, found: Found, main: Found) -> Found:
    """Return what a line gives for a second table: the date of an order, for example, is no launch date."""
    if table == "events":
        return {c: filled for c, filled in found.items() if c in ("occurred_at", "product_id", *EVENT_COUNTS)}
    taken = {s for c, filled in main.items() if c not in ("product_id", "unit_price", "currency") for s in filled.sources}
    free = {c: tuple(s for s in filled.sources if s not in taken) for c, filled in found.items()}
    kept = {c: replace(filled, sources=free[c]) if free[c] else filled for c, filled in found.items() if free[c] or not filled.sources}
    same = {c: main["product_id"] for c in kept if found[c] is found["product_id"]} if "product_id" in main else {}
    return kept | same
