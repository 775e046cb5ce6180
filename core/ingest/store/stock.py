"""Stock by location: kept for each, and added up for the plan. Files may count some of the locations only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.errors import UserError
from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.questions import MATTERS, Question
from core.ingest.recognise.mapping import ColumnRule
from core.ingest.recognise.table_plan import ColumnSource
from core.ingest.store.by_key import merge_by_key
from core.ingest.store.rows import LATER, Merged, run, unseen
from core.messages import msg, nmsg
from core.schema import CANONICAL
from core.storage import duckdb as db

STOCK_ROWS, ADD, LAST = "--stock-rows", "add", "last"
OF_OTHERS = msg("The row is the total of other locations.").template
# What systems call the sum over all locations, in lower case.
TOTALS = [
    *(
        "all",
        "all locations",
        "all warehouses",
        "all stores",
        "total",
        "grand total",
        "sum",
        "overall",
        "alle",
        "alle lager",
        "gesamt",
        "summe",
    ),
    *(
        "tous",
        "tous les entrepôts",
        "toutes",
        "todos",
        "todas",
        "totale",
        "tutti",
        "totaal",
        "razem",
        "全部",
        "所有仓库",
        "合计",
        "总计",
        "总仓",
    ),
]


def refuse_second_count(con, staged: StagedTable) -> None:
    """Raise UserError for a count that another file of this import has with another value: one of the two would be lost."""
    run(con, "create temp table if not exists imported_counts as select product_id, day, on_hand, null::varchar as file from stock limit 0")
    counts = f"""select product_id, day, arg_max(on_hand, line) as on_hand, $file as file from {quoted(staged.table)}
        where problem is null group by product_id, day"""
    differing = run(
        con,
        f"""select c.product_id, c.day, i.file, count(*) over () from ({counts}) c join imported_counts i using (product_id, day)
        where i.on_hand <> c.on_hand order by all limit 1""",
        file=staged.file,
    )
    if differing:
        ((product, day, file, times),) = differing
        raise UserError(
            found=nmsg(
                "{file} and {other} differ in {count} count: {product} on {day}.",
                "{file} and {other} differ in {count} counts, the first one {product} on {day}.",
                times,
                file=staged.file,
                other=file,
                product=product,
                day=day,
            ),
            expected=msg("The files of one import have one count of a product and day."),
            to_do=msg("If they are places, give each file a column `location`. If one corrects the other, import it afterwards."),
        )
    run(con, f"insert into imported_counts {counts}", file=staged.file)


def question_of_rows(con, staged: StagedTable) -> Question | None:
    """Return what to ask about several counts of one product and day that name no location; None where there are none.

    Places repeat all over a file. Where hardly any row has another, these are corrections or copies.
    """
    ((rows, several),) = run(
        con,
        f"""select count(*), count(*) filter (where copies > 1) from (
            select count(*) over (partition by day, product_id) as copies from {quoted(staged.table)} where problem is null)""",
    )
    if not several:
        return None
    return Question(
        STOCK_ROWS,
        "",
        ADD if several / rows > MATTERS else LAST,
        ((ADD, msg("They are places, such as bins, and are added up.")), (LAST, msg("They are corrections, and the last one counts."))),
        nmsg(
            "{count} row counts a product that another row of the same day counts, too, and no column names a location.",
            "{count} rows count products that other rows of the same day count, too, and no column names a location.",
            several,
        ),
        staged.file,
        several,
        several / rows,
    )


def with_places(con, staged: StagedTable) -> StagedTable:
    """Return staged counts in which each row of a product and day is a place of its own."""
    run(con, f"alter table {quoted(staged.table)} add column location varchar")
    run(
        con,
        f"""update {quoted(staged.table)} as s set location = p.place from (
            select line, cast(row_number() over (partition by day, product_id, problem order by line) as varchar) as place
            from {quoted(staged.table)}) as p where s.line = p.line""",
    )
    return replace(staged, plan=replace(staged.plan, columns=staged.plan.columns | {"location": ColumnSource(ColumnRule(), ())}))


def merge_locations(con, staged: StagedTable, seen: Callable[[str], None] = unseen) -> Merged:
    """Keep the stock of each location, and store its sum over all locations that are known of a product and day.

    Of two rows of one location the later one counts. A total beside locations is dropped.
    """
    source = quoted(staged.table)
    run(
        con,
        f"""create or replace temp table stock_counted as
        select line, day, product_id, coalesce(location, '') as location, on_hand, on_order,
            row_number() over (partition by day, product_id, location order by line desc) as place,
            list_contains($totals, lower(trim(location))) and min(list_contains($totals, lower(trim(location))))
                over (partition by day, product_id) = false as is_total
        from {source} where problem is null""",
        totals=TOTALS,
    )
    run(
        con,
        """delete from stock_locations where (day, product_id, location) in (select (day, product_id, location) from stock_counted)""",
    )
    run(
        con,
        """insert into stock_locations (day, product_id, location, on_hand, on_order)
        select day, product_id, location, on_hand, on_order from stock_counted where place = 1 and not is_total""",
    )
    db.DuckDB(con).table("staging/stock_of_locations", totals=TOTALS)
    seen("select *, places as copies from stock_of_locations")
    merged = merge_by_key(con, staged, "stock_of_locations", CANONICAL["stock"].key)
    ((later, totals),) = run(
        con,
        "select count(*) filter (where place > 1 and not coalesce(is_total, false)), count(*) filter (where is_total) from stock_counted",
    )
    ((kept, replaced),) = run(
        con,
        """select coalesce(sum(places) filter (where f.line is not null), 0)::bigint,
        coalesce(sum(places) filter (where f.stored_row is not null), 0)::bigint
        from stock_of_locations e left join fresh f using (line)""",
    )
    return replace(merged, kept=kept, replaced=replaced, dropped={why: n for why, n in ((LATER, later), (OF_OTHERS, totals)) if n})
