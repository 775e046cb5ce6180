"""Mappings: which source column feeds which canonical column. A preset is a mapping that ships in presets/*.toml.

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
from dataclasses import dataclass, field, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.ingest.names import listed, near, plain
from core.ingest.rules import EVENT_COUNTS, RULES, targets
from core.schema import EVENT_KINDS

PRESETS = Path(__file__).parent / "presets"
NO_SALES = ("stock", "deliveries", "promotions", "suppliers")  # named after one of them, a file holds no sales, whatever its columns allow
RETURNS = "returns"  # no table, but a name to hear
_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Options:
    """[options] of a mapping. Empty = decided from the data and shown in the plan."""

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""  # "." or ","
    date_format: str = ""  # iso, dmy, mdy, compact, chinese, month, unix, unix_ms, excel or a strptime format
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
        raise UserError(" or ".join(names[k] for k in (kind if isinstance(kind, tuple) else (kind,))), f"{value!r} at {where}",
                        "correct it")
    return value


def _kinds(given: dict, path: Path) -> dict[str, tuple[str, ...]]:
    for kind in given:
        if kind not in EVENT_KINDS:
            raise UserError(f"a kind of event among {', '.join(EVENT_KINDS)}", f"{kind} in {path.name}", _did_you_mean(kind, EVENT_KINDS))
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
            raise UserError(f"{' or '.join(group)} in [{name}] of {path.name}", f"only {listed(feeds) or 'nothing'}",
                            f'add a line such as {group[0]} = "name of the column in your file"')
    return TableMapping(name, feeds, files, files_of_returns, others)


def _feed(spec, where: str) -> Feed:
    if isinstance(spec, dict):
        known = {"column", "constant", "format", "values", "empty", "plus_days"}
        if set(spec) - known:
            raise UserError(f"keys among {', '.join(sorted(known))}", f"{listed(set(spec) - known)} at {where}", "correct it")
        rest = {"format": _shaped(spec.get("format", ""), str, where), "plus_days": _shaped(spec.get("plus_days", 0), int, where),
                "empty": _texts(_shaped(spec.get("empty", []), (str, list), where)),
                "values": tuple((str(k), str(v)) for k, v in _shaped(spec.get("values", {}), dict, where).items())}
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


# From a mapping and a file's columns to what the file feeds

@dataclass(frozen=True)
class Fed:
    """One canonical column of a file: how it is filled, and from which of the file's columns."""

    feed: Feed
    sources: tuple[str, ...]

    def text(self) -> str:
        if self.feed.constant is not None:
            return repr(self.feed.constant)
        return self.feed.template or self.sources[0]


@dataclass(frozen=True)
class TablePlan:
    table: str
    columns: dict[str, Fed]
    derived: bool = False  # another table is the file's main one, for which its rows are counted

    @property
    def retold(self) -> bool:
        """Whether many lines of the main table tell of one row of this."""
        return self.derived and self.table in ("products", "customers")

    @property
    def row_is_a_unit(self) -> bool:
        """Whether no column says how many units an order line is of: equal lines of an order then are as many."""
        return self.table == "orders" and "order_id" in self.columns and self.columns["units"].feed.constant is not None


def plan(mapping: Mapping, file: str, columns: list[str], names: tuple[str, ...] = (), row_is_a_unit: bool = False) -> list[TablePlan]:
    """The tables that a file with these columns feeds, the main one first. Raises UserError for a file of the wrong shape.

    names: what the columns go by, the most telling first (the title of a sheet, then its workbook's); else the file's.
    row_is_a_unit: a row of orders without a column of units stands for one.
    """
    present = {plain(c): c for c in reversed(columns)}
    named = tables_named(mapping, names or (file,)) if mapping.guesses else []
    feedable = {}
    for table, m in mapping.tables.items():
        if not mapping.guesses and not m.is_meant_for(file):
            continue
        if mapping.guesses and table == "customers" and table not in named and (named or tells_of_products(mapping, present)):
            continue  # lines of sales whose date or units nobody knew by name: customers would take any column, and lose every sale
        found = {c: Fed(feed, sources) for c, feed in m.feeds.items() if (sources := feed.found_in(present)) is not None}
        if row_is_a_unit and table == "orders":
            found["units"] = Fed(Feed(constant="1"), ())
        if mapping.guesses and table == "products" and not named and _is_of_categories(found):
            raise UserError(f"with {file}, which lists categories, the list of products that they are of", "none with their ids",
                            "name that list in the same import, or leave this one out")
        if mapping.guesses and table == "stock" and table not in named and _counts_sales(mapping, found, present):
            continue
        if all(any(c in found for c in group) for group in RULES[table].needs):
            missing = [c for c in m.feeds if c not in found]
            if missing and not mapping.guesses and _strict(m, missing):
                raise _no_such_columns(mapping, m, missing, file, columns)
            feedable[table] = _with_others(m, found, columns)
    if not feedable or "orders" in named and not feedable.keys() & set(named):  # sales whose date has an unheard name are no catalog
        raise _wrong_shape(mapping, file, columns, present, [t for t in named if t in mapping.tables] or None)
    if mapping.guesses and "orders" in feedable:
        feedable = _without_false_sales(mapping, file, feedable, named, columns, present)
    return _chosen(mapping, named, feedable, present)


def _strict(m: TableMapping, missing: list[str]) -> bool:
    """A mapping that names one column means that column; a list of names may be absent as a whole."""
    return any(len(m.feeds[c].asked) == 1 for c in missing)


def _with_others(m: TableMapping, found: dict[str, Fed], columns: list[str]) -> dict[str, Fed]:
    if not m.others:
        return found
    used = {s for fed in found.values() for s in fed.sources}
    return found | {c: Fed(Feed(columns=(c,)), (c,)) for c in columns if c not in used}


def _without_false_sales(mapping: Mapping, file: str, feedable: dict[str, dict[str, Fed]], named: list[str], columns: list[str],
                         present: dict[str, str]) -> dict[str, dict[str, Fed]]:
    """What a file feeds if its name allows for sales: dates, products and quantities are columns of stock, purchases and returns too."""
    if RETURNS in named:
        raise UserError(f"sales in {file}", "returns, by its name (or its sheet's)",
                        "give it another name if what came back stands below zero; else give a mapping with "
                        'status = { constant = "returned" } in [orders] and cancelled_status = ["returned"] in [options]')
    other = [t for t in named if t in NO_SALES]
    if not other or "orders" in named:
        return feedable
    if not any(t in feedable for t in other):
        raise _wrong_shape(mapping, file, columns, present, other)
    return {t: found for t, found in feedable.items() if t != "orders"}


def _chosen(mapping: Mapping, named: list[str], feedable: dict[str, dict[str, Fed]], present: dict[str, str]) -> list[TablePlan]:
    """The main table first: of a guess the one the file's name says, else the first of the contract that it can feed; then the others."""
    order = [t for t in RULES if t in feedable]
    if mapping.guesses:
        named = [t for t in order if t in named]
        named.sort(key=lambda t: t != "deliveries")  # incoming orders that have a day on which they are due are no sales
        facts = [t for t in order if t != "customers"]
        main = (named or facts or order)[0]
        persons = mapping.tables["orders"].feeds["customer_id"].found_in(present)  # beyond doubt: a bare `id` may be a product's
        if main == "products" and not named and persons and "customers" in order and not tells_of_products(mapping, present):
            main = "customers"  # a name beside a customer's id is the customer's
        beside = [t for t in order if t != main and _guessed_beside(t, main, feedable[t])]
        told = {t: _told_beside(t, feedable[t], feedable[main]) for t in beside}
        beside = [t for t in beside if all(any(c in told[t] for c in group) for group in RULES[t].needs)]
    else:
        main, beside, told = order[0], order[1:], feedable
    return [TablePlan(main, feedable[main]), *(TablePlan(t, told[t], derived=True) for t in beside)]


def tables_named(mapping: Mapping, names: tuple[str, ...]) -> list[str]:
    """The tables whose words the first telling name has. A longer word hides one within it: purchase orders are no orders, and a catalog is
    no log."""
    words = [(word.lower(), table) for table, m in mapping.tables.items() for word in m.files]
    words += [(word.lower(), RETURNS) for m in mapping.tables.values() for word in m.files_of_returns]
    for name in names:
        left, heard = name.lower(), []
        for word, table in sorted(words, key=lambda w: -len(w[0])):
            if word in left:
                left = left.replace(word, "|")
                heard.append(table)
        if heard:
            return heard
    return []


def tells_of_products(mapping: Mapping, present: dict[str, str]) -> bool:
    """Whether a column names products beyond doubt, as reviews and stock do: orders and products take a bare `name` for one too."""
    return any(m.feeds["product_id"].found_in(present) for t, m in mapping.tables.items()
               if t not in ("orders", "products") and "product_id" in m.feeds)


def _is_of_categories(found: dict[str, Fed]) -> bool:
    """Whether what would be a product has a bare id, a category and no name: it is a category."""
    read = {target: plain(fed.sources[0]) for target, fed in found.items() if fed.sources}
    return read.get("product_id") == "id" and "category" in read and read.get("title") in ("description", "商品描述")


def _counts_sales(mapping: Mapping, found: dict[str, Fed], present: dict[str, str]) -> bool:
    """Whether what would be stock on hand is a mere quantity, which in a file not named after stock is one of units sold."""
    return "on_hand" in found and found["on_hand"].sources == mapping.tables["orders"].feeds["units"].found_in(present)


def _guessed_beside(table: str, main: str, found: dict[str, Fed]) -> bool:
    """Whether a guess may take the main table's lines for another one too: orders tell of products, sales totals of views."""
    if table == "events":
        return main == "orders" and bool(found.keys() & EVENT_COUNTS.keys())
    return table == "products" and main in ("orders", "events")


def _told_beside(table: str, found: dict[str, Fed], main: dict[str, Fed]) -> dict[str, Fed]:
    """What a guess takes from a line for a second table: the date of an order, say, is no launch date."""
    if table == "events":
        return {c: fed for c, fed in found.items() if c in ("occurred_at", "product_id", *EVENT_COUNTS)}
    taken = {s for c, fed in main.items() if c not in ("product_id", "unit_price", "currency") for s in fed.sources}
    return {c: fed for c, fed in found.items() if not taken & set(fed.sources)}


def _no_such_columns(mapping: Mapping, m: TableMapping, missing: list[str], file: str, columns: list[str]) -> UserError:
    asked = [a for c in missing for a in m.feeds[c].asked]
    hints = [f"{a} -> {listed(n)}" for a in asked if (n := near(a, columns))]
    return UserError(f"the columns that [{m.name}] of {mapping.name} names in {file}", f"no {listed(asked)} among {listed(columns, 30)}",
                     "correct the mapping" + (f" (near matches: {'; '.join(hints)})" if hints else ""))


def _wrong_shape(mapping: Mapping, file: str, columns: list[str], present: dict[str, str], among: list[str] | None = None) -> UserError:
    """Says what the nearest table (among some) would need, what the file has, and how a mapping would begin."""
    def lacking(m: TableMapping) -> list[tuple[str, ...]]:
        return [g for g in RULES[m.name].needs if not any(c in m.feeds and m.feeds[c].found_in(present) is not None for c in g)]

    fitting = [m for m in mapping.tables.values() if (lacking(m) if mapping.guesses else m.is_meant_for(file))
               and (among is None or m.name in among)]
    nearest = min(fitting or mapping.tables.values(), key=lambda m: (len(lacking(m)) - len(RULES[m.name].needs), list(RULES).index(m.name)))
    if not mapping.guesses:
        return _no_such_columns(mapping, nearest, [c for g in lacking(nearest) for c in g if c in nearest.feeds], file, columns)
    wanted = "; ".join(f"{' or '.join(g)} (known as {_some([a for c in g if c in nearest.feeds for a in nearest.feeds[c].asked])})"
                       for g in lacking(nearest))
    lines = " ".join(f'{g[0]} = "..."' for g in RULES[nearest.name].needs)
    if lacking(nearest) == [("day",)]:
        lines = lines.replace('day = "..."', 'day = { constant = "2024-12-31" }')  # a count of today often does not say so
    in_two = nearest.name == "orders" and nearest.feeds["order_id"].found_in(present)
    in_two = "where orders and their lines are two files joined by an order id, name both in one import; else " if in_two else ""
    return UserError(f"columns for {nearest.name} in {file}: {wanted}", f"columns {listed(columns, 30)}",
                     f"{in_two}write a mapping and give it with --mapping, for example [{nearest.name}] {lines} with the names of your "
                     "columns")


def _some(aliases: list[str]) -> str:
    """A few aliases in each language."""
    shown = [a for a in aliases if a.isascii()][:5] + [a for a in aliases if not a.isascii()][:4]
    return ", ".join(shown) + (f" and {len(aliases) - len(shown)} more" if len(aliases) > len(shown) else "")
