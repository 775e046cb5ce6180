"""How text, numbers and currencies are written in a column: SQL expressions that read them. Dates are in convert/dates.py.

Every function takes and returns SQL: an expression of trimmed text, null where there is none, becomes one of a value, null where
the text cannot be read.
"""

from __future__ import annotations

TYPED = "typed"  # in place of a format: the file itself types the column

# Text

_BLANKS = r"'[\s\x{00a0}\x{2000}-\x{200b}\x{202f}\x{3000}\x{feff}]+'"
_GUARD = '^="(.*)"$'  # keeps a spreadsheet from reading 00123 as 123
ROUNDED = r"(?i)[0-9](\.[0-9]+)?e\+[0-9]+"  # what a spreadsheet leaves of a long id: its first digits
_LONGEST_NOTHING = 6  # bytes; longer text is not compared with the lists above


def text(column: str, empty: tuple[str, ...]) -> str:
    """Return trimmed text, inner blanks squeezed to one space, ="a" as a, null for blanks (`empty`, in lower case)."""
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
    """Return a number's text without currency, blanks and apostrophes; full-width digits as plain ones; (5) and 5- as -5."""
    flat = f"translate({column}, '０１２３４５６７８９，．－−', '0123456789,.--')"
    flat = f"regexp_replace({flat}, '{_MONEY}|[\\s''’\\x{{00a0}}\\x{{2009}}\\x{{202f}}]', '', 'g')"
    return f"regexp_replace({flat}, '^(?:\\((.*)\\)|([0-9.,]+)-)$', '-\\1\\2')"


def number(column: str, decimal: str) -> str:
    """Return a DOUBLE. Thousands separators must be where they belong: 1,23 is no number under a decimal point.

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
    """Return two counts over a column: values that only make sense with a decimal point, and with a decimal comma.

    1.234 is ambiguous (a thousand, or a bit more than one); 1.5, 0.123, 1234.567 and 1,234.5 are not.
    """

    def only(point: str, group: str) -> str:
        p, g = f"\\{point}", f"\\{group}"
        unambiguous = (
            f"[0-9]*{p}([0-9]{{1,2}}|[0-9]{{4,}})",
            f"0+{p}[0-9]+",
            f"[0-9]{{4,}}{p}[0-9]+",
            f"[0-9]+({g}[0-9]{{3}})+{p}[0-9]*",
            f"[0-9]+({g}[0-9]{{3}}){{2,}}",
        )
        shape = f"^[^0-9.,]*({'|'.join(unambiguous)})[^0-9.,]*$"
        return f"count(*) filter (where regexp_matches({column}, '{shape}'))"

    return only(".", ","), only(",", ".")


def currency_sign(column: str) -> str:
    """Return the first currency sign or code in a text, '' if there is none."""
    return f"regexp_extract({column}, '{_MONEY}', 1)"


def currency_code(sign: str) -> str:
    """Return the ISO code of a currency by its sign, code or Chinese name.

    >>> currency_code("€"), currency_code("rmb"), currency_code("EUR")
    ('EUR', 'CNY', 'EUR')
    """
    return CURRENCIES.get(sign.strip().upper(), sign.strip().upper())


def currency_sql(column: str) -> str:
    """Return the ISO code of a currency, as SQL of currency_code."""
    cases = " ".join(f"when '{sign}' then '{code}'" for sign, code in CURRENCIES.items())
    return f"case upper(trim({column})) {cases} else upper(trim({column})) end"
