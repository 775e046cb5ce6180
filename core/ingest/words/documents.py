"""Words for documents of trade, from documents.toml: which of them are sales, and which names speak of quotations or purchases."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

from core.ingest.names import plain

QUOTATIONS, PURCHASES = "quotations", "purchases"
STAGES = ("order", "delivery", "invoice")  # documents of one sale, in this order
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_A_LETTER = re.compile(r"[\W_]+")


@cache
def words(group: str, role: str) -> tuple[str, ...]:
    """Return the words of a role within a group, such as ("stages", "order"), as the file writes them."""
    found = tomllib.loads(Path(__file__).with_name("documents.toml").read_text(encoding="utf-8"))
    return tuple(found[group][role])


@cache
def plain_names(group: str, role: str) -> frozenset[str]:
    """Return the plain names of columns of a role."""
    return frozenset(map(plain, words(group, role)))


def speaks_of(group: str, name: str, *more: str) -> bool:
    """Return whether the name of a column, file or sheet speaks of quotations or purchases. more: roles of further words that count.

    >>> [speaks_of(QUOTATIONS, name) for name in ("QuoteNumber", "N° devis", "Devise", "报价单号")]
    [True, True, False, True]
    """
    text = _NOT_A_LETTER.sub(" ", unicodedata.normalize("NFKC", _CAMEL.sub(" ", name)).casefold()).strip()
    return bool(_pattern(group, ("words", *more)).search(text)) or any(part in text for part in words(group, "parts"))


@cache
def _pattern(group: str, roles: tuple[str, ...]) -> re.Pattern:
    each = "|".join(f"(?:{word})" for role in roles for word in words(group, role))
    return re.compile(rf"(?<!\w)(?:{each})(?!\w)")


@cache
def prefixes() -> dict[str, str]:
    """Return what the number of a document begins with -> QUOTATIONS or PURCHASES."""
    return {prefix: group for group in (QUOTATIONS, PURCHASES) for prefix in words("prefixes", group)}
