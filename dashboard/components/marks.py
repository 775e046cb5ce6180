"""The watch list of the shop and the notes on a product."""

from __future__ import annotations

import streamlit as st

from core.capabilities.forecast.listing import EVERYTHING, FACTS
from core.storage.state import LONGEST_NOTE
from dashboard import actions, data, kept, registry
from dashboard.components import cards
from dashboard.components.rising import listing
from dashboard.i18n import _, day, n_, plain


def buttons(product: str) -> None:
    """Show what can be done with a product: watch it, compare it."""
    watched = next((one for one in kept.watched() if one.product_id == product), None)
    if watched is None:
        if st.button(_("Watch"), key="watch", icon=":material/star_border:", help=_("Put it on the shop's watch list on Overview")):
            cards.attempt(actions.watch, product)
    elif st.button(
        _("Watching"),
        key="watch",
        icon=":material/check:",
        help=_("On the watch list since {day}. Press to take it off.").format(day=day(watched.at)),
    ):
        cards.attempt(actions.unwatch, product)
    st.page_link(
        registry.script(registry.pages()["compare"]),
        label=_("Compare"),
        icon=":material/compare_arrows:",
        query_params={"products": product},
    )


def notes(product: str) -> None:
    """Show the notes on a product, newest first, and a form for another."""
    written = kept.notes(product)
    title = n_("{count} note", "{count} notes", len(written)) if written else _("Notes")
    with st.expander(title, icon=":material/sticky_note_2:", expanded=bool(written)):
        for note in written:
            with st.container(horizontal=True, vertical_alignment="top"):
                with st.container(gap=None):
                    st.text(note.text)
                    st.caption(f"{plain(note.actor)} · {day(note.at)}")
                if st.button(_("Delete"), key=f"delete_note_{note.id}", icon=":material/delete:", type="tertiary"):
                    cards.attempt(actions.delete_note, note.id)
        with st.form(f"note_{product}_{len(written)}", border=False):
            text = st.text_area(_("New note"), key=f"note_text_{product}_{len(written)}", max_chars=LONGEST_NOTE, height=80)
            with st.container(horizontal=True, vertical_alignment="bottom"):
                author()
                added = st.form_submit_button(_("Add note"), icon=":material/add:")
        if added:
            cards.attempt(actions.add_note, product, text)


def author() -> None:
    """Ask for the name of the user, once a session."""
    st.text_input(_("Your name"), key="author", persist_state="session", max_chars=60, width=210)


def watch_list() -> None:
    """Show the watched products and how they do; nothing where none is watched."""
    watched = [one.product_id for one in kept.watched()]
    if not watched:
        return
    st.subheader(_("Watch list"), anchor=False)
    asked = EVERYTHING | {"products": watched, "facts": FACTS, "sort": "probability"}
    found = data.ask("rising", **asked, limit=len(watched), offset=0)
    if len(found):
        listing.show("watched", found, data.meta().currency)
    if missing := len(watched) - len(found):
        cards.notes(n_("{count} watched product has no forecast now.", "{count} watched products have no forecast now.", missing))
