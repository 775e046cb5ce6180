"""JSON: one object a line, or an array of objects. Read once, for a key may first appear in the last object."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from core.errors import UserError
from core.ingest.readers import delimited
from core.ingest.readers.source import BATCH_ROWS, Source, text_table, value_text
from core.ingest.readers.spool import ScratchFolder, Spool
from core.messages import msg

NOT_AN_OBJECT = msg("The line is not a JSON object.").template


def open_json(path: Path, gzipped: bool, encoding: str, scratch: ScratchFolder, *, array: bool) -> Source:
    """Return the objects of a file as a source; a column is a key that any object has. Raises UserError where there is none."""
    positions: dict[str, int] = {}  # key -> column

    def tables() -> Iterator[pa.Table]:
        objects = _array(path, gzipped, encoding) if array else _lines(path, gzipped, encoding)
        while chunk := list(itertools.islice(objects, BATCH_ROWS)):
            for _, item in chunk:
                if item and not item.keys() <= positions.keys():
                    for key in item:
                        positions.setdefault(key, len(positions))
            broken = [NOT_AN_OBJECT if item is None else None for _, item in chunk]
            cells = [pa.array([value_text(item.get(key)) if item else None for _, item in chunk], pa.string()) for key in positions]
            yield text_table([line for line, _ in chunk], broken, cells)

    spool = Spool(scratch.new_folder(), tables())
    if not positions:
        raise UserError(
            found=msg("{file} has no JSON object.", file=path.name),
            expected=msg("A JSON file has one object a line, or one array of objects."),
            to_do=msg("Export it as JSON lines."),
        )
    return Source(
        path.name,
        msg("JSON"),
        list(positions),
        lambda columns, rows=BATCH_ROWS: spool.batches([positions[c] for c in columns], rows),
        encoding=encoding,
    )


def _lines(path: Path, gzipped: bool, encoding: str) -> Iterator[tuple[int, dict | None]]:
    with delimited.open_text(path, gzipped, encoding) as stream:
        for line, text in enumerate(stream, 1):
            if text.strip():
                try:
                    item = json.loads(text)
                except ValueError:
                    item = None
                yield line, item if isinstance(item, dict) else None


def _array(path: Path, gzipped: bool, encoding: str) -> Iterator[tuple[int, dict | None]]:
    with delimited.open_text(path, gzipped, encoding) as stream:
        try:
            items = json.load(stream)
        except ValueError as error:
            raise UserError(
                found=msg("{file} cannot be read as JSON: {error}", file=path.name, error=str(error)),
                expected=msg("A JSON file has one object a line, or one array of objects."),
                to_do=msg("Export it again."),
            ) from error
    for line, item in enumerate(items, 1):
        yield line, item if isinstance(item, dict) else None
