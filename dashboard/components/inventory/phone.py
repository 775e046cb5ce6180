"""The list on a phone: each product as a card, with its quantity to type, a tick to review it, and its name to open it.

Both the table and the cards are in the page, since the server does not know how wide the window is; inventory.css shows one of them.
"""

from __future__ import annotations

import pandas as pd

from dashboard import labels, pictures
from dashboard.components import rows
from dashboard.components.inventory import edits
from dashboard.components.inventory import labels as own
from dashboard.i18n import _, absent, day, money, number, shortened

SHOWN = 50
TONES: dict[str, rows.Tone] = {"short": "short", "excess": "excess", "healthy": "fine"}


def cards(found: pd.DataFrame, currency: str, _version: str) -> None:
    """Show the first rows of the plan as cards; other rows keep what is ticked."""
    shown, column = found.head(SHOWN), rows.Column
    columns = [
        column(_("Product"), "product", "product", 168, 2),
        column(own.heading("order_units"), "order", "quantity", 84),
        column(_("Suggested"), "suggested", "figure", 76),
        column(own.heading("line_cost"), "cost", "figure", 76),
        column(_("Stock"), "stock", "figure", 76),
        column(own.heading("cover_weeks"), "weeks", "figure", 76),
        column(own.heading("order_by"), "by", "figure", 76),
    ]
    saved = dict(zip(shown.product_id, shown.order_units))
    typed = edits.unsaved()
    cells = {row.product_id: _cells(row, typed.get(row.product_id, row.order_units), currency) for row in shown.itertuples()}
    rows.show(
        edits.key("cards"),
        _("Products, highest margin at risk first"),
        [one for one in columns if any(each[one.name] for each in cells.values())],
        [rows.Row(product, each) for product, each in cells.items()],
        selects=True,
        selected=edits.chosen(),
        on_select=edits.choose,
        on_edit=lambda given: edits.put({product: units for product, units in given.items() if product in saved}, saved),
    )


def _cells(row, units: float, currency: str) -> dict[str, dict | None]:
    about = " · ".join(text for text in (row.supplier, row.abc + row.xyz) if not absent(text))
    title = shortened(row.title, 90)
    step = 1.0 if absent(row.pack_size) or row.pack_size <= 0 else float(row.pack_size)
    risk = own.risk(row.risk) if row.risk else ""
    return {
        "product": rows.product(title, about, row.category or "", pictures.address(row.product_id)),
        "order": None if absent(units) else rows.quantity(float(units), step, f"{own.heading('order_units')}: {title}"),
        "suggested": _figure(row.suggested_order_units),
        "cost": None if absent(row.line_cost_cents) else rows.figure(money(row.line_cost_cents, currency)),
        "stock": _figure(row.inventory_position),
        "weeks": None if absent(row.cover_weeks) else rows.figure(labels.weeks(row.cover_weeks), risk, TONES.get(row.risk, "")),
        "by": None if absent(row.order_by) else rows.figure(day(row.order_by)),
    }


def _figure(units: float) -> dict | None:
    return None if absent(units) else rows.figure(number(units, 0))
