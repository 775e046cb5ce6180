"""The Overview's parts: the shop in money, three short lists of what to do, and a tour for a first visitor."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.capabilities.forecast import listing
from core.capabilities.inventory.plan import Amount
from dashboard import data, labels, pictures, registry
from dashboard.components import audience, cards, rows
from dashboard.i18n import _, absent, day, money, n_, number, percent, points, shortened
from dashboard.i18n import show as worded

LISTED = 5
TILE: dict[str, Any] = {"border": True, "height": "stretch", "delta_color": "off", "delta_arrow": "off"}


# ---- tiles


def tiles(found: dict[str, Amount], currency: str, stock_known: bool) -> None:
    """Show the shop in money: up to four tiles. found: as data.money gives it."""
    with st.grid(4 if stock_known else 2, min_column_width=200):
        extra(found["revenue"], found["margin"], currency)
        if stock_known:
            tile(
                _("Margin at risk"),
                found["at_risk"],
                currency,
                n_("if {count} order waits", "if {count} orders wait", found["at_risk"].products),
                _("Expected margin lost to stock-outs if due orders wait for the next order cycle."),
            )
            tile(
                _("Excess stock"),
                found["excess"],
                currency,
                n_("at cost, {count} product", "at cost, {count} products", found["excess"].products),
                _("Cost of the stock beyond the likely demand of the next quarter."),
            )
            tile(
                _("Value of the plan"),
                found["gain"],
                currency,
                n_("by {count} order worth placing", "by {count} orders worth placing", found["gain"].products),
                _("Expected gain of placing the suggested orders over ordering nothing: margin saved, less the cost of holding stock."),
            )


def extra(revenue: Amount, margin: Amount, currency: str) -> None:
    """Show what likely risers bring beyond their usual rate: margin where costs are known, else revenue."""
    shown, label = (revenue, _("Extra revenue, likely risers")) if absent(margin.cents) else (margin, _("Extra margin, likely risers"))
    help_ = _(
        "Expected above the usual rate in the next 4 weeks, for products with a chance of rising of 50% or more. The 80% range "
        "assumes that products vary independently."
    )
    more = "" if absent(margin.cents) else _("Extra revenue: {amount}.").format(amount=amount(revenue.cents, currency))
    between = _("likely {low} to {high}").format(low=amount(shown.low, currency), high=amount(shown.high, currency))
    between = between if shown.products else _("no product likely to rise")
    tile(label, shown, currency, between, " ".join(t for t in (help_, more) if t))


def tile(label: str, found: Amount, currency: str, below: str, help_: str) -> None:
    missing = (
        n_("{count} product without a price or cost is left out.", "{count} products without a price or cost are left out.", found.unknown)
        if found.unknown
        else ""
    )
    if absent(found.cents):
        below = _("no prices or costs known")
    st.metric(label, amount(found.cents, currency), below, **TILE, help=" ".join(t for t in (help_, missing) if t))


def amount(cents: float, currency: str) -> str:
    return money(cents, currency, short=True)


# ---- lists


def lists(found: pd.DataFrame, stock_known: bool) -> None:
    """Show what to feature, what to order, and what to stop or mark down, up to five each. found: as data.decisions gives it."""
    last = (_("Stop or mark down"), stop_list) if stock_known else (_("Falling"), falling_list)
    parts = [
        ("feature", _("Feature"), ("promote",), _("Nothing to feature."), rising_list),
        ("order", _("Order"), ("order", "check"), _("Nothing to order."), order_list),
        ("stop", last[0], ("hold",), _("Nothing to stop."), last[1]),
    ]
    if not stock_known:
        del parts[1]
    with st.grid(len(parts), min_column_width=330, gap=("small", "medium")) as grid:
        for name, title, kinds, nothing, opens in parts:
            mine = found[found.kind.isin(kinds)].head(LISTED)
            with grid.cell():
                with st.container(horizontal=True, vertical_alignment="bottom"):
                    st.subheader(title, anchor=False)
                    st.space("stretch")
                    page, query = opens("")
                    st.page_link(
                        registry.script(registry.pages()[page]), label=_("All"), icon=":material/arrow_forward:", query_params=query
                    )
                if mine.empty:
                    cards.nothing_here(nothing)
                    continue
                why = because(list(mine.product_id)) if name == "feature" else {}
                shown = [rows.Row(row.product_id, entry(row, why.get(row.product_id, ""))) for row in mine.itertuples()]
                rows.show(f"today_{name}", title, columns(), shown, compact=True, opens=order_of if name == "order" else rows.open_product)
                if name == "feature" and (mine.units_4w < mine.own_units).any():
                    cards.notes(_("Expected units are a median, usual units an average, which a few large orders raise."))


def rising_list(_product: str) -> rows.Target:
    return "rising", {"list": "rising"}


def falling_list(_product: str) -> rows.Target:
    return "rising", {"list": "falling"}


def order_list(_product: str) -> rows.Target:
    return "inventory", {}


def stop_list(_product: str) -> rows.Target:
    return "inventory", {"section": "stop"}


def order_of(product: str) -> rows.Target:
    return "inventory", {"q": product, "status": ""}


def columns() -> list[rows.Column]:
    return [rows.Column(_("Product"), "product", "product", 170, 2), rows.Column(_("Amount"), "amount", "figure", 84, 0.6)]


def movers(key: str, title: str, found: pd.DataFrame) -> None:
    """Show products whose chance of rising changed most. found: the answer of `movers`."""
    st.subheader(title, anchor=False)
    if found.empty:
        cards.nothing_here(_("None."))
        return
    shown = [
        rows.Row(
            row.product_id,
            {
                "product": rows.product(shortened(row.title, 72), row.category or "", row.category or "", pictures.address(row.product_id)),
                "amount": rows.figure(percent(row.rising_probability), points(row.movement)),
            },
        )
        for row in found.itertuples()
    ]
    rows.show(key, title, columns(), shown, compact=True)


def entry(row, why: str) -> dict[str, dict | None]:
    """Return the cells of a decision: the product with a sentence and why, and the amount at stake. row: of the question `decisions`."""
    said, figure = {"promote": _feature, "order": _order, "check": _check, "hold": _stop}[row.kind](row)
    sub, picture = f"{said}\n{why}".strip(), pictures.address(row.product_id)
    return {"product": rows.product(shortened(row.title, 72), sub, row.category or "", picture), "amount": figure}


def because(products: list[str]) -> dict[str, str]:
    """Return by product its strongest reason to rise and, in the next line, the customers among whom it rises most."""
    found = data.ask(
        "rising", **listing.EVERYTHING | {"products": products}, facts=listing.FACTS, sort="probability", limit=LISTED, offset=0
    )
    spread, groups = data.feature_spread(), data.ask("product_segments", products=products)
    said = {}
    for row in found.itertuples():
        reason = [worded(reason.text) for reason in listing.reasons(row, False, spread) if reason.push > 0][:1]
        best = audience.best(groups[groups.product_id == row.product_id])
        for_whom = [_for_whom(best)] if best else []
        said[row.product_id] = "\n".join(reason + for_whom)
    return said


def _for_whom(best: audience.Best) -> str:
    if best.ahead:
        return _("For whom: {group}, {chance}").format(group=labels.segment(best.segment), chance=percent(best.chance))
    return _("For whom: all customers")


def _feature(row) -> tuple[str, dict]:
    chance = _("{chance} chance of rising").format(chance=percent(row.rising_probability))
    stock = "" if absent(row.cover_weeks) else _("{weeks} weeks of stock").format(weeks=labels.weeks(row.cover_weeks))
    usual = _("usually {units}").format(units=number(row.own_units, 0))
    units = n_("{count} unit", "{count} units", row.units_4w)
    return " · ".join(t for t in (chance, stock) if t), rows.figure(units, usual)


def _order(row) -> tuple[str, dict]:
    stock = _("{weeks} weeks of stock").format(weeks=labels.weeks(row.cover_weeks))
    by = "" if absent(row.order_by) else _("order by {day}").format(day=day(row.order_by))
    units = n_("{count} unit", "{count} units", row.order_units)
    cost = "" if absent(row.line_cost_cents) else money(row.line_cost_cents, row.currency, short=True)
    return " · ".join(t for t in (stock, by) if t), rows.figure(units, cost)


def _check(row) -> tuple[str, dict]:
    said = _("{chance} chance of rising").format(chance=percent(row.rising_probability))
    return f"{labels.status(row.status)} · {said}", rows.figure(_("Count stock"))


def _stop(row) -> tuple[str, dict]:
    chance = _("{chance} chance of falling").format(chance=percent(row.falling_probability))
    stock = "" if absent(row.cover_weeks) else _("{weeks} weeks of stock").format(weeks=labels.weeks(row.cover_weeks))
    tied = "" if absent(row.excess_cost_cents) or not row.excess_cost_cents else money(row.excess_cost_cents, row.currency, short=True)
    off = "" if absent(row.markdown_share) or not row.markdown_share else _("mark down {share}").format(share=percent(row.markdown_share))
    act = off or (_("Stop ordering") if stock else _("Do not feature"))
    figure = rows.figure(tied, off) if tied else rows.figure(act)
    return " · ".join(t for t in (chance, stock) if t), figure


# ---- for a first visitor


def tour() -> None:
    """Say what Upswing is, and where a first visitor finds what."""
    with st.expander(_("New here? What Upswing does, in one minute"), icon=":material/explore:"):
        st.markdown(
            _(
                "Upswing reads the shop's product texts, orders, searches and reviews and forecasts which products are about to sell more, "
                "for whom and why. It then suggests what to feature, order and stop."
            )
        )
        steps = {
            "rising": _("See what rises and what falls, with reasons."),
            "segments": _("See which customer groups buy what."),
            "inventory": _("Check the suggested orders, change them and export them."),
            "model": _("Check how reliable the forecasts are."),
            "data": _("Import your own shop's files."),
        }
        for name, said in steps.items():
            st.page_link(registry.script(registry.pages()[name]), label=said, icon=f":material/{registry.pages()[name].icon}:")
