"""How text, numbers and currencies are written in a column: SQL expressions that read them. Dates are in convert/dates.py.

Every function takes and returns SQL: an expression of trimmed text, null where there is none, becomes one of a value, null where
the text cannot be read.
"""

from __future__ import annotations

from collections.abc import Collection

TYPED = "typed"  # in place of a format: the file itself types the column

# Text

_BLANKS = r"'[\s\x{00a0}\x{2000}-\x{200b}\x{202f}\x{3000}\x{feff}]+'"
_GUARD = '^="(.*)"$'  # keeps a spreadsheet from reading 00123 as 123
# SQL of a condition: the value {0} is what a spreadsheet leaves of a long id, its first digits.
ROUNDED = r"contains({0}, '+') and regexp_full_match({0}, '(?i)[0-9](\.[0-9]+)?e\+[0-9]+')"
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


def without(text: str, empty: Collection[str]) -> str:
    """Return text that `text` has tidied, null where it is one of `empty`, in lower case."""
    nothing = ", ".join(f"'{e}'" for e in sorted(empty))
    return (
        f"case when strlen({text}) > {_LONGEST_NOTHING} then {text} when lower({text}) in ({nothing}) then null else {text} end"
        if nothing
        else text
    )


# Yes and no

_YES = (
    *("true", "t", "yes", "y", "1", "treated", "treatment", "contacted", "sent", "clicked", "bought"),
    *("是", "有", "已触达", "已发送", "已点击", "已购买", "实验组", "触达组"),
)
_NO = (
    *("false", "f", "no", "n", "0", "control", "held out", "holdout", "hold-out", "not sent"),
    *("否", "无", "未触达", "未发送", "未点击", "未购买", "对照组", "空白组"),
)


def flag_sql(text: str) -> str:
    """Return whether text means yes, or is the group that something was done to."""
    yes, no = (", ".join(f"'{word}'" for word in words) for words in (_YES, _NO))
    return f"case when lower({text}) in ({yes}) then true when lower({text}) in ({no}) then false end"


# Numbers

_CODES = (
    "EUR|USD|GBP|CNY|RMB|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|HKD|TWD|SGD|MYR|THB|IDR|VND|PHP|INR|PKR|BRL|ARS|CLP|COP|"
    "PEN|KRW|MXN|ZAR|NGN|KES|EGP|TRY|RUB|UAH|KZT|AED|SAR|ILS"
)
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
    "R$": "BRL",
    "HK$": "HKD",
    "NT$": "TWD",
    "S$": "SGD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "MX$": "MXN",
    "FR.": "CHF",
    "KČ": "CZK",
    "FT": "HUF",
    "LEI": "RON",
    "₺": "TRY",
    "TL": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "฿": "THB",
    "₫": "VND",
    "₱": "PHP",
    "RP": "IDR",
    "RP.": "IDR",
    "RM": "MYR",
}
_MONEY = rf"((?:US|HK|NT|AU|CA|NZ|MX|[RSAC])?\$|[€£¥￥₹₩₽₺₴₪฿₫₱]|(?i:{_CODES}|Rs\.?|kr\.?|zł|kč|Ft|lei|TL|Fr\.|RM|Rp\.?)|元|圆|円|块)"
_PIECES = "(?i:pcs|pcs?\\.?|pieces?|units?|ea|each|stk\\.?|st\\.?|stück|pz|pza|szt\\.?|uds?\\.?|un|ks|db|шт\\.?|件|个|個|只|盒|本|枚)"
_PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DIGITS = ("０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹๐๑๒๓๔๕๖๗๘๙०१२३४५६७८९，．－−–", "0123456789" * 5 + ",.---")
_SPACED = "([^0-9]*[0-9]{1,3})([ ''’`´][0-9]{3})+([.,][0-9]*)?[^0-9]*"  # groups of three digits; "1 2" is no number


def _flat(column: str) -> str:
    """Return a text with the digits and signs of other scripts as those of ASCII."""
    return f"translate({column}, '{_DIGITS[0]}', '{_DIGITS[1]}')"


def _bare(column: str, decimal: str) -> str:
    """Return a number's text without its currency, "pcs" and groups of three digits; (5) and 5- as -5."""
    flat = f"translate({_flat(column)}, '٫٬', '{decimal}{',' if decimal == '.' else '.'}')"
    for pattern, kept in (
        (rf"^([+(-]?) ?{_MONEY} ?", "\\1"),
        (rf" ?{_MONEY}([)-]?)$", "\\2"),
        (f"([0-9]) ?{_PIECES}$", "\\1"),
        ("^[xX×] ?([0-9])", "\\1"),
        ("^(?:\\((.*)\\)|([0-9.,]+)-)$", "-\\1\\2"),
        ("^([+-]) | (%)$", "\\1\\2"),
    ):
        flat = f"regexp_replace({flat}, '{pattern}', '{kept}')"
    return f"case when regexp_full_match({column}, '{_SPACED}') then regexp_replace({flat}, '[ ''’`´]', '', 'g') else {flat} end"


def number(column: str, decimal: str) -> str:
    """Return a DOUBLE. Thousands separators must be where they belong: 1,23 is no number under a decimal point, and "1 2" is none at all.

    decimal: ".", ",", both where a column has both (the first reads what the second could read as well), or TYPED where the file itself
    types the column.
    """
    if decimal == TYPED:
        return f"try_cast({column} as double)"
    if len(decimal) > 1:
        return f"coalesce({', '.join(number(column, sign) for sign in decimal)})"
    group, point = (",", ".") if decimal == "." else (".", ",")
    shape = rf"[+-]?([0-9]+|[0-9]{{1,3}}(\{group}[0-9]{{2,3}})*\{group}[0-9]{{3}})?(\{point}[0-9]*)?([eE][+-]?[0-9]+)?%?"
    bare = _bare(column, decimal)
    value = f"replace(replace(rtrim({bare}, '%'), '{group}', ''), '{point}', '.')"
    share = f"case when ends_with({bare}, '%') then 100 else 1 end"
    slow = f"case when regexp_full_match({bare}, '{shape}') then try_cast({value} as double) / {share} end"
    if decimal == ",":
        return slow
    return f"case when regexp_full_match({column}, '{_PLAIN}') then try_cast({column} as double) else {slow} end"


def discount_share(text: str, value: str, percents: bool) -> str:
    """Return a DOUBLE, 0.2 for a fifth off, of a discount's text and its number.

    percents: the column has bare numbers above 1; one below 1 may then be either, and is not read.
    """
    return (
        f"case when ends_with({text}, '%') then {value} when {value} > 0 and {value} < 1 then null else {value} / 100 end"
        if percents
        else value
    )


_OF = ("/", "／", "out of", "von", "sur", "de", "su", "van", "av", "из")  # between a rating and the highest one


def rating_sql(text: str) -> str:
    """Return SQL of the number in the text of a rating: "4.0 out of 5 stars", "3/5", "4 von 5 Sternen" and "★★★★☆" are of five stars."""
    given = f"regexp_extract({text}, '^([0-9][0-9.,]*) ?(?:{'|'.join(_OF)}) ?5(?:[.,]0)?(?:\\D.*)?$', 1)"
    stars = f"case when regexp_full_match({text}, '[★⭐]+☆*') then cast(length(rtrim({text}, '☆')) as varchar) end"
    return f"coalesce({stars}, nullif({given}, ''), {text})"


def decimal_evidence(column: str) -> tuple[str, str, str]:
    """Return three conditions: a value makes sense only with a decimal point, only with a decimal comma, and with either.

    1.234 is ambiguous (a thousand, or a bit more than one); 1.5, 0.123, 1234.567, 1,234.5 and 1 234.5 are not.
    """
    flat = _flat(column)

    def only(point: str, group: str) -> str:
        p, g = f"\\{point}", f"\\{group}"
        unambiguous = (
            f"[0-9]*{p}([0-9]{{1,2}}|[0-9]{{4,}})",
            f"0+{p}[0-9]+",
            f"[0-9]{{4,}}{p}[0-9]+",
            f"[0-9]+({g}[0-9]{{3}})+{p}[0-9]*",
            f"[0-9]+({g}[0-9]{{3}}){{2,}}",
            f"[0-9]{{1,3}}([ ''’][0-9]{{3}})+{p}[0-9]*",
        )
        shape = f"^[^0-9.,]*({'|'.join(unambiguous)})[^0-9.,]*$"
        return f"regexp_matches({flat}, '{shape}')"

    either = f"regexp_matches({flat}, '^[^0-9.,]*[1-9][0-9]{{0,2}}[.,][0-9]{{3}}[^0-9.,]*$')"
    return only(".", ","), only(",", "."), either


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
