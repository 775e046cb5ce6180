"""Alerts on products: what they are set to, and what the last update set off."""

from __future__ import annotations

import streamlit as st

from core.storage.state import Hit
from dashboard import actions, data, kept
from dashboard.components import cards, rows
from dashboard.i18n import _, n_, number, percent, shortened

SHARES = ("chance", "forecast")  # kinds whose threshold is a share, and shown in percent


def settings(product: str) -> None:
    """Show a form of the alerts on a product: an empty field is none."""
    labels = {
        "chance": _("Chance of rising reaches (%)"),
        "forecast": _("Expected units change by (%)"),
        "stockout": _("Weeks of supply at most"),
    }
    now = {alert.kind: alert.threshold for alert in kept.alerts() if alert.product_id == product}
    with st.popover(n_("{count} alert", "{count} alerts", len(now)) if now else _("Alerts"), icon=":material/notifications:"):
        st.caption(_("Checked at each update and shown on Overview. Leave a field empty for no alert."))
        with st.form(f"alerts_{product}", border=False):
            given = {
                kind: st.number_input(
                    label,
                    min_value=1.0,
                    max_value=100.0 if kind == "chance" else None,
                    value=None if kind not in now else now[kind] * (100 if kind in SHARES else 1),
                    format="%.0f",
                    key=f"alert_{kind}_{product}",
                )
                for kind, label in labels.items()
            }
            if st.form_submit_button(_("Save alerts"), icon=":material/check:"):
                wanted = {k: None if v is None else v / 100 if k in SHARES else v for k, v in given.items()}
                cards.attempt(actions.set_alerts, product, wanted)


def set_off() -> None:
    """Show what the last update set off; nothing where it set off nothing."""
    hits = kept.alert_hits()
    if not hits:
        return
    st.subheader(_("Alerts"), anchor=False)
    columns = [rows.Column(_("Product"), "product", "product", 170, 2), rows.Column(_("Now"), "now", "figure", 84)]
    shown = []
    for hit in hits:
        product = data.one("product", product=hit.product_id, segment="all")
        title = hit.product_id if product is None else product.title
        shown.append(rows.Row(hit.product_id, {"product": rows.product(shortened(title, 72), sentence(hit)), "now": figure(hit)}))
    rows.show("alerts", _("Alerts"), columns, shown, compact=True)


def sentence(hit: Hit) -> str:
    if hit.kind == "chance":
        return _("Chance of rising has reached {threshold}").format(threshold=percent(hit.threshold))
    if hit.kind == "forecast":
        return _("Expected units have changed by {threshold} or more").format(threshold=percent(hit.threshold))
    return n_("Stock lasts {count} week or less", "Stock lasts {count} weeks or less", hit.threshold)


def figure(hit: Hit) -> dict:
    say = {"chance": percent, "forecast": lambda units: number(units, 0), "stockout": lambda weeks: number(weeks, 1)}[hit.kind]
    return rows.figure(say(hit.figure), "" if hit.earlier is None else _("before: {value}").format(value=say(hit.earlier)))
