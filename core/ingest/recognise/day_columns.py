"""Sheets with a column a day or week, as planners keep them: read as one row a product and day. Columns of months are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.ingest.names import by_plain, listed, plain
from core.ingest.readers.source import BATCH_ROWS, Source
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.table_plan import tables_named
from core.ingest.words import normalised, total_words
from core.messages import msg

DAY, QUANTITY = "date", "quantity"  # the columns that take the place of those of the days
FEWEST = 7  # columns of days, for a sheet to be one of days
FEWEST_SOLD = 2  # of a sheet that is named after sales or adds its days up, and holds whole numbers: prices and stock are not added up
_DAY = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?( 00:00(:00)?)?|(19|20)\d{6}|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})")
_WEEK = re.compile(r"((?:19|20)\d{2})[-_ ]?[wW](?:k|eek)?[-_ ]?(\d{1,2})")
_MONTH = re.compile(
    r"(19|20)\d{2}[-/. ]?(0?[1-9]|1[0-2])|(19|20)\d{2}年\d{1,2}月(份|销量)?|(0?[1-9]|1[0-2])[-/.](19|20)\d{2}"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ']*((19|20)?\d{2})",
    re.IGNORECASE,
)
FEWEST_MONTHS = 3
_COUNT = re.compile(r"-?\d{1,5}([.,]0+)?|-")
_NUMBERED = re.compile(r"[a-zA-Z]+_?\d+")  # day 1, day 2 ... as d_1, d_2
_DAYS = ("date", "day", "日期")  # what a calendar calls its days
_CALENDAR_ROWS = 20_000
_BLANK, _ZERO = ["", "-"], ["0", "0.0", "0.00"]


def unpivot_days(mapping: Mapping, sources: list[Source]) -> list[Source]:
    """Return the sources; one with a column a day gets a row for each cell that is not blank, and of sales not 0.

    Columns are days by their names, or because another of the sources, a calendar, has a day for each name. Raises UserError for
    columns of months.
    """

    def unpivoted(source: Source, days: dict[str, str]) -> Source:
        counts = "stock" in tables_named(mapping, source.names or (source.file,))  # where 0 is a count
        return _unpivoted(source, days, pa.array(_BLANK if counts else _BLANK + _ZERO))

    for source in sources:
        _refuse_months(mapping, source)
    return [unpivoted(source, days) if (days := _days(mapping, source, sources)) else source for source in sources]


def _refuse_months(mapping: Mapping, source: Source) -> None:
    """Raise UserError for a sheet of products with a column a month: read as a list of products, it would lose every sale."""
    months = [c for c in source.columns if _MONTH.fullmatch(c.strip())]
    products = mapping.tables["products"].rules["product_id"].found_in(by_plain(source.columns)) if mapping.guesses else None
    if products and len(months) >= FEWEST_MONTHS:
        raise UserError(
            found=msg("{file} has columns of months: {months}.", file=source.file, months=listed(months, 4)),
            expected=msg("Sales are given by day, by week, or as order lines: months are too long to show a rise."),
            to_do=msg("Export them by day or week, or skip the file."),
        )


def _days(mapping: Mapping, source: Source, sources: list[Source]) -> dict[str, str]:
    """Return column -> the text of its day; empty for a source without a column a day."""
    own = {c: c.strip().removesuffix(" 00:00:00") for c in source.columns if _DAY.fullmatch(c.strip())}
    own |= {c: monday for c in source.columns if (monday := _monday(c.strip()))}
    if len(own) < (FEWEST_SOLD if _is_of_sales(mapping, source, list(own)) else FEWEST):
        numbered = [c for c in source.columns if _NUMBERED.fullmatch(c.strip())]
        own = _by_calendar(numbered, [s for s in sources if s is not source]) if len(numbered) >= FEWEST else {}
    rest = {plain(c) for c in source.columns if c not in own}
    return own if rest and not rest & {DAY, QUANTITY} else {}


def _sums(source: Source) -> list[str]:
    """Return the columns that add up others, by their names."""
    return [c for c in source.columns if normalised(c) in total_words()]


def _is_of_sales(mapping: Mapping, source: Source, days: list[str]) -> bool:
    """Return whether columns of days hold units sold, by the name of the sheet or a column of their sums, and by their first cells."""
    if "orders" not in tables_named(mapping, source.names or (source.file,)) and not _sums(source):
        return False
    cells = [cell.strip() for column in source.sample_cells(days) for cell in column if cell and cell.strip()] if days else []
    return bool(cells) and all(_COUNT.fullmatch(cell) for cell in cells)


def _monday(week: str) -> str:
    """Return the ISO day with which a week such as 2024-W09 begins; "" for what is no week."""
    found = _WEEK.fullmatch(week)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1).isoformat() if found else ""
    except ValueError:  # a year without a 53rd week
        return ""


def _by_calendar(names: list[str], calendars: list[Source]) -> dict[str, str]:
    for calendar in calendars:
        day = next((c for c in calendar.columns if plain(c) in _DAYS), None)
        for key in calendar.columns:
            if day and key != day:
                days: dict[str | None, str | None] = dict(zip(*calendar.sample_cells([key, day], _CALENDAR_ROWS)))
                if all(days.get(name) for name in names):
                    return {name: one for name in names if (one := days[name])}
    return {}


def _unpivoted(source: Source, days: dict[str, str], nothing: pa.Array) -> Source:
    sums = _sums(source)
    rest, names, texts = [c for c in source.columns if c not in (*days, *sums)], list(days), pa.array(days.values())

    def batches(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        kept, line = [c for c in columns if c in rest], 1
        for wide in source.batches([*kept, *names], max(1, rows // len(names))):
            count, cells = len(wide), pa.concat_arrays([c.combine_chunks() for c in wide.columns[2 + len(kept) :]])
            wanted = pc.and_(pc.is_valid(cells), pc.invert(pc.is_in(cells, nothing))).to_numpy(zero_copy_only=False).copy()
            wanted[:count] |= pc.is_valid(wide.column(1)).to_numpy()  # a broken row stays one row, and is reported
            at = np.flatnonzero(wanted)
            row, day = pa.array(at % count), pa.array(at // count)
            filled = dict(zip(kept, (c.take(row) for c in wide.columns[2:]))) | {DAY: texts.take(day), QUANTITY: cells.take(pa.array(at))}
            if len(at):  # lines are numbered again: a line identifies a row
                lines = pa.array(range(line, line + len(at)), pa.int64())
                yield pa.table(
                    [lines, wide.column(1).take(row), *(filled[c] for c in columns)],
                    names=["line", "broken", *(f"c{i}" for i in range(len(columns)))],
                )
                line += len(at)

    is_weekly = any(_WEEK.fullmatch(name.strip()) for name in names)
    note = (
        msg("The file has {count} columns of weeks. Each cell with a value is read as one row.", count=len(names))
        if is_weekly
        else msg("The file has {count} columns of days. Each cell with a value is read as one row.", count=len(names))
    )
    return replace(
        source,
        columns=[*rest, DAY, QUANTITY],
        batches=batches,
        typed={c: t for c, t in source.typed.items() if c in rest},
        notes=[*source.notes, note, *(msg("Column {column} adds up the others and is not read.", column=repr(c)) for c in sums)],
        totals=True,
    )
