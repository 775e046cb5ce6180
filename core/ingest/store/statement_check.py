"""A statement against the warehouse: what was stated must be what is stored, to the unit and the cent."""

from __future__ import annotations

from datetime import date

from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.statement import Month
from core.ingest.store.rows import columns_sql, equal_sql
from core.ingest.store.statement_figures import by_month, month_sql, stored_rows
from core.ingest.store.totals import OrderGrain
from core.schema import CANONICAL


def confirm(con, staged: StagedTable, stated: list[Month], before: set[str], grain: OrderGrain) -> None:
    """Hold the promise of a statement on orders. Its failure is a fault of Upswing, and nothing is stored.

    stated: months of the file. before: those that the warehouse had before the file was stored.

    A month that had no orders holds exactly what is stated of it. In one that had some, every line of the file is found; lines that were
    added up to totals are compared by month only.
    """
    after = by_month(con, "orders", stored_rows("orders"), orders=False)
    for month in stated:
        held = after.get(month.month, Month(month.month, 0, units=0))
        if month.rows and month.month not in before and _figures(month, grain) != _figures(held, grain):
            raise AssertionError(f"{staged.file}, {month.month}: stated {_figures(month, grain)}, stored {_figures(held, grain)}")
    known = [m.month for m in stated if m.month in before]
    if known and grain == OrderGrain.LINES and (lost := _lost(con, staged, known)):
        raise AssertionError(f"{staged.file}: {lost} lines of {known[0]} to {known[-1]} are not stored")


def _figures(m: Month, grain: OrderGrain) -> tuple:
    """Return rows, units and money to compare. A total's average price is rounded, and a file's lines are more than its totals."""
    units = round(m.units or 0, 6)
    return (units,) if grain == OrderGrain.SUMMED_LINES else (m.rows, units, m.cents)


def _lost(con, staged: StagedTable, months: list[str]) -> int:
    """Count the file's lines of these months that equal no stored one."""
    names = CANONICAL["orders"].names
    query = f"""with lines as (select distinct {columns_sql(names)} from {quoted(staged.table)}
            where problem is null and list_contains($months, {month_sql("ordered_at")}))
        select count(*) from lines l where not exists (select 1 from orders o where {equal_sql(names, "l", "o")})"""
    return con.execute(query, {"months": [date.fromisoformat(f"{month}-01") for month in months]}).fetchone()[0]
