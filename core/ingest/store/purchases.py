"""The purchases among staged events: taken out of the log, and stored as orders where no file has the orders.

Their ids begin with PURCHASE_ID_PREFIX, so that orders of other files, which would count the same sales again, can be distinguished.
"""

from __future__ import annotations

from core.errors import UserError
from core.ingest.convert.staging import PURCHASE_LINES, StagedTable
from core.ingest.names import quoted
from core.ingest.recognise.rules import OTHER, PURCHASE, PURCHASE_ID_PREFIX
from core.messages import msg, nmsg

# Why rows of a log are dropped, as of core/ingest/store/rows.py.
AS_ORDERS = msg("The row is a purchase and is stored as an order.").template
IN_ORDER_FILES = msg("The row is a purchase, which files of orders have.").template
UNUSED_KIND = msg("No forecast uses this kind of event.").template


def clear_purchases(con) -> None:
    """Empty PURCHASE_LINES before a file is read."""
    con.execute(f"create or replace temp table {PURCHASE_LINES} (line bigint)").fetchall()


def take_purchases(con, log: StagedTable) -> int:
    """Move the purchases from the staged events to PURCHASE_LINES; returns how many they are."""
    purchases = f"select line from {quoted(log.table)} where kind = '{PURCHASE}' and problem is null"
    con.execute(f"insert into {PURCHASE_LINES} {purchases}").fetchall()
    return _delete(con, log, PURCHASE)


def drop_unused_kinds(con, log: StagedTable) -> int:
    """Delete the events that no forecast uses from the staged ones; returns how many they are."""
    return _delete(con, log, OTHER) if "kind" in log.plan.columns else 0


def _delete(con, log: StagedTable, kind: str) -> int:
    return con.execute(f"delete from {quoted(log.table)} where kind = '{kind}' and problem is null").fetchone()[0]


def has_order_files(con) -> bool:
    """Return whether orders are stored that are no purchases of a log."""
    query = "select count(*) from orders where order_id is null or not starts_with(order_id, $prefix)"
    return con.execute(query, {"prefix": PURCHASE_ID_PREFIX}).fetchone()[0] > 0


def refuse_both(con, file: str) -> None:
    """Raise UserError for a file of orders where the stored orders are purchases of a log."""
    query = "select count(*) from orders where starts_with(order_id, $prefix)"
    (count,) = con.execute(query, {"prefix": PURCHASE_ID_PREFIX}).fetchone()
    if count:
        raise UserError(
            found=nmsg(
                "{count} purchase from logs of events is stored as an order.",
                "{count} purchases from logs of events are stored as orders.",
                count,
            ),
            expected=msg("Orders come from files such as {file} or from logs of events, not from both.", file=file),
            to_do=msg("Import the files of orders together with the logs into a new workspace. Purchases in logs are then skipped."),
        )
