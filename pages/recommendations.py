"""What is each customer likely to buy next?"""

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, recommendations
from dashboard.i18n import _

# data
groups = data.ask("recommended_segments")
if groups.empty:
    cards.nothing_here(
        _("Lists need orders with a customer number over at least 8 weeks. Import such orders, then recalculate.")
        if not data.ask("list_quality").empty or data.meta().signal == "orders"
        else _("This shop has no orders. Lists need orders with a customer number.")
    )
    address.end_page()
quality = data.ask("list_quality").set_index("list")

# show
st.markdown(recommendations.verdict(quality))
cards.notes(recommendations.proxy())
known = list(groups.segment)
segment = known[0]
if len(known) > 1:
    segment = st.selectbox(_("Customer group"), known, **address.one_of("segment", known), format_func=labels.segment, width=190)
recommendations.listed(data.ask("recommended", segment=segment), segment, data.meta().currency)

left, right = cards.halves()
with left:
    st.subheader(_("Beside simple lists"), anchor=False)
    recommendations.compared(quality)
    cards.notes(recommendations.lean_note())
with right:
    st.subheader(_("Why products are listed"), anchor=False)
    recommendations.why(data.ask("recommended_reasons", few=recommendations.FEW))
st.subheader(_("Lists of single customers"), anchor=False)
cards.notes(_("For a mailing or the shop's site, the command line writes every customer's list with your own customer numbers:"))
st.code("upswing identify --customers customers.csv --out lists.csv", language=None, wrap_lines=True)
