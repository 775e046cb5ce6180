"""The language of a session: its words, and numbers, money and days as it writes them.

Page texts are written in English in the code as _("...") or n_("one", "many", count); locale/zh_CN/LC_MESSAGES/upswing.po holds
the Chinese. What core reports is a Message, which `show` words from core's own catalogue. `make catalogues` updates both.
"""

from __future__ import annotations

import gettext
import math
import re
from datetime import date
from functools import cache
from pathlib import Path

import streamlit as st
from babel.dates import format_date

from core.messages import LOCALES, Message, load_catalogue
from core.messages import show as show_in

LANGUAGES = {"en": "EN", "zh": "中文"}
LOCALE = Path(__file__).parent / "locale"
_SPOKEN = "spoken"  # where a session keeps the keys of such widgets
WHOLE_FROM = 100  # money from here on is written without pennies
SYMBOLS = {"": "", "GBP": "£", "USD": "$", "EUR": "€", "CNY": "¥", "JPY": "¥", "INR": "₹", "KRW": "₩"}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    if language == "zh":
        return load_catalogue(LOCALE, "upswing", "zh")
    return gettext.NullTranslations()


def language() -> str:
    """Return the language of this session: "en" or "zh"."""
    chosen = st.session_state.get("lang", "en")
    return chosen if chosen in LANGUAGES else "en"


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


def absent(value) -> bool:
    """Return whether a cell is empty: None, NaN, NaT or NA."""
    return value is None or str(value) in ("<NA>", "NaT") or value != value  # NA is neither equal to itself nor not


def number(value: float, digits: int | None = None) -> str:
    """Return 1,234 or 1.2: one digit below ten, none above, unless `digits` is given; "–" for nothing.

    Both languages write numbers alike, and Babel would write the same in a hundred times the time.
    """
    if absent(value):
        return "–"
    if digits is None:
        digits = 1 if abs(value) < 10 and abs(value - round(value)) >= 0.05 else 0
    return f"{value:z,.{digits}f}"


def exact(value: float) -> str:
    """Return a number with every digit: 1,234.5."""
    return "–" if absent(value) else f"{value:z,.10g}"


def compact(value: float) -> str:
    """Return a short number: 12.3k and 4.6M; in Chinese 1.2万 and 4.6亿."""
    if absent(value):
        return "–"
    steps = ((1e8, "亿"), (1e4, "万")) if language() == "zh" else ((1e6, "M"), (1e3, "k"))
    for size, name in steps:
        if abs(value) >= size * (1 if language() == "zh" or size > 1e3 else 10):
            return f"{value / size:,.1f}".removesuffix(".0") + name
    return number(value)


def percent(share: float) -> str:
    """Return a probability as a whole percentage, never 0% or 100%, since no forecast is certain."""
    if absent(share):
        return "–"
    whole = f"{share * 100:z.0f}"
    if whole == "0" and share > 0:
        return "<1%"
    if whole == "100" and share < 1:
        return ">99%"
    return f"{whole}%"


def points(change: float) -> str:
    """Return a change of a probability: +12 pts."""
    if absent(change):
        return "–"
    rounded = round(100 * change) or 0
    return _("{points} pts").format(points=f"{rounded:+d}".replace("-", "−") if rounded else "±0")


def money(cents: float, currency: str, short: bool = False) -> str:
    """£1,234 or £12.50: no pennies from £100 on; short: £1.2k, without pennies."""
    if absent(cents):
        return "–"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    amount = cents / 100
    sign = "−" if amount < 0 else ""
    if short:
        written = compact(round(abs(amount)))
    else:
        written = f"{abs(amount):,.{0 if abs(amount) >= WHOLE_FROM else 2}f}".removesuffix(".00")
    return f"{sign}{symbol}{written}"


def day(value) -> str:
    """Return a date: 9 Dec 2011, or 2011年12月9日."""
    if absent(value):
        return "–"
    value = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    return format_date(value, "y年M月d日" if language() == "zh" else "d MMM y", locale=LOCALES[language()])


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


def shortened(text, length: int = 60) -> str:
    single = " ".join(str(text).split())
    return single if len(single) <= length else single[: length - 1].rstrip() + "…"
