"""Staged rows into the canonical tables: what is there already is dropped, what is new is kept, the newest row of a natural key wins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.ingest.names import quoted
from core.ingest.rules import RULES
from core.ingest.staging import Staged
from core.schema import CANONICAL


@dataclass
class Merged:
    """What became of the valid rows of one file for one table."""

    kept: int
    dropped: dict[str, int]  # by reason
    first_day: date | None
    last_day: date | None


def _columns(names, prefix: str = "") -> str:
    return ", ".join(prefix + quoted(n) for n in names)


def _same(names, a: str, b: str) -> str:
    return " and ".join(f"{a}.{quoted(n)} is not distinct from {b}.{quoted(n)}" for n in names)


def _run(con, query: str, **values):
    return con.execute(query, values or None).fetchall()


def merge(con, staged: Staged, *, key: tuple[str, ...] | None = None) -> Merged:
    """Adds the staged rows that are valid to their table. key: overrides the table's natural key (aggregated orders)."""
    table = staged.plan.table
    if table == "customers":
        _long(con, staged)
    if staged.plan.derived:
        _commonest(con, staged)
    key = RULES[table].key if key is None else key
    return _by_key(con, staged, key) if key else _by_row(con, staged)


def _by_row(con, staged: Staged) -> Merged:
    """The whole row is its identity.

    A row that says who (an order id, a visitor at a moment) stands once. Anonymous rows may well be equal, two buyers of the same thing:
    of those the larger number in any one file stands, so an overlapping export adds none twice.
    """
    table = staged.plan.table
    names, day = CANONICAL[table].names, RULES[table].day
    once = {"orders": "order_id is not null",
            "events": f"coalesce(visitor_id, customer_id) is not null and {day} <> date_trunc('day', {day})"}[table]
    source = quoted(staged.table)
    (valid, first, last), = _run(con, f"select count(*), min({day}), max({day}) from {source} where problem is null")
    if not valid:
        return Merged(0, {}, None, None)
    _run(con, f"""create or replace temp table fresh as
        with given as (select {_columns(names)}, count(*) as copies from {source} where problem is null group by all),
        stored as (select {_columns(names)}, count(*) as copies from {quoted(table)} where {day} between $first and $last group by all)
        select g.* exclude (copies), case when {once} then 1 else g.copies end - coalesce(s.copies, 0) as missing, g.copies as given
        from given g left join (select copies, {", ".join(f"{quoted(n)} as s{i}" for i, n in enumerate(names))} from stored) s
        on {" and ".join(f"g.{quoted(n)} is not distinct from s.s{i}" for i, n in enumerate(names))}""", first=first, last=last)
    (kept, again, first, last), = _run(con, f"""select coalesce(sum(greatest(missing, 0)), 0)::bigint,
        coalesce(sum(case when missing > 0 then given - missing else 0 end), 0)::bigint,
        min({day}) filter (where missing > 0), max({day}) filter (where missing > 0) from fresh""")
    (in_file,), = _run(con, f"select coalesce(sum(given - 1), 0)::bigint from fresh where {once}")
    _run(con, f"insert into {quoted(table)} ({_columns(names)}) select {_columns(names)} from fresh where missing = 1")
    _run(con, f"insert into {quoted(table)} ({_columns(names)}) select {_columns(names)} from fresh, unnest(range(missing)) where missing > 1")
    dropped = {"the same row twice in this file": in_file, "already in the warehouse": valid - kept - in_file}
    return Merged(kept, {k: v for k, v in dropped.items() if v}, _day(first), _day(last))


def _by_key(con, staged: Staged, key: tuple[str, ...]) -> Merged:
    """The last row of a key in the file replaces the stored one, in the columns the file has; derived rows only fill what is empty."""
    table = staged.plan.table
    names, day = CANONICAL[table].names, RULES[table].day
    given = ("attribute", "value", "customer_id") if table == "customers" else [c for c in staged.columns if c in names]
    news = [c for c in given if c not in key]
    (valid, keys), = _run(con, f"select count(*), count(distinct ({_columns(key)})) from {quoted(staged.table)} where problem is null")
    fill = staged.plan.derived and table == "products"
    value = {c: f"l.{quoted(c)}" for c in names if c in given} | {c: f"s.{quoted(c)}" for c in names if c not in given}
    if fill:
        value |= {c: f"coalesce(s.{quoted(c)}, l.{quoted(c)})" for c in news}
        value["title"] = "case when s.title is null or s.title = s.product_id then l.title else s.title end"
    if table == "orders" and "order_count" not in given:
        value["order_count"] = "coalesce(s.order_count, 1)"
    differs = " or ".join(f"{value[c]} is distinct from s.{quoted(c)}" for c in news) or "false"
    last = "(line, attribute)" if table == "customers" else "line"
    _run(con, f"""create or replace temp table fresh as
        with stored as (select *, rowid as stored_row from {quoted(table)}{" where order_id is null and customer_id is null" if table == "orders" else ""}),
        latest as (select * from {quoted(staged.table)} where {last} in
            (select max({last}) from {quoted(staged.table)} where problem is null group by {_columns(key)}))
        select l.line, s.stored_row, {", ".join(f"{v} as {quoted(c)}" for c, v in value.items())}
        from latest l left join stored s on {_same(key, "l", "s")}
        where s.stored_row is null or {differs}""")
    (kept, first, last), = _run(con, f"select count(distinct line), {f'min({day}), max({day})' if day else 'null, null'} from fresh")
    _run(con, f"delete from {quoted(table)} where rowid in (select stored_row from fresh)")
    _run(con, f"insert into {quoted(table)} ({_columns(names)}) select {_columns(names)} from fresh")
    if table == "customers" or staged.plan.derived:
        return Merged(kept, {}, _day(first), _day(last))
    dropped = {"an earlier row for the same " + " and ".join(k.replace("_", " ") for k in key): valid - keys, "already in the warehouse": keys - kept}
    return Merged(kept, {k: v for k, v in dropped.items() if v}, _day(first), _day(last))


def _day(moment) -> date | None:
    return moment.date() if hasattr(moment, "date") else moment


def _long(con, staged: Staged) -> None:
    """customers: one row a customer and attribute."""
    attributes = [c for c in staged.columns if c != "customer_id"]
    rows = " union all ".join(f"select line, problem, customer_id, '{a.replace(chr(39), chr(39) * 2)}' as attribute, {quoted('a_' + a)} as value from {quoted(staged.table)}"
                              for a in attributes) or f"select line, problem, customer_id, '' as attribute, null::varchar as value from {quoted(staged.table)} where false"
    _run(con, f"create or replace temp table staged_long as select * from ({rows}) where value is not null and problem is null")
    staged.table = "staged_long"


def _commonest(con, staged: Staged) -> None:
    """Derived tables: many lines tell of one product; in each column the commonest value wins, the later one of two equally common."""
    key = RULES[staged.plan.table].key
    others = [c for c in staged.columns if c not in key] if staged.plan.table == "products" else ["value"]
    source = quoted(staged.table)
    told = ", ".join(f"""{quoted("told_" + c)} as (select {_columns(key)}, arg_max({quoted(c)}, (times, last)) as {quoted(c)} from
        (select {_columns(key)}, {quoted(c)}, count(*) as times, max(line) as last from {source} where problem is null and {quoted(c)} is not null group by all) group by all)"""
                     for c in others)
    joined = " ".join(f"left join {quoted('told_' + c)} using ({_columns(key)})" for c in others)
    needed = "title is not null" if staged.plan.table == "products" else "true"
    _run(con, f"""create or replace temp table staged_one as with {told},
        keys as (select {_columns(key)}, max(line) as line from {source} where problem is null group by all)
        select * from (select keys.line, null::integer as problem, keys.* exclude (line), {_columns(others)} from keys {joined}) where {needed}""")
    staged.table = "staged_one"


def is_daily(con, staged: Staged) -> bool:
    """Whether order rows are aggregates: no order or customer ids, no time of day, and each product once a day, channel and country."""
    source = quoted(staged.table)
    (named, timed), = _run(con, f"""select count(order_id) + count(customer_id), count(*) filter (where ordered_at <> date_trunc('day', ordered_at))
        from {source} where problem is null""")
    if named or timed:
        return False
    (rows, keys, counted), = _run(con, f"""select count(*), count(distinct ({_columns(DAILY_KEY)})), count(*) filter (where order_count <> 1)
        from (select distinct * exclude (line) from {source} where problem is null)""")
    return rows > 0 and (keys == rows or counted > 0)


DAILY_KEY = ("product_id", "ordered_at", "channel", "country")
