"""JSON: one object a line, an array of objects, or an object that holds one. Read once, for a key may first appear in the last object."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from core.errors import UserError
from core.ingest.names import listed, plain
from core.ingest.readers import delimited
from core.ingest.readers.limits import LONGEST_LINE, line_too_long, refuse_width
from core.ingest.readers.nested_lines import are_records, lines_key, with_lines
from core.ingest.readers.source import BATCH_ROWS, Source, text_table, value_text
from core.ingest.readers.spool import ScratchFolder, Spool
from core.ingest.words import column_words
from core.messages import Message, msg

Numbered = Iterator[tuple[int, dict | None]]  # number, and the object; None for what is none

_CHUNK = 1 << 20  # characters
_HELD = re.compile(r'\{\s*"[^"\\]{1,200}"\s*:\s*(?=\[\s*\{)')
NOT_AN_OBJECT = msg("The line is not a JSON object.").template


def open_json(path: Path, gzipped: bool, encoding: str, scratch: ScratchFolder, *, array: bool) -> Source:
    """Return the objects of a file as a source; a column is a key that any object has. Raises UserError where there is none.

    Orders with lists of their lines give a row a line.
    """
    positions: dict[str, int] = {}  # key -> column
    notes: list[Message] = []

    def tables() -> Iterator[pa.Table]:
        objects = _rows(_array(path, gzipped, encoding) if array else _records(path, gzipped, encoding), path.name, notes)
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
        notes=notes,
    )


def _rows(records: Numbered, file: str, notes: list[Message]) -> Numbered:
    """Yield the records, or a row for each of their lines if they have such; a line identifies a row."""
    first = list(itertools.islice(records, BATCH_ROWS))
    key, last = lines_key((record for _, record in first), file), 0
    if key:
        notes.append(msg("The records have their lines in the list {list}. Each line is read as one row.", list=repr(key)))
    for number, record in itertools.chain(first, records):
        for row in with_lines(record, key) if key and record else (record,):
            last = max(last + 1, number)
            yield last, row


def _records(path: Path, gzipped: bool, encoding: str) -> Numbered:
    """Yield the objects of a file that begins with one: one a line, or those of the one list that the object holds."""
    with delimited.open_text(path, gzipped, encoding) as stream:
        text = stream.read(LONGEST_LINE)
        is_whole = not stream.read(1)
    text = text.lstrip("\ufeff \r\n\t")
    try:
        document = json.loads(text if is_whole else text.partition("\n")[0])
    except (ValueError, RecursionError):
        document = None
    if document is None and not is_whole and (held := _HELD.match(text)):  # too long to be read at once
        yield from _array(path, gzipped, encoding, held[0])
        return
    if is_whole and isinstance(document, dict):
        yield from enumerate(_held(document, path.name), 1)
        return
    for number, item in _lines(path, gzipped, encoding):
        page = next(iter(item.values())) if item and len(item) == 1 else None
        if page and are_records(page):
            yield from ((number, record) for record in page)
        else:
            yield number, item


def _held(document: dict, file: str) -> list[dict]:
    """Return the records that an object holds in its one list; the object itself where it is one. Raises UserError for several lists."""
    lists = [key for key, value in document.items() if are_records(value)]
    if len(document) == 1:
        (only,) = document.values()
        if isinstance(only, dict):
            raise UserError(
                found=msg("{file} is one JSON object and has no list of records.", file=file),
                expected=msg("A JSON file has one object a line, or one array of objects."),
                to_do=msg("Export the order lines as CSV, or as a JSON list with one object for each order."),
            )
        return only if lists or only == [] else [document]
    if not lists or lines_key([document], file):
        return [document]
    if len(lists) > 1:
        raise UserError(
            found=msg("{file} has several lists of records: {lists}.", file=file, lists=listed(lists)),
            expected=msg("A JSON file has one list of records."),
            to_do=msg("Export each list as a file of its own."),
        )
    return document[lists[0]] if plain(lists[0]) in column_words("lists_of_records") else [document]


def _lines(path: Path, gzipped: bool, encoding: str) -> Numbered:
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


def _array(path: Path, gzipped: bool, encoding: str, before: str = "") -> Numbered:
    """Yield the items of an array one by one: memory holds no more of the file than the longest of them.

    before: the text of an object up to the array, which is all that it holds.
    """
    decoder, space = json.JSONDecoder(), re.compile(r"[\s,]*")
    with delimited.open_text(path, gzipped, encoding) as stream:
        text, number, ended = stream.read(_CHUNK).lstrip("\ufeff \r\n\t").removeprefix(before).removeprefix("["), 0, False
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
                if before and (text[at + 1 :] + stream.read(_CHUNK)).strip() != "}":
                    raise _unreadable(path.name, msg("it is too long to hold anything beside one list"))
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
