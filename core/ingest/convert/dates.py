"""How dates and weekdays are written, as SQL expressions that read them (see convert/formats.py). Rare forms are read by Python.

A moment is the one on the wall of the shop, as written. Its offset from UTC, where the text gives one, is another expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from core.errors import UserError
from core.ingest.convert.formats import TYPED
from core.ingest.convert.written_dates import READ_DATE, READ_OFFSET
from core.messages import Message, msg

# Days in names

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


def day_in(name: str) -> str | None:
    """Return the ISO day in a file's name, if it holds one.

    >>> day_in("stock_2024-12-31.csv"), day_in("库存20241231.xlsx"), day_in("stock 2024-02-31.csv")
    ('2024-12-31', '2024-12-31', None)
    """
    for year, _, month, day in _DAY_IN_NAME.findall(name):
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return None


# Weekdays

_WEEKDAYS = (
    "mo(?:n|ndays?)?",
    "tu(?:e|es|esdays?)?",
    "we(?:d|ds|dnesdays?)?",
    "th(?:u|ur|urs|ursdays?)?",
    "fr(?:i|idays?)?",
    "sa(?:t|turdays?)?",
    "su(?:n|ndays?)?",
)


def weekdays_sql(column: str) -> str:
    """Return ISO weekdays in order, as in "1,4", of "Mon Thu", "thursday & monday", "1/4", "Mon-Fri", "daily", "周一、四" or "工作日"."""
    patterns = [("every ?day|daily|每天|每日", "1-7"), ("working days|work ?days|week ?days|工作日", "1-5"), ("周|星期|礼拜|每", "")]
    patterns += [(rf"\b{name}\b\.?", str(day)) for day, name in enumerate(_WEEKDAYS, 1)]
    patterns += [(r"\.0$", ""), (r" *(to|至|到|–|—|~|-) *", "-"), (r"and|和|[ ,;/+&.|、，；]", "")]
    text = f"lower({column})"
    for pattern, plain in patterns:
        text = f"regexp_replace({text}, '{pattern}', '{plain}', 'g')"
    text = f"translate({text}, '一二三四五六日天', '12345677')"
    first, last = "cast(left(part, 1) as bigint)", "cast(right(part, 1) as bigint)"
    days = f"list_transform(range({first}, {last} + case when {last} < {first} then 8 else 1 end), lambda d: (d - 1) % 7 + 1)"
    parts = f"regexp_extract_all({text}, '[1-7](?:-[1-7])?')"
    listed = f"list_sort(list_distinct(flatten(list_transform({parts}, lambda part: {days}))))"
    return f"case when regexp_full_match({text}, '([1-7](-[1-7])?)+') then array_to_string({listed}, ',') end"


# Dates

_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f")
_ZONE = " ?([+-][0-9]{2}:?([0-9]{2})?|Z|UTC|GMT)"
_ISO_DATE = "(19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2}"
_WEEK_WORDS = "w|wk|week|week no|kw|cw|woche|sem|semaine|semana|settimana|sett|vecka|v|uge|uke|tydz|年第|第"
_SIGNS = {True: "./", False: "/"}  # nobody writes the month first with points
_CLOCK = "[ T][0-9]{1,2}:[0-9:.]+"


def _strptime(column: str, dates: tuple[str, ...]) -> str:
    formats = ", ".join(f"'{d}{t}'" for t in _TIMES for d in dates)
    return f"try_strptime({column}, [{formats}])"


def _written(column: str, form: str) -> str:
    return f"{READ_DATE}({column}, '{form}')"


def _slashed(column: str, day_first: bool) -> str:
    """Read day, month and year with /, . or - between them; what is not a plain date takes a slower way."""
    date = f"^([0-9]{{1,2}})[{_SIGNS[day_first]}-]([0-9]{{1,2}})[{_SIGNS[day_first]}-]((?:19|20)[0-9]{{2}})"
    order = r"\3-\2-\1" if day_first else r"\3-\1-\2"
    turned = f"regexp_replace({column}, '{date}', '{order}')"
    return (
        f"case when regexp_matches({column}, '{date}([ T][0-9]{{1,2}}:[0-9]{{2}}[0-9:.]*)?$') then try_cast({turned} as timestamp) "
        f"when {_three_numbers(column)} then {_short(column, 'dmy' if day_first else 'mdy')} end"
    )


def _three_numbers(column: str) -> str:
    return f"regexp_matches({column}, '^[0-9]{{1,2}}[./ -] ?[0-9]{{1,2}}[./ -]|^\\p{{Nd}}+[./-]\\p{{Nd}}+[./-]')"


def _short(column: str, order: str) -> str:
    """Read three numbers in an order: "dmy", "mdy" or "ymd"; times with AM or PM by SQL, what else there is by Python."""
    slashes = f"regexp_replace(regexp_replace({column}, '^([0-9]{{1,2}})[./-]([0-9]{{1,2}})[./-]', '\\1/\\2/'), '[T,]+ *', ' ')"
    quick = {"dmy": ("%d/%m/%y", "%d/%m/%Y"), "mdy": ("%m/%d/%y", "%m/%d/%Y"), "ymd": ("%y/%m/%d",)}[order]
    sign = _SIGNS[order != "mdy"]
    short = f"^[0-9]{{1,2}}[{sign}-][0-9]{{1,2}}[{sign}-](19|20)?[0-9]{{2}}($|[^0-9])"
    return f"coalesce(case when regexp_matches({column}, '{short}') then {_strptime(slashes, quick)} end, {_written(column, order)})"


def _iso(column: str) -> str:
    """Read dates with the year first. An offset from UTC, such as +02:00, is left to `offset_sql`."""
    bare = f"regexp_replace({column}, '(:[0-9.]+){_ZONE}$', '\\1')"
    dotted = f"regexp_replace({bare}, '^([0-9]{{4}})[./]([0-9]{{1,2}})[./]', '\\1-\\2-')"
    plain = f"regexp_full_match({column}, '(19|20)[0-9]{{2}}-[0-9]{{1,2}}-[0-9]{{1,2}}([ T][0-9:.]+)?')"
    return (
        f"case when {plain} then coalesce(try_cast({column} as timestamp), try_cast({column} || ':00' as timestamp)) "  # 2024-03-05 14
        f"when regexp_full_match({column}, '{_ISO_DATE}({_CLOCK}({_ZONE})?)?') then try_cast({dotted} as timestamp) "
        f"when regexp_matches({column}, '^\\p{{Nd}}{{3,4}}[./ -]') then {_written(column, 'iso')} end"
    )


def _chinese(column: str) -> str:
    day = f"rtrim(regexp_replace(regexp_replace({column}, ' *[年月] *', '-', 'g'), '日 *', ' '))"
    minutes = f"regexp_replace({day}, '([0-9]+)[时点]([0-9]+)分?$', '\\1:\\2')"
    seconds = f"regexp_replace({minutes}, '([0-9]+)[时点]([0-9]+)分([0-9]+)秒$', '\\1:\\2:\\3')"
    quick = f"case when regexp_matches({column}, '^(19|20)[0-9]{{2}}年') then try_cast({seconds} as timestamp) end"
    return f"case when regexp_matches({column}, '[年년]') then coalesce({quick}, {_written(column, 'chinese')}) end"


def _named(column: str) -> str:
    quick = _strptime(f"regexp_replace({column}, '[-, ]+', ' ', 'g')", ("%d %b %Y", "%b %d %Y", "%d %B %Y", "%B %d %Y"))
    has_name = f"regexp_matches({column}, '\\p{{L}}{{3}}.*\\p{{Nd}}{{2}}|\\p{{Nd}}.*\\p{{L}}{{3}}')"
    long_year = f"case when regexp_matches({column}, '(19|20)[0-9]{{2}}') then {quick} end"  # %Y reads 24 as the year 24
    return f"case when {has_name} then coalesce({long_year}, {_written(column, 'month')}) end"


def _monday(year: str, week: str) -> str:
    """Return the Monday of an ISO week; null for a 53rd week that its year lacks."""
    text = f"({year} || '-' || lpad({week}, 2, '0'))"
    monday = f"try_strptime({text} || '-1', '%G-%V-%u')"
    return f"case when strftime({monday}, '%G-%V') = {text} then {monday} end"


def _iso_week(column: str) -> str:
    """Read 2024-W09, KW 09/2024, Week 9, 2024 and 2024年第9周."""
    first, last = "'^([0-9]{4})[-_ /]*\\p{L}+[-_. ]*([0-9]{1,2})\\p{L}*$'", "'^\\p{L}+[-_. ]*([0-9]{1,2})[-_. ,/]+([0-9]{4})$'"
    year_first = _monday(f"regexp_extract({column}, {first}, 1)", f"regexp_extract({column}, {first}, 2)")
    week_first = _monday(f"regexp_extract({column}, {last}, 2)", f"regexp_extract({column}, {last}, 1)")
    word = f"regexp_matches({column}, '(?i)^([0-9]{{4}}[-_ /]*)?({_WEEK_WORDS})[-_. ]*[0-9]{{1,2}}([^0-9]|$)')"
    return f"case when {word} then coalesce({year_first}, {week_first}) end"


def _week_digits(column: str) -> str:
    digits = "'^((?:19|20)[0-9]{2})[-/. ]?([0-9]{1,2})$'"
    return _monday(f"regexp_extract({column}, {digits}, 1)", f"regexp_extract({column}, {digits}, 2)")


def _compact(column: str) -> str:
    digits = f"regexp_replace({column}, '[ T]', '')"
    known = [(8, "%Y%m%d"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S")]
    cases = " ".join(f"when {length} then try_strptime({digits}, '{form}')" for length, form in known)
    return _serial(column, "(19|20)[0-9]{6}([ T]?[0-9]{4}([0-9]{2})?)?", f"case length({digits}) {cases} end")


def _excel(column: str) -> str:
    number = f"cast(replace({column}, ',', '.') as double)"
    return _serial(column, "[2-6][0-9]{4}([.,][0-9]+)?", f"timestamp '1899-12-30' + to_seconds(round({number} * 86400))")


def _swapped(column: str) -> str:
    """Read dates in which a spreadsheet has taken the day for the month."""
    read = f"coalesce({_iso(column)}, {_excel(column)})"
    turned = f"make_date(year({read}), day({read}), month({read}))"
    return f"case when day({read}) <= 12 then {turned} + ({read} - date_trunc('day', {read})) end"


def _serial(column: str, digits: str, value: str) -> str:
    return f"case when regexp_full_match({column}, '{digits}') then {value} end"


@dataclass(frozen=True)
class DateFormat:
    """One way to write dates. asked: read only where a person or a layout says so, for it is never evident."""

    name: str
    example: Message | str  # for the report
    sql: str  # with {c} for the column
    asked: bool = False


DATES: dict[str, DateFormat] = {
    f.name: f
    for f in (
        DateFormat("iso", "2024-03-05 14:30", _iso("{c}")),
        DateFormat("dmy", msg("05/03/2024 = 5 March"), _slashed("{c}", day_first=True)),
        DateFormat("mdy", msg("03/05/2024 = 5 March"), _slashed("{c}", day_first=False)),
        DateFormat("ymd", msg("24-03-05 = 5 March"), f"case when {_three_numbers('{c}')} then {_short('{c}', 'ymd')} end"),
        DateFormat("chinese", "2024年3月5日", _chinese("{c}")),
        DateFormat("iso_week", msg("2024-W09 = its Monday"), _iso_week("{c}")),
        DateFormat("compact", "20240305", _compact("{c}")),
        DateFormat("month", "5 Mar 2024", _named("{c}")),
        DateFormat(
            "unix",
            msg("seconds since 1970"),
            _serial("{c}", "[0-9]{9,10}(\\.[0-9]+)?", "make_timestamp(cast(floor(cast({c} as double)) as bigint) * 1000000)"),
        ),
        DateFormat("unix_ms", msg("milliseconds since 1970"), _serial("{c}", "[0-9]{12,13}", "make_timestamp(cast({c} as bigint) * 1000)")),
        DateFormat("unix_us", msg("microseconds since 1970"), _serial("{c}", "[0-9]{15,16}", "make_timestamp(cast({c} as bigint))")),
        DateFormat("excel", msg("Excel's day number, 45356"), _excel("{c}")),
        DateFormat("week_digits", msg("202409 = the Monday of week 9"), _week_digits("{c}"), asked=True),
        DateFormat("swapped", msg("2024-05-03 = 5 March, as a spreadsheet has taken the day for the month"), _swapped("{c}"), asked=True),
    )
}
ORDERS = ("dmy", "mdy", "ymd")  # three short numbers may be any of these


def date_sql(column: str, name: str) -> str:
    """Return a TIMESTAMP: the moment on the wall, as written.

    name: TYPED, one of DATES or several joined by "+" (the first that reads a value), "day YYYY-MM-DD" or "week YYYY-MM-DD" (numbers,
    and the day of 1), or a format of strptime. Raises UserError for any other name.
    """
    if name == TYPED:
        return f"try_cast({column} as timestamp)"
    if name in DATES:
        return DATES[name].sql.replace("{c}", column)
    if counted := re.fullmatch(r"(day|week) (\d{4}-\d{2}-\d{2})", name):
        days = 7 if counted[1] == "week" else 1
        return f"cast(date '{counted[2]}' + {days} * (try_cast({column} as integer) - 1) as timestamp)"
    if set(several := name.split("+")) <= DATES.keys():
        return f"coalesce({', '.join(date_sql(column, one) for one in several)})"
    if re.fullmatch(r"(?:[^%']|%[aAbBdmyYHIMSfpjz%])*%[a-zA-Z](?:[^%']|%[aAbBdmyYHIMSfpjz%])*", name):
        return f"try_strptime({column}, '{name}')"
    raise UserError(
        found=msg("The mapping has the date format {format}.", format=repr(name)),
        expected=msg("A date format is one of {formats}, or like {example}.", formats=list(DATES), example="%d.%m.%Y"),
        to_do=msg("Correct it in the mapping."),
    )


def offset_sql(column: str, name: str) -> str:
    """Return an INTEGER: the minutes that a moment's text is ahead of UTC, 0 for UTC itself; null where the text does not say.

    name: as for date_sql.
    """
    zone = f"regexp_extract({column}, ':[0-9.]+{_ZONE}$', 1)"
    sign, hours = f"case when starts_with({zone}, '-') then -1 else 1 end", f"abs(try_cast(left({zone}, 3) as integer))"
    minutes = f"case when length({zone}) > 3 then try_cast(right({zone}, 2) as integer) else 0 end"
    numbers = f"case when {zone} in ('Z', 'UTC', 'GMT') then 0 when {zone} <> '' then {sign} * (60 * {hours} + {minutes}) end"
    written = [f"{READ_OFFSET}({column}, '{form}')" for form in name.split("+") if form in (*ORDERS, "iso", "month", "chinese")]
    rare = f"regexp_matches({column}, ':[0-9]{{2}}.*[A-Za-z+-]')"
    return f"coalesce({numbers}, case when {rare} then coalesce({', '.join(written)}) end)" if written else "cast(null as integer)"
