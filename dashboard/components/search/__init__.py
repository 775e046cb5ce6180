"""The search of every page over products, categories, brands, suppliers, pages and settings, by our own component (frame.html, .css, .js).

The component also sets the language of the document, by which a screen reader pronounces it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from core.messages import LOCALES
from core.messages import show as show_in
from dashboard import data, pictures, registry
from dashboard.components import settings
from dashboard.components.search.index import Index
from dashboard.i18n import _, absent, language, n_, percent, show, using

HERE = Path(__file__).parent
KEY = "find"
SHOWN = 8
TARGETS = {  # kind -> the page that shows it, and the key in its address
    "product": ("product", "product"),
    "category": ("rising", "category"),
    "brand": ("rising", "brand"),
    "supplier": ("rising", "supplier"),
}

_HTML, _CSS, _JS = ((HERE / f"frame.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
_mount = st.components.v2.component("upswing_frame", html=_HTML, css=_CSS, js=_JS)


@st.fragment
def show_search() -> None:
    """Show the search, and open what a user chooses of what it finds."""
    query = str(st.session_state.get(KEY, {}).get("query") or "").strip()
    hits = find(query)
    count = n_("{count} result", "{count} results", len(hits)) if hits else _("No results. Check the spelling or use fewer words.")
    result = _mount(
        key=KEY,
        data={
            "language": LOCALES[language()].replace("_", "-"),
            "query": query,
            "hits": [hit | {"href": _href(*target(hit["id"])), "picture": picture(hit["id"])} for hit in hits],
            "words": {"search": _("Search products, pages, settings"), "short": _("Search"), "found": _("Search results"), "count": count},
        },
        width=280,
        on_query_change=lambda: None,
        on_open_change=lambda: None,
        on_focus_change=lambda: None,
    )
    if result.open:
        page, asked = target(result.open)
        st.switch_page(registry.script(registry.pages()[page]), query_params=asked)
    if result.focus:
        _index(st.session_state["_snapshot"])  # ready when the first word is written


def find(query: str) -> list[dict[str, str]]:
    """Return what a query finds, best first: id, name, and kind and facts in the language of this session."""
    return _hits(st.session_state["_snapshot"], language(), query) if query else []


def target(hit: str) -> tuple[str, dict[str, str]]:
    """Return the page, and the controls in its address, that show a hit."""
    kind, _sign, code = hit.partition(":")
    if kind == "page":
        return code, {}
    if kind == "setting":
        return "settings", {"group": code.partition(".")[0]}
    page, key = TARGETS[kind]
    return page, {key: code}


def picture(hit: str) -> str:
    """Return the picture of a product that was found, which may be newer than the index."""
    kind, _sign, code = hit.partition(":")
    return pictures.address(code) if kind == "product" else ""


def _href(page: str, asked: dict[str, str]) -> str:
    spoken = {"lang": st.query_params["lang"]} if "lang" in st.query_params else {}
    return f"{page}?{urlencode(asked | spoken)}"


@st.cache_resource(max_entries=2, show_spinner=False)
def _index(folder: str | None) -> tuple[pd.DataFrame, Index]:
    """Return all that a search finds, and its index. kind, code, name, more (another name), rising_probability, products."""
    pages = pd.DataFrame(
        [("page", page.name, show_in(page.title, "en"), show_in(page.title, "zh")) for page in registry.pages().values()],
        columns=["kind", "code", "name", "more"],
    )
    entries = pd.concat([pages, _settings(), *([] if folder is None else [data.ask("search_entries")])], ignore_index=True)
    entries = entries.reindex(columns=["kind", "code", "name", "more", "rising_probability", "products"])
    weights = entries.rising_probability.where(~entries.kind.isin(["product", "setting"]), 1.0).astype(float).fillna(0.0)
    codes = entries.code.where(entries.kind != "setting", entries.code.str.rsplit(".").str[-1])
    return entries, Index(list(zip(entries.name, codes, entries.more)), weights)


def _settings() -> pd.DataFrame:
    """Return the settings; the code of one is the tab that shows it and its place in `upswing.toml`."""
    labels = {}
    for spoken in LOCALES:
        with using(spoken):
            labels[spoken] = {f"{tab}.{f.section}.{f.name}": f.label for tab, group in settings.groups().items() for f in group.fields}
    rows = [("setting", code, label, labels["zh"][code]) for code, label in labels["en"].items()]
    return pd.DataFrame(rows, columns=["kind", "code", "name", "more"])


@st.cache_data(max_entries=512, show_spinner=False)
def _hits(folder: str | None, language: str, query: str) -> list[dict]:
    entries, index = _index(folder)
    return [_hit(entries.iloc[place]) for place in index.find(query, SHOWN)]


def _hit(entry: pd.Series) -> dict:
    kinds = {
        "product": _("Product"),
        "category": _("Category"),
        "brand": _("Brand"),
        "supplier": _("Supplier"),
        "page": _("Page"),
        "setting": _("Setting"),
    }
    name = entry["name"]
    if entry.kind == "page":
        page = registry.pages()[entry.code]
        name, facts = show(page.title), [show(page.question)]
    elif entry.kind == "setting":
        tab, section, field = entry.code.split(".")
        group = settings.groups()[tab]
        name = next(f.label for f in group.fields if (f.section, f.name) == (section, field))
        facts = [group.title]
    elif entry.kind == "product":
        known = (
            _("No forecast")
            if absent(entry.rising_probability)
            else _("{chance} chance of rising").format(chance=percent(entry.rising_probability))
        )
        facts = [*([entry.code] if entry.code != name else []), known]
    else:
        facts = [n_("{count} product", "{count} products", entry.products)]
    return {"id": f"{entry.kind}:{entry.code}", "name": str(name), "fact": " · ".join([kinds[entry.kind], *facts])}
