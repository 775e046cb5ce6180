"""Old product numbers that count as their new ones, and kits that count as their parts.

Imports store orders, stock and all else under the numbers that the files have. Whoever reads them for features, forecasts and plans reads
them by the map of the tables `product_map` and `kit_parts`: temporary views that stand in front of the stored tables. So a map can be
taken back at any time, and a shop without one pays nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import asdict, dataclass, field

from core.errors import UserError
from core.messages import msg
from core.storage import duckdb as db
from core.storage import warehouse

SUCCESSOR = "successor"
_VIEWS = ("orders", "events", "promotions", "reviews", "stock", "deliveries", "market", "links", "impressions", "searches", "products")
_MOST_NESTED = 20  # kits within kits


@dataclass(frozen=True)
class Count:
    """What one unit of a number counts as: `units` of another one, with the share `money` of its price.

    demand: it is so for what sells (orders, events, promotions, impressions, searches); else for what there is (stock, reviews, the product
    itself), which a product does not leave to its successor. kit: it is a part of a kit.
    """

    product_id: str
    counts_as: str
    units: float
    money: float
    demand: bool
    kit: bool


@dataclass
class Numbers:
    """The map. new: old number -> (new number, kind); parts: kit -> part -> units; prices: list price of a unit, in cents."""

    new: dict[str, tuple[str, str]] = field(default_factory=dict)
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    prices: dict[str, float] = field(default_factory=dict)

    def counts(self) -> list[Count]:
        """Return what each number of the map counts as, in the order of the numbers.

        Raises UserError for numbers that replace each other, kits that hold each other, and numbers that are both old and a kit.
        """
        if both := sorted(self.new.keys() & self.parts.keys()):
            raise UserError(
                found=msg("{numbers} have a new number and are kits.", numbers=both[:10]),
                expected=msg("A number is replaced by a new one or by the parts of a kit, not by both."),
                to_do=msg("List the parts of the kit under its new number."),
            )
        found: list[Count] = []
        for number in sorted(self.new.keys() | self.parts.keys()):
            for demand in (True, False):
                last, kit = self.latest(number, demand)
                leaves = self._leaves(last, demand) if kit else {last: (1.0, 1.0)}
                if list(leaves) != [number]:
                    found += [Count(number, leaf, units, money, demand, kit) for leaf, (units, money) in leaves.items()]
        return found

    def latest(self, number: str, demand: bool) -> tuple[str, bool]:
        """Return the number that one counts to, and whether that is a kit. Raises UserError where numbers replace each other."""
        passed = {number: None}  # in order
        while (step := self.new.get(number)) and (demand or step[1] != SUCCESSOR):
            number = step[0]
            if number in passed:
                raise UserError(
                    found=msg("These numbers replace each other: {numbers}.", numbers=[*passed, number][-10:]),
                    expected=msg("A replaced number never comes back."),
                    to_do=msg("Correct one of them, or give it the kind `separate`."),
                )
            passed[number] = None
        return number, number in self.parts

    def _leaves(self, kit: str, demand: bool, above: tuple[str, ...] = ()) -> dict[str, tuple[float, float]]:
        """Return the products in a kit and in kits within it -> (units, share of the money).

        The money is split by list prices; by units where a part has none.
        """
        if kit in above or len(above) >= _MOST_NESTED:
            raise UserError(
                found=msg("These kits hold each other: {numbers}.", numbers=[*above[-3:], kit]),
                expected=msg("A kit holds products, or kits that hold products."),
                to_do=msg("Correct the parts of one of them."),
            )
        parts: dict[tuple[str, bool], float] = defaultdict(float)
        for part, units in self.parts[kit].items():
            parts[self.latest(part, demand)] += units
        prices = {last: self.prices.get(last[0]) for last in parts}
        if not all(prices.values()):
            prices = dict.fromkeys(parts, 1.0)
        worth = sum(units * (prices[last] or 0) for last, units in parts.items())
        found: dict[str, tuple[float, float]] = {}
        for last, units in parts.items():
            share = units * (prices[last] or 0) / worth
            inside = self._leaves(last[0], demand, (*above, kit)) if last[1] else {last[0]: (1.0, 1.0)}
            for leaf, (each, money) in inside.items():
                before = found.get(leaf, (0.0, 0.0))
                found[leaf] = (before[0] + units * each, before[1] + share * money)
        return found


def stored(con) -> Numbers:
    """Return the map of an open warehouse; an empty one where an earlier version wrote it."""
    if not {"product_map", "kit_parts"} <= warehouse.columns(con).keys():
        return Numbers()
    parts: dict[str, dict[str, float]] = defaultdict(dict)
    for kit, part, units in _ask(con, "kit_parts_given"):
        parts[kit][part] = units
    new = {old: (number, kind) for old, number, kind in _ask(con, "product_map_given")}
    return Numbers(new, dict(parts), dict(_ask(con, "prices")) if parts else {})


def read_through(con) -> None:
    """Let a connection to a warehouse read the tables by the map. Raises UserError as Numbers.counts does."""
    import pyarrow as pa

    counts = stored(con).counts()
    if not counts:
        return
    con.register("counts", pa.Table.from_pylist([asdict(count) for count in counts]))
    con.execute("create or replace temp table counted_as as select * from counts")
    con.unregister("counts")
    for table in _VIEWS:
        con.execute(f"create or replace temp view {table} as {_text(con, table)}")


def digest(con) -> str:
    """Return the SHA-256 of what each number counts as: other daily totals follow from another map."""
    return hashlib.sha256(repr(stored(con).counts()).encode()).hexdigest()


def _text(con, query: str) -> str:
    """Return a query's text, in which `stored` is the warehouse: a view named after a table must not read itself."""
    (catalog,) = con.execute("select current_database()").fetchone()
    return db.sql(f"numbers/{query}").replace("stored.", '"{}".main.'.format(catalog.replace('"', '""')))


def _ask(con, query: str) -> list[tuple]:
    return con.execute(_text(con, query)).fetchall()
