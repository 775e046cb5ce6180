"""What do I have to order, and by when?"""

import streamlit as st

from dashboard import data, words
from dashboard.components import cards, tables
from dashboard.i18n import _, absent, compact, day, money, n_, number, percent, plain

SHOWN = 500

# settings
meta, numbers = data.meta(), data.one("order_headline")
if not numbers.products:
    cards.nothing_here(_("This snapshot holds no order suggestions."))
    st.stop()
statuses = data.ask("order_statuses").status.tolist()
suppliers = data.ask("suppliers").supplier.tolist()

# show: the order in one row
if numbers.unknown == numbers.products:
    st.info(_("Upswing knows the demand of this shop but not its stock. For each product it gives the level at which to reorder and the "
              "level to "
              "order up to. With a stock file (day, product_id, on_hand) it would say what to order, how much and by when."),
            title=_("Stock is unknown"), icon=":material/inventory_2:")
else:
    with st.grid(4, min_column_width=190):
        st.metric(_("To order now"), number(numbers.to_order, 0), border=True, height="stretch")
        st.metric(_("Cost of the order"), plain(money(numbers.cost_cents, meta.currency, short=True)), border=True, height="stretch")
        st.metric(_("Due within a week"), number(numbers.due_this_week, 0), border=True, height="stretch",
                  help=_("First order by: {day}").format(day=day(numbers.first_order_by)))
        st.metric(_("Enough"), number(numbers.enough, 0), border=True, height="stretch")

with st.container(horizontal=True, vertical_alignment="bottom"):
    status = st.segmented_control(_("Status"), statuses, key="status", bind="query-params", default=statuses[0], format_func=words.status) \
        if len(statuses) > 1 else None
    search = st.text_input(_("Search"), key="order_q", bind="query-params", type="search", live="300ms", placeholder=_("Title or number"),
                           width=220)
    chosen = st.multiselect(_("Supplier"), suppliers, key="supplier", bind="query-params", placeholder=_("All"),
                            width=260) if suppliers else []
    asked = {"status": status or "", "search": search.strip(), "suppliers": list(chosen)}

    every = data.asker("order_list", **asked, limit=1_000_000)  # asked only when the button is pressed
    st.download_button(_("CSV"), lambda: tables.as_csv(every()), file_name=f"orders-{meta.as_of:%Y-%m-%d}.csv", mime="text/csv",
                       on_click="ignore", icon=":material/download:")

found = data.ask("order_list", **asked, limit=SHOWN)
if found.empty:
    cards.nothing_here(_("No product fits these filters."))
    st.stop()
matches = int(found.matches.iloc[0])
cards.notes(n_("{count} product.", "{count} products.", matches),
            _("The first {count} are shown; the CSV holds all.").format(count=number(SHOWN)) if matches > SHOWN else "",
            _("Choose a row to open it."), words.no_order(status or ""))
tables.orders(found, meta.currency)
cards.notes(
    _("Levels cover demand over lead time and {days} days of review in {share} of cycles.").format(
        days=number(numbers.review_days, 0), share=percent(numbers.service_level)),
    n_("* {count} lead time is assumed, since no file gives it.", "* {count} lead times are assumed, since no file gives them.",
       numbers.lead_time_assumed) if numbers.lead_time_assumed else "",
    n_("{count} product has levels only, since its stock or pack size is not known or can't be right.",
       "{count} products have levels only, since their stock or pack size is not known or can't be right.", numbers.levels_only)
    if 0 < numbers.levels_only < numbers.products else "")
