"""Purchase orders from the plan: XLSX and CSV for other programs, without content that they would execute."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from core.capabilities.inventory.plan.table import by_supplier, total
from core.errors import UserError
from core.messages import msg
from core.storage.export import csv_bytes, write_book

# The columns of an order: the plan's, with money in the shop's currency instead of cents.
MONEY = {
    "unit_cost": "unit_cost_cents",
    "line_cost": "line_cost_cents",
    "lost_margin": "lost_margin_cents",
    "excess_cost": "excess_cost_cents",
    "gain": "gain_cents",
}
ORDER_COLUMNS = (
    "product_id",
    "title",
    "supplier",
    "category",
    "abc",
    "xyz",
    "status",
    "on_hand",
    "on_order",
    "on_order_later",
    "inventory_position",
    "cover_weeks",
    "stockout_probability",
    "lost_margin",
    "excess_units",
    "excess_cost",
    "order_by",
    "goes_out",
    "suggested_order_units",
    "planner_order_units",
    "order_units",
    "pack_size",
    "packs",
    "unit_cost",
    "line_cost",
    "gain",
    "currency",
    "fill_rate",
    "service_level",
    "lead_time_days",
    "reorder_point",
    "order_up_to_level",
    "snooze_until",
    "reason",
    "comment",
    "changed_by",
)
_SHEET_NAME, _NOT_IN_SHEET_NAME = 31, re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def order_columns(given: Sequence[str]) -> dict[str, str]:
    """Name -> heading of the shop's template; "" where it gives none. Raises UserError for a name nobody knows.

    >>> order_columns(["product_id = Article", "order_units"])
    {'product_id': 'Article', 'order_units': ''}
    """
    columns = {name.strip(): heading.strip() for name, _, heading in (column.partition("=") for column in given)}
    unknown = [name for name in columns if name not in ORDER_COLUMNS]
    if unknown or not columns:
        raise UserError(
            expected=msg("order_columns may name {columns}.", columns=list(ORDER_COLUMNS)),
            found=msg("order_columns has unknown names: {columns}.", columns=unknown) if unknown else msg("order_columns names no column."),
            to_do=msg("Correct {setting} in [inventory].", setting="order_columns"),
        )
    return columns


def orders_workbook(plan: pd.DataFrame, columns: Mapping[str, str], about: Sequence[tuple], words: Mapping[str, str]) -> bytes:
    """Return a workbook with a summary sheet and one sheet per supplier with today's orders.

    columns: name -> heading; about: rows (label, value); words: labels of "summary", "no supplier", "supplier", "lines", "units", "cost"
    and "total".
    """
    lines, totals = plan[plan.order_units > 0], by_supplier(plan)
    names = sheet_names([words["summary"], *[words["no supplier"] if pd.isna(s) else s for s in totals.supplier]])
    summary = [*about, (), (words["supplier"], words["lines"], words["units"], words["cost"])]
    summary += [
        (words["no supplier"] if pd.isna(row.supplier) else row.supplier, row.lines, row.units, _cell(row.line_cost_cents / 100))
        for row in totals.itertuples()
    ]
    summary += [(words["total"], int(totals.lines.sum()), float(totals.units.sum()), _cell(total(totals.line_cost_cents) / 100))]
    sheets: list[tuple[str, list]] = [(names[0], summary)]
    for name, supplier in zip(names[1:], totals.supplier):
        own = lines[lines.supplier.isna() if pd.isna(supplier) else lines.supplier == supplier]
        sheets.append((name, [list(columns.values()), *_rows(own, columns)]))
    return _saved(sheets)


def orders_csv(plan: pd.DataFrame, columns: Mapping[str, str]) -> bytes:
    """Return one line per product ordered today, by supplier."""
    lines = plan[plan.order_units > 0].sort_values(["supplier", "product_id"])
    return csv_bytes([list(columns.values()), *_rows(lines, columns)])


def sheet_names(wanted: Sequence[str]) -> list[str]:
    """Return valid names of sheets: at most 31 characters, none of []:*?/\\, no two alike whatever their case.

    >>> sheet_names(["Orders", "a/b", "A:B", "x" * 40])[1:]
    ['a b', 'A B (2)', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx']
    """
    taken, names = set(), []
    for text in wanted:
        plain = _NOT_IN_SHEET_NAME.sub(" ", str(text)).strip().strip("'")[:_SHEET_NAME].strip() or "-"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain[: _SHEET_NAME - len(f' ({number})')]} ({number})"
        taken.add(name.casefold())
        names.append(name)
    return names


def _rows(plan: pd.DataFrame, columns: Mapping[str, str]) -> list[tuple]:
    return list(zip(*([_cell(value) for value in _column(plan, name)] for name in columns))) if len(plan) else []


def _column(plan: pd.DataFrame, name: str) -> list:
    values = plan[MONEY[name]] / 100 if name in MONEY else plan[name]
    if pd.api.types.is_datetime64_any_dtype(values):
        return [None if pd.isna(v) else v.date() for v in values]
    return values.tolist()


def _cell(value):
    if value is None or value != value:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else round(value, 4) if isinstance(value, float) else value


def _saved(sheets) -> bytes:
    out = io.BytesIO()
    write_book(sheets, out)
    return out.getvalue()
