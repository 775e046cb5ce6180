"""A log of events often holds the purchases too. Where no file has the orders, purchases are the orders."""

from __future__ import annotations

from core.ingest.names import by_plain, plain
from core.ingest.recognise.mapping import ColumnRule, Mapping
from core.ingest.recognise.rules import PURCHASE
from core.ingest.recognise.table_plan import ColumnSource, TablePlan

ALSO = ("units", "unit_price", "line_total", "order_id", "channel", "country", "currency")  # other columns of an order that a log may have


def orders_in_log(mapping: Mapping, plans: list[TablePlan], columns: list[str]) -> TablePlan | None:
    """Return how the purchases in a log with these plans and columns fill orders; None where it can have none."""
    log = plans[0]
    if log.table != "events" or "kind" not in log.columns or not mapping.kinds.get(PURCHASE) or any(p.table == "orders" for p in plans):
        return None
    filled = {"ordered_at": log.columns["occurred_at"], "product_id": log.columns["product_id"]}
    buyer = log.columns.get("customer_id") or log.columns.get("visitor_id")
    if buyer is not None and not any("session" in plain(s) for s in buyer.sources):
        filled["customer_id"] = buyer
    present, used = by_plain(columns), {s for one in log.columns.values() for s in one.sources}
    rules = mapping.tables["orders"].rules if "orders" in mapping.tables else {}
    for target in ALSO:
        sources = rules[target].found_in(present) if target in rules else None
        if sources is not None and not used & set(sources):
            filled[target] = ColumnSource(rules[target], sources)
    filled.setdefault("units", ColumnSource(ColumnRule(constant="1"), ()))
    return TablePlan("orders", filled, derived=True, from_purchases=True)
