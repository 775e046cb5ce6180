"""The language of a session: its words, and numbers, money and days as it writes them.

Page texts are written in English in the code as _("...") or n_("one", "many", count); locale/zh_CN/LC_MESSAGES/upswing.po holds
the Chinese. What core reports is a Message, which `show` words from core's own catalogue. `make catalogues` updates both.
"""

from __future__ import annotations

import gettext
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import streamlit as st

from core import formats
from core.formats import SYMBOLS, WHOLE_FROM, absent, number, percent, shortened  # noqa: F401  # pages take them from here
from core.messages import Message, load_catalogue
from core.messages import show as show_in

LANGUAGES = {"en": "EN", "zh": "中文"}
LOCALE = Path(__file__).parent / "locale"
_SPOKEN = "spoken"  # where a session keeps the keys of such widgets
_USED: ContextVar[str] = ContextVar("language", default="")  # in place of the session's


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    if language == "zh":
        return load_catalogue(LOCALE, "upswing", "zh")
    return gettext.NullTranslations()


def language() -> str:
    """Return the language of this session: "en" or "zh"."""
    if used := _USED.get():
        return used
    chosen = st.session_state.get("lang", "en")
    return chosen if chosen in LANGUAGES else "en"


@contextmanager
def using(language: str) -> Iterator[None]:
    """Use a language in place of the session's."""
    before = _USED.set(language)
    try:
        yield
    finally:
        _USED.reset(before)


def spoken(key: str) -> str:
    """Return the key of a widget whose options are shown in words of the language: a browser knows its choice by them (`say_again`)."""
    st.session_state.setdefault(_SPOKEN, set()).add(key)
    return key


def say_again() -> None:
    """Translate every stored choice after a change of language; without it, a choice would be lost as unknown."""
    for key in st.session_state.get(_SPOKEN, set()) & set(st.session_state):
        st.session_state[key] = st.session_state[key]


def _(text: str) -> str:
    return catalogue(language()).gettext(text)


def n_(one: str, many: str, count: float, **values) -> str:
    """Return the plural form for a count, with {count} and the other values filled in."""
    return catalogue(language()).ngettext(one, many, round(count)).format(count=number(count, 0), **values)


def show(text: Message | str) -> str:
    """Return what core reports in the language of this session; text of the shop stays as it is."""
    return show_in(text, language())


def exact(value: float) -> str:
    """Return a number with every digit: 1,234.5."""
    return "–" if absent(value) else f"{value:z,.10g}"


def compact(value: float) -> str:
    """Return a short number: 12.3k and 4.6M; in Chinese 1.2万 and 4.6亿."""
    return formats.compact(value, language())


def points(change: float) -> str:
    """Return a change of a probability: +12 pts."""
    if absent(change):
        return "–"
    rounded = round(100 * change) or 0
    return _("{points} pts").format(points=f"{rounded:+d}".replace("-", "−") if rounded else "±0")


def money(cents: float, currency: str, short: bool = False) -> str:
    """£1,234 or £12.50: no pennies from £100 on; short: £1.2k, without pennies."""
    return formats.money(cents, currency, language(), short)


def day(value) -> str:
    """Return a date: 9 Dec 2011, or 2011年12月9日."""
    return formats.day(value, language())


def day_format() -> str:
    """Return the format of days in a table's column, as `day` writes them."""
    return "YYYY年M月D日" if language() == "zh" else "D MMM YYYY"


def axis_day() -> str:
    """Return the d3 format of days on a chart's axis and in its tooltips."""
    return "%Y-%m-%d" if language() == "zh" else "%-d %b %Y"


def duration(seconds: float | None) -> str:
    """About 40 s, 3 min, 1 h 20 min."""
    if seconds is None or absent(seconds):
        return ""
    if seconds < 90:
        return _("{count} s").format(count=max(5, 5 * math.ceil(seconds / 5)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{count} min").format(count=minutes)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$^=&\"'])")
_JOINED = re.compile(r":(?=[\w+\-/])|\bwww(?=\\?\.)|@", re.IGNORECASE)  # what makes icons, emoji, colours, links of plain text


def plain(text) -> str:
    """Somebody else's text inside our Markdown, as it stands: no formatting, links, formulas, icons or emoji codes come of it."""
    single = " ".join(str(text).split())
    return _JOINED.sub("\\g<0>\u2060", _MARKDOWN.sub(r"\\\1", single))
