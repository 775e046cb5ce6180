"""A source's text in a temporary table, and how its numbers, dates and ids are written: decided over whole columns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.errors import UserError
from core.ingest.convert import formats
from core.ingest.readers.files import Source
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.names import quoted
from core.ingest.recognise.planning import TablePlan
from core.ingest.recognise.rules import RULES, target_column
from core.schema import Column
from core.storage import duckdb as db

SEEN = 20_000  # rows that show which date formats come into question; between those the whole column decides


@dataclass
class Raw:
    """A source's mapped columns as text in a temporary table, beside `line` and `broken`.

    columns     source column -> its column in the table
    decimals    number columns -> how they are written (formats.number)
    dates       date columns -> how they are written (formats.date_sql)
    floats      text columns all of whose values end in ".0": ids that went through a column of floats
    currency    the commonest currency sign or code in its amounts, "" if there is none
    """

    source: Source
    table: str
    columns: dict[str, str]
    rows: int = 0
    decimals: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    floats: set[str] = field(default_factory=set)
    currency: str = ""
    remarks: dict[str, str] = field(default_factory=dict)

    def text(self, source: str, empty: tuple[str, ...]) -> str:
        """SQL: the trimmed text of a source column, null for what stands for nothing."""
        column = self.columns[source]
        if source in self.source.typed:
            return column
        return f"regexp_replace({formats.text(column, empty)}, '\\.0$', '')" if source in self.floats else formats.text(column, empty)


def load(con, source: Source, columns: list[str], table: str, progress) -> Raw:
    """Streams a source's columns into a temporary table of text."""
    raw = Raw(source, table, {c: f"c{i}" for i, c in enumerate(columns)})
    definitions = "".join(f", {c} varchar" for c in raw.columns.values())
    con.execute(f"create or replace temp table {quoted(table)} (line bigint, broken varchar{definitions})").fetchall()
    for batch in source.batches(columns):
        con.register("batch", batch)
        con.execute(f"insert into {quoted(table)} select * from batch").fetchall()
        con.unregister("batch")
        raw.rows += batch.num_rows
        progress("import", 0.5 * raw.rows / (raw.rows + 1e6), f"{source.file}: {raw.rows:,} rows read")
    return raw


def add_beside(con, raw: Raw, key: str, told: list[Raw], key_there: str, added: tuple[str, ...], one_each: bool = False) -> Raw:
    """The raw rows with columns of other files beside them, where their `key_there` is what `key` is here; drops the others' tables.

    one_each: where they say several things of one key, none of them is taken.
    """
    columns = raw.columns | {c: f"l{i}" for i, c in enumerate(added)}
    each = " union all ".join(
        f"select trim({other.columns[key_there]}) as the_key, {', '.join(f'{other.columns[c]} as {columns[c]}' for c in added)} "
        f"from {quoted(other.table)} where broken is null"
        for other in told
    )
    pick = "case when count(distinct {0}) = 1 then min({0}) end as {0}" if one_each else "min({0}) as {0}"
    picked = ", ".join(pick.format(columns[c]) for c in added)
    wide = f"{raw.table}_wide"
    con.execute(f"""create or replace temp table {quoted(wide)} as
        with told as (select the_key, {picked} from ({each}) group by the_key)
        select r.*, t.* from {quoted(raw.table)} r left join told t on t.the_key = trim(r.{raw.columns[key]})""").fetchall()
    (alone,) = con.execute(f"select count(*) from {quoted(wide)} where the_key is null and broken is null").fetchone()
    con.execute(f"alter table {quoted(wide)} drop the_key").fetchall()
    remarks = {key: f"{alone:,} rows of which {', '.join(other.source.file for other in told)} knows nothing"} if alone else {}
    for table in (raw.table, *(other.table for other in told)):
        con.execute(f"drop table {quoted(table)}").fetchall()
    return replace(raw, table=wide, columns=columns, remarks=raw.remarks | remarks)


def decide_formats(con, raw: Raw, plans: list[TablePlan], mapping: Mapping) -> None:
    """Fills decimals, dates, floats and currency for the columns that the plans use, and breaks rows whose ids or amounts are none."""
    fed = [(target_column(plan.table, target), f) for plan in plans for target, f in plan.columns.items() if f.sources]
    typed, options = raw.source.typed, mapping.options
    for column, f in fed:
        source = f.sources[0]
        if column is None or column.type == "VARCHAR":
            continue
        if column.type in ("DOUBLE", "BIGINT"):
            if f.feed.format not in ("", ".", ","):
                raise UserError('format as "." or "," for numbers', repr(f.feed.format), f"correct it for {source!r} in the mapping")
            raw.decimals[source] = formats.TYPED if typed.get(source) == "number" else f.feed.format or options.decimal
        else:
            raw.dates[source] = formats.TYPED if typed.get(source) == "time" else f.feed.format or options.date_format
    _decide_decimals(con, raw, [s for s, d in raw.decimals.items() if not d])
    days = {
        fed.sources[0]: plan.table
        for plan in reversed(plans)
        for target, fed in plan.columns.items()
        if fed.sources and target == RULES[plan.table].day
    }
    _decide_dates(con, raw, [s for s, d in raw.dates.items() if not d], days)
    ids = [s for column, f in fed if column is not None and _is_id(column) for s in f.sources]
    _decide_floats(con, raw, [s for s in ids if s not in typed])
    _break(con, raw, ids, formats.ROUNDED, "an id that a spreadsheet has rounded", "export it as text")
    amounts = [f.sources[0] for column, f in fed if column is not None and column.name.endswith("_cents")]
    _break(con, raw, amounts, ".*%", "a share where an amount of money is expected", "export amounts, or leave the column out by a mapping")
    raw.currency = _currency(con, raw, plans, amounts)


def _is_id(column: Column) -> bool:
    return column.name.endswith("_id") or column.name in ("source", "target")


def _break(con, raw: Raw, sources: list[str], pattern: str, what: str, to_do: str) -> None:
    """Breaks the rows that have a value of that pattern in one of the columns."""
    for source in dict.fromkeys(sources):
        cell = raw.text(source, formats.NO_VALUE)
        (rows,) = con.execute(
            f"""update {quoted(raw.table)} set broken = $what
            where broken is null and regexp_full_match({cell}, '{pattern}')""",
            {"what": f"{what} in column {source!r}"},
        ).fetchone()
        if rows:
            remark = f"{rows:,} rows with {what}: {to_do}"
            raw.remarks[source] = f"{raw.remarks[source]}; {remark}" if source in raw.remarks else remark


def _decide_decimals(con, raw: Raw, undecided: list[str]) -> None:
    """Column by column; a column that says nothing follows the rest of its file."""
    if not undecided:
        return
    parts = [part for s in undecided for part in formats.decimal_evidence(raw.text(s, formats.NO_VALUE))]
    counted = con.execute(f"select {', '.join(parts)} from {quoted(raw.table)}").fetchone()
    evidence = dict(zip(undecided, zip(counted[::2], counted[1::2])))
    file_wide = "," if sum(c for _, c in evidence.values()) > sum(p for p, _ in evidence.values()) else "."
    for source, (points, commas) in evidence.items():
        raw.decimals[source] = file_wide if points == commas else "." if points > commas else ","
        if points and commas:
            raw.remarks[source] = f"{points:,} values have a decimal point, {commas:,} a decimal comma"


def _decide_dates(con, raw: Raw, undecided: list[str], days: dict[str, str]) -> None:
    """days: source columns that date the rows of a table -> that table."""
    for source in undecided:
        known = f"with cells as (select {raw.text(source, formats.NO_VALUE)} as c from {quoted(raw.table)} where broken is null) "
        filled, iso = con.execute(known + f"select count(c), count({formats.date_sql('c', 'iso')}) from cells").fetchone()
        counts = {"iso": iso}
        if iso < 0.9 * filled:
            others = [n for n in formats.DATES if n != "iso"]
            seen = _readable(con, known, others, f" using sample {SEEN} rows (reservoir, 1)") if filled > SEEN else dict.fromkeys(others, 1)
            counts |= _readable(con, known, [n for n in others if seen[n]] or others)
        nearer = _nearer(con, known, days[source]) if source in days and formats.day_or_month_first(counts) else ""
        raw.dates[source], remark = formats.choose_date(counts, filled, nearer)
        if remark:
            raw.remarks[source] = remark


def _readable(con, known: str, names: list[str], sample: str = "") -> dict[str, int]:
    """How many cells each date format reads."""
    tried = ", ".join(f"count({formats.date_sql('c', n)})" for n in names)
    return dict(zip(names, con.execute(f"{known} select {tried} from (select c from cells{sample})").fetchone()))


def _nearer(con, known: str, table: str) -> str:
    """Whether days or months stand first in dates that could be either: a shop's next file goes on where its table ends."""
    last = db.run(con, "staging/last_day", table_name=table).fetchone()[0]
    if last is None:
        return ""
    far = ", ".join(f"max(abs(date_diff('day', $last, cast({formats.date_sql('c', n)} as date))))" for n in ("dmy", "mdy"))
    dmy, mdy = con.execute(f"{known} select {far} from cells", {"last": last}).fetchone()
    return "" if dmy == mdy else "dmy" if dmy < mdy else "mdy"


def _decide_floats(con, raw: Raw, ids: list[str]) -> None:
    for source in dict.fromkeys(ids):
        text = raw.text(source, formats.NO_TEXT)
        filled, whole = con.execute(f"""select count(x), count(*) filter (where regexp_full_match(x, '[0-9]+\\.0'))
            from (select {text} as x from {quoted(raw.table)})""").fetchone()
        if filled and filled == whole:
            raw.floats.add(source)


def _currency(con, raw: Raw, plans: list[TablePlan], amounts: list[str]) -> str:
    """What a currency column says most often, else the sign that most of the first amounts bear."""
    column = next((s for plan in plans if "currency" in plan.columns for s in plan.columns["currency"].sources), None)
    if column:
        text = f"upper({raw.text(column, formats.NO_TEXT)})"
    else:
        amounts = [s for s in dict.fromkeys(amounts) if s not in raw.source.typed]
        if not amounts:
            return ""
        text = formats.currency_sign("concat_ws(' ', " + ", ".join(raw.columns[s] for s in amounts) + ")")
    found = con.execute(f"""select x from (select {text} as x from {quoted(raw.table)} where broken is null limit 100000)
        where x is not null group by x order by count(*) desc, x limit 1""").fetchone()
    return formats.currency_code(found[0]) if found else ""
