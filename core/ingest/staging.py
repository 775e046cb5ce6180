"""From a source to checked rows: load its text, decide how numbers and dates are written, convert, and say what is wrong with a row.

The staged table has the canonical columns of one table, `line`, and for a row that fails `problem` (a position in `reasons`),
`problem_value` beside them. Identifiers come from core/schema.py and are quoted; values are bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pyarrow as pa

from core.ingest import formats, privacy
from core.ingest.mapping import Fed, Mapping, TablePlan
from core.ingest.names import quoted
from core.ingest.readers import Source
from core.ingest.rules import RULES, mapped_name, targets
from core.schema import CANONICAL, EVENT_KINDS, Column

FIRST_DAY = date(1990, 1, 1)
_BOUND = re.compile(r"\$(v\d+)")
_FREE_TEXT = {"title", "description", "body", "query"}


@dataclass
class Raw:
    """A source's mapped columns as text in a temporary table."""

    source: Source
    table: str
    columns: dict[str, str]  # source column -> its column in the table
    rows: int = 0
    decimals: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)


def load(con, source: Source, columns: list[str], table: str, progress) -> Raw:
    """Streams a source's columns into a temporary table of text."""
    raw = Raw(source, table, {c: f"c{i}" for i, c in enumerate(columns)})
    definitions = "".join(f", {c} varchar" for c in raw.columns.values())
    con.execute(f"create or replace temp table {quoted(table)} (line bigint, broken varchar{definitions})")
    for batch in source.batches(columns):
        con.register("batch", batch)
        con.execute(f"insert into {quoted(table)} select * from batch").fetchall()
        con.unregister("batch")
        raw.rows += batch.num_rows
        progress("import", min(0.5, raw.rows / (raw.rows + 1e6)), f"{source.file}: {raw.rows:,} rows read")
    return raw


def add_lookup(con, raw: Raw, lookup: Raw, key: str, added: list[str]) -> Raw:
    """The raw rows with columns of another file beside them, found by a shared key."""
    columns = raw.columns | {c: f"l{i}" for i, c in enumerate(added)}
    picked = ", ".join(f"any_value({lookup.columns[c]}) as {columns[c]}" for c in added)
    con.execute(f"""create or replace temp table {quoted(raw.table + "_wide")} as
        with lookup as (select {lookup.columns[key]} as the_key, {picked} from {quoted(lookup.table)} where broken is null group by all)
        select r.*, l.* exclude (the_key) from {quoted(raw.table)} r left join lookup l on l.the_key = r.{raw.columns[key]}""").fetchall()
    con.execute(f"drop table {quoted(raw.table)}").fetchall()
    return replace(raw, table=raw.table + "_wide", columns=columns)


# How numbers and dates are written

def decide_formats(con, raw: Raw, plans: list[TablePlan], mapping: Mapping) -> None:
    """Fills raw.decimals and raw.dates for every column that must become a number or a date."""
    numbers, dates = {}, {}
    for plan in plans:
        for target, fed in plan.columns.items():
            column = target_column(plan.table, target)
            if not fed.sources or column is None or column.type == "VARCHAR":
                continue
            wanted = numbers if column.type in ("DOUBLE", "BIGINT") else dates
            wanted[fed.sources[0]] = fed.feed.format
    typed = raw.source.typed
    for source, given in numbers.items():
        raw.decimals[source] = formats.TYPED if typed.get(source) == "number" else given or mapping.options.decimal
    for source, given in dates.items():
        raw.dates[source] = formats.TYPED if typed.get(source) == "time" else given or mapping.options.date_format
    _decide_decimals(con, raw, [s for s, d in raw.decimals.items() if not d])
    _decide_dates(con, raw, [s for s, d in raw.dates.items() if not d])


def target_column(table: str, target: str) -> Column | None:
    """The canonical column behind a mapping's name; None for an attribute of a customer."""
    return targets(table).get(target)


def _decide_decimals(con, raw: Raw, undecided: list[str]) -> None:
    """Column by column; a column that says nothing follows the rest of its file."""
    if not undecided:
        return
    cells = [formats.text(raw.columns[s], formats.NO_VALUE) for s in undecided]
    counted = con.execute("select " + ", ".join(part for c in cells for part in formats.decimal_evidence(c)) + f" from {quoted(raw.table)}").fetchone()
    evidence = dict(zip(undecided, zip(counted[::2], counted[1::2])))
    file_wide = "," if sum(c for _, c in evidence.values()) > sum(p for p, _ in evidence.values()) else "."
    for source, (points, commas) in evidence.items():
        raw.decimals[source] = file_wide if points == commas else "." if points > commas else ","
        if points and commas:
            raw.remarks[source] = f"{points:,} values have a decimal point, {commas:,} a decimal comma"


def _decide_dates(con, raw: Raw, undecided: list[str]) -> None:
    for source in undecided:
        cell = formats.text(raw.columns[source], formats.NO_VALUE)
        known = f"with cells as (select {cell} as c from {quoted(raw.table)} where broken is null) "
        filled, iso = con.execute(known + f"select count(c), count({formats.date_sql('c', 'iso')}) from cells").fetchone()
        counts = {"iso": iso}
        if iso < 0.9 * filled:
            names = [n for n in formats.DATES if n != "iso"]
            tried = con.execute(known + "select " + ", ".join(f"count({formats.date_sql('c', n)})" for n in names) + " from cells").fetchone()
            counts |= dict(zip(names, tried))
        raw.dates[source], remark = formats.choose_date(counts, filled)
        if remark:
            raw.remarks[source] = remark


# Conversion and checks

@dataclass(frozen=True)
class Reason:
    column: str | None
    text: str


@dataclass
class Staged:
    """A temporary table of converted rows; a row with `problem` not null fails for reasons[problem - 1]."""

    table: str
    plan: TablePlan
    columns: list[str]  # canonical columns the file gives
    reasons: list[Reason]


def stage(con, raw: Raw, plan: TablePlan, mapping: Mapping, secret: bytes, *, only_lines_of: str | None = None) -> Staged:
    """Converts and checks the rows of one table. only_lines_of: a staged table; other lines are left out (derived tables)."""
    builder = _Builder(con, raw, plan, mapping, secret)
    table = f"staged_{plan.table}"
    query = builder.query()
    if only_lines_of:
        query += f" where line in (select line from {quoted(only_lines_of)} where problem is null{builder.told_by(only_lines_of)})"
    used = {name: builder.values[name] for name in set(_BOUND.findall(query))}
    con.execute(f"create or replace temp table {quoted(table)} as {query}", used or None).fetchall()
    return Staged(table, plan, builder.given(), builder.reasons)


class _Builder:
    """Writes the one query that converts and checks: text -> typed -> checked."""

    def __init__(self, con, raw: Raw, plan: TablePlan, mapping: Mapping, secret: bytes):
        self.con, self.raw, self.plan, self.mapping, self.secret = con, raw, plan, mapping, secret
        self.options = mapping.options
        self.values: dict[str, object] = {}
        self.reasons: list[Reason] = []
        self.now = datetime.now().replace(microsecond=0)

    def bind(self, value) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def has(self, target: str) -> bool:
        return target in self.plan.columns

    def given(self) -> list[str]:
        """Canonical columns that the file fills, directly or by what is computed from it."""
        if self.plan.table == "customers":
            return ["customer_id", *[t for t in self.plan.columns if t != "customer_id"]]
        names = [c.name for c in CANONICAL[self.plan.table].columns if self.has(mapped_name(c.name))]
        computed = {"orders": ["order_count"] + ["unit_price_cents"] * self.has("line_total"), "reviews": ["review_id"]}
        return list(dict.fromkeys(names + computed.get(self.plan.table, [])))

    @staticmethod
    def told_by(main: str) -> str:
        """Order lines without a price are write-offs and remarks: they do not tell what a product is."""
        return " and coalesce(unit_price_cents, 1) > 0" if main == "staged_orders" else ""

    # text

    def source_text(self, target: str, fed: Fed) -> str:
        feed = fed.feed
        column = target_column(self.plan.table, target)
        empty = formats.NO_TEXT if column is not None and column.type == "VARCHAR" else formats.NO_VALUE
        if feed.constant is not None:
            return f"cast({self.bind(feed.constant)} as varchar)"
        cells = {s: self.raw.columns[s] if s in self.raw.source.typed else formats.text(self.raw.columns[s], empty) for s in fed.sources}
        value = next(iter(cells.values()))
        if feed.template:
            value = self._template(feed.template, list(cells.values()))
        if feed.empty:
            value = f"case when list_contains({self.bind(list(feed.empty))}, {value}) then null else {value} end"
        if feed.values:
            known = dict(feed.values)
            rest = self.bind(known.pop("*")) if "*" in known else value
            cases = " ".join(f"when {self.bind(k)} then {self.bind(v)}" for k, v in known.items())
            value = f"case when {value} is null then null else case {value} {cases} else {rest} end end"
        return value

    def _template(self, template: str, cells: list[str]) -> str:
        fixed = re.split(r"\{[^{}]+\}", template)
        parts = [self.bind(fixed[0])]
        for cell, after in zip(cells, fixed[1:]):
            parts += [f"coalesce({cell}, '')", self.bind(after)]
        return f"case when {' and '.join(f'{c} is null' for c in cells)} then null else concat({', '.join(parts)}) end"

    # typed

    def typed(self, target: str, fed: Fed) -> str:
        column = target_column(self.plan.table, target)
        s = quoted(f"s_{target}")
        if column is None:
            return s
        source = fed.sources[0] if fed.sources else None
        if column.type in ("DOUBLE", "BIGINT"):
            value = f"({formats.number(s, self.raw.decimals.get(source, '.'))})"
            if column.name.endswith("_cents"):
                return f"cast(case when abs({value}) < 1e15 then round({value} * 100) end as bigint)"
            return f"cast(case when abs({value}) < 1e15 then round({value}) end as bigint)" if column.type == "BIGINT" else f"case when abs({value}) < 1e15 then {value} end"
        if column.type in ("DATE", "TIMESTAMP"):
            value = formats.date_sql(s, self.raw.dates.get(source) or fed.feed.format or "iso")
            if fed.feed.plus_days:
                value = f"({value}) + to_days({int(fed.feed.plus_days)})"
            return f"cast({value} as {column.type})"
        if target in ("product_id", "source", "target") and self.options.upper_case_ids:
            return f"upper({s})"
        if target == "kind" and self.plan.table == "events":
            return "case " + " ".join(f"when list_contains({self.bind([n.lower() for n in (k, *names)])}, lower({s})) then {self.bind(k)}"
                                      for k, names in self.mapping.kinds.items() if k in EVENT_KINDS) + " end"
        if target == "title" and self.plan.table == "products" and self.options.no_titles:
            return f"case when regexp_full_match({s}, {self.bind('|'.join(f'(?:{p})' for p in self.options.no_titles))}) then null else {s} end"
        if target in ("body", "query") or target == "title" and self.plan.table == "reviews":
            return privacy.masked(s)
        return s

    def query(self) -> str:
        columns = self.plan.columns
        texts = ", ".join(f"{self.source_text(t, f)} as {quoted(f's_{t}')}" for t, f in columns.items())
        typed = {t: self.typed(t, f) for t, f in columns.items()}
        joins = self._people(typed)
        typed_columns = ", ".join(f"{sql} as {quoted(self._named(t))}" for t, sql in typed.items())
        problem, value = self._problems()
        return (f"with texts as (select line, broken, {texts} from {quoted(self.raw.table)}), "
                f"typed as (select texts.*, {typed_columns} from texts{joins}), "
                f"checked as (select *, {problem} as problem from typed) "
                f"select line, {self._final()}, problem, {value} as problem_value from checked")

    def _named(self, target: str) -> str:
        column = target_column(self.plan.table, target)
        return f"a_{target}" if column is None else column.name

    def _people(self, typed: dict[str, str]) -> str:
        """Replaces person ids by their pseudonyms, each distinct id hashed once. Returns the joins that bring them in."""
        joins = ""
        for target, kind in RULES[self.plan.table].people.items():
            if target not in self.plan.columns:
                continue
            kept, self.values = self.values, {}
            text = self.source_text(target, self.plan.columns[target])
            ids = [i for (i,) in self.con.execute(f"select distinct {text} as id from {quoted(self.raw.table)} where {text} is not null",
                                                  self.values or None).fetchall()]
            self.values = kept
            floats = bool(ids) and all(i.endswith(".0") for i in ids)  # whole numbers that went through a column of floats
            hashed = privacy.pseudonyms(self.secret, kind, [i.removesuffix(".0") if floats else i for i in ids])
            people = quoted(f"people_{target}")
            self.con.register("people", pa.table({"id": pa.array(ids, pa.string()), "pseudonym": pa.array(hashed, pa.string())}))
            self.con.execute(f"create or replace temp table {people} as select * from people").fetchall()
            self.con.unregister("people")
            joins += f" left join {people} on {people}.id = {quoted(f's_{target}')}"
            typed[target] = f"{people}.pseudonym"
        return joins

    def _final(self) -> str:
        """The canonical columns of the table, those the file lacks as null."""
        table = self.plan.table
        if table == "customers":
            return ", ".join(["customer_id", *(quoted(f"a_{t}") for t in self.plan.columns if t != "customer_id")])
        parts = []
        for c in CANONICAL[table].columns:
            sql = quoted(c.name) if self.has(mapped_name(c.name)) else f"cast(null as {c.type})"
            if table == "orders":
                sql = self._order_column(c.name, sql)
            if c.name == "rating" and self.has("rating") and self.options.rating_scale != 5:
                sql = f"1 + (rating - 1) * 4 / {self.bind(self.options.rating_scale - 1)}"
            if c.name == "review_id":
                what = ", ".join(f"cast({quoted(x)} as varchar)" for x in ("product_id", "created_at", "customer_id", "rating", "title", "body") if self.has(x))
                sql = f"coalesce({sql}, 'r' || md5(concat_ws('|', {what})))"
            parts.append(f"{sql} as {quoted(c.name)}")
        return ", ".join(parts)

    def _order_column(self, name: str, sql: str) -> str:
        if name == "units":
            returned = []
            if self.options.cancelled_prefix and self.has("order_id"):
                returned.append(f"starts_with(order_id, {self.bind(self.options.cancelled_prefix)})")
            if self.options.cancelled_status and self.has("status"):
                returned.append(f"list_contains({self.bind([s.lower() for s in self.options.cancelled_status])}, lower(status))")
            return f"case when {' or '.join(returned)} then -abs(units) else units end" if returned else sql
        if name == "order_count":
            return f"coalesce({sql}, 1)" if self.has("order_count") else "cast(1 as bigint)"
        if name == "unit_price_cents" and self.has("line_total"):
            each = "cast(round(line_total_cents / nullif(units, 0)) as bigint)"
            return f"coalesce({sql}, {each})"
        return sql

    # checks

    def _problems(self) -> tuple[str, str]:
        """The position of a row's first problem, and the text that has it."""
        checks: list[tuple[str, str | None, str]] = [("broken is not null", None, "the row is broken")]
        table, columns = self.plan.table, self.plan.columns
        for target, fed in columns.items():
            column = target_column(table, target)
            if column is not None and column.required and not (table == "reviews" and target == "review_id") and target != "order_count":
                empty = column.name if target == "title" else f"s_{target}"
                checks.append((f"{quoted(empty)} is null", target, f"no {_words(target)}"))
        if table in ("orders", "products") and self.options.non_products:
            checks.append((self._non_product(), "product_id", "not a product: postage, fee, discount, voucher, sample or test"))
        for target, fed in columns.items():
            column = target_column(table, target)
            if column is not None and (column.type != "VARCHAR" or target == "kind" and table == "events"):
                what = "unknown kind of event" if column.type == "VARCHAR" else "a number that cannot be read" if column.type in ("DOUBLE", "BIGINT") else "a date that cannot be read"
                checks.append((f"{quoted('s_' + target)} is not null and {quoted(column.name)} is null", target, what))
        checks += [c for c in self._ranges() if c[1] is None or self.has(c[1])]
        self.reasons = [Reason(c, text) for _, c, text in checks]
        problem = "case " + " ".join(f"when {condition} then {i}" for i, (condition, _, _) in enumerate(checks, 1)) + " end"
        people = RULES[table].people
        shown = ["when problem = 1 then broken"]
        for i, (_, column, _) in enumerate(checks, 1):
            if column and column not in _FREE_TEXT and column not in people:
                shown.append(f"when problem = {i} then {quoted('s_' + column)}")
        return problem, "case " + " ".join(shown) + " end"

    def _non_product(self) -> str:
        pattern = self.bind("(?i)" + "|".join(f"(?:{p})" for p in self.options.non_products))
        tested = [f"regexp_full_match({quoted('s_' + c)}, {pattern})" for c in ("product_id", "title") if self.has(c)]
        return " or ".join(f"coalesce({t}, false)" for t in tested)

    def _ranges(self) -> list[tuple[str, str | None, str]]:
        table = self.plan.table
        first, tomorrow = self.bind(FIRST_DAY), self.bind(self.now + timedelta(days=1))
        last = self.bind(self.now + timedelta(days=3 * 366))
        planned = ("launched_on", "starts_on", "ends_on")
        checks: list[tuple[str, str | None, str]] = []
        for target in self.plan.columns:
            column = target_column(table, target)
            if column is not None and column.type in ("DATE", "TIMESTAMP"):
                checks += [(f"{quoted(column.name)} < {first}", target, "a date before 1990"),
                           (f"{quoted(column.name)} > {last if target in planned else tomorrow}", target, "a date in the future")]
        if table == "orders":
            checks += [("units = 0", "units", "units are zero")]
            if self.options.free_is_no_sale and self.has("unit_price"):
                checks += [("units > 0 and coalesce(unit_price_cents, 0) <= 0 and not coalesce(try_cast(s_unit_price as double) > 0, false)", "unit_price",
                            "price not above zero: stock adjustment or sample, not a sale")]
            checks += [("unit_price_cents < 0", "unit_price", "a price below zero"), ("order_count < 0", "order_count", "a count of orders below zero")]
        if table == "products":
            checks += [(f"{c} < 0", mapped_name(c), "a price below zero") for c in ("price_cents", "unit_cost_cents")]
            checks += [(f"{c} < 0", c, f"{_words(c)} below zero") for c in ("lead_time_days", "lead_time_sd_days", "moq", "pack_size")]
        if table == "reviews":
            checks += [(f"rating < 1 or rating > {self.bind(self.options.rating_scale)}", "rating", f"a rating outside 1 to {self.options.rating_scale:g}")]
        if table == "stock":
            checks += [("on_hand < 0", "on_hand", "stock below zero"), ("on_order < 0", "on_order", "units on order below zero")]
        if table == "promotions":
            checks += [("ends_on < starts_on", "ends_on", "it ends before it starts")]
        return checks


def _words(target: str) -> str:
    return {"product_id": "product id", "ordered_at": "date", "occurred_at": "date", "created_at": "date", "day": "date", "on_hand": "stock on hand",
            "starts_on": "first day", "ends_on": "last day", "customer_id": "customer id", "moq": "minimum order", "lead_time_days": "lead time",
            "lead_time_sd_days": "lead time's deviation", "pack_size": "pack size"}.get(target, target)
