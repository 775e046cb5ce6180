"""Tables to take along: one button for CSV, one for Excel with the filters and the data date on a second sheet."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core.storage.export import csv_bytes, write_book
from dashboard.i18n import _, absent, day

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def buttons(
    name: str,
    headings: dict[str, str],
    table: Callable[[], pd.DataFrame],
    meta: pd.Series,
    filters: Sequence[tuple[str, str]],
    label: str = "",
) -> None:
    """Show the downloads of a whole table. Files are made when asked for, outside the session: words are chosen now.

    name: of the file, before the data date; headings: of the columns, in their order, by the table's names; filters: (label, value).
    label: of the CSV button.
    """
    about = [(_("Shop"), meta.shop), (_("Data to"), day(meta.as_of)), (_("Forecast version"), meta.snapshot), *filters]
    sheets = _("List"), _("About this list")
    file = f"{name}-{meta.as_of:%Y-%m-%d}"
    st.download_button(
        label or _("Export CSV"),
        lambda: csv_bytes(_lines(headings, table())),
        f"{file}.csv",
        "text/csv",
        key=f"{name}_csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        _("Excel"),
        lambda: _book([(sheets[0], _lines(headings, table())), (sheets[1], about)]),
        f"{file}.xlsx",
        XLSX,
        key=f"{name}_xlsx",
        on_click="ignore",
        help=_("The filters and the data date are on a second sheet."),
    )


def _lines(headings: dict[str, str], table: pd.DataFrame) -> list[list]:
    """Return the heading and every row, whole numbers without a point and what is unknown as an empty cell."""
    columns = [[_cell(value) for value in table[name].tolist()] for name in headings]
    return [list(headings.values()), *map(list, zip(*columns))]


def _cell(value):
    if absent(value):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 4)
    return value.date() if isinstance(value, pd.Timestamp) else value


def _book(sheets) -> bytes:
    out = io.BytesIO()
    write_book(sheets, out)
    return out.getvalue()
