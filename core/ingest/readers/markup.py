"""Tables in HTML and in the XML of Excel 2003, which systems export as .xls: the table with the most rows is a source."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from core.errors import UserError
from core.ingest.readers import delimited
from core.ingest.readers.limits import LONGEST_LINE, line_too_long, refuse_width
from core.ingest.readers.source import BATCH_ROWS, Row, Source, row_batches
from core.ingest.readers.spool import ScratchFolder, Spool
from core.messages import msg

_CHUNK = 1 << 16  # characters
_HEAD_ROWS = 200  # rows among which the header is looked for
_ROWS, _CELLS = ("tr", "row"), ("td", "th", "cell")
_BEGINNINGS = ("<!doctype", "<html", "<table", "<?xml", "<head", "<meta", "<style", "<div", "<body", "<workbook", "<!--")


def is_markup(head: str) -> bool:
    """Return whether a text begins as HTML or XML does."""
    return head.lstrip("\ufeff \r\n\t").lower().startswith(_BEGINNINGS)


def open_markup(path: Path, gzipped: bool, encoding: str, scratch: ScratchFolder) -> Source:
    """Return the largest table of a document as a source. Raises UserError for a document without a table."""
    with delimited.open_text(path, gzipped, encoding) as stream:
        sizes: dict[int, int] = {}
        for table, _ in _rows(stream, path.name):
            sizes[table] = sizes.get(table, 0) + 1
    largest = max(sizes, key=lambda t: sizes[t], default=None)
    if largest is None or sizes[largest] < 2:
        raise UserError(
            found=msg("{file} is a document of HTML or XML without a table.", file=path.name),
            expected=msg("Upswing reads CSV, Excel, OpenDocument, Parquet and JSON files, gzipped or not."),
            to_do=msg("Export it as one of them."),
        )
    with delimited.open_text(path, gzipped, encoding) as stream:
        records = ((line, cells) for line, cells in enumerate((c for t, c in _rows(stream, path.name) if t == largest), 1) if any(cells))
        head = list(itertools.islice(records, _HEAD_ROWS))
        header_line, header = delimited.header_row(head)
        names = delimited.unique(header)

        def body() -> Iterator[Row]:
            for line, cells in itertools.chain(head, records):
                if line > header_line:
                    yield line, None, (cells + [None] * len(names))[: len(names)]

        spool = Spool(scratch.new_folder(), row_batches(body(), names, names))
    source = Source(
        path.name,
        msg("HTML or XML table"),
        names,
        lambda columns, rows=BATCH_ROWS: spool.batches([names.index(c) for c in columns], rows),
        encoding=encoding,
    )
    if len(sizes) > 1:
        source.notes.append(msg("The document has {count} tables. The one with the most rows is read.", count=len(sizes)))
    return source


def _rows(stream, name: str) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (number of the table, cells) of every row of a document."""
    parser = _Tables()
    while chunk := stream.read(_CHUNK):
        parser.feed(chunk)
        if max(len(parser.rawdata), parser.held) > LONGEST_LINE:
            raise line_too_long(name)
        for table, cells in parser.taken():
            refuse_width(len(cells), name)
            yield table, cells
    parser.close()
    yield from parser.taken()


class _Tables(HTMLParser):
    """Gather the rows of tables. A table within a table is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._ready: list[tuple[int, list[str | None]]] = []
        self._tables = 0
        self._open: list[int] = []  # the tables that are not closed, the innermost last
        self._row: list[str | None] | None = None
        self._text: list[str] | None = None
        self._hidden = False  # within a script or a style
        self.held = 0  # characters of the row so far

    def taken(self) -> list[tuple[int, list[str | None]]]:
        ready, self._ready = self._ready, []
        return ready

    def handle_starttag(self, tag: str, attrs) -> None:
        tag = tag.rpartition(":")[2]
        given = {key.rpartition(":")[2]: value or "" for key, value in attrs}
        if tag == "table":
            self._end_row()
            self._tables += 1
            self._open.append(self._tables)
        elif tag in _ROWS:
            self._end_row()
            self._row, self.held = [], 0
        elif tag in _CELLS and self._row is not None:
            self._end_cell()
            if given.get("index", "").isdecimal():  # of a cell behind blank ones
                self._row += [None] * min(int(given["index"]) - 1 - len(self._row), 1 << 14)
            self._text = []
        elif tag == "br" and self._text is not None:
            self._text.append(" ")
        self._hidden = tag in ("script", "style")

    def handle_startendtag(self, tag: str, attrs) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in _CELLS:
            self._end_cell()
        elif tag in _ROWS:
            self._end_row()
        elif tag == "table":
            self._end_row()
            del self._open[-1:]
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._hidden:
            self._text.append(data)
            self.held += len(data)

    def _end_cell(self) -> None:
        if self._row is not None and self._text is not None:
            self._row.append(" ".join("".join(self._text).split()) or None)
        self._text = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row:
            self._ready.append((self._open[-1] if self._open else 0, self._row))
        self._row = None
