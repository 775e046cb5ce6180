"""Workbooks of spreadsheets (.xlsx, .xlsb, .xls, .ods): each sheet with rows is a source of its own.

One that could exhaust memory or time is read in a process of its own (workbook_process.py).
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    ZipError,
)

from core.errors import UserError
from core.ingest.readers import delimited
from core.ingest.readers.limits import is_modest_workbook, refuse_width
from core.ingest.readers.source import BATCH_ROWS, Row, Source, row_batches, value_text
from core.ingest.readers.spool import ScratchFolder, Spool
from core.messages import Message, from_dict, msg

_HEAD_ROWS = 200  # rows among which the header is looked for
_PROCESS, _SECONDS = "core.ingest.readers.workbook_process", 120
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPLIT = 0.9  # of the lines, for a column of delimited text to be split


@dataclass
class Sheet:
    """A sheet whose rows lie in a folder of a Spool. names: what it goes by, the most specific first."""

    file: str
    columns: list[str]
    names: tuple[str, ...]
    folder: str
    notes: list[Message] = field(default_factory=list)

    def source(self, kind: Message) -> Source:
        spool = Spool.of(Path(self.folder))
        positions = {c: i for i, c in enumerate(self.columns)}

        def batches(columns: list[str], rows: int = BATCH_ROWS):
            return spool.batches([positions[c] for c in columns], rows)

        return Source(self.file, kind, self.columns, batches, names=self.names, notes=self.notes)

    def as_dict(self) -> dict:
        return asdict(self) | {"notes": [note.as_dict() for note in self.notes]}

    @staticmethod
    def from_dict(record: dict) -> Sheet:
        notes = [note for one in record["notes"] if isinstance(note := from_dict(one), Message)]
        return Sheet(record["file"], record["columns"], tuple(record["names"]), record["folder"], notes)


def open_workbook(path: Path, name: str, kind: Message, sheet: str, scratch: ScratchFolder) -> list[Source]:
    """Return the sheets of a workbook as sources, each read once. sheet: only this one. Raises UserError."""
    if _is_encrypted(path):
        raise _protected(name)
    modest = is_modest_workbook(path)
    sheets = read_sheets(path, name, sheet, scratch.new_folder()) if modest else _in_a_process(path, name, sheet, scratch.new_folder())
    return [one.source(kind) for one in sheets]


def _in_a_process(path: Path, name: str, sheet: str, folder: Path) -> list[Sheet]:
    """Read a workbook in a process with limits; one that exceeds them, or that breaks the reader, is refused."""
    command = [sys.executable, "-m", _PROCESS, str(path), name, sheet, str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, env=environment, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is not None and done.returncode == 0:
        return [Sheet.from_dict(record) for record in json.loads(done.stdout)]
    if done is not None and done.returncode == UserError.exit_code:
        raise UserError(**{part: from_dict(record) for part, record in json.loads(done.stdout).items()})  # type: ignore[arg-type]
    raise UserError(
        found=msg("{file} is damaged, or needs more memory or time than a table does.", file=name),
        expected=msg("A workbook has a table that begins near its first cell."),
        to_do=msg("Save the sheet as CSV, and import that."),
    )


def read_sheets(path: Path, name: str, sheet: str, folder: Path) -> list[Sheet]:
    """Return the sheets of a workbook with rows, each spooled to a folder within this one. Raises UserError."""
    try:
        with open(path, "rb") as stream, CalamineWorkbook.from_filelike(stream) as book:  # of a path it asks the ending, not the content
            tables = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
            titles = [s.name for s in tables]
            if sheet and sheet not in titles:
                raise UserError(
                    found=msg("{file} has the sheets {sheets}.", file=name, sheets=titles),
                    expected=msg("The mapping reads the sheet {sheet}.", sheet=sheet),
                    to_do=msg("Correct `sheet` in [options] of the mapping."),
                )
            wanted = [sheet] if sheet else titles
            sheets = {}
            for number, title in enumerate(wanted):
                place = folder / str(number)
                place.mkdir()
                sheets[title] = _sheet(book.get_sheet_by_name(title), name, title, len(titles) == 1, place)
    except PasswordError as error:
        raise _protected(name) from error
    except ZipError as error:
        raise _no_workbook(name) from error
    except CalamineError as error:
        if "detect file format" in str(error):
            raise _no_workbook(name) from error
        raise
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a fault of the library, which it raises past all handlers
            raise
        raise CalamineError(str(error)) from error
    kept = {title: one for title, one in sheets.items() if one is not None}
    if not kept:
        raise UserError(
            found=msg("{file} has only empty sheets.", file=name),
            expected=msg("A file to import needs at least one row."),
            to_do=msg("Export it again."),
        )
    return _without_hidden_copies(kept, [] if sheet else tables)


def _without_hidden_copies(sheets: dict[str, Sheet], tables: list[SheetMetadata]) -> list[Sheet]:
    """Leave out hidden sheets with the columns of one that is visible: they are backups, and their rows would count twice."""
    hidden = {t.name for t in tables if t.visible != SheetVisibleEnum.Visible}
    visible = {title: one for title, one in sheets.items() if title not in hidden}
    copies = {title: twin for title in hidden & sheets.keys() for twin in visible.values() if twin.columns == sheets[title].columns}
    for title, twin in copies.items():
        twin.notes.append(msg("Sheet {sheet} is hidden and has the same columns. It is not read.", sheet=repr(title)))
    return [one for title, one in sheets.items() if title not in copies]


def _is_encrypted(path: Path) -> bool:
    """Return whether a workbook lies encrypted within a compound file: that file's directory says so."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content[:8] == _COMPOUND and content.find("EncryptedPackage".encode("utf-16-le")) >= 0


def _protected(name: str) -> UserError:
    return UserError(
        found=msg("{file} is protected by a password.", file=name),
        expected=msg("Upswing reads workbooks without a password."),
        to_do=msg("Save a copy of it without the password."),
    )


def _no_workbook(name: str) -> UserError:
    return UserError(
        found=msg("{file} is an archive or document, not a workbook.", file=name),
        expected=msg("Upswing reads CSV, Excel, OpenDocument, Parquet and JSON files, gzipped or not."),
        to_do=msg("If it is an archive, unpack it and import the files in it; otherwise save it as .xlsx or CSV."),
    )


def _sheet(page: CalamineSheet, name: str, title: str, alone: bool, folder: Path) -> Sheet | None:
    """Return one sheet, its rows spooled to a folder; None without a header and rows below it."""
    records = _records(page)
    head = list(itertools.islice(records, _HEAD_ROWS))
    if len(head) < 2:
        return None
    header_line, header = delimited.header_row([(line, _trimmed(cells)) for line, cells in head])
    refuse_width(len(header), name)
    names = delimited.unique(header)
    sheet = Sheet(name if alone else f"{name}#{title}", names, (name, title) if alone else (title, name), str(folder))
    if len(names) == 1 and (shape := _split(itertools.chain(head, records), head, folder / "text.csv")):
        sheet.columns = shape.columns
        sheet.notes.append(msg("The sheet has one column of delimited text. It is split into {count} columns.", count=len(shape.columns)))
        Spool(folder, row_batches(shape.rows(), shape.columns, shape.columns))
        return sheet

    def body() -> Iterator[Row]:
        for line, cells in itertools.chain(head, records):
            if line > header_line:
                values = [value_text(c) for c in cells[: len(names)]]
                yield line, None, values + [None] * (len(names) - len(values))

    Spool(folder, row_batches(body(), names, names))
    if header_line > 1:
        sheet.notes.append(msg("The column names are in row {line}. Rows above it are not read.", line=header_line))
    return sheet


def _split(records: Iterator[tuple[int, list]], head: list[tuple[int, list]], text: Path) -> delimited.Delimited | None:
    """Return the shape of a column of delimited text, written to a file; None for a column of anything else."""
    lines = [str(cells[-1]) for _, cells in head if cells[-1] is not None]
    if not delimited.is_delimited("\n".join(lines), _SPLIT):
        return None
    with text.open("w", encoding="utf-8") as stream:
        for _, cells in records:
            stream.write(f"{cells[-1] or ''}\n")
    return delimited.inspect(text, False, encoding="utf-8")


def _records(page: CalamineSheet) -> Iterator[tuple[int, list]]:
    """Yield (row number, cells from column A on) of the rows that are not blank; a blank cell is None, a bare date begins at 0:00.

    Cells that are merged with the one above them have its value.
    """
    before = [None] * (page.start or (0, 0))[1]
    merged = {top: bottom for top, (bottom, _) in page.merged_cell_ranges or () if bottom > top[0]}
    columns, above = {column for _, column in merged}, {}  # column -> (last row, value) of the merged cells that it is within
    for line, cells in enumerate(page.iter_rows(), 1):
        if any(c != "" for c in cells):
            row = before + [_cell(c) for c in cells]
            for column in columns:
                if (line - 1, column) in merged and column < len(row):
                    above[column] = merged[line - 1, column], row[column]
                elif column in above and line - 1 <= above[column][0] and row[column] is None:
                    row[column] = above[column][1]
            yield line, row


def _cell(value):
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return None if value == "" else value


def _trimmed(cells: list) -> list:
    """Return cells without the blank ones at the end."""
    filled = next((n for n in range(len(cells), 0, -1) if cells[n - 1] is not None), 0)
    return cells[:filled]
