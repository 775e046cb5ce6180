"""The entry script: language, navigation, what the data are as of, then the page. Started by `upswing serve`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import UserError
from dashboard import data, labels
from dashboard.components import cards
from dashboard.i18n import LANGUAGES, _, day, plain, say_again

HERE = Path(__file__).resolve().parent
ASSETS = HERE / "assets"
PAGES = next(folder for folder in (HERE / "pages", HERE.parent / "pages") if folder.is_dir())  # a wheel holds them inside the package
NEEDS_NO_SNAPSHOT = ("data", "model")  # where one comes to get the first one

st.set_page_config(page_title="Upswing", page_icon=str(ASSETS / "mark.svg"), layout="wide", initial_sidebar_state=216)
with st.sidebar:
    native = "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"
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


def page(name: str, title: str, question: str, icon: str, path: str = "", **more) -> st.Page:
    return st.Page(PAGES / f"{name}.py", title=title, icon=f":material/{icon}:", url_path=path or name, help=question, **more)


questions = {
    "overview": _("What should I do today?"),
    "rising": _("Which products are about to rise?"),
    "inventory": _("What do I have to order, and by when?"),
    "product": _("How will this product sell, and why?"),
    "segments": _("Who buys what?"),
    "why": _("What drives the forecasts across the shop?"),
    "data": _("What are the forecasts based on?"),
    "model": _("Can I trust the forecasts, and how do I update them?"),
}
chosen = st.navigation(
    {
        # the first page has the empty path, and keeps another one for itself: whoever types /overview comes to the hidden second
        _("Decide"): [
            page("overview", _("Overview"), questions["overview"], "today", "start", default=True),
            page("overview", _("Overview"), questions["overview"], "today", visibility="hidden"),
            page("rising", _("Rising"), questions["rising"], "trending_up"),
            page("inventory", _("Inventory"), questions["inventory"], "inventory_2"),
        ],
        _("Understand"): [
            page("product", _("Product"), questions["product"], "sell"),
            page("segments", _("Segments"), questions["segments"], "groups"),
            page("why", _("Why"), questions["why"], "lightbulb"),
        ],
        _("Manage"): [
            page("data", _("Data"), questions["data"], "database"),
            page("model", _("Model"), questions["model"], "model_training"),
        ],
    }
)
name = chosen.url_path or "overview"
st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "mark.svg"))

try:
    data.resolve()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(gap=None):
            st.title(chosen.title, anchor=False)
            st.caption(questions[name])
        if data.has_snapshot():
            meta = data.meta()
            told = _("{shop} · data to {day} · model {model}").format(
                shop=plain(meta.shop), day=f"**{day(meta.as_of)}**", model=plain(meta.model)
            )
            if meta.signal != "orders":  # every page would else speak of sales that nobody knows
                told += " · " + _("Units and sales are counts of {signal}").format(signal=labels.said(labels.SIGNALS, meta.signal).lower())
            st.caption(told, width="content")
    if data.has_snapshot() or name in NEEDS_NO_SNAPSHOT:
        chosen.run()
    else:
        cards.nothing_yet()
except UserError as error:
    cards.problem(error)
