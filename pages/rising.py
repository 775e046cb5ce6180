"""Which products are about to rise?"""

import math

import streamlit as st

from dashboard import data, labels
from dashboard.components import cards, tables
from dashboard.i18n import _, n_, spoken

PAGE_ROWS = 100

# settings
cards.waiting_settings(data.waiting_settings())
choices, meta = data.choices(), data.meta()
sorts = {
    "probability": _("Chance of rising"),
    "movement": _("Change"),
    "pace": _("Sales"),
    "cover": _("Lowest weeks of supply"),
    "falling": _("Chance of falling"),
}
with st.container(horizontal=True, vertical_alignment="bottom"):
    search = st.text_input(
        _("Search"), key="q", bind="query-params", type="search", live="300ms", placeholder=_("Search by name or SKU"), width=220
    )
    segment = (
        st.selectbox(
            _("Customer group"), choices["segments"], key=spoken("segment"), bind="query-params", format_func=labels.segment, width=190
        )
        if len(choices["segments"]) > 1
        else "all"
    )
    categories = (
        st.multiselect(_("Category"), choices["categories"], key="category", bind="query-params", placeholder=_("All"), width=240)
        if len(choices["categories"]) > 1
        else []
    )
    sort = st.selectbox(_("Sort by"), list(sorts), key=spoken("sort"), bind="query-params", format_func=sorts.__getitem__, width=170)
    with st.popover(_("Price and age"), icon=":material/tune:"):
        lowest, highest = math.floor((choices["lowest_price_cents"] or 0) / 100), math.ceil((choices["highest_price_cents"] or 0) / 100)
        price = st.slider(_("Price"), lowest, highest, (lowest, highest), key="price", bind="query-params") if highest > lowest else None
        oldest = max(1, math.ceil((choices["longest_days_on_sale"] or 0) / 7))
        age = st.slider(_("Weeks since launch"), 0, oldest, (0, oldest), key="age", bind="query-params")

# data
filters = {
    "segment": segment,
    "categories": list(categories),
    "search": search.strip(),
    "sort": sort,
    "lowest_price_cents": 100 * price[0] if price and price[0] > lowest else None,
    "highest_price_cents": 100 * price[1] if price and price[1] < highest else None,
    "newest_days": 7 * age[0] if age[0] > 0 else None,
    "oldest_days": 7 * age[1] if age[1] < oldest else None,
}
if st.session_state.setdefault("rising_filters", filters) != filters:  # another question starts on its first page
    st.session_state["rising_filters"], st.session_state["page"] = filters, 1
found = data.ask("rising", **filters, limit=PAGE_ROWS, offset=0)

# show
if found.empty:
    cards.nothing_here(_("No product matches these filters."))
    st.stop()
matches = int(found.matches.iloc[0])
table = st.container()
if matches > PAGE_ROWS:
    with st.container(horizontal_alignment="center"):
        turned = st.pagination(math.ceil(matches / PAGE_ROWS), key="page", bind="query-params")
    found = data.ask("rising", **filters, limit=PAGE_ROWS, offset=PAGE_ROWS * (turned - 1))
with table:
    cards.notes(
        n_("{count} product.", "{count} products.", matches),
        _("Click a product to open it."),
        "" if segment == "all" else _("Chances, sales and reasons are for this customer group. Weeks of supply are for the whole shop."),
    )
    tables.rising(found, meta.currency, choices["has_previous"])
