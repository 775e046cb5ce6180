"""Which products are about to rise, which to fall, and which have no forecast?"""

import math

import streamlit as st

from dashboard import address, data, shop
from dashboard.components import cards, exports, rows
from dashboard.components.rising import filters, groups, listing
from dashboard.i18n import _, n_

PAGE_ROWS = 100

# settings
cards.waiting_settings(shop.waiting_settings())
choices, meta = data.choices(), data.meta()
lists = {"rising": _("Rising"), "falling": _("Falling"), "none": _("No forecast")}


def turned(matches: int) -> int:
    """Show the pages of the list; return the place of the first row of the chosen one."""
    pages = math.ceil(matches / PAGE_ROWS)
    bound = address.number("page", 1, pages, 1)
    if pages < 2:
        return 0
    with st.container(horizontal_alignment="center"):
        return PAGE_ROWS * (int(st.pagination(pages, **bound)) - 1)


def forecasts(falling: bool) -> None:
    asked = filters.controls(choices, meta.currency, falling, forecast=True)
    name = "falling" if falling else "rising"
    top, body = st.container(horizontal=True, vertical_alignment="center", key="rising_top"), st.container()
    with top:
        by = filters.by(choices)
    question = asked.values | {"sort": filters.question_sort(asked.sort, falling)}
    missing = data.ask("unforecast", **filters.of_unforecast(asked.values), limit=1, offset=0)
    unforecast = 0 if missing.empty else int(missing.matches.iloc[0])
    more = n_("{count} more has no forecast.", "{count} more have no forecast.", unforecast) if unforecast else ""
    if by != "product":
        found = data.ask("rising_groups", **question, by=by)
        with top:
            cards.notes(_("Click a row to see its products."), n_("{count} product.", "{count} products.", int(found.products.sum())), more)
            st.space("stretch")
            exports.buttons(f"{name}-{by}", groups.headings(by), lambda: groups.table(found), asked.said)
        with body:
            groups.show(found, by, meta.currency, falling)
        return
    question |= {"facts": data.FACTS}
    found = data.ask("rising", **question, limit=PAGE_ROWS, offset=0)
    if found.empty:
        with body:
            cards.nothing_here(_("No product matches these filters."))
            st.button(_("Clear filters"), key="clear_filters", on_click=filters.clear)
            if unforecast:
                label = n_("Show {count} product without a forecast", "Show {count} products without a forecast", unforecast)
                st.button(label, key="show_unforecast", on_click=address.put, kwargs={"list": "none"})
        return
    matches = int(found.matches.iloc[0])
    if first := turned(matches):
        found = data.ask("rising", **question, limit=PAGE_ROWS, offset=first)
    with body:
        compare = rows.Action("compare", "products", _("Compare"), *listing.COMPARED, _("Select 2 to 4 products to compare."))
        chosen = listing.show(
            f"{name}_list",
            found,
            meta.currency,
            segment=asked.segment,
            falling=falling,
            first=first,
            total=matches,
            sort=asked.sort,
            on_sort=lambda way: address.put(sort=way, page=[]),
            selects=True,
            actions=[compare],
        )
    with top:
        cards.notes(n_("{count} product.", "{count} products.", matches), more)
        st.space("stretch")
        everything = data.later("rising", **question | {"products": chosen}, limit=len(chosen) or matches, offset=0)
        label = n_("Export {count} selected", "Export {count} selected", len(chosen)) if chosen else ""
        exports.buttons(name, listing.headings(), listing.table(everything, falling, asked.segment), asked.said, label=label)
    if asked.segment != "all":
        cards.notes(_("Chances, sales and reasons are for this customer group. Weeks of supply are for the whole shop."))


def without() -> None:
    asked = filters.controls(choices, meta.currency, falling=False, forecast=False)
    question = filters.of_unforecast(asked.values)
    found = data.ask("unforecast", **question, limit=PAGE_ROWS, offset=0)
    if found.empty:
        cards.nothing_here(_("Every product that matches these filters has a forecast."))
        return
    matches = int(found.matches.iloc[0])
    body = st.container()
    with st.container(horizontal=True, vertical_alignment="center"):
        cards.notes(n_("{count} product without a forecast.", "{count} products without a forecast.", matches))
        st.space("stretch")
        exports.buttons("unforecast", *listing.unforecast_file(data.later("unforecast", **question, limit=matches, offset=0)), asked.said)
    if first := turned(matches):
        found = data.ask("unforecast", **question, limit=PAGE_ROWS, offset=first)
    with body:
        listing.unforecast("unforecast_list", found, first=first, total=matches)


# show
for tab, show in zip(
    st.tabs(list(lists.values()), **address.tab("list", lists, resets=filters.FIRST_PAGE)),
    (lambda: forecasts(False), lambda: forecasts(True), without),
):
    if tab.open:
        with tab:
            show()
