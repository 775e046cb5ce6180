"""The words of a product's text, coloured by attribution, and a job that computes them where the snapshot has none."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import actions, data
from dashboard.components import cards, jobs
from dashboard.i18n import _, plain


def said(product_id: str, model: str) -> None:
    """Show a product's words with their attributions. Snapshots hold those of the likeliest risers; others are computed on demand."""
    found = data.ask("product_words", product=product_id)
    if found.empty:
        found = data.explained(product_id, model)
    if not found.empty:
        _coloured(found)
        return
    if jobs.panel(("explain",), quiet=True):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Explain this text"), key="explain", icon=":material/format_color_text:"):
            actions.explain(product_id)
            st.rerun()
        st.caption(_("Texts are explained in advance for the most likely risers only. For this product it takes a moment."))


def _coloured(frame: pd.DataFrame) -> None:
    strongest = max(frame.attribution.abs().max(), 1e-9)
    spoken = []
    for text, push in zip(frame.text, frame.attribution):
        word, share = plain(text), abs(push) / strongest
        hue = "blue" if push > 0 else "orange"
        spoken.append(f":{hue}-background[**{word}**]" if share >= 0.5 else f":{hue}-background[{word}]" if share >= 0.15 else word)
    st.markdown(" ".join(spoken))
    cards.notes(_("Blue raises the chance, orange lowers it. Bold words matter most."))
