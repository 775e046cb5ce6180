"""The downloads of the Segments page: what its two charts show, in figures."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import labels
from dashboard.components import exports
from dashboard.i18n import _


def interest_file(found: pd.DataFrame) -> None:
    """Show the downloads of preferences. found: of the question `segment_interest`."""
    headings = {"name": _("Category or product"), "group": _("Customer group"), "orders": _("Orders"), "lift": _("Times its usual share")}
    _buttons("preferences", headings, found)


def weeks_file(found: pd.DataFrame, category: str) -> None:
    """Show the downloads of weekly orders by group. found: of the question `segment_weeks`; category: "" = all."""
    headings = {"week": _("Week"), "group": _("Customer group"), "orders": _("Orders"), "pace": _("Times its average week")}
    _buttons("orders-by-group", headings, found, [(_("Category"), category or _("All"))])


def _buttons(name: str, headings: dict[str, str], found: pd.DataFrame, filters: exports.Filters = ()) -> None:
    named = found.assign(group=found.segment.map({segment: labels.segment(segment) for segment in found.segment.unique()}))
    with st.container(horizontal=True):
        exports.buttons(name, headings, lambda: named, filters, type="tertiary")
