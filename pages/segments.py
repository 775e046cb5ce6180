"""Who is interested in what?"""

import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, charts, plots, segments, tables
from dashboard.i18n import _, n_, number, shortened

FEW_IN_CELL, FEW_IN_GROUP, SHOWN = 10, 200, 12

# data
groups = data.ask("segments")
everyone, others = groups[groups.segment == "all"], groups[groups.segment != "all"]
big = others[others.orders_base >= FEW_IN_GROUP]
choices = data.choices()
if others.empty:
    shop = data.rules().shop
    cards.nothing_here(
        _("No customer group is large enough yet. A group needs {count} orders in 8 weeks.").format(
            count=number(shop.segment_min_orders, 0)
        )
        if shop.segment_attribute
        else _("This shop has no customer groups. Import a customers file, or orders with a country or channel, to see who buys what.")
    )
    address.end_page()

# show
cards.notes(
    _("Grouped by {attribute}.").format(attribute=labels.said(labels.ATTRIBUTES, data.meta().segment_attribute)),
    n_(
        "{count} group with fewer than {few} orders in 8 weeks is not shown.",
        "{count} groups with fewer than {few} orders in 8 weeks are not shown.",
        len(others) - len(big),
        few=FEW_IN_GROUP,
    )
    if len(others) > len(big)
    else "",
)
if big.empty:
    cards.nothing_here(_("No group has enough orders yet."))
    address.end_page()

by_product = len(choices["categories"]) < 2
interest = data.ask("segment_interest", by_product=by_product, few=FEW_IN_CELL, limit=SHOWN)
told = interest[interest.segment.isin(big.segment)].groupby("segment").lift.transform("count") > 0
interest = interest.loc[told[told].index]
st.subheader(_("Category preference vs all customers"), anchor=False)
if interest.empty:
    cards.nothing_here(_("No group has enough orders in one category to compare."))
else:
    plots.show(charts.interest(interest), key="interest", alt=_("Category preference vs all customers"))
    cards.notes(
        _("2× = twice its usual share of orders, in the last 8 weeks. Blue is more, orange is less."),
        _("Empty cells, and groups not shown, have fewer than {few} orders.").format(few=FEW_IN_CELL)
        if interest.lift.isna().any() or interest.segment.nunique() < len(big)
        else "",
        _("The shop has no categories, so the best-selling products are shown.") if by_product else "",
    )
    segments.interest_file(interest)

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.subheader(_("Order trend by group"), anchor=False)
    category = (
        ""
        if by_product
        else st.selectbox(
            _("Category"),
            ["", *choices["categories"]],
            **address.one_of("category", ["", *choices["categories"]]),
            format_func=lambda c: c or _("All"),
            width=200,
            label_visibility="collapsed",
        )
    )
weeks = data.ask("segment_weeks", weeks=26, category=category)
plots.show(
    charts.segment_multiples(weeks, list(big.segment)[:SHOWN]),
    key="multiples",
    alt=_("Weekly orders of each group vs its average week"),
)
segments.weeks_file(weeks, category)
cards.notes(_("1× = the group's average week (last 26 weeks). The dotted line is all customers."))

st.subheader(_("Rising in one group"), anchor=False)
special = data.ask("segment_specials", limit=4)
special = special[special.segment.isin(big.segment)]
if special.empty:
    cards.nothing_here(_("No product stands out in one group."))
else:
    shown = special.sort_values("ahead", ascending=False).assign(
        group=lambda f: [labels.segment(s) for s in f.segment],
        title=lambda f: [shortened(t, 80) for t in f.title],
        ahead=lambda f: 100 * f.ahead,
    )
    tables.show(
        "rising-in-one-group",
        shown,
        {
            "title": tables.product(),
            "group": tables.column.TextColumn(_("Customer group"), width=150),
            "rising_probability": tables.chance(_("Chance in group")),
            "everyone_probability": tables.chance(_("Chance, all customers"), width=140),
            "ahead": tables.column.NumberColumn(_("Lead (pts)"), format="%+.0f", width=90, help=_("Percentage points.")),
        },
        alt=_("Products that rise in one group more than in others"),
        height="content",
    )
