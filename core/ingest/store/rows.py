"""What became of a file's rows for one table, and SQL that the ways of merging share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from core.ingest.names import quoted
from core.messages import msg

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
