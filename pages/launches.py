"""Which new products have potential?"""

import streamlit as st

from dashboard import address, data
from dashboard.components import cards, launches
from dashboard.i18n import _

# data
check = data.ask("launch_check")
if check.empty:
    cards.nothing_here(
        _("This needs 20 products whose first 8 weeks on sale are in the data. Import a longer history, then recalculate.")
        if data.meta().signal == "orders"
        else _("This shop has no orders. This page needs orders.")
    )
    address.end_page()
new = data.ask("new_products")

# show
st.markdown(launches.verdict(new))
cards.notes(launches.trust(check))
if not new.empty:
    launches.listed(new, data.meta().currency)
    st.subheader(_("What it rests on"), anchor=False)
    titles = dict(zip(new.product_id, new.title))
    chosen = st.selectbox(_("New product"), list(titles), **address.one_of("new", titles), format_func=titles.__getitem__, width=420)
    product = new[new.product_id == chosen].iloc[0]
    left, right = cards.halves()
    with left:
        launches.curves(data.ask("launch_curves", product=chosen), product)
    with right:
        launches.analogues(data.ask("launch_analogues", product=chosen), product, data.meta().currency)
st.subheader(_("Past launches"), anchor=False)
launches.past(check)
