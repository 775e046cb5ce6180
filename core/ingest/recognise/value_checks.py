"""What the names of columns leave open and a file's first rows tell, before a guess is made of what the file is."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.readers.files import Source
from core.ingest.recognise.mapping import Feed, Mapping
from core.ingest.recognise.names import by_plain, plain
from core.ingest.recognise.planning import TablePlan, Unfit, tables_named

TOLD_APART = 1.2  # names to an id, at least, for it not to be a product's: titles that were corrected later are fewer
MOSTLY = 0.5  # of the rows, for each to tell of another thing
_MANY_ROWS = 200_000  # among the first of thousands of customers' sessions each is somebody else's


def without_numbers_of_weeks(mapping: Mapping, columns: list[str], source: Source) -> list[str]:
    """The columns of which a guess is made: a `week` that is a mere number is no day."""

    def numbers(column: str) -> bool:
        cells = [c for c in source.sample([column]).column(2).to_pylist() if c]
        return all(len(c.strip()) < 5 for c in cells)

    return [c for c in columns if not (mapping.guesses and plain(c) == "week" and c in source.columns and numbers(c))]


def where_an_id_is_an_orders(mapping: Mapping, source: Source) -> Mapping:
    """The mapping by which to guess at a source: a bare `id` that stands beside several names, in rows that have a day, is no product's but
    the number of an order, whose lines these are."""
    here, tables = by_plain(source.columns), mapping.tables
    if not mapping.guesses or "products" in tables_named(mapping, source.names or (source.file,)) or "id" not in here:
        return mapping
    orders, products = tables["orders"], tables["products"]
    title = products.feeds["title"].found_in(here)
    if title is None or {"ordered_at", "unit_price"} - {c for c, feed in orders.feeds.items() if feed.found_in(here)}:
        return mapping
    pairs = set(zip(*(cells.to_pylist() for cells in source.sample([here["id"], *title]).columns[2:])))
    if len(pairs) < TOLD_APART * len({pair[0] for pair in pairs}):
        return mapping
    feeds = {
        "orders": orders.feeds | {"order_id": Feed(columns=(*orders.feeds["order_id"].columns, "id"))},
        "products": products.feeds | {"product_id": Feed(columns=tuple(c for c in products.feeds["product_id"].columns if c != "id"))},
    }
    return replace(mapping, tables=tables | {name: replace(tables[name], feeds=fed) for name, fed in feeds.items()})


def where_sales_are_units(mapping: Mapping, source: Source) -> Mapping:
    """The mapping by which to guess at a source: whole numbers called `sales`, with no price or currency beside them, are of units sold."""
    if not mapping.guesses:
        return mapping
    here, orders = by_plain(source.columns), mapping.tables["orders"]
    found = {c: columns for c, feed in orders.feeds.items() if (columns := feed.found_in(here))}
    if not {"ordered_at", "product_id", "line_total"} <= found.keys() or found.keys() & {"units", "unit_price", "currency"}:
        return mapping
    (sales,) = found["line_total"]
    cells = [c.strip().removesuffix(".0") for c in source.sample([sales]).column(2).to_pylist() if c and c.strip()]
    if plain(sales) != "sales" or not cells or not all(c.isdigit() and len(c) < 6 for c in cells):
        return mapping
    money = tuple(c for c in orders.feeds["line_total"].columns if c != "sales")
    feeds = orders.feeds | {"units": Feed(columns=(sales,)), "line_total": Feed(columns=money)}
    return replace(mapping, tables=mapping.tables | {"orders": replace(orders, feeds=feeds)})


def dates_its_products(mapping: Mapping, source: Source) -> bool:
    """Whether rows tell of most products on several days, as those of a list of products don't."""
    if not mapping.guesses:
        return False
    here, tables = by_plain(source.columns), mapping.tables
    product = tables["products"].feeds["product_id"].found_in(here)
    day = tables["orders"].feeds["ordered_at"].found_in(here) or tables["events"].feeds["occurred_at"].found_in(here)
    if product is None or day is None or product == day:
        return False
    told = {pair for pair in zip(*(cells.to_pylist() for cells in source.sample([*product, *day]).columns[2:])) if all(pair)}
    return len({of for of, _ in told}) < MOSTLY * len(told)


def refuse_parts_of_products(mapping: Mapping, plans: list[TablePlan], source: Source) -> None:
    """Raises Unfit for what looks like a list of products, not by its name, and has several names for most: what they are made of, say."""
    main = plans[0]
    if not mapping.guesses or main.table != "products" or "products" in tables_named(mapping, source.names or (source.file,)):
        return
    product, title = (main.columns[c].sources[0] for c in ("product_id", "title"))
    if product == title or not {product, title} <= set(source.columns):
        return
    named = {pair for pair in zip(*(cells.to_pylist() for cells in source.sample([product, title]).columns[2:])) if all(pair)}
    products = len({of for of, _ in named})
    if len(named) >= 1 / MOSTLY * max(products, 1):
        raise Unfit(
            f"each product under one name in {source.file}, which tells of products alone",
            f"{len(named):,} names of {products:,}",
            "call it products if it is a list of them",
            "it has several names for most products",
        )


def refuse_acts_of_customers(mapping: Mapping, plans: list[TablePlan], source: Source) -> None:
    """Raises Unfit for what looks like a list of customers, not by its name, and has most of them several times: what they did, say."""
    main, named = plans[0], tables_named(mapping, source.names or (source.file,))
    if not mapping.guesses or main.table != "customers" or "customers" in named and "events" not in named:
        return
    seen = source.sample([main.columns["customer_id"].sources[0]], _MANY_ROWS).column(2).to_pylist()
    if len(set(seen)) < MOSTLY * len(seen):
        raise Unfit(
            f"each customer once in {source.file}, which tells of customers alone",
            f"{len(set(seen)):,} in {len(seen):,} rows",
            "call it customers if it is a list of them",
            "it tells of customers, and of most of them several times",
        )
