"""The header of every page: its title and question, the shop, how old the data are, and what is weak about what the page rests on."""

from __future__ import annotations

import streamlit as st

from core.capabilities.record import Page
from core.data_age import AGEING, STALE
from dashboard import data, labels, registry, shop
from dashboard.components import cards, saved_views, search
from dashboard.i18n import _, absent, day, n_, number, plain, show

_COLOURS: dict[str, cards.Colour] = {AGEING: "orange", STALE: "red"}
_MOST_NAMED = 3


def header(page: Page, title: str) -> None:
    """Show the header of a page; without a snapshot only what the page is and whose shop it shows."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(gap=None, key="title"):
            st.title(title, anchor=False)
            st.caption(show(page.question))
        search.show_search()
        if data.has_snapshot():
            saved_views.offer(page.name)
        with st.container(horizontal=True, vertical_alignment="center", width="content", key="shop"):
            st.caption(plain(data.settings().shop.name), width="content")
            if data.has_snapshot():
                _chip()
    if data.has_snapshot():
        _stale(page)
        if weak := _weak(page):
            st.markdown(":orange[:material/info:] " + " ".join(weak))


def _chip() -> None:
    """Show the last day of the data and their age; the date that a demonstration runs at."""
    age = data.age()
    if age.demo:
        st.badge(
            _("Demo date: {day}").format(day=day(age.as_of)),
            icon=":material/science:",
            color="gray",
            help=_("This shop is a demonstration. Its pages use the last day of the data as the current date."),
        )
        return
    old = n_("{count} day old", "{count} days old", age.days)
    st.badge(
        _("Data to {day}, {age}").format(day=day(age.as_of), age=old) if age.days else _("Data to {day}").format(day=day(age.as_of)),
        icon=":material/schedule:" if age.level in _COLOURS else None,
        color=_COLOURS.get(age.level, "gray"),
        help=_("Last day with usual sales in your files. Age in the shop's time zone."),
    )


def _stale(page: Page) -> None:
    """Say which files to import where the data are too old to act on."""
    age = data.age()
    if age.level != STALE:
        return
    names = [labels.table(name) for name in shop.stale_tables()]
    listed = " · ".join(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        listed = n_("{names} and {count} more", "{names} and {count} more", len(names) - _MOST_NAMED, names=listed)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="stale"):
        st.markdown(
            ":red[:material/history:] "
            + _("These data are {count} days old. Past order-by dates are hidden. Import newer files: {names}.").format(
                count=number(age.days, 0), names=plain(listed)
            )
        )
        if page.name != "data":
            st.page_link(registry.script(registry.pages()["data"]), label=_("Add files"), icon=":material/upload:", width="content")


def _weak(page: Page) -> list[str]:
    """Return what is weak about what a page rests on: unchecked or unskilled forecasts, unknown stock, another measure than sales."""
    said = []
    signal = data.meta().signal
    if page.forecasts and signal != "orders":  # every page would else speak of sales that nobody knows
        said.append(_("Units and sales are counts of {signal}.").format(signal=labels.signal(signal).lower()))
    if page.forecasts:
        said += _forecasts()
    if page.stock:
        stock = data.one("stock_known")
        unknown = int(stock.products - stock.known)
        if not stock.known and unknown:
            said.append(_("No stock data, so no order quantities. Import a stock file (day, product_id, on_hand) to get them."))
        elif unknown:
            said.append(
                n_(
                    "No reliable stock count for {count} product, so no order suggested.",
                    "No reliable stock count for {count} products, so no order suggested.",
                    unknown,
                )
            )
    return said


def _forecasts() -> list[str]:
    if not data.checked():
        if data.held_back():
            return [_("These forecasts are unchecked: nothing rose in the validation weeks, so their accuracy is unknown.")]
        return [
            _(
                "These forecasts are unchecked: the history is too short for validation weeks. They are little better than "
                "the average product's rate. Import a longer history and retrain."
            )
        ]
    skill = data.ask("metrics").set_index("metric").reindex(["brier_skill"]).iloc[0]  # undefined in some shops
    if (skill.value if absent(skill.low) else skill.low) > 0:
        return []
    return [_("Low skill: in the validation weeks, these chances were not reliably better than the average product's rate.")]
