"""One table of a file as batches of text, whatever types the file has: conversion and checks come after."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import pyarrow as pa

from core.messages import Message

BATCH_ROWS = 50_000
SAMPLE_ROWS = 2000
EXACT = 2**53  # below it every whole number is a float of its own

Row = tuple[int, str | None, Sequence[str | None] | None]  # line, why the row is broken (else None), its cells


@dataclass
class Source:
    """One table of a file: a CSV, or one sheet of a workbook.

    file     the file's name, with #SHEET where a workbook has several
    columns  names of the columns, none twice
    batches  batches(columns, rows) yields Arrow tables of that many rows: line (int64), broken (why the row is broken, else null) and
             the asked columns c0, c1 ... as text
    typed    columns that are "number" or "time" in the file itself, so that their text needs no guessing
    names    what a sheet goes by, the most specific first; () = its file
    totals   a row is a cell of a sheet with a column a day: the total of its day
    """

    file: str
    kind: Message
    columns: list[str]
    batches: Callable[..., Iterator[pa.Table]]
    typed: dict[str, str] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    names: tuple[str, ...] = ()
    notes: list[Message] = field(default_factory=list)
    totals: bool = False
    _first: pa.Table | None = field(default=None, init=False, repr=False)  # the first rows, once they are read

    def sample(self, columns: list[str], rows: int = SAMPLE_ROWS) -> pa.Table:
        """Return the first rows, to look at values before deciding what to read; none of a file that ends with its header."""
        nothing = text_table([], [], [pa.array([], pa.string())] * len(columns))
        if rows > SAMPLE_ROWS or not set(columns) <= set(self.columns):
            return next(self.batches(columns, rows), nothing)
        if self._first is None:
            self._first = next(self.batches(self.columns, SAMPLE_ROWS), None)
        if self._first is None:
            return nothing
        first = self._first.slice(0, rows)
        cells = [first.column(f"c{self.columns.index(c)}") for c in columns]
        return pa.table([first.column("line"), first.column("broken"), *cells], nothing.schema)

    def sample_cells(self, columns: list[str], rows: int = SAMPLE_ROWS) -> list[list[str | None]]:
        """Return the cells of the first rows, a list a column."""
        return [column.to_pylist() for column in self.sample(columns, rows).columns[2:]]


def text_table(lines, broken, cells: list[pa.Array]) -> pa.Table:
    """Return a batch: line, broken, c0, c1 ..."""
    return pa.Table.from_arrays(
        [pa.array(lines, pa.int64()), pa.array(broken, pa.string()), *cells],
        names=["line", "broken", *(f"c{i}" for i in range(len(cells)))],
    )


def row_batches(records: Iterator[Row], names: list[str], columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """Yield rows of cells as batches of the asked columns.

    The cells are gathered in one flat list: lists of lists would keep the garbage collector busy for most of the reading.
    """
    positions, width = [names.index(c) for c in columns], len(names)
    nothing = [None] * width
    while True:
        lines: list[int] = []
        broken: list[str | None] = []
        flat: list[str | None] = []
        for line, what, cells in itertools.islice(records, rows):
            lines.append(line)
            broken.append(what)
            flat.extend(nothing if cells is None else cells)
        if not lines:
            return
        yield text_table(lines, broken, [pa.array(flat[p::width], pa.string()) for p in positions])


def value_text(value) -> str | None:
    """Return one value of a JSON line, a nested column or a cell as text that reads back as the same value.

    >>> value_text(13085.0), value_text(["a", "b"]), value_text(True)
    ('13085', 'a b', 'true')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value) if value == value else None
    if isinstance(value, (list, tuple)):
        return " ".join(text for v in value if (text := value_text(v))) or None
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
