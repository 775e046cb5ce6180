"""The entry script: language, navigation, what the data are as of, then the page. Started by `upswing serve`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.capabilities.record import Page
from core.errors import UserError
from dashboard import address, data, registry, shop, startup  # noqa: F401  # startup: once a process
from dashboard.components import cards
from dashboard.components.header import header
from dashboard.i18n import LANGUAGES, _, say_again, show

ASSETS = Path(__file__).resolve().parent / "assets"

st.set_page_config(page_title="Upswing", page_icon=str(ASSETS / "mark.svg"), layout="wide", initial_sidebar_state=216)
st.html(ASSETS / "page.css")
with st.sidebar:
    native = shop.first_language(str(st.context.locale or ""))
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        default=native,
        key="lang",
        required=True,
        label_visibility="collapsed",
        bind="query-params",
        format_func=LANGUAGES.__getitem__,
        on_change=say_again,
    )


def entry(page: Page, **more) -> st.Page:
    url = {"url_path": page.name} | more
    return st.Page(registry.script(page), title=show(page.title), icon=f":material/{page.icon}:", help=show(page.question), **url)


pages = registry.pages()
navigation = {show(title): [entry(p) for p in pages.values() if p.section == section] for section, title in registry.SECTIONS.items()}
# The first page has the empty path and keeps another one for itself: a visitor of /overview comes to the hidden second entry.
start = pages[registry.START]
navigation[show(registry.SECTIONS[start.section])][:1] = [
    entry(start, url_path="start", default=True),
    entry(start, visibility="hidden"),
]
chosen = st.navigation(navigation, expanded=True)
page = pages[chosen.url_path or registry.START]
st.set_page_config(page_title=f"{chosen.title} · Upswing")
st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "mark.svg"))

try:
    data.resolve()
    header(page, chosen.title)
    if data.has_snapshot() or not page.needs_snapshot:
        with address.remembered(page.name):
            chosen.run()
    else:
        cards.nothing_yet()
except UserError as error:
    cards.problem(error)
