"""Blocks of more than one page: messages where there is nothing to show, decisions, facts, links to a product."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from core.capabilities.forecast.reasons import named
from core.errors import UserError
from core.messages import sentences
from core.schema import LIKELY, WORTH_SAYING
from core.setting import RECALCULATE, RETRAIN
from dashboard import address, labels, registry
from dashboard.components.inventory import labels as planning
from dashboard.i18n import _, absent, day, exact, money, n_, number, percent, plain, show


def product_page() -> Path:
    return registry.script(registry.pages()["product"])


def open_product(product_id: str) -> None:
    """Open the Product page."""
    st.switch_page(product_page(), query_params={"product": product_id})


def back_to_list() -> None:
    """Show a link to the Rising page with its last filters."""
    st.page_link(
        registry.script(registry.pages()["rising"]),
        label=_("List"),
        icon=":material/arrow_back:",
        query_params=address.last("rising"),
        help=_("Back to the list, with its filters"),
    )


def list_link(name: str, label: str, icon: str) -> None:
    """Show a link to one list of the page of risers and fallers: "rising", "falling" or "none"."""
    st.page_link(registry.script(registry.pages()["rising"]), label=label, icon=icon, query_params={"list": name}, width="content")


def product_link(product_id: str, label: str, **link) -> None:
    st.page_link(product_page(), label=label, query_params={"product": product_id}, **link)


def open_tab(key: str, contents: Mapping[str, tuple[str, Callable[[], object]]]) -> None:
    """Show tabs, of which only the open one is computed. key: in the address; contents: label and what shows the content, by code."""
    words = {code: label for code, (label, _fill) in contents.items()}
    for tab, (_label, fill) in zip(st.tabs(list(words.values()), **address.tab(key, words)), contents.values()):
        if tab.open:
            with tab:
                fill()


def nothing_yet(here: bool = False) -> None:
    """Say what to do first where there is no snapshot yet. here: the files are added further down on this page."""
    if here:
        first = _("Start here: add your shop's sales. Upswing shows what it reads in each file before it stores anything.")
    else:
        first = _("Start on the Data page: add your shop's sales there.")
    st.info(
        first + " " + _("The first import also trains the model; then every page shows forecasts."),
        title=_("No forecasts yet"),
        icon=":material/hourglass_empty:",
    )
    if not here:
        st.page_link(registry.script(registry.pages()["data"]), label=_("Add files"), icon=":material/upload:")
    with st.expander(_("Or use the command line"), icon=":material/terminal:") if here else st.container():
        st.code("upswing import FILE...\nupswing run", language="bash", wrap_lines=True)
        st.caption(_("`upswing run` prepares the data, trains, forecasts and publishes. Then reload this page."))


def waiting_settings(changed: dict[str, list[str]]) -> None:
    """Say which changed settings the forecasts do not follow yet, and what applies them; nothing where there are none.

    changed: names by what applies them, as shop.waiting_settings gives them.
    """
    apply = {RECALCULATE: _("Recalculate to apply: {names}."), RETRAIN: _("Retrain the model to apply: {names}.")}
    if changed:
        st.info(
            " ".join(apply[job].format(names=", ".join(f"`{name}`" for name in names)) for job, names in changed.items()),
            title=_("Settings have changed since this forecast"),
            icon=":material/sync:",
        )


def nothing_here(text: str) -> None:
    """Show the message of an empty result inside a page."""
    st.caption(f":material/info: {text}")


def problem(error: UserError, title: str | None = None) -> None:
    """Show an error that the reader can act on: what was found, what was expected, and what to do."""
    st.error(
        plain(show(sentences(error.found, error.expected))),
        title=title or _("This page can't be shown"),
        icon=":material/error:",
    )
    st.markdown(_("**What to do:** {act}").format(act=plain(show(error.to_do))))


def attempt(act, *arguments) -> None:
    """Run an action and rerun the page; show the error where it fails."""
    try:
        act(*arguments)
    except UserError as error:
        problem(error, _("Something went wrong"))
        return
    st.rerun()


def growth(now: float, before: float) -> str | None:
    """+12%, for a metric's change; None where there is nothing to compare with."""
    return f"{now / before - 1:+.0%}".replace("-0%", "+0%") if before and not absent(now) else None


def halves() -> tuple:
    """Two places side by side; one above the other where the window is narrow."""
    grid = st.grid(2, min_column_width=400, gap=("small", "medium"))
    return grid.cell(), grid.cell()


def notes(*texts: str) -> None:
    """Small print under a chart or table."""
    st.caption(" ".join(t for t in texts if t))


Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "grey", "primary"]
_STOCK: dict[str, Colour] = {"order now": "orange", "enough": "green"}


def about(product: pd.Series) -> None:
    """Show a product's identifier, category, brand, supplier, price and time on sale, as far as they are known."""
    known = [plain(product.product_id)] if product.product_id != product.title else []  # a shop of names has no other ids
    known += [plain(value) for value in (product.category, product.brand, product.supplier) if not absent(value)]
    known += [plain(money(product.price_cents, product.currency))] if not absent(product.price_cents) else []
    if not absent(product.days_on_sale):
        known.append(n_("on sale for {count} week", "on sale for {count} weeks", product.days_on_sale / 7))
    st.caption(" · ".join(known))


def verdict(product: pd.Series, drivers: pd.DataFrame, demand: pd.DataFrame, days: int) -> None:
    """Show the forecast of a product, for that many days, in three sentences."""
    rising, falling, usual = product.rising_probability, product.falling_probability, product.usual_probability
    compared = _("average product: {usual}").format(usual=percent(usual))
    falls = rising < LIKELY <= falling or rising < WORTH_SAYING <= falling
    if rising >= LIKELY:
        head = _("**Likely to rise.** {chance} chance in the next {days} days ({compared}).")
    elif falling >= LIKELY:
        head = _("**Likely to fall.** {falling} chance of falling and {chance} chance of rising in the next {days} days.")
    elif rising >= WORTH_SAYING:
        head = _("**May rise.** {chance} chance in the next {days} days ({compared}).")
    elif falling >= WORTH_SAYING:
        head = _("**May fall.** {falling} chance of falling and {chance} chance of rising in the next {days} days.")
    else:
        head = _("**No sign of a rise.** {chance} chance in the next {days} days ({compared}).")
    said = [head.format(chance=f":blue[**{percent(rising)}**]", falling=f":orange[**{percent(falling)}**]", compared=compared, days=days)]
    reasons = named(zip(drivers.driver, drivers.attribution))
    lifts = _(" and ").join([labels.driver(d).lower() for d, push in reasons if push >= 0.15][:2])
    holds = _(" and ").join([labels.driver(d).lower() for d, push in reasons if push <= -0.15][:2])
    if falls:
        said += [_("Pulled down by {holds}.").format(holds=holds)] if holds else []
        said += [_("Held up by {lifts}.").format(lifts=lifts)] if lifts else []
    else:
        said += [_("Main drivers: {lifts}.").format(lifts=lifts)] if lifts else []
        said += [_("Main drags: {holds}.").format(holds=holds)] if holds else []
    weeks = demand[demand.weeks == 4].set_index("level").units
    if not weeks.empty:
        said.append(
            _("Expect about **{units} units** in 4 weeks (likely range {low}–{high}, 80%).").format(
                units=number(weeks[0.5], 0), low=number(weeks[0.1], 0), high=number(weeks[0.9], 0)
            )
        )
    st.markdown(" ".join(said))


def stock(product: pd.Series | None) -> None:
    """Show stock, suggested order, how certain its date is, and planners' changes. product: a row of the plan."""
    if product is None:
        nothing_here(_("No order suggestion for this product."))
        return
    problem = labels.no_order(product.status)
    colour = _STOCK.get(product.status, "gray")
    st.badge(labels.status(product.status), color=colour)
    facts = {}
    if not absent(product.cover_weeks):
        if product.order_units > 0:
            by = product.goes_out if absent(product.order_by) else product.order_by
            facts[_("Order")] = (
                _("**{units} units**").format(units=exact(product.order_units))
                if absent(by)
                else _("**{units} units** by **{day}**").format(units=exact(product.order_units), day=day(by))
            )
            facts[_("Order cost")] = plain(money(product.line_cost_cents, product.currency))
        facts[_("On hand / On order")] = f"{exact(product.on_hand)}, {exact(product.on_order)}"
        facts[_("Weeks of supply")] = (
            n_("{count} week", "{count} weeks", product.cover_weeks)
            if round(product.cover_weeks, 1) == 1
            else _("{weeks} weeks").format(weeks=labels.weeks(product.cover_weeks))
        )
    facts[_("Reorder point")] = number(product.reorder_point, 0)
    facts[_("Target stock")] = number(product.order_up_to_level, 0)
    lead_time = _("{days} days (assumed)") if product.lead_time_assumed else _("{days} days")
    facts[_("Lead time")] = lead_time.format(days=number(product.lead_time_days))
    st.table(facts, border="horizontal")
    said = [problem, *_planners(product)]
    if any(said):
        notes(*said)


def _planners(product: pd.Series) -> list[str]:
    """Return planners' changes to a product, with who made them and why."""
    if not product.changed:
        return []
    fields = ", ".join(labels.said(planning.FIELDS, name) for name in product.changed.split(", "))
    told = [_("Changed by planners: {fields}.").format(fields=fields)]
    if not absent(product.snooze_until):
        told.append(_("Snoozed until {day}. Not in the order.").format(day=day(product.snooze_until)))
    elif not absent(product.planner_order_units):
        told.append(_("{units} units were suggested.").format(units=number(product.suggested_order_units, 0)))
    if not absent(product.changed_by):
        told.append(_("{who}: {reason}.").format(who=plain(product.changed_by), reason=planning.reason(product.reason)))
    return told
