"""Sheets with a column a day or week, as planners keep them: read as a row a product and day. Columns of months are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.ingest.readers.files import BATCH_ROWS, Source
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.names import by_plain, listed, plain
from core.ingest.recognise.planning import tables_named

DAY, QUANTITY = "date", "quantity"  # the columns that take the place of those of the days
FEWEST = 7  # columns of days, for a sheet to be one of days
_DAY = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?( 00:00(:00)?)?|(19|20)\d{6}|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})")
_WEEK = re.compile(r"((?:19|20)\d{2})[-_ ]?[wW](?:k|eek)?[-_ ]?(\d{1,2})")
_MONTH = re.compile(
    r"(19|20)\d{2}[-/. ]?(0?[1-9]|1[0-2])|(19|20)\d{2}年\d{1,2}月(份|销量)?|(0?[1-9]|1[0-2])[-/.](19|20)\d{2}"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ']*((19|20)?\d{2})",
    re.IGNORECASE,
)
FEWEST_MONTHS = 3
_NUMBERED = re.compile(r"[a-zA-Z]+_?\d+")  # day 1, day 2 ... as d_1, d_2
_DAYS = ("date", "day", "日期")  # what a calendar calls its days
_CALENDAR_ROWS = 20_000
_BLANK, _ZERO = ["", "-"], ["0", "0.0", "0.00"]


def in_rows(mapping: Mapping, sources: list[Source]) -> list[Source]:
    """The sources, those with a column a day turned into ones with a row for each cell that is not blank, nor nothing sold.

    Columns are days by their names, or because another of the sources, a calendar, has a day beside each name.
    """

    def turned(source: Source, days: dict[str, str]) -> Source:
        counts = "stock" in tables_named(mapping, source.names or (source.file,))  # where 0 says a lot
        return _turned(source, days, pa.array(_BLANK if counts else _BLANK + _ZERO))

    for source in sources:
        _refuse_months(mapping, source)
    return [turned(source, days) if (days := _days(source, sources)) else source for source in sources]


def _refuse_months(mapping: Mapping, source: Source) -> None:
    """Raises UserError for a sheet of products with a column a month: read as a list of them, it would lose every sale."""
    months = [c for c in source.columns if _MONTH.fullmatch(c.strip())]
    products = mapping.tables["products"].feeds["product_id"].found_in(by_plain(source.columns)) if mapping.guesses else None
    if products and len(months) >= FEWEST_MONTHS:
        raise UserError(
            f"sales by day or week in {source.file}, or single order lines",
            f"columns that are months ({listed(months, 4)})",
            "export them by day or week: what rises within weeks cannot be told from months; or leave the file out",
        )


def _days(source: Source, sources: list[Source]) -> dict[str, str]:
    """Column -> the text of its day; empty for a source that has no column a day."""
    own = {c: c.strip().removesuffix(" 00:00:00") for c in source.columns if _DAY.fullmatch(c.strip())}
    own |= {c: monday for c in source.columns if (monday := _monday(c.strip()))}
    if len(own) < FEWEST:
        numbered = [c for c in source.columns if _NUMBERED.fullmatch(c.strip())]
        own = _by_calendar(numbered, [s for s in sources if s is not source]) if len(numbered) >= FEWEST else {}
    rest = {plain(c) for c in source.columns if c not in own}
    return own if rest and not rest & {DAY, QUANTITY} else {}


def _monday(week: str) -> str:
    """The ISO day with which a week such as 2024-W09 begins; "" for what is no week."""
    found = _WEEK.fullmatch(week)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1).isoformat() if found else ""
    except ValueError:  # a year without a 53rd week
        return ""


def _by_calendar(names: list[str], calendars: list[Source]) -> dict[str, str]:
    for calendar in calendars:
        day = next((c for c in calendar.columns if plain(c) in _DAYS), None)
        for key in calendar.columns if day else ():
            if key != day:
                told = dict(zip(*(c.to_pylist() for c in calendar.sample([key, day], _CALENDAR_ROWS).columns[2:])))
                if all(told.get(name) for name in names):
                    return {name: told[name] for name in names}
    return {}


def _turned(source: Source, days: dict[str, str], nothing: pa.Array) -> Source:
    rest, names, texts = [c for c in source.columns if c not in days], list(days), pa.array(days.values())
    what = "week" if any(_WEEK.fullmatch(name.strip()) for name in names) else "day"

    def batches(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        kept, line = [c for c in columns if c in rest], 1
        for wide in source.batches([*kept, *names], max(1, rows // len(names))):
            count, cells = len(wide), pa.concat_arrays([c.combine_chunks() for c in wide.columns[2 + len(kept) :]])
            says = pc.and_(pc.is_valid(cells), pc.invert(pc.is_in(cells, nothing))).to_numpy(zero_copy_only=False).copy()
            says[:count] |= pc.is_valid(wide.column(1)).to_numpy()  # a broken row is one, and told as such
            said = np.flatnonzero(says)
            row, day = pa.array(said % count), pa.array(said // count)
            filled = dict(zip(kept, (c.take(row) for c in wide.columns[2:]))) | {DAY: texts.take(day), QUANTITY: cells.take(pa.array(said))}
            if len(said):  # lines are those of the turned sheet: a line tells rows apart
                lines = pa.array(range(line, line + len(said)), pa.int64())
                yield pa.table(
                    [lines, wide.column(1).take(row), *(filled[c] for c in columns)],
                    names=["line", "broken", *(f"c{i}" for i in range(len(columns)))],
                )
                line += len(said)

    return replace(
        source,
        columns=[*rest, DAY, QUANTITY],
        batches=batches,
        typed={c: t for c, t in source.typed.items() if c in rest},
        notes=[*source.notes, f"a column a {what}, {len(names):,} of them: each cell that says something is read as a row"],
    )
