"""Purchase orders on the way: what of them the plan counts as on order, beside what the shop's files say is on order.

An order sent after the last day of data cannot be in the files, so it counts whole. One sent before may be in them. A line counts as
imported where the files have open units of the product due within a week of its day, or, without deliveries of that product, where the
stock file has units on order. What the files do not have is counted: it was sent, and nobody said that it has arrived.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from core.storage.export import csv_bytes, write_book
from core.storage.state import Override, PurchaseOrder

SAME_DELIVERY_DAYS = 7
COLUMNS = ("number", "product_id", "due_in_days", "units", "counted", "imported", "unsure")
BOUGHT = ("sent", "confirmed", "partly received", "received")


def on_the_way(orders: Sequence[PurchaseOrder], deliveries: pd.DataFrame, figures: Mapping[str, float], as_of: date) -> pd.DataFrame:
    """Return the open lines of purchase orders: COLUMNS.

    deliveries: imported open ones, product_id, due_in_days and units; figures: units on order by the stock file. Units received after
    `as_of` are not in its stock, so they are still on the way for the plan. counted: units that the plan adds; imported: units that the
    files have; unsure: the order was sent before the data end, and the files do not have all of it.
    """
    open_units: dict[str, list[list[float]]] = {}
    for name, due, units in zip(deliveries.product_id, deliveries.due_in_days, deliveries.units):
        open_units.setdefault(name, []).append([float(due), float(units)])
    left = {name: float(units) for name, units in figures.items() if units > 0 and name not in open_units}
    rows = []
    for order in sorted(orders, key=lambda order: order.sent_on or date.max):
        if order.status not in BOUGHT or order.sent_on is None:
            continue
        for line in order.lines:
            units = line.units if order.at.date() > as_of else line.open
            if units <= 0:
                continue
            due, imported = (line.due_on - max(as_of, order.sent_on)).days, 0.0  # older data stand for the day it was sent
            if order.sent_on <= as_of:
                for delivery in open_units.get(line.product_id, []):
                    if abs(delivery[0] - due) <= SAME_DELIVERY_DAYS:
                        taken = min(delivery[1], units - imported)
                        delivery[1] -= taken
                        imported += taken
                known = min(left.get(line.product_id, 0.0), units - imported)
                left[line.product_id] = left.get(line.product_id, 0.0) - known
                imported += known
            counted = units - imported
            rows.append((order.number, line.product_id, due, units, counted, imported, order.sent_on <= as_of and counted > 0))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def standing(overrides: Sequence[Override], orders: Sequence[PurchaseOrder]) -> list[Override]:
    """Return the overrides without quantities that a purchase order has bought since."""
    bought = {line.product_id: order.created_at for order in orders if order.status in BOUGHT for line in order.lines}
    return [o for o in overrides if o.field != "order_units" or not (o.name in bought and bought[o.name] >= o.at)]


def order_file(order: PurchaseOrder, words: Mapping[str, str], kind: str) -> bytes:
    """Return a purchase order as a file, "csv" or "xlsx", with number, date, supplier, currency, ship-to and terms.

    words: headings of "number", "date", "supplier", "currency", "ship_to", "terms", "product_id", "title", "units", "unit_cost",
    "line_cost", "due_on", "total" and of the status in `status`. A CSV repeats the head in each line; its header is its first row.
    """
    head = {
        "number": order.number,
        "date": (order.sent_on or order.created_at.date()).isoformat(),
        "supplier": order.supplier,
        "currency": order.currency,
        "ship_to": order.ship_to,
        "terms": order.terms,
    }
    names = ("product_id", "title", "units", "unit_cost", "line_cost", "due_on")
    lines = [
        (
            line.product_id,
            line.title,
            _whole(line.units),
            None if line.unit_cost_cents is None else _whole(line.unit_cost_cents / 100),
            None if line.unit_cost_cents is None else _whole(round(line.units * line.unit_cost_cents) / 100),
            line.due_on.isoformat(),
        )
        for line in order.lines
    ]
    if kind == "csv":
        return csv_bytes([[words[name] for name in (*head, *names)], *((*head.values(), *line) for line in lines)])
    total = (words["total"], None, None, None, _whole(order.cost_cents / 100))
    rows = [*((words[name], value) for name, value in head.items()), (), [words[name] for name in names], *lines, total]
    out = io.BytesIO()
    write_book([(order.number, rows)], out)
    return out.getvalue()


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else value
