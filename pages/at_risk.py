"""Who may not come back, why, and what is at stake?"""

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import at_risk, cards
from dashboard.i18n import _

# data
groups = data.ask("at_risk_segments")
if groups.empty:
    cards.nothing_here(
        _("This needs orders with a customer number over at least half a year. Import such orders, then recalculate.")
        if data.meta().signal == "orders"
        else _("This shop has no orders. This page needs orders with a customer number.")
    )
    address.end_page()
known, currency = list(groups.segment), data.meta().currency

# show
segment = known[0]
if len(known) > 1:
    segment = st.selectbox(_("Customer group"), known, **address.one_of("segment", known), format_func=labels.segment, width=190)
st.markdown(at_risk.verdict(groups[groups.segment == segment].iloc[0], currency))
cards.notes(at_risk.trust(data.ask("at_risk_check")))

left, right = cards.halves()
with left:
    st.subheader(_("Main reasons"), anchor=False)
    at_risk.reasons(data.ask("at_risk_groups", segment=segment), segment, currency)
with right:
    if len(known) > 1:
        st.subheader(_("By customer group"), anchor=False)
        at_risk.segments(groups, currency)
st.subheader(_("Whom to contact"), anchor=False)
campaigns = data.ask("contact_effects")
at_risk.whom(data.ask("contact_uplift"), data.ask("contact_groups"), campaigns)
at_risk.campaigns(campaigns)
cards.notes(_("For a mailing, the command line writes whom to contact, and every customer's chance, with your own customer numbers:"))
st.code("upswing identify --list at-risk --customers customers.csv --out at-risk.csv", language=None, wrap_lines=True)
