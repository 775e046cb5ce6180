"""What will this product do, and why?"""

import streamlit as st

from dashboard import address, data, labels, pictures, registry
from dashboard.components import alerts, cards, marks
from dashboard.components.product import summary, tabs
from dashboard.i18n import _, absent, plain, shortened

# settings: the address names the product, so that a link to it can be sent
titles = data.ask("product_choices", search="", limit=2000).set_index("product_id").title.to_dict()
wanted = st.query_params.get("product") or next(iter(titles), "")
found = data.one("product", product=wanted, segment="all")
if found is None:
    cards.nothing_here(_("There is no product {product}. Choose another one.").format(product=plain(shortened(wanted, 60))))
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
demand, planned = data.ask("product_demand", **asked), data.planned(product)

# show: who it is and the verdict on one screen, then tabs
with st.container(horizontal=True, vertical_alignment="center"):
    if picture := pictures.get(product):
        st.image(picture, width=64, alt="")
    st.header(plain(facts.title), anchor=False)
cards.about(facts)
if absent(facts.rising_probability):
    cards.nothing_here(_("This product has no forecast for this customer group."))
    address.end_page()
cards.verdict(facts, drivers, demand, data.rules().labels.horizon_days)
summary.tiles(facts, demand, data.ask("product_segments", products=[product]), planned)
with st.container(horizontal=True, vertical_alignment="center"):
    marks.buttons(product)
    alerts.settings(product)
    if planned is not None and not absent(planned.cover_weeks):
        st.page_link(
            registry.script(registry.pages()["inventory"]),
            label=_("Review order"),
            icon=":material/shopping_cart:",
            query_params={"q": product, "status": ""},
        )
marks.notes(product)

cards.open_tab(
    "tab",
    {
        "forecast": (_("Forecast"), lambda: tabs.forecast(product, segment, facts, demand)),
        "why": (_("Why"), lambda: tabs.why(product, segment, facts, drivers)),
        "customers": (_("Customers"), lambda: tabs.customers(product)),
        "reviews": (_("Reviews"), lambda: tabs.reviews(product)),
        "stock": (_("Stock"), lambda: tabs.stock(product)),
    },
)
