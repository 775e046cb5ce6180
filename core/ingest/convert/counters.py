"""Counts of all sales so far: the difference between one count of a product and the next is what was sold in between."""

from __future__ import annotations

from core.ingest.convert.row_checks import Check
from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.messages import Message, msg, nmsg

FIRST = msg("The first count of a product does not show when its units were sold.")
SAME_DAY = msg("A later count of the product on the same day replaces this one.")
UNCHANGED = msg("The count is the same as the one before: nothing was sold.")
FELL = msg("The count is below an earlier one: the counter was corrected or began again.")
TOO_HIGH = msg("The next count is below this one, which may be wrong.")
_CHECKS = (
    Check("", None, FIRST, aside=True),
    Check("", None, SAME_DAY, aside=True),
    Check("", None, UNCHANGED, aside=True),
    Check("", "units", FELL),
    Check("", "units", TOO_HIGH),
)
_KEY = "product_id, channel, country"
FEWEST = 20  # steps from one day of a product to its next, for units that never fall to be a counter's
OFTEN = 0.2  # of the steps go up


def take_differences(con, staged: StagedTable) -> list[Message]:
    """Replace the counts of staged orders by what was sold since the count before, whatever the order of the rows. Returns notes.

    Of several counts of a day the last one holds. A step up to the highest count so far or beyond counts from there, so that a wrong
    low count adds no sales; a step after a counter began again counts from the count before it.
    """
    first, same_day, unchanged, fell, too_high = range(len(staged.checks) + 1, len(staged.checks) + 1 + len(_CHECKS))
    staged.checks += _CHECKS
    con.execute(f"""create or replace temp table steps as
        with counts as (select line, {_KEY}, cast(ordered_at as date) as day, units,
            row_number() over (partition by {_KEY}, cast(ordered_at as date) order by ordered_at desc, units desc, line) as place
            from {quoted(staged.table)} where problem is null),
        beside as (select *, coalesce(lag(units) over each <= lead(units) over each and lead(units) over each < units, false) as too_high
            from counts where place = 1 window each as (partition by {_KEY} order by day)),
        steady as (select *, lag(units) over each as before, lag(day) over each as day_before,
            max(units) over (each rows between unbounded preceding and 1 preceding) as highest
            from beside where not too_high window each as (partition by {_KEY} order by day)),
        sold as (select line, day, day - day_before as days, units as counted, before,
            units - case when units >= highest then highest else before end as sold from steady)
        select line, day, days, case when before is null then counted else sold end as units,
            case when before is null then {first} when sold < 0 then {fell} when sold = 0 then {unchanged} end as problem, counted from sold
        union all select line, day, null, units, {too_high}, units from beside where too_high
        union all select line, day, null, 0, {same_day}, units from counts where place > 1""").fetchall()
    con.execute(f"""update {quoted(staged.table)} s set ordered_at = t.day, units = t.units, problem = t.problem,
        problem_value = case when t.problem in ({fell}, {too_high}) then regexp_replace(cast(t.counted as varchar), '\\.0$', '') end
        from steps t where t.line = s.line""").fetchall()
    ((products, units, longer),) = con.execute(f"""select count(*) filter (where problem = {first}),
        coalesce(sum(units) filter (where problem = {first}), 0), count(*) filter (where problem is null and days > 1)
        from steps""").fetchall()
    con.execute("drop table steps").fetchall()
    notes = [msg("Units are the difference between one count of a product and the next, on the day of the later count.")]
    if longer:
        notes.append(nmsg("{count} difference covers several days.", "{count} differences cover several days.", longer))
    if products:
        notes.append(
            nmsg(
                "The first count of {count} product, with {units} units, is set aside. "
                "Begin the next file with the last day of this one: sales between two files that do not overlap are not counted.",
                "The first counts of {count} products, with {units} units, are set aside. "
                "Begin the next file with the last day of this one: sales between two files that do not overlap are not counted.",
                products,
                units=units,
            )
        )
    return notes


def only_rise(con, staged: StagedTable) -> bool:
    """Return whether the units of all products only ever rise from day to day, as counters do and sales do not."""
    ((steps, up, down),) = con.execute(f"""with days as (select {_KEY}, cast(ordered_at as date) as day, max(units) as units
            from {quoted(staged.table)} where problem is null and order_id is null and customer_id is null group by all),
        steps as (select units - lag(units) over (partition by {_KEY} order by day) as rise from days)
        select count(rise), count(*) filter (where rise > 0), count(*) filter (where rise < 0) from steps""").fetchall()
    return steps >= FEWEST and not down and up >= OFTEN * steps
