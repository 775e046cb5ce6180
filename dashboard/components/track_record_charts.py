"""Charts of past forecasts: how often each chance came true, and the hit rate of each update."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.capabilities.track_record.results import FEW
from dashboard.i18n import _, axis_day, day, n_, number, percent
from dashboard.theme import QUIET, RISE, figure


def calibration(steps: pd.DataFrame) -> go.Figure:
    """Return the share that rose in each tenth of the chance. steps: step, judged, chances, risers. Hollow dots have few forecasts."""
    shape = figure(320)
    shape.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": QUIET, "width": 1, "dash": "dot"}, hoverinfo="skip")
    expected, actual = steps.chances / steps.judged, steps.risers / steps.judged
    told = [
        _("{low}–{high}% chance: {risers} of {all} rose, {expected} were expected").format(
            low=10 * int(s.step),
            high=10 * int(s.step) + 10,
            risers=number(s.risers, 0),
            all=number(s.judged, 0),
            expected=number(s.chances),
        )
        for s in steps.itertuples()
    ]
    shape.add_scatter(
        x=expected,
        y=actual,
        mode="markers+text",
        marker={
            "size": 9,
            "color": [RISE if rows >= FEW else "rgba(0, 0, 0, 0)" for rows in steps.judged],
            "line": {"color": RISE, "width": 1.5},
        },
        text=[number(rows, 0) for rows in steps.judged],
        textposition=["bottom center" if y > 0.5 else "top center" for y in actual],
        textfont={"size": 11, "color": QUIET},
        customdata=told,
        cliponaxis=False,
        hovertemplate="%{customdata}<extra></extra>",
    )
    ticks = {"range": [-0.02, 1.05], "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1], "tickformat": ".0%"}
    shape.update_xaxes(**ticks, title={"text": _("forecast chance")})
    shape.update_yaxes(**ticks, title={"text": _("share that rose")})
    return shape


def hit_rates(updates: pd.DataFrame, chosen) -> go.Figure:
    """Return the hit rate of each update beside the base rate and the highest possible one.

    updates: as_of, replay, called_judged, hits, possible, risers, judged. Hollow dots are replays; `chosen` (None: all) is ringed.
    """
    shape = figure(320, hovermode="closest")
    known = updates[updates.called_judged > 0]
    rate, base, best = known.hits / known.called_judged, known.risers / known.judged, known.possible / known.called_judged
    for values, name, dash in ((best, _("highest possible"), "dash"), (base, _("base rate"), "dot")):
        shape.add_scatter(
            x=known.as_of, y=values, mode="lines", name=name, line={"color": QUIET, "width": 1.5, "dash": dash}, hoverinfo="skip"
        )
    afterwards = "<br>" + _("replayed")
    told = [
        _("{day}: {hits} of {called} rose").format(day=day(u.as_of), hits=number(u.hits, 0), called=number(u.called_judged, 0))
        + (f" ({percent(u.hits / u.called_judged)})" if u.called_judged >= FEW else "")
        + (afterwards if u.replay else "")
        for u in known.itertuples()
    ]
    shape.add_scatter(
        x=known.as_of,
        y=rate,
        mode="lines+markers",
        name=_("hit rate"),
        line={"color": RISE, "width": 2},
        marker={
            "size": [13 if u.as_of == chosen else 8 for u in known.itertuples()],
            "color": ["rgba(255, 255, 255, 1)" if replayed else RISE for replayed in known.replay],
            "line": {"color": RISE, "width": 2},
        },
        customdata=told,
        cliponaxis=False,
        hovertemplate="%{customdata}<extra></extra>",
    )
    shape.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.12, "x": 0, "itemclick": False, "itemdoubleclick": False})
    shape.update_xaxes(tickformat=axis_day(), showgrid=False, nticks=6)
    shape.update_yaxes(range=[0, 1.05], tickformat=".0%")
    return shape


def count_of(hits: float, all_: float) -> str:
    """Return a share in words: a percentage, and of fewer than 10 the counts."""
    if all_ >= FEW:
        return percent(hits / all_)
    return n_("{hits} of {count}", "{hits} of {count}", all_, hits=number(hits, 0))
