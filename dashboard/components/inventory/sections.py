"""What the plan comes to: its problems, suppliers, what to stop ordering, and what planners changed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from dashboard import address, data
from dashboard.components import cards, exports, tables
from dashboard.components.inventory import labels as own
from dashboard.components.inventory import listing
from dashboard.i18n import _, day_format, n_, number, percent, shortened

column = st.column_config
MOST = 200


def problems(counts: dict[str, int]) -> None:
    """Show the problems of the data on one line; opened, each with what was done about it, and its button filters the list."""
    if not counts:
        return
    named = " · ".join(f"{own.problem(name)[0]} {number(count, 0)}" for name, count in counts.items())
    with st.expander(_("Data issues: {issues}").format(issues=named), icon=":material/warning:"):
        grid = st.grid(2, min_column_width=380)
        for name, count in counts.items():
            title, done = own.problem(name)
            with grid.cell(), st.container(gap=None):
                st.button(
                    f"{title}: {number(count, 0)}",
                    key=f"problem_{name}",
                    type="tertiary",
                    on_click=_show_problem,
                    args=(name,),
                    help=_("Show these products"),
                )
                st.caption(done)


def _show_problem(name: str) -> None:
    address.clear("q", "supplier", "abc", "risk")
    address.put(problem=name, status="")


def suppliers(plan: pd.DataFrame, found: pd.DataFrame, currency: str) -> None:
    """Show totals per supplier of the filtered products; the gap to a supplier's minimum is that of its whole order."""
    totals = plans.by_supplier(found)
    if totals.empty:
        cards.nothing_here(_("No orders for these filters."))
        return
    missing = totals.supplier.map(plans.by_supplier(plan).set_index("supplier").missing_cents)
    shown = totals.assign(
        supplier=totals.supplier.fillna(_("No supplier")),
        cost=totals.line_cost_cents / 100,
        lost=totals.lost_margin_cents / 100,
        minimum=totals.minimum_cents.astype("float64") / 100,
        missing=missing.where(missing > 0) / 100,
    )
    exports.dataframe(
        "orders-by-supplier",
        shown,
        {
            "supplier": column.TextColumn(_("Supplier"), width=220),
            "lines": column.NumberColumn(_("Order lines"), format="%,d", width=90),
            "units": column.NumberColumn(_("Units"), format="%,.0f", width=80),
            "cost": tables.money(_("Cost"), currency, shown.cost, width=100),
            "lost": tables.money(own.heading("lost_margin"), currency, shown.lost, width=110, help=own.formula("lost_margin")),
            "minimum": tables.money(_("Min. order"), currency, shown.minimum, width=100, help=_("Supplier's minimum order value.")),
            "missing": tables.money(
                _("Short by"),
                currency,
                shown.missing,
                width=90,
                help=_(
                    "How far the supplier's whole order is below the minimum, regardless of filters. Products without a cost count as zero."
                ),
            ),
            "goes_out": column.DateColumn(own.heading("goes_out"), format=day_format(), width=110, help=own.formula("goes_out")),
        },
        hidden=[] if shown.minimum.notna().any() else ["minimum", "missing"],
        width="content",
        placeholder="–",
        alt=_("Orders by supplier"),
    )


def stop(plan: pd.DataFrame, currency: str) -> None:
    found = plans.stop_list(plan)
    cards.notes(
        _(
            "Don't order these for now. Their stock exceeds likely sales, or they are likely to fall ({chance} chance "
            "or more) with {weeks} or more weeks of supply."
        ).format(chance=percent(plans.STOP_CHANCE), weeks=plans.STOP_COVER_WEEKS),
        n_("{count} product.", "{count} products.", len(found)),
    )
    if found.empty:
        return
    shown = listing.listed(found).assign(excess_cost=found.excess_cost_cents / 100, falling=found.falling_probability)
    shown["advice"] = [own.clearing(share, by) for share, by in zip(found.markdown_share, found.clear_by)]
    config = listing.columns(currency, found) | {
        "product_id": column.TextColumn(own.heading("product_id")),
        "excess_cost": tables.money(own.heading("excess_cost"), currency, shown.excess_cost, width=90, help=own.formula("excess_cost")),
        "falling": tables.chance(_("Chance of falling"), width=96),
        "advice": column.TextColumn(
            _("Advice"),
            width=216,
            help=_(
                "A markdown is the smallest one expected to sell the stock within 13 weeks, estimated from earlier "
                "price changes in the category. Where these show no clear effect, the advice is only to stop "
                "ordering."
            ),
        ),
    }
    order = ["product_id", "title", "supplier", "advice", "excess_units", "excess_cost", "cover_weeks", "falling", "inventory_position"]
    exports.dataframe(
        "stop-ordering",
        shown,
        {name: config[name] for name in order},
        hidden=["product_id"],
        first=MOST,
        alt=_("Products to stop ordering, largest value first"),
    )


def changes(plan: pd.DataFrame) -> None:
    """Everything planners ever set, and whether their quantities were right."""
    every = data.overrides()
    if not every:
        cards.nothing_here(_("No changes to the plan yet."))
        return
    as_of, titles = data.meta().as_of.date(), dict(zip(plan.product_id, plan.title))
    _were_right(titles)
    exports.dataframe(
        "plan-changes",
        pd.DataFrame(
            [
                {
                    "at": o.at,
                    "what": shortened(titles.get(o.name, o.name), 60) if o.scope == "product" else own.scope(o.scope, o.name),
                    "change": own.change(o),
                    "reason": own.reason(o.reason),
                    "comment": o.comment,
                    "actor": o.actor,
                    "until": o.expires_on,
                    "state": _("valid") if o.holds(as_of) else _("ended by {who}").format(who=o.ended_by) if o.ended_by else _("expired"),
                }
                for o in reversed(every)
            ]
        ),
        {
            "at": column.DatetimeColumn(_("When (UTC)"), format=f"{day_format()} HH:mm", width=150),
            "what": column.TextColumn(_("Subject"), width=175),
            "change": column.TextColumn(_("Edit"), width=190),
            "reason": column.TextColumn(_("Reason"), width=165),
            "comment": column.TextColumn(_("Comment"), width=120),
            "actor": column.TextColumn(_("Changed by"), width=70),
            "until": column.DateColumn(_("Valid until"), format=day_format(), width=110),
            "state": column.TextColumn(_("Status"), width=90),
        },
        first=MOST,
        alt=_("Plan changes, newest first"),
    )


def closest(found: pd.DataFrame) -> str:
    """Return who was closest to what was needed, by the quantities whose time is over; "" where that is not known."""
    off = plans.errors(found)
    if not off:
        return ""
    names = {"naive": _("last year's sales"), "suggested": _("Upswing"), "planner": _("planner")}
    said = _(
        "Closest to actual need: **{best}**. Average error in units: last year's sales {naive}, Upswing {suggested}, planner {planner}."
    )
    return said.format(best=names[min(off, key=off.__getitem__)], **{step: number(off[step], 1) for step in plans.STEPS})


def _were_right(titles: dict[str, str]) -> None:
    """Forecast value added, for the quantities whose time is over."""
    found = data.hindsight()
    if found.empty:
        return
    st.markdown(_("**Were the changes right?**"))
    if said := closest(found):
        st.markdown(said)
    units = lambda label, **more: column.NumberColumn(label, format="%,.0f", width=110, **more)  # noqa: E731
    exports.dataframe(
        "hindsight",
        found.assign(title=[shortened(titles.get(p, p), 60) for p in found.product_id], reason=[own.reason(r) for r in found.reason]),
        {
            "title": column.TextColumn(_("Product"), width=220),
            "at": column.DatetimeColumn(_("When (UTC)"), format=day_format(), width=110),
            "actor": column.TextColumn(_("Changed by"), width=70),
            "reason": column.TextColumn(_("Reason"), width=170),
            "naive": units(_("Last year's sales"), help=_("Sales of the same weeks last year, less available and incoming stock.")),
            "suggested": units(_("Suggested qty")),
            "planner": units(_("Planner")),
            "needed": units(
                _("Actual need"),
                help=_("Sales until the next order could arrive, less available and incoming stock when the change was made."),
            ),
        },
        first=MOST,
        alt=_("Planners' quantities vs actual need"),
    )
