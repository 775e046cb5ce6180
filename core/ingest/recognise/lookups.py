"""Files that belong together, as shop systems export them: orders (who, when, in what state) and their lines (what, how many), products
and the names of their categories, reviews and the orders they are about.

The matcher joins them by the id that both have, where both are among the files of one import; a layout or mapping with [lookup].
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from core.errors import UserError
from core.ingest.names import by_plain, plain
from core.ingest.readers.source import Source
from core.ingest.recognise.mapping import LookupRule, Mapping
from core.ingest.recognise.sheet import Sheet
from core.ingest.words import column_words
from core.messages import msg

FROM_HEADS = ("ordered_at", "customer_id", "channel", "country", "status", "currency")


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


def declared_lookup(mapping: Mapping, source: Source, sources: list[Source]) -> Lookup | None:
    """Return what the other sources add to this one by [lookup] of its layout or mapping; None if they add nothing.

    Raises UserError where no source has the columns that a mapping names.
    """
    if mapping.lookup is None:
        return None
    return (_of_layout if mapping.layout else _by_rule)(mapping.lookup, source, sources)


def matched_lookup(sheet: Sheet, sheets: list[Sheet]) -> Lookup | None:
    """Return what the other sheets add to this one by an id that both have; None if they add nothing."""
    others = [other for other in sheets if other is not sheet]
    return _orders_of_lines(sheet, others) or _names_of_categories(sheet, others) or _product_of_reviews(sheet, others)


def _by_rule(rule: LookupRule, source: Source, sources: list[Source]) -> Lookup | None:
    wanted = {rule.key, *rule.columns}
    found = next((s for s in sources if wanted <= set(s.columns)), None)
    if found is None:
        raise UserError(
            found=msg("None of the files {files} has the columns {columns}.", files=[s.file for s in sources], columns=sorted(wanted)),
            expected=msg("[lookup] of the mapping adds columns of one file to the others."),
            to_do=msg("Import that file too."),
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
    """Return whether a source of a declared layout that is added to others fills no table itself."""
    tables = [m for m in mapping.tables.values() if "product_id" in m.rules]
    return all(m.rules["product_id"].found_in(by_plain(source.columns)) is None for m in tables)


def is_redundant_order_list(sheet: Sheet, sheets: list[Sheet]) -> bool:
    """Return whether a sheet lists orders without products, and another one has their lines."""
    return _head_key(sheet) is not None and any(_line_key(other) for other in sheets if other is not sheet)


def _orders_of_lines(sheet: Sheet, others: list[Sheet]) -> Lookup | None:
    key = _line_key(sheet)
    if key is None:
        return None
    lists = defaultdict(list)
    for other in others:
        if (key_there := _head_key(other)) is not None:
            given = [column for t in FROM_HEADS if not sheet.by_name(f"orders.{t}") and (column := other.by_name(f"orders.{t}"))]
            lists[key_there, tuple(given)].append(other)
    if not lists:
        return None

    def likelihood(item):  # by its name, not one of shipments or payments; then by its columns; then by its files, as of several years
        (_, columns), heads = item
        return "orders" in heads[0].named, len(columns), len(heads)

    (key_there, columns), heads = max(lists.items(), key=likelihood)
    columns = tuple(c for c in dict.fromkeys(columns) if c not in sheet.source.columns and c != key_there)
    return Lookup(tuple(head.source for head in heads), key, key_there, columns) if columns else None


def _names_of_categories(sheet: Sheet, others: list[Sheet]) -> Lookup | None:
    key = sheet.column_of("category_ids")
    about_products = sheet.identifies_products or "products" in sheet.named
    if key is None or sheet.by_name("products.category") or not about_products:
        return None
    for other in others:
        name = other.by_name("products.category")
        lists = any(word in other.file.lower() for word in column_words("category_lists"))
        key_there = other.own.get(plain(key)) or (other.column_of("own_ids") if lists else None)
        if name and key_there and not other.identifies_products:
            return Lookup((other.source,), key, key_there, (name,))
    return None


def _product_of_reviews(sheet: Sheet, others: list[Sheet]) -> Lookup | None:
    """Give reviews of orders the product of the order, where it has only one."""
    key = sheet.by_name("orders.order_id")
    if key is None or sheet.identifies_products or not sheet.has_ratings:
        return None
    for other in others:
        product, key_there = other.by_name("orders.product_id"), _line_key(other)
        if key_there and product and product not in sheet.source.columns:
            return Lookup((other.source,), key, key_there, (product,), unambiguous=True)
    return None


def _head_key(sheet: Sheet) -> str | None:
    """Return the column of the order's id in a list of orders that names no products; None for any other list."""
    if not sheet.by_name("orders.ordered_at") or sheet.has_products or sheet.is_named_no_sales or sheet.has_ratings:
        return None
    bare = sheet.column_of("own_ids") if "orders" in sheet.named else None
    return sheet.by_name("orders.order_id") or bare


def _line_key(sheet: Sheet) -> str | None:
    """Return the column of the order's id in a list of order lines; None for any other list."""
    return sheet.by_name("orders.order_id") if sheet.lists_lines else None
