"""Did past forecasts come true?"""

import math

import streamlit as st

from dashboard import address, data
from dashboard.components import cards, plots, track_record
from dashboard.components import track_record_charts as charts
from dashboard.components.inventory import sections
from dashboard.i18n import _

ROWS, KEPT = 15, 12

# settings
updates = track_record.judged()
if updates.empty:
    cards.nothing_here(
        _(
            "No forecast is old enough to judge. First results appear with data to {day}: import them, and this page compares "
            "every forecast with its outcome."
        ).format(day=track_record.first_results())
    )
    address.end_page()
meta, days = data.meta(), data.rules().labels.horizon_days
asked = track_record.filters(updates)
chosen, values = asked.as_of, asked.values

# data
history = data.ask("track_by_update", **values).merge(updates[["as_of", "replay"]], on="as_of")
sums = track_record.summed(history, chosen)
steps = data.ask("track_by_step", **values)

# show: the verdict first
if not sums.judged:
    cards.nothing_here(_("No forecast matches these filters."))
    address.end_page()
st.markdown(track_record.verdict(sums, chosen, days))
replayed = updates[updates.replay & (chosen is None or updates.as_of == chosen)]
cards.notes(*track_record.notes(sums, len(replayed)))
track_record.figures(sums, meta.currency)
left, right = cards.halves()
with left:
    st.subheader(_("Are the forecasts reliable?"), anchor=False)
    plots.show(charts.calibration(steps), key="record_calibration", alt=_("Share that rose, by forecast chance"))
    cards.notes(_("On the dotted line, chances are exactly right. Below each dot: the number of forecasts. Hollow: fewer than 10."))
with right:
    st.subheader(_("Hit rate by update"), anchor=False)
    plots.show(charts.hit_rates(history, chosen), key="record_updates", alt=_("Hit rate of each past update"))
    cards.notes(_("Base rate: share of all products that rose. Hollow dots: replayed updates."))

st.subheader(_("Product by product"), anchor=False)
views = {"called": _("Called"), "missed": _("Rose, not called"), "all": _("All")}
view = st.segmented_control(
    _("Show"),
    list(views),
    **address.one_of("shown", views, resets=track_record.FIRST_PAGE),
    required=True,
    format_func=views.__getitem__,
    label_visibility="collapsed",
)
found = data.ask("track_calls", **values, shown=view, limit=ROWS, offset=0)
if found.empty:
    cards.nothing_here(_("No product matches these filters. The latest {count} updates are kept product by product.").format(count=KEPT))
else:
    table, pages, turned = st.container(), math.ceil(int(found.matches.iloc[0]) / ROWS), 1
    with st.container(horizontal=True):
        track_record.export(asked, view)
        bound = address.number("page", 1, pages, 1)
        if pages > 1:
            turned = st.pagination(pages, **bound)
            found = data.ask("track_calls", **values, shown=view, limit=ROWS, offset=ROWS * (turned - 1))
    with table:
        track_record.calls(found, chosen is None, meta.currency, ROWS * (turned - 1))

by_category, by_group = data.ask("track_by_category", **values), data.ask("track_by_segment", **values)
left, right = cards.halves()
if len(by_category) > 1:
    with left:
        st.subheader(_("By category"), anchor=False)
        track_record.parts(by_category, "category", _("Category"), _("Calls that rose, by category"))
if len(by_group) > 1:
    with right:
        st.subheader(_("By customer group"), anchor=False)
        track_record.parts(by_group, "segment", _("Customer group"), _("Calls that rose, by customer group"))

st.subheader(_("Planners' changes"), anchor=False)
cards.notes(sections.closest(data.hindsight()) or _("No changed quantity is old enough to judge. Change quantities on the Inventory page."))
