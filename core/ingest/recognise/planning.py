"""From a mapping and a file's columns to what the file feeds: the tables, and the column behind each of theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.errors import UserError
from core.ingest.recognise.mapping import RETURNS, Feed, Mapping, TableMapping
from core.ingest.recognise.names import by_plain, listed, near, plain
from core.ingest.recognise.rules import EVENT_COUNTS, RULES

NO_SALES = ("stock", "deliveries", "promotions", "suppliers")  # named after one of them, a file holds no sales, whatever its columns allow
PRICED = ("orders.unit_price", "orders.line_total")
WORTH_ASKING = {  # what a file that fits no table may hold, and what is worth knowing of it beside what the table needs
    "orders": (*PRICED, "orders.order_id", "orders.customer_id", "orders.country", "products.title", "products.category"),
    "products": ("products.description", "products.category", "products.price", "products.unit_cost", "products.supplier"),
    "stock": ("stock.day", "stock.location"),
    "reviews": ("reviews.customer_id",),
    "customers": (),
    "events": ("events.visitor_id",),
}
PLACE_LISTS = ("store", "branch", "outlet", "location", "warehouse", "门店", "仓库")  # words in the name of a list of places
PLACES = ("latitude", "lat", "longitude", "lng", "lon", "纬度", "经度")  # columns of lists of places


class Unfit(UserError):
    """A file fits no table, and does not look like sales either: an import of several files can do without it."""

    def __init__(self, expected: str, found: str, to_do: str, why: str = ""):
        super().__init__(expected, found, to_do)
        self.why = why or str(self)  # in a few words


_A_VALUE = re.compile(r"[-+]?[\d.,]+|[\d./-]+[ T]?[\d:.]*")  # a number or a time, which names no column
BARE = ("id", "name", "description", "title", "名称")  # columns of lists of anything at all


@dataclass(frozen=True)
class Fed:
    """One canonical column of a file: how it is filled, and from which of the file's columns."""

    feed: Feed
    sources: tuple[str, ...]

    def text(self) -> str:
        if self.feed.constant is not None:
            return repr(self.feed.constant)
        return self.feed.template or ", else ".join(self.sources)


@dataclass(frozen=True)
class TablePlan:
    table: str
    columns: dict[str, Fed]
    derived: bool = False  # another table is the file's main one, for which its rows are counted
    bought: bool = False  # of orders: the purchases in a log of events
    told_once: bool = False  # of orders: who, where and in what state stands on an order's first line only

    @property
    def retold(self) -> bool:
        """Whether many lines of the main table tell of one row of this."""
        return self.derived and self.table in ("products", "customers")

    @property
    def by_the_way(self) -> bool:
        """Whether the main table's lines say this beside, so that one that does not say it is no failure."""
        return self.retold or self.derived and self.table == "stock"

    @property
    def row_is_a_unit(self) -> bool:
        """Whether no column says how many units an order line is of: equal lines of an order then are as many."""
        return self.table == "orders" and "order_id" in self.columns and self.columns["units"].feed.constant is not None

    @property
    def undated(self) -> bool:
        """Whether a count of stock does not say its day."""
        return self.table == "stock" and self.columns["day"] is UNDATED

    def of_day(self, day: str) -> TablePlan:
        """The plan of an undated count with the day (ISO) that it is taken to be of."""
        return replace(self, columns=self.columns | {"day": Fed(Feed(constant=day), ())})


UNDATED = Fed(Feed(constant=""), ())


def plan_of(
    mapping: Mapping, file: str, columns: list[str], names: tuple[str, ...] = (), row_is_a_unit: bool = False, dates_products: bool = False
) -> list[TablePlan]:
    """The tables that a file with these columns feeds, the main one first. Raises UserError for a file of the wrong shape.

    names: what the columns go by, the most telling first (the title of a sheet, then its workbook's); else the file's.
    row_is_a_unit: a row of orders without a column of units stands for one. dates_products: rows tell of the same products on several
    days, as those of a list of products don't.
    """
    present = by_plain(columns)
    named = tables_named(mapping, names or (file,)) if mapping.guesses else []
    feedable = {}
    for table, m in mapping.tables.items():
        if not mapping.guesses and not m.is_meant_for(file):
            continue
        if mapping.guesses and table == "customers" and table not in named and (named or tells_of_products(mapping, present)):
            continue  # lines of sales whose date or units nobody knew by name: customers would take any column, and lose every sale
        found = {c: Fed(feed, sources) for c, feed in m.feeds.items() if (sources := feed.found_in(present)) is not None}
        if mapping.guesses and table == "customers" and table not in named and _is_bare(found, "customer_id"):
            continue
        if row_is_a_unit and table == "orders":
            found["units"] = Fed(Feed(constant="1"), ())
        if mapping.guesses and table == "products" and "products" not in named and _is_of_places(found, present, names or (file,)):
            continue
        if mapping.guesses and table == "products" and not named and _is_of_categories(found):
            raise Unfit(
                f"with {file}, which lists categories, the list of products that they are of",
                "none with their ids",
                "name that list in the same import, or leave this one out",
            )
        if mapping.guesses and table == "stock" and table not in named and _counts_sales(mapping, found, present):
            continue
        if mapping.guesses and table == "stock" and "day" not in found and (table in named or not _has_quantities(mapping, present)):
            found["day"] = UNDATED
        if all(any(c in found for c in group) for group in RULES[table].needs):
            missing = [c for c in m.feeds if c not in found]
            if missing and not mapping.guesses and _strict(m, missing):
                raise _no_such_columns(mapping, m, missing, file, columns)
            feedable[table] = _with_others(m, found, columns)
    if mapping.guesses and "products" not in feedable and ("products" in named or feedable.keys() & {"orders", "events"}):
        feedable |= _untitled(mapping, present)
    if not feedable or "orders" in named and not feedable.keys() & set(named):  # sales whose date has an unheard name are no catalog
        raise _wrong_shape(mapping, file, columns, present, [t for t in named if t in mapping.tables] or None)
    of_no_day = feedable.keys() <= {"products", "customers"}
    if mapping.guesses and not named and of_no_day and (dates_products or _dates_orders(mapping, present)):
        raise _wrong_shape(mapping, file, columns, present, ["orders"])  # nor are sales whose units have one
    told_once = False
    if mapping.guesses and "orders" in feedable and "order_id" not in feedable["orders"] and (name := _name_of_order(present)):
        feedable["orders"]["order_id"], told_once = Fed(Feed(columns=(name,)), (name,)), True
    if mapping.guesses and "orders" in feedable:
        feedable = _without_false_sales(mapping, file, feedable, named, columns, present)
    return [replace(p, told_once=told_once and p.table == "orders") for p in _chosen(mapping, named, feedable, present)]


def _strict(m: TableMapping, missing: list[str]) -> bool:
    """A mapping that names one column means that column; a list of names may be absent as a whole."""
    return any(len(m.feeds[c].asked) == 1 for c in missing)


def _with_others(m: TableMapping, found: dict[str, Fed], columns: list[str]) -> dict[str, Fed]:
    if not m.others:
        return found
    used = {s for fed in found.values() for s in fed.sources}
    return found | {c: Fed(Feed(columns=(c,)), (c,)) for c in columns if c not in used}


def _without_false_sales(
    mapping: Mapping, file: str, feedable: dict[str, dict[str, Fed]], named: list[str], columns: list[str], present: dict[str, str]
) -> dict[str, dict[str, Fed]]:
    """What a file feeds if its name allows for sales: dates, products and quantities are columns of stock, purchases and returns too."""
    if RETURNS in named:
        raise UserError(
            f"sales in {file}",
            "returns, by its name (or its sheet's)",
            "give it another name if what came back stands below zero; else give a mapping with "
            'status = { constant = "returned" } in [orders] and cancelled_status = ["returned"] in [options]',
        )
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
        if main in ("products", "customers") and {"order_id", "customer_id"} & feedable.get("orders", {}).keys():
            main = "orders"  # items that were bought, not those that are on sale; what customers bought, not who they are
        log = feedable.get("events", {})
        if main in ("products", "customers") and "kind" in log and {"visitor_id", "customer_id"} & log.keys():
            main = "events"  # items that were looked at, and by whom
        if main == "stock" and not named and feedable["stock"]["day"] is UNDATED and "products" in order:
            main = "products"  # which say beside how many are there
        ids = mapping.tables["customers"].feeds["customer_id"].columns
        persons = Feed(columns=tuple(c for c in ids if c != "id")).found_in(present)  # beyond doubt: a bare `id` may be a product's
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
    """Whether a column names products beyond doubt, which a bare `name` or `id` does not."""
    known = {name: column for name, column in present.items() if name not in BARE}
    return any(m.feeds["product_id"].found_in(known) for m in mapping.tables.values() if "product_id" in m.feeds)


def _name_of_order(present: dict[str, str]) -> str | None:
    """The column `Name` of an export of line items, as Shopify's: the order's, like #1001."""
    return present.get("name") if any(c.startswith("lineitem") for c in present) else None


def _untitled(mapping: Mapping, present: dict[str, str]) -> dict[str, dict[str, Fed]]:
    """Products that have a category or a brand and no name: their id stands for it."""
    found = {c: Fed(feed, s) for c, feed in mapping.tables["products"].feeds.items() if (s := feed.found_in(present)) is not None}
    if not tells_of_products(mapping, present) or not found.keys() & {"category", "brand"}:
        return {}
    return {"products": found | {"title": found["product_id"]}}


def _is_of_categories(found: dict[str, Fed]) -> bool:
    """Whether what would be a product has a bare id, a category and no name: it is a category."""
    read = {target: plain(fed.sources[0]) for target, fed in found.items() if fed.sources}
    return read.get("product_id") == "id" and "category" in read and read.get("title") in ("description", "商品描述")


def _is_bare(found: dict[str, Fed], target: str) -> bool:
    """Whether what would tell a thing apart is an id or name of anything at all."""
    return target in found and plain(found[target].sources[0]) in BARE


def _is_of_places(found: dict[str, Fed], present: dict[str, str], names: tuple[str, ...]) -> bool:
    """Whether what would be a product has a bare id or name, and stands somewhere on earth, or is nothing but named in a list of stores."""
    merely_named = found.keys() <= {"product_id", "title"} and any(word in name.lower() for name in names for word in PLACE_LISTS)
    return _is_bare(found, "product_id") and (merely_named or any(place in present for place in PLACES))


def _has_quantities(mapping: Mapping, present: dict[str, str]) -> bool:
    """Whether a column holds units or money, as sales do."""
    feeds = mapping.tables["orders"].feeds
    return any(feeds[c].found_in(present) is not None for c in ("units", "line_total"))


def _dates_orders(mapping: Mapping, present: dict[str, str]) -> bool:
    """Whether each line has an order's number and a day. A bare `order` may be a place in a list."""
    feeds = mapping.tables["orders"].feeds
    numbered = feeds["order_id"].found_in({name: column for name, column in present.items() if name != "order"})
    return numbered is not None and feeds["ordered_at"].found_in(present) is not None


def _counts_sales(mapping: Mapping, found: dict[str, Fed], present: dict[str, str]) -> bool:
    """Whether what would be stock on hand is a mere quantity, which in a file not named after stock is one of units sold."""
    return "on_hand" in found and found["on_hand"].sources == mapping.tables["orders"].feeds["units"].found_in(present)


def _guessed_beside(table: str, main: str, found: dict[str, Fed]) -> bool:
    """Whether a guess may take the main table's lines for another one too: orders tell of products, sales totals of views, a list of
    products of what is there."""
    if table == "events":
        return main == "orders" and bool(found.keys() & EVENT_COUNTS.keys())
    if table == "stock":
        return main == "products"
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
    return UserError(
        f"the columns that [{m.name}] of {mapping.name} names in {file}",
        f"no {listed(asked)} among {listed(columns, 30)}",
        "correct the mapping" + (f" (near matches: {'; '.join(hints)})" if hints else ""),
    )


def _wrong_shape(mapping: Mapping, file: str, columns: list[str], present: dict[str, str], among: list[str] | None = None) -> UserError:
    """Says what the nearest table (among some) would need, what the file has, and how a mapping would begin."""
    if len(values := [c for c in columns if _A_VALUE.fullmatch(c)]) > len(columns) / 2 and columns[0] in values:
        return UserError(
            f"the names of the columns in the first line of {file}",
            f"{listed(columns, 30)}, which look like values",
            "write a line of names above it, for example user_id,item_id,behavior_type,timestamp",
        )

    def lacking(m: TableMapping) -> list[tuple[str, ...]]:
        return [g for g in RULES[m.name].needs if not any(c in m.feeds and m.feeds[c].found_in(present) is not None for c in g)]

    fitting = [
        m
        for m in mapping.tables.values()
        if (lacking(m) if mapping.guesses else m.is_meant_for(file)) and (among is None or m.name in among)
    ]
    nearest = min(fitting or mapping.tables.values(), key=lambda m: (len(lacking(m)) - len(RULES[m.name].needs), list(RULES).index(m.name)))
    if not mapping.guesses:
        return _no_such_columns(mapping, nearest, [c for g in lacking(nearest) for c in g if c in nearest.feeds], file, columns)
    wanted = "; ".join(
        f"{' or '.join(g)} (known as {_some([a for c in g if c in nearest.feeds for a in nearest.feeds[c].asked])})"
        for g in lacking(nearest)
    )
    lines = " ".join(f'{g[0]} = "..."' for g in RULES[nearest.name].needs)
    in_two = nearest.name == "orders" and nearest.feeds["order_id"].found_in(present)
    in_two = "where orders and their lines are two files joined by an order id, name both in one import; else " if in_two else ""
    asks = {t: _asks(mapping, t, present) for t in dict.fromkeys((nearest.name, *WORTH_ASKING))}
    first = asks[nearest.name]["needed"][0][0]
    to_do = (
        f'{in_two}say which of its columns are these, as --column {first}="..."; or give a mapping with --mapping, '
        f"for example [{nearest.name}] {lines} with the names of your columns"
    )
    said = f"columns for {nearest.name} in {file}: {wanted}", f"columns {listed(columns, 30)}"
    if _may_be_sales(mapping, nearest, present, named=bool(among)):
        error = UserError(*said, to_do + "; if it tells of no sales, leave the file out")
    else:
        unknown = listed([" or ".join(g) for g in lacking(nearest)])
        error = Unfit(*said, to_do, f"it fits no table; for {nearest.name}, say, no column is known as {unknown}")
    error.ask = {"file": file, "columns": columns, "tables": asks}
    return error


def _asks(mapping: Mapping, table: str, present: dict[str, str]) -> dict[str, list]:
    """What is to be said of a file with these columns, if it holds this table: of each `needed` group one column, and `further` ones."""

    def unknown(place: str) -> bool:
        t, c = place.split(".")
        return mapping.tables[t].feeds[c].found_in(present) is None

    groups = [[f"{table}.{c}" for c in g if c in mapping.tables[table].feeds] for g in RULES[table].needs]
    needed = [g for g in groups if all(map(unknown, g))]
    if len(needed) > 1:
        needed = [g for g in needed if g != ["stock.day"]]  # a count that doesn't say its day is of the last one
    further = WORTH_ASKING.get(table, ())
    if not all(map(unknown, PRICED)):
        further = [place for place in further if place not in PRICED]
    return {"needed": needed, "further": [place for place in further if unknown(place) and [place] not in needed]}


def _may_be_sales(mapping: Mapping, nearest: TableMapping, present: dict[str, str], named: bool) -> bool:
    """Whether a file that fits no table may hold sales, which must not go missing: it has quantities, or days or products of orders."""
    if nearest.name != "orders" or not mapping.guesses:
        return not mapping.guesses
    found = [c for c in ("ordered_at", "order_id") if nearest.feeds[c].found_in(present) is not None]
    return _has_quantities(mapping, present) or len(found) == 2 or tells_of_products(mapping, present) and bool(found or named)


def _some(aliases: list[str]) -> str:
    """A few aliases in each language."""
    shown = [a for a in aliases if a.isascii()][:5] + [a for a in aliases if not a.isascii()][:4]
    return ", ".join(shown) + (f" and {len(aliases) - len(shown)} more" if len(aliases) > len(shown) else "")
