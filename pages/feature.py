"""Which products should each group see first this week?"""

import streamlit as st

from dashboard import address, data, kept, labels
from dashboard.components import cards, feature
from dashboard.i18n import _

# data
groups = data.ask("feature_segments")
if groups.empty:
    cards.nothing_here(_("No forecast product can be featured: each is out of stock."))
    address.end_page()
record = data.ask("feature_record")
picks = kept.picks()

# settings
known = list(groups.segment)
segment, dose = known[0], float(groups.dose.iloc[0])
said = st.container()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    if len(known) > 1:
        segment = st.selectbox(_("Customer group"), known, **address.one_of("segment", known), format_func=labels.segment, width=190)
    dose = feature.lean(record, dose)
if not record.empty:
    cards.notes(feature.price(record, dose))

# show
with said:
    st.markdown(feature.verdict(record, dose))
chosen = feature.chosen(segment, dose, picks)
ticked = feature.listed(chosen, segment, dose, data.meta().currency)
feature.picking(ticked, picks, chosen)
feature.left_out(chosen)
left, right = cards.halves()
with left:
    st.subheader(_("Keep as an action"), anchor=False)
    feature.keep(chosen, segment, dose)
with right:
    st.subheader(_("Past updates"), anchor=False)
    feature.past(record)
feature.kept_actions(kept.featured())
