"""A source's text in a temporary table, and the columns of other files that are added to its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert import formats
from core.ingest.names import quoted
from core.ingest.questions import Answers, Question
from core.ingest.readers.source import Source
from core.ingest.recognise.lookups import Lookup
from core.messages import Message, nmsg

LOADED_BYTES = 16 << 20
_BLANK, _EQUALS, _DELETE = b" =\x7f"


@dataclass(frozen=True)
class Turn:
    """How moments are turned to the shop's clock. zone: the shop's; bare: that of times without an offset, "" for the shop's."""

    zone: str
    bare: str = ""


@dataclass
class TextTable:
    """A source's mapped columns as tidy text (formats.text) in a temporary table, with `line` and `broken`.

    columns     source column -> its column in the table
    decimals    number columns -> how they are written (formats.number)
    dates       date columns -> how they are written (dates.date_sql)
    zones       date columns whose moments are turned to the shop's time zone
    percents    columns of discounts whose bare numbers are percentages
    floats      text columns all of whose numbers end in ".0": ids that went through a column of floats
    currency    the commonest currency sign or code in its amounts, "" if there is none; mixed: there are several
    remarks     (source column, what a reader of the report needs to know)
    questions   what its columns leave open
    shown       answers to such questions that its columns give
    """

    source: Source
    table: str
    columns: dict[str, str]
    rows: int = 0
    decimals: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    zones: dict[str, Turn] = field(default_factory=dict)
    percents: set[str] = field(default_factory=set)
    floats: set[str] = field(default_factory=set)
    currency: str = ""
    mixed: bool = False
    remarks: list[tuple[str, Message]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    shown: Answers = field(default_factory=dict)

    def text(self, source: str, empty: tuple[str, ...]) -> str:
        """Return SQL of the trimmed text of a source column, null for blanks."""
        column = self.columns[source]
        if source in self.source.typed:
            return column
        cell = formats.without(column, set(empty) - set(NO_TEXT))
        return f"regexp_replace({cell}, '^([0-9]+)\\.0$', '\\1')" if source in self.floats else cell

    def number(self, source: str) -> str:
        """Return SQL of the number in a source column, as its decimals are written."""
        return formats.number(self.text(source, NO_VALUE), self.decimals.get(source, "."))


def load_texts(con, source: Source, columns: list[str], table: str, progress) -> TextTable:
    """Stream a source's columns into a temporary table of text, tidied once for all queries that follow."""
    texts = TextTable(source, table, {c: f"c{i}" for i, c in enumerate(columns)})
    definitions = "".join(f", {c} varchar" for c in texts.columns.values())
    con.execute(f"create or replace temp table {quoted(table)} (line bigint, broken varchar{definitions})").fetchall()
    for batch in _joined(source.batches(columns)):
        cells = "".join(f", {c if name in source.typed else _tidied(c, batch)}" for name, c in texts.columns.items())
        con.register("batch", batch)
        con.execute(f"insert into {quoted(table)} select line, broken{cells} from batch").fetchall()
        con.unregister("batch")
        texts.rows += batch.num_rows
        done = 0.5 * texts.rows / (texts.rows + 1e6)
        progress("import", done, nmsg("{file}: {count} row read", "{file}: {count} rows read", texts.rows, file=source.file))
    return texts


def _joined(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield batches joined up to so many bytes that DuckDB loads them on several threads."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.nbytes for each in waiting) >= LOADED_BYTES:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _tidied(column: str, batch: pa.Table) -> str:
    """Return SQL of a column's tidy text; a look at all bytes at once spares most columns the slow way."""
    is_tidy = all(map(_is_tidy, batch.column(column).chunks))
    return formats.without(column, NO_TEXT) if is_tidy else formats.text(column, NO_TEXT)


def _is_tidy(cells: pa.StringArray) -> bool:
    """Return whether all cells are printable ASCII without blanks at their ends, blanks side by side, or = in front."""
    if not len(cells):
        return True
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    text = np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]
    if not text.size:
        return True
    filled = ends[1:] > ends[:-1]
    first, last = text[ends[:-1][filled] - ends[0]], text[ends[1:][filled] - ends[0] - 1]
    at_ends = np.isin(first, (_BLANK, _EQUALS)).any() or (last == _BLANK).any()
    return not at_ends and text.min() >= _BLANK and text.max() < _DELETE and b"  " not in text.tobytes()


def add_lookup(con, texts: TextTable, lookup: Lookup, others: list[TextTable]) -> TextTable:
    """Return the rows with the lookup's columns added; drops the tables that went into it. others: of the lookup's sources."""
    columns = texts.columns | {c: f"l{i}" for i, c in enumerate(lookup.columns)}
    each = " union all ".join(
        f"select trim({other.columns[lookup.key_there]}) as the_key, "
        f"{', '.join(f'{other.columns[c]} as {columns[c]}' for c in lookup.columns)} from {quoted(other.table)} where broken is null"
        for other in others
    )
    pick = "case when count(distinct {0}) = 1 then min({0}) end as {0}" if lookup.unambiguous else "min({0}) as {0}"
    picked = ", ".join(pick.format(columns[c]) for c in lookup.columns)
    wide = f"{texts.table}_wide"
    con.execute(f"""create or replace temp table {quoted(wide)} as
        with found as (select the_key, {picked} from ({each}) group by the_key)
        select r.*, t.* from {quoted(texts.table)} r left join found t on t.the_key = trim(r.{texts.columns[lookup.key]})""").fetchall()
    (unmatched,) = con.execute(f"select count(*) from {quoted(wide)} where the_key is null and broken is null").fetchone()
    con.execute(f"alter table {quoted(wide)} drop the_key").fetchall()
    for table in (texts.table, *(other.table for other in others)):
        con.execute(f"drop table {quoted(table)}").fetchall()
    files = [other.source.file for other in others]
    remark = nmsg("{count} row has no match in {files}.", "{count} rows have no match in {files}.", unmatched, files=files)
    return replace(texts, table=wide, columns=columns, remarks=texts.remarks + [(lookup.key, remark)] * bool(unmatched))
