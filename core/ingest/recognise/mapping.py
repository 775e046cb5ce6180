"""Mappings: which source column feeds which canonical column. A preset is a mapping that ships in core/ingest/layouts/*.toml.

[orders]                                a table of the data contract
ordered_at = "Order date"               a column of the file
product_id = ["SKU", "Item"]            several names: the first that the file has
channel = { constant = "web" }          the same value on every row
title = "{Brand} {Name}"                put together from several columns
country = { column = "Land", values = { "DE" = "Germany" }, empty = ["?"] }
starts_on = { column = "week", format = "week 2016-12-26", plus_days = 6 }

[options]                               see Options
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.ingest.recognise.names import listed, near, plain
from core.ingest.recognise.rules import OTHER, PURCHASE, RULES, targets
from core.schema import EVENT_KINDS

PRESETS = Path(__file__).parents[1] / "layouts"
RETURNS = "returns"  # no table, but a name to hear
_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Options:
    """[options] of a mapping. Empty = decided from the data and shown in the plan."""

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""  # "." or ","
    date_format: str = ""  # one of core.ingest.convert.formats.DATES, "day ISO", "week ISO" or a strptime format
    sheet: str = ""
    currency: str = ""  # of the shop, if the files do not say
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
class Feed:
    """How one canonical column is filled."""

    columns: tuple[str, ...] = ()  # names of source columns, the first that exists is taken
    template: str = ""
    constant: str | None = None
    format: str = ""
    values: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()
    plus_days: int = 0

    def found_in(self, present: dict[str, str]) -> tuple[str, ...] | None:
        """The source columns it reads in a file whose columns are `present` (by plain name), or None if they are not there."""
        if self.constant is not None:
            return ()
        if self.template:
            names = [present.get(plain(n)) for n in _PLACE.findall(self.template)]
            return tuple(names) if all(names) else None
        return next(((present[plain(c)],) for c in self.columns if plain(c) in present), None)

    @property
    def asked(self) -> tuple[str, ...]:
        return tuple(_PLACE.findall(self.template)) if self.template else self.columns


@dataclass(frozen=True)
class TableMapping:
    name: str
    feeds: dict[str, Feed]
    files: tuple[str, ...] = ()  # names or patterns of files it is meant for, e.g. "orders*"
    files_of_returns: tuple[str, ...] = ()  # names that look like the above, of files whose units came back (guesses only)
    others: bool = False  # every further column is taken too (customers: as an attribute)

    def is_meant_for(self, file: str) -> bool:
        return not self.files or any(fnmatch.fnmatch(file.lower(), pattern.lower()) for pattern in self.files)


@dataclass(frozen=True)
class Lookup:
    """Columns of one file that are added to the others by a shared key before they are mapped."""

    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Mapping:
    name: str
    tables: dict[str, TableMapping]
    options: Options = Options()
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)  # event kind -> what files call it
    lookup: Lookup | None = None
    guesses: bool = False  # a preset of aliases: a file may lack any of them

    @property
    def digest(self) -> str:
        """Equal for equal mappings: with the file's hash, it tells a repeated import."""
        return hashlib.sha256(json.dumps(self, default=vars, sort_keys=True).encode()).hexdigest()


def presets() -> list[str]:
    return sorted(p.stem for p in PRESETS.glob("*.toml"))


def load(preset: str | None, mapping: str | Path | None) -> Mapping:
    """The mapping asked for; without one, the generic preset. Raises UserError for unknown names and keys."""
    if preset and mapping:
        raise UserError("a preset or a mapping", "both", "leave one of them out")
    if mapping:
        path = Path(mapping)
        if not path.exists():
            raise UserError(f"a mapping at {path}", "nothing there", "check the path")
        return parse(path.stem, path)
    preset = preset or "generic"
    if preset not in presets():
        raise UserError(f"one of the presets {', '.join(presets())}", repr(preset), "choose one of them, or write a mapping of your own")
    return parse(preset, PRESETS / f"{preset}.toml")


def called(mapping: Mapping, said: tuple[str, ...]) -> Mapping:
    """A mapping of aliases that knows, before all others, what a shop calls its columns. said: "table.column = name" each.

    Products and customers are told apart by one id: what it is called in one table holds for all. Raises UserError for what says no such
    thing.
    """
    tables = dict(mapping.tables)
    for text in reversed(said):
        place, _, name = (part.strip() for part in text.partition("="))
        table, _, column = place.partition(".")
        known = [f"{t}.{c}" for t in tables for c in targets(t)]
        if place not in known or not name:
            raise UserError("a column as table.column = name in your file", repr(text), _did_you_mean(place, known))
        for t in tables if column in ("product_id", "customer_id") else (table,):
            if column in targets(t):
                known_as = tables[t].feeds.get(column, Feed()).columns
                tables[t] = replace(tables[t], feeds=tables[t].feeds | {column: Feed(columns=(name, *known_as))})
    return replace(mapping, tables=tables)


def parse(name: str, path: Path) -> Mapping:
    """A mapping from its TOML text; every unknown table, column or option is an error."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"a mapping in TOML (UTF-8) at {path}", str(error), "correct that line") from error
    options = _options(_shaped(content.pop("options", {}), dict, f"[options] in {path.name}"), path)
    kinds = _kinds(_shaped(content.pop("kinds", {}), dict, f"[kinds] in {path.name}"), path)
    lookup = _lookup(content.pop("lookup", None), path)
    guesses = _shaped(content.pop("guesses", False), bool, f"guesses in {path.name}")
    tables = {table: _table(table, columns, path) for table, columns in content.items()}
    if not tables:
        raise UserError(f"a table such as [orders] in {path.name}", "none", "say which source column feeds which column")
    return Mapping(name, tables, options, kinds or _default_kinds(), lookup, guesses)


def _shaped(value, kind: type | tuple[type, ...], where: str):
    """The value if it is of that kind, else a UserError that says where it stands."""
    if not isinstance(value, kind):
        names = {dict: "a table", bool: "true or false", str: "a text", list: "a list of texts", int: "a whole number"}
        raise UserError(
            " or ".join(names[k] for k in (kind if isinstance(kind, tuple) else (kind,))), f"{value!r} at {where}", "correct it"
        )
    return value


def _kinds(given: dict, path: Path) -> dict[str, tuple[str, ...]]:
    known = (*EVENT_KINDS, PURCHASE, OTHER)
    for kind in given:
        if kind not in known:
            raise UserError(f"a kind of event among {', '.join(known)}", f"{kind} in {path.name}", _did_you_mean(kind, known))
    return {kind: _texts(_shaped(names, (str, list), f"[kinds] {kind} in {path.name}")) for kind, names in given.items()}


def _lookup(given, path: Path) -> Lookup | None:
    if given is None:
        return None
    where = f"[lookup] in {path.name}"
    if set(_shaped(given, dict, where)) != {"key", "columns"}:
        raise UserError("key and columns in [lookup]", f"{listed(given) or 'nothing'} in {path.name}", "correct it")
    return Lookup(_shaped(given["key"], str, where), _texts(_shaped(given["columns"], list, where)))


def _default_kinds() -> dict[str, tuple[str, ...]]:
    return {k: _texts(v) for k, v in tomllib.loads((PRESETS / "generic.toml").read_text(encoding="utf-8"))["kinds"].items()}


def _options(given: dict, path: Path) -> Options:
    known = {f.name: f for f in fields(Options)}
    for key, value in given.items():
        if key not in known:
            raise UserError(f"an option among {', '.join(known)}", f"{key} in {path.name}", _did_you_mean(key, known))
        default = known[key].default
        allowed = {tuple: (list, str), float: (int, float)}.get(type(default), type(default))
        if not isinstance(value, allowed) or isinstance(value, bool) != isinstance(default, bool):
            raise UserError(f"{key} like {default!r}", repr(value), f"correct [options] in {path.name}")
    options = Options(**{k: _texts(v) if isinstance(known[k].default, tuple) else v for k, v in given.items()})
    for key, allowed in (("decimal", ("", ".", ",")), ("grain", ("", "day", "line"))):
        if getattr(options, key) not in allowed:
            raise UserError(f"{key} as one of {allowed[1:]}", repr(getattr(options, key)), f"correct [options] in {path.name}")
    for pattern in options.non_products + options.no_titles:
        try:
            pc.match_substring_regex(pa.array([""]), pattern)  # the same kind of expressions as DuckDB's
        except pa.ArrowInvalid as error:
            raise UserError("a regular expression", f"{pattern!r}: {error}", f"correct [options] in {path.name}") from error
    return options


def _did_you_mean(name: str, known) -> str:
    found = near(name, list(known))
    return f"did you mean {' or '.join(found)}?" if found else f"take one of {listed(known)}"


def _texts(value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)


def _table(name: str, columns, path: Path) -> TableMapping:
    if name not in RULES or not isinstance(columns, dict):
        raise UserError(f"a table among {', '.join(RULES)}", f"[{name}] in {path.name}", _did_you_mean(name, RULES))
    columns, where = dict(columns), f"[{name}] in {path.name}"
    files = _texts(_shaped(columns.pop("files", []), (str, list), f"files of {where}"))
    files_of_returns = _texts(_shaped(columns.pop("files_of_returns", []), (str, list), f"files_of_returns of {where}"))
    others = _shaped(columns.pop("others", False), bool, f"others of {where}")
    known = targets(name)
    for column in columns:
        if column not in known and name != "customers":
            raise UserError(f"a column among {', '.join(known)} in [{name}]", f"{column} in {path.name}", _did_you_mean(column, known))
    feeds = {column: _feed(spec, f"[{name}] {column} in {path.name}") for column, spec in columns.items()}
    for group in RULES[name].needs:
        if not any(column in feeds for column in group):
            raise UserError(
                f"{' or '.join(group)} in [{name}] of {path.name}",
                f"only {listed(feeds) or 'nothing'}",
                f'add a line such as {group[0]} = "name of the column in your file"',
            )
    return TableMapping(name, feeds, files, files_of_returns, others)


def _feed(spec, where: str) -> Feed:
    if isinstance(spec, dict):
        known = {"column", "constant", "format", "values", "empty", "plus_days"}
        if set(spec) - known:
            raise UserError(f"keys among {', '.join(sorted(known))}", f"{listed(set(spec) - known)} at {where}", "correct it")
        rest = {
            "format": _shaped(spec.get("format", ""), str, where),
            "plus_days": _shaped(spec.get("plus_days", 0), int, where),
            "empty": _texts(_shaped(spec.get("empty", []), (str, list), where)),
            "values": tuple((str(k), str(v)) for k, v in _shaped(spec.get("values", {}), dict, where).items()),
        }
        if "constant" in spec:
            return Feed(constant=str(spec["constant"]), **rest)
        spec = spec.get("column", "")
    else:
        rest = {}
    if isinstance(spec, str) and _PLACE.search(spec):
        return Feed(template=spec, **rest)
    if not spec or not (isinstance(spec, str) or isinstance(spec, list) and all(isinstance(s, str) for s in spec)):
        raise UserError("the name of a source column (or a list of names)", f"{spec!r} at {where}", "correct it")
    return Feed(columns=_texts(spec), **rest)
