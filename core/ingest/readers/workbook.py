"""Workbooks of spreadsheets (.xlsx, .xlsb, .xls, .ods): each sheet with rows is a source of its own, hidden ones too."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, ZipError

from core.errors import UserError
from core.ingest.readers import delimited
from core.ingest.readers.source import BATCH_ROWS, Row, Source, row_batches, value_text
from core.ingest.readers.spool import ScratchFolder, Spool
from core.messages import Message, msg

_HEAD_ROWS = 200  # rows among which the header is looked for


def open_workbook(path: Path, name: str, kind: Message, sheet: str, scratch: ScratchFolder) -> list[Source]:
    """Return the sheets of a workbook as sources, each read once. sheet: only this one. Raises UserError."""
    try:
        with open(path, "rb") as stream, CalamineWorkbook.from_filelike(stream) as book:  # of a path it asks the ending, not the content
            titles = [s.name for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
            if sheet and sheet not in titles:
                raise UserError(
                    found=msg("{file} has the sheets {sheets}.", file=name, sheets=titles),
                    expected=msg("The mapping reads the sheet {sheet}.", sheet=sheet),
                    to_do=msg("Correct `sheet` in [options] of the mapping."),
                )
            wanted = [sheet] if sheet else titles
            alone = len(titles) == 1
            sources = [_sheet(book.get_sheet_by_name(title), name, kind, title, alone, scratch) for title in wanted]
    except PasswordError as error:
        raise UserError(
            found=msg("{file} is protected by a password.", file=name),
            expected=msg("Upswing reads workbooks without a password."),
            to_do=msg("Save a copy of it without the password."),
        ) from error
    except ZipError as error:
        raise _no_workbook(name) from error
    except CalamineError as error:
        if "detect file format" in str(error):
            raise _no_workbook(name) from error
        raise
    kept = [source for source in sources if source is not None]
    if not kept:
        raise UserError(
            found=msg("{file} has only empty sheets.", file=name),
            expected=msg("A file to import needs at least one row."),
            to_do=msg("Export it again."),
        )
    return kept


def _no_workbook(name: str) -> UserError:
    return UserError(
        found=msg("{file} is an archive or document that is no workbook.", file=name),
        expected=msg("Upswing reads CSV, Excel, OpenDocument, Parquet and JSON files, gzipped or not."),
        to_do=msg("If it is an archive, unpack it and name the files in it; otherwise save it as .xlsx or CSV."),
    )


def _sheet(page: CalamineSheet, name: str, kind: Message, title: str, alone: bool, scratch: ScratchFolder) -> Source | None:
    """Return one sheet as a source; None without a header and rows below it."""
    records = _records(page)
    head = list(itertools.islice(records, _HEAD_ROWS))
    if len(head) < 2:
        return None
    header_line, header = delimited.header_row([(line, _trimmed(cells)) for line, cells in head])
    names = delimited.unique(header)

    def body() -> Iterator[Row]:
        for line, cells in itertools.chain(head, records):
            if line > header_line:
                values = [value_text(c) for c in cells[: len(names)]]
                yield line, None, values + [None] * (len(names) - len(values))

    spool = Spool(scratch.new_folder(), row_batches(body(), names, names))
    source = Source(
        name if alone else f"{name}#{title}",
        kind,
        names,
        lambda columns, rows=BATCH_ROWS: spool.batches([names.index(c) for c in columns], rows),
        names=(name, title) if alone else (title, name),
    )
    if header_line > 1:
        source.notes.append(msg("The column names are in row {line}. Rows above it are not read.", line=header_line))
    return source


def _records(page: CalamineSheet) -> Iterator[tuple[int, list]]:
    """Yield (row number, cells from column A on) of the rows that are not blank; a blank cell is None, a bare date begins at 0:00."""
    before = [None] * (page.start or (0, 0))[1]
    for line, cells in enumerate(page.iter_rows(), 1):
        if any(c != "" for c in cells):
            yield line, before + [_cell(c) for c in cells]


def _cell(value):
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return None if value == "" else value


def _trimmed(cells: list) -> list:
    """Return cells without the blank ones at the end."""
    filled = next((n for n in range(len(cells), 0, -1) if cells[n - 1] is not None), 0)
    return cells[:filled]
