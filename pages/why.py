"""What moves the forecasts over the whole shop?"""

import streamlit as st

from dashboard import data, labels
from dashboard.components import cards, charts
from dashboard.i18n import _, spoken
from dashboard.theme import CONFIG

LEADERS, DOTS = 50, 1500

# settings
groups = data.segments()
segment = (
    st.selectbox(_("Customer group"), groups, key=spoken("segment"), bind="query-params", format_func=labels.segment, width=200)
    if len(groups) > 1
    else "all"
)

# data
ranking = data.ask("driver_importance", segment=segment, leaders=LEADERS)
features = data.ask("features")
if ranking.empty:
    cards.nothing_here(_("This snapshot gives no reasons for this customer group."))
    st.stop()

# show
first, second = (labels.driver(d) for d in [*ranking.driver[:2], ranking.driver.iloc[0]][:2])
st.markdown(_("Forecasts move most because of **{first}** and **{second}**.").format(first=first, second=second))
left, right = cards.halves()
with left:
    st.subheader(_("All products"), anchor=False)
    st.plotly_chart(charts.driver_ranking(ranking), config=CONFIG, key="ranking", alt=_("Drivers by how much they move the forecasts"))
    cards.notes(
        _("How large each driver's part is on average, up or down, as a share of all of them."),
        _(
            "Reasons come in order: what may make a rise, then what sales show beyond that, then what views add. "
            "A part is what is new in it."
        ),
    )
with right:
    st.subheader(_("Today's top {count} risers").format(count=LEADERS), anchor=False)
    st.plotly_chart(charts.leader_pushes(ranking), config=CONFIG, key="leaders", alt=_("Which way each driver pushes the top risers"))
    cards.notes(_("×2 doubles the odds of rising, ÷2 halves them; average of the products at the top."))

st.subheader(_("One thing at a time"), anchor=False)
if features.empty:
    cards.nothing_here(_("This snapshot holds no feature values."))
    st.stop()
known = features.set_index("feature")
strongest = [d for d in ranking.driver if d in set(features.driver)] or list(features.driver)
with st.container(horizontal=True):
    driver = st.selectbox(_("Driver"), strongest, key=spoken("driver"), bind="query-params", format_func=labels.driver, width=200)
    mine = list(known[known.driver == driver].index)
    feature = st.selectbox(
        _("What the model saw"), mine, key=spoken(f"feature_{driver}"), width=420, format_func=lambda f: labels.feature(f, known.meaning[f])
    )
dots = data.ask("feature_points", feature=feature, limit=DOTS)
trend = data.ask("feature_trend", feature=feature)
if dots.empty:
    cards.nothing_here(_("The model had no such value for any product."))
else:
    st.plotly_chart(
        charts.dependence(dots, trend, known.unit[feature], labels.feature(feature, known.meaning[feature])),
        config=CONFIG,
        key="dependence",
        alt=_("A value against the push of its driver, one dot a product"),
    )
    cards.notes(
        _(
            "Each dot is a product: its value, and how its driver pushes the odds of rising. The grey line is the middle. A driver "
            "reads "
            "several values, so dots of equal value may differ."
        ),
        "" if segment == "all" else _("Values are known over everyone only, so this chart is of everyone."),
    )
