"""Files that belong together, as shop systems export them: orders (who, when, in what state) and their lines (what, how many), products
and the names of their categories, reviews and the orders they are about.

A preset of aliases joins them by the id that both have, where both are among the files of one import; a mapping does so with [lookup].
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from core.errors import UserError
from core.ingest.names import by_plain, plain
from core.ingest.readers.source import Source
from core.ingest.recognise.mapping import RETURNS, LookupRule, Mapping
from core.ingest.recognise.table_plan import NO_SALES, identifies_products, tables_named
from core.messages import msg

FROM_HEADS = ("ordered_at", "customer_id", "channel", "country", "status", "currency")
OWN_IDS = ("id", "entityid")  # of an order in a list of orders, of a category in one of categories
CATEGORY_IDS = ("categoryid", "catid", "productcategoryid", "类目id", "分类id", "类别id")
_NO_QUANTITY = re.compile(r"(id|sku|.no|.nr|code|.number|编号|编码)$")  # how names of numbers end that count nothing
CATEGORY_LISTS = ("categor", "类目", "分类", "类别")  # words in the name of a list of categories


@dataclass(frozen=True)
class Lookup:
    """Columns of other sources that are added to a source's rows, where their `key_there` equals its `key`.

    unambiguous: a value is added only where the others give one for a key; those sources also fill tables of their own.
    """

    sources: tuple[Source, ...]
    key: str
    key_there: str
    columns: tuple[str, ...]
    unambiguous: bool = False


def lookup_for(mapping: Mapping, source: Source, sources: list[Source]) -> Lookup | None:
    """Return what the other sources add to this one, by [lookup] of the mapping or by the ids of a guess; None if they add nothing.

    Raises UserError where no source has the columns of [lookup].
    """
    if mapping.layout is not None:
        return _of_layout(mapping.lookup, source, sources) if mapping.lookup else None
    if mapping.lookup is not None:
        return _by_rule(mapping.lookup, source, sources)
    if not mapping.guesses:
        return None
    return (
        _orders_of_lines(mapping, source, sources)
        or _names_of_categories(mapping, source, sources)
        or _product_of_reviews(mapping, source, sources)
    )


def _by_rule(rule: LookupRule, source: Source, sources: list[Source]) -> Lookup | None:
    wanted = {rule.key, *rule.columns}
    found = next((s for s in sources if wanted <= set(s.columns)), None)
    if found is None:
        raise UserError(
            found=msg("None of the files {files} has the columns {columns}.", files=[s.file for s in sources], columns=sorted(wanted)),
            expected=msg("[lookup] of the mapping adds columns of one file to the others."),
            to_do=msg("Name that file in the same import."),
        )
    columns = tuple(c for c in rule.columns if c not in source.columns)
    if source is found or rule.key not in source.columns or not columns:
        return None
    return Lookup((found,), rule.key, rule.key, columns)


def _of_layout(rule: LookupRule, source: Source, sources: list[Source]) -> Lookup | None:
    """Return what other files of a layout's system add to one, as far as they are there: they may be several, as of several years."""
    here, found = by_plain(source.columns), []
    for other in sources:
        there = by_plain(other.columns)
        columns = tuple(there[plain(c)] for c in rule.columns if plain(c) in there and plain(c) not in here)
        if other is not source and plain(rule.key) in here and plain(rule.there) in there and columns:
            found.append((other, there[plain(rule.there)], columns))
    if not found:
        return None
    _, key_there, columns = max(found, key=lambda one: len(one[2]))
    alike = tuple(other for other, key, its in found if (key, its) == (key_there, columns))
    return Lookup(alike, here[plain(rule.key)], key_there, columns)


def names_no_product(mapping: Mapping, source: Source) -> bool:
    """Return whether a source that is added to others fills no table itself."""
    tables = [m for m in mapping.tables.values() if "product_id" in m.rules]
    return mapping.guesses or all(m.rules["product_id"].found_in(by_plain(source.columns)) is None for m in tables)


def is_redundant_order_list(mapping: Mapping, source: Source, sources: list[Source]) -> bool:
    """Return whether a source lists orders without products, and another one has their lines."""
    return mapping.guesses and _head_key(mapping, source) is not None and any(_line_key(mapping, s) for s in sources if s is not source)


def _orders_of_lines(mapping: Mapping, source: Source, sources: list[Source]) -> Lookup | None:
    key = _line_key(mapping, source)
    if key is None:
        return None
    here, lists = _found(mapping, source), defaultdict(list)
    for other in sources:
        if (key_there := _head_key(mapping, other)) is not None:
            there = _found(mapping, other)
            lists[key_there, tuple(there[t] for t in FROM_HEADS if t in there and t not in here)].append(other)
    if not lists:
        return None

    def likelihood(item):  # by its name, not one of shipments or payments; then by its columns; then by its files, as of several years
        (_, columns), heads = item
        return "orders" in _named(mapping, heads[0]), len(columns), len(heads)

    (key_there, columns), heads = max(lists.items(), key=likelihood)
    columns = tuple(c for c in dict.fromkeys(columns) if c not in source.columns and c != key_there)
    return Lookup(tuple(heads), key, key_there, columns) if columns else None


def _names_of_categories(mapping: Mapping, source: Source, sources: list[Source]) -> Lookup | None:
    present, category = by_plain(source.columns), mapping.tables["products"].rules["category"]
    key = next((present[own] for own in CATEGORY_IDS if own in present), None)
    if key is None or category.found_in(present) or not (identifies_products(mapping, present) or "products" in _named(mapping, source)):
        return None
    for other in sources:
        there = by_plain(other.columns)
        name = category.found_in(there)
        ids = [plain(key), *(OWN_IDS if any(word in other.file.lower() for word in CATEGORY_LISTS) else ())]
        key_there = next((there[own] for own in ids if own in there), None)
        if name and key_there and other is not source and not identifies_products(mapping, there):
            return Lookup((other,), key, key_there, name)
    return None


def _product_of_reviews(mapping: Mapping, source: Source, sources: list[Source]) -> Lookup | None:
    """Give reviews of orders the product of the order, where it has only one."""
    key = _found(mapping, source).get("order_id")
    if key is None or identifies_products(mapping, by_plain(source.columns)) or not _has_ratings(mapping, source):
        return None
    for other in sources:
        lines, key_there = _found(mapping, other), _line_key(mapping, other)
        if other is not source and key_there is not None and lines["product_id"] not in source.columns:
            return Lookup((other,), key, key_there, (lines["product_id"],), unambiguous=True)
    return None


def row_is_a_unit(mapping: Mapping, source: Source, columns: list[str], are_lines: bool = False) -> bool:
    """Return whether a list of order lines has a row for each unit: it has prices or the numbers of the orders, and no column that could
    hold a number of units.

    columns: its own and those added to it. are_lines: its rows are known to be order lines.
    """
    if not mapping.guesses:
        return False
    found, day = _found(mapping, source), mapping.tables["orders"].rules["ordered_at"].found_in(by_plain(columns))
    key = found.get("order_id") or found.get("customer_id")
    if day is None or key is None or found.keys() & {"units", "line_total"}:
        return False
    if not (are_lines or _lists_lines(mapping, source)):
        return False
    rest = [c for c in source.columns if c not in found.values() and not _NO_QUANTITY.search(plain(c))]
    orders, *others = source.sample_cells([key, *rest])
    return bool(orders) and not any(_whole(cells) and not _numbers_lines(orders, cells) and not _numbers_rows(cells) for cells in others)


def _head_key(mapping: Mapping, source: Source) -> str | None:
    """Return the column of the order's id in a list of orders that names no products; None for any other list."""
    found = _found(mapping, source)
    if (
        "ordered_at" not in found
        or _has_products(mapping, source, found)
        or _is_no_sales_list(mapping, source)
        or _has_ratings(mapping, source)
    ):
        return None
    present = by_plain(source.columns) if "orders" in _named(mapping, source) else {}
    return found.get("order_id") or next((present[own] for own in OWN_IDS if own in present), None)


def _line_key(mapping: Mapping, source: Source) -> str | None:
    """Return the column of the order's id in a list of order lines; None for any other list."""
    return _found(mapping, source).get("order_id") if _lists_lines(mapping, source) else None


def _lists_lines(mapping: Mapping, source: Source) -> bool:
    """Return whether each row has a product with units or money; or, as in the lines of a till, with the number of an order and without
    an event or rating."""
    found = _found(mapping, source)
    if not _has_products(mapping, source, found) or _is_no_sales_list(mapping, source):
        return False
    acts = mapping.tables["events"].rules["kind"].found_in(by_plain(source.columns)) if "events" in mapping.tables else None
    return (
        bool(found.keys() & {"units", "unit_price", "line_total"}) or "order_id" in found and not acts and not _has_ratings(mapping, source)
    )


def _has_ratings(mapping: Mapping, source: Source) -> bool:
    """Return whether its rows are reviews, by their ratings."""
    reviews = mapping.tables.get("reviews")
    return reviews is not None and "rating" in reviews.rules and reviews.rules["rating"].found_in(by_plain(source.columns)) is not None


def _has_products(mapping: Mapping, source: Source, found: dict[str, str]) -> bool:
    """Return whether its rows are about products: a bare `name` or `description` is a product's in rows with units."""
    return identifies_products(mapping, by_plain(source.columns)) or {"product_id", "units"} <= found.keys()


def _is_no_sales_list(mapping: Mapping, source: Source) -> bool:
    return any(t in (*NO_SALES, RETURNS) for t in _named(mapping, source))


def _named(mapping: Mapping, source: Source) -> list[str]:
    return tables_named(mapping, source.names or (source.file,))


def _found(mapping: Mapping, source: Source) -> dict[str, str]:
    """Return columns of [orders] -> the source's column."""
    present, orders = by_plain(source.columns), mapping.tables["orders"]
    return {target: columns[0] for target, rule in orders.rules.items() if (columns := rule.found_in(present))}


def _whole(cells: list[str | None]) -> bool:
    """Return whether cells are small whole numbers, as units are, and not 0 everywhere."""
    filled = [c.strip() for c in cells if c and c.strip()]
    return any(c.strip("-0.") for c in filled) and all(c.lstrip("-").removesuffix(".0").isdigit() and len(c) < 6 for c in filled)


def _numbers_rows(cells: list[str | None]) -> bool:
    """Return whether cells number the rows: each is one more than the one before."""
    numbers = [int(float((cell or "").strip() or 0)) for cell in cells]
    return len(numbers) > 1 and all(b == a + 1 for a, b in zip(numbers, numbers[1:]))


def _numbers_lines(orders: list[str | None], cells: list[str | None]) -> bool:
    """Return whether cells number the lines of each order: 1, 2, 3 ..., and not 1 everywhere."""
    by_order = defaultdict(list)
    for order, cell in zip(orders, cells):
        by_order[order].append(int(float((cell or "").strip() or 0)))
    return all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in list(by_order.values())[:-1]) and any(
        len(numbers) > 1 for numbers in by_order.values()
    )
