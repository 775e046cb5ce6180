"""Products that were shown, in places of the shop or in lists of searches: single ones of a known person, or any number alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.store.by_key import merge_by_key
from core.ingest.store.rows import ADDED_UP, Merged, columns_sql, run
from core.schema import CANONICAL

_COUNTS = ("shown", "clicked", "bought", "cost_cents")
_NAMED_BY = ("customer_id", "visitor_id", "search_id")


def merge_shown(con, staged: StagedTable, seen: Callable[[str], None]) -> Merged:
    """Store the newest row of a key.

    What a known person or search was shown at a moment is one row. Rows that name neither may well be equal, or differ in a column that is
    not read, such as a group of advertisements: they add up. A newer file replaces the sums that it repeats.
    """
    table = CANONICAL[staged.plan.table]
    source = quoted(staged.table)
    seen(f"select *, 1 as copies from {source} where problem is null")
    named = f"coalesce({columns_sql(n for n in _NAMED_BY if n in table.names)}) is not null"
    values = ", ".join(f"sum({n}) as {n}" if n in _COUNTS else f"avg({n}) as {n}" for n in table.names if n not in table.key)
    run(
        con,
        f"""create or replace temp table shown_sums as
        select line, problem, {columns_sql(table.names)} from {source} where problem is null and {named}
        union all by name
        select max(line) as line, null::integer as problem, {columns_sql(table.key)}, {values} from {source}
        where problem is null and not ({named}) group by {columns_sql(table.key)}""",
    )
    ((added,),) = run(con, f"select count(*) - (select count(*) from shown_sums) from {source} where problem is null")
    merged = merge_by_key(con, staged, "shown_sums", table.key)
    return replace(merged, dropped=merged.dropped | {ADDED_UP: added}) if added else merged
