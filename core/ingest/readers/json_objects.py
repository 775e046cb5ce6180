"""JSON: one object a line, or an array of objects. Read once, for a key may first appear in the last object."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from core.errors import UserError
from core.ingest.readers import delimited
from core.ingest.readers.limits import LONGEST_LINE, line_too_long, refuse_width
from core.ingest.readers.source import BATCH_ROWS, Source, text_table, value_text
from core.ingest.readers.spool import ScratchFolder, Spool
from core.messages import Message, msg

_CHUNK = 1 << 20  # characters
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
                    refuse_width(len(positions), path.name)
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
        line = 0
        while text := stream.readline(LONGEST_LINE):
            line += 1
            if len(text) == LONGEST_LINE:
                raise line_too_long(path.name)
            if text.strip():
                try:
                    item = json.loads(text)
                except (ValueError, RecursionError):  # no JSON, or lists within lists beyond all measure
                    item = None
                yield line, item if isinstance(item, dict) else None


def _array(path: Path, gzipped: bool, encoding: str) -> Iterator[tuple[int, dict | None]]:
    """Yield the items of an array one by one: memory holds no more of the file than the longest of them."""
    decoder, space = json.JSONDecoder(), re.compile(r"[\s,]*")
    with delimited.open_text(path, gzipped, encoding) as stream:
        text, number, ended = stream.read(_CHUNK).lstrip("\ufeff \r\n\t").removeprefix("["), 0, False
        while True:
            at = 0
            while (at := space.match(text, at).end()) < len(text) and text[at] != "]":  # type: ignore[union-attr]
                try:
                    item, end = decoder.raw_decode(text, at)
                except (ValueError, RecursionError) as error:
                    if ended or isinstance(error, RecursionError):
                        raise _unreadable(path.name, error) from error
                    break  # the item may go on in the next chunk
                if end == len(text) and not ended:  # so may a number
                    break
                at, number = end, number + 1
                yield number, item if isinstance(item, dict) else None
            if text[at : at + 1] == "]":
                return
            if ended:
                raise _unreadable(path.name, msg("its array does not end"))
            more = stream.read(max(_CHUNK, len(text) - at))  # twice as much each time, so that a long item is not tried too often
            text, ended = text[at:] + more, not more
            if len(text) > 2 * LONGEST_LINE:
                raise line_too_long(path.name)


def _unreadable(name: str, error: object) -> UserError:
    return UserError(
        found=msg("{file} cannot be read as JSON: {error}", file=name, error=error if isinstance(error, Message) else str(error)),
        expected=msg("A JSON file has one object a line, or one array of objects."),
        to_do=msg("Export it again."),
    )
