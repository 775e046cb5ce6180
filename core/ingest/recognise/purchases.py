"""A log of events often holds the purchases too, and kinds that nobody needs. Where no file tells of orders, purchases are the orders.

Their ids begin with BOUGHT_ID, so that orders of other files, which would say the same sales again, can be told from them.
"""

from __future__ import annotations

from core.errors import UserError
from core.ingest.convert.staging import Staged
from core.ingest.recognise.mapping import Feed, Mapping
from core.ingest.recognise.names import by_plain, plain, quoted
from core.ingest.recognise.planning import Fed, TablePlan
from core.ingest.recognise.rules import BOUGHT, BOUGHT_ID, OTHER, PURCHASE

AS_ORDERS, TOLD_BY_OTHERS = "a purchase, which is an order", "a purchase, which files of orders tell"
OF_NO_USE = "a kind of event that no forecast uses"
ALSO = ("units", "unit_price", "line_total", "order_id", "channel", "country", "currency")  # what else a log may say of an order


def orders_of(mapping: Mapping, plans: list[TablePlan], columns: list[str]) -> TablePlan | None:
    """What the purchases in a file of these plans and columns say of orders; None where there can be none."""
    log = plans[0]
    if log.table != "events" or "kind" not in log.columns or not mapping.kinds.get(PURCHASE) or any(p.table == "orders" for p in plans):
        return None
    fed = {"ordered_at": log.columns["occurred_at"], "product_id": log.columns["product_id"]}
    buyer = log.columns.get("customer_id") or log.columns.get("visitor_id")
    if buyer is not None and not any("session" in plain(s) for s in buyer.sources):
        fed["customer_id"] = buyer
    present, used = by_plain(columns), {s for f in log.columns.values() for s in f.sources}
    feeds = mapping.tables["orders"].feeds if "orders" in mapping.tables else {}
    for target in ALSO:
        sources = feeds[target].found_in(present) if target in feeds else None
        if sources is not None and not used & set(sources):
            fed[target] = Fed(feeds[target], sources)
    fed.setdefault("units", Fed(Feed(constant="1"), ()))
    return TablePlan("orders", fed, derived=True, bought=True)


def none_yet(con) -> None:
    """Empties BOUGHT, before a file is read."""
    con.execute(f"create or replace temp table {BOUGHT} (line bigint)").fetchall()


def take(con, log: Staged) -> int:
    """Takes the purchases out of the staged events, and keeps their lines in BOUGHT; how many they are."""
    con.execute(f"insert into {BOUGHT} select line from {quoted(log.table)} where kind = '{PURCHASE}' and problem is null").fetchall()
    return _delete(con, log, PURCHASE)


def drop_others(con, log: Staged) -> int:
    """Takes the events that no forecast uses out of the staged ones; how many they are."""
    return _delete(con, log, OTHER) if "kind" in log.plan.columns else 0


def _delete(con, log: Staged, kind: str) -> int:
    return con.execute(f"delete from {quoted(log.table)} where kind = '{kind}' and problem is null").fetchone()[0]


def told_by_others(con) -> bool:
    """Whether orders are stored that are no purchases of a log."""
    return (
        con.execute(
            "select count(*) from orders where order_id is null or not starts_with(order_id, $prefix)", {"prefix": BOUGHT_ID}
        ).fetchone()[0]
        > 0
    )


def refuse_twice(con, file: str) -> None:
    """Raises UserError for a file of orders where purchases of a log are the orders so far."""
    (count,) = con.execute("select count(*) from orders where starts_with(order_id, $prefix)", {"prefix": BOUGHT_ID}).fetchone()
    if count:
        raise UserError(
            f"orders from files such as {file}, or purchases from logs of events",
            f"{count:,} purchases stored as orders",
            "import the files of orders together with the logs, into a new workspace: purchases are then left to them",
        )
