"""Which candidates come on a list: the highest scores, no two near ones, no brand or supplier with more than its share."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.capabilities.feature.tables import BELOW, BRAND, LISTED, NEAR, SUPPLIER


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


def place(
    candidates: Sequence[Candidate],
    near: Mapping[str, Collection[str]],
    length: int,
    *,
    brand_share: float = 1.0,
    supplier_share: float = 1.0,
    pinned: Collection[str] = (),
    excluded: Collection[str] = (),
) -> list[Placed]:
    """Return what becomes of the candidates, the best first. Pinned ones come first and always; excluded ones are left out whole.

    near: product -> those whose text is near. A brand or supplier has at most its share of `length` places, and at least one; products
    without one are not counted.
    """
    listed: dict[str, None] = {}
    full = {BRAND: max(math.floor(brand_share * length + 1e-9), 1), SUPPLIER: max(math.floor(supplier_share * length + 1e-9), 1)}
    counts: dict[str, Counter] = {BRAND: Counter(), SUPPLIER: Counter()}
    found = []
    for one in sorted((c for c in candidates if c.product_id not in excluded), key=lambda c: c.product_id not in pinned):
        names = {BRAND: one.brand, SUPPLIER: one.supplier}
        close = next((other for other in listed if other in near.get(one.product_id, ()) or one.product_id in near.get(other, ())), "")
        state = LISTED
        if one.product_id not in pinned:
            over = [kind for kind, name in names.items() if name and counts[kind][name] >= full[kind]]
            state = BELOW if len(listed) >= length else NEAR if close else over[0] if over else LISTED
        if state == LISTED:
            listed[one.product_id] = None
            for kind, name in names.items():
                counts[kind][name] += bool(name)
        found.append(Placed(one.product_id, state, close if state == NEAR else ""))
    return found


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
