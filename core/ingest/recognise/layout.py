"""What a mapping says beside columns when it is the known layout of a system's report: how it is recognised, and what its rows mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.ingest.names import plain
from core.messages import msg

WHY = {  # why a report cannot serve -> the sentence
    "no days": msg("Its rows have no days, so sales cannot be dated."),
    "no products": msg("Its rows name no products."),
    "orders only": msg("Its rows are orders without their lines."),
    "payments": msg("Its rows are payments and fees."),
    "moves": msg("Its rows are movements of stock: neither counts nor sales."),
}


@dataclass(frozen=True)
class StateRule:
    """What the values of one column say about a row: a sale, a return, not a sale or pending.

    values     normalised value -> what it counts as, before the words that all systems share; "*" stands for every other value
    filled     what any value counts as, of a column that is filled only for some rows
    perhaps    the column holds states only if one of its values is a known one
    mostly     ... only if at least half of its values are
    unless     a column whose cell must be blank for the value to count
    prefixes   not the value counts but what it begins with: the column numbers documents
    """

    column: str
    values: tuple[tuple[str, str], ...] = ()
    filled: str = ""
    perhaps: bool = False
    mostly: bool = False
    unless: str = ""
    prefixes: bool = False


@dataclass(frozen=True)
class Items:
    """Several items in one cell, or in numbered columns: a row becomes a row an item.

    columns   whose cells hold items; `#` stands for a number, as in line_item_#
    pattern   of one item, with a group for each new column
    """

    columns: tuple[str, ...]
    pattern: str


@dataclass(frozen=True)
class Layout:
    """One report of one system.

    header      groups of names: a file has the layout if it has a column of each group
    absent      names that it does not have
    sources     where its columns and states are documented
    group, carried  columns that are filled on the first line of an order only, and the column that names the order
    parts       columns that name a parent line: rows that have one are parts of the row they name
    lines       columns that each line has filled: a row without them adds up its order's lines
    why, instead  why the report cannot serve (WHY), and which one to export
    places      (name of a column of places, name of a column of counts): every column that the layout does not name is a place
    ignored     columns that are no places
    time_zone   of its times without an offset, "" = the shop's
    """

    system: str
    report: str
    header: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    states: tuple[StateRule, ...] = ()
    items: Items | None = None
    places: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    why: str = ""
    instead: str = ""
    time_zone: str = ""

    def found_in(self, present: Mapping[str, str]) -> tuple[str, ...]:
        """Return the columns that show that a file with these columns has the layout; () if it has not.

        present: plain name -> column.
        """
        if any(plain(name) in present for name in self.absent):
            return ()
        shown = [next((present[plain(n)] for n in group if plain(n) in present), None) for group in self.header]
        return tuple(c for c in shown if c) if all(shown) else ()

    @property
    def name(self) -> str:
        return f"{self.system}: {self.report}"
