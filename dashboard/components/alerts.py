"""Alerts on products: what they are set to, and what the last update set off."""

from __future__ import annotations

import streamlit as st

from core import alerts
from dashboard import actions, data, kept, pictures
from dashboard.components import cards, rows
from dashboard.i18n import _, n_, shortened, show

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
    """Show what the last update set off, and data that are too old; nothing where nothing was."""
    hits, old = kept.alert_hits(), kept.age_alert()
    if not hits and old is None:
        return
    st.subheader(_("Alerts"), anchor=False)
    if old is not None:
        st.warning(show(alerts.sentence(old)), icon=":material/schedule:")
    if not hits:
        return
    columns = [rows.Column(_("Product"), "product", "product", 170, 2), rows.Column(_("Now"), "now", "figure", 84)]
    shown = []
    for hit in hits:
        product = data.one("product", product=hit.product_id, segment="all")
        title = shortened(hit.product_id if product is None else product.title, 72)
        before = "" if hit.earlier is None else _("before: {value}").format(value=alerts.figure(hit, hit.earlier))
        cells = {
            "product": rows.product(title, show(alerts.sentence(hit)), picture=pictures.address(hit.product_id)),
            "now": rows.figure(alerts.figure(hit, hit.figure), before),
        }
        shown.append(rows.Row(hit.product_id, cells))
    rows.show("alerts", _("Alerts"), columns, shown, compact=True)
