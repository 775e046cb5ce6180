"""What should I do today?"""

import streamlit as st

from dashboard import data
from dashboard.components import cards, tables
from dashboard.i18n import _, absent, compact, money, n_, number, plain

# data
meta, numbers = data.meta(), data.one("headline")
weekly = data.ask("weekly_orders", weeks=8)
decisions = data.ask("decisions", limit=3)
compared = data.choices()["has_previous"]

# show: decisions first
st.subheader(_("Decisions for today"), anchor=False)
if decisions.empty:
    cards.nothing_here(_("Nothing presses: no riser runs short, and nothing that falls lies around for long."))
for place, (i, row) in zip(st.columns(3), decisions.iterrows()):
    with place:
        cards.decision(row)

st.space("xsmall")
last, before = weekly.tail(4), weekly.iloc[-8:-4]
with st.grid(4, min_column_width=200):
    change = numbers.expected_risers - numbers.previous_expected_risers
    st.metric(_("Products about to rise"), number(numbers.expected_risers, 0), None if absent(change) else round(change, 1), border=True,
              height="stretch", delta_color="off", delta_description=_("since the last snapshot"),
              help=_("Expected number of risers within 28 days: all chances added up. A riser sells at least 25% above its own pace, "
                     "after the whole shop's growth is taken out."))
    st.metric(_("Units, next 4 weeks"), compact(numbers.units_next_4w), cards.growth(numbers.units_next_4w, last.units.sum()),
              border=True, height="stretch", delta_color="off", delta_description=_("than the last 4"),
              help=_("The middle case of every product, added up."))
    st.metric(_("Orders, last 4 weeks"), compact(numbers.orders_28d), cards.growth(last.orders.sum(), before.orders.sum()), border=True,
              height="stretch", delta_color="off", delta_description=_("than the 4 before"))
    if numbers.to_order or numbers.stock_unknown < numbers.products:
        cost = "" if absent(numbers.order_cost_cents) else plain(money(numbers.order_cost_cents, meta.currency, short=True))
        st.metric(_("To order now"), number(numbers.to_order, 0), cost or None, border=True, height="stretch", delta_arrow="off",
                  delta_color="off", help=_("Products whose stock will not last until the next delivery."))
    else:
        st.metric(_("Revenue, last 4 weeks"), plain(money(numbers.revenue_28d_cents, meta.currency, short=True)), border=True, height="stretch")
if numbers.stock_unknown:
    cards.notes(n_("{count} product has unknown stock; its order cannot be worked out.", "{count} products have unknown stock; their orders "
                   "cannot be worked out.", numbers.stock_unknown))

st.space("xsmall")
if compared:
    up, down = st.columns(2)
    with up:
        st.subheader(_("Chances that grew"), anchor=False)
        tables.movers(data.ask("movers", direction=1, limit=6), "movers_up", _("Products whose chance of rising grew most"))
    with down:
        st.subheader(_("Chances that shrank"), anchor=False)
        tables.movers(data.ask("movers", direction=-1, limit=6), "movers_down", _("Products whose chance of rising shrank most"))
else:
    st.subheader(_("Most likely to rise"), anchor=False)
    first = data.ask("rising", segment="all", categories=[], search="", lowest_price_cents=None, highest_price_cents=None, newest_days=None,
                     oldest_days=None, sort="probability", limit=8, offset=0)
    tables.rising(first, "all", meta.currency, compared=False)
    cards.notes(_("This is the first snapshot; from the second one on, what changed is shown here."))
