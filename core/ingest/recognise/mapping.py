"""Mappings: which source column fills which canonical column. recognise/mapping_file.py reads them from TOML."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from dataclasses import dataclass, field, replace

from core.errors import UserError
from core.ingest.names import listed, near, plain
from core.ingest.persons.column_names import ENTERING
from core.ingest.recognise.layout import Layout
from core.ingest.recognise.rules import targets
from core.messages import Message, msg

RETURNS = "returns"  # a name that files have, and no table
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Options:
    """[options] of a mapping. Empty = decided from the data and shown in the report."""

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""  # "." or ","
    date_format: str = ""  # one of core.ingest.convert.formats.DATES, "day ISO", "week ISO" or a strptime format
    sheet: str = ""
    currency: str = ""  # of the shop, where the files do not give it
    segment_attribute: str = ""
    grain: str = ""  # "day": one order row a product and day; "line": one a sale
    rating_scale: float = 5.0  # the best rating
    non_products: tuple[str, ...] = ()  # patterns of product ids or titles that are postage, fees, vouchers ...
    cancelled_prefix: str = ""  # of order ids
    cancelled_status: tuple[str, ...] = ()
    free_is_no_sale: bool = False  # rows with units but no price above zero are no sales
    no_titles: tuple[str, ...] = ()  # patterns of titles that are remarks
    upper_case_ids: bool = False
    roll_up: bool = False  # many rows of a list of products make one product, of their commonest values


@dataclass(frozen=True)
class ColumnRule:
    """How one canonical column is filled: from a source column, a template of several, or, where a file has none of them, a constant."""

    columns: tuple[str, ...] = ()  # names of source columns, the first that exists is taken
    template: str = ""
    constant: str | None = None
    format: str = ""
    values: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()
    plus_days: int = 0
    minus: tuple[str, ...] = ()  # further source columns whose numbers are subtracted, those that a file has
    blank: tuple[str, ...] = ()  # source columns that replace blank cells, in this order, those that a file has

    def found_in(self, present: dict[str, str]) -> tuple[str, ...] | None:
        """Return the source columns it reads in a file whose columns are `present` (by plain name), or None if they are not there."""
        if self.template:
            names = [present.get(plain(n)) for n in self.names]
            found = tuple(name for name in names if name) if all(names) else None
        else:
            found = next(((present[plain(c)],) for c in self.columns if plain(c) in present), None)
        return () if found is None and self.constant is not None else found

    @property
    def names(self) -> tuple[str, ...]:
        """The source columns that it names, present or not."""
        return tuple(PLACEHOLDER.findall(self.template)) if self.template else self.columns


@dataclass(frozen=True)
class TableMapping:
    """How the rows of a file fill one canonical table."""

    name: str
    rules: dict[str, ColumnRule]
    files: tuple[str, ...] = ()  # names or patterns of files it is meant for, e.g. "orders*"
    files_of_returns: tuple[str, ...] = ()  # names that look like the above, of files whose units came back (guesses only)
    others: bool = False  # every further column is taken too (customers: as an attribute)

    def is_meant_for(self, file: str) -> bool:
        return not self.files or any(fnmatch.fnmatch(file.lower(), pattern.lower()) for pattern in self.files)


@dataclass(frozen=True)
class LookupRule:
    """[lookup]: columns of one file that are added to the others by a shared key before they are mapped."""

    key: str
    columns: tuple[str, ...]
    key_there: str = ""  # what the other file calls the key, if not the same

    @property
    def there(self) -> str:
        return self.key_there or self.key


@dataclass(frozen=True)
class Mapping:
    """A preset, or a mapping of the shop's own."""

    name: str
    tables: dict[str, TableMapping]
    options: Options = Options()
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)  # event kind -> names that files have for it
    lookup: LookupRule | None = None
    guesses: bool = False  # a preset of aliases: a file may lack any of them
    layout: Layout | None = None  # of a known system's report

    @property
    def automatic(self) -> bool:
        """Whether the program chose it: a person did not name its columns."""
        return self.guesses or self.layout is not None

    @property
    def digest(self) -> str:
        """Equal for equal mappings: with the file's hash, it identifies a repeated import."""
        return hashlib.sha256(json.dumps(self, default=vars, sort_keys=True).encode()).hexdigest()


def with_column_names(mapping: Mapping, hints: tuple[str, ...]) -> Mapping:
    """Return a mapping of aliases that prefers the shop's own names of columns. hints: "table.column = name" each.

    Products and customers are identified by one id: its name in one table holds for all. Raises UserError for any other hint.
    """
    tables = dict(mapping.tables)
    for hint in reversed(hints):
        place, _, name = (part.strip() for part in hint.partition("="))
        table, _, column = place.partition(".")
        known = [*(f"{t}.{c}" for t in tables for c in targets(t)), *(f"customers.{kind}" for kind in ENTERING)]
        if place not in known or not name:
            raise UserError(
                found=msg("{hint} does not name a column.", hint=repr(hint)),
                expected=msg("A column is named as table.column = name in your file."),
                to_do=did_you_mean(place, known),
            )
        for t in tables if column in ("product_id", "customer_id") else (table,):
            if column in targets(t) or t == "customers" and column in ENTERING:
                rule = tables[t].rules.get(column, ColumnRule())
                named = ColumnRule(columns=(name, *rule.columns), minus=rule.minus)
                tables[t] = replace(tables[t], rules=tables[t].rules | {column: named})
    return replace(mapping, tables=tables)


def with_constants(mapping: Mapping, given: dict[str, str]) -> Mapping:
    """Return a mapping in which columns that a file lacks have the same value on every row. given: "table.column" -> value.

    Raises UserError for an unknown column.
    """
    tables = dict(mapping.tables)
    for place, value in given.items():
        table, _, column = place.partition(".")
        known = [f"{t}.{c}" for t in tables for c in targets(t)]
        if place not in known:
            raise UserError(
                found=msg("{hint} does not name a column.", hint=repr(place)),
                expected=msg("A value on every row is given as table.column==value."),
                to_do=did_you_mean(place, known),
            )
        rule = replace(tables[table].rules.get(column, ColumnRule()), constant=value)
        tables[table] = replace(tables[table], rules=tables[table].rules | {column: rule})
    return replace(mapping, tables=tables)


def did_you_mean(name: str, known) -> Message:
    """Return what to do about an unknown name."""
    found = near(name, list(known))
    return msg("Did you mean {names}?", names=found) if found else msg("Use one of {names}.", names=listed(known))
