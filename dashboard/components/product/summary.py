"""The first screen of a product: chance, expected units, for whom, stock."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import labels
from dashboard.components import audience
from dashboard.i18n import _, absent, day, exact, number, percent, plain, points

TILE: dict[str, Any] = {"border": True, "height": "stretch", "delta_color": "off", "delta_arrow": "off"}
MONTH = 4  # weeks


def tiles(facts: pd.Series, demand: pd.DataFrame, groups: pd.DataFrame, planned: pd.Series | None) -> None:
    """Show the product in four figures. facts: a row of `product`; groups: the answer of `product_segments`; planned: a row of the plan."""
    falls = facts.falling_probability > facts.rising_probability
    with st.grid(4, min_column_width=190):
        usual = _("average product: {usual}").format(usual=percent(facts.usual_probability))
        moved = _("{points} since the last update").format(points=points(facts.movement)) if _moved(facts) else ""
        st.metric(
            _("Chance of falling") if falls else _("Chance of rising"),
            percent(facts.falling_probability if falls else facts.rising_probability),
            _("chance of rising: {chance}").format(chance=percent(facts.rising_probability)) if falls else usual,
            **TILE,
            help=moved or None,
        )
        month = demand[demand.weeks == MONTH].set_index("level").units
        st.metric(
            _("Expected units, 4 weeks"),
            number(month[0.5], 0) if len(month) else "–",
            _("likely {low} to {high}").format(low=number(month[0.1], 0), high=number(month[0.9], 0)) if len(month) else None,
            **TILE,
            help=_("Median forecast and its 80% likely range. Last 4 weeks: {units} units.").format(units=number(facts.units_28d, 0)),
        )
        _for_whom(groups)
        _stock(planned)


def _moved(facts: pd.Series) -> bool:
    return not absent(facts.movement) and round(100 * facts.movement) != 0


def _for_whom(groups: pd.DataFrame) -> None:
    best = audience.best(groups)
    if best is None:
        return
    name, chance = labels.segment(best.segment), percent(best.chance)
    st.metric(
        _("For whom"),
        name if best.ahead else _("All customers"),
        _("{chance} chance of rising").format(chance=chance)
        if best.ahead
        else _("best group: {group}, {chance}").format(group=name, chance=chance),
        **TILE,
        help=_("The customer group with the highest chance, where it exceeds that of all customers by 5 points or more."),
    )


def _stock(planned: pd.Series | None) -> None:
    if planned is None:
        return
    if absent(planned.cover_weeks):
        st.metric(_("Stock"), "–", labels.status(planned.status), **TILE)
        return
    order = ""
    if planned.order_units > 0:
        by = planned.goes_out if absent(planned.order_by) else planned.order_by
        order = _("order {units} by {day}").format(units=exact(planned.order_units), day=day(by))
    st.metric(
        _("Weeks of supply"),
        labels.weeks(planned.cover_weeks),
        order or labels.status(planned.status),
        **TILE,
        help=plain(_("On hand {on_hand}, on order {on_order}.").format(on_hand=exact(planned.on_hand), on_order=exact(planned.on_order))),
    )
