"""Tables for other programs: CSV, Parquet or Excel, so that a spreadsheet shows every script and runs nothing of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import UserError
from core.messages import msg
from core.storage import files

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a text cell that begins so is run by spreadsheets
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EXCEL_ROWS = 1_048_576
_EXCEL_CELL = 32_767
_ROWS_FOR_WIDTHS, _NARROWEST, _WIDEST = 200, 9, 60  # characters


def write_table(table: pa.Table, out: Path) -> int:
    """Write a table by the file's suffix (.csv, .parquet, .xlsx), completely or not at all; return the number of rows.

    CSV is UTF-8 with a byte-order mark, which Excel needs to show Chinese. Text that would run as a formula gets an
    apostrophe before it in CSV; in XLSX it is stored as quoted text. Raises UserError for another ending, and for more rows
    than a sheet holds.
    """
    writers = {".csv": _write_csv, ".parquet": pq.write_table, ".xlsx": _write_xlsx}
    if out.suffix.lower() not in writers:
        raise UserError(
            expected=msg("The file name must end in one of {endings}.", endings=list(writers)),
            found=msg('Upswing cannot write a file that ends like "{file}".', file=out.name),
            to_do=msg("Choose one of these endings."),
        )
    if out.suffix.lower() == ".xlsx" and table.num_rows >= _EXCEL_ROWS:
        raise UserError(
            expected=msg("An Excel sheet holds at most {most} rows.", most=_EXCEL_ROWS - 1),
            found=msg("The table has {rows} rows.", rows=table.num_rows),
            to_do=msg("Export the table as CSV or Parquet."),
        )
    files.write_with(out, lambda file: writers[out.suffix.lower()](table, file))
    return table.num_rows


def safe_text(value):
    """Return a cell for CSV in which text that a spreadsheet would run as a formula is quoted.

    >>> safe_text("=1+1"), safe_text(-5), safe_text("red lantern")
    ("'=1+1", -5, 'red lantern')
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _rows(table: pa.Table) -> Iterator[tuple]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns))


def csv_bytes(rows: Iterable[Sequence]) -> bytes:
    """Return rows as a CSV file for Excel: UTF-8 with a byte-order mark, and no text that runs as a formula."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([safe_text(v) for v in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def write_book(sheets: Iterable[tuple[str, Iterable[Sequence]]], out: Path | BinaryIO) -> None:
    """Write a workbook of sheets (name, rows), with the first row of each frozen. Text that would run as a formula is quoted."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet, rows = book.create_sheet(name), iter(rows)
        sheet.freeze_panes = "A2"
        first = list(islice(rows, _ROWS_FOR_WIDTHS))
        for i, values in enumerate(zip_longest(*first), start=1):
            widest = max(len(str(v)) for v in values if v is not None) if any(v is not None for v in values) else 0
            sheet.column_dimensions[get_column_letter(i)].width = min(max(widest + 2, _NARROWEST), _WIDEST)
        for row in chain(first, rows):
            sheet.append([_xlsx_cell(sheet, value) for value in row])
    book.save(out)


def _xlsx_cell(sheet, value):
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    text = WriteOnlyCell(sheet)
    text.value = stored = _NOT_IN_XML.sub("", value)[:_EXCEL_CELL]
    if stored.startswith(_FORMULA):
        text.data_type, text.quotePrefix = "s", True  # a string, and still one when someone edits the cell
    return text


def _write_csv(table: pa.Table, file: Path) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(map(safe_text, table.column_names))
        writer.writerows([safe_text(v) for v in row] for row in _rows(table))


def _write_xlsx(table: pa.Table, file: Path) -> None:
    write_book([("data", chain([table.column_names], _rows(table)))], file)
