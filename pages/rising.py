"""Which products are about to rise?"""

import math
from typing import Any

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, tables
from dashboard.i18n import _, n_

PAGE_ROWS = 100
FIRST_PAGE = ("page",)  # where another question starts

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
        _("Search"), **address.text("q", resets=FIRST_PAGE), type="search", live="300ms", placeholder=_("Search by name or SKU"), width=220
    )
    segment = (
        st.selectbox(
            _("Customer group"),
            choices["segments"],
            **address.one_of("segment", choices["segments"], resets=FIRST_PAGE),
            format_func=labels.segment,
            width=190,
        )
        if len(choices["segments"]) > 1
        else "all"
    )
    categories = (
        st.multiselect(
            _("Category"),
            choices["categories"],
            **address.some_of("category", choices["categories"], resets=FIRST_PAGE),
            placeholder=_("All"),
            width=240,
        )
        if len(choices["categories"]) > 1
        else []
    )
    sort = st.selectbox(
        _("Sort by"), list(sorts), **address.one_of("sort", sorts, resets=FIRST_PAGE), format_func=sorts.__getitem__, width=170
    )
    with st.popover(_("Price and age"), icon=":material/tune:"):
        lowest, highest = math.floor((choices["lowest_price_cents"] or 0) / 100), math.ceil((choices["highest_price_cents"] or 0) / 100)
        price: Any = (
            st.slider(_("Price"), lowest, highest, **address.span("price", lowest, highest, resets=FIRST_PAGE))
            if highest > lowest
            else None
        )
        oldest = max(1, math.ceil((choices["longest_days_on_sale"] or 0) / 7))
        age: Any = st.slider(_("Weeks since launch"), 0, oldest, **address.span("age", 0, oldest, resets=FIRST_PAGE))

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
found = data.ask("rising", **filters, limit=PAGE_ROWS, offset=0)

# show
if found.empty:
    cards.nothing_here(_("No product matches these filters."))
    st.stop()
matches = int(found.matches.iloc[0])
table = st.container()
if matches > PAGE_ROWS:
    with st.container(horizontal_alignment="center"):
        turned = st.pagination(math.ceil(matches / PAGE_ROWS), **address.number("page", 1, math.ceil(matches / PAGE_ROWS), 1))
    found = data.ask("rising", **filters, limit=PAGE_ROWS, offset=PAGE_ROWS * (turned - 1))
with table:
    cards.notes(
        n_("{count} product.", "{count} products.", matches),
        _("Click a product to open it."),
        "" if segment == "all" else _("Chances, sales and reasons are for this customer group. Weeks of supply are for the whole shop."),
    )
    tables.rising(found, meta.currency, choices["has_previous"])
