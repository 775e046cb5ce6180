"""What if a product's price, promotion or stock were different: the chance before and after, as the model associates it.

Every number was computed with the forecasts by the model that made them; where there is none, the page says why.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.schema.what_if import AS_IS, ENDED, FEW, IGNORED, IN_STOCK, NO_DATA, OUT_OF_STOCK, PRICES, RARE, SOLD_SINCE, STARTED
from dashboard import address, data, labels
from dashboard.components import cards, tables
from dashboard.i18n import _, n_, percent, points, shortened

SHOWN = 50
WIDTH = 250


@dataclass(frozen=True)
class Chosen:
    """What the controls ask for. price: a change as a share; promotion, stock: states."""

    price: float = 0.0
    promotion: str = AS_IS
    stock: str = AS_IS

    @property
    def nothing(self) -> bool:
        return self == Chosen()

    def alone(self) -> list[Chosen]:
        """Return each of its changes without the others."""
        each = [Chosen(price=self.price), Chosen(promotion=self.promotion), Chosen(stock=self.stock)]
        return [one for one in each if not one.nothing]


def product(product_id: str, segment: str, now: float) -> None:
    """Show the controls of one product, and its chance before and after. now: its chance of rising."""
    st.subheader(_("What if"), anchor=False)
    found = data.ask("product_what_if", product=product_id, segment=segment)
    if found.empty:
        cards.nothing_here(
            _("What-if covers the products with the highest chances or the most sales. This one is not among them.")
            if data.one("what_if_size").products
            else _("This update has no what-if yet. The next one adds it.")
        )
        return
    chosen = _controls(set(found.promotion), set(found.stock))
    if chosen.nothing:
        cards.notes(_("Change the price, a promotion or the stock to see how the chance of rising differs."))
        return
    answers = {Chosen(row.price, row.promotion, row.stock): row for row in found.itertuples()}
    row = answers.get(chosen)
    if row is not None and row.unknown == "":
        st.markdown(
            _("Chance of rising: {now} → **{then}** ({points}).").format(
                now=percent(now), then=percent(row.rising_probability), points=points(row.rising_probability - now)
            )
        )
        cards.notes(_seen(row.products), _associated())
        return
    reasons = [_why_not(one, unknown, segment) for one in chosen.alone() if (unknown := answers[one].unknown)]
    for why in reasons or [_("There is no number for this combination.")]:
        cards.nothing_here(why)


def shop(segment: str) -> None:
    """Show the controls for all products of a customer group, and whose chance differs most."""
    st.subheader(_("What if price, promotion or stock were different"), anchor=False)
    if not data.one("what_if_size").products:
        cards.nothing_here(_("This update has no what-if yet. The next one adds it."))
        return
    chosen = _controls({STARTED, ENDED}, {IN_STOCK, OUT_OF_STOCK})
    if chosen.nothing:
        cards.notes(_("Change the price, a promotion or the stock to see which products' chances differ."))
        return
    asked = {"segment": segment, "price": chosen.price, "promotion": chosen.promotion, "stock": chosen.stock}
    found = data.ask("what_if_products", **asked)
    if len(found):
        _changes(found, chosen, segment)
    for row in data.ask("what_if_unknown", **asked).itertuples():
        why = _why_not(Chosen(row.price, row.promotion, row.stock), row.unknown, segment)
        cards.nothing_here(n_("{count} product without a number: {why}", "{count} products without a number: {why}", row.count, why=why))
    if found.empty:
        cards.nothing_here(_("There is no number for this combination."))


def _changes(found: pd.DataFrame, chosen: Chosen, segment: str) -> None:
    whole = (100 * found.change).round()
    st.markdown(
        n_(
            "Of {count} product, the chance of rising is higher for {more} and lower for {less}. Median change: {points}.",
            "Of {count} products, the chance of rising is higher for {more} and lower for {less}. Median change: {points}.",
            len(found),
            more=int((whole > 0).sum()),
            less=int((whole < 0).sum()),
            points=points(found.change.median()),
        )
    )
    tables.show(
        "what-if",
        found.assign(title=[shortened(title, 80) for title in found.title], change=100 * found.change),
        {
            "title": tables.product(),
            "chance_now": tables.chance(_("Chance now")),
            "chance_then": tables.chance(_("New chance")),
            "change": tables.column.NumberColumn(_("Change (pts)"), format="%+.0f", width=100, help=_("Percentage points.")),
        },
        [(_("Customer group"), labels.segment(segment)), *_said(chosen)],
        first=SHOWN,
        alt=_("Products whose chance differs most"),
        height=min(40 + 36 * len(found), 400),
    )
    cards.notes(_seen(found.seen.min()), _associated())


def _controls(promotions: set[str], stocks: set[str]) -> Chosen:
    """Show the controls, with the states that these products can be asked for."""
    percents = [round(100 * share) for share in sorted((0.0, *PRICES))]
    states = [state for state in (AS_IS, STARTED, ENDED) if state in {AS_IS, *promotions}]
    stocked = [state for state in (AS_IS, IN_STOCK, OUT_OF_STOCK) if state in {AS_IS, *stocks}]
    with st.container(horizontal=True):
        price = st.select_slider(
            _("Price"),
            percents,
            **address.one_of("price_change", percents, 0),
            format_func=_price,
            width=WIDTH,
            help=_("Price paid in the last 2 weeks. A cut counts as a discount where the shop records discounts."),
        )
        promotion = st.selectbox(
            _("Promotion"),
            states,
            **address.one_of("promotion", states),
            format_func=_state,
            width=WIDTH,
            help=_("A promotion of the shop's usual length and discount that starts now, or the end of the current one."),
        )
        stock = st.selectbox(
            _("Stock"),
            stocked,
            **address.one_of("stock", stocked),
            format_func=_state,
            width=WIDTH,
            help=_("In stock on each of the last 56 days, or out of stock since the last sale."),
        )
    return Chosen(price / 100, promotion, stock)


def _price(change: int) -> str:
    return f"{change:+d}%".replace("-", "−") if change else _("As it is")


def _state(state: str) -> str:
    return {
        AS_IS: _("As it is"),
        STARTED: _("Starts now"),
        ENDED: _("Ended yesterday"),
        IN_STOCK: _("Always in stock"),
        OUT_OF_STOCK: _("Out since the last sale"),
    }[state]


def _said(chosen: Chosen) -> list[tuple[str, str]]:
    """Return the controls in words, for the heading of a file."""
    return [(_("Price"), _price(round(100 * chosen.price))), (_("Promotion"), _state(chosen.promotion)), (_("Stock"), _state(chosen.stock))]


def _seen(products: int) -> str:
    return n_(
        "The model has learnt from at least {count} product in such a state.",
        "The model has learnt from at least {count} products in such a state.",
        products,
    )


def _associated() -> str:
    return _("An association in this shop's history, not a promise: everything else, sales too, stays as it is.")


def _why_not(one: Chosen, unknown: str, segment: str) -> str:
    """Return why a change has no number."""
    control = "price" if one.price else "promotion" if one.promotion != AS_IS else "stock"
    if unknown == NO_DATA:
        return {
            "price": _("Not sold in the last 2 weeks, so there is no current price.")
            if segment == "all"
            else _("Not sold to this group in the last 2 weeks, so there is no current price."),
            "promotion": _("The shop's data have no promotions. Import a promotions file."),
            "stock": _("The stock of the last 8 weeks is unknown. Import a stock file."),
        }[control]
    if unknown == RARE:
        rare = {
            "price": _("Fewer than {few} products of this shop have sold this far below their usual price, too few to learn from.")
            if one.price < 0
            else _("Fewer than {few} products of this shop have sold this far above their usual price, too few to learn from."),
            "promotion": _("Fewer than {few} products of this shop have been in a promotion, too few to learn from."),
            "stock": _("Fewer than {few} products of this shop have been in such a state of stock, too few to learn from."),
        }
        return rare[control].format(few=FEW)
    return {
        IGNORED: _("It moves no forecast of this model."),
        SOLD_SINCE: _("Sold within the last week, so it was not out of stock."),
    }[unknown]
