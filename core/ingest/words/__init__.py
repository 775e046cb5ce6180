"""Words that exports use for states, for lines that are no products and for columns, in many languages, from the TOML files here."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

from core.ingest.names import plain
from core.ingest.words.documents import STAGES
from core.ingest.words.documents import words as documents

KINDS = ("sale", "return", "not a sale", "pending")  # what a state counts as
_FOLDER = Path(__file__).parent
_NOT_A_LETTER = re.compile(r"[\W_]+")
_REST = r"([ :–-]*[^\w\s]{0,3}[a-z]{0,3} ?\d[\d.,]*([ -]*[\d\w%€$£]+){0,3})?( ?[(（\[].{0,40}[)）\]])?"  # what `~` stands for in a pattern


def normalised(value: str) -> str:
    """Return a value as it is compared: without case, width, punctuation and WooCommerce's prefix.

    >>> normalised("wc-on_hold"), normalised("(删除)等待付款"), normalised(" Pending  Payment")
    ('on hold', '删除 等待付款', 'pending payment')
    """
    text = unicodedata.normalize("NFKC", value).casefold().replace("\u0307", "").removeprefix("wc-")  # of a Turkish İ
    return _NOT_A_LETTER.sub(" ", text).strip()


@cache
def _states() -> dict:
    return tomllib.loads((_FOLDER / "states.toml").read_text(encoding="utf-8"))


@cache
def _no_products() -> dict:
    return tomllib.loads((_FOLDER / "no_products.toml").read_text(encoding="utf-8"))


@cache
def known_states() -> dict[str, str]:
    """Return normalised word -> what it counts as."""
    states = {normalised(word): kind for kind in KINDS for word in _states()[kind]}
    kinds = {normalised(word): kind for kind in KINDS if kind != "sale" for word in documents("kinds", kind)}
    sold = {word: "sale" for word, stage in document_stages().items() if stage != "delivery"}
    return states | kinds | sold


@cache
def unclear_states() -> dict[str, str]:
    """Return normalised word -> what is proposed for it, of words that systems use in different senses."""
    delivered = {word: "sale" for word, stage in document_stages().items() if stage == "delivery"}
    return delivered | {normalised(word): kind for word, kind in _states()["ask"].items()}


@cache
def document_stages() -> dict[str, str]:
    """Return normalised kind of document -> its stage of a sale; several of them may be of one sale."""
    return {normalised(word): stage for stage in STAGES for word in documents("stages", stage)}


@cache
def finished_deliveries() -> frozenset[str]:
    """Return the normalised states of purchase orders of which nothing more comes."""
    return frozenset(normalised(word) for word in _states()["deliveries"]["done"])


def state_columns(role: str) -> tuple[str, ...]:
    """Return the names of columns of a role: "states", "perhaps", "mostly", "cancelled", or the values that mean "no"."""
    return tuple(_states()["columns"][role])


@cache
def no_product_pattern() -> str:
    """Return the regular expression (RE2, to be matched whole) of lines that are no products."""
    groups = [group["patterns"] for name, group in _no_products().items() if name != "totals"]
    return "(?i)" + "|".join(f"(?:{pattern.replace('~', _REST)})" for patterns in groups for pattern in patterns)


@cache
def total_words(role: str = "words") -> frozenset[str]:
    """Return the normalised words for rows that add up others: "words", "of_groups" or "everywhere"."""
    return frozenset(normalised(word) for word in _no_products()["totals"][role])


@cache
def column_words(role: str) -> tuple[str, ...]:
    """Return the plain names of a role in column_names.toml."""
    return tuple(map(plain, tomllib.loads((_FOLDER / "column_names.toml").read_text(encoding="utf-8"))[role]))
