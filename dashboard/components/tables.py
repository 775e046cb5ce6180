"""Tables of products: what each column is called, how it reads, and that a click on a row opens the product."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboard import labels
from dashboard.components import exports
from dashboard.components.cards import open_product
from dashboard.i18n import SYMBOLS, WHOLE_FROM, _, shortened

column = st.column_config


def chance(label: str, **more) -> ColumnConfig:
    return column.ProgressColumn(label, min_value=0, max_value=1, format="percent", step=0.01, width=more.pop("width", 120), **more)


def trend(label: str, **more) -> ColumnConfig:
    return column.AreaChartColumn(label, y_min=0, width=more.pop("width", 110), **more)


def money(label: str, currency: str, amounts: pd.Series | None = None, **more) -> ColumnConfig:
    """Return a column of amounts in whole currency (not cents). Without pennies where the largest of these `amounts` is written so."""
    digits = 2 if amounts is None or not (amounts.abs() >= WHOLE_FROM).any() else 0
    return column.NumberColumn(label, format=f"{SYMBOLS.get(currency, currency + ' ')}%,.{digits}f", width=more.pop("width", 90), **more)


def show(
    name: str,
    frame: pd.DataFrame,
    columns: dict,
    filters: exports.Filters = (),
    *,
    alt: str,
    first: int | None = None,
    height: int | Literal["auto", "content", "stretch"] = "auto",
) -> None:
    """Show a table of products; choosing a row opens it. frame: has product_id; columns: name -> column_config, in order; filters and
    first: as exports.dataframe takes them."""
    picked = exports.dataframe(
        name,
        frame,
        {"product_id": column.TextColumn(_("SKU"))} | columns,
        filters,
        first=first,
        hidden=["product_id"],
        alt=alt,
        height=height,
        row_height=36,
        on_select="rerun",
        selection_mode="single-row",
    )
    if picked.selection.rows:
        open_product(frame.product_id.iloc[picked.selection.rows[0]])


def similar(frame: pd.DataFrame) -> None:
    show(
        "similar",
        frame.assign(title=[shortened(t, 80) for t in frame.title]),
        {
            "title": product(width=205),
            "rising_probability": chance(_("Chance of rising")),
            "orders_28d": column.NumberColumn(_("Orders, 4 weeks"), format="%,d", width=110),
        },
        alt=_("Similar products"),
        height="content",
    )


def signals(frame: pd.DataFrame, drivers: list[str]) -> None:
    """Show a product's features by driver, in the order of `drivers`; the most unusual of each driver come first."""
    order = {driver: i for i, driver in enumerate(drivers)}
    found = frame[frame.driver.isin(order)].assign(place=frame.driver.map(order), unusual=-(frame.standing - 0.5).abs())
    found = found.sort_values(["place", "unusual"], kind="stable")
    exports.dataframe(
        "signals",
        found.assign(
            driver=[labels.driver(d) for d in found.driver],
            signal=[labels.feature(f, m) for f, m in zip(found.feature, found.meaning)],
            shown=[labels.value(v, u or "") for v, u in zip(found.value, found.unit)],
        ),
        {
            "driver": column.TextColumn(_("Driver"), width=80),
            "signal": column.TextColumn(_("Signal"), width=215),
            "shown": column.TextColumn(_("Value"), width=105),
            "standing": column.ProgressColumn(
                _("Percentile"), width=78, format="percent", step=0.01, color="gray", help=_("Share of products with a lower value.")
            ),
        },
        height=420,
        alt=_("Signals by driver"),
    )


def product(label: str | None = None, width: int = 240) -> ColumnConfig:
    return column.TextColumn(label or _("Product"), width=width)
