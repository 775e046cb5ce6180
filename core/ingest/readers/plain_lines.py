"""The fast way through delimited text without quotes: a line is a record, and Arrow splits it. Anything else takes the careful way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from core.ingest.readers.source import Row, row_batches, text_table

UTF8 = ("utf-8", "utf-8-sig")
_BLOCK, _FIRST_BLOCK = 8 << 20, 1 << 20  # bytes; the smaller one for a look at the first rows
_FEW = 2000
_NEEDS_CARE = (b'"', b"\0")


def is_plain(path: Path, encoding: str) -> bool:
    """Return whether a file is UTF-8 without quotes and zeros."""
    if encoding not in UTF8:
        return False
    with open(path, "rb") as stream:
        while chunk := stream.read(_BLOCK):
            if any(mark in chunk for mark in _NEEDS_CARE):
                return False
    return True


def plain_batches(
    path: Path, delimiter: str, names: list[str], header_line: int, careful: Iterator[Row], columns: list[str], rows: int
) -> Iterator[pa.Table]:
    """Yield rows as batches of the asked columns (core.ingest.readers.source.Source.batches).

    A file that turns out not to be plain, as one with a line of another width, goes on in the careful way. careful: all of its rows.
    """
    given, line = 0, header_line + 1
    try:
        reading = csv.open_csv(
            path,
            csv.ReadOptions(skip_rows=header_line, column_names=names, block_size=_FIRST_BLOCK if rows <= _FEW else _BLOCK),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
        for batch in reading:
            filled = _any_filled(batch)
            lines = pa.array(np.arange(line, line + len(batch)), pa.int64()).filter(filled)
            line += len(batch)
            batch = batch.filter(filled)
            for start in range(0, len(batch), rows):
                part = batch.slice(start, rows)
                yield text_table(lines.slice(start, rows), pa.nulls(len(part), pa.string()), [part.column(c) for c in columns])
                given += len(part)
    except pa.ArrowInvalid:
        yield from row_batches(itertools.islice(careful, given, None), names, columns, rows)


def _any_filled(batch: pa.RecordBatch) -> pa.Array:
    """Return for each row whether one of its cells is not empty."""
    filled = pc.not_equal(batch.column(0), "")
    for column in batch.columns[1:]:
        if pc.all(filled).as_py():
            break
        filled = pc.or_(filled, pc.not_equal(column, ""))
    return filled
