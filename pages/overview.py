"""What should I do next?"""

from typing import Any

import streamlit as st

from dashboard import data
from dashboard.components import cards, tables
from dashboard.i18n import _, absent, compact, money, number, percent, plain


def movers(found, key: str, alt: str) -> None:
    if len(found):
        tables.movers(found, key, alt)
    else:
        cards.nothing_here(_("None."))


# data
meta, numbers, rules = data.meta(), data.headline(), data.rules().labels
weekly = data.ask("weekly_orders", weeks=8)
decisions = data.decisions(limit=3)
compared = data.choices()["has_previous"]
grown, shrunk = (data.ask("movers", direction=way, limit=6) if compared else () for way in (1, -1))
moved = len(grown) or len(shrunk)

# show: decisions first
st.subheader(_("Decisions"), anchor=False)
if decisions.empty:
    cards.nothing_here(_("Nothing urgent."))
with st.grid(3, min_column_width=250):
    for _place, row in decisions.iterrows():
        cards.decision(row)

st.space("xsmall")
last, before = weekly.tail(4), weekly.iloc[-8:-4]
change = round(numbers.expected_risers - numbers.previous_expected_risers, 1)  # NaN without a snapshot before
changed = not absent(change) and change != 0
card: dict[str, Any] = {"border": True, "height": "stretch", "delta_color": "off"}
with st.grid(4, min_column_width=200):
    st.metric(
        _("Expected risers"),
        number(numbers.expected_risers, 0),
        change if changed else None,
        **card,
        delta_description=_("since the last update") if changed else None,
        help=_(
            "Expected number of risers in the next {days} days: the sum of all chances. A riser sells at least {more} "
            "above its own usual rate, excluding the shop's growth."
        ).format(days=rules.horizon_days, more=percent(rules.min_ratio - 1)),
    )
    st.metric(
        _("Likely risers (50%+)"),
        number(numbers.likely_risers, 0),
        **card,
        help=_("Products with a chance of 50% or more. {count} are as likely to fall.").format(count=number(numbers.likely_fallers, 0)),
    )
    sold = _("Units, last 4 weeks"), compact(numbers.units_28d)
    if not absent(numbers.revenue_28d_cents) and numbers.revenue_28d_cents > 0:
        sold = _("Revenue, last 4 weeks"), plain(money(numbers.revenue_28d_cents, meta.currency, short=True))
    grew = cards.growth(last.units.sum(), before.units.sum())
    st.metric(*sold, grew, **card, delta_description=_("units vs previous 4 weeks") if grew else None)
    if numbers.stock_known:
        cost = "" if absent(numbers.order_cost_cents) else plain(money(numbers.order_cost_cents, meta.currency, short=True))
        st.metric(
            _("To order"),
            number(numbers.to_order, 0),
            cost or None,
            **card,
            delta_arrow="off",
            help=_(
                "Products whose stock won't last until the next delivery. Your quantity where you changed it; snoozed "
                "products are left out."
            ),
        )
    else:
        st.metric(_("Forecast products"), number(numbers.products, 0), **card)

st.space("xsmall")
if moved:
    up, down = cards.halves()
    with up:
        st.subheader(_("Biggest gains"), anchor=False)
        movers(grown, "movers_up", _("Products whose chance of rising increased most"))
    with down:
        st.subheader(_("Biggest drops"), anchor=False)
        movers(shrunk, "movers_down", _("Products whose chance of rising decreased most"))
else:
    st.subheader(_("Most likely to rise"), anchor=False)
    first = data.ask(
        "rising",
        segment="all",
        categories=[],
        search="",
        lowest_price_cents=None,
        highest_price_cents=None,
        newest_days=None,
        oldest_days=None,
        sort="probability",
        limit=8,
        offset=0,
    )
    tables.rising(first, meta.currency, compared=False)
    cards.notes(_("No chance has changed since the last update.") if compared else _("Changes appear here after the next update."))
