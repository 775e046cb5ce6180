"""The list to work on: filters, totals and export in sight, quantities to edit, and what is wrong with the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from dashboard import address, data
from dashboard.components import cards
from dashboard.components.inventory import edits, exports, listing, panel, phone, purchase_orders, sections
from dashboard.components.inventory import labels as own
from dashboard.i18n import _, money, n_, number, plain

PLACED = "placed"  # in the address: orders are topped up or dropped
STYLE = Path(__file__).parents[2] / "assets" / "inventory.css"


@dataclass(frozen=True)
class View:
    """What the filters leave. plan: as orders that can be placed where `placed`, within the budget, cents, where there is one; found: its
    rows that match `asked`."""

    plan: pd.DataFrame
    found: pd.DataFrame
    asked: dict
    budget: float | None
    placed: bool

    @property
    def version(self) -> str:
        """A key that changes with the rows that are found."""
        return data.plan_version(self.asked | {"budget": self.budget, "placed": self.placed})


def filtered(problems: dict[str, int], currency: str) -> View:
    """Show filters and budget in one row; return what they leave."""
    plan = data.plan()
    with st.container(horizontal=True, vertical_alignment="bottom", key="plan_filters"):
        asked = listing.filters(plan, list(problems))
        suppliers = tuple(asked["suppliers"])
        budget = listing.budget(plan[plan.supplier.isin(suppliers)] if suppliers else plan, currency)
    placed = budget is not None or st.session_state[address.flag(PLACED)["key"]]
    if placed:
        with st.spinner(_("Planning…")):
            plan = data.placed(None, suppliers)
            if budget is not None and plans.total(plan.line_cost_cents[plan.order_units > 0]) > budget:
                plan = data.placed(budget, suppliers)
            else:
                budget = None  # it covers the whole list
    return View(plan, listing.found(plan, asked), asked, budget, placed)


def bar(view: View, meta: pd.Series) -> bool:
    """Show totals and downloads, always in sight, then what was just changed; return whether the print view is asked for."""
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center", key="plan_bar"):
        listing.totals(view.found, view.asked, view.plan, meta.currency)
        st.space("stretch")
        purchase_orders.create(view.found)
        printing = exports.buttons(view.found, view.asked, meta, view.budget)
    panel.undo()
    if view.budget is not None:
        listing.bought(view.plan, view.budget, tuple(view.asked["suppliers"]), meta.currency)
    (_placed if view.placed else _short)(view, meta.currency)
    return printing


def _short(view: View, currency: str) -> None:
    """Say which orders no supplier would take, and offer to top them up."""
    whole = plans.by_supplier(view.plan)
    short = whole[(whole.missing_cents > 0) & whole.supplier.isin(view.found.supplier.unique())]
    if short.empty:
        return
    named = " · ".join(f"{s}: {money(c, currency)}" for s, c in zip(short.supplier.head(3), short.missing_cents.head(3)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            ":orange[:material/warning:] "
            + n_("{count} order is below the supplier's minimum", "{count} orders are below the supplier's minimum", len(short))
            + " "
            + plain(f"({named}{' …' if len(short) > 3 else ''})")
        )
        st.button(_("Top up or drop"), key="place", icon=":material/add_shopping_cart:", on_click=address.put, kwargs={PLACED: "1"})


def _placed(view: View, currency: str) -> None:
    """Say which orders were topped up, and which were dropped, and why."""
    more = view.plan[view.plan.top_up_units > 0]
    extra = more.top_up_units * more.unit_cost_cents
    with st.container(horizontal=True, vertical_alignment="center"):
        cards.notes(
            _("Every order can be placed: whole packs, product minimums and supplier minimums are met."),
            "" if more.empty else _("Topped up: {names}.").format(names=plain(_by_supplier(more.supplier, extra, currency))),
        )
        if address.chosen(PLACED):
            st.button(_("Show suggestions as they are"), key="unplace", type="tertiary", on_click=address.clear, args=(PLACED,))
    out = view.plan[view.plan.dropped != ""]
    if out.empty:
        return
    each = out.groupby("supplier").agg(
        dropped=("dropped", "first"), minimum=("supplier_minimum_cents", "first"), cost=("order_cost_cents", "sum"), lines=("title", "size")
    )
    label = n_("Not ordered: {count} supplier", "Not ordered: {count} suppliers", len(each))
    with st.expander(label, icon=":material/remove_shopping_cart:"):
        for name, row in each.iterrows():
            st.markdown(
                _("**{supplier}**: {cost} suggested, minimum {minimum}. {why}").format(
                    supplier=plain(name),
                    cost=plain(money(row.cost, currency)),
                    minimum=plain(money(row.minimum, currency)),
                    why=own.dropped(row.dropped),
                )
            )


def _by_supplier(supplier: pd.Series, cents: pd.Series, currency: str) -> str:
    return ", ".join(f"{name} +{money(amount, currency)}" for name, amount in cents.groupby(supplier).sum().items())


def show(problems: dict[str, int], meta: pd.Series) -> None:
    view = filtered(problems, meta.currency)
    if bar(view, meta):
        exports.to_print(view.found, view.asked, meta, view.budget)
        return
    if view.found.empty:
        cards.nothing_here(_("No product matches these filters."))
    else:
        count = len(view.found)
        with st.container(horizontal=True, vertical_alignment="center"):
            cards.notes(
                n_("{count} product, highest margin at risk first", "{count} products, highest margin at risk first", count)
                if view.budget is None
                else n_("{count} product, best return first", "{count} products, best return first", count)
            )
            _selecting(list(view.found.product_id))
        for place, show_first, most in (("plan_table", listing.table, listing.SHOWN), ("plan_cards", phone.cards, phone.SHOWN)):
            with st.container(key=place):
                show_first(view.found, meta.currency, view.version)
                if count > most:
                    cards.notes(_("The first {count} are shown. The files contain all.").format(count=number(most)))
    panel.chosen(view.plan, meta.currency)
    sections.problems(problems)


def _selecting(products: list[str]) -> None:
    """Offer to select all rows that are found, and none."""
    if set(products) - set(edits.chosen()):
        st.button(
            n_("Select {count} product", "Select all {count} products", len(products)),
            key="select_all",
            type="tertiary",
            icon=":material/select_all:",
            on_click=edits.select,
            args=(products,),
        )
    if edits.chosen():
        st.button(_("Clear selection"), key="select_none", type="tertiary", on_click=edits.select, args=([],))


def by_supplier(problems: dict[str, int], meta: pd.Series) -> None:
    view = filtered(problems, meta.currency)
    bar(view, meta)
    sections.suppliers(view.plan, view.found, meta.currency)
