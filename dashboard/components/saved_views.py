"""Saved views: the controls of a page under a name, for oneself or for the whole shop."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, address, kept
from dashboard.components import cards, marks
from dashboard.i18n import _, plain

PAGES = ("rising", "inventory")


def offer(page: str) -> None:
    """Show the saved views of a page, and a form that saves its controls as they are; nothing on a page without views."""
    if page not in PAGES:
        return
    views = kept.views(page)
    with st.popover(_("Saved views"), icon=":material/bookmark:"):
        for view in views:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    plain(view.name),
                    key=f"view_{view.owner}_{view.name}",
                    icon=":material/lock:" if view.owner else ":material/group:",
                    type="tertiary",
                    help=_("Only under your name") if view.owner else _("Shared with everybody"),
                    on_click=address.show,
                    args=(view.choices,),
                )
                st.space("stretch")
                if st.button(_("Delete"), key=f"delete_view_{view.owner}_{view.name}", icon=":material/delete:", type="tertiary"):
                    cards.attempt(actions.delete_view, page, view.name, view.owner)
        if not views:
            st.caption(_("No saved views. Set filters, then save them here under a name."))
        with st.form("save_view", border=False, clear_on_submit=True):
            name = st.text_input(_("Name of the view"), key="view_name", max_chars=60)
            shared = st.toggle(_("Share with everybody"), value=True, key="view_shared")
            marks.author()
            if st.form_submit_button(_("Save this view"), icon=":material/bookmark_add:"):
                cards.attempt(actions.save_view, page, name, address.current(), not shared)
