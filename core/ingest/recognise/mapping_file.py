"""Reading mappings from TOML. A preset is a mapping that ships in core/ingest/layouts/*.toml.

[orders]                                a table of the data contract
ordered_at = "Order date"               a column of the file
product_id = ["SKU", "Item"]            several names: the first that the file has
channel = { constant = "web" }          the same value on every row
title = "{Brand} {Name}"                put together from several columns
country = { column = "Land", values = { "DE" = "Germany" }, empty = ["?"] }
starts_on = { column = "week", format = "week 2016-12-26", plus_days = 6 }
units = { column = "qty_ordered", minus = ["qty_canceled"] }   less what other columns hold

[options]                               see Options
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.ingest.names import alternatives, listed
from core.ingest.recognise.layout_file import parse_layout
from core.ingest.recognise.mapping import PLACEHOLDER, ColumnRule, LookupRule, Mapping, Options, TableMapping, did_you_mean
from core.ingest.recognise.rules import OTHER, PURCHASE, RULES, targets
from core.messages import Message, msg
from core.schema import EVENT_KINDS

PRESETS = Path(__file__).parents[1] / "layouts"
_KINDS_OF_VALUES = {
    dict: msg("a table"),
    bool: msg("true or false"),
    str: msg("a text"),
    list: msg("a list of texts"),
    int: msg("a whole number"),
}


def presets() -> list[str]:
    """Return the names of the mappings that ship."""
    return sorted(p.stem for p in PRESETS.glob("*.toml"))


def load(preset: str | None, mapping: str | Path | None) -> Mapping:
    """Return the preset or the mapping file asked for, else the generic preset. Raises UserError for unknown names and keys."""
    if preset and mapping:
        raise UserError(
            found=msg("The import was given the preset {preset} and the mapping {mapping}.", preset=preset, mapping=str(mapping)),
            expected=msg("An import takes a preset or a mapping, not both."),
            to_do=msg("Leave one of them out."),
        )
    if mapping:
        path = Path(mapping)
        if not path.exists():
            raise UserError(
                found=msg("There is no file at {path}.", path=str(path)),
                expected=msg("A mapping is a TOML file."),
                to_do=msg("Check the path."),
            )
        return parse(path.stem, path)
    preset = preset or "generic"
    if preset not in presets():
        raise UserError(
            found=msg("There is no preset {preset}.", preset=preset),
            expected=msg("The presets are {presets}.", presets=presets()),
            to_do=msg("Choose one of them, or write a mapping of your own."),
        )
    return _shipped(preset)


@cache
def _shipped(preset: str) -> Mapping:
    return parse(preset, PRESETS / f"{preset}.toml")


def parse(name: str, path: Path) -> Mapping:
    """Read a mapping from TOML. Raises UserError for every unknown table, column or option."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(
            found=msg("{path} cannot be read as TOML: {error}.", path=str(path), error=str(error).rstrip(".")),
            expected=msg("A mapping is a TOML file in UTF-8."),
            to_do=msg("Correct that line."),
        ) from error
    options = _options(_shaped(content.pop("options", {}), dict, _place("[options]", path)), path)
    kinds = _kinds(_shaped(content.pop("kinds", {}), dict, _place("[kinds]", path)), path)
    lookup = _lookup(content.pop("lookup", None), path)
    states = _shaped(content.pop("states", []), list, _place("[[states]]", path))
    given = _shaped(content.pop("layout", {}), dict, _place("[layout]", path))
    layout = parse_layout(given, states, path) if given or states else None
    guesses = _shaped(content.pop("guesses", False), bool, _place("guesses", path))
    tables = {table: _table(table, columns, path) for table, columns in content.items()}
    if not tables and not (layout and layout.why):
        raise UserError(
            found=msg("{file} has no table.", file=path.name),
            expected=msg("A mapping has a table such as [orders]."),
            to_do=msg("Add one that names the source column of each canonical column."),
        )
    return Mapping(name, tables, options, kinds or _default_kinds(), lookup, guesses, layout)


def _place(key: str, path: Path) -> Message:
    """Return where in a mapping something is."""
    return msg("{key} in {file}", key=key, file=path.name)


def _shaped(value, kind: type | tuple[type, ...], place: Message):
    """Return the value if it is of that kind. Raises UserError that names its place."""
    if not isinstance(value, kind):
        kinds = [_KINDS_OF_VALUES[k] for k in (kind if isinstance(kind, tuple) else (kind,))]
        raise UserError(
            found=msg("{place} is {value}.", place=place, value=repr(value)),
            expected=msg("Its value is {kinds}.", kinds=alternatives(kinds)),
            to_do=msg("Correct the mapping."),
        )
    return value


def _kinds(given: dict, path: Path) -> dict[str, tuple[str, ...]]:
    known = (*EVENT_KINDS, PURCHASE, OTHER)
    for kind in given:
        if kind not in known:
            raise UserError(
                found=msg("{file} has the kind of event {kind}.", file=path.name, kind=kind),
                expected=msg("The kinds of events are {kinds}.", kinds=list(known)),
                to_do=did_you_mean(kind, known),
            )
    return {kind: _texts(_shaped(names, (str, list), _place(f"[kinds] {kind}", path))) for kind, names in given.items()}


def _lookup(given, path: Path) -> LookupRule | None:
    if given is None:
        return None
    place = _place("[lookup]", path)
    if set(_shaped(given, dict, place)) - {"key_there"} != {"key", "columns"}:
        raise UserError(
            found=msg("{place} has the keys {keys}.", place=place, keys=listed(given)),
            expected=msg("[lookup] has the keys `key` and `columns`."),
            to_do=msg("Correct the mapping."),
        )
    return LookupRule(_shaped(given["key"], str, place), _texts(_shaped(given["columns"], list, place)), given.get("key_there", ""))


@cache
def _default_kinds() -> dict[str, tuple[str, ...]]:
    return {k: _texts(v) for k, v in tomllib.loads((PRESETS / "generic.toml").read_text(encoding="utf-8"))["kinds"].items()}


def _options(given: dict, path: Path) -> Options:
    known = {f.name: f for f in fields(Options)}
    for key, value in given.items():
        if key not in known:
            raise UserError(
                found=msg("[options] in {file} has {option}.", file=path.name, option=key),
                expected=msg("The options are {options}.", options=list(known)),
                to_do=did_you_mean(key, known),
            )
        default = known[key].default
        allowed = {tuple: (list, str), float: (int, float)}.get(type(default), type(default))
        if not isinstance(value, allowed) or isinstance(value, bool) != isinstance(default, bool):
            raise _wrong_option(path, key, value, repr(default))
    values: dict[str, Any] = {k: _texts(v) if isinstance(known[k].default, tuple) else v for k, v in given.items()}
    options = Options(**values)
    for key, choices in (("decimal", ("", ".", ",")), ("grain", ("", "day", "line"))):
        if getattr(options, key) not in choices:
            raise _wrong_option(path, key, getattr(options, key), alternatives([repr(one) for one in choices if one]))
    for pattern in options.non_products + options.no_titles:
        try:
            pc.match_substring_regex(pa.array([""]), pattern)  # the same kind of expressions as DuckDB's
        except pa.ArrowInvalid as error:
            raise UserError(
                found=msg("The pattern {pattern} cannot be read: {error}.", pattern=repr(pattern), error=str(error).rstrip(".")),
                expected=msg("A pattern is a regular expression."),
                to_do=msg("Correct [options] in {file}.", file=path.name),
            ) from error
    return options


def _wrong_option(path: Path, option: str, value, example) -> UserError:
    return UserError(
        found=msg("The option {option} is {value}.", option=option, value=repr(value)),
        expected=msg("Its value is like {example}.", example=example),
        to_do=msg("Correct [options] in {file}.", file=path.name),
    )


def _texts(value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)


def _table(name: str, columns, path: Path) -> TableMapping:
    if name not in RULES or not isinstance(columns, dict):
        raise UserError(
            found=msg("{file} has [{table}].", file=path.name, table=name),
            expected=msg("The tables are {tables}.", tables=list(RULES)),
            to_do=did_you_mean(name, RULES),
        )
    columns, place = dict(columns), _place(f"[{name}]", path)
    files = _texts(_shaped(columns.pop("files", []), (str, list), _place(f"[{name}] files", path)))
    files_of_returns = _texts(_shaped(columns.pop("files_of_returns", []), (str, list), _place(f"[{name}] files_of_returns", path)))
    others = _shaped(columns.pop("others", False), bool, _place(f"[{name}] others", path))
    known = targets(name)
    for column in columns:
        if column not in known and name != "customers":
            raise UserError(
                found=msg("{place} has the column {column}.", place=place, column=column),
                expected=msg("[{table}] has the columns {columns}.", table=name, columns=list(known)),
                to_do=did_you_mean(column, known),
            )
    rules = {column: _rule(spec, _place(f"[{name}] {column}", path)) for column, spec in columns.items()}
    for group in RULES[name].needs:
        if group == ("day",) and name == "stock":
            continue  # a count without a day is of the last one
        if not any(column in rules for column in group):
            raise UserError(
                found=msg("{place} has no line for {columns}.", place=place, columns=alternatives(group)),
                expected=msg("Every mapping of [{table}] has one.", table=name),
                to_do=msg('Add a line such as {column} = "name of the column in your file".', column=group[0]),
            )
    return TableMapping(name, rules, files, files_of_returns, others)


def _rule(spec, place: Message) -> ColumnRule:
    if isinstance(spec, dict):
        known = {"column", "constant", "format", "values", "empty", "plus_days", "minus", "blank"}
        if unknown := set(spec) - known:
            raise UserError(
                found=msg("{place} has the keys {keys}.", place=place, keys=listed(unknown)),
                expected=msg("A column has the keys {keys}.", keys=sorted(known)),
                to_do=msg("Correct the mapping."),
            )
        rest = {
            "format": _shaped(spec.get("format", ""), str, place),
            "plus_days": _shaped(spec.get("plus_days", 0), int, place),
            "empty": _texts(_shaped(spec.get("empty", []), (str, list), place)),
            "blank": _texts(_shaped(spec.get("blank", []), (str, list), place)),
            "minus": _texts(_shaped(spec.get("minus", []), (str, list), place)),
            "values": tuple((str(k), str(v)) for k, v in _shaped(spec.get("values", {}), dict, place).items()),
        }
        if "constant" in spec:
            return ColumnRule(constant=str(spec["constant"]), **rest)
        spec = spec.get("column", "")
    else:
        rest = {}
    if isinstance(spec, str) and PLACEHOLDER.search(spec):
        return ColumnRule(template=spec, **rest)
    if not spec or not (isinstance(spec, str) or isinstance(spec, list) and all(isinstance(s, str) for s in spec)):
        raise UserError(
            found=msg("{place} is {value}.", place=place, value=repr(spec)),
            expected=msg("Its value is the name of a source column, or a list of names."),
            to_do=msg("Correct the mapping."),
        )
    return ColumnRule(columns=_texts(spec), **rest)
