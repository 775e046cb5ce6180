"""What moves the forecasts over the whole shop?"""

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, charts, plots, what_if, why
from dashboard.i18n import _

LEADERS, DOTS = 50, 500

# settings
groups = data.segments()
segment = (
    st.selectbox(_("Customer group"), groups, **address.one_of("segment", groups), format_func=labels.segment, width=200)
    if len(groups) > 1
    else "all"
)

# data
ranking = data.ask("driver_importance", segment=segment, leaders=LEADERS)
features = data.ask("features")
if ranking.empty:
    cards.nothing_here(_("This update has no reasons for this customer group."))
    address.end_page()

# show
first, second = (labels.driver(d) for d in [*ranking.driver[:2], ranking.driver.iloc[0]][:2])
st.markdown(_("Biggest drivers: **{first}** and **{second}**.").format(first=first, second=second))
left, right = cards.halves()
with left:
    st.subheader(_("All products"), anchor=False)
    plots.show(charts.driver_ranking(ranking), key="ranking", alt=_("Drivers by effect on the forecasts"))
    cards.notes(
        _("Average effect of each driver, up or down, as a share of all effects."),
        _("Reasons come in order: first possible causes, then sales, then views. Each driver counts only what earlier ones don't explain."),
    )
with right:
    st.subheader(_("Top {count} risers").format(count=LEADERS), anchor=False)
    plots.show(charts.leader_pushes(ranking), key="leaders", alt=_("Effect of each driver on the top risers"))
    cards.notes(_("×2 doubles the odds of rising, ÷2 halves them. Average over the top risers."))
why.drivers_file(ranking, segment)

what_if.shop(segment)

st.subheader(_("Explore one signal"), anchor=False)
if features.empty:
    cards.nothing_here(_("This update has no signal values."))
    address.end_page()
known = features.set_index("feature")
strongest = [d for d in ranking.driver if d in set(features.driver)] or list(features.driver)
with st.container(horizontal=True):
    driver = st.selectbox(
        _("Driver"), strongest, **address.one_of("driver", strongest, resets=["signal"]), format_func=labels.driver, width=200
    )
    mine = list(known[known.driver == driver].index)
    feature = st.selectbox(
        _("Signal"), mine, **address.one_of("signal", mine), width=420, format_func=lambda f: labels.feature(f, known.meaning[f])
    )
dots = data.ask("feature_points", feature=feature, limit=DOTS)
trend = data.ask("feature_trend", feature=feature)
if dots.empty:
    cards.nothing_here(_("The model has no value of this signal for any product."))
else:
    plots.show(
        charts.dependence(dots, trend, known.unit[feature], labels.feature(feature, known.meaning[feature])),
        key="dependence",
        alt=_("Signal value vs effect of its driver, one dot per product"),
    )
    why.signal_file(data.later("feature_points", feature=feature, limit=None), feature, labels.feature(feature, known.meaning[feature]))
    cards.notes(
        _(
            "Each dot is a product: its signal value and the effect of that driver on the odds of rising. Grey line: "
            "median. A driver combines several signals, so dots with equal values may differ."
        ),
        "" if segment == "all" else _("Signals are known for all customers only, so this chart shows all customers."),
    )
