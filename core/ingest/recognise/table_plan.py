"""What a file's rows fill: tables, and the source columns behind each of their columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.ingest.names import plain
from core.ingest.recognise.layout import StateRule
from core.ingest.recognise.mapping import RETURNS, ColumnRule, Mapping, TableMapping
from core.ingest.recognise.rules import RULES
from core.messages import Message, msg

NO_SALES = ("stock", "deliveries", "promotions", "suppliers")  # named after one of them, a file holds no sales, whatever its columns allow


@dataclass(frozen=True)
class ColumnSource:
    """One canonical column of a file: how it is filled, and from which of the file's columns."""

    rule: ColumnRule
    sources: tuple[str, ...]
    minus: tuple[str, ...] = ()  # columns whose numbers are subtracted
    why: Message | None = None  # evidence beside the name

    @property
    def reads(self) -> tuple[str, ...]:
        """All columns that it takes."""
        return self.sources + self.minus

    @property
    def constant(self) -> str | None:
        """The value on every row, where no column gives it."""
        return None if self.sources else self.rule.constant

    def describe(self) -> Message | str:
        """Return where the values come from, for the report."""
        if self.constant is not None:
            return repr(self.constant)
        if self.rule.template:
            return self.rule.template
        first, *others = self.sources
        if self.why:
            return Message("{column} ({why})", {"column": first, "why": self.why})
        if self.minus:
            return msg("{column} minus {others}", column=first, others=list(self.minus))
        return msg("{column}, or if blank {others}", column=first, others=others) if others else first


def column_source(rule: ColumnRule, present: dict[str, str]) -> ColumnSource | None:
    """Return where a rule finds its values in a file with these columns, None where it finds none. present: plain name -> column."""
    sources = rule.found_in(present)
    others = [present[plain(name)] for name in rule.blank if plain(name) in present]
    if sources is None and not others:
        return None
    minus = [present[plain(name)] for name in rule.minus if plain(name) in present]
    return ColumnSource(rule, tuple(dict.fromkeys([*(sources or ()), *others])), tuple(dict.fromkeys(minus)))


Found = dict[str, ColumnSource]  # the mapping's name of a column -> where its values come from
UNDATED = ColumnSource(ColumnRule(constant=""), ())


@dataclass(frozen=True)
class BundleColumns:
    """Columns of order lines that may tell those of bundles from those of their parts.

    parents  name the line or product of which a line is a part
    bundles  name the bundle, on the lines of its parts and maybe on its own
    kinds    say what a line is: with the values of parts
    lines    by which other lines may name a line
    """

    parents: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()
    kinds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        return (*self.parents, *self.bundles, *(column for column, _ in self.kinds), *self.lines)


@dataclass(frozen=True)
class TablePlan:
    """What the rows of a file fill in one table.

    columns            the mapping's name of a column -> where its values come from
    derived            another table is the file's main one, for which its rows are counted
    from_purchases     of orders: the purchases in a log of events
    running            units are all sales of a product so far; of products: each row dates what it says
    states             columns that say whether a row is a sale
    parts              columns that name the row of which this one is a part
    bundles            columns that may tell lines of bundles from those of their parts
    lines              columns that each line has filled, unlike rows that add up their order's lines
    carried            (columns of the order, columns that are filled on the first line of each): both are carried down
    """

    table: str
    columns: dict[str, ColumnSource]
    derived: bool = False
    from_purchases: bool = False
    running: bool = False
    states: tuple[StateRule, ...] = ()
    parts: tuple[str, ...] = ()
    bundles: BundleColumns | None = None
    lines: tuple[str, ...] = ()
    carried: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def reads(self) -> list[str]:
        """The file's columns that the plan takes, each once."""
        group, carried = self.carried
        named = [s for filled in self.columns.values() for s in filled.reads]
        further = [*(rule.column for rule in self.states), *self.parts, *(self.bundles.reads if self.bundles else ())]
        return list(dict.fromkeys([*named, *further, *self.lines, *group, *carried]))

    @property
    def aggregates_lines(self) -> bool:
        """Whether many lines of the main table describe one row of this one."""
        return self.derived and self.table in ("products", "customers") and not self.running

    @property
    def optional(self) -> bool:
        """Whether a line of the main table that lacks this table's values is no failure."""
        return self.derived and self.table in ("products", "customers", "stock")

    @property
    def row_is_a_unit(self) -> bool:
        """Whether no column holds the units of an order line: equal lines of an order are then as many units."""
        return self.table == "orders" and "order_id" in self.columns and self.columns["units"].constant is not None

    @property
    def undated(self) -> bool:
        """Whether a stock count has no column with its day."""
        return self.table == "stock" and self.columns["day"] is UNDATED

    def without(self, columns: set[str]) -> TablePlan:
        """Return the plan without what these columns of the file alone fill, such as a product's category in a column of states."""
        kept = {c: filled for c, filled in self.columns.items() if not filled.sources or not set(filled.sources) <= columns}
        return replace(self, columns=kept)

    def dated(self, day: str) -> TablePlan:
        """Return the plan of an undated count with this day (ISO) as its day."""
        return replace(self, columns=self.columns | {"day": ColumnSource(ColumnRule(constant=day), ())})

    def dated_list(self, day: str | None) -> TablePlan:
        """Return the plan of a list of products with the list's own date: a column of it, else `day` (ISO). Order lines date no list."""
        if self.derived and not self.running:
            return replace(self, columns={c: one for c, one in self.columns.items() if c != "updated_at"})
        if "updated_at" in self.columns or day is None:
            return self
        return replace(self, columns=self.columns | {"updated_at": ColumnSource(ColumnRule(constant=day), ())})


def tables_named(mapping: Mapping, names: tuple[str, ...]) -> list[str]:
    """Return the tables whose words are in the first of the names that has any.

    A longer word hides one within it: purchase orders are no orders, and a catalog is no log.
    """
    words = [(word.lower(), table) for table, m in mapping.tables.items() for word in m.files]
    words += [(word.lower(), RETURNS) for m in mapping.tables.values() for word in m.files_of_returns]
    for name in names:
        left, found = name.lower(), []
        for word, table in sorted(words, key=lambda w: -len(w[0])):
            if word in left:
                left = left.replace(word, "|")
                found.append(table)
        if found:
            return found
    return []


def is_complete(table: str, found: Found) -> bool:
    """Return whether these columns are enough to fill a table."""
    return all(any(c in found for c in group) for group in RULES[table].needs)


def with_others(m: TableMapping, found: Found, columns: list[str]) -> Found:
    """Return what fills a table that takes every further column too, as a list of customers does."""
    used = {s for filled in found.values() for s in filled.reads}
    return found | {c: ColumnSource(ColumnRule(columns=(c,)), (c,)) for c in columns if m.others and c not in used}
