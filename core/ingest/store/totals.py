"""Orders that are totals of a product and day: recognised by their rows, and kept apart from order lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from core.errors import UserError
from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.store.by_key import merge_by_key
from core.ingest.store.rows import ADDED_UP, Merged, columns_sql, equal_sql, run, unseen
from core.messages import msg, nmsg
from core.schema import CANONICAL

DAILY_KEY = ("product_id", "ordered_at", "channel", "country")
BY_CHANCE = 5  # repeats of a product and day, at least, to be expected of order lines: without any, the rows are totals
ENOUGH = 20  # rows, at least, for the number of their orders to matter to a forecast
DOUBLED = 0.01  # of the rows: as many lines may be there twice in an export of totals, more equal rows are as many sales


class OrderGrain(Enum):
    """What a row of orders is, with the report's note on it."""

    LINES = msg("Rows are read as single order lines.")
    TOTALS = msg("Rows are read as totals of a product and day. A newer file replaces the days that it repeats.")
    SUMMED_LINES = msg("Rows are read as single order lines and added up to totals of a product and day, as which these days are stored.")


def detect_grain(con, staged: StagedTable, are_lines: bool = False) -> OrderGrain:
    """Return what the order rows of a file are. are_lines: a person said that they are order lines.

    Totals have no order or customer ids, no time of day, and each product once a day, channel and country. Equal rows of that kind are
    sales, all but a few: those are doubled lines. Days that are stored as totals stay so: lines of the same days would count twice.
    """
    source = quoted(staged.table)
    ((rows, named, counted),) = run(
        con,
        f"""select count(*),
        count(*) filter (where order_id is not null or customer_id is not null or ordered_at <> date_trunc('day', ordered_at)),
        count(*) filter (where order_count <> 1) from {source} where problem is null""",
    )
    if not rows or named:
        return OrderGrain.LINES
    if not are_lines:
        ((keys, different),) = run(
            con,
            f"""select count(distinct ({columns_sql(DAILY_KEY)})), count(distinct ({columns_sql(CANONICAL["orders"].names)}))
            from {source} where problem is null""",
        )
        if counted or keys == different and rows - keys <= DOUBLED * rows:
            return OrderGrain.TOTALS
    ((stored, stored_keys),) = run(
        con,
        f"""select count(*), count(distinct ({columns_sql(DAILY_KEY)})) from orders
        where order_id is null and customer_id is null
        and ordered_at between (select min(ordered_at) from {source} where problem is null)
        and (select max(ordered_at) from {source} where problem is null)""",
    )
    return OrderGrain.SUMMED_LINES if stored and stored == stored_keys else OrderGrain.LINES


def orders_at_stake(con, staged: StagedTable) -> tuple[int, float]:
    """Return the rows, and the share of orders by which lines and totals differ; 0 where the rows themselves show what they are.

    Lines repeat products on a day, and have times. Totals repeat none where as many lines would by chance: n lines of a product have
    n(n - 1)/2 pairs, and a pair has one day with a chance of 1 in the days from the first to the last.
    """
    ((rows, times, counted, keys, orders),) = run(
        con,
        f"""select count(*), count(*) filter (where ordered_at <> date_trunc('day', ordered_at)), count(*) filter (where order_count <> 1),
        count(distinct ({columns_sql(DAILY_KEY)})), sum(greatest(round(abs(units)), 1))
        from {quoted(staged.table)} where problem is null""",
    )
    if rows < ENOUGH or times or counted or rows - keys > DOUBLED * rows:
        return 0, 0.0
    ((by_chance,),) = run(
        con,
        f"""with sold as (select * from {quoted(staged.table)} where problem is null)
        select sum(n * (n - 1) / 2) / (select date_diff('day', min(ordered_at), max(ordered_at)) + 1 from sold)
        from (select count(*) as n from sold group by product_id, channel, country)""",
    )
    return (0, 0.0) if by_chance >= BY_CHANCE else (rows, abs(orders - rows) / max(orders, rows))


def merge_totals(con, staged: StagedTable, grain: OrderGrain, seen: Callable[[str], None] = unseen) -> Merged:
    """Store totals of a product and day. SUMMED_LINES are added up to such first, and so are stored lines of the same days.

    seen(rows): called before anything is stored with SQL of the rows that the file gives, with `copies`; of several totals the last one.
    """
    source, added_up = staged.table, 0
    if "order_count" not in staged.columns:  # a total is no one order: who sells daily could never sell more often
        run(con, f"update {quoted(source)} set order_count = greatest(round(abs(units)), 1) where problem is null")
    if grain == OrderGrain.SUMMED_LINES:
        _add_up(con, f"select * from {quoted(staged.table)} where problem is null", "sums")
        ((added_up,),) = run(con, f"select count(*) - (select count(*) from sums) from {quoted(staged.table)} where problem is null")
        source = "sums"
        seen(f"select *, 1 as copies from {quoted(staged.table)} where problem is null")
    else:
        last = f"select max(line) from {quoted(source)} where problem is null group by {columns_sql(DAILY_KEY)}"
        seen(f"select *, 1 as copies from {quoted(source)} where line in ({last})")
    days = [n for n in DAILY_KEY if n != "ordered_at"]
    run(
        con,
        f"""create or replace temp table lines as select 0 as line, o.*, o.rowid as stored_row from orders o
        semi join {quoted(source)} l on l.problem is null and l.ordered_at = date_trunc('day', o.ordered_at) and {equal_sql(days, "l", "o")}
        where o.order_id is null and o.customer_id is null
        qualify o.ordered_at <> date_trunc('day', o.ordered_at)
            or count(*) over (partition by date_trunc('day', o.ordered_at), {columns_sql(days, "o.")}) > 1""",
    )
    _add_up(con, "select * replace (date_trunc('day', ordered_at) as ordered_at) from lines", "lines_sums")
    names = columns_sql(CANONICAL["orders"].names)
    run(con, "delete from orders where rowid in (select stored_row from lines)")
    run(con, f"insert into orders ({names}) select {names} from lines_sums")
    merged = merge_by_key(con, staged, source, DAILY_KEY, _refuse_second_total)
    return replace(merged, dropped={ADDED_UP: added_up}) if added_up else merged


def _add_up(con, rows: str, table: str) -> None:
    """Make a table of order lines as totals of a product and day: units and orders add up, the price is the average of a unit."""
    price = "sum(abs(units) * unit_price_cents) / nullif(sum(abs(units)) filter (where unit_price_cents is not null), 0)"
    run(
        con,
        f"""create or replace temp table {table} as select max(line) as line, null::integer as problem, {columns_sql(DAILY_KEY)},
        sum(units) as units, round({price})::bigint as unit_price_cents, sum(discount_cents)::bigint as discount_cents,
        sum(order_count)::bigint as order_count, null::varchar as order_id, null::varchar as customer_id
        from ({rows}) group by {columns_sql(DAILY_KEY)}""",
    )


def _refuse_second_total(con, staged: StagedTable, source: str) -> None:
    """Raise UserError for a total that another file of this import has with other values: one of the two would be lost."""
    run(
        con,
        f"create temp table if not exists imported_totals as select {columns_sql(DAILY_KEY)}, null::varchar as file from orders limit 0",
    )
    differing = run(
        con,
        f"""select f.product_id, f.ordered_at::date, t.file, count(*) over () from fresh f
        join imported_totals t on {equal_sql(DAILY_KEY, "f", "t")} order by all limit 1""",
    )
    if differing:
        ((product, day, file, times),) = differing
        raise UserError(
            found=nmsg(
                "{file} and {other} differ in {count} total: {product} on {day}.",
                "{file} and {other} differ in {count} totals, the first one {product} on {day}.",
                times,
                file=staged.file,
                other=file,
                product=product,
                day=day,
            ),
            expected=msg("The files of one import have one total of a product and day."),
            to_do=msg("If they are parts of the shop, give each file a column `channel`. If one corrects the other, import it afterwards."),
        )
    run(
        con,
        f"""insert into imported_totals
        select distinct {columns_sql(DAILY_KEY)}, $file from {quoted(source)} where problem is null""",
        file=staged.file,
    )
