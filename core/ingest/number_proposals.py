"""Which product may be an older one under a new number? Proposed from titles and from the days on which they sold; never stored by itself.

A pair is proposed where one product stopped selling about when the other began, and their titles are equal or nearly so. Titles that
differ in nothing but a number of the model (`Kettle 3`, `Kettle 4`) make it a successor.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher

OVERLAP = timedelta(days=28)  # for so long the old one may still sell after the new one's first sale
GAP = timedelta(days=56)  # for so long neither may sell
QUIET = timedelta(days=28)  # one that sold within so many days of the last day has not stopped, and one that sold so early is not new
ALIKE = 0.9  # from this share of equal characters on, titles are nearly equal
PRICES = 1.5  # the dearer of the two costs at most so many times the other
_COMMON = 200  # a word of more titles tells none of them apart
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Sold:
    """One product: what is known of it and when it sold. price_cents: None where unknown."""

    product_id: str
    title: str
    brand: str
    category: str
    price_cents: float | None
    first_day: date
    last_day: date
    units: float


@dataclass(frozen=True)
class Proposal:
    """One pair with its evidence. kind: "renamed" or "successor"; likeness: of the titles, from 0 to 1."""

    old: Sold
    new: Sold
    kind: str
    likeness: float


def propose(products: Iterable[Sold], decided: Iterable[tuple[str, str]] = ()) -> list[Proposal]:
    """Return the likely pairs, the most alike first; each product is in one. decided: pairs (old, new) that a person has told apart.

    Products whose title has others that sell before and after the change are variants of each other, and none is proposed.
    """
    sold = list(products)
    if not sold:
        return []
    begin, end = min(p.first_day for p in sold), max(p.last_day for p in sold)
    words = {p.product_id: tuple(sorted(_WORD.findall(p.title.lower()))) for p in sold}
    stopped = [p for p in sold if end - p.last_day > QUIET]
    begun = [p for p in sold if p.first_day - begin > QUIET]
    common = Counter(word for p in begun for word in set(words[p.product_id]))
    with_word: dict[str, list[Sold]] = defaultdict(list)
    for p in begun:
        for word in set(words[p.product_id]):
            if common[word] <= _COMMON:
                with_word[word].append(p)
    told_apart, found = set(decided), []
    for old in stopped:
        near = {p.product_id: p for word in set(words[old.product_id]) for p in with_word[word] if _may_follow(old, p)}
        for new in near.values():
            compared = _compared(words[old.product_id], words[new.product_id])
            if compared and (old.product_id, new.product_id) not in told_apart:
                found.append(Proposal(old, new, *compared))
    titles: dict[tuple[str, ...], list[Sold]] = defaultdict(list)
    for p in sold:
        titles[words[p.product_id]].append(p)
    found = [p for p in found if not _are_variants(p, titles[words[p.old.product_id]])]
    found.sort(key=lambda p: (-p.likeness, abs(p.new.first_day - p.old.last_day), -p.old.units, p.old.product_id, p.new.product_id))
    return _each_once(found)


def _may_follow(old: Sold, new: Sold) -> bool:
    """Return whether one product may have taken the place of another, by days, brand, category and price."""
    alike = all(not a or not b or a == b for a, b in ((old.brand, new.brand), (old.category, new.category)))
    prices = old.price_cents and new.price_cents and max(old.price_cents, new.price_cents) / min(old.price_cents, new.price_cents)
    in_time = -OVERLAP <= new.first_day - old.last_day <= GAP
    return in_time and alike and old.first_day < new.first_day and (not prices or prices <= PRICES)


def _compared(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, float] | None:
    """Return (kind, likeness) of two titles by their words; None where they are of different products."""
    letters = [[word for word in words if not _DIGIT.search(word)] for words in (old, new)]
    digits = [[word for word in words if _DIGIT.search(word)] for words in (old, new)]
    if digits[0] != digits[1]:
        return ("successor", ALIKE) if letters[0] and letters[0] == letters[1] else None
    matcher = SequenceMatcher(None, " ".join(old), " ".join(new), autojunk=False)
    return ("renamed", matcher.ratio()) if matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE else None


def _are_variants(p: Proposal, same_title: list[Sold]) -> bool:
    """Return whether a third product of the old one's title sells on through the change."""
    return any(q not in (p.old, p.new) and q.first_day <= p.old.last_day and q.last_day >= p.new.first_day for q in same_title)


def _each_once(proposals: list[Proposal]) -> list[Proposal]:
    taken: set[str] = set()
    kept = []
    for p in proposals:
        if not taken & {p.old.product_id, p.new.product_id}:
            kept.append(p)
            taken |= {p.old.product_id, p.new.product_id}
    return kept
