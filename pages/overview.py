"""What should I do next?"""

import math

import streamlit as st

from dashboard import data
from dashboard.components import alerts, cards, marks, report, today, track_record
from dashboard.i18n import _, absent, compact, number, percent

# data
meta, numbers, rules = data.meta(), data.headline(), data.rules().labels
weekly = data.ask("weekly_orders", weeks=8)
stock_known = data.stock_known()
decisions = data.decisions(limit=today.LISTED)
compared = data.choices()["has_previous"]
grown, shrunk = (data.ask("movers", direction=way, limit=5) for way in (1, -1))
moved = len(grown) or len(shrunk)
worth = data.money()

# show: money, then what to do
today.tour()
if worth is not None:
    today.tiles(worth, meta.currency, stock_known)
last, before = weekly.tail(4), weekly.iloc[-8:-4]
grew = cards.growth(last.units.sum(), before.units.sum())
change = numbers.expected_risers - numbers.previous_expected_risers  # NaN without a snapshot before
spread = math.sqrt(max(numbers.expected_risers, 0.0))  # of a count: a smaller change is noise
cards.notes(
    _("{risers} products are expected to rise in the next {days} days, {likely} of them with a chance of 50% or more.").format(
        risers=number(numbers.expected_risers, 0), days=rules.horizon_days, likely=number(numbers.likely_risers, 0)
    ),
    (_("{count} more than at the last update.") if change > 0 else _("{count} fewer than at the last update.")).format(
        count=number(abs(change), 0)
    )
    if not absent(change) and abs(change) > max(spread, 1)
    else "",
    _("Units sold in the last 4 weeks: {units} ({change} vs the 4 weeks before).").format(units=compact(numbers.units_28d), change=grew)
    if grew
    else "",
)
with st.container(horizontal=True):
    cards.list_link("rising", _("Show risers"), ":material/trending_up:")
    cards.list_link("falling", _("Show fallers"), ":material/trending_down:")
    track_record.overview_line()
    st.space("stretch")
    report.download(meta)
today.lists(decisions, stock_known)
alerts.set_off()
marks.watch_list()

if not compared:
    cards.notes(_("Changes appear here after the next update."))
elif not moved:
    cards.notes(_("No chance has changed by more than noise since the last update."))
else:
    up, down = cards.halves()
    with up:
        today.movers("movers_up", _("Biggest gains"), grown)
    with down:
        today.movers("movers_down", _("Biggest drops"), shrunk)
cards.notes(
    _("A riser sells at least {more} above its own usual rate, excluding the shop's growth.").format(more=percent(rules.min_ratio - 1))
)
