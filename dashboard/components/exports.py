"""Tables to take along: as CSV, and as Excel with the filters and the data date on a second sheet.

`dataframe` and `table` show a table with its downloads; `buttons` are the downloads of what is shown in another way.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.storage.export import csv_bytes, write_book
from dashboard import data
from dashboard.i18n import _, absent, day, plain

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Filters = Sequence[tuple[str, object]]


def dataframe(
    name: str,
    frame: pd.DataFrame,
    columns: Mapping[str, Any],
    filters: Filters = (),
    *,
    first: int | None = None,
    hidden: Sequence[str] = (),
    **look: Any,
) -> Any:
    """Show a table of which every row can be downloaded; return what Streamlit returns.

    name: of the file, and of the widgets; columns: name -> column_config, in order; first: as many rows are shown; hidden: columns
    that only the file has; look: of st.dataframe.
    """
    shown = frame if first is None else frame.head(first)
    order = [column for column in columns if column not in hidden]
    chosen = st.dataframe(
        shown, column_config=dict(columns), column_order=order, hide_index=True, **{"placeholder": "", "key": f"{name}_table", **look}
    )
    with st.container(horizontal=True):
        buttons(name, {column: columns[column]["label"] or column for column in columns}, lambda: frame, filters, type="tertiary")
    return chosen


def table(name: str, frame: pd.DataFrame, filters: Filters = (), *, first: int | None = None) -> None:
    """Show a short table of texts with its downloads. frame: its first column names the rows; first: as many rows are shown."""
    shown = frame if first is None else frame.head(first)
    st.table(shown.map(plain).set_index(frame.columns[0]), border="horizontal")
    with st.container(horizontal=True):
        buttons(name, {column: column for column in frame}, lambda: frame, filters, type="tertiary")


def buttons(
    name: str,
    headings: Mapping[str, str],
    rows: Callable[[], pd.DataFrame],
    filters: Filters = (),
    *,
    label: str = "",
    excel: str = "",
    **look: Any,
) -> None:
    """Show the downloads of a whole table. Files are made when asked for, outside the session: words are chosen now.

    name: of the file, before the data date; headings: of the columns, in their order, by the table's names; rows: makes the table;
    filters: (label, value); label, excel: of the buttons; look: of st.download_button.
    """
    about = [*_about(), *filters]
    sheets = _("List"), _("About this list")
    file = f"{name}-{data.meta().as_of if data.has_snapshot() else date.today():%Y-%m-%d}"
    st.download_button(
        label or _("Export CSV"),
        lambda: csv_bytes(_lines(headings, rows())),
        f"{file}.csv",
        "text/csv",
        key=f"{name}_csv",
        icon=":material/download:",
        on_click="ignore",
        **look,
    )
    st.download_button(
        excel or _("Excel"),
        lambda: _book([(sheets[0], _lines(headings, rows())), (sheets[1], about)]),
        f"{file}.xlsx",
        XLSX,
        key=f"{name}_xlsx",
        on_click="ignore",
        help=_("The filters and the data date are on a second sheet."),
        **look,
    )


def _about() -> list[tuple[str, object]]:
    shop: list[tuple[str, object]] = [(_("Shop"), data.settings().shop.name)]
    if not data.has_snapshot():
        return shop
    meta = data.meta()
    return [*shop, (_("Data to"), day(meta.as_of)), (_("Forecast version"), meta.snapshot)]


def _lines(headings: Mapping[str, str], table: pd.DataFrame) -> list[list]:
    """Return the heading and every row, whole numbers without a point and what is unknown as an empty cell."""
    columns = [[_cell(value) for value in table[name].tolist()] for name in headings]
    return [list(headings.values()), *map(list, zip(*columns))]


def _cell(value):
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if absent(value):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 4)
    if isinstance(value, datetime):
        return value.date() if value.tzinfo is None and value.time() == datetime.min.time() else f"{value:%Y-%m-%d %H:%M}"
    return value


def _book(sheets) -> bytes:
    out = io.BytesIO()
    write_book(sheets, out)
    return out.getvalue()
