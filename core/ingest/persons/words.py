"""The words of persons.toml, folded so that spelling variants are equal."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("persons.toml")
_HUMP = re.compile(r"(?<=[a-zà-þ0-9])(?=[A-ZÀ-Þ])")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Names:
    """How columns of one kind are named; persons.toml says what each list means."""

    words: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()
    bare: frozenset[str] = frozenset()


def fold(text: str) -> str:
    """Return a text without case and accents.

    >>> fold("Straße"), fold("Téléphone"), fold("ＴＥＬ"), fold("IŞIK")
    ('strasse', 'telephone', 'tel', 'isik')
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if unicodedata.category(c) != "Mn")).replace("ı", "i")


def words_of(name: str) -> list[str]:
    """Return the folded words of a name, without the numbers at their ends.

    >>> words_of("billingAddress2"), words_of("Default Address City")
    (['billing', 'address'], ['default', 'address', 'city'])
    """
    found = (word.rstrip("0123456789") for word in _WORD.findall(fold(_HUMP.sub(" ", name))))
    return [word for word in found if word]


@cache
def _content() -> dict:
    with _FILE.open("rb") as stream:
        return tomllib.load(stream)


@cache
def names(section: str) -> dict[str, Names]:
    """Return kind -> names of its columns. section: "attributes" or "personal"."""
    return {
        kind: Names(
            _joined(lists.get("words", ())),
            _joined(lists.get("last", ())),
            tuple(_joined(lists.get("parts", ()))),
            _joined(lists.get("bare", ())),
        )
        for kind, lists in _content()[section].items()
    }


@cache
def beside() -> frozenset[str]:
    """Return words of a name that say whose or which, and not what."""
    return _joined(_content()["beside"]["words"])


@cache
def values(name: str) -> frozenset[str]:
    """Return words of values. name: "given_names", "surnames" or "streets"."""
    return frozenset(map(fold, _content()["values"][name]))


def _joined(listed) -> frozenset[str]:
    return frozenset("".join(_WORD.findall(fold(word))) for word in listed)
