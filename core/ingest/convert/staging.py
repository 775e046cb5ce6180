"""From text to checked rows: one query a table converts every row and finds what is wrong with it.

The staged table has the canonical columns of its table, `line`, and for a row that fails `problem` (the position of the check that it
fails), `problem_value` (the text that fails) and `broken` (why the row itself is broken, else null). Identifiers come from core/schema
and are quoted; values are bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert import age_bands, dates, formats, zones
from core.ingest.convert.pseudonyms import mask_table, number_table, pseudonym_table
from core.ingest.convert.row_checks import Check, checks, warnings
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.persons.column_names import AGE, BIRTH, POSTAL_CODE, attribute_kind
from core.ingest.persons.free_text import SUSPECT
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.rules import EVENT_COUNTS, OTHER, PURCHASE, PURCHASE_ID_PREFIX, RULES, mapped_name, target_column
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.schema import CANONICAL, EVENT_KINDS

_BOUND = re.compile(r"\$(v\d+)")
PURCHASE_LINES = "purchase_lines"  # a temporary table: the lines of a log that are purchases
_SAID = {"reviews": ("title", "body"), "events": ("query",), "searches": ("query",)}  # table -> what persons wrote
_OF_GOODS = {  # table -> what the shop wrote, in which a person may have been named; customers: every attribute
    "products": ("title", "description", "category", "brand", "supplier"),
    "orders": ("channel", "country"),
    "stock": ("location",),
    "promotions": ("kind",),
    "market": ("series", "category"),
    "suppliers": ("supplier",),
    "links": ("source", "relation", "target"),
    "product_map": ("old_product_id", "new_product_id"),
    "kit_parts": ("kit_id", "part_id"),
    "impressions": ("campaign", "placement", "segment"),
    "contacts": ("campaign", "channel"),
}
_NUMBERS = ("order_id", "review_id", "search_id")
_UNSHOWN = {"title", "description", "body", "query"}  # free text, which may be about anybody


@dataclass
class StagedTable:
    """A temporary table of converted rows. columns: the canonical columns that the file has; warnings: on cells that rows are kept without.

    Bit i of its column `warned` is set where the warning i holds.
    """

    table: str
    plan: TablePlan
    columns: list[str]
    checks: list[Check]
    file: str
    warnings: list[Check] = field(default_factory=list)


def stage(
    con,
    texts: TextTable,
    plan: TablePlan,
    mapping: Mapping,
    secret: bytes,
    *,
    currency: str = "",
    rates: dict[str, float] | None = None,
    main: StagedTable | None = None,
    marked: bool = False,
) -> StagedTable:
    """Convert and check the rows of one table.

    marked: the table `marks` has rows that are set aside or came back (core/ingest/convert/set_aside.py). currency: amounts in another
    one are converted at `rates`, or left out of order lines. main: the main table, whose failing lines are left out of this one; so are
    order lines without a price, which are write-offs and remarks.
    """
    query = _Query(con, texts, plan, mapping, secret, currency, dict(rates or {}), marked)
    text = query.text()
    if main is not None:
        priced = " and coalesce(unit_price_cents, 1) > 0" if main.plan.table == "orders" else ""
        valid = f"select line from {quoted(main.table)} where problem is null{priced}"
        text += f" where line in ({valid} union all select line from {PURCHASE_LINES})"
    if plan.from_purchases:
        text += f" where line in (select line from {PURCHASE_LINES})"
    used = {name: query.values[name] for name in set(_BOUND.findall(text))}
    table = f"staged_{plan.table}"
    con.execute(f"create or replace temp table {quoted(table)} as {text}", used or None).fetchall()
    return StagedTable(table, plan, query.given(), query.checks, texts.source.file, query.warnings)


class _Query:
    """Write the query: texts (s_*) -> typed -> checked."""

    def __init__(
        self,
        con,
        texts: TextTable,
        plan: TablePlan,
        mapping: Mapping,
        secret: bytes,
        currency: str,
        rates: dict[str, float],
        marked: bool,
    ):
        self.rates = rates
        self.con, self.texts, self.plan, self.mapping, self.secret, self.currency = con, texts, plan, mapping, secret, currency
        self.marked = marked
        self.table, self.options = plan.table, mapping.options
        self.values: dict[str, object] = {}
        self.checks: list[Check] = []
        self.warnings: list[Check] = []

    def bind(self, value) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def has(self, *targets: str) -> bool:
        return any(t in self.plan.columns for t in targets)

    def given(self) -> list[str]:
        """Return the columns that the file fills, directly or by what is computed from them."""
        if self.table == "customers":
            return list(self.plan.columns)
        names = [c.name for c in CANONICAL[self.table].columns if self.has(mapped_name(c.name))]
        names += (
            ["unit_price_cents"] * self.has("line_total")
            + ["review_id"] * (self.table == "reviews")
            + ["order_id"] * self.plan.from_purchases
            + ["shown"] * (self.table in ("impressions", "searches"))
            + ["treated"] * (self.table == "contacts")
        )
        return list(dict.fromkeys(names))

    def text(self) -> str:
        columns = self.plan.columns
        text = {t: self._text(t, f) for t, f in columns.items()}
        text_columns = [f"{sql} as {self._s(t)}" for t, sql in text.items()]
        less = dict.fromkeys(other for f in columns.values() for other in f.minus)
        text_columns += [f"{self.texts.text(other, NO_VALUE)} as less_{self.texts.columns[other]}" for other in less]
        texts = ", ".join(text_columns)
        typed = {t: self._typed(t, f) for t, f in columns.items()}
        joins = self._people(typed) + self._masks(typed)
        typed_columns = ", ".join(f"{sql} as {quoted(self._name(t))}" for t, sql in typed.items())
        if self.table in ("orders", "deliveries") and columns["units"].minus:
            typed_columns += f", {self._number(self._s('units'), columns['units'].sources[0])} as units_before"
        marks = "reason as aside, name as mark_name, coalesce(returned, false) as came_back"
        nothing = "null::integer as aside, null::varchar as mark_name, false as came_back"
        joined = " left join marks using (line)" if self.marked else ""
        problem, value = self._problem()
        sound, warned = self._sound()
        return (
            f"with texts as (select line, broken, {marks if self.marked else nothing}, {texts} from {quoted(self.texts.table)}{joined}), "
            f"typed as (select texts.*, {typed_columns} from texts{joins}), "
            f"checked as (select *{sound}, {problem} as problem, {warned} as warned from typed) "
            f"select line, {self._final()}, problem, {value} as problem_value, broken, aside, mark_name, warned from checked"
        )

    def _name(self, target: str) -> str:
        """Return the converted column of a target; attributes of customers by position, for their names may be anything."""
        column = target_column(self.table, target)
        return f"a{list(self.plan.columns).index(target)}" if column is None else column.name

    def _s(self, target: str) -> str:
        """Return the text column of a target."""
        return quoted(f"s_{target}" if target_column(self.table, target) else f"s_{self._name(target)}")

    # from source columns to text

    def _text(self, target: str, filled: ColumnSource) -> str:
        rule, column = filled.rule, target_column(self.table, target)
        if filled.constant is not None:
            return f"cast({self.bind(filled.constant)} as varchar)"
        empty = NO_TEXT if column is not None and column.type == "VARCHAR" else NO_VALUE
        cells = [self.texts.text(s, empty) for s in filled.sources]
        value = self._template(rule.template, cells) if rule.template else cells[0] if len(cells) == 1 else f"coalesce({', '.join(cells)})"
        if rule.empty:
            value = f"case when list_contains({self.bind(list(rule.empty))}, {value}) then null else {value} end"
        if rule.values:
            known = dict(rule.values)
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

    # from text to values

    def _typed(self, target: str, filled: ColumnSource) -> str:
        column, s = target_column(self.table, target), self._s(target)
        source = filled.sources[0] if filled.sources else None
        if column is None:
            return self._attribute(source or target, s)
        if column.type in ("DOUBLE", "BIGINT"):
            value = self._number(formats.rating_sql(s) if target == "rating" else s, source)
            for other in filled.minus:
                value = f"({value} - coalesce({self._number(f'less_{self.texts.columns[other]}', other)}, 0))"
            if self.table == "promotions" and target == "discount":
                value = formats.discount_share(s, value, source in self.texts.percents)
            if target in ("clicked", "bought"):
                value = f"coalesce({value}, cast({formats.flag_sql(s)} as double))"
            if column.name.endswith("_cents"):
                scaled = f"round({value} * 100{'' if column.type == 'BIGINT' else ', 6'})"
            else:
                scaled = f"round({value})" if column.type == "BIGINT" else value
            return f"cast(case when abs({value}) < 1e15 then {scaled} end as {column.type})"
        if column.type == "BOOLEAN":
            return formats.flag_sql(s)
        if column.type in ("DATE", "TIMESTAMP"):
            name = self.texts.dates.get(source or "") or filled.rule.format or "iso"
            value = dates.date_sql(s, name)
            if turn := self.texts.zones.get(source or ""):
                value = zones.turned_sql(value, s, name, turn)
            if filled.rule.plus_days:
                value = f"({value}) + to_days({int(filled.rule.plus_days)})"
            if target == "ordered_at" and self.options.grain == "day":
                value = f"date_trunc('day', {value})"
            return f"cast({value} as {column.type})"
        if target == "product_id" and self.options.upper_case_ids:
            return f"upper({s})"
        if target == "currency":
            amounts = {one for t in ("unit_price", "line_total") if t in self.plan.columns for one in self.plan.columns[t].sources}
            return formats.currency_sql(f"nullif({formats.currency_sign(s)}, '')" if source in amounts else s)
        if target == "order_days":
            return dates.weekdays_sql(s)
        if target == "kind" and self.table == "events":
            known = EVENT_KINDS if self.plan.derived else (*EVENT_KINDS, PURCHASE, OTHER)
            return (
                "case "
                + " ".join(
                    f"when list_contains({self.bind([n.lower() for n in (k, *names)])}, lower({s})) then {self.bind(k)}"
                    for k, names in self.mapping.kinds.items()
                    if k in known
                )
                + " end"
            )
        if target == "title" and self.table == "products" and self.options.no_titles:
            remark = self.bind("|".join(f"(?:{p})" for p in self.options.no_titles))
            return f"case when regexp_full_match({s}, {remark}) then null else {s} end"
        return s

    def _number(self, text: str, source: str | None) -> str:
        return f"({formats.number(text, self.texts.decimals.get(source or '', '.'))})"

    def _attribute(self, source: str, s: str) -> str:
        """Return an attribute of customers: ages, births and postal codes as bands and regions."""
        kind = attribute_kind(source)
        if kind == BIRTH:
            return age_bands.birth_band_sql(s, self.texts.dates.get(source) or "iso")
        return {AGE: age_bands.age_band_sql, POSTAL_CODE: age_bands.postal_region_sql}.get(kind or "", str)(s)

    def _people(self, typed: dict[str, str]) -> str:
        """Replace person ids by their pseudonyms, each distinct id hashed once. Returns the joins that bring them in."""
        joins = ""
        for target, kind in RULES[self.table].people.items():
            if target in self.plan.columns:
                people = f"people_{target}"
                pseudonym_table(self.con, people, *self._texts_of(target), self.secret, kind)
                joins += f" left join {people} on {people}.text = {self._s(target)}"
                typed[target] = f"{people}.replacement"
        return joins

    def _masks(self, typed: dict[str, str]) -> str:
        """Replace what reaches or bills a person in free text and in numbers of orders. Returns the joins that bring the texts in."""
        joins = ""
        for target in self.plan.columns:
            name, column = f"masked_{self._name(target)}", target_column(self.table, target)
            if target in _NUMBERS:
                found = number_table(self.con, name, *self._texts_of(target, SUSPECT), self.secret)
            elif target in _SAID.get(self.table, ()):
                found = mask_table(self.con, name, *self._texts_of(target, SUSPECT))
            elif target == "product_id" or column is None or target in _OF_GOODS.get(self.table, ()):
                found = mask_table(self.con, name, *self._texts_of(target, SUSPECT), of_goods=True)
            else:
                continue
            if found:
                joins += f" left join {name} on {name}.text = {self._s(target)}"
                typed[target] = typed[target].replace(self._s(target), f"coalesce({name}.replacement, {self._s(target)})")
        return joins

    def _texts_of(self, target: str, cells: str = "") -> tuple[str, dict]:
        """Return a query of a column's texts, and the values that it binds. cells: a pattern that their cells have."""
        kept, self.values = self.values, {}
        filled = self.plan.columns[target]
        raw = f"concat_ws(' ', {', '.join(self.texts.columns[s] for s in filled.sources)})" if filled.sources else "''"
        where = f" where regexp_matches({raw}, '{cells}')" if cells else ""
        query = f"(select {self._text(target, filled)} as text from {quoted(self.texts.table)}{where})"
        values, self.values = self.values, kept
        return query, values

    # from values to the canonical row

    def _final(self) -> str:
        """Return the canonical columns of the table, those the file lacks as null; then others that merging needs."""
        if self.table == "customers":
            return ", ".join(["customer_id", *(self._name(t) for t in self.plan.columns if t != "customer_id")])
        parts = []
        for c in CANONICAL[self.table].columns:
            sql = quoted(c.name) if self.has(mapped_name(c.name)) else f"cast(null as {c.type})"
            parts.append(f"{self._computed(c.name, sql)} as {quoted(c.name)}")
        if self.table == "events":
            parts += [f"{c if self.has(c) else 'cast(null as bigint)'} as {c}" for c in EVENT_COUNTS]
        parts += [extra for table, extra in (("stock", "location"), ("orders", "line_id")) if self.table == table and self.has(extra)]
        parts += [self._foreign_cents()] if self.table == "orders" and self.has("currency") and self.currency else []
        return ", ".join(parts)

    def _computed(self, name: str, sql: str) -> str:
        if self.table == "orders":
            return self._order_column(name, sql)
        if name == "rating" and self.has("rating") and self.options.rating_scale != 5:
            return f"1 + (rating - 1) * 4 / {self.bind(self.options.rating_scale - 1)}"
        if name == "review_id":
            known = ", ".join(
                f"cast({c} as varchar)" for c in ("product_id", "created_at", "customer_id", "rating", "title", "body") if self.has(c)
            )
            # Equal reviews without a number are as many; what one customer writes at a moment is one.
            once = "when customer_id is not null and created_at <> date_trunc('day', created_at) then 1" if self.has("customer_id") else ""
            place = f"case {once} when true then row_number() over (partition by problem, {known} order by line) end"
            return f"coalesce({sql}, 'r' || md5(concat_ws('|', {known}, nullif({place}, 1))))"
        if name == "shown":
            return "coalesce(shown, 1)" if self.has("shown") else "cast(1 as bigint)"
        return "true" if name == "treated" and not self.has("treated") else sql

    def _order_column(self, name: str, sql: str) -> str:
        if name == "units":
            if self.plan.row_is_a_unit:
                alike = ", ".join(["problem", *(quoted(self._name(t)) for t in self.plan.columns if t not in ("units", "line_id"))])
                sql = f"{sql} * count(*) over (partition by {alike})"
            returned = ["came_back"] if self.marked else []
            if self.options.cancelled_prefix and self.has("order_id"):
                returned.append(f"starts_with(s_order_id, {self.bind(self.options.cancelled_prefix)})")
            if self.options.cancelled_status and self.has("status") and self.plan.columns["status"].constant is not None:
                returned.append(f"list_contains({self.bind([s.lower() for s in self.options.cancelled_status])}, lower(status))")
            returned += ["line_total_cents < 0"] if self.has("line_total") else []
            return f"case when {' or '.join(returned)} then -abs({sql}) else {sql} end" if returned else sql
        if name == "discount_cents" and self.has("discount"):
            sql = f"abs({sql})"  # some systems write what is taken off below zero
        if (
            name == "order_id" and self.plan.from_purchases
        ):  # a buyer's purchases of a day are one order; without a buyer, those of a moment
            buyer = "customer_id || '@' || cast(cast(ordered_at as date) as varchar)" if self.has("customer_id") else "null"
            return f"concat({self.bind(PURCHASE_ID_PREFIX)}, coalesce({sql}, {buyer}, cast(ordered_at as varchar)))"
        if name == "order_count":
            return "coalesce(order_count, 1)" if self.has("order_count") else "cast(1 as bigint)"
        if name == "unit_price_cents" and self.has("line_total"):
            sql = f"coalesce({sql}, cast(round(abs(line_total_cents / nullif(units, 0))) as bigint))"
        if name in ("unit_price_cents", "discount_cents") and self.has("currency") and self.currency:
            rates = " ".join(f"when {self.bind(c)} then cast(round({sql} * {self.bind(rate)}) as bigint)" for c, rate in self.rates.items())
            converted = f"case currency {rates} end" if rates else "null"
            return f"case when currency <> {self.bind(self.currency)} then {converted} else {sql} end"
        return sql

    def _foreign_cents(self) -> str:
        """Return the amount of an order line in a currency without a rate."""
        price = "unit_price_cents" if self.has("unit_price") else "cast(null as bigint)"
        amount = f"coalesce(units * {price}, line_total_cents)" if self.has("line_total") else f"units * {price}"
        known = self.bind([self.currency, *self.rates])
        return f"currency, cast(case when not list_contains({known}, currency) then round({amount}) end as bigint) as foreign_cents"

    # checks

    def _sound(self) -> tuple[str, str]:
        """Return SQL that takes wrong values out of cells without which a row is kept, and of the bits of what was wrong."""
        self.warnings = warnings(self.plan, self.options, self.bind, datetime.now().replace(microsecond=0))
        wrong: dict[str, list[str]] = {}
        for c in self.warnings:
            wrong.setdefault(self._name(c.column or ""), []).append(c.condition)
        each = ", ".join(f"case when {' or '.join(of)} then null else {quoted(name)} end as {quoted(name)}" for name, of in wrong.items())
        bits = " + ".join(f"case when {c.condition} then {2**i} else 0 end" for i, c in enumerate(self.warnings))
        return f" replace ({each})" if each else "", bits or "0"

    def _problem(self) -> tuple[str, str]:
        """Return SQL of a row's first failing check, and of the text that fails; ids of persons and free text are not kept."""
        self.checks = checks(self.plan, self.options, self.bind, datetime.now().replace(microsecond=0))
        problem = " ".join(f"when {c.condition} then {i}" for i, c in enumerate(self.checks, 1))
        hidden = _UNSHOWN | RULES[self.table].people.keys()
        shown = " ".join(f"when {i} then {self._s(c.column)}" for i, c in enumerate(self.checks, 1) if c.column and c.column not in hidden)
        return f"case {problem} end", f"case problem {shown} end" if shown else "cast(null as varchar)"
