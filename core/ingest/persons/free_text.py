"""Free text without mail addresses, phone numbers, handles, cards and accounts: each is replaced by what it was, as in [phone]."""

from __future__ import annotations

import re
import unicodedata

from core.ingest.persons.numbers import digits_of, is_card, is_gtin, is_iban, is_paper

# SQL keeps to rows that may hold any of these; Python looks at those.
SUSPECT = (
    r"[@＠]|[\p{Nd}](?:[ ().\-/–·\x{00a0}\x{202f}]{0,3}[\p{Nd}]){6,}|(?i:\(at\)|\[at\])|[A-Z]{2}\d\d ?[A-Z0-9]{4}|[A-Z]{6}\d\d[A-Z]\d\d"
    r"|(?i:wechat|weixin|微信|vx|qq|扣扣|telegram|whatsapp|insta|skype|kakao|snapchat|facebook|twitter|tiktok|line ?id)"
)

_LETTER = "A-Za-z0-9À-ÖØ-öø-ÿ"
_MAIL = re.compile(
    rf"[{_LETTER}_.%+'-]{{1,64}}(?:@|\s?[(\[](?:at|AT|@)[)\]]\s?)"
    rf"[{_LETTER}-]{{1,63}}(?:(?:\.|\s?[(\[](?:dot|DOT)[)\]]\s?)[{_LETTER}-]{{1,63}})+"
)
_HANDLE = re.compile(r"(?<![A-Za-z0-9_@./])@[A-Za-z_][\w.]{2,29}(?<!\.)")
_ODD = re.compile(r"[\d_.]")  # in a handle, which a word of a title has not
_NAMED_HANDLE = re.compile(
    r"(?P<label>(?:微信号?|wechat|weixin|vx|qq号?|扣扣|telegram|whatsapp|instagram|insta|skype"
    r"|kakao ?talk|snapchat|facebook|twitter|tiktok|line)"
    r"(?: ?(?:id|号|handle|account|name|user|账号))?\s?[:：=]\s?|(?:微信号?|QQ号?|vx)\s?(?:是\s?)?)@?(?P<handle>[A-Za-z0-9][\w.-]{4,39})",
    re.I,
)
_LONG_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d[.,])(?:\+\s?)?(?:\(\d{1,5}\)|\d)(?:[ .\-/–·\u00a0\u202f]{0,3}(?:\(\d{1,5}\)|\d)){4,40}(?![A-Za-z0-9_])"
)
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PAPER = re.compile(r"\b(?:[1-9]\d{16}[\dXx]|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]|\d{3}\.\d{3}\.\d{3}-\d{2})\b")
_DAY = re.compile(r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))(?:[ T]\d.*)?")
_CODE = re.compile(r"[!-'*,-~][!-~]*")  # one word of an article's number: without blanks, not beginning with + or (
_GROUP = re.compile(r"[^ \u00a0\u202f]+")
_LABEL = re.compile(
    r"(?:\btel|\bphone|telefon|téléphone|teléfono|\bmobile|\bmobil|\bcell|\bhandy|\bfax|\bfone|celular|whatsapp"
    r"|\bcall(?: me)?(?: at| on)?|rufnummer"
    r"|тел|телефон|电话|手机|電話|携帯|联系方式|전화|휴대폰|هاتف|جوال)(?:efon|\.|no\.?|nr\.?|number|nummer|号码?|番号)?\s?[:：#]?\s?$",
    re.I,
)
_PHONE_SHAPES = re.compile(
    r"\(\d{1,4}\)[ ]?\d{2,5}(?:[ .-]?\d{2,5}){0,3}"  # (020) 7946 0958, (11) 91234-5678
    r"|(?:1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # North America
    r"|(?:86[ -]?)?1[3-9]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})"  # China, mobile
    r"|\d{2} 9\d{4}-\d{4}"  # Brazil
    r"|8[ -]?\(?\d{3,4}\)?[ -]?\d{2,3}[ -]\d{2}[ -]\d{2}"  # Russia
)
_TRUNK = re.compile(r"\(?0\d{1,5}\)?(?:[ ./–-]{1,3}\d{2,8})+")  # national, with its 0
_TRUNK_AREA = re.compile(
    r"0\d{1,3}-\d{3,4}-\d{4}|0\d{2,3}-\d{7,8}|0\d{1,5}[ /]{1,3}\d.*|0\d([ .-])\d\d(\1\d\d){3}"
)  # as printed on no article
_AMOUNT = 5  # digits that tell of nobody
_SPACED_NINE = re.compile(r"[6-9]\d{2} (?:\d{3} \d{3}|\d{2} \d{2} \d{2})|[6-9]\d{4} \d{5}")  # Spain, Poland, Portugal; India


def masked(text: str, *, of_goods: bool = False) -> str:
    """Return a text without what reaches or bills a person.

    of_goods: a title or description, in which numbers are mostly the article's: only unmistakable ones are replaced.

    >>> masked("Call me: 0171 5500000 or a.b@c.de"), masked("Cable 500 ml, EAN 4006381333931", of_goods=True)
    ('Call me: [phone] or [mail]', 'Cable 500 ml, EAN 4006381333931')
    """
    plain = "".join(_ascii_digit(c) for c in text) if not text.isascii() else text
    found = [(m.span(), "[mail]") for m in _MAIL.finditer(plain)]
    found += [(m.span(), "[iban]") for m in _ACCOUNT.finditer(plain) if is_iban(m[0])]
    found += [(m.span(), "[id]") for m in _PAPER.finditer(plain) if is_paper(m[0])]
    found += [(m.span("handle"), "[handle]") for m in _NAMED_HANDLE.finditer(plain) if not of_goods or _ODD.search(m["handle"])]
    found += [(m.span(), "[handle]") for m in _HANDLE.finditer(plain) if not of_goods or _ODD.search(m[0][1:])]
    found += _numbers(plain, of_goods)
    out, end = [], 0
    for (start, stop), word in sorted(found, key=lambda each: (each[0][0], -each[0][1])):
        if start >= end:
            out += [text[end:start], word]
            end = stop
    return "".join([*out, text[end:]])


def _numbers(text: str, of_goods: bool) -> list[tuple[tuple[int, int], str]]:
    """Return the spans of cards and phones. Of numbers side by side each run is tried, the longest first."""
    if of_goods and _CODE.fullmatch(text.strip()):
        return []
    found = []
    for m in _LONG_NUMBER.finditer(text):
        groups = [(g.start(), g.end()) for g in _GROUP.finditer(text, m.start(), m.end())]
        runs = [(groups[i][0], groups[j][1]) for i in range(len(groups)) for j in range(i, len(groups))]
        taken: list[tuple[int, int]] = []
        for start, stop in sorted(runs, key=lambda run: run[0] - run[1]):
            stop = start + len(text[start:stop].rstrip(" ./-–·"))
            if any(start < end and stop > begin for begin, end in taken):
                continue
            number = text[start:stop]
            word = (
                "[card]" if is_card(number) else "[phone]" if is_phone(number, text[max(0, start - 24) : start], of_goods=of_goods) else ""
            )
            if word:
                taken.append((start, stop))
                found.append(((start, stop), word))
    return found


def is_phone(number: str, before: str = "", *, of_goods: bool = False) -> bool:
    """Return whether a number, as written, is a phone's. before: the text in front of it; of_goods: see `masked`.

    >>> is_phone("+44 20 7946 0958"), is_phone("0171 5500000"), is_phone("13812345678"), is_phone("012345678905"), is_phone("2024-03-05")
    (True, True, True, False, False)
    """
    number = " ".join(number.replace("\u00a0", " ").replace("\u202f", " ").split())
    digits = digits_of(number)
    bare = number == digits
    if not 7 <= len(digits) <= 16 or _DAY.fullmatch(number) or bare and is_gtin(digits) and len(digits) > 8:
        return False
    if number.startswith("+") or number.startswith("00") and digits[2:3] not in ("", "0") and len(digits) >= 11:
        return len(digits) >= 8 and (not bare or not of_goods)
    if _PHONE_SHAPES.fullmatch(number) and 8 <= len(digits) <= 13:
        return True
    if digits.startswith("0") and 9 <= len(digits) <= 12 and digits[1:2] != "0":
        if of_goods:
            return bool(_TRUNK_AREA.fullmatch(number)) or bare and len(digits) in (10, 11) and not is_isbn(digits)
        return bare and len(digits) < 12 or bool(_TRUNK.fullmatch(number))
    if _LABEL.search(before):
        return True
    return not of_goods and bool(_SPACED_NINE.fullmatch(number))


def is_isbn(digits: str) -> bool:
    """Return whether ten digits are an ISBN by its check digit.

    >>> is_isbn("0306406152"), is_isbn("0306406153")
    (True, False)
    """
    return len(digits) == 10 and sum(int(d) * (10 - place) for place, d in enumerate(digits)) % 11 == 0


def shape(text: str) -> str:
    """Return a text with every letter and digit replaced by one that stands for all.

    >>> shape("Ringweg 12, Köln")
    'xxxxxxx 99, xxxx'
    """
    return "".join("x" if c.isalpha() else "9" if c.isdecimal() else c for c in text)


def shown(text: str, *, beside_persons: bool, births: bool) -> str:
    """Return what may be kept of a value that could not be read.

    beside_persons: its file has data about persons, which a shifted row brings into any column: then only numbers are kept, and of words
    the shape. births: the file has dates of birth, which look like any other date.

    >>> shown("1 x", beside_persons=False, births=False), shown("Anna Horn", beside_persons=True, births=False)
    ('1 x', 'xxxx xxxx')
    >>> shown("30.02.2024", beside_persons=True, births=False), shown("1983-04-17", beside_persons=True, births=True)
    ('30.02.2024', '9999-99-99')
    """
    plain = masked(text)
    if not beside_persons or plain != text:
        return plain
    short = len(digits_of(text)) <= _AMOUNT
    return text if not any(map(str.isalpha, text)) and (short or not births) else shape(text)


def is_mail(text: str) -> bool:
    """Return whether a text is a mail address and nothing else."""
    return bool(_MAIL.fullmatch(text.strip()))


def _ascii_digit(c: str) -> str:
    if c.isascii():
        return c
    if c.isdecimal():
        return str(unicodedata.decimal(c))
    return "@" if c == "＠" else "+" if c == "＋" else c
