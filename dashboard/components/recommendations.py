"""The page "Recommendations": lists of customer groups, how such lists did, and why products are on them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.capabilities.recommendations import tables
from core.capabilities.recommendations.tables import BEFORE, OURS, POPULAR, SIMPLE, WITH
from dashboard import labels, pictures
from dashboard.components import exports, rows
from dashboard.i18n import _, absent, day, money, number, percent, shortened

FEW = 10  # customers: a reason of fewer is not shown


def kinds() -> dict[str, str]:
    """Return what the lists are called, in the order in which they are compared."""
    return {
        OURS: _("Recommendations"),
        tables.LEANING: _("… leaning towards rising products"),
        POPULAR: _("Most popular"),
        BEFORE: _("Bought most often before"),
        WITH: _("Bought together"),
    }


def reasons() -> dict[str, str]:
    return {
        tables.AGAIN: _("Bought before"),
        tables.WITH: _("Goes with earlier purchases"),
        tables.LIKE: _("Similar to earlier purchases"),
        tables.CATEGORY: _("Favourite category"),
        tables.POPULAR: _("Popular now"),
        tables.RISING: _("Likely to rise"),
    }


def verdict(quality: pd.DataFrame) -> str:
    """Return how the lists of 14 days ago did, beside the best simple list. quality: the answer to `list_quality`, by list."""
    if OURS not in quality.index:
        return _("Nobody who bought before bought again in the last 2 weeks, so the lists cannot be checked yet.")
    ours, simple = quality.loc[OURS], quality.loc[[name for name in SIMPLE if name in quality.index]]
    best = simple.recall.idxmax()
    said = _("Of what customers bought in the 2 weeks after {day}, their 10 recommendations included **{ours}**.").format(
        day=day(ours.day), ours=percent(ours.recall)
    )
    beside = (
        _("The best simple list, {list}, included {simple}.")
        if ours.recall > simple.recall[best]
        else _("A simple list, {list}, included no less: {simple}.")
    )
    return f"{said} {beside.format(list=f'“{kinds()[best]}”', simple=percent(simple.recall[best]))}"


def proxy() -> str:
    """Return what the check does not show."""
    return _("Past purchases are a stand-in: nobody was shown these lists. Only a test with a control group shows what they add.")


def listed(found: pd.DataFrame, segment: str, currency: str) -> None:
    """Show the list of one customer group."""
    columns = [
        rows.Column(_("Product"), "product", "product", 200, 2.2),
        rows.Column(
            _("Purchase chance"),
            "chance",
            "chance",
            100,
            0.8,
            help=_("That a customer of the group buys it when buying within 2 weeks: mean over the group."),
        ),
        rows.Column(_("On lists of"), "listed", "figure", 100, 0.6, help=_("Customers of the group whose own 10 recommendations name it.")),
        rows.Column(_("Most frequent reason"), "reason", "text", 160, 1),
        rows.Column(_("Chance of rising"), "rising", "figure", 90, 0.5),
    ]
    shown = [
        rows.Row(
            row.product_id,
            {
                "product": rows.product(
                    shortened(row.title, 90),
                    _about(row, currency),
                    "" if absent(row.category) else row.category,
                    pictures.address(row.product_id),
                ),
                "chance": rows.chance(row.chance, percent(row.chance)),
                "listed": rows.figure(percent(row.listed / row.customers), number(row.listed, 0)),
                "reason": rows.figure(reasons()[row.reason]),
                "rising": None if absent(row.rising_probability) else rows.figure(percent(row.rising_probability)),
            },
        )
        for row in found.itertuples()
    ]
    rows.show("recommended", _("Recommendations for the group"), columns, shown)
    with st.container(horizontal=True):
        exports.buttons(
            "recommendations",
            {
                "place": _("Place"),
                "product_id": _("SKU"),
                "title": _("Product"),
                "chance": _("Purchase chance"),
                "listed": _("On lists of"),
                "customers": _("Customers"),
                "reason": _("Most frequent reason"),
                "rising_probability": _("Chance of rising"),
            },
            lambda: found.assign(reason=[reasons()[name] for name in found.reason]),
            [(_("Customer group"), labels.segment(segment))],
            type="tertiary",
        )


def _about(row, currency: str) -> str:
    """Return the category and price of a product, as far as they are known."""
    known = [] if absent(row.category) else [str(row.category)]
    return " · ".join(known + ([] if absent(row.price_cents) else [money(row.price_cents, currency)]))


def compared(quality: pd.DataFrame) -> None:
    """Show the recommendations beside simple lists, on the same purchases."""
    order = [name for name in kinds() if name in quality.index]
    found = quality.loc[order].reset_index()
    exports.table(
        "list-quality",
        pd.DataFrame(
            {
                _("List of 10"): [kinds()[name] for name in found.list],
                _("Found"): [percent(v) for v in found.recall],
                _("Found, new to the customer"): [percent(v) if not absent(v) else "–" for v in found.recall_new],
                _("Products listed"): [percent(v) for v in found.coverage],
            }
        ),
    )


def lean_note() -> str:
    """Return what stands in for that day's forecasts in the check of the leaning list."""
    return _("The leaning list is checked with recent growth in orders, not with the forecasts of that day.")


def why(found: pd.DataFrame) -> None:
    exports.table(
        "list-reasons",
        pd.DataFrame({_("Reason"): [reasons()[name] for name in found.reason], _("Share of places"): [percent(v) for v in found.share]}),
    )
