"""How numbers and dates are written in a column: decided over the whole column, shown in the plan, read by SQL expressions.

Every function takes and gives SQL: an expression of trimmed text, null where there is none, becomes one of a value, null where
the text cannot be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from core.errors import UserError

TYPED = "typed in the file"

# Text

NO_TEXT = ("", "null", "none", "nan", "n/a", "<na>", "#n/a", "\\n", "nil")
NO_VALUE = NO_TEXT + ("na", "-", "--", "—", "nat", "无", "缺失", "未知")
_BLANKS = r"'[\s\x{00a0}\x{2000}-\x{200b}\x{202f}\x{3000}\x{feff}]+'"
_GUARD = '^="(.*)"$'  # what keeps a spreadsheet from reading 00123 as 123
ROUNDED = r"(?i)[0-9](\.[0-9]+)?e\+[0-9]+"  # what a spreadsheet leaves of a long id: its first digits
_LONGEST_NOTHING = 6  # bytes; longer text is not compared with the lists above


def text(column: str, empty: tuple[str, ...]) -> str:
    """Trimmed text, inner blanks squeezed to one space, ="a" as a, null for what stands for nothing (`empty`, lower-case constants)."""
    nothing = ", ".join("'" + e + "'" for e in empty)
    untidy = f"regexp_matches({column}, '[^\\x20-\\x7e]|  |^ | $|^=')"
    bare = f"regexp_replace(trim(regexp_replace({column}, {_BLANKS}, ' ', 'g')), '{_GUARD}', '\\1')"
    tidy = f"case when {untidy} then nullif(trim({bare}), '') else {column} end"
    return (
        f"case when strlen({column}) > {_LONGEST_NOTHING} then {tidy} when lower(trim({column})) in ({nothing}) then null else {tidy} end"
    )


# Numbers

_CODES = "EUR|USD|GBP|CNY|RMB|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|HKD|TWD|SGD|INR|BRL|KRW|MXN|ZAR|TRY|RUB|AED"
CURRENCIES = {
    "€": "EUR",
    "£": "GBP",
    "¥": "CNY",
    "￥": "CNY",
    "元": "CNY",
    "圆": "CNY",
    "块": "CNY",
    "RMB": "CNY",
    "人民币": "CNY",
    "円": "JPY",
    "₹": "INR",
    "RS": "INR",
    "RS.": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "ZŁ": "PLN",
    "KR": "SEK",
    "KR.": "DKK",
    "US$": "USD",
    "$": "USD",
}
_MONEY = rf"(US\$|[€£$¥￥₹₩₽]|(?i:{_CODES}|Rs\.?|kr\.?|zł)|元|圆|円|块)"
_PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def _bare(column: str) -> str:
    """A number's text without currency, blanks and apostrophes; full-width digits as plain ones; (5) and 5- as -5."""
    flat = f"translate({column}, '０１２３４５６７８９，．－−', '0123456789,.--')"
    flat = f"regexp_replace({flat}, '{_MONEY}|[\\s''’\\x{{00a0}}\\x{{2009}}\\x{{202f}}]', '', 'g')"
    return f"regexp_replace({flat}, '^(?:\\((.*)\\)|([0-9.,]+)-)$', '-\\1\\2')"


def number(column: str, decimal: str) -> str:
    """A DOUBLE. Thousands separators must stand where they belong: 1,23 is no number under a decimal point.

    decimal: ".", "," or TYPED where the file itself types the column.
    """
    if decimal == TYPED:
        return f"try_cast({column} as double)"
    group, point = (",", ".") if decimal == "." else (".", ",")
    shape = rf"[+-]?([0-9]+|[0-9]{{1,3}}(\{group}[0-9]{{2,3}})*\{group}[0-9]{{3}})?(\{point}[0-9]*)?([eE][+-]?[0-9]+)?%?"
    bare = _bare(column)
    value = f"replace(replace(rtrim({bare}, '%'), '{group}', ''), '{point}', '.')"
    share = f"case when ends_with({bare}, '%') then 100 else 1 end"
    slow = f"case when regexp_full_match({bare}, '{shape}') then try_cast({value} as double) / {share} end"
    if decimal == ",":
        return slow
    return f"case when regexp_full_match({column}, '{_PLAIN}') then try_cast({column} as double) else {slow} end"


def decimal_evidence(column: str) -> tuple[str, str]:
    """Two counts over a column: values that only make sense with a decimal point, and with a decimal comma.

    1.234 says nothing (a thousand, or a bit more than one); 1.5, 0.123, 1234.567 and 1,234.5 do.
    """

    def only(point: str, group: str) -> str:
        p, g = f"\\{point}", f"\\{group}"
        telling = (
            f"[0-9]*{p}([0-9]{{1,2}}|[0-9]{{4,}})",
            f"0+{p}[0-9]+",
            f"[0-9]{{4,}}{p}[0-9]+",
            f"[0-9]+({g}[0-9]{{3}})+{p}[0-9]*",
            f"[0-9]+({g}[0-9]{{3}}){{2,}}",
        )
        shape = f"^[^0-9.,]*({'|'.join(telling)})[^0-9.,]*$"
        return f"count(*) filter (where regexp_matches({column}, '{shape}'))"

    return only(".", ","), only(",", ".")


def currency_sign(column: str) -> str:
    """The first currency sign or code in a text, '' if there is none."""
    return f"regexp_extract({column}, '{_MONEY}', 1)"


def currency_code(sign: str) -> str:
    """The ISO code of a currency by its sign, code or Chinese name.

    >>> currency_code("€"), currency_code("rmb"), currency_code("EUR")
    ('EUR', 'CNY', 'EUR')
    """
    return CURRENCIES.get(sign.strip().upper(), sign.strip().upper())


def currency_sql(column: str) -> str:
    """SQL of currency_code."""
    cases = " ".join(f"when '{sign}' then '{code}'" for sign, code in CURRENCIES.items())
    return f"case upper(trim({column})) {cases} else upper(trim({column})) end"


# Days in names

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


def day_in(name: str) -> str | None:
    """The ISO day in a file's name, if it holds one.

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
    """ISO weekdays in order, as in "1,4", of "Mon Thu", "thursday & monday", "1/4", "Mon-Fri", "daily", "周一、四" or "工作日"."""
    said = [("every ?day|daily|每天|每日", "1-7"), ("working days|work ?days|week ?days|工作日", "1-5"), ("周|星期|礼拜|每", "")]
    said += [(rf"\b{name}\b\.?", str(day)) for day, name in enumerate(_WEEKDAYS, 1)]
    said += [(r"\.0$", ""), (r" *(to|至|到|–|—|~|-) *", "-"), (r"and|和|[ ,;/+&.|、，；]", "")]
    text = f"lower({column})"
    for pattern, plain in said:
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
    """Day, month and year with /, . or - between them; years of two digits and AM or PM take the slower way."""
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
    """Year first. An offset from UTC, such as +02:00, is taken off."""
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
    name: str
    example: str
    sql: str  # with {c} for the column


DATES: dict[str, DateFormat] = {
    f.name: f
    for f in (
        DateFormat("iso", "2024-03-05 14:30", _iso("{c}")),
        DateFormat("dmy", "05/03/2024 = 5 March", _slashed("{c}", day_first=True)),
        DateFormat("mdy", "03/05/2024 = 5 March", _slashed("{c}", day_first=False)),
        DateFormat("chinese", "2024年3月5日", _chinese("{c}")),
        DateFormat("iso_week", "2024-W09 = its Monday", _iso_week("{c}")),
        DateFormat("compact", "20240305", _serial("{c}", "(19|20)[0-9]{6}", "try_strptime({c}, '%Y%m%d')")),
        DateFormat(
            "month",
            "5 Mar 2024",
            _strptime("regexp_replace({c}, '[-, ]+', ' ', 'g')", ("%d %b %y", "%d %b %Y", "%b %d %Y", "%d %B %Y", "%B %d %Y")),
        ),
        DateFormat(
            "unix",
            "seconds since 1970",
            _serial("{c}", "[0-9]{9,10}(\\.[0-9]+)?", "make_timestamp(cast(floor(cast({c} as double)) as bigint) * 1000000)"),
        ),
        DateFormat("unix_ms", "milliseconds since 1970", _serial("{c}", "[0-9]{12,13}", "make_timestamp(cast({c} as bigint) * 1000)")),
        DateFormat("unix_us", "microseconds since 1970", _serial("{c}", "[0-9]{15,16}", "make_timestamp(cast({c} as bigint))")),
        DateFormat(
            "excel",
            "Excel's day number, 45356",
            _serial("{c}", "[2-6][0-9]{4}(\\.[0-9]+)?", "timestamp '1899-12-30' + to_seconds(round(cast({c} as double) * 86400))"),
        ),
    )
}


def date_sql(column: str, name: str) -> str:
    """A TIMESTAMP. name: TYPED, one of DATES, "day YYYY-MM-DD" or "week YYYY-MM-DD" (numbers, and the day of 1) or a strptime format."""
    if name == TYPED:
        return f"try_cast({column} as timestamp)"
    if name in DATES:
        return DATES[name].sql.replace("{c}", column)
    if counted := re.fullmatch(r"(day|week) (\d{4}-\d{2}-\d{2})", name):
        days = 7 if counted[1] == "week" else 1
        return f"cast(date '{counted[2]}' + {days} * (try_cast({column} as integer) - 1) as timestamp)"
    if re.fullmatch(r"(?:[^%']|%[aAbBdmyYHIMSfpjz%])*%[a-zA-Z](?:[^%']|%[aAbBdmyYHIMSfpjz%])*", name):
        return f"try_strptime({column}, '{name}')"
    raise UserError(f"date_format as one of {', '.join(DATES)}, or like %d.%m.%Y", repr(name), "correct it in the mapping")


def choose_date(counts: dict[str, int], filled: int, nearer: str = "") -> tuple[str, str]:
    """The format that reads most values of a column, and a remark where that is not clear-cut.

    nearer: "dmy" or "mdy", whichever of the two gives days nearer to the last one known of the table; "" if none does.

    >>> choose_date({"iso": 0, "dmy": 3, "mdy": 3}, 3)[0], choose_date({"iso": 0, "dmy": 3, "mdy": 3}, 3, nearer="mdy")[0]
    ('dmy', 'mdy')
    """
    best = max(counts, key=lambda name: (counts[name], -list(DATES).index(name)))
    if not counts[best]:
        return "iso", "no value reads as a date" if filled else ""
    if best != "dmy" or not day_or_month_first(counts):
        return best, ""
    says, other = ("month/day", "dmy") if nearer == "mdy" else ("day/month", "mdy")
    why = ", which goes on from the days imported before" if nearer else ""
    return nearer or best, f'could be day/month or month/day; read as {says}{why} (set date_format = "{other}" in [options] if it is not)'


def day_or_month_first(counts: dict[str, int]) -> bool:
    """Whether days and months read equally many values, whichever of them stands first."""
    return 0 < counts.get("dmy", 0) == counts.get("mdy")
