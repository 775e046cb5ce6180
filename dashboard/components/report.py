"""The weekly report as a download. It is made when it is asked for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data
from dashboard.i18n import _, language


def download(meta: pd.Series) -> None:
    """Show the button that makes and downloads the report in the language of this session."""
    st.download_button(
        _("Weekly report"),
        data.weekly_report(language()),
        f"upswing-{meta.as_of:%Y-%m-%d}-{language()}.html",
        "text/html",
        key="weekly_report",
        icon=":material/summarize:",
        on_click="ignore",
        help=_("One page to print or send: money, actions, risers and fallers, customer groups and orders."),
    )
