"""Staged rows into the canonical tables: stored rows are dropped, new ones kept, and corrected ones replaced."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import UserError
from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.recognise.rules import EVENT_COUNTS, RULES
from core.ingest.store.by_key import commonest_values, customer_attributes, merge_by_key, merge_over_locations
from core.ingest.store.rows import A_UNIT_MORE, TWICE, Merged, as_day, columns_sql, equal_sql, run, unseen
from core.ingest.store.totals import OrderGrain, merge_totals
from core.messages import msg
from core.schema import CANONICAL

MOST_EVENTS = 50_000_000


def merge(
    con, staged: StagedTable, *, grain: OrderGrain = OrderGrain.LINES, rolled_up: bool = False, seen: Callable[[str], None] = unseen
) -> Merged:
    """Add the staged rows that are valid to their table.

    grain: what a row of orders is. rolled_up: many rows make one product. seen(rows): called before anything is stored with SQL of the
    rows that the file gives, of equal ones as many as count, with `copies`.
    """
    table, source = staged.plan.table, staged.table
    if table == "customers":
        source = customer_attributes(con, staged)
    if staged.plan.aggregates_lines or rolled_up and table == "products":
        source = commonest_values(con, staged, source)
    if table == "stock" and "location" in staged.plan.columns:
        return merge_over_locations(con, staged, seen)
    if table == "events" and set(EVENT_COUNTS) & set(staged.plan.columns):
        return _event_counts(con, source, staged.file, seen)
    if table == "orders" and grain != OrderGrain.LINES:
        return merge_totals(con, staged, grain, seen)
    key = CANONICAL[table].key
    if key:
        seen(f"select *, 1 as copies from {quoted(source)} where problem is null")
        return merge_by_key(con, staged, source, key)
    return _by_row(con, table, source, rolled_up, A_UNIT_MORE if staged.plan.row_is_a_unit else TWICE, seen)


def _by_row(con, table: str, source: str, rolled_up: bool, equal: str, seen: Callable[[str], None]) -> Merged:
    """Store rows that are identified by all of their values. equal: why rows that equal another one are not kept.

    A row with a person (an order id, a visitor at a moment) is stored once. Anonymous rows may well be equal, two buyers of the same
    thing, and so may rows of one order if products are rolled up: the larger number in any one file is stored, so that an overlapping
    export adds none twice.
    """
    names, day = CANONICAL[table].names, RULES[table].day
    once = (
        "false"
        if rolled_up
        else {
            "orders": "order_id is not null",
            "events": f"coalesce(visitor_id, customer_id) is not null and {day} <> date_trunc('day', {day})",
        }[table]
    )
    run(
        con,
        f"""create or replace temp table given as select *, case when {once} then 1 else copies end as wanted
        from (select {columns_sql(names)}, count(*) as copies from {quoted(source)} where problem is null group by all)""",
    )
    seen("select * exclude (copies, wanted), wanted as copies from given")
    if table == "orders":
        _correct_orders(con)
    _missing(con, table)
    ((kept, again, first, last),) = run(
        con,
        f"""select coalesce(sum(missing), 0)::bigint, coalesce(sum(copies - wanted), 0)::bigint,
        min({day}) filter (where missing > 0), max({day}) filter (where missing > 0) from fresh""",
    )
    ((replaced,),) = (
        run(con, f"select coalesce(sum(missing), 0)::bigint from fresh f semi join corrected k on {_of_order('f')}")
        if table == "orders"
        else [(0,)]
    )
    _insert_copies(con, table)
    return Merged(kept, {equal: again} if again else {}, as_day(first), as_day(last), as_day(first), replaced)


def _of_order(lines: str) -> str:
    """Return SQL: lines that belong to an order, product and day `k`. The day counts too: receipt numbers may restart daily."""
    return f"{lines}.order_id = k.order_id and {lines}.product_id = k.product_id and {lines}.ordered_at::date = k.day"


def _correct_orders(con) -> None:
    """Delete the stored lines of an order, product and day for which `given` has others, and add those to `corrected`.

    Lines of an earlier file of this import stay: an export may break off within an order and continue in its next file.
    """
    names = CANONICAL["orders"].names
    for table in ("imported_orders", "corrected"):
        run(con, f"create temp table if not exists {table} (order_id varchar, product_id varchar, day date)")
    run(
        con,
        """create or replace temp table orders_given as
        select distinct order_id, product_id, ordered_at::date as day from given where order_id is not null""",
    )
    run(
        con,
        f"""insert into corrected
        with earlier as (select * from orders_given anti join imported_orders using (order_id, product_id, day)),
        stored as (select {columns_sql(names, "o.")}, count(*) as copies from orders o semi join earlier k on {_of_order("o")} group by all)
        select distinct s.order_id, s.product_id, s.ordered_at::date from stored s left join given g on {equal_sql(names, "s", "g")}
        where g.wanted is null or g.wanted < s.copies""",
    )
    run(
        con,
        f"""delete from orders where rowid in (select o.rowid from orders o
        semi join (select * from corrected anti join imported_orders using (order_id, product_id, day)) k on {_of_order("o")})""",
    )
    run(con, "insert into imported_orders select * from orders_given")


def _missing(con, table: str) -> None:
    """Make `fresh`: the rows of `given`, with how many of each that are `wanted` are `missing` in the warehouse."""
    names, day = CANONICAL[table].names, RULES[table].day
    renamed = ", ".join(f"{quoted(n)} as s{i}" for i, n in enumerate(names))
    same = " and ".join(f"g.{quoted(n)} is not distinct from s.s{i}" for i, n in enumerate(names))
    run(
        con,
        f"""create or replace temp table fresh as
        with stored as (select {renamed}, count(*) as stored_copies from {quoted(table)}
            where {day} between (select min({day}) from given) and (select max({day}) from given) group by all)
        select g.*, greatest(g.wanted - coalesce(s.stored_copies, 0), 0) as missing from given g left join stored s on {same}""",
    )
    run(con, "drop table given")


def _insert_copies(con, table: str) -> None:
    names = columns_sql(CANONICAL[table].names)
    run(con, f"insert into {quoted(table)} ({names}) select {names} from fresh where missing = 1")
    run(con, f"insert into {quoted(table)} ({names}) select {names} from fresh, unnest(range(missing)) where missing > 1")
    run(con, "drop table fresh")


def _event_counts(con, source: str, file: str, seen: Callable[[str], None]) -> Merged:
    """Store totals of views, carts or wishlists a row: each is that many events."""
    names = CANONICAL["events"].names
    rest = columns_sql(n for n in names if n != "kind")
    each = " union all ".join(
        f"select line, {rest}, '{kind}' as kind, {column} as copies from {quoted(source)} where problem is null and {column} > 0"
        for column, kind in EVENT_COUNTS.items()
    )
    run(con, f"create or replace temp table counted as {each}")
    ((events,),) = run(con, "select coalesce(sum(copies), 0)::bigint from counted")
    if events > MOST_EVENTS:
        raise UserError(
            found=msg("{file} counts {events} events.", file=file, events=events),
            expected=msg("A file counts at most {most} events.", most=MOST_EVENTS),
            to_do=msg("Split the file by dates, or give fewer products."),
        )
    run(con, f"create or replace temp table given as select {columns_sql(names)}, sum(copies)::bigint as wanted from counted group by all")
    seen("select *, wanted as copies from given")
    _missing(con, "events")
    ((kept, first, last),) = run(
        con,
        f"""select count(distinct t.line), min(t.occurred_at), max(t.occurred_at)
        from counted t join fresh f on {equal_sql(names, "t", "f")} where f.missing > 0""",
    )
    _insert_copies(con, "events")
    return Merged(kept, {}, as_day(first), as_day(last), as_day(first))
