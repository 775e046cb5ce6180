"""Which candidates come on a list: the highest scores, no two near ones, each brand and supplier with at most and at least its share."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.capabilities.feature.tables import BELOW, BRAND, LISTED, NEAR, RESERVED, SUPPLIER
from core.settings import FeatureSettings


@dataclass(frozen=True)
class Candidate:
    product_id: str
    brand: str | None = None
    supplier: str | None = None


@dataclass(frozen=True)
class Placed:
    """A candidate and what became of it: one of core.capabilities.feature.tables. near: the listed product that it is near."""

    product_id: str
    state: str
    near: str = ""


@dataclass(frozen=True)
class Shares:
    """How much of a list each brand and each supplier may have and gets, from 0 to 1."""

    most_brand: float = 1.0
    most_supplier: float = 1.0
    least_brand: float = 0.0
    least_supplier: float = 0.0

    @classmethod
    def of(cls, rules: FeatureSettings) -> Shares:
        return cls(rules.max_share_brand, rules.max_share_supplier, rules.min_share_brand, rules.min_share_supplier)

    def most(self, length: int) -> dict[str, int]:
        """Return the most places of a brand and a supplier, at least one."""
        return {
            kind: max(math.floor(share * length + 1e-9), 1) for kind, share in ((BRAND, self.most_brand), (SUPPLIER, self.most_supplier))
        }

    def least(self, length: int) -> dict[str, int]:
        """Return the fewest places of a brand and a supplier."""
        return {kind: math.ceil(share * length - 1e-9) for kind, share in ((BRAND, self.least_brand), (SUPPLIER, self.least_supplier))}


def place(
    candidates: Sequence[Candidate],
    near: Mapping[str, Collection[str]],
    length: int,
    shares: Shares = Shares(),
    *,
    pinned: Sequence[str] = (),
    excluded: Collection[str] = (),
) -> list[Placed]:
    """Return what becomes of the candidates, the best first.

    near: product -> those whose text is near. Pinned ones come first, in their order, and always; excluded ones are left out. Products
    without a brand or supplier are not counted in its shares. Where there are more brands with a smallest share than places, those with
    the best candidates get them.
    """
    order = {product: k for k, product in enumerate(pinned)}
    kept = sorted((c for c in candidates if c.product_id not in excluded), key=lambda c: order.get(c.product_id, len(order)))
    most, counts, owed = shares.most(length), Counter[tuple[str, str]](), _owed(kept, shares, length)
    listed: list[str] = []
    states: dict[str, tuple[str, str]] = {}  # state, near

    def judge(one: Candidate, last: bool) -> None:
        nonlocal owed
        close = next((other for other in listed if other in near.get(one.product_id, ()) or one.product_id in near.get(other, ())), "")
        state = LISTED
        if one.product_id not in order:
            over = next((kind for kind, name in _names(one) if counts[kind, name] >= most[kind]), "")
            left = length - len(listed) - 1
            enough = last or left >= _places(owed - Counter(_names(one)))
            state = BELOW if left < 0 else NEAR if close else over or (LISTED if enough else RESERVED)
        if state == LISTED:
            listed.append(one.product_id)
            counts.update(_names(one))
            owed -= Counter(_names(one))
        states[one.product_id] = (state, close if state == NEAR else "")

    for one in kept:
        judge(one, last=False)
    for one in kept:  # places that nobody could take, since the brand's other products are near listed ones
        if states[one.product_id][0] == RESERVED and len(listed) < length:
            judge(one, last=True)
    return [Placed(one.product_id, *states[one.product_id]) for one in kept]


def _names(one: Candidate) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in ((BRAND, one.brand), (SUPPLIER, one.supplier)) if name]


def _owed(candidates: Sequence[Candidate], shares: Shares, length: int) -> Counter[tuple[str, str]]:
    """Return the fewest places of each brand and supplier, as far as its candidates and the list go."""
    there = Counter(key for one in candidates for key in _names(one))  # in the order of the best candidates
    least, most, left = shares.least(length), shares.most(length), {BRAND: length, SUPPLIER: length}
    found = Counter[tuple[str, str]]()
    for key, count in there.items():
        found[key] = min(least[key[0]], most[key[0]], count, left[key[0]])
        left[key[0]] -= found[key]
    return found


def _places(owed: Counter[tuple[str, str]]) -> int:
    """Return how many places are kept at least: one product serves its brand and its supplier."""
    return max(sum(count for (kind, _), count in owed.items() if kind == one) for one in (BRAND, SUPPLIER))


def moved(order: Sequence[str], chosen: Collection[str], up: bool) -> list[str]:
    """Return an order with the chosen products one place further up or down.

    >>> moved(["a", "b", "c", "d"], {"b", "d"}, up=True)
    ['b', 'a', 'd', 'c']
    >>> moved(["a", "b", "c"], {"a"}, up=False)
    ['b', 'a', 'c']
    """
    found = list(order) if up else list(reversed(order))
    for k in range(1, len(found)):
        if found[k] in chosen and found[k - 1] not in chosen:
            found[k - 1], found[k] = found[k], found[k - 1]
    return found if up else found[::-1]


def pairs(rows: Iterable[tuple[str, str, float]], similarity: float) -> dict[str, set[str]]:
    """Return product -> those at least so similar. rows: product, neighbour, similarity.

    >>> pairs([("a", "b", 0.95), ("a", "c", 0.5)], 0.9)
    {'a': {'b'}}
    """
    found: dict[str, set[str]] = {}
    for product, neighbour, close in rows:
        if close >= similarity:
            found.setdefault(product, set()).add(neighbour)
    return found


def new_seed() -> int:
    return secrets.randbelow(2**31)


def hold_out(products: Sequence[str], share: float, seed: int) -> list[str]:
    """Return the products that are left out as a control: a share of the list, drawn by the seed, in the list's order.

    At least one and not all of them; none for a share of 0 and for a list of one.

    >>> hold_out(["a", "b", "c", "d", "e"], 0.4, 7)
    ['a', 'c']
    """
    count = min(max(round(share * len(products)), 1), len(products) - 1) if share > 0 and len(products) > 1 else 0
    drawn = set(np.random.default_rng(seed).permutation(len(products))[:count].tolist())
    return [product for k, product in enumerate(products) if k in drawn]
