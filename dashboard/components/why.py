"""The downloads of the Why page: drivers of the forecasts, and a signal with the effect of its driver for every product."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import labels
from dashboard.components import exports
from dashboard.i18n import _


def drivers_file(ranking: pd.DataFrame, segment: str) -> None:
    """Show the downloads of the ranking. ranking: of the question `driver_importance`."""
    named = ranking.assign(named=[labels.driver(driver) for driver in ranking.driver])
    headings = {
        "named": _("Driver"),
        "share": _("Share of all effects"),
        "strength": _("Average effect (log odds)"),
        "push_on_leaders": _("Effect on top risers (log odds)"),
    }
    with st.container(horizontal=True):
        exports.buttons("drivers", headings, lambda: named, [(_("Customer group"), labels.segment(segment))], type="tertiary")


def signal_file(everything: Callable[[], pd.DataFrame], feature: str, meaning: str) -> None:
    """Show the downloads of a signal. everything: gives the whole answer of `feature_points`; meaning: of the signal, in words."""
    headings = {
        "product_id": _("SKU"),
        "title": _("Product"),
        "value": _("Value"),
        "attribution": _("Effect (log odds)"),
        "rising_probability": _("Chance of rising"),
    }
    with st.container(horizontal=True):
        exports.buttons(f"signal-{feature}", headings, everything, [(_("Signal"), meaning)], type="tertiary")
