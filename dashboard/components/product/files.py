"""The downloads of a product: what its tabs show, in figures."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard import labels
from dashboard.components import exports
from dashboard.components.inventory import exports as plan
from dashboard.i18n import _


def history(found: pd.DataFrame, product: str, segment: str) -> None:
    """Show the downloads of weekly sales. found: of the question `product_history`."""
    headings = {
        "week": _("Week"),
        "units": _("Units"),
        "lost_units": _("Lost units"),
        "orders": _("Orders"),
        "views": _("Views"),
        "price": _("Price"),
        "on_hand": _("On hand"),
    }
    _buttons("history", headings, found, product, segment, label=_("History (CSV)"), excel=_("History (Excel)"))


def forecast(found: pd.DataFrame, product: str, segment: str) -> None:
    """Show the downloads of the forecast. found: of the question `product_demand`."""
    wide = found.pivot(index="weeks", columns="level", values="units").rename(columns=str).reset_index()
    levels = {name: _("Units, {share} quantile").format(share=f"{float(name):.0%}") for name in wide.columns[1:]}
    _buttons(
        "forecast", {"weeks": _("Weeks ahead")} | levels, wide, product, segment, label=_("Forecast (CSV)"), excel=_("Forecast (Excel)")
    )


def drivers(found: pd.DataFrame, product: str, segment: str) -> None:
    """Show the downloads of the effects of drivers. found: of the question `product_drivers`."""
    named = found.assign(named=[labels.driver(driver) for driver in found.driver])
    _buttons("drivers", {"named": _("Driver"), "attribution": _("Effect (log odds)")}, named, product, segment)


def groups(found: pd.DataFrame, product: str) -> None:
    """Show the downloads of the chances in customer groups. found: of the question `product_segments`."""
    named = found.assign(group=[labels.segment(segment) for segment in found.segment])
    headings = {"group": _("Customer group"), "rising_probability": _("Chance of rising"), "falling_probability": _("Chance of falling")}
    _buttons("groups", headings, named, product)


def reviews(found: pd.DataFrame, product: str) -> None:
    """Show the downloads of reviews by week. found: of the question `product_reviews`."""
    headings = {"week": _("Week"), "reviews": _("Reviews"), "rating": _("Rating"), "sentiment": _("Sentiment")}
    _buttons("reviews", headings, found, product)


def stock(planned: pd.Series | None, product: str) -> None:
    """Show the downloads of a product's row of the plan; nothing without one."""
    if planned is not None:
        _buttons("stock", plan.headings(), plan.in_money(plan.in_words(pd.DataFrame([planned]))), product)


def _buttons(
    name: str, headings: Mapping[str, str], found: pd.DataFrame, product: str, segment: str = "all", *, label: str = "", excel: str = ""
) -> None:
    asked = [(_("Product"), product), (_("Customer group"), labels.segment(segment))]
    with st.container(horizontal=True):
        exports.buttons(f"{product}-{name}", headings, lambda: found, asked, label=label, excel=excel, type="tertiary")
