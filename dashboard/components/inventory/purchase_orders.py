"""Purchase orders: made from the plan, sent, confirmed, received, and exported."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from core.storage.state import NEXT, PurchaseOrder
from dashboard import actions, address, data
from dashboard.components import cards, exports, tables
from dashboard.components.inventory import labels as own
from dashboard.i18n import _, day, day_format, exact, money, n_, number, plain
from dashboard.labels import said

column = st.column_config
_CREATED = "_orders_created"


def create(found: pd.DataFrame) -> None:
    """Offer a draft per supplier of the listed orders that can be placed."""
    lines = found[(found.order_units > 0) & found.supplier.notna()]
    totals = plans.by_supplier(lines)
    ready = totals[~(totals.missing_cents > 0)]
    with st.popover(_("Create orders"), icon=":material/add_shopping_cart:", key="plan_create", disabled=lines.empty):
        st.markdown(
            n_("A draft for {count} supplier.", "A draft for each of {count} suppliers.", len(ready))
            + " "
            + _("Mark a draft as sent to count it as on order.")
        )
        if len(ready) < len(totals):
            st.caption(
                n_(
                    "{count} supplier is left out, because its order is below the minimum.",
                    "{count} suppliers are left out, because their orders are below the minimum.",
                    len(totals) - len(ready),
                )
            )
        made = data.purchase_orders()
        drafts = sorted({o.supplier for o in made if o.status == "draft"} & set(ready.supplier))
        if drafts:
            st.caption(_("A draft exists already: {names}.").format(names=plain(", ".join(drafts))))
        last = made[-1] if made else None
        st.text_area(_("Ship to"), last.ship_to if last else "", key="order_ship_to", height=80, max_chars=300)
        st.text_input(
            _("Payment terms"), last.terms if last else "", key="order_terms", max_chars=120, placeholder=_("such as: net 30 days")
        )
        st.button(
            _("Create"),
            key="order_create",
            type="primary",
            disabled=ready.empty,
            on_click=_create,
            args=(lines[lines.supplier.isin(ready.supplier)],),
        )


def _create(lines: pd.DataFrame) -> None:
    made = actions.order(lines, st.session_state.order_ship_to, st.session_state.order_terms)
    st.session_state[_CREATED] = [order.number for order in made]
    address.clear("section", "order")
    address.put(section="purchase-orders", order=made[-1].number)


def show(meta: pd.Series) -> None:
    made = data.purchase_orders()
    if not made:
        cards.nothing_here(_("No purchase orders yet. Create them on the Orders tab."))
        return
    created = st.session_state.pop(_CREATED, [])
    if created:
        st.success(
            n_("{count} draft created: {names}.", "{count} drafts created: {names}.", len(created), names=", ".join(created)),
            icon=":material/check:",
        )
    _list(made)
    numbers = [order.number for order in reversed(made)]
    number_ = st.selectbox(_("Purchase order"), numbers, **address.one_of("order", numbers), width=240)
    chosen = next(order for order in made if order.number == (number_ or numbers[0]))
    with st.container(border=True):
        _one(chosen)


def _list(made: list[PurchaseOrder]) -> None:
    shown = list(reversed(made))
    costs = pd.Series([order.cost_cents / 100 for order in shown])
    words = {status: said(own.ORDER_STATUSES, status) for status in own.ORDER_STATUSES}
    exports.dataframe(
        "purchase-orders",
        pd.DataFrame(
            {
                "number": [o.number for o in shown],
                "supplier": [o.supplier for o in shown],
                "status": [[words[o.status]] for o in shown],
                "created": [o.created_at for o in shown],
                "sent": [o.sent_on for o in shown],
                "due": [min(line.due_on for line in o.lines) for o in shown],
                "lines": [len(o.lines) for o in shown],
                "open": [sum(line.open for line in o.lines) if o.on_the_way else 0.0 for o in shown],
                "cost": costs,
            }
        ),
        {
            "number": column.TextColumn(_("Number"), width=120),
            "supplier": column.TextColumn(_("Supplier"), width=190),
            "status": column.MultiselectColumn(
                _("Status"), options=list(words.values()), color=["gray", "blue", "violet", "orange", "green", "red"], width=120
            ),
            "created": column.DateColumn(_("Created"), format=day_format(), width=95),
            "sent": column.DateColumn(_("Sent"), format=day_format(), width=95),
            "due": column.DateColumn(_("First due"), format=day_format(), width=95),
            "lines": column.NumberColumn(_("Order lines"), width=80),
            "open": column.NumberColumn(_("On order"), format="%,.0f", width=75, help=_("Units sent and not received.")),
            "cost": tables.money(_("Cost"), shown[0].currency, costs, width=85),
        },
        width="content",
        placeholder="–",
        alt=_("Purchase orders, newest first"),
    )


def _one(order: PurchaseOrder) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{order.number}** · {plain(order.supplier)} · **{said(own.ORDER_STATUSES, order.status)}**")
        st.space("stretch")
        words = _words()
        for kind, label, mime in (("xlsx", _("Excel"), exports.XLSX), ("csv", _("CSV"), "text/csv")):
            st.download_button(
                label,
                partial(plans.order_file, order, words, kind),
                f"{order.number}.{kind}",
                mime,
                key=f"order_{kind}",
                icon=":material/download:",
                on_click="ignore",
            )
    facts = {
        _("Created by"): f"{plain(order.actor)}, {day(order.created_at)}",
        _("Sent"): day(order.sent_on),
        _("Currency"): order.currency,
        _("Ship to"): plain(order.ship_to) or "–",
        _("Payment terms"): plain(order.terms) or "–",
        _("Cost"): plain(money(order.cost_cents, order.currency)),
    }
    st.caption(" · ".join(f"{name} **{value}**" for name, value in facts.items()))
    _warnings(order)
    frame = pd.DataFrame(
        {
            "product_id": [line.product_id for line in order.lines],
            "title": [line.title for line in order.lines],
            "units": [line.units for line in order.lines],
            "received": [line.received for line in order.lines],
            "cost": [None if line.unit_cost_cents is None else line.units * line.unit_cost_cents / 100 for line in order.lines],
            "due": [line.due_on for line in order.lines],
        }
    )
    partly = "partly received" in NEXT[order.status]
    edited = st.data_editor(
        frame,
        column_config={
            "product_id": column.TextColumn(own.heading("product_id"), width=110),
            "title": column.TextColumn(_("Product"), width=300),
            "units": column.NumberColumn(_("Ordered"), format="%,.10g", width=80),
            "received": column.NumberColumn(_("Received"), min_value=0.0, width=90),
            "cost": tables.money(_("Cost"), order.currency, frame.cost.astype(float), width=90),
            "due": column.DateColumn(_("Due"), format=day_format(), width=100),
        },
        disabled=True if not partly else [name for name in frame if name != "received"],
        hide_index=True,
        width="content",
        placeholder="–",
        key=f"order_lines_{order.number}_{order.at:%Y%m%d%H%M%S%f}",
        alt=_("Lines of the purchase order"),
    )
    received = dict(zip(edited.product_id, edited.received.astype(float)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        on = (
            st.date_input(_("Sent on"), "today", key=f"order_sent_{order.number}", format="YYYY-MM-DD", width=150)
            if order.status == "draft"
            else None
        )
        changed = received != dict(zip(frame.product_id, frame.received.astype(float)))
        for status in NEXT[order.status]:
            st.button(
                said(own.ORDER_ACTS, status),
                key=f"order_to_{status.replace(' ', '_')}",
                type="primary" if status == NEXT[order.status][0] else "secondary",
                disabled=status == "partly received" and not changed,
                on_click=actions.set_order_status,
                args=(order.number, status, on, received if status == "partly received" else {}),
            )


def _warnings(order: PurchaseOrder) -> None:
    """Say what the total leaves out, and how this order compares with the imported ones."""
    unknown = [line.product_id for line in order.lines if line.unit_cost_cents is None]
    if unknown:
        plan = data.plan()
        abroad = sorted(set(plan.currency[plan.product_id.isin(unknown)].dropna()) - {order.currency})
        cards.notes(
            n_(
                "{count} line has no known cost and is not in the total.",
                "{count} lines have no known cost and are not in the total.",
                len(unknown),
            ),
            _("Costs in {currencies} are not converted.").format(currencies=_(", ").join(abroad)) if abroad else "",
        )
    lines = data.on_the_way()
    mine = lines[lines.number == order.number]
    if mine.imported.sum() > 0:
        cards.notes(_("{units} units are also in the imported files. They count once.").format(units=number(mine.imported.sum(), 0)))
    if mine.unsure.any():
        st.warning(
            n_(
                "{count} line is not among the imported open orders, so the plan counts {units} more units. Mark it as received "
                "if it has arrived.",
                "{count} lines are not among the imported open orders, so the plan counts {units} more units. Mark them as "
                "received if they have arrived.",
                int(mine.unsure.sum()),
                units=exact(mine.counted[mine.unsure].sum()),
            ),
            icon=":material/help:",
        )


def _words() -> dict[str, str]:
    return {
        "number": _("Number"),
        "date": _("Date"),
        "supplier": _("Supplier"),
        "currency": _("Currency"),
        "ship_to": _("Ship to"),
        "terms": _("Payment terms"),
        "product_id": own.heading("product_id"),
        "title": _("Product"),
        "units": _("Units"),
        "unit_cost": own.heading("unit_cost"),
        "line_cost": own.heading("line_cost"),
        "due_on": _("Due"),
        "total": _("Total"),
    }
