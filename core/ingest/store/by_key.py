"""Rows with a natural key: the newest row of a key replaces the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.ingest.convert.row_checks import FIRST_DAY
from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted, untyped
from core.ingest.recognise.rules import RULES
from core.ingest.store.rows import LATER, TWICE, Merged, as_day, columns_sql, equal_sql, run
from core.schema import CANONICAL
from core.storage import duckdb as db

LONG_CUSTOMERS = "long_customers"  # a temporary table with one row a customer and attribute


def merge_by_key(
    con,
    staged: StagedTable,
    source: str,
    key: tuple[str, ...],
    check: Callable[[Any, StagedTable, str], None] | None = None,
) -> Merged:
    """Replace the stored row of a key by the last one of the file, in the columns that the file has. What is missing replaces nothing.

    A product's values on order lines, or in a list that is older than the stored one, only fill what is empty. An id stands for a name
    only where there is none. check(con, staged, source): called before the table changes, when `fresh` has the rows to store.
    """
    table = staged.plan.table
    names, day = CANONICAL[table].names, RULES[table].day
    given = names if table == "customers" else staged.columns
    news = [c for c in given if c not in key]
    value = {c: f"{'l' if c in given or c in key else 's'}.{quoted(c)}" for c in names}
    if table == "orders":
        value["order_count"] = "l.order_count"
    else:
        value |= {c: f"coalesce(l.{quoted(c)}, s.{quoted(c)})" for c in news}
    if table == "products":
        value |= {c: f"case when {_yields(staged)} then coalesce(s.{quoted(c)}, l.{quoted(c)}) else {value[c]} end" for c in news}
        ours, theirs = "nullif(l.title, l.product_id)", "nullif(s.title, s.product_id)"
        title = f"case when {_yields(staged)} then coalesce({theirs}, {ours}) else coalesce({ours}, {theirs}) end"
        value |= {"title": f"coalesce({title}, s.product_id, l.product_id)"}
        value |= {"updated_at": "greatest(l.updated_at, s.updated_at)"} if "updated_at" in staged.columns else {}
    differs = " or ".join(f"{value[c]} is distinct from s.{quoted(c)}" for c in news) or "false"
    last = "(line, attribute)" if table == "customers" else "line"  # one line of a customer has several attributes
    totals = " where order_id is null and customer_id is null" if table == "orders" else ""
    run(
        con,
        f"""create or replace temp table fresh as
        with stored as (select *, rowid as stored_row from {quoted(table)}{totals}),
        latest as (select * from {quoted(source)} where {last} in
            (select max({last}) from {quoted(source)} where problem is null group by {columns_sql(key)}))
        select l.line, s.stored_row, {f"s.{day}" if day else "null::date"} as stored_day,
            {", ".join(f"{v} as {quoted(c)}" for c, v in value.items())}
        from latest l left join stored s on {equal_sql(key, "l", "s")}
        where s.stored_row is null or {differs}""",
    )
    if check is not None:
        check(con, staged, source)
    days = f"min({day}), max({day}), min(least({day}, stored_day))" if day else "null, null, null"  # a row may leave the day it had
    ((kept, replaced, first, last, touched),) = run(
        con,
        f"""select count(distinct line),
        count(distinct line) filter (where stored_row is not null), {days} from fresh""",
    )
    if table == "customers":
        touched = db.rows(con, "staging/changed_customers")[0]["first_day"]
    elif kept and not day:
        touched = FIRST_DAY
    run(con, f"delete from {quoted(table)} where rowid in (select stored_row from fresh)")
    run(con, f"insert into {quoted(table)} ({columns_sql(names)}) select {columns_sql(names)} from fresh")
    dropped = {}
    if table != "customers" and not staged.plan.aggregates_lines:
        lines = quoted(staged.table if table == "products" else source)
        each = f"count(distinct line), count(distinct ({columns_sql(names)})), count(distinct ({columns_sql(key)}))"
        ((valid, different, keys),) = run(con, f"select {each} from {lines} where problem is null")
        dropped = {why: n for why, n in ((TWICE, valid - different), (LATER, different - keys)) if n}
    return Merged(kept, dropped, as_day(first), as_day(last), as_day(touched), replaced)


def _yields(staged: StagedTable) -> str:
    """Return SQL of a condition: the stored product `s` is more reliable than the line `l`."""
    older = "coalesce(l.updated_at < s.updated_at, false)" if "updated_at" in staged.columns else "false"
    return "true" if staged.plan.aggregates_lines else older


def newest_values(con, staged: StagedTable) -> str:
    """Make a table with one row a product of a list: of each column the newest value, by the list's own dates, then by its lines.

    Returns the name of the table.
    """
    others = [c for c in staged.columns if c != "product_id"]
    moment = "coalesce(updated_at, timestamp '1900-01-01')" if "updated_at" in others else "null"
    each = ", ".join(f"arg_max({quoted(c)}, ({moment}, line)) filter (where {quoted(c)} is not null) as {quoted(c)}" for c in others)
    run(
        con,
        f"""create or replace temp table newest_each as select max(line) as line, null::integer as problem, product_id, {each}
        from {quoted(staged.table)} where problem is null group by product_id""",
    )
    return "newest_each"


def described(con, staged: StagedTable, rolled_up: bool) -> str:
    """Return the table of the staged rows, with one row a key where many lines describe it. rolled_up: many rows make one product."""
    table = staged.plan.table
    source = customer_attributes(con, staged) if table == "customers" and staged.table != LONG_CUSTOMERS else staged.table
    return commonest_values(con, staged, source) if staged.plan.aggregates_lines or rolled_up and table == "products" else source


def customer_attributes(con, staged: StagedTable) -> str:
    """Make a table with one row a customer and attribute. Returns its name."""
    attributes = {f"a{i}": a for i, a in enumerate(staged.columns) if a != "customer_id"}
    each = " union all ".join(
        f"select line, problem, customer_id, {attribute}::varchar as attribute, {value} as value from {quoted(staged.table)}"
        for attribute, value in [(f"${a}", a) for a in attributes] or [("null", "null::varchar")]
    )
    run(
        con,
        f"""create or replace temp table {LONG_CUSTOMERS} as
        select * from ({each}) where problem is null and value is not null""",
        **{a: untyped(name) for a, name in attributes.items()},
    )
    return LONG_CUSTOMERS


def commonest_values(con, staged: StagedTable, source: str) -> str:
    """Make a table with one row a key, where many lines describe it: the commonest value of each column, the later of two equally common.

    Returns the name of the table.
    """
    table = staged.plan.table
    key = CANONICAL[table].key
    others = [c for c in staged.columns if c not in key] if table == "products" else ["value"]
    counted = ", ".join(
        f"""{quoted("commonest_" + c)} as (select {columns_sql(key)}, arg_max({quoted(c)}, (times, last)) as {quoted(c)} from
        (select {columns_sql(key)}, {quoted(c)}, count(*) as times, max(line) as last from {quoted(source)}
        where problem is null and {quoted(c)} is not null group by all) group by all)"""
        for c in others
    )
    joined = " ".join(f"left join {quoted('commonest_' + c)} using ({columns_sql(key)})" for c in others)
    needed = "title is not null" if table == "products" else "value is not null"
    run(
        con,
        f"""create or replace temp table one_each as with {counted},
        keys as (select {columns_sql(key)}, max(line) as line from {quoted(source)} where problem is null group by all)
        select keys.line, null::integer as problem, keys.* exclude (line), {columns_sql(others)} from keys {joined} where {needed}""",
    )
    return "one_each"
