"""Tables of products: what each column is called, how it reads, and that a click on a row opens the product."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboard import labels
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


def show(frame: pd.DataFrame, columns: dict, *, key: str, alt: str, height: int | Literal["auto", "content", "stretch"] = "auto") -> None:
    """Show a table of products; choosing a row opens it. frame: has product_id; columns: name -> column_config, in order."""
    picked = st.dataframe(
        frame,
        column_config=columns,
        column_order=list(columns),
        hide_index=True,
        key=key,
        alt=alt,
        height=height,
        row_height=36,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
    )
    if picked.selection.rows:
        open_product(frame.product_id.iloc[picked.selection.rows[0]])


def _points(change: pd.Series) -> pd.Series:
    """Whole points, so that none reads as -0."""
    return (100 * change.astype(float)).round().astype("Int64")


def similar(frame: pd.DataFrame) -> None:
    show(
        frame.assign(title=[shortened(t, 80) for t in frame.title]),
        {
            "title": product(width=205),
            "rising_probability": chance(_("Chance of rising")),
            "orders_28d": column.NumberColumn(_("Orders, 4 weeks"), format="%,d", width=110),
        },
        key="similar_table",
        alt=_("Similar products"),
        height="content",
    )


def signals(frame: pd.DataFrame, drivers: list[str]) -> None:
    """Show a product's features by driver, in the order of `drivers`; the most unusual of each driver come first."""
    order = {driver: i for i, driver in enumerate(drivers)}
    found = frame[frame.driver.isin(order)].assign(place=frame.driver.map(order), unusual=-(frame.standing - 0.5).abs())
    found = found.sort_values(["place", "unusual"], kind="stable")
    st.dataframe(
        {
            _("Driver"): [labels.driver(d) for d in found.driver],
            _("Signal"): [labels.feature(f, m) for f, m in zip(found.feature, found.meaning)],
            _("Value"): [labels.value(v, u or "") for v, u in zip(found.value, found.unit)],
            _("Percentile"): found.standing,
        },
        column_config={
            _("Driver"): column.TextColumn(width=80),
            _("Signal"): column.TextColumn(width=215),
            _("Value"): column.TextColumn(width=105),
            _("Percentile"): column.ProgressColumn(
                width=78, format="percent", step=0.01, color="gray", help=_("Share of products with a lower value.")
            ),
        },
        hide_index=True,
        height=420,
        alt=_("Signals by driver"),
    )


def product(label: str | None = None, width: int = 240) -> ColumnConfig:
    return column.TextColumn(label or _("Product"), width=width)


def movers(frame: pd.DataFrame, key: str, alt: str) -> None:
    shown = frame.assign(title=[shortened(t, 80) for t in frame.title], movement=_points(frame.movement))
    show(
        shown,
        {
            "title": product(),
            "rising_probability": chance(_("Chance"), width=95),
            "movement": column.NumberColumn(
                _("Change"), format="%+d", width=70, help=_("Change in percentage points since the last update.")
            ),
            "units": trend(_("26 weeks"), help=_("Weekly unit sales.")),
        },
        key=key,
        alt=alt,
        height="content",
    )
