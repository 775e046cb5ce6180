"""Dates as people and systems of many countries write them, read one by one in Python: SQL reads the common forms (convert/dates.py).

A date is read only where it can mean one day: a month's name, a year of four digits in front, or an order of day and month that the
whole column shows. The moment is the one on the wall, as written; the offset from UTC stands beside it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache

import pyarrow as pa
from babel import Locale

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "el", "ru", "uk", "id", "vi")
READ_DATE, READ_OFFSET = "read_written_date", "read_written_offset"  # functions that SQL calls; see `register`


@dataclass(frozen=True)
class Written:
    """A moment on the wall, and its offset from UTC in minutes where the text gives one."""

    moment: datetime
    offset: int | None = None


@lru_cache(maxsize=1 << 16)
def read(text: str, form: str) -> Written | None:
    """Return the moment that a text means; None where it is no date of that form.

    form  "month": with the name of a month; "chinese": 2024年3月5日 and its kin; "iso": numbers with the year in front;
          "dmy", "mdy", "ymd": three numbers in that order, where "ymd" has a year of two digits

    >>> read("Wednesday, 13. März 2024", "month"), read("13/03/2567", "dmy"), read("1402/12/23", "iso")
    (Written(moment=datetime.datetime(2024, 3, 13, 0, 0), offset=None), Written(moment=datetime.datetime(2024, 3, 13, 0, 0), offset=None), \
Written(moment=datetime.datetime(2024, 3, 13, 0, 0), offset=None))
    """
    plain = _plain(text)
    found = _FORMS[form](plain)
    if found is None:
        return None
    (year, month, day), rest = found
    time = _TIME_AND_ZONE.fullmatch(_WORDS.sub("", rest).strip())
    if time is None:
        return None
    try:
        moment = _day(year, month, day) + _of_day(time)
    except ValueError:
        return None
    return Written(moment, _offset(time))


def register(con) -> None:
    """Give a connection the functions READ_DATE(text, form) and READ_OFFSET(text, form)."""

    def moments(texts: pa.ChunkedArray, forms: pa.ChunkedArray) -> pa.Array:
        return pa.array([w and w.moment for w in _each(texts, forms)], pa.timestamp("us"))

    def offsets(texts: pa.ChunkedArray, forms: pa.ChunkedArray) -> pa.Array:
        return pa.array([w and w.offset for w in _each(texts, forms)], pa.int32())

    for name, function, kind in ((READ_DATE, moments, "TIMESTAMP"), (READ_OFFSET, offsets, "INTEGER")):
        con.create_function(name, function, ["VARCHAR", "VARCHAR"], kind, type="arrow", null_handling="special")


def _each(texts: pa.ChunkedArray, forms: pa.ChunkedArray) -> list[Written | None]:
    return [None if text is None else read(text, form) for text, form in zip(texts.to_pylist(), forms.to_pylist())]


# Text


def _plain(text: str) -> str:
    """Return a text in lower case, without accents and marks of direction, its digits those of ASCII."""
    if text.isascii():
        return text.lower().strip()
    kept = []
    for c in unicodedata.normalize("NFKD", text.lower()):
        kind = unicodedata.category(c)
        if kind == "Nd":
            kept.append(str(unicodedata.decimal(c)))
        elif kind not in ("Mn", "Cf"):
            kept.append(" " if kind == "Zs" else c)
    return unicodedata.normalize("NFC", "".join(kept)).strip()


@cache
def _months() -> dict[str, int]:
    """Return names and abbreviations of months in LANGUAGES -> 1 to 12, but none that two languages give to different months."""
    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        months = Locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    word = _plain(name).rstrip(".")
                    if re.fullmatch(r"[^\W\d_]{3,}", word):
                        found.setdefault(word, set()).add(number)
    found |= {"sept": {9}, "mrz": {3}, "maerz": {3}, "jaenner": {1}, "janner": {1}, "feber": {2}, "fevr": {2}}
    return {word: numbers.pop() for word, numbers in found.items() if len(numbers) == 1}


# Dates. Each form takes plain text and returns (year, month, day) and what follows; None where the text does not begin with such a date.

_Found = tuple[tuple[int, int, int], str] | None


_NAME = r"(?<![^\W\d_])(?P<month>[^\W\d_]{3,})(?![^\W\d_])"
_NAMED_DAY = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|[.ºª])?"
_NAMED_YEAR, _GAP = r"'?(?P<year>\d{4}|\d{2})(?!\d)", r"[ ./,-]*(?:(?:del?|of) +|d')?"
_NAMED = (
    re.compile(rf"{_NAME}\.?[ /,-]*{_NAMED_DAY}[ ./,-]+{_NAMED_YEAR}"),
    re.compile(rf"{_NAMED_DAY}{_GAP}{_NAME}{_GAP}{_NAMED_YEAR}"),
    re.compile(rf"(?<!\d)(?P<year>\d{{4}})[ ./,-]*{_NAME}[ ./,-]*{_NAMED_DAY}(?!\d)"),
    re.compile(rf"{_NAME} +{_NAMED_DAY} +(?P<clock>\d+:[\d:]+(?: [a-z]+)?) +{_NAMED_YEAR}$"),
)


def _named(text: str) -> _Found:
    """Read a month's name with day and year, after words without digits such as the day's name."""
    months = _months()
    for pattern in _NAMED:
        found = pattern.search(text)
        if found and found["month"] in months and not re.search(r"\d", text[: found.start()]):
            rest = found.groupdict().get("clock") or text[found.end() :]
            return (_year(found["year"]), months[found["month"]], int(found["day"])), rest
    return None


_AGES = {"令和": 2018, "平成": 1988, "民国": 1911, "民國": 1911}
_CHINESE = re.compile(r"(令和|平成|民国|民國)? *(\d{1,4}) *[年년] *(\d{1,2}) *[月월] *(\d{1,2}) *[日号號일]?")
_WEEKDAY = re.compile(r"^ *\(?(?:星期|礼拜|周|週)?[一二三四五六日天月火水木金土월화수목금토일](?:曜日?|요일)?\)?(?= |$)")


def _chinese(text: str) -> _Found:
    found = _CHINESE.match(text)
    if not found:
        return None
    age, year, month, day = found.groups()
    return (_AGES[age] + int(year) if age else _year(year), int(month), int(day)), _WEEKDAY.sub("", text[found.end() :])


_YEAR_FIRST = re.compile(r"(\d{3,4})(?:[./-] ?| )(\d{1,2})(?:[./-] ?| )(\d{1,2})(?!\d)\.?t?")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)[t ]?(?=(\d{2})(\d{2})(\d{2})?)")


def _year_first(text: str) -> _Found:
    if found := _YEAR_FIRST.match(text):
        year, month, day = map(int, found.groups())
        return (year + 1911 if year < 200 else year, month, day), text[found.end() :]
    return None


def _in_order(year: int, month: int, day: int, signs: str = "./ -"):
    """Return the form of three short numbers that stand at these positions."""
    pattern = re.compile(rf"(\d{{1,4}})[{signs}] ?(\d{{1,2}})[{signs}] ?(\d{{1,4}})(?!\d)t?")

    def form(text: str) -> _Found:
        found = pattern.match(text)
        if not found or len(found[3 - 2 * (year == 2)]) > 2 or len(found[1 + year]) not in ((2,) if year == 0 else (2, 4)):
            return None
        return (_year(found[1 + year]), int(found[1 + month]), int(found[1 + day])), text[found.end() :]

    return form


_FORMS = {
    "month": _named,
    "chinese": _chinese,
    "iso": _year_first,
    "dmy": _in_order(2, 1, 0),
    "mdy": _in_order(2, 0, 1, "/ -"),  # nobody writes the month first with points
    "ymd": _in_order(0, 1, 2),
}


def _year(digits: str) -> int:
    return int(digits) if len(digits) > 2 else 2000 + int(digits) if int(digits) < 69 else 1900 + int(digits)


def _day(year: int, month: int, day: int) -> datetime:
    """Return a day of the Gregorian, the Buddhist (2567) or the Persian calendar (1402). Raises ValueError for others and for none."""
    if 1300 <= year < 1410:
        return _persian(year, month, day)
    if 1410 <= year < 1500:
        raise ValueError("a year of the Islamic calendar, whose months depend on the moon")
    return datetime(year - 543 if 2400 <= year < 2700 else year, month, day)


def _persian(year: int, month: int, day: int) -> datetime:
    """Return a day of the Persian calendar, by its cycle of 33 years, which holds from 1799 to 2256."""

    def first_day(of: int) -> int:
        return 226_895 + 365 * (of - 1) + (8 * of + 21) // 33

    before = 31 * (month - 1) if month < 8 else 186 + 30 * (month - 7)
    last = 31 if month < 7 else 30 if month < 12 else first_day(year + 1) - first_day(year) - 336
    if not (1 <= month <= 12 and 1 <= day <= last):
        raise ValueError(f"{year}/{month}/{day} is no day")
    return datetime.combine(date.fromordinal(first_day(year) + before + day - 1), datetime.min.time())


# Times and zones

_MORNING = ("am", "a.m.", "a. m.", "上午", "早上", "凌晨", "午前", "오전", "ص", "π.μ.", "πμ", "de.", "oo", "vorm.", "sa", "fm")
_AFTERNOON = ("pm", "p.m.", "p. m.", "下午", "晚上", "中午", "午後", "오후", "م", "μ.μ.", "μμ", "du.", "os", "nachm.", "ch", "em")
_HALVES = "|".join(re.escape(_plain(w)) for w in sorted((*_MORNING, *_AFTERNOON), key=len, reverse=True))
_AFTER = {_plain(w) for w in _AFTERNOON}
# Names that mean one offset only, in minutes; CST, IST and BST are those of several countries.
_ZONES = {
    "z": 0,
    "utc": 0,
    "gmt": 0,
    "wet": 0,
    "west": 60,
    "cet": 60,
    "cest": 120,
    "mez": 60,
    "mesz": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
}
_ZONES |= {
    "est": -300,
    "edt": -240,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
    "akst": -540,
    "akdt": -480,
    "hst": -600,
}
_ZONES |= {"jst": 540, "kst": 540, "hkt": 480, "sgt": 480, "aest": 600, "aedt": 660, "awst": 480, "nzst": 720, "nzdt": 780, "brt": -180}
_UNSURE_ZONES = ("cst", "ist", "bst")
_CLOCK = (
    rf"(?P<before>{_HALVES})? ?(?P<hour>\d{{1,2}})"
    r"(?: ?[:h时時点點시] ?(?P<minute>\d{2})(?: ?[:分분] ?(?P<second>\d{2})(?:[.,]\d{1,9})?)?[分秒분초]?)?"
    rf" ?(?P<after>{_HALVES})? ?h?"
)
_ZONE = rf" ?(?P<zone>{'|'.join((*_ZONES, *_UNSURE_ZONES))})? ?(?P<offset>[+-]\d{{1,2}}(?::?\d{{2}})?)?(?: ?\([^()\d]*\))?"
_TIME_AND_ZONE = re.compile(f"(?:{_CLOCK})?{_ZONE}")
_WORDS = re.compile(r"^[ ,.]*(?:[гр]\.[ ,]*)?(?:(?:at|um|kl|a las|alle|ore|om|o|в|as|a)[ .]+)?| *\b(?:uhr|hrs?)\.?$")


def _of_day(time: re.Match) -> timedelta:
    """Return the time of day. Raises ValueError for one that no clock shows."""
    if time["hour"] is None:
        return timedelta()
    hour, half = int(time["hour"]), time["before"] or time["after"]
    if time["minute"] is None and not half:
        raise ValueError("a number alone is no time")
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half in _AFTER)
    if hour > 23 or int(time["minute"] or 0) > 59 or int(time["second"] or 0) > 59:
        raise ValueError("no time of day")
    return timedelta(hours=hour, minutes=int(time["minute"] or 0), seconds=int(time["second"] or 0))


def _offset(time: re.Match) -> int | None:
    if not time["offset"]:
        return _ZONES.get(time["zone"] or "")
    sign, digits = time["offset"][0], time["offset"][1:].replace(":", "")
    minutes = 60 * int(digits[:-2]) + int(digits[-2:]) if len(digits) > 2 else 60 * int(digits)
    return -minutes if sign == "-" else minutes
