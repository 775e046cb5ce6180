"""From a mapping and a file's columns to what the file fills: the tables, and the source column behind each of theirs."""

from __future__ import annotations

from core.errors import UserError
from core.ingest.names import by_plain, plain
from core.ingest.recognise.mapping import RETURNS, ColumnRule, Mapping, TableMapping
from core.ingest.recognise.rules import EVENT_COUNTS, RULES
from core.ingest.recognise.table_plan import (
    BARE,
    NO_SALES,
    UNDATED,
    ColumnSource,
    TablePlan,
    column_source,
    has_quantities,
    identifies_products,
    tables_named,
)
from core.ingest.recognise.unrecognised import UnrecognisedFile, missing_columns, unrecognised
from core.messages import msg

PLACE_LISTS = ("store", "branch", "outlet", "location", "warehouse", "门店", "仓库")  # words in the name of a list of places
PLACES = ("latitude", "lat", "longitude", "lng", "lon", "纬度", "经度")  # columns of lists of places

Found = dict[str, ColumnSource]  # the mapping's name of a column -> where its values come from


def plan_tables(
    mapping: Mapping,
    file: str,
    columns: list[str],
    names: tuple[str, ...] = (),
    row_is_a_unit: bool = False,
    repeats_products: bool = False,
) -> list[TablePlan]:
    """Return the tables that a file with these columns fills, the main one first. Raises UserError for a file that fits none.

    names: what the columns go by, the most specific first (the title of a sheet, then its workbook's); else the file's.
    row_is_a_unit: a row of orders without a column of units is one unit.
    repeats_products: rows name the same products on several days, which those of a list of products do not.
    """
    present = by_plain(columns)
    named = tables_named(mapping, names or (file,)) if mapping.guesses else []
    fillable: dict[str, Found] = {}
    for table, m in mapping.tables.items():
        if not mapping.guesses and not m.is_meant_for(file):
            continue
        if mapping.guesses and table == "customers" and table not in named and (named or identifies_products(mapping, present)):
            continue  # sales whose date or units have unknown names: customers would take any column, and every sale would be lost
        found = {c: filled for c, rule in m.rules.items() if (filled := column_source(rule, present)) is not None}
        if mapping.guesses and table == "customers" and table not in named and _is_bare(found, "customer_id"):
            continue
        if row_is_a_unit and table == "orders":
            found["units"] = ColumnSource(ColumnRule(constant="1"), ())
        if mapping.guesses and table == "products" and "products" not in named and _is_of_places(found, present, names or (file,)):
            continue
        if mapping.guesses and table == "products" and not named and _is_of_categories(found):
            raise UnrecognisedFile(
                found=msg("{file} lists categories, and no file of this import lists products with their ids.", file=file),
                expected=msg("Names of categories are added to the products that are in them."),
                to_do=msg("Name the list of products in the same import, or leave this file out."),
            )
        if mapping.guesses and table == "stock" and table not in named and _counts_sales(mapping, found, present):
            continue
        if mapping.guesses and table == "stock" and "day" not in found and (table in named or not has_quantities(mapping, present)):
            found["day"] = UNDATED
        if all(any(c in found for c in group) for group in RULES[table].needs):
            missing = [c for c in m.rules if c not in found]
            if missing and not mapping.guesses and _strict(m, missing):
                raise missing_columns(mapping, m, missing, file, columns)
            fillable[table] = _with_others(m, found, columns)
    if mapping.guesses and "products" not in fillable and ("products" in named or fillable.keys() & {"orders", "events"}):
        fillable |= _untitled(mapping, present)
    if not fillable or "orders" in named and not fillable.keys() & set(named):  # sales whose date has an unknown name are no catalog
        raise unrecognised(mapping, file, columns, present, [t for t in named if t in mapping.tables] or None)
    of_no_day = fillable.keys() <= {"products", "customers"}
    if (
        mapping.guesses
        and of_no_day
        and (not named and repeats_products or set(named) <= {"orders", "products"} and _lists_orders(mapping, present))
    ):
        raise unrecognised(mapping, file, columns, present, ["orders"])  # nor are sales whose day or units have one
    if mapping.guesses and "orders" in fillable:
        fillable = _without_false_sales(mapping, file, fillable, named, columns, present)
    return _chosen(mapping, named, fillable, present)


def _strict(m: TableMapping, missing: list[str]) -> bool:
    """A mapping that names one column means that column; a list of names may be absent as a whole."""
    return any(len(m.rules[c].names) == 1 for c in missing)


def _with_others(m: TableMapping, found: Found, columns: list[str]) -> Found:
    if not m.others:
        return found
    used = {s for filled in found.values() for s in filled.sources}
    return found | {c: ColumnSource(ColumnRule(columns=(c,)), (c,)) for c in columns if c not in used}


def _without_false_sales(
    mapping: Mapping, file: str, fillable: dict[str, Found], named: list[str], columns: list[str], present: dict[str, str]
) -> dict[str, Found]:
    """Return what a file fills if its name allows for sales: stock, purchases and returns have dates, products and quantities too.

    Raises UserError for a file of returns.
    """
    if RETURNS in named:
        raise UserError(
            found=msg("{file} holds returns, by its name or that of its sheet.", file=file),
            expected=msg("Returned units are below zero, or marked by a mapping."),
            to_do=msg(
                "If they are below zero, rename the file. Otherwise write a mapping with {status} in [orders] and {option} in [options].",
                status='status = { constant = "returned" }',
                option='cancelled_status = ["returned"]',
            ),
        )
    other = [t for t in named if t in NO_SALES]
    if not other or "orders" in named:
        return fillable
    if not any(t in fillable for t in other):
        raise unrecognised(mapping, file, columns, present, other)
    return {t: found for t, found in fillable.items() if t != "orders"}


def _chosen(mapping: Mapping, named: list[str], fillable: dict[str, Found], present: dict[str, str]) -> list[TablePlan]:
    """Return the main table and then the others. A guess takes the table in the file's name, else the first of RULES that it can fill."""
    order = [t for t in RULES if t in fillable]
    if mapping.guesses:
        named = [t for t in order if t in named]
        named.sort(key=lambda t: t != "deliveries")  # incoming orders that have a day on which they are due are no sales
        facts = [t for t in order if t != "customers"]
        main = (named or facts or order)[0]
        if main in ("products", "customers") and {"order_id", "customer_id"} & fillable.get("orders", {}).keys():
            main = "orders"  # items that were bought, not those that are on sale; what customers bought, not who they are
        log = fillable.get("events", {})
        if main in ("products", "customers") and "kind" in log and {"visitor_id", "customer_id"} & log.keys():
            main = "events"  # items that were looked at, and by whom
        if main == "stock" and not named and fillable["stock"]["day"] is UNDATED and "products" in order:
            main = "products"  # a list of products with their stock
        ids = mapping.tables["customers"].rules["customer_id"].columns
        persons = ColumnRule(columns=tuple(c for c in ids if c != "id")).found_in(present)  # beyond doubt: a bare `id` may be a product's
        if main == "products" and not named and persons and "customers" in order and not identifies_products(mapping, present):
            main = "customers"  # a name next to a customer's id is the customer's
        derived = [t for t in order if t != main and _may_be_derived(t, main, fillable[t])]
        columns = {t: _derived_columns(t, fillable[t], fillable[main]) for t in derived}
        derived = [t for t in derived if all(any(c in columns[t] for c in group) for group in RULES[t].needs)]
    else:
        main, derived, columns = order[0], order[1:], fillable
    return [TablePlan(main, fillable[main]), *(TablePlan(t, columns[t], derived=True) for t in derived)]


def _untitled(mapping: Mapping, present: dict[str, str]) -> dict[str, Found]:
    """Return products that have a category or a brand and no name, with their id as the title."""
    found = {c: ColumnSource(rule, s) for c, rule in mapping.tables["products"].rules.items() if (s := rule.found_in(present)) is not None}
    if not identifies_products(mapping, present) or not found.keys() & {"category", "brand"}:
        return {}
    return {"products": found | {"title": found["product_id"]}}


def _is_of_categories(found: Found) -> bool:
    """Return whether what would be a product is a category: it has a bare id, a category and no name."""
    read = {target: plain(filled.sources[0]) for target, filled in found.items() if filled.sources}
    return read.get("product_id") == "id" and "category" in read and read.get("title") in ("description", "商品描述")


def _is_bare(found: Found, target: str) -> bool:
    """Return whether what would identify a thing is an id or name of anything at all."""
    return target in found and plain(found[target].sources[0]) in BARE


def _is_of_places(found: Found, present: dict[str, str], names: tuple[str, ...]) -> bool:
    """Return whether what would be a product is a place: it has a bare id or name, and a position or nothing else in a list of stores."""
    merely_named = found.keys() <= {"product_id", "title"} and any(word in name.lower() for name in names for word in PLACE_LISTS)
    return _is_bare(found, "product_id") and (merely_named or any(place in present for place in PLACES))


def _lists_orders(mapping: Mapping, present: dict[str, str]) -> bool:
    """Return whether each line has an order's number, and a day or units. A bare `order` or `num` may be a place in a list."""
    rules = mapping.tables["orders"].rules
    numbered = rules["order_id"].found_in({name: column for name, column in present.items() if name not in ("order", "num")})
    return numbered is not None and any(rules[c].found_in(present) is not None for c in ("ordered_at", "units"))


def _counts_sales(mapping: Mapping, found: Found, present: dict[str, str]) -> bool:
    """Return whether what would be stock on hand is a mere quantity, which in a file not named after stock is of units sold."""
    return "on_hand" in found and found["on_hand"].sources == mapping.tables["orders"].rules["units"].found_in(present)


def _may_be_derived(table: str, main: str, found: Found) -> bool:
    """Return whether a guess may fill another table from the main one's lines: products from orders, views from sales totals, stock from a
    list of products."""
    if table == "events":
        return main == "orders" and bool(found.keys() & EVENT_COUNTS.keys())
    if table == "stock":
        return main == "products"
    return table == "products" and main in ("orders", "events")


def _derived_columns(table: str, found: Found, main: Found) -> Found:
    """Return what a guess takes from a line for a second table: the date of an order, for example, is no launch date."""
    if table == "events":
        return {c: filled for c, filled in found.items() if c in ("occurred_at", "product_id", *EVENT_COUNTS)}
    taken = {s for c, filled in main.items() if c not in ("product_id", "unit_price", "currency") for s in filled.sources}
    return {c: filled for c, filled in found.items() if c == "product_id" or not taken & set(filled.sources)}
