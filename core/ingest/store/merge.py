"""Staged rows into the canonical tables: stored rows are dropped, new ones kept, and corrected ones replaced."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import UserError
from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.recognise.rules import EVENT_COUNTS
from core.ingest.store.by_key import described, merge_by_key, newest_values
from core.ingest.store.orders import merge_order_lines
from core.ingest.store.rows import TWICE, Merged, as_day, columns_sql, equal_sql, insert_copies, make_missing, run, unseen
from core.ingest.store.shown import merge_shown
from core.ingest.store.stock import merge_locations
from core.ingest.store.totals import OrderGrain, merge_totals
from core.messages import msg
from core.schema import CANONICAL

MOST_EVENTS = 50_000_000


def merge(
    con,
    staged: StagedTable,
    *,
    grain: OrderGrain = OrderGrain.LINES,
    rolled_up: bool = False,
    seen: Callable[[str], None] = unseen,
    same_orders: str = "",
) -> Merged:
    """Add the staged rows that are valid to their table.

    grain: what a row of orders is. rolled_up: many rows make one product. seen(rows): called before anything is stored with SQL of the
    rows that the file gives, of equal ones as many as count, with `copies`. same_orders: the answer which of two files of an import has the
    newer lines of an order, the earlier one being merged last if it is.
    """
    table, source = staged.plan.table, described(con, staged, rolled_up)
    if table == "products" and source == staged.table:
        source = newest_values(con, staged)
    if table == "stock" and "location" in staged.plan.columns:
        return merge_locations(con, staged, seen)
    if table == "events" and set(EVENT_COUNTS) & set(staged.plan.columns):
        return _event_counts(con, source, staged.file, seen)
    if table == "orders" and grain != OrderGrain.LINES:
        return merge_totals(con, staged, grain, seen)
    if table in ("impressions", "searches"):
        return merge_shown(con, staged, seen)
    key = CANONICAL[table].key
    if key:
        seen(f"select *, 1 as copies from {quoted(source)} where problem is null")
        return merge_by_key(con, staged, source, key)
    return merge_order_lines(con, staged, rolled_up, seen, same_orders) if table == "orders" else _events(con, source, rolled_up, seen)


def _events(con, source: str, rolled_up: bool, seen: Callable[[str], None]) -> Merged:
    """Store events, which are identified by all of their values.

    A visitor's act at a moment is stored once. Others may well be equal: the larger number in any one file is stored, so that an
    overlapping export adds none twice.
    """
    names = columns_sql(CANONICAL["events"].names)
    once = "false" if rolled_up else "coalesce(visitor_id, customer_id) is not null and occurred_at <> date_trunc('day', occurred_at)"
    run(
        con,
        f"""create or replace temp table given as select *, case when {once} then 1 else copies end as wanted
        from (select {names}, count(*) as copies from {quoted(source)} where problem is null group by all)""",
    )
    seen("select * exclude (copies, wanted), wanted as copies from given")
    make_missing(con, "events", "events_fresh")
    ((kept, again, first, last),) = run(
        con,
        """select coalesce(sum(missing), 0)::bigint, coalesce(sum(copies - wanted), 0)::bigint,
        min(occurred_at) filter (where missing > 0), max(occurred_at) filter (where missing > 0) from events_fresh""",
    )
    insert_copies(con, "events", "events_fresh")
    return Merged(kept, {TWICE: again} if again else {}, as_day(first), as_day(last), as_day(first))


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
    make_missing(con, "events", "events_fresh")
    ((kept, first, last),) = run(
        con,
        f"""select count(distinct t.line), min(t.occurred_at), max(t.occurred_at)
        from counted t join events_fresh f on {equal_sql(names, "t", "f")} where f.missing > 0""",
    )
    insert_copies(con, "events", "events_fresh")
    return Merged(kept, {}, as_day(first), as_day(last), as_day(first))
