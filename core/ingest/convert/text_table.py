"""A source's text in a temporary table, and the columns of other files that are added to its rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.ingest.blanks import NO_VALUE
from core.ingest.convert import formats
from core.ingest.names import quoted
from core.ingest.questions import Answers, Question
from core.ingest.readers.source import Source
from core.ingest.recognise.lookups import Lookup
from core.messages import Message, nmsg


@dataclass
class TextTable:
    """A source's mapped columns as text in a temporary table, with `line` and `broken`.

    columns     source column -> its column in the table
    decimals    number columns -> how they are written (formats.number)
    dates       date columns -> how they are written (dates.date_sql)
    zones       date columns whose moments are turned to this time zone, the shop's
    percents    columns of discounts whose bare numbers are percentages
    floats      text columns all of whose numbers end in ".0": ids that went through a column of floats
    currency    the commonest currency sign or code in its amounts, "" if there is none
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
    zones: dict[str, str] = field(default_factory=dict)
    percents: set[str] = field(default_factory=set)
    floats: set[str] = field(default_factory=set)
    currency: str = ""
    remarks: list[tuple[str, Message]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    shown: Answers = field(default_factory=dict)

    def text(self, source: str, empty: tuple[str, ...]) -> str:
        """Return SQL of the trimmed text of a source column, null for blanks."""
        column = self.columns[source]
        if source in self.source.typed:
            return column
        return (
            f"regexp_replace({formats.text(column, empty)}, '^([0-9]+)\\.0$', '\\1')"
            if source in self.floats
            else formats.text(column, empty)
        )

    def number(self, source: str) -> str:
        """Return SQL of the number in a source column, as its decimals are written."""
        return formats.number(self.text(source, NO_VALUE), self.decimals.get(source, "."))


def load_texts(con, source: Source, columns: list[str], table: str, progress) -> TextTable:
    """Stream a source's columns into a temporary table of text."""
    texts = TextTable(source, table, {c: f"c{i}" for i, c in enumerate(columns)})
    definitions = "".join(f", {c} varchar" for c in texts.columns.values())
    con.execute(f"create or replace temp table {quoted(table)} (line bigint, broken varchar{definitions})").fetchall()
    for batch in source.batches(columns):
        con.register("batch", batch)
        con.execute(f"insert into {quoted(table)} select * from batch").fetchall()
        con.unregister("batch")
        texts.rows += batch.num_rows
        done = 0.5 * texts.rows / (texts.rows + 1e6)
        progress("import", done, nmsg("{file}: {count} row read", "{file}: {count} rows read", texts.rows, file=source.file))
    return texts


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
