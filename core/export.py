"""Tables for other programs: CSV, Parquet or Excel, so that a spreadsheet shows every script and runs nothing of it."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import UserError

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a text cell that begins so is run by spreadsheets
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EXCEL_ROWS = 1_048_576
_EXCEL_CELL = 32_767


def write_table(table: pa.Table, out: Path) -> int:
    """Writes by the name's end (.csv, .parquet, .xlsx), whole or not at all; gives the number of rows.

    CSV is UTF-8 with a byte-order mark, which Excel needs to show Chinese. Text that would run as a formula gets an
    apostrophe before it in CSV; in XLSX it is stored as quoted text. Raises UserError for another ending, and for more rows
    than a sheet holds.
    """
    writers = {".csv": _write_csv, ".parquet": pq.write_table, ".xlsx": _write_xlsx}
    if out.suffix.lower() not in writers:
        raise UserError(f"a file name ending in {', '.join(writers)}", repr(out.name), "choose one of these endings")
    if out.suffix.lower() == ".xlsx" and table.num_rows >= _EXCEL_ROWS:
        raise UserError(f"at most {_EXCEL_ROWS - 1} rows for a sheet", str(table.num_rows), "export it as CSV or Parquet")
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        writers[out.suffix.lower()](table, temporary)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    return table.num_rows


def safe_text(value):
    """A cell for CSV: text that would run as a formula is made to stay text; everything else is as it was.

    >>> safe_text("=1+1"), safe_text(-5), safe_text("red lantern")
    ("'=1+1", -5, 'red lantern')
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _rows(table: pa.Table) -> Iterator[tuple]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns))


def _write_csv(table: pa.Table, file: Path) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(map(safe_text, table.column_names))
        writer.writerows([safe_text(v) for v in row] for row in _rows(table))


def _write_xlsx(table: pa.Table, file: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.freeze_panes = "A2"

    def cell(value):
        if not isinstance(value, str):
            return value
        text = WriteOnlyCell(sheet)
        text.value = _NOT_IN_XML.sub("", value)[:_EXCEL_CELL]
        if value.startswith(_FORMULA):
            text.data_type, text.quotePrefix = "s", True  # a string, and still one when someone edits the cell
        return text

    sheet.append([cell(name) for name in table.column_names])
    for row in _rows(table):
        sheet.append([cell(v) for v in row])
    book.save(file)
