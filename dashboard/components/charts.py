"""Charts: a DataFrame in, a plotly Figure out. Names from the shop's data are escaped, since plotly reads them as HTML."""

from __future__ import annotations

import html
import math
from datetime import timedelta
from textwrap import wrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard import labels
from dashboard.i18n import _, axis_day, money, number, percent, shortened
from dashboard.theme import FALL, GRID, LIFT, QUIET, RISE, direction, figure


def label(text, length: int = 42) -> str:
    """Return a name from the data as a chart's label."""
    return html.escape(shortened(text, length))


def whole_months(span: timedelta, at_most: int) -> str | None:
    """Return the step of a time axis with month labels and at most so many ticks, or None: a finer step would repeat a month."""
    return None if pd.isna(span) else f"M{max(1, math.ceil(span.days / 30.4 / at_most))}"


def chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def segment_bars(frame: pd.DataFrame) -> go.Figure:
    """Return a bar chart of the chance of rising in each customer group. frame: segment, rising_probability, orders_base."""
    shape = figure(72 + 30 * len(frame))
    names = [label(labels.segment(s), 28) for s in frame.segment]
    shape.add_bar(
        y=names,
        x=frame.rising_probability,
        orientation="h",
        text=[percent(p) for p in frame.rising_probability],
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        marker={"color": [QUIET if s == "all" else RISE for s in frame.segment]},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    shape.update_xaxes(
        range=[0, min(1.12, max(0.3, 1.25 * frame.rising_probability.max()))], tickformat=".0%", title={"text": _("chance of rising")}
    )
    shape.update_yaxes(autorange="reversed", showgrid=False)
    return shape


def interest(frame: pd.DataFrame) -> go.Figure:
    """Heat map: how much more (blue) or less (orange) a group buys of something than everyone does. frame: segment, name, orders, lift."""
    order = list(dict.fromkeys(frame.name))
    groups = list(dict.fromkeys(frame.sort_values("segment_orders", ascending=False).segment))
    table = frame.drop_duplicates(["name", "segment"]).pivot(index="name", columns="segment", values=["lift", "orders"])
    lift = table["lift"].reindex(index=order, columns=groups).to_numpy(float)
    orders = table["orders"].reindex(index=order, columns=groups).to_numpy(float)
    told = [[("" if np.isnan(v) else f"{v:.1f}×") for v in row] for row in lift]
    hover = [
        [
            _("{orders} orders, {times}× its usual share").format(orders=number(o), times=number(v, 2))
            if not np.isnan(v)
            else _("too few orders")
            for v, o in zip(*rows)
        ]
        for rows in zip(lift, orders)
    ]
    steps = np.where(np.isnan(lift), np.nan, np.searchsorted([start for start, *_fill in LIFT], np.nan_to_num(lift), side="right") - 1.0)
    scale = [[(i + edge) / len(LIFT), fill] for i, (_start, fill, _ink) in enumerate(LIFT) for edge in (0, 1)]
    shape = figure(80 + 32 * len(order))
    across, down = [label(labels.segment(g), 18) for g in groups], [label(n, 36) for n in order]
    shape.add_heatmap(
        z=steps,
        x=across,
        y=down,
        customdata=hover,
        hovertemplate="%{y}, %{x}<br>%{customdata}<extra></extra>",
        colorscale=scale,
        zmin=-0.5,
        zmax=len(LIFT) - 0.5,
        showscale=False,
        xgap=3,
        ygap=3,
        hoverongaps=False,
    )
    # Written on top rather than by the heat map, whose choice of ink knows the light paper only.
    inks = ["#6f7d8d" if np.isnan(step) else LIFT[int(step)][2] for step in steps.ravel()]
    shape.add_scatter(
        x=across * len(down),
        y=[n for n in down for _group in across],
        text=[t for row in told for t in row],
        mode="text",
        textfont={"color": inks},
        hoverinfo="skip",
    )
    shape.update_xaxes(side="top", showgrid=False)
    shape.update_yaxes(autorange="reversed", showgrid=False)
    return shape


def segment_multiples(frame: pd.DataFrame, names: list[str]) -> go.Figure:
    """Return one small chart per group, on equal axes: weekly orders relative to its usual week (1), with all customers as the pale line.

    frame: segment, week, pace. names: the groups to draw, `all` left out.
    """
    across = min(3, max(1, len(names)))  # more would run into each other on a phone
    down = math.ceil(len(names) / across)
    columns, rows = _shares(across, 0.03), [(1 - high, 1 - low) for low, high in _shares(down, min(0.3, 0.35 / down))]
    x_axis = {
        "showgrid": False,
        "tickformat": "%Y-%m" if axis_day() == "%Y-%m-%d" else "%b",
        "fixedrange": True,
        "dtick": whole_months(frame.week.max() - frame.week.min(), 4),
        "anchor": f"y{down}",
    }
    y_axis = {"gridcolor": GRID, "zeroline": False, "nticks": 4, "ticksuffix": "×", "fixedrange": True, "rangemode": "tozero"}
    layout: dict = {"height": 80 + 150 * down, "margin": {"l": 8, "r": 8, "t": 48, "b": 8}, "showlegend": False, "dragmode": False}
    layout |= {f"xaxis{i + 1}": x_axis | {"domain": share} for i, share in enumerate(columns)}
    layout |= {f"yaxis{i + 1}": y_axis | {"domain": share, "anchor": "x"} | ({"matches": "y"} if i else {}) for i, share in enumerate(rows)}
    layout["annotations"] = titles = []
    everyone, lines = frame[frame.segment == "all"], []
    pale = {"mode": "lines", "line": {"color": QUIET, "width": 1.2, "dash": "dot"}, "hoverinfo": "skip"}
    own = {"mode": "lines", "line": {"color": RISE, "width": 2}}
    own["hovertemplate"] = f"%{{x|{axis_day()}}}: %{{customdata:,.0f}} " + _("orders") + "<extra></extra>"
    for i, name in enumerate(names):
        row, column = divmod(i, across)
        place = {"xaxis": f"x{column + 1}", "yaxis": f"y{row + 1}"}
        mine = frame[frame.segment == name]
        lines.append(go.Scatter(x=everyone.week, y=everyone.pace, **pale, **place))
        lines.append(go.Scatter(x=mine.week, y=mine.pace, customdata=mine.orders, **own, **place))
        text = "<br>".join(map(html.escape, wrap(shortened(labels.segment(name), 26), 15)))
        title = {"text": text, "x": sum(columns[column]) / 2, "y": rows[row][1], "xanchor": "center", "yanchor": "bottom"}
        titles.append(title | {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 13}})
    return go.Figure(lines, layout)


def _shares(parts: int, gap: float) -> list[tuple[float, float]]:
    """Return start and end of equal parts of 0 to 1 with a gap between them."""
    size = (1 - gap * (parts - 1)) / parts
    return [(i * (size + gap), min(i * (size + gap) + size, 1.0)) for i in range(parts)]


def driver_ranking(frame: pd.DataFrame) -> go.Figure:
    """Return a bar chart of each driver's share of the forecasts' absolute attributions. frame: driver, share, strongest first."""
    shape = figure(64 + 30 * len(frame))
    shape.add_bar(
        y=[labels.driver(d) for d in frame.driver],
        x=frame.share,
        orientation="h",
        marker={"color": RISE},
        text=[percent(s) for s in frame.share],
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        customdata=[labels.driver_meaning(d) for d in frame.driver],
        hovertemplate="%{y}: %{text}<br>%{customdata}<extra></extra>",
    )
    shape.update_xaxes(range=[0, 1.2 * frame.share.max()], tickformat=".0%", title={"text": _("share of all effects")})
    shape.update_yaxes(autorange="reversed", showgrid=False)
    return shape


def odds(push: float) -> str:
    """Return an attribution as an odds ratio: ×1.5, or ÷1.5 where it lowers the chance."""
    times = math.exp(abs(push))
    return f"{'×' if push >= 0 else '÷'}{times:.{3 if times < 1.2 else 2}g}"


def leader_pushes(frame: pd.DataFrame) -> go.Figure:
    """Which way each driver pushes today's top risers. frame: driver, push_on_leaders."""
    shape = figure(64 + 30 * len(frame))
    widest = max(0.2, frame.push_on_leaders.abs().max())
    shape.add_bar(
        y=[labels.driver(d) for d in frame.driver],
        x=frame.push_on_leaders,
        orientation="h",
        marker={"color": [direction(v) for v in frame.push_on_leaders]},
        text=[odds(v) for v in frame.push_on_leaders],
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    shape.add_vline(x=0, line={"color": QUIET, "width": 1})
    shape.update_xaxes(range=[-1.35 * widest, 1.35 * widest], showticklabels=False, title={"text": _("effect on the odds of rising")})
    shape.update_yaxes(autorange="reversed", showgrid=False)
    return shape


def dependence(dots: pd.DataFrame, trend: pd.DataFrame, unit: str, meaning: str) -> go.Figure:
    """Return a dependence plot: a feature's value against its driver's attribution, one dot per product, the line the median of each tenth.

    dots: title, value, attribution, rising_probability. trend: value, attribution.
    """
    shape = figure(420)
    told = [f"{label(t)}<br>{html.escape(labels.value(v, unit))} → {odds(a)}" for t, v, a in zip(dots.title, dots.value, dots.attribution)]
    told_dots = dots.assign(told=told)
    for colour, theirs in told_dots.groupby(told_dots.attribution.map(direction)):  # a list of colours is parsed for each dot
        shape.add_scatter(
            x=theirs.value,
            y=theirs.attribution,
            mode="markers",
            customdata=theirs.told,
            hovertemplate="%{customdata}<extra></extra>",
            marker={"size": 6, "opacity": 0.45, "color": colour},
        )
    shape.add_scatter(x=trend.value, y=trend.attribution, mode="lines", line={"color": QUIET, "width": 3}, hoverinfo="skip")
    shape.add_hline(y=0, line={"color": QUIET, "width": 1})
    far = max(0.5, dots.attribution.abs().quantile(0.995) * 1.1)
    near, wide = dots.value.quantile(0.005), dots.value.quantile(0.995)
    ticks = [t for t in (-math.log(8), -math.log(4), -math.log(2), 0.0, math.log(2), math.log(4), math.log(8)) if abs(t) <= far]
    shape.update_yaxes(
        range=[-far, far], tickvals=ticks, ticktext=[odds(t) if t else "×1" for t in ticks], title={"text": _("odds of rising")}
    )
    shape.update_xaxes(range=[near - 0.03 * (wide - near or 1), wide + 0.03 * (wide - near or 1)], title={"text": html.escape(meaning)})
    if unit == "share":
        shape.update_xaxes(tickformat=".0%")
    elif unit == "times":  # half and double stand equally far from "as usual"
        shape.update_xaxes(
            type="log",
            tickvals=[0.1, 0.25, 0.5, 1, 2, 4, 10],
            ticktext=["×0.1", "×¼", "×½", "×1", "×2", "×4", "×10"],
            range=[math.log10(max(near, 0.05)) - 0.05, math.log10(max(wide, 0.06)) + 0.05],
        )
    return shape


def dots_differ(frame: pd.DataFrame) -> bool:
    """Return whether the dots of `calibration` differ in size enough to be seen; most shops have equally many rows behind each."""
    return bool(frame.rows.max() >= 1.5 * frame.rows.min())


def calibration(frame: pd.DataFrame) -> go.Figure:
    """Stated chances against what came true; on the diagonal they can be taken at their word. frame: predicted, observed, rows."""
    shape = figure(320)
    shape.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": QUIET, "width": 1, "dash": "dot"}, hoverinfo="skip")
    told = [
        _("of {rows} forecasts around {predicted}, {observed} rose").format(rows=number(r, 0), predicted=percent(p), observed=percent(o))
        for p, o, r in zip(frame.predicted, frame.observed, frame.rows)
    ]
    sizes = 5 + 9 * np.sqrt(frame.rows / max(frame.rows.max(), 1)) if dots_differ(frame) else np.full(len(frame), 8.0)
    shape.add_scatter(
        x=frame.predicted,
        y=frame.observed,
        mode="lines+markers",
        line={"color": RISE, "width": 1.5},
        marker={"size": sizes, "color": RISE, "opacity": 0.85},
        customdata=told,
        cliponaxis=False,
        hovertemplate="%{customdata}<extra></extra>",
    )
    top = max(0.2, 1.08 * max([*frame.predicted, *frame.observed], default=1))
    shape.update_xaxes(range=[0, min(top, 1.03)], tickformat=".0%", title={"text": _("forecast")})
    shape.update_yaxes(range=[0, min(top, 1.03)], tickformat=".0%", title={"text": _("actual")})
    return shape


def learning(curves: pd.DataFrame) -> go.Figure:
    """Error after each round of learning, on the weeks learned from and on those held back, and below it the ranking on the latter.

    curves: epoch, train_loss, valid_loss, valid_average_precision (the last may be missing, or undefined in a round).
    """
    panes = [(_("error"), [("train_loss", _("training weeks"), QUIET), ("valid_loss", _("validation weeks"), RISE)])]
    if "valid_average_precision" in curves and curves.valid_average_precision.notna().any():
        panes.append((_("ranking quality"), [("valid_average_precision", _("validation weeks"), RISE)]))
    shape = make_subplots(len(panes), 1, shared_xaxes=True, vertical_spacing=0.08)
    for row, (title, lines) in enumerate(panes, 1):
        for column, name, colour in lines:
            shape.add_scatter(
                x=curves.epoch,
                y=curves[column],
                mode="lines+markers",
                name=name,
                line={"color": colour, "width": 2},
                showlegend=row == 1,
                hovertemplate="%{y:.4f}<extra></extra>",
                row=row,
                col=1,
            )
        shape.update_yaxes(title={"text": title}, gridcolor=GRID, zeroline=False, nticks=5, row=row, col=1)
    shape.update_layout(
        height=80 + 160 * len(panes),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        hovermode="x",
        legend={"orientation": "h", "y": 1.12, "x": 0},
    )
    shape.update_xaxes(showgrid=False, dtick=max(1, len(curves) // 10), fixedrange=True)
    shape.update_xaxes(title={"text": _("training round")}, row=len(panes), col=1)
    return shape


def frontier(policies: list[dict], fill_rate: float, currency: str) -> go.Figure:
    """Average stock against achieved fill rate, a line a policy: the lower, the better.
    policies: policy, points [[fill rate, cents], ...]."""
    shape = figure(320)
    lines = ((RISE, "solid"), (FALL, "solid"), (QUIET, "solid"), (FALL, "dot"), (QUIET, "dot"))
    for each, (colour, dash) in zip(policies, lines):
        name, points_ = labels.said(labels.POLICIES, each["policy"]), [p for p in each["points"] if p[0] >= 0.75]
        told = [
            _("{policy}: {fill} of demand met with stock worth {money}").format(
                policy=name, fill=f"{fill:.1%}", money=money(cents, currency, short=True)
            )
            for fill, cents in points_
        ]
        shape.add_scatter(
            x=[p[0] for p in points_],
            y=[p[1] / 100 for p in points_],
            mode="lines+markers",
            name=name,
            customdata=told,
            line={"color": colour, "dash": dash, "width": 3 if each["policy"] == "upswing" else 1.5},
            hovertemplate="%{customdata}<extra></extra>",
        )
    shape.add_vline(x=fill_rate, line={"color": QUIET, "width": 1, "dash": "dot"})
    shape.update_layout(showlegend=True)
    shape.update_xaxes(tickformat=".0%", title={"text": _("share of demand met from stock")})
    shape.update_yaxes(title={"text": _("average stock")}, rangemode="tozero")
    return shape
