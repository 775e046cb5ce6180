"""The tabs of a product: forecast, reasons, customers, reviews, stock."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, charts, plots, tables, text_explanation, what_if
from dashboard.components.product import charts as own
from dashboard.components.product import files, reasons
from dashboard.i18n import _, n_, number, percent, points

RANGES = {"26": 26, "52": 52, "all": None}  # weeks of history
FEW_POINTS = 0.05  # of a chance: where no driver changes it by more, points would read as 0 and 1
TEXT_MATTERS = 0.05  # on the logit: below it, the words of a text say nothing


def forecast(product: str, segment: str, facts: pd.Series, demand: pd.DataFrame) -> None:
    """Show history joined to forecast, with last year's weeks."""
    words = {"26": _("26 weeks"), "52": _("1 year"), "all": _("Everything")}
    chosen = st.segmented_control(
        _("Period"),
        list(RANGES),
        **address.one_of("range", RANGES),
        required=True,
        format_func=words.__getitem__,
        label_visibility="collapsed",
    )
    history = data.ask("product_history", product=product, segment=segment)
    plots.show(
        own.sales(history, demand, data.meta().as_of, RANGES[chosen or "26"]),
        key="history",
        alt=_("Weekly units, forecast with its ranges, and the same weeks a year ago"),
    )
    cards.notes(
        _("Blue: forecast of average weekly units up to that date, with its 50% and 80% ranges. Grey: the same weeks a year ago."),
        _(
            "Light area: estimated sales lost while out of stock, from the product's share of the shop's orders in the "
            "days before. Forecasts learn from both parts."
        )
        if history.lost_units.any()
        else "",
    )
    files.history(history, product, segment)
    files.forecast(demand, product, segment)


def why(product: str, segment: str, facts: pd.Series, drivers: pd.DataFrame) -> None:
    """Show the drivers in the order of the verdict, each with its strongest fact; words where the text matters; then all signals."""
    values = data.ask("product_features", product=product)
    own_values = values if segment == "all" else data.ask("product_segment_features", product=product, segment=segment)
    words = data.ask("product_words", product=product)
    found = reasons.found(drivers, own_values, words if segment == "all" else words.head(0), segment)
    as_odds = abs(own.in_points(found, facts.base_logit)).max(initial=0.0) < FEW_POINTS
    plots.show(
        own.reasons(found, facts.base_logit, as_odds),
        key="reasons",
        alt=_("Effect of each driver on the chance of rising"),
    )
    cards.notes(
        (
            _("From {base} for the average unknown product to {chance} for this one; ×2 doubles the odds of rising, ÷2 halves them.")
            if as_odds
            else _("From {base} for the average unknown product to {chance} for this one; each bar is a driver's effect in points.")
        ).format(base=percent(charts.chance(facts.base_logit)), chance=percent(facts.rising_probability)),
        _("Effects are associations in past sales, not causes."),
    )
    files.drivers(drivers, product, segment)
    if segment != "all":
        _of_group(product, segment)
    what_if.product(product, segment, facts.rising_probability)
    if drivers[drivers.driver == "text"].attribution.abs().max() >= TEXT_MATTERS:
        st.subheader(_("Text signals"), anchor=False)
        text_explanation.said(product, data.meta().model)
    similar = data.ask("product_similar", product=product, limit=6)
    if len(similar):
        st.subheader(_("Similar products"), anchor=False)
        tables.similar(similar)
    with st.expander(_("Show all signals"), icon=":material/table_rows:"):
        tables.signals(values, list(drivers.driver))


def _of_group(product: str, segment: str) -> None:
    """Say why a group's chance differs from that of all customers."""
    groups = data.ask("product_segments", products=[product]).set_index("segment").rising_probability
    if "all" not in groups or segment not in groups:
        return
    ahead = groups[segment] - groups["all"]
    if round(100 * ahead) == 0:
        return
    differing = data.ask("product_group_drivers", product=product, segment=segment)
    because = [labels.driver(d).lower() for d, more in zip(differing.driver, differing.difference) if more * ahead > 0][:2]
    cards.notes(
        _("{group}: {points} compared with all customers, mainly from {drivers}.").format(
            group=labels.segment(segment), points=points(ahead), drivers=_(" and ").join(because)
        )
        if because
        else _("{group}: {points} compared with all customers.").format(group=labels.segment(segment), points=points(ahead))
    )


def customers(product: str) -> None:
    """Show the chance in each customer group."""
    found = data.ask("product_segments", products=[product])
    if len(found) < 2:
        cards.nothing_here(_("This shop has no customer groups that are large enough."))
        return
    plots.show(charts.segment_bars(found), key="groups", alt=_("Chance of rising in each customer group"))
    files.groups(found, product)


def reviews(product: str) -> None:
    """Show number, rating and sentiment of reviews by week."""
    found = data.ask("product_reviews", product=product)
    if found.empty:
        cards.nothing_here(_("No reviews of this product. Import a reviews file to see ratings and sentiment by week."))
        return
    rated = found.dropna(subset="rating")
    mean = (rated.rating * rated.reviews).sum() / rated.reviews.sum() if len(rated) else float("nan")
    cards.notes(
        n_("{count} review in the last 2 years.", "{count} reviews in the last 2 years.", found.reviews.sum()),
        _("Average rating: {rating} of 5.").format(rating=number(mean, 1)) if len(rated) else "",
    )
    plots.show(own.reviews(found), key="reviews", alt=_("Rating and sentiment of reviews by week"))
    files.reviews(found, product)


def stock(product: str) -> None:
    """Show stock, the suggested order and planners' changes."""
    left, _right = cards.halves()
    with left:
        planned = data.planned(product)
        cards.stock(planned)
        files.stock(planned, product)
