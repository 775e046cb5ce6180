"""Numbers, money, shares and days as a reader of each language writes them: for the pages, reports and files alike."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from core.messages import LOCALES

WHOLE_FROM = 100  # money from here on is written without pennies
SYMBOLS = {"": "", "GBP": "£", "USD": "$", "EUR": "€", "CNY": "¥", "JPY": "¥", "INR": "₹", "KRW": "₩"}


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


def compact(value: float, language: str) -> str:
    """Return a short number: 12.3k and 4.6M; in Chinese 1.2万 and 4.6亿."""
    if absent(value):
        return "–"
    steps = ((1e8, "亿"), (1e4, "万")) if language == "zh" else ((1e6, "M"), (1e3, "k"))
    for size, name in steps:
        if abs(value) >= size * (1 if language == "zh" or size > 1e3 else 10):
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


def money(cents: float, currency: str, language: str, short: bool = False) -> str:
    """Return £1,234 or £12.50: no pennies from £100 on; short: £1.2k, without pennies."""
    if absent(cents):
        return "–"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    amount = cents / 100
    sign = "−" if amount < 0 else ""
    if short:
        written = compact(round(abs(amount)), language)
    else:
        written = f"{abs(amount):,.{0 if abs(amount) >= WHOLE_FROM else 2}f}".removesuffix(".00")
    return f"{sign}{symbol}{written}"


def day(value, language: str) -> str:
    """Return a date: 9 Dec 2011, or 2011年12月9日."""
    if absent(value):
        return "–"
    value = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    return format_date(value, "y年M月d日" if language == "zh" else "d MMM y", locale=LOCALES[language])


def growth(now: float, before: float) -> str:
    """Return +12%, "" where there is nothing to compare with.

    >>> growth(112, 100), growth(99.9, 100), growth(5, 0)
    ('+12%', '+0%', '')
    """
    return f"{now / before - 1:+.0%}".replace("-0%", "+0%") if before and not absent(now) else ""


def shortened(text, length: int = 60) -> str:
    """Return a text on one line, cut to a length."""
    single = " ".join(str(text).split())
    return single if len(single) <= length else single[: length - 1].rstrip() + "…"
