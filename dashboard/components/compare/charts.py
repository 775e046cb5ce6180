"""The chart of a comparison: histories and forecasts of several items on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import plotly.graph_objects as go

from dashboard.components.charts import label, whole_months
from dashboard.components.compare.items import Item
from dashboard.i18n import _, axis_day, number
from dashboard.theme import QUIET, figure

COLOURS = (  # line, and the range around it
    ("#2a7de1", "rgba(42, 125, 225, 0.15)"),
    ("#12908e", "rgba(18, 144, 142, 0.15)"),
    ("#9a6fb0", "rgba(154, 111, 176, 0.17)"),
    ("#b8962e", "rgba(184, 150, 46, 0.17)"),
)


def lines(items: Sequence[Item], as_of: pd.Timestamp, as_index: bool) -> go.Figure:
    """Return the weekly units of each item, then its average weekly demand up to each date with the 80% range.

    as_index: each item as a percentage of the mean of its own weeks.
    """
    shape = figure(380, hovermode="x unified")
    unit = _("index") if as_index else _("units per week")
    weeks = pd.concat([item.history.week for item in items])
    ends = [as_of + timedelta(days=7 * int(item.demand.weeks.max())) for item in items if len(item.demand)]
    shape.update_xaxes(
        tickformat="%Y-%m" if axis_day() == "%Y-%m-%d" else "%b %Y",
        hoverformat=axis_day(),
        showgrid=False,
        dtick=whole_months(max([weeks.max(), *ends]) - weeks.min(), 8),
    )
    shape.update_yaxes(rangemode="tozero", title={"text": unit})
    for item, (colour, fill) in zip(items, COLOURS):
        mean = item.history.units.mean()
        scale = (100 / mean if mean > 0 else float("nan")) if as_index else 1.0
        name = label(item.name, 34)
        shape.add_scatter(
            x=item.history.week,
            y=item.history.units * scale,
            name=name,
            legendgroup=item.name,
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:,.0f} %{fullData.name}<extra></extra>",
        )
        if item.demand.empty:
            continue
        rate = item.demand.pivot(index="weeks", columns="level", values="units")
        weekly = rate.div(rate.index, axis=0) * scale
        when = [as_of + timedelta(days=7 * int(w)) for w in rate.index]
        shape.add_scatter(
            x=when + when[::-1],
            y=[*weekly[0.9], *weekly[0.1][::-1]],
            fill="toself",
            fillcolor=fill,
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=item.name,
        )
        told = [f"{number(weekly.at[w, 0.5], 0)} ({number(weekly.at[w, 0.1], 0)}–{number(weekly.at[w, 0.9], 0)})" for w in rate.index]
        shape.add_scatter(
            x=when,
            y=weekly[0.5],
            name=name,
            legendgroup=item.name,
            showlegend=False,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": "dot"},
            marker={"size": 6},
            customdata=told,
            hovertemplate="%{customdata} %{fullData.name}<extra></extra>",
        )
    shape.update_xaxes(type="date")  # also where nothing is drawn yet: a line at a day has no place on an axis of numbers
    shape.add_vline(x=as_of, line={"color": QUIET, "width": 1, "dash": "dot"})
    shape.update_layout(showlegend=True, legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}, margin={"t": 40})
    return shape
