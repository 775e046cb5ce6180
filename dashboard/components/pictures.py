"""The upload of product pictures on the Data page."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, data
from dashboard.components import cards, jobs
from dashboard.i18n import _, n_, show


def form() -> None:
    """Show how pictures are added, and what became of the last ones."""
    st.subheader(_("Product pictures"), anchor=False)
    with st.form("pictures", border=True, clear_on_submit=True):
        files = st.file_uploader(
            _("Images named after product numbers, or a .zip of them"),
            accept_multiple_files=True,
            key="pictures_files",
            type=["png", "jpg", "jpeg", "webp", "zip"],
            help=_("LAMP-01.jpg becomes the picture of product LAMP-01. Lists show small copies; a product without one has a tile."),
        )
        pressed = st.form_submit_button(_("Add pictures"), icon=":material/add_photo_alternate:", key="add_pictures")
    if pressed:
        cards.attempt(actions.add_pictures, files)
    jobs.panel(("pictures",))
    last = next((job for job in data.recent_jobs(("pictures",), 1) if job.status == "done"), None)
    if last is not None and last.result["left_out"]:
        with st.expander(n_("{count} file left out", "{count} files left out", last.result["left_out"])):
            st.text(show(last.result["text"]))
