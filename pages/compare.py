"""How do products, customer groups and periods differ?"""

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, compare, plots
from dashboard.components.compare import charts, items
from dashboard.i18n import _, shortened

# settings: the address names the products, so that lists and other pages lead here
groups, meta = data.segments(), data.meta()
ways = {"products": _("Products"), "groups": _("Customer groups"), "years": _("Year over year")}
if len(groups) < 2:
    del ways["groups"]
titles = data.ask("product_choices", search="", limit=2000).set_index("product_id").title.to_dict()
named_in = [text for key in ("products", "product") for text in st.query_params.get_all(key)]
for code in list(dict.fromkeys(part for text in named_in for part in (text, *text.split(","))))[: compare.MOST_ASKED]:
    found = data.one("product", product=code, segment="all")
    titles |= {} if found is None else {code: found.title}
asked = compare.split("products", titles)


def named(code: str) -> str:
    return " · ".join(dict.fromkeys((shortened(titles[code], 60), code)))


with st.container(horizontal=True, vertical_alignment="bottom"):
    by = st.segmented_control(_("Compare"), list(ways), **address.one_of("by", ways), required=True, format_func=ways.__getitem__)
    if by == "products":
        products = st.multiselect(
            _("Products"),
            list(titles),
            **address.some_of("products", titles, compare.MOST),
            max_selections=compare.MOST,
            select_all=False,
            format_func=named,
            placeholder=_("Choose two to four products"),
            width=620,
        )
    else:
        first = next(iter(asked), next(iter(titles)))
        products = [
            st.selectbox(
                _("Product"),
                list(titles),
                **address.one_of("product", titles, first),
                width=420,
                filter_mode="contains",
                format_func=named,
            )
        ]
    weeks, segments = 26, ["all"]
    if by == "groups":
        segments = (
            st.multiselect(
                _("Customer groups"),
                groups,
                **address.some_of("groups", groups, compare.MOST),
                max_selections=compare.MOST,
                select_all=False,
                format_func=labels.segment,
                placeholder=_("The largest groups"),
                width=380,
            )
            or groups[1 : 1 + compare.MOST]
        )
    elif by == "years":
        spans = {4: _("4 weeks"), 13: _("13 weeks"), 26: _("26 weeks"), 52: _("52 weeks")}
        weeks = st.selectbox(_("Period"), list(spans), **address.one_of("weeks", spans, 26), format_func=spans.__getitem__, width=150)
    as_index = st.toggle(_("As an index"), **address.flag("index"), help=_("Each line as a percentage of its own average: 100 = average."))

if not products:
    cards.nothing_here(_("Choose two to four products above, or open a product and press Compare."))
    address.end_page()

# data
if by == "years":
    sides = list(items.in_year(products[0], "all", weeks))
    said = compare.year_in_words(sides[0], sides[1], weeks)
else:
    pairs = [(product, segment) for product in products for segment in segments]
    sides = [items.of_product(p, s, labels.segment(s) if by == "groups" else titles[p]) for p, s in pairs]
    parts = [side for side, (_product, segment) in zip(sides, pairs) if by != "groups" or segment != "all"]  # a group is a part of all
    said = compare.in_words(parts)

# show
if len(sides) == 1:
    cards.nothing_here(_("Choose a second product to compare with.") if by == "products" else _("Choose a second group to compare with."))
elif said:
    st.markdown("  \n".join(said))
else:
    st.caption(_("No clear difference: the gaps are within the uncertainty of the forecasts."))
items.pictured(products, titles)
plots.show(charts.lines(sides, meta.as_of, as_index), key="compared", alt=_("Weekly unit sales and forecasts side by side"))
cards.notes(_("Dotted: average weekly demand expected up to that date, with its 80% range."))
if by != "years":
    items.table(sides, pairs)
