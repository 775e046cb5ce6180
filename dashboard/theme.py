"""Colours and figure defaults. Each hue reads on the light and on the dark paper of dashboard/.streamlit/config.toml alike."""

from __future__ import annotations

import plotly.graph_objects as go

RISE = "#2a7de1"
FALL = "#d9622b"
QUIET = "#8593a3"
GRID = "rgba(133, 147, 163, 0.22)"
LOST = "rgba(133, 147, 163, 0.35)"  # QUIET, lighter: what lies upon it was not sold
BANDS = {0.95: "rgba(42, 125, 225, 0.12)", 0.80: "rgba(42, 125, 225, 0.18)", 0.50: "rgba(42, 125, 225, 0.28)"}
# Steps of a heat map: from which value on, fill, ink. Fills are opaque, so that each ink is right on light and dark paper.
LIFT = (
    (0.0, "#a8471a", "#ffffff"),
    (0.5, "#f0b394", "#10161e"),
    (0.8, "rgba(133, 147, 163, 0.10)", "#6f7d8d"),
    (1.25, "#8fbcf0", "#10161e"),
    (2.0, "#1f62b5", "#ffffff"),
)


def figure(height: int, **layout) -> go.Figure:
    """Return an empty figure in house style: no chrome, light grid, room for labels."""
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "fixedrange": True}
    house = {
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 12, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "bargap": 0.35,
        "dragmode": False,
        "xaxis": axis,
        "yaxis": axis,
    }
    return go.Figure(layout=house | layout)  # at once: plotly checks every later update anew


def direction(value: float) -> str:
    """Return the colour of a push: up or down."""
    return RISE if value >= 0 else FALL
