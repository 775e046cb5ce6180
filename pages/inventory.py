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
counts = {"order now": numbers.to_order, "enough": numbers.enough, "stock unknown": numbers.unknown}
suppliers = data.ask("suppliers").supplier.tolist()

# show: the order in one row
if numbers.unknown == numbers.products:
    st.info(_("Upswing knows the demand of this shop but not its stock. For each product it gives the level at which to reorder and the level to "
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
    status = st.segmented_control(_("Status"), [s for s, n in counts.items() if n], key="status", bind="query-params",
                                  format_func=lambda s: f"{words.status(s)} {number(counts[s], 0)}",
                                  default=None if not numbers.to_order else "order now") or ""
    search = st.text_input(_("Search"), key="order_q", bind="query-params", type="search", live="300ms", placeholder=_("Title or number"), width=220)
    chosen = st.multiselect(_("Supplier"), suppliers, key="supplier", bind="query-params", placeholder=_("All"), width=260) if suppliers else []
    asked = {"status": status, "search": search.strip(), "suppliers": list(chosen)}

    def as_csv() -> bytes:
        """All rows under the filters, as a spreadsheet opens them; text that it would run as a formula is disarmed."""
        frame = data.ask("order_list", **asked, limit=1_000_000).drop(columns="matches")
        for name in ("product_id", "title", "category", "supplier"):
            frame[name] = [f"'{v}" if isinstance(v, str) and v[:1] in "=+-@\t\r" else v for v in frame[name]]
        return frame.to_csv(index=False).encode("utf-8-sig")

    st.download_button(_("CSV"), as_csv, file_name=f"orders-{day(meta.as_of).replace(' ', '-')}.csv", mime="text/csv", on_click="ignore",
                       icon=":material/download:")

found = data.ask("order_list", **asked, limit=SHOWN)
if found.empty:
    cards.nothing_here(_("No product fits these filters."))
    st.stop()
matches = int(found.matches.iloc[0])
cards.notes(n_("{count} product.", "{count} products.", matches),
            _("The first {count} are shown; the CSV holds all.").format(count=number(SHOWN)) if matches > SHOWN else "",
            _("Choose a row to open it."))
tables.orders(found, meta.currency)
cards.notes(
    _("Levels cover demand over lead time and {days} days of review in {share} of cycles.").format(
        days=number(numbers.review_days, 0), share=percent(numbers.service_level)),
    n_("* {count} lead time is assumed, since no file gives it.", "* {count} lead times are assumed, since no file gives them.",
       numbers.lead_time_assumed) if numbers.lead_time_assumed else "",
    n_("{count} product has unknown stock: levels only.", "{count} products have unknown stock: levels only.", numbers.unknown)
    if 0 < numbers.unknown < numbers.products else "")
