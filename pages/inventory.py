"""What do I have to order, and by when?"""

import streamlit as st

from dashboard import address, data, shop
from dashboard.components import cards
from dashboard.components.inventory import exports, listing, panel, sections
from dashboard.i18n import _, n_, number

# data
panel.begin()
meta = data.meta()
with st.spinner(_("Planning…")):
    plan, problems = data.plan(), data.plan_problems()
if plan.empty:
    cards.nothing_here(_("This update has no order suggestions."))
    st.stop()
cards.waiting_settings(shop.waiting_settings())

# settings
top = st.container()
with st.container(horizontal=True, vertical_alignment="bottom", key="plan_filters"):
    asked = listing.filters(plan, list(problems))
    budget = listing.budget(plan, meta.currency)
if budget is not None:
    with st.spinner(_("Planning…")):
        plan = data.plan_within(budget)
found = listing.found(plan, asked)

# show
body = st.container()
with st.container(horizontal=True, vertical_alignment="center", key="plan_foot"):
    cards.notes(
        n_("{count} product, highest margin at risk first", "{count} products, highest margin at risk first", len(found))
        if budget is None
        else n_("{count} product, best return first", "{count} products, best return first", len(found)),
        _("The first {count} are shown. The files contain all.").format(count=number(listing.SHOWN)) if len(found) > listing.SHOWN else "",
    )
    st.space("stretch")
    printing = st.toggle(_("Print view"), **address.flag("print"))
    exports.buttons(found, asked, meta, budget)
if printing:
    with body:
        exports.to_print(found, asked, meta, budget)
    st.stop()
with top:
    listing.totals(plan, found, asked, meta.currency)
    if budget is not None:
        listing.bought(plan, budget, meta.currency)
with body:
    if found.empty:
        cards.nothing_here(_("No product matches these filters."))
    else:
        listing.table(found, meta.currency, data.plan_version(asked | {"budget": budget}))
panel.chosen(plan, found, meta.currency)
sections.problems(problems)
sections.tabs(plan, found, asked, meta.currency)
