"""What column names leave open and the first rows of a file decide, before a guess is made of what the file is."""

from __future__ import annotations

import re
from dataclasses import replace

from core.errors import UserError
from core.ingest.convert.date_columns import WEEKS
from core.ingest.names import by_plain, plain
from core.ingest.readers.source import Source
from core.ingest.recognise.mapping import ColumnRule, Mapping
from core.ingest.recognise.table_plan import TablePlan, tables_named
from core.ingest.recognise.unrecognised import UnrecognisedFile, unrecognised
from core.messages import Message, msg

NAMES_PER_ID = 1.2  # names to an id, at least, for it not to be a product's: titles that were corrected later are fewer
_COUNTERS = (
    "sale_count",
    "sales_count",
    "sold_count",
    "total_sold",
    "total_sales_count",
    "cumulative_sales",
    "historical_sold",
    "累计销量",
    "总销量",
    "已售",
    "历史销量",
)
_DAYS_OF_COUNTS = tuple(
    map(plain, ("date", "day", "update_time", "crawl_time", "snapshot_date", "captured_at", "日期", "更新时间", "采集时间"))
)
MOSTLY = 0.5  # of the rows, for each to be about another thing
YEARS = ("year", "yr", "jahr", "annee", "année", "ano", "año", "anno", "jaar", "rok", "år", "yıl", "год", "年", "年份", "年度")
MONTHS = ("month", "monat", "mois", "mes", "mês", "mese", "maand", "miesiąc", "månad", "måned", "ay", "месяц", "月", "月份", "yearmonth")
DAYS_OF_MONTH = ("day", "dayofmonth", "tag", "jour", "dia", "día", "giorno", "dag", "dzień", "gün", "день", "日")
MOVEMENTS = (
    *(
        "movementtype",
        "stockmovement",
        "bewegungsart",
        "buchungsart",
        "typedemouvement",
        "typemouvement",
        "tipomovimiento",
        "tipodemovimiento",
    ),
    *(
        "tipomovimento",
        "tipodemovimentação",
        "soortmutatie",
        "typruchu",
        "harekettipi",
        "типдвижения",
        "типоперации",
        "出入库类型",
        "入出庫区分",
    ),
)
_DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})(?!\d)")
_MANY_ROWS = 200_000  # among the first of thousands of customers' sessions each is somebody else's


def without_week_numbers(mapping: Mapping, columns: list[str], source: Source) -> list[str]:
    """Return the columns without a `week` that is a mere number: it is no day, unless the year stands beside it."""

    def numbers(column: str) -> bool:
        cells = [c for c in source.sample_cells([column])[0] if c]
        return all(len(c.strip()) < 5 for c in cells)

    guesses = mapping.guesses and not mapping.tables["orders"].rules["ordered_at"].template
    return [c for c in columns if not (guesses and plain(c) == "week" and c in source.columns and numbers(c))]


def with_days_in_parts(mapping: Mapping, source: Source) -> Mapping:
    """Return the mapping to guess with for a source whose days are spread over columns: year and week, or year, month and day.

    Raises UserError for one with months only: they are too long to show a rise.
    """
    here, orders = by_plain(source.columns), mapping.tables["orders"] if "orders" in mapping.tables else None
    if not mapping.guesses or orders is None:
        return mapping
    days = {name: column for name, column in here.items() if name not in (*YEARS, *WEEKS, *MONTHS)}
    if orders.rules["ordered_at"].found_in(days) or orders.rules["units"].found_in(here) is None:
        return mapping
    year, week, month, day = (next((here[n] for n in names if n in here), "") for names in (YEARS, WEEKS, MONTHS, DAYS_OF_MONTH))
    if year and week:
        rule = ColumnRule(template=f"{{{year}}}-W{{{week}}}", format="iso_week")
    elif year and month and day:
        rule = ColumnRule(template=f"{{{year}}}-{{{month}}}-{{{day}}}", format="iso")
    elif month and not week and orders.rules["product_id"].found_in(here):
        raise UserError(
            found=msg("{file} has sales by month, in column {column}.", file=source.file, column=repr(month)),
            expected=msg("Sales are given by day, by week, or as order lines: months are too long to show a rise."),
            to_do=msg("Export them by day or week, or leave the file out."),
        )
    else:
        return mapping
    return replace(mapping, tables=mapping.tables | {"orders": replace(orders, rules=orders.rules | {"ordered_at": rule})})


def with_id_of_orders(mapping: Mapping, source: Source) -> Mapping:
    """Return the mapping to guess with for a source whose bare `id` is an order's.

    It is no product's where rows with a day and a price give it several names: the rows are lines of that order.
    """
    here, tables = by_plain(source.columns), mapping.tables
    if not mapping.guesses or "products" in tables_named(mapping, source.names or (source.file,)) or "id" not in here:
        return mapping
    orders, products = tables["orders"], tables["products"]
    title = products.rules["title"].found_in(here)
    if title is None or {"ordered_at", "unit_price"} - {c for c, rule in orders.rules.items() if rule.found_in(here)}:
        return mapping
    pairs = set(zip(*source.sample_cells([here["id"], *title])))
    if len(pairs) < NAMES_PER_ID * len({pair[0] for pair in pairs}):
        return mapping
    rules = {
        "orders": orders.rules | {"order_id": ColumnRule(columns=(*orders.rules["order_id"].columns, "id"))},
        "products": products.rules
        | {"product_id": ColumnRule(columns=tuple(c for c in products.rules["product_id"].columns if c != "id"))},
    }
    return replace(mapping, tables=tables | {name: replace(tables[name], rules=changed) for name, changed in rules.items()})


def with_sales_as_units(mapping: Mapping, source: Source) -> Mapping:
    """Return the mapping to guess with for a source whose `sales` are units: whole numbers, with no price or currency in the rows."""
    if not mapping.guesses:
        return mapping
    here, orders = by_plain(source.columns), mapping.tables["orders"]
    found = {c: columns for c, rule in orders.rules.items() if (columns := rule.found_in(here))}
    if not {"ordered_at", "product_id", "line_total"} <= found.keys() or found.keys() & {"units", "unit_price", "currency"}:
        return mapping
    (sales,) = found["line_total"]
    cells = [c.strip().removesuffix(".0") for c in source.sample_cells([sales])[0] if c and c.strip()]
    if plain(sales) != "sales" or not cells or not all(c.isdigit() and len(c) < 6 for c in cells):
        return mapping
    money = tuple(c for c in orders.rules["line_total"].columns if c != "sales")
    rules = orders.rules | {"units": ColumnRule(columns=(sales,)), "line_total": ColumnRule(columns=money)}
    return replace(mapping, tables=mapping.tables | {"orders": replace(orders, rules=rules)})


def repeats_products(mapping: Mapping, source: Source) -> bool:
    """Return whether rows name most products on several days, which those of a list of products do not."""
    if not mapping.guesses:
        return False
    here, tables = by_plain(source.columns), mapping.tables
    product = tables["products"].rules["product_id"].found_in(here)
    day = tables["orders"].rules["ordered_at"].found_in(here) or tables["events"].rules["occurred_at"].found_in(here)
    if product is None or day is None or product == day:
        return False
    pairs = {pair for pair in zip(*source.sample_cells([*product, *day])) if all(pair)}
    return len({product for product, _ in pairs}) < MOSTLY * len(pairs)


def refuse_movements(mapping: Mapping, plans: list[TablePlan], source: Source) -> None:
    """Raise UnrecognisedFile for a journal of stock, whose rows are receipts and transfers beside sales."""
    kind = next((c for c in source.columns if plain(c) in MOVEMENTS), None)
    if mapping.guesses and kind is not None and plans[0].table == "orders":
        raise UnrecognisedFile(
            found=msg("{file} lists movements of stock, by its column {column}.", file=source.file, column=repr(kind)),
            expected=msg("Sales are order lines or totals of a product and day."),
            to_do=msg("Export the orders instead, or leave the file out."),
        )


def refuse_dated_products(mapping: Mapping, plans: list[TablePlan], source: Source) -> None:
    """Raise UserError for what looks like a list of products and has rows of several days in a column that nobody knows: sales, say."""
    main = plans[0]
    if not mapping.guesses or main.table != "products" or "products" in tables_named(mapping, source.names or (source.file,)):
        return
    product = main.columns["product_id"].sources[0]
    used = {s for plan in plans for filled in plan.columns.values() for s in filled.sources}
    if product not in source.columns:
        return
    for column in (c for c in source.columns if c not in used):
        pairs = {pair for pair in zip(*source.sample_cells([product, column])) if all(pair)}
        days = {day for _, day in pairs}
        if len(days) > 1 and len(pairs) > len({p for p, _ in pairs}) and all(_DAY.match(day) for day in days):
            raise unrecognised(mapping, source.file, source.columns, by_plain(source.columns), among=["orders"])


def refuse_counters(mapping: Mapping, source: Source) -> None:
    """Raise UserError for products on several days with a counter of all sales so far, and without units: its differences are sales."""
    here = by_plain(source.columns)
    counter = next((here[plain(name)] for name in _COUNTERS if plain(name) in here), None)
    if not mapping.guesses or counter is None or mapping.tables["orders"].rules["units"].found_in(here):
        return
    product, days = mapping.tables["products"].rules["product_id"].found_in(here), [here[n] for n in _DAYS_OF_COUNTS if n in here]
    if not product or not days:
        return
    pairs = [pair for pair in zip(*source.sample_cells([product[0], days[0]])) if all(pair)]
    if len({p for p, _ in pairs}) == len(pairs):
        return
    raise UserError(
        found=msg("Column {column} of {file} counts all sales of a product so far.", column=repr(counter), file=source.file),
        expected=msg("Sales are given by day or by order line."),
        to_do=msg("Export the sales of each day, or give the differences from day to day as a column `units`."),
    )


def undated_sales(mapping: Mapping, plans: list[TablePlan], source: Source) -> Message | None:
    """Return a note on a list of products with a column of units sold, which without days are no sales."""
    if not mapping.guesses or plans[0].table != "products":
        return None
    units = mapping.tables["orders"].rules["units"].found_in(by_plain(source.columns))
    read = {s for plan in plans for filled in plan.columns.values() for s in filled.reads}
    if units is None or units[0] in read:
        return None
    return msg("Column {column} has units without days, which are not read as sales.", column=repr(units[0]))


def refuse_product_parts(mapping: Mapping, plans: list[TablePlan], source: Source) -> None:
    """Raise UnrecognisedFile for what looks like a list of products, not by its name, and has several names for most: their parts, say."""
    main = plans[0]
    if not mapping.guesses or main.table != "products" or "products" in tables_named(mapping, source.names or (source.file,)):
        return
    product, title = (main.columns[c].sources[0] for c in ("product_id", "title"))
    if product == title or not {product, title} <= set(source.columns):
        return
    named = {pair for pair in zip(*source.sample_cells([product, title])) if all(pair)}
    products = len({product for product, _ in named})
    if len(named) >= 1 / MOSTLY * max(products, 1):
        raise UnrecognisedFile(
            found=msg("{file} has {names} names for {products} products.", file=source.file, names=len(named), products=products),
            expected=msg("A list of products has one name for each."),
            to_do=msg('If it is a list of products, add "products" to its name.'),
            why=msg("It has several names for most products."),
        )


def refuse_customer_events(mapping: Mapping, plans: list[TablePlan], source: Source) -> None:
    """Raise UnrecognisedFile for what looks like a list of customers, not by its name, and has most several times: what they did, say."""
    main, named = plans[0], tables_named(mapping, source.names or (source.file,))
    if not mapping.guesses or main.table != "customers" or "customers" in named and "events" not in named:
        return
    (seen,) = source.sample_cells([main.columns["customer_id"].sources[0]], _MANY_ROWS)
    if len(set(seen)) < MOSTLY * len(seen):
        raise UnrecognisedFile(
            found=msg("{file} has {customers} customers in {rows} rows.", file=source.file, customers=len(set(seen)), rows=len(seen)),
            expected=msg("A list of customers has one row for each."),
            to_do=msg('If it is a list of customers, add "customers" to its name.'),
            why=msg("It looks like a list of customers and has most of them several times."),
        )
