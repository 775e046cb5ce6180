"""Order lines into the table of orders: equal lines are as many sales, and a newer export of an order replaces its lines."""

from __future__ import annotations

from collections.abc import Callable

from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.questions import MATTERS, Question
from core.ingest.recognise.rules import BOTH_FILES, FIRST_FILE, LAST_FILE, PURCHASE_ID_PREFIX, SAME_ORDERS
from core.ingest.store.rows import A_UNIT_MORE, TWICE, Merged, as_day, columns_sql, equal_sql, insert_copies, make_missing, run, unseen
from core.messages import Message, msg, nmsg
from core.schema import CANONICAL
from core.storage import duckdb as db

GROUPED = 1.2  # runs of one order's lines for each order: up to this many, the lines of an order stand together in a file
ANEW = 0.1  # of the orders: with more of them on several days, order numbers start over
NAMES = CANONICAL["orders"].names
CHOICES = (
    (LAST_FILE, msg("the last one: its lines replace the others")),
    (FIRST_FILE, msg("the first one: its lines replace the others")),
    (BOTH_FILES, msg("both: their lines add up")),
)
PLACE = (
    "row_number() over (order by {0}) - row_number() over (partition by order_id order by {0})"  # equal for lines that follow each other
)


def merge_order_lines(con, staged: StagedTable, rolled_up: bool, seen: Callable[[str], None] = unseen, same_orders: str = "") -> Merged:
    """Store the valid lines of a file.

    The larger number of equal lines in any one file is stored, so that an overlapping export adds none twice. rolled_up: many products
    of the file make one, so that lines of an order may well be equal. seen and same_orders: as of merge.
    """
    run(con, "create temp table if not exists imported_orders (order_id varchar, day date, file varchar)")
    run(con, "create temp table if not exists imported_left (order_id varchar)")
    by_units = staged.plan.row_is_a_unit and not rolled_up
    notes = _count_alike(con, staged, by_units)
    seen("select * exclude (copies, wanted, first_line), wanted as copies from given")
    question, replaces = _differing_orders(con, staged.file, same_orders)
    notes += [*_replace_orders(con, staged.file, replaces), *_take_back(con, staged)]
    make_missing(con, "orders", "orders_fresh")
    ((kept, again, first, last, replaced),) = run(
        con,
        """select coalesce(sum(missing), 0)::bigint, coalesce(sum(copies - wanted), 0)::bigint,
        min(ordered_at) filter (where missing > 0), max(ordered_at) filter (where missing > 0),
        coalesce(sum(missing) filter (where order_id in (select order_id from imported_left)), 0)::bigint from orders_fresh""",
    )
    ((left,),) = run(con, "select min(ordered_at) from orders_left")
    insert_copies(con, "orders", "orders_fresh")
    touched = min((day for moment in (first, left) if (day := as_day(moment)) is not None), default=None)
    dropped = {A_UNIT_MORE if by_units else TWICE: again} if again else {}
    return Merged(kept, dropped, as_day(first), as_day(last), touched, replaced, notes, question)


def _count_alike(con, staged: StagedTable, by_units: bool) -> list[Message]:
    """Make `given`: each different line with its copies in the file and how many of them are `wanted`.

    Equal lines are separate sales; with line numbers, one for each number. An order whose lines all repeat at a second place, as in two
    overlapping exports joined into one file, is a duplicate and counts once. by_units: the line's units already include the copies.
    """
    source, names = quoted(staged.table), columns_sql(NAMES)
    numbered = "line_id" in staged.plan.columns
    wanted = "count(distinct line_id) + count(*) - count(line_id)" if numbered else "count(*)"
    if by_units:
        wanted = "case when order_id is not null then 1 else count(*) end"
    run(
        con,
        f"""create or replace temp table given as select {names}, count(*) as copies, {wanted} as wanted, min(line) as first_line
        from {source} where problem is null group by {names}""",
    )
    alike = "from given where order_id is not null and wanted > 1"
    ((several,),) = run(con, f"select count(*) {alike}")
    if not several or numbered:
        return []
    if _stands_together(con):
        run(
            con,
            f"""update given as g set wanted = o.copies from (
                with lines as (
                    select {names}, place, count(*) as copies
                    from (select {names}, {PLACE.format("line")} as place from {source} where problem is null)
                    where order_id in (select order_id {alike}) group by all
                ),
                places as (
                    select order_id, place, row_number() over (
                        partition by order_id, list_sort(list((hash({names}), copies))) order by place) as time_told
                    from lines group by order_id, place
                )
                select {columns_sql(NAMES, "l.")}, sum(l.copies)::bigint as copies
                from lines l join places p on p.order_id = l.order_id and p.place = l.place where p.time_told = 1 group by all
            ) as o where {equal_sql(NAMES, "g", "o")}""",
        )
    ((more,),) = run(con, f"select coalesce(sum(wanted - 1), 0)::bigint {alike}")
    note = nmsg(
        "{count} row equals another one of its order and counts as one more sale.",
        "{count} rows equal other ones of their orders and count as more sales.",
        more,
    )
    return [note] if more else []


def _stands_together(con) -> bool:
    """Return whether the lines of an order mostly follow each other in the file; of equal lines the first one is looked at."""
    ((places, orders),) = run(
        con,
        f"""select count(distinct (order_id, place)), count(distinct order_id)
        from (select order_id, {PLACE.format("first_line")} as place from given) where order_id is not null""",
    )
    return places <= GROUPED * orders


def _take_back(con, staged: StagedTable) -> list[Message]:
    """Delete the stored lines of orders that the file sets aside by their state: they were cancelled since. Adds them to `orders_left`."""
    run(
        con,
        f"""insert into orders_left by name
        with aside as (
            select distinct order_id, product_id from {quoted(staged.table)}
            where aside is not null and mark_name is not null and order_id is not null
        )
        select o.rowid as stored_row, o.order_id as unit, {columns_sql(NAMES, "o.")} from orders o semi join aside a
            on o.order_id = a.order_id and o.product_id = a.product_id
        where not exists (select 1 from given g where {equal_sql(NAMES, "g", "o")})""",
    )
    ((lines,),) = run(con, "select count(*) from orders where rowid in (select stored_row from orders_left)")
    run(con, "delete from orders where rowid in (select stored_row from orders_left)")
    note = nmsg(
        "{count} stored line belongs to an order that is no longer a sale, and is removed.",
        "{count} stored lines belong to orders that are no longer sales, and are removed.",
        lines,
    )
    return [note] if lines else []


def _differing_orders(con, file: str, answer: str) -> tuple[Question | None, bool]:
    """Make `orders_told_again`; ask which lines count of orders that another file of the import has with other lines of their products.

    Returns the question, and whether the lines of this file replace those of the other one.
    """
    db.DuckDB(con).table("staging/orders_told_again", daily=False, purchase=PURCHASE_ID_PREFIX)
    unlike = "from orders_told_again where sells and of_this_import and same_product and in_both = 0"
    ((orders,),) = run(con, f"select count(*) {unlike}")
    if not orders:
        return None, False
    ((all_orders, last),) = run(con, "select count(distinct order_id), max(ordered_at)::date from given where order_id is not null")
    ((other, last_of_other),) = run(
        con,
        f"""select file, max(day) from imported_orders where file = (
            select mode(file) from imported_orders where order_id in (select order_id {unlike})) group by file""",
    )
    share = orders / all_orders
    proposal = BOTH_FILES if share <= MATTERS else FIRST_FILE if last < last_of_other else LAST_FILE
    about = nmsg(
        "{count} order is in {other} and, with other lines, in {file}. Which file is right?",
        "{count} orders are in {other} and, with other lines, in {file}. Which file is right?",
        orders,
        file=file,
        other=other,
    )
    replaces = answer in (LAST_FILE, FIRST_FILE) or not answer and proposal == LAST_FILE
    return Question(SAME_ORDERS, "", proposal, CHOICES, about, file, rows=orders, share=share), replaces


def _replace_orders(con, file: str, replaces: bool) -> list[Message]:
    """Delete the stored lines of orders of which `given` has a newer version, and keep those deleted in `orders_left`.

    An order with a new date is the same order, unless order numbers start over. Returns alone do not replace what was sold, and a
    file without any returns leaves those that are stored. A file that has other products of an order than the warehouse, as the next
    part of an export, adds them. replaces: the file's lines of orders replace those that another file of the import has otherwise.
    """
    engine, daily, notes = db.DuckDB(con), False, []
    seen = db.rows(con, "staging/orders_compared")[0]
    apart = seen["orders"] - seen["same_day"]
    if seen["several_days"] is not None and seen["several_days"] > ANEW or not seen["same_day"] and 2 * seen["redated"] < apart:
        daily = True
        engine.table("staging/orders_told_again", daily=daily, purchase=PURCHASE_ID_PREFIX)
        seen = db.rows(con, "staging/orders_compared")[0]
    newer = 2 * seen["same_product"] >= seen["orders"]
    ((added,),) = run(
        con, "select count(*) from orders_told_again where sells and not of_this_import and not same_product and not $newer", newer=newer
    )
    if added:
        notes.append(
            nmsg(
                "{count} order of the file is stored with other products. Its lines are added.",
                "{count} orders of the file are stored with other products. Their lines are added.",
                added,
            )
        )
    names, unit = columns_sql(NAMES, "{0}."), "case when $daily then concat({0}.order_id, '@', {0}.ordered_at::date) else {0}.order_id end"
    run(
        con,
        f"""create or replace temp table orders_left as
        with newer as (
            select unit from orders_told_again
            where sells and case when of_this_import then in_both > 0 or $replaces and same_product else same_product or $newer end
        ),
        known as (
            select o.rowid as stored_row, {unit.format("o")} as unit, {names.format("o")},
                row_number() over (partition by {names.format("o")} order by o.rowid) as copy,
                bool_or(o.units > 0) over (partition by {unit.format("o")}) as sells
            from orders o where o.order_id in (select order_id from orders_told_again)
        ),
        told as (select distinct {unit.format("g")} as unit, g.ordered_at::date as day from given g where g.order_id is not null)
        select k.* from known k semi join newer n on k.unit = n.unit
        left join given g on {equal_sql(NAMES, "k", "g")}
        left join told t on k.unit = t.unit and k.ordered_at::date = t.day
        where k.copy > coalesce(g.wanted, 0)
            and (k.units > 0 or not k.sells or t.day is not null or exists (select 1 from given where units < 0))""",
        daily=daily,
        newer=newer,
        replaces=replaces,
    )
    run(con, "delete from orders where rowid in (select stored_row from orders_left)")
    run(
        con,
        "insert into imported_orders select distinct order_id, ordered_at::date, $file from given where order_id is not null",
        file=file,
    )
    run(con, "insert into imported_left select distinct order_id from orders_left")
    return notes
