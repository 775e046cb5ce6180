"""How the canonical tables differ from what they were before they were made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.ingest.names import quoted
from core.ingest.recognise.rules import RULES, TABLE_NAMES
from core.ingest.store.rows import as_day, columns_sql, run
from core.messages import Message, msg, sentences
from core.schema import CANONICAL


@dataclass(frozen=True)
class TableChange:
    """What an undo changes in one table. units and cents: of orders, what leaves less what comes back; days: of the rows that differ."""

    table: str
    leaving: int
    returning: int
    units: float | None = None
    cents: int | None = None
    first_day: date | None = None
    last_day: date | None = None

    def message(self) -> Message:
        moved = {"table": TABLE_NAMES[self.table], "leaving": self.leaving, "returning": self.returning}
        return sentences(
            msg("{table}: {leaving} removed, {returning} restored.", **moved),
            msg("{units} units and an amount of {amount} less.", units=self.units, amount=(self.cents or 0) / 100)
            if self.units is not None
            else "",
            msg("From {first} to {last}.", first=self.first_day, last=self.last_day) if self.first_day else "",
        )


def set_aside(con) -> None:
    """Move all that imports stored into temporary tables, so that it can be made again and compared."""
    for table in CANONICAL:
        run(con, f"create or replace temp table before_{table} as select * from {quoted(table)}")
        run(con, f"delete from {quoted(table)}")
    for table in ("facts", "stock_locations"):
        run(con, f"delete from {table}")


def forget_rows(con, import_id: str) -> None:
    """Take the rows that one import gave out of the journal's tables."""
    for table in CANONICAL:
        run(con, f"delete from given_{table} where import_id = $import_id", import_id=import_id)


def change_of(con, table: str) -> TableChange | None:
    """Return how a table differs from what was set aside, and drop that; None if it does not differ."""
    names, day = columns_sql(CANONICAL[table].names), RULES[table].day
    days = f"min({day}), max({day})" if day else "null, null"
    orders = "sum(sign * units), cast(round(sum(sign * units * unit_price_cents)) as bigint)" if table == "orders" else "null, null"
    before, after = f"select {names} from before_{table}", f"select {names} from {quoted(table)}"
    ((leaving, returning, units, cents, first, last),) = run(
        con,
        f"""with moved as (
            select 1 as sign, * from ({before} except all {after}) union all select -1 as sign, * from ({after} except all {before}))
        select count(*) filter (where sign = 1), count(*) filter (where sign = -1), {orders}, {days} from moved""",
    )
    run(con, f"drop table before_{table}")
    return TableChange(table, leaving, returning, units, cents, as_day(first), as_day(last)) if leaving or returning else None
