"""How dates and weekdays are written in a column, decided over the whole column and read by SQL expressions (see convert/formats.py)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from core.errors import UserError
from core.ingest.convert.formats import TYPED
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


def _strptime(column: str, dates: tuple[str, ...]) -> str:
    formats = ", ".join(f"'{d}{t}'" for t in _TIMES for d in dates)
    return f"try_strptime({column}, [{formats}])"


def _slashed(column: str, day_first: bool) -> str:
    """Read day, month and year with /, . or - between them; years of two digits and AM or PM take the slower way."""
    date = "^([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})"
    order = r"\3-\2-\1" if day_first else r"\3-\1-\2"
    turned = f"regexp_replace({column}, '{date}', '{order}')"
    slashes = f"regexp_replace(regexp_replace({column}, '^([0-9]{{1,2}})[./-]([0-9]{{1,2}})[./-]', '\\1/\\2/'), '[T,]+ *', ' ')"
    slow = _strptime(slashes, ("%d/%m/%y", "%d/%m/%Y") if day_first else ("%m/%d/%y", "%m/%d/%Y"))
    return (
        f"case when regexp_matches({column}, '{date}([ T][0-9]{{1,2}}:[0-9]{{2}}[0-9:.]*)?$') then try_cast({turned} as timestamp) "
        f"when regexp_matches({column}, '^[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-]') then {slow} end"
    )


def _iso(column: str) -> str:
    """Read dates with the year first. An offset from UTC, such as +02:00, is subtracted."""
    offset = f"regexp_extract({column}, ':[0-9.]+ ?([+-][0-9]{{2}}):?([0-9]{{2}})?$', 1)"
    minutes = f"regexp_extract({column}, ':[0-9.]+ ?[+-][0-9]{{2}}:?([0-9]{{2}})$', 1)"
    bare = f"regexp_replace({column}, '(:[0-9.]+) ?([+-][0-9]{{2}}:?([0-9]{{2}})?|Z|UTC)$', '\\1')"
    dotted = f"regexp_replace({bare}, '^([0-9]{{4}})[./]([0-9]{{1,2}})[./]', '\\1-\\2-')"
    sign = f"case when starts_with({offset}, '-') then -1 else 1 end"
    shift = f"to_minutes(coalesce(try_cast({offset} as integer), 0) * 60 + {sign} * coalesce(try_cast({minutes} as integer), 0))"
    plain = f"regexp_full_match({column}, '[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([ T][0-9:.]+)?')"
    return (
        f"case when {plain} then coalesce(try_cast({column} as timestamp), try_cast({column} || ':00' as timestamp)) "  # 2024-03-05 14
        f"when regexp_matches({column}, '^[0-9]{{4}}[./-][0-9]{{1,2}}[./-]') then try_cast({dotted} as timestamp) - {shift} end"
    )


def _chinese(column: str) -> str:
    day = f"rtrim(regexp_replace(regexp_replace({column}, ' *[年月] *', '-', 'g'), '日 *', ' '))"
    minutes = f"regexp_replace({day}, '([0-9]+)[时点]([0-9]+)分?$', '\\1:\\2')"
    seconds = f"regexp_replace({minutes}, '([0-9]+)[时点]([0-9]+)分([0-9]+)秒$', '\\1:\\2:\\3')"
    return f"case when contains({column}, '年') then try_cast({seconds} as timestamp) end"


def _iso_week(column: str) -> str:
    week = "'^([0-9]{4})[-_ ]?[Ww](?:k|eek)?[-_ ]?([0-9]{1,2})$'"
    return f"try_strptime(regexp_extract({column}, {week}, 1) || '-' || regexp_extract({column}, {week}, 2) || '-1', '%G-%V-%u')"


def _serial(column: str, digits: str, value: str) -> str:
    return f"case when regexp_full_match({column}, '{digits}') then {value} end"


@dataclass(frozen=True)
class DateFormat:
    """One way to write dates."""

    name: str
    example: Message | str  # for the report
    sql: str  # with {c} for the column


DATES: dict[str, DateFormat] = {
    f.name: f
    for f in (
        DateFormat("iso", "2024-03-05 14:30", _iso("{c}")),
        DateFormat("dmy", msg("05/03/2024 = 5 March"), _slashed("{c}", day_first=True)),
        DateFormat("mdy", msg("03/05/2024 = 5 March"), _slashed("{c}", day_first=False)),
        DateFormat("chinese", "2024年3月5日", _chinese("{c}")),
        DateFormat("iso_week", msg("2024-W09 = its Monday"), _iso_week("{c}")),
        DateFormat("compact", "20240305", _serial("{c}", "(19|20)[0-9]{6}", "try_strptime({c}, '%Y%m%d')")),
        DateFormat(
            "month",
            "5 Mar 2024",
            _strptime("regexp_replace({c}, '[-, ]+', ' ', 'g')", ("%d %b %y", "%d %b %Y", "%b %d %Y", "%d %B %Y", "%B %d %Y")),
        ),
        DateFormat(
            "unix",
            msg("seconds since 1970"),
            _serial("{c}", "[0-9]{9,10}(\\.[0-9]+)?", "make_timestamp(cast(floor(cast({c} as double)) as bigint) * 1000000)"),
        ),
        DateFormat("unix_ms", msg("milliseconds since 1970"), _serial("{c}", "[0-9]{12,13}", "make_timestamp(cast({c} as bigint) * 1000)")),
        DateFormat("unix_us", msg("microseconds since 1970"), _serial("{c}", "[0-9]{15,16}", "make_timestamp(cast({c} as bigint))")),
        DateFormat(
            "excel",
            msg("Excel's day number, 45356"),
            _serial("{c}", "[2-6][0-9]{4}(\\.[0-9]+)?", "timestamp '1899-12-30' + to_seconds(round(cast({c} as double) * 86400))"),
        ),
    )
}


def date_sql(column: str, name: str) -> str:
    """Return a TIMESTAMP. name: TYPED, one of DATES, "day YYYY-MM-DD" or "week YYYY-MM-DD" (numbers, and the day of 1), or strptime's."""
    if name == TYPED:
        return f"try_cast({column} as timestamp)"
    if name in DATES:
        return DATES[name].sql.replace("{c}", column)
    if counted := re.fullmatch(r"(day|week) (\d{4}-\d{2}-\d{2})", name):
        days = 7 if counted[1] == "week" else 1
        return f"cast(date '{counted[2]}' + {days} * (try_cast({column} as integer) - 1) as timestamp)"
    if re.fullmatch(r"(?:[^%']|%[aAbBdmyYHIMSfpjz%])*%[a-zA-Z](?:[^%']|%[aAbBdmyYHIMSfpjz%])*", name):
        return f"try_strptime({column}, '{name}')"
    raise UserError(
        found=msg("The mapping has the date format {format}.", format=repr(name)),
        expected=msg("A date format is one of {formats}, or like {example}.", formats=list(DATES), example="%d.%m.%Y"),
        to_do=msg("Correct it in the mapping."),
    )


def choose_date(counts: dict[str, int], filled: int, nearer: str = "") -> tuple[str, Message | None]:
    """Return the format that reads most values of a column, and a remark where that is not clear-cut.

    nearer: "dmy" or "mdy", whichever of the two gives days nearer to the last one known of the table; "" if none does.

    >>> choose_date({"iso": 0, "dmy": 3, "mdy": 3}, 3)[0], choose_date({"iso": 0, "dmy": 3, "mdy": 3}, 3, nearer="mdy")[0]
    ('dmy', 'mdy')
    """
    best = max(counts, key=lambda name: (counts[name], -list(DATES).index(name)))
    if not counts[best]:
        return "iso", msg("No value can be read as a date.") if filled else None
    if best != "dmy" or not day_or_month_first(counts):
        return best, None
    order, other = (msg("month/day"), "dmy") if nearer == "mdy" else (msg("day/month"), "mdy")
    values = {"order": order, "option": f'date_format = "{other}"'}
    return nearer or best, (
        msg(
            "Dates may be day/month or month/day. They are read as {order}, which continues the days imported before; "
            "if that is wrong, set {option} in [options].",
            **values,
        )
        if nearer
        else msg("Dates may be day/month or month/day. They are read as {order}; if that is wrong, set {option} in [options].", **values)
    )


def day_or_month_first(counts: dict[str, int]) -> bool:
    """Return whether as many values can be read with the day first as with the month first."""
    return 0 < counts.get("dmy", 0) == counts.get("mdy")
