"""Draw a chart: the one place that does, so that every chart can be downloaded as a picture."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard import data
from dashboard.i18n import _, language

SCALE = 2  # of the downloaded picture: sharp in a presentation


def show(shape: go.Figure, *, key: str, alt: str, **look: Any) -> None:
    """Show a chart. key: of the widget, and the picture's name; alt: what it shows; look: of st.plotly_chart."""
    st.plotly_chart(shape, config=config(key), key=key, alt=alt, **look)


def config(name: str) -> dict[str, Any]:
    """Return the settings of a chart: of Plotly's buttons only the download, which appears where the pointer is on the chart."""
    day = f"-{data.meta().as_of:%Y-%m-%d}" if data.has_snapshot() else ""
    words = dict.fromkeys(("Download plot as a png", "Download plot as a PNG", "Download plot"), _("Download as picture"))
    return {
        "displaylogo": False,
        "scrollZoom": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "scale": SCALE, "filename": f"upswing-{name.replace('_', '-')}{day}"},
        "locale": language(),
        "locales": {language(): {"dictionary": words}},
    }
