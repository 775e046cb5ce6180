"""The charts of the Product page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.components.charts import chance, odds, whole_months
from dashboard.components.product.reasons import Reason
from dashboard.i18n import _, axis_day, number, percent, points
from dashboard.theme import BANDS, GRID, LOST, QUIET, RISE, direction, figure

FARTHEST_EDGE = 3  # times the highest of history and median: a wider range would flatten the sales
YEAR = timedelta(days=364)  # the same weekday


def sales(history: pd.DataFrame, demand: pd.DataFrame, as_of, weeks: int | None) -> go.Figure:
    """Return a chart of weekly units, joined to the forecast's average weekly units, over the same weeks a year ago.

    history: week (its last day), units, lost_units. demand: weeks, level, units (cumulative). weeks: of history; None for all.
    """
    shape, today = figure(340, hovermode="x"), pd.Timestamp(as_of)
    until = today + timedelta(days=7 * int(demand.weeks.max() if len(demand) else 0))
    history = history.assign(week=pd.to_datetime(history.week))
    shown = history if weeks is None else history[history.week > today - timedelta(days=7 * weeks)]
    first = shown.week.min() if len(shown) else today
    shape.update_xaxes(
        tickformat="%Y-%m" if axis_day() == "%Y-%m-%d" else "%b %Y",
        showgrid=False,
        dtick=whole_months(until - first, 8),
        range=[first, until],
    )
    shape.update_yaxes(rangemode="tozero", title={"text": _("units per week")})
    before = history.assign(week=history.week + YEAR)
    before = before[(before.week >= first) & (before.week <= until)]
    shape.add_scatter(
        x=before.week,
        y=before.units,
        mode="lines",
        line={"color": LOST, "width": 1.5},
        hovertemplate="%{y:,.0f} " + _("a year ago") + "<extra></extra>",
    )
    lost = [_("plus an estimated {units} lost while out of stock").format(units=number(n)) if n > 0 else "" for n in shown.lost_units]
    shape.add_scatter(
        x=shown.week,
        y=shown.units,
        mode="lines",
        line={"color": QUIET, "width": 2},
        customdata=[f"<br>{text}" if text else "" for text in lost],
        hovertemplate="%{y:,.0f} " + _("units in the week of") + f" %{{x|{axis_day()}}}%{{customdata}}<extra></extra>",
    )
    wanted = shown.units + shown.lost_units
    if shown.lost_units.any():
        shape.add_scatter(x=shown.week, y=wanted, fill="tonexty", fillcolor=LOST, mode="lines", line={"width": 0}, hoverinfo="skip")
    highest = max(wanted.max() if len(shown) else 0, before.units.max() if len(before) else 0, 1)
    if len(demand):
        highest = max(highest, _forecast(shape, demand, today, float(shown.units.iloc[-1]) if len(shown) else 0.0, highest))
        shape.add_vline(x=today, line={"color": QUIET, "width": 1, "dash": "dot"})
    shape.update_yaxes(range=[0, 1.05 * highest])
    return shape


def _forecast(shape: go.Figure, demand: pd.DataFrame, today: pd.Timestamp, last: float, highest: float) -> float:
    """Draw the median and the 50% and 80% ranges, joined to the last week; return the highest value that is in sight."""
    total = demand.pivot(index="weeks", columns="level", values="units")
    when = [today, *(today + timedelta(days=7 * int(w)) for w in total.index)]
    weekly = total.div(total.index, axis=0)
    for share in (0.80, 0.50):
        low, high = round((1 - share) / 2, 3), round((1 + share) / 2, 3)
        if low in weekly and high in weekly:
            edges = [last, *weekly[high]], [last, *weekly[low]]
            shape.add_scatter(
                x=when + when[::-1],
                y=[*edges[0], *edges[1][::-1]],
                fill="toself",
                fillcolor=BANDS[share],
                mode="lines",
                line={"width": 0},
                hoverinfo="skip",
            )
    told = [
        _("{weeks} weeks: {units} in all, likely range {low}–{high} (80%)").format(
            weeks=w, units=number(total.at[w, 0.5], 0), low=number(total.at[w, 0.1], 0), high=number(total.at[w, 0.9], 0)
        )
        for w in total.index
    ]
    shape.add_scatter(
        x=when,
        y=[last, *weekly[0.5]],
        mode="lines+markers",
        line={"color": RISE, "width": 2.5},
        marker={"size": [0, *[7] * len(weekly)]},
        customdata=["", *told],
        hovertemplate="%{customdata}<extra></extra>",
    )
    return float(max(weekly[0.5].max(), min(weekly[0.9].max(), FARTHEST_EDGE * max(highest, weekly[0.5].max()))))


def in_points(found: Sequence[Reason], base_logit: float) -> np.ndarray:
    """Return what each reason changes the chance by as they add up from the baseline to the product, as shares."""
    return np.diff([chance(at) for at in _steps(found, base_logit)])


def _steps(found: Sequence[Reason], base_logit: float) -> np.ndarray:
    return base_logit + np.concatenate([[0.0], np.cumsum([reason.push for reason in found])])


def reasons(found: Sequence[Reason], base_logit: float, as_odds: bool = False) -> go.Figure:
    """Return bars of the reasons from top to bottom: in points of the chance as they add up from the baseline to the product, or
    as factors of the odds, which also tell small chances apart."""
    steps, changes = _steps(found, base_logit), in_points(found, base_logit)
    lengths, least = (np.array([reason.push for reason in found]), 0.5) if as_odds else (100 * changes, 5.0)
    names = [f"<b>{r.name}</b>" + (f"<br><span style='font-size:12px'>{html.escape(r.fact)}</span>" if r.fact else "") for r in found]
    shape = figure(56 + 44 * max(len(found), 1))
    shape.add_bar(
        y=names,
        x=lengths,
        orientation="h",
        marker={"color": [direction(length) for length in lengths]},
        text=[odds(reason.push) for reason in found] if as_odds else [points(change) for change in changes],
        textposition="outside",
        cliponaxis=False,
        hovertemplate=[f"{percent(chance(a))} → {percent(chance(b))}<extra></extra>" for a, b in zip(steps, steps[1:])],
    )
    reach, low, high = np.abs(lengths).max(initial=least), lengths.min(initial=0), lengths.max(initial=0)
    shape.update_xaxes(range=[low - 0.25 * reach, high + 0.25 * reach], visible=False)
    shape.add_vline(x=0, line={"color": GRID, "width": 1})
    shape.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    return shape


def reviews(found: pd.DataFrame) -> go.Figure:
    """Return two charts above each other: rating in stars with the number of reviews as the size of its dot, and sentiment."""
    felt = found.sentiment.notna().any()
    shape = make_subplots(rows=2 if felt else 1, cols=1, shared_xaxes=True, vertical_spacing=0.12)
    shape.update_layout(figure(340 if felt else 220).layout)
    week, size = pd.to_datetime(found.week), np.clip(4 + 2 * np.sqrt(found.reviews), 5, 18)
    told, counted = [number(n, 0) for n in found.reviews], _("reviews: {count}").format(count="%{customdata}")
    for row, (name, title) in enumerate((("rating", _("rating")), ("sentiment", _("sentiment")))[: 2 if felt else 1], 1):
        shape.add_scatter(
            x=week,
            y=found[name],
            mode="lines+markers",
            line={"color": GRID, "width": 1},
            marker={"size": size, "color": RISE if name == "rating" else QUIET},
            customdata=told,
            connectgaps=True,
            hovertemplate=f"%{{x|{axis_day()}}}<br>{title}: %{{y:.1f}}<br>{counted}<extra></extra>",
            row=row,
            col=1,
        )
        shape.update_yaxes(title={"text": title}, gridcolor=GRID, fixedrange=True, row=row, col=1)
    shape.update_yaxes(range=[0.8, 5.2], row=1, col=1)
    shape.update_xaxes(showgrid=False, tickformat="%Y-%m" if axis_day() == "%Y-%m-%d" else "%b %Y", fixedrange=True)
    return shape
