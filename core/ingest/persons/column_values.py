"""What the values of a column say about persons, whatever its name: mail, phone, card, account, paper, address or name."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.ingest.persons import words
from core.ingest.persons.column_names import KINDS
from core.ingest.persons.free_text import is_mail, is_phone, masked, shape
from core.ingest.persons.numbers import is_card, is_iban, is_paper
from core.messages import Message, msg

SOME = 0.2  # of the filled cells: enough for values that nothing else looks like
MOST = 0.5  # of the filled cells: enough for values that other things look like too
NEARLY_ALL = 0.9  # of the filled cells: for numbers of which every tenth has the right check digit by chance
VARIED = 0.5  # different values to a filled cell, from which on they identify somebody
MANY = 200  # filled cells from which on variety alone decides
SEVERAL = 8  # filled cells from which on the shape of names decides

PEOPLE, SALES, GOODS = "people", "sales", "goods"  # what the rows of a file are about
SINGLE_PERSONS = msg("data that identifies individuals")

_CJK = r"\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af"
_ADDRESS_CJK = re.compile(
    rf"[{_CJK}](?:路|街|巷|弄|大道|胡同|로|길)\s?\d+|[省市区縣县][{_CJK}]*[路街巷道]|[{_CJK}]\d+[-－]\d+[-－]\d+|\d+(?:丁目|番地|室|號)"
)
_HOUSE = re.compile(r"\b\d{1,5}\s?[a-zA-Z]?\b")
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"[^\W\d_]+(?:['’.-]?\s?[^\W\d_]+){0,4}\.?")
_NAME_CJK = re.compile(rf"[{_CJK}]{{2,5}}")


def look(values: list[str | None], about: str = PEOPLE, *, places: bool = False) -> Message | None:
    """Return what a column's values look like, if they are a person's.

    about: what the rows are about. PEOPLE: values that nearly all differ count too; GOODS: only what no article's name or number looks like
    counts. places: the column is of places, and in Chinese and Japanese these are written like names.
    """
    filled = [v.strip() for v in values if v and v.strip()]
    if not filled:
        return None
    if about == GOODS:
        words_for = [masked(v, of_goods=True) for v in filled]
        found = (kind for word, kind in _MASKS.items() if words_for.count(word) >= max(1, SOME * len(filled)))
        return next((KINDS[kind] for kind in found), None)
    for kind, fits, share in _KINDS:
        if sum(map(fits, filled)) >= max(1, share * len(filled)):
            return KINDS[kind]
    varied = len(set(filled)) > VARIED * len(filled)
    named = [v for v in filled if is_name(v) and not (places and _NAME_CJK.fullmatch(v))]
    if varied and len(filled) >= SEVERAL and len(named) >= MOST * len(filled):
        return KINDS["names"]
    return SINGLE_PERSONS if about == PEOPLE and varied and len(filled) >= MANY else None


def shown_names(columns: list[str]) -> list[str]:
    """Return names of columns for a message; of a first line that holds a person's data, and so no names, the shapes.

    >>> shown_names(["sku", "qty"]), shown_names(["Anna", "a@b.org"])
    (['sku', 'qty'], ['xxxx', 'x@x.xxx'])
    """
    holds_data = any(masked(name) != name or is_paper(name) or is_iban(name) or is_address(name) for name in columns)
    return [shape(name) for name in columns] if holds_data else columns


def is_name(text: str) -> bool:
    """Return whether a text has the shape of a person's name and a given name or family name that many have.

    >>> is_name("Anna Schmidt"), is_name("Schmidt, Anna"), is_name("李娜"), is_name("Walnut tray")
    (True, True, True, False)
    """
    text = text.strip()
    if _NAME_CJK.fullmatch(text):
        return any(text.startswith(surname) for surname in words.values("surnames"))
    each = words.fold(text.replace(",", " ")).split()
    return 1 <= len(each) <= 5 and bool(_NAME.fullmatch(text.replace(", ", " "))) and not words.values("given_names").isdisjoint(each)


def is_address(text: str) -> bool:
    """Return whether a text has a street and a number.

    >>> is_address("Ringweg 12"), is_address("12 Rue de la Paix"), is_address("上海市幸福路12号"), is_address("Bonn")
    (True, True, True, False)
    """
    if _ADDRESS_CJK.search(text):
        return True
    if not _HOUSE.search(text):
        return False
    streets = words.values("streets")
    return any(word in streets or any(word.endswith(s) for s in _ENDINGS) for word in _WORD.findall(words.fold(text)))


_ENDINGS = (
    "strasse",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "ring",
    "damm",
    "ufer",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "gatan",
    "vagen",
    "vej",
    "gade",
)

_MASKS = {"[mail]": "mails", "[phone]": "phones", "[card]": "accounts", "[iban]": "accounts", "[id]": "identity"}
_KINDS: tuple[tuple[str, Callable[[str], bool], float], ...] = (
    ("mails", is_mail, SOME),
    ("phones", is_phone, SOME),
    ("identity", is_paper, MOST),
    ("accounts", lambda v: is_iban(v, checked=False), MOST),
    ("accounts", is_card, NEARLY_ALL),
    ("addresses", is_address, MOST),
)
