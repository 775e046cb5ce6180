"""What will this product do, and why?"""

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, charts, tables, text_explanation
from dashboard.i18n import _, absent, plain, shortened
from dashboard.theme import CONFIG

# settings: the address names the product, so that a link to it can be sent
titles = data.ask("product_choices", search="", limit=2000).set_index("product_id").title.to_dict()
wanted = st.query_params.get("product") or next(iter(titles), "")
found = data.one("product", product=wanted, segment="all")
if found is None:
    cards.nothing_here(_("There is no product {product}. Choose another one.").format(product=plain(wanted)))
    wanted = next(iter(titles))
else:
    titles.setdefault(wanted, found.title)
groups = data.segments()
with st.container(horizontal=True, vertical_alignment="bottom"):
    cards.back_to_list()
    product = st.selectbox(
        _("Product"),
        list(titles),
        **address.one_of("product", titles),
        width=520,
        filter_mode="contains",
        format_func=lambda i: " · ".join(dict.fromkeys((shortened(titles[i], 80), i))),
    )
    segment = (
        st.selectbox(_("Customer group"), groups, **address.one_of("segment", groups), format_func=labels.segment, width=200)
        if len(groups) > 1
        else "all"
    )

# data
meta, asked = data.meta(), {"product": product, "segment": segment}
facts, drivers = data.one("product", **asked), data.ask("product_drivers", **asked)
history, demand = data.ask("product_history", **asked), data.ask("product_demand", **asked)

# show: who it is and the verdict
st.header(plain(facts.title), anchor=False)
cards.about(facts)
if absent(facts.rising_probability):
    cards.nothing_here(_("This product has no forecast for this customer group."))
    st.stop()
with st.container(border=True):
    cards.verdict(facts, drivers, demand, data.rules().labels.horizon_days)

grid = st.grid(3, min_column_width=260, gap=("small", "medium"))
with grid.cell(column_span=2):
    st.subheader(_("Sales and forecast"), anchor=False)
    st.plotly_chart(
        charts.history_with_forecast(history, demand, meta.as_of),
        config=CONFIG,
        key="history",
        alt=_("Weekly unit sales and forecast with its ranges"),
    )
    cards.notes(
        _("Shaded: 50%, 80% and 95% range of average weekly sales up to that date."),
        _(
            "Light area: estimated sales lost while out of stock, from the product's share of the shop's orders in the "
            "days before. Forecasts learn from both parts."
        )
        if history.lost_units.any()
        else "",
    )
with grid.cell():
    st.subheader(_("Stock"), anchor=False)
    cards.stock(data.planned(product))

st.subheader(_("Why"), anchor=False)
chart, table = cards.halves()
with chart:
    st.plotly_chart(
        charts.waterfall(drivers, facts.base_logit), config=CONFIG, key="waterfall", alt=_("Effect of each driver on the chance of rising")
    )
    cards.notes(
        _(
            "From the average unknown product to this one. Blue raises the chance, orange lowers it. The same push "
            "moves the chance less near 0% and 100%."
        )
    )
with table:
    tables.signals(data.ask("product_features", product=product), list(drivers.driver))

st.subheader(_("Text signals"), anchor=False)
text_explanation.said(product, meta.model)

left, right = cards.halves() if len(groups) > 1 else (None, st.container())
if left:
    with left:
        st.subheader(_("Customer groups"), anchor=False)
        st.plotly_chart(
            charts.segment_bars(data.ask("product_segments", product=product)),
            config=CONFIG,
            key="groups",
            alt=_("Chance of rising in each customer group"),
        )
with right:
    st.subheader(_("Similar products"), anchor=False)
    similar = data.ask("product_similar", product=product, limit=6)
    if similar.empty:
        cards.nothing_here(_("No similar products."))
    else:
        tables.similar(similar)
