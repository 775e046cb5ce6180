"""The record of a table. DDL, import and snapshot checks, the data contract and the fixtures derive from it.

Types are DuckDB's. Money is integer cents (`*_cents`) with a currency, times are those of the shop's clock, identifiers are text.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.messages import Message

FIRST_VERSION = "0.1.0"


@dataclass(frozen=True)
class Column:
    """One column: its name, DuckDB type, whether every row must have a value, its meaning in one sentence, and its unit."""

    name: str
    type: str
    required: bool = False
    meaning: str = ""
    unit: str = ""


def required(name: str, type_: str, meaning: str, unit: str = "") -> Column:
    """Return a column that has a value in every row."""
    return Column(name, type_, True, meaning, unit)


def optional(name: str, type_: str, meaning: str, unit: str = "") -> Column:
    """Return a column that may be empty."""
    return Column(name, type_, False, meaning, unit)


@dataclass(frozen=True)
class Table:
    """One table of the warehouse or of a snapshot.

    row     what one row is, in one sentence
    key     the columns that tell rows apart; empty = rows may repeat
    since   the version that introduced the table: snapshots of earlier versions lack it
    filled  whether a snapshot is refused where the table has no rows
    title   what the pages call it; adds: what the forecasts gain from it. Both for the tables that a shop may give.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    since: str = FIRST_VERSION
    filled: bool = False
    title: Message | None = None
    adds: Message | None = None

    def __post_init__(self):
        names = [c.name for c in self.columns]
        wrong = sorted({n for n in names if names.count(n) > 1} | (set(self.key) - set(names)))
        if wrong:
            raise ValueError(f"table {self.name}: columns named twice, or keys that are no columns: {', '.join(wrong)}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def only(self, *names: str) -> tuple[Column, ...]:
        """Return these columns, for another table that carries them on unchanged."""
        by_name = {c.name: c for c in self.columns}
        return tuple(by_name[name] for name in names)

    def ddl(self, name: str | None = None) -> str:
        """Return the statement that creates the table where it is missing."""
        columns = ", ".join(f'"{c.name}" {c.type}' + (" not null" if c.required else "") for c in self.columns)
        return f"create table if not exists {name or self.name} ({columns})"

    def is_expected(self, version: str) -> bool:
        """Return whether this version of Upswing wrote the table."""
        return _numbers(version) >= _numbers(self.since)


def by_name(*tables: Table) -> dict[str, Table]:
    """Return tables by their names, in this order. Raises ValueError where two have the same name."""
    found = {table.name: table for table in tables}
    if len(found) < len(tables):
        raise ValueError(f"two tables have the same name among {', '.join(t.name for t in tables)}")
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("+")[0].split("."))
