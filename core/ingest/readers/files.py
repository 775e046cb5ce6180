"""Files of any kind as batches of text: CSV, Parquet, JSON lines and Excel, gzipped or not.

Whatever the file says about types, a reader hands out text and the row's line; conversion and checks come after.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import itertools
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import UserError
from core.ingest.convert.formats import NO_TEXT
from core.ingest.readers import delimited
from core.ingest.readers.delimited import Row
from core.ingest.recognise.names import given_name
from core.storage import files

BATCH_ROWS = 50_000
EXACT = 2**53  # below it every whole number is a float of its own
FORMATS = "CSV, Excel (.xlsx), Parquet or JSON lines, gzipped or not"


@dataclass
class Source:
    """One table of a file: a CSV, or one sheet of a workbook.

    typed: columns that are "number" or "time" in the file itself, so that their text needs no guessing.
    batches(columns, rows) yields Arrow tables of that many rows: line (int64), broken (what is wrong with the row, else null) and
    the columns c0, c1 ... as text.
    """

    file: str
    kind: str
    columns: list[str]
    batches: Callable[[list[str], int], Iterator[pa.Table]]
    typed: dict[str, str] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    names: tuple[str, ...] = ()  # of a sheet: what it goes by, the most telling first
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: list[str], rows: int = 2000) -> pa.Table:
        """The first rows, to look at values before deciding what to read; none of a file that ends with its header."""
        nothing = _table([], [], columns, [pa.array([], pa.string())] * len(columns))
        return next(self.batches(columns, rows), nothing)

    def has_blanks(self, column: str) -> bool:
        """Whether some of a column's first cells say nothing."""
        _, broken, cells = (each.to_pylist() for each in self.sample([column]).columns)
        return any(what is None and (cell or "").strip().lower() in NO_TEXT for what, cell in zip(broken, cells))


def sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def opened(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = ""):
    """The sources in a file, usable inside the `with` block. Raises UserError for what cannot be read as data."""
    if not path.exists():
        raise UserError(f"a file at {path}", "nothing there", "check the path")
    if path.is_dir():
        raise UserError("a file", f"the folder {path}", "name the files in it")
    name = given_name(path.name)
    if path.stat().st_size == 0:
        raise UserError(f"rows in {name}", "an empty file", "export it again")
    with files.unfinished(Path(tempfile.gettempdir()) / files.UNPACKED) as folder:
        folder.mkdir(mode=0o700)
        with _damage(name):
            sources = _sources(path, folder, encoding, delimiter, sheet)
        for source in sources:
            source.file, source.batches = given_name(source.file), _guarded(name, source.batches)
        yield sources


@contextmanager
def _damage(name: str):
    """Damage that shows while reading becomes a message about that file."""
    try:
        yield
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile, pa.ArrowInvalid, UnicodeError, csv.Error) as error:
        raise UserError(f"a readable file {name}", f"a damaged one ({error})", "export or copy it again") from error


def _guarded(name: str, batches):
    def guarded(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        with _damage(name):
            yield from batches(columns, rows)

    return guarded


def _sources(path: Path, folder: Path, encoding: str, delimiter: str, sheet: str) -> list[Source]:
    with open(path, "rb") as stream:
        gzipped = stream.read(2) == b"\x1f\x8b"
    with delimited.open_bytes(path, gzipped) as stream:
        head = stream.read(4096)
    if not head:
        raise UserError(f"rows in {given_name(path.name)}", "an empty file", "export it again")
    if gzipped and head[:4] in (b"PAR1", b"PK\x03\x04"):  # these are read from their end, so unpack them first
        packed, path_in = path, folder / path.stem
        with gzip.open(packed, "rb") as packed_stream, open(path_in, "wb") as out:
            shutil.copyfileobj(packed_stream, out)
    else:
        path_in = path
    if head[:4] == b"PAR1":
        return [_parquet(path_in, path.name)]
    if head[:4] == b"PK\x03\x04":
        return _workbook(path_in, path.name, sheet)
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise UserError(FORMATS, f"{given_name(path.name)}, an old Excel workbook (.xls)", "save it as .xlsx or CSV")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[") and not delimiter:
        return [_json(path, gzipped, encoding or delimited.detect_encoding(path, gzipped), array=text[:1] == b"[")]
    return [_csv(path, gzipped, encoding, delimiter)]


def _csv(path: Path, gzipped: bool, encoding: str, delimiter: str) -> Source:
    shape = delimited.inspect(path, gzipped, encoding=encoding, delimiter=delimiter)
    source = Source(
        path.name,
        "CSV",
        shape.columns,
        lambda columns, rows: _batches(shape.rows(), shape.columns, columns, rows),
        encoding=shape.encoding,
        delimiter=shape.delimiter,
    )
    if shape.header_line > 1:
        source.notes.append(f"its header stands on line {shape.header_line}; what is above is no data")
    if next(shape.rows(), None) is None:
        source.notes.append("it has no rows below its header")
    return source


def _batches(records: Iterator[Row], names: list[str], columns: list[str], rows: int) -> Iterator[pa.Table]:
    """Rows of cells as Arrow tables of the asked columns.

    The cells are gathered in one flat list: lists of lists would keep the garbage collector busy for most of the reading.
    """
    positions, width = [names.index(c) for c in columns], len(names)
    nothing = [None] * width
    while True:
        lines, broken, flat = [], [], []
        for line, what, cells in itertools.islice(records, rows):
            lines.append(line)
            broken.append(what)
            flat.extend(nothing if cells is None else cells)
        if not lines:
            return
        yield _table(lines, broken, columns, [pa.array(flat[p::width], pa.string()) for p in positions])


def _table(lines, broken, columns: list[str], arrays: list) -> pa.Table:
    return pa.Table.from_arrays(
        [pa.array(lines, pa.int64()), pa.array(broken, pa.string()), *arrays],
        names=["line", "broken", *(f"c{i}" for i in range(len(columns)))],
    )


# Parquet


def _parquet(path: Path, name: str) -> Source:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        if file.metadata.num_rows == 0:
            raise UserError(f"rows in {name}", "an empty table", "export it again")

    def batches(columns: list[str], rows: int) -> Iterator[pa.Table]:
        line = 1
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(rows, columns=columns):
                arrays = [_as_text(batch.column(c)) for c in columns]
                yield _table(range(line, line + len(batch)), pa.nulls(len(batch), pa.string()), columns, arrays)
                line += len(batch)

    typed = {
        f.name: "time" if pa.types.is_temporal(f.type) else "number"
        for f in schema
        if pa.types.is_timestamp(f.type) or pa.types.is_date(f.type) or pa.types.is_floating(f.type) or pa.types.is_integer(f.type)
    }
    return Source(name, "Parquet", schema.names, batches, typed)


def _as_text(array: pa.Array) -> pa.Array:
    """An Arrow column as text that reads back as the same value; lists of texts are joined."""
    kind = array.type
    if pa.types.is_string(kind):
        return array
    if pa.types.is_nested(kind):
        return pa.array([_plain(value) for value in array.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind):
        array = pc.cast(array, pa.timestamp("us"), safe=False)  # with a zone: the same instant in UTC
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()], pa.string())
    elif pa.types.is_floating(kind):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, kind))
        if pa.types.is_float16(kind):
            return pc.cast(array, pa.string())
        # Ids are floats where some are missing: 4006381333931 is one, 4.006381333931e+12 is none.
        whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), float(EXACT)))
        numbers = pc.cast(pc.if_else(whole, array, pa.scalar(None, kind)), pa.int64())
        return pc.coalesce(pc.cast(numbers, pa.string()), pc.cast(array, pa.string()))
    return pc.cast(array, pa.string())


def _plain(value) -> str | None:
    """One value of a JSON line, a nested column or a cell as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value) if value == value else None
    if isinstance(value, (list, tuple)):
        return " ".join(text for v in value if (text := _plain(v))) or None
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


# JSON lines


def _json(path: Path, gzipped: bool, encoding: str, *, array: bool) -> Source:
    def objects() -> Iterator[tuple[int, dict | None]]:
        with delimited.open_text(path, gzipped, encoding) as stream:
            if array:
                try:
                    items = json.load(stream)
                except ValueError as error:
                    raise UserError(
                        f"a JSON array or one JSON object a line in {given_name(path.name)}", str(error), "export it again"
                    ) from error
                for line, item in enumerate(items, 1):
                    yield line, item if isinstance(item, dict) else None
                return
            for line, text in enumerate(stream, 1):
                if not text.strip():
                    continue
                try:
                    item = json.loads(text)
                except ValueError:
                    item = None
                yield line, item if isinstance(item, dict) else None

    names: dict[str, None] = {}
    for _, item in objects():  # all of them: a key may stand in late objects only
        if item and not item.keys() <= names.keys():
            names.update(dict.fromkeys(item))
    if not names:
        raise UserError(f"one JSON object a line in {given_name(path.name)}", "none", "export it as JSON lines")

    def batches(columns: list[str], rows: int) -> Iterator[pa.Table]:
        items = objects()
        while chunk := list(itertools.islice(items, rows)):
            lines = [line for line, _ in chunk]
            broken = ["not a JSON object" if item is None else None for _, item in chunk]
            arrays = [pa.array([_plain(item.get(c)) if item else None for _, item in chunk], pa.string()) for c in columns]
            yield _table(lines, broken, columns, arrays)

    return Source(path.name, "JSON", list(names), batches, encoding=encoding)


# Excel


def _workbook(path: Path, name: str, sheet: str) -> list[Source]:
    try:
        with _opened(path) as book:
            titles = [s.title for s in book.worksheets]
    except (KeyError, ValueError) as error:
        raise UserError(FORMATS, f"{name}, a zip archive that is no workbook", "unpack it and name the files in it") from error
    if sheet and sheet not in titles:
        raise UserError(f"a sheet {sheet!r} in {name}", f"sheets {', '.join(titles)}", "correct `sheet` in the mapping")
    wanted = [sheet] if sheet else titles
    sources = [s for title in wanted if (s := _sheet(path, name, title, alone=len(titles) == 1))]
    if not sources:
        raise UserError(f"rows in {name}", "only empty sheets", "export it again")
    return sources


@contextmanager
def _opened(path: Path):
    """The workbook in a file. As a stream: of a path openpyxl asks its ending and not what is in it."""
    from openpyxl import load_workbook

    with open(path, "rb") as stream:
        book = load_workbook(stream, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()


def _sheet(path: Path, name: str, title: str, *, alone: bool) -> Source | None:
    def records() -> Iterator[tuple[int, list]]:
        with _opened(path) as book:
            page = book[title]
            page.reset_dimensions()  # some exporters write a wrong size
            for line, cells in enumerate(page.iter_rows(values_only=True), 1):
                if any(c is not None and c != "" for c in cells):
                    yield line, list(cells)

    head = []
    for line, cells in itertools.islice(records(), 200):
        while cells and cells[-1] in (None, ""):
            cells.pop()
        head.append((line, cells))
    if len(head) < 2:
        return None
    header_line, header = delimited.header_row(head)
    names = delimited.unique(header)

    def body() -> Iterator[Row]:
        for line, cells in records():
            if line > header_line:
                values = [_plain(c) for c in cells[: len(names)]]
                yield line, None, values + [None] * (len(names) - len(values))

    source = Source(
        name if alone else f"{name}#{title}",
        "Excel",
        names,
        lambda columns, rows: _batches(body(), names, columns, rows),
        names=(name, title) if alone else (title, name),
    )
    if header_line > 1:
        source.notes.append(f"its header stands on row {header_line}; what is above is no data")
    return source
