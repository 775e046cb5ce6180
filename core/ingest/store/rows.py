"""What became of a file's rows for one table, and SQL that the ways of merging share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from core.ingest.names import quoted
from core.ingest.questions import Question
from core.ingest.recognise.rules import RULES
from core.messages import Message, msg
from core.schema import CANONICAL

# Why rows are dropped. A reason has no values, so that its template is enough to count and to translate it.
TWICE = msg("The file has the same row twice.").template
LATER = msg("A later row of the file replaces this one.").template
KNOWN = msg("The row is already in the warehouse.").template
A_UNIT_MORE = msg("The row equals another one of its order and is counted in its units.").template
ADDED_UP = msg("The row is added to the total of its product and day.").template


@dataclass
class Merged:
    """What became of the valid rows of one file for one table. Rows that are neither kept nor dropped here are already known."""

    kept: int
    dropped: dict[str, int] = field(default_factory=dict)  # template of the reason -> rows
    first_day: date | None = None
    last_day: date | None = None
    touched: date | None = None  # the earliest day whose features change
    replaced: int = 0  # kept rows that replace stored ones
    notes: list[Message] = field(default_factory=list)
    question: Question | None = None


def run(con, query: str, **values) -> list[tuple]:
    """Run a statement with values bound by name and return its rows."""
    return con.execute(query, values or None).fetchall()


def columns_sql(names, prefix: str = "") -> str:
    """Return SQL of a list of columns."""
    return ", ".join(prefix + quoted(n) for n in names)


def equal_sql(names, a: str, b: str) -> str:
    """Return SQL of a condition: rows of a and b are equal in these columns, where null equals null."""
    return " and ".join(f"{a}.{quoted(n)} is not distinct from {b}.{quoted(n)}" for n in names)


def unseen(rows: str) -> None:
    """Take the rows that a file gives, and do nothing."""


def as_day(moment) -> date | None:
    """Return the day of a moment or day."""
    return moment.date() if hasattr(moment, "date") else moment


def make_missing(con, table: str, into: str) -> None:
    """Make `into`: the rows of `given`, with how many of each that are `wanted` are `missing` in the warehouse. Drops `given`."""
    names, day = CANONICAL[table].names, RULES[table].day
    renamed = ", ".join(f"{quoted(n)} as s{i}" for i, n in enumerate(names))
    same = " and ".join(f"g.{quoted(n)} is not distinct from s.s{i}" for i, n in enumerate(names))
    run(
        con,
        f"""create or replace temp table {into} as
        with stored as (select {renamed}, count(*) as stored_copies from {quoted(table)}
            where {day} between (select min({day}) from given) and (select max({day}) from given) group by all)
        select g.*, greatest(g.wanted - coalesce(s.stored_copies, 0), 0) as missing from given g left join stored s on {same}""",
    )
    run(con, "drop table given")


def insert_copies(con, table: str, fresh: str) -> None:
    """Insert each row of `fresh` as often as it is missing, and drop `fresh`."""
    names = columns_sql(CANONICAL[table].names)
    run(con, f"insert into {quoted(table)} ({names}) select {names} from {fresh} where missing = 1")
    run(con, f"insert into {quoted(table)} ({names}) select {names} from {fresh}, unnest(range(missing)) where missing > 1")
    run(con, f"drop table {fresh}")
