"""Rows that hold several items, in one cell or in numbered columns, or a column a place: read as one row an item or place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa

from core.ingest.names import by_plain, plain
from core.ingest.readers.source import BATCH_ROWS, Source, text_table
from core.ingest.recognise.mapping import Mapping
from core.messages import Message, msg

_NUMBERED = re.compile(r"(.*?\D)[\s_(#.-]*?(\d{1,3})\)?$")
FEWEST = 2  # numbers, for columns to be numbered items

Cells = list[str | None]


def of_layout(mapping: Mapping, source: Source) -> Source:
    """Return the source of a known layout with a row for each of the items or places that a row of the file has."""
    layout = mapping.layout
    if layout is None:
        return source
    if layout.items is not None:
        return _items_in_cells(source, layout.items.columns, re.compile(layout.items.pattern))
    if layout.places:
        return _places(source, layout.places, {plain(name) for name in _named(mapping)})
    return source


def numbered_items(mapping: Mapping, source: Source) -> Source:
    """Return the source with a row an item, where columns such as `Product Name (1)`, `Quantity (1)` hold products and units by number."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for column in source.columns:
        if found := _NUMBERED.fullmatch(column.strip()):
            groups[found[1].strip(" _(#.-")][str(int(found[2]))] = column
    stems = {stem: numbers for stem, numbers in groups.items() if len(numbers) >= FEWEST}
    if not stems:
        return source
    rules, present = mapping.tables["orders"].rules, by_plain(list(stems))
    product, units = (rules[target].found_in(present) for target in ("product_id", "units"))
    rest = [c for c in source.columns if c not in {c for numbers in stems.values() for c in numbers.values()}]
    if not product or not units or rules["units"].found_in(by_plain(rest)):
        return source
    names = [stem for stem, numbers in stems.items() if numbers.keys() <= stems[units[0]].keys()]
    numbers = list(stems[units[0]])
    needed = [stems[stem][n] for n in numbers for stem in names if n in stems[stem]]

    def items(cells: Cells) -> list[Cells]:
        by_column = dict(zip(needed, cells))
        rows = [[by_column.get(stems[stem].get(n, "")) for stem in names] for n in numbers]
        return [row for row in rows if any((cell or "").strip() for cell in row)]

    note = msg("The file has {count} numbered items a row. Each is read as one row.", count=len(numbers))
    return _expanded(source, rest, needed, names, items, note)


def _items_in_cells(source: Source, patterns: tuple[str, ...], item: re.Pattern) -> Source:
    known = [re.compile(re.escape(p).replace(r"\#", "#").replace("#", r"\d+"), re.IGNORECASE) for p in patterns]
    needed = [c for c in source.columns if any(p.fullmatch(c.strip()) for p in known)]
    names = list(item.groupindex)

    def items(cells: Cells) -> list[Cells]:
        return [[found[name] for name in names] for cell in cells for found in item.finditer(cell or "")]

    note = msg("Column {columns} holds several items. Each is read as one row.", columns=needed)
    return _expanded(source, [c for c in source.columns if c not in names], needed, names, items, note)


def _places(source: Source, names: tuple[str, ...], known: set[str]) -> Source:
    places = [c for c in source.columns if plain(c) not in known]

    def items(cells: Cells) -> list[Cells]:
        return [[place, cell] for place, cell in zip(places, cells)]

    note = msg("The file has a column for each of {places}. Each cell is read as one row.", places=places)
    return _expanded(source, [c for c in source.columns if c not in places], places, list(names), items, note)


def _named(mapping: Mapping) -> list[str]:
    """Return all columns that a layout names, in its header or its tables."""
    layout = mapping.layout
    assert layout is not None
    rules = [rule for m in mapping.tables.values() for rule in m.rules.values()]
    return [n for group in layout.header for n in group] + [n for rule in rules for n in rule.names] + list(layout.ignored)


def _expanded(
    source: Source, rest: list[str], needed: list[str], names: list[str], items: Callable[[Cells], list[Cells]], note: Message
) -> Source:
    """Return the source with a row an item.

    rest: columns that stay. needed: those of the items. names: of the columns that take their place. items: the needed cells of a row as
    a row an item; a row without any stays one row.
    """
    new = list(dict.fromkeys(names))

    def batches(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        kept, line = [c for c in columns if c in rest], 1
        for wide in source.batches([*kept, *needed], rows):
            _, broken, *cells = (column.to_pylist() for column in wide.columns)
            out: list[list] = []
            for why, *row in zip(broken, *cells):
                found = [] if why is not None else items(row[len(kept) :])
                out += [[why, *row[: len(kept)], *one] for one in found or [[None] * len(names)]]
            filled = dict(zip([*kept, *names], list(zip(*out))[1:])) if out else {}
            why = [row[0] for row in out]
            yield text_table(range(line, line + len(out)), why, [pa.array(filled.get(c, ()), pa.string()) for c in columns])
            line += len(out)  # lines are numbered again: a line identifies a row

    columns = [*(c for c in rest if c not in new), *new]
    return replace(
        source, columns=columns, batches=batches, typed={c: t for c, t in source.typed.items() if c in rest}, notes=[*source.notes, note]
    )
