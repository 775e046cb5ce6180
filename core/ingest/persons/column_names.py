"""What the name of a column says about persons: which attribute of a customer it is, or which personal data it holds."""

from __future__ import annotations

from functools import cache

from core.ingest.names import untyped
from core.ingest.persons import words
from core.messages import Message, msg

BIRTH, AGE, POSTAL_CODE = "birth", "age", "postal_code"  # kinds that enter as bands and regions
ENTERING = ("country", "place", "group", "channel", "gender", "age_band")  # kinds of attributes that enter as they are
KINDS: dict[str, Message] = {
    "names": msg("names of people"),
    "mails": msg("e-mail addresses"),
    "phones": msg("phone numbers"),
    "addresses": msg("postal addresses"),
    "accounts": msg("bank or card numbers"),
    "identity": msg("identity document numbers"),
    "online": msg("online accounts"),
    BIRTH: msg("dates of birth"),
    POSTAL_CODE: msg("postal codes"),
}
_AS_PERSONAL = (BIRTH, POSTAL_CODE)  # attributes that identify persons unless they are made coarser
_LONG = 4  # letters of a word that shows a kind from within a longer name
_GOODS = tuple(
    words.fold(w)
    for w in (
        "product",
        "produkt",
        "produit",
        "producto",
        "prodotto",
        "item",
        "article",
        "artikel",
        "товар",
        "商品",
        "产品",
        "货品",
        "상품",
        "제품",
    )
)


@cache
def attribute_kind(column: str) -> str | None:
    """Return which attribute of a customer a column's name is of; None for all that may not enter.

    >>> attribute_kind("Default Address City"), attribute_kind("Kundengruppe"), attribute_kind("生日"), attribute_kind("Ort")
    ('place', 'group', 'birth', 'place')
    >>> attribute_kind("Strasse"), attribute_kind("notes")
    (None, None)
    """
    whole, rest, each = _split(column)
    kinds = words.names("attributes")
    for kind, names in kinds.items():
        if names.words & {whole, rest} or whole in names.bare or kind in _AS_PERSONAL and _has_part(whole, names.parts):
            return kind
    if personal_kind(column, about_people=True):
        return None
    ends = {word for word in (*each[:1], *each[-1:]) if len(word) >= _LONG}
    return next((kind for kind, names in kinds.items() if names.last & ends or _has_part(whole, names.parts)), None)


@cache
def personal_kind(column: str, *, about_people: bool = False) -> str | None:
    """Return which personal data a column holds by its name, a key of KINDS; None for any other column.

    about_people: the file lists persons, so that a bare "name" is a person's.
    """
    whole, rest, each = _split(column)
    own = {whole, rest, *each}
    of_goods = not about_people and any(word in whole for word in _GOODS)
    for kind, names in words.names("personal").items():
        found = names.words & own or _has_part(whole, names.parts) and not (of_goods and kind == "names")
        if found or about_people and names.bare & own:
            return kind
    attributes = words.names("attributes")
    return next((k for k in _AS_PERSONAL if whole in attributes[k].words or _has_part(whole, attributes[k].parts)), None)


def _split(column: str) -> tuple[str, str, list[str]]:
    """Return a name's words joined, those of them that say what it is joined, and those one by one."""
    each = words.words_of(untyped(column))
    rest = [word for word in each if word not in words.beside()]
    return "".join(each), "".join(rest), rest


def _has_part(whole: str, parts: tuple[str, ...]) -> bool:
    return any(part in whole for part in parts)
