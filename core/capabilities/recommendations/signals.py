"""What one day's data say about each customer's interest in each product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse

from core.capabilities.recommendations.associations import associations
from core.capabilities.recommendations.purchases import Purchases

HALF_LIVES = (30, 90, 270)  # days in which a purchase comes to count half
POPULAR = (14, 28, 84)  # days over which buyers are counted
AGAIN = (
    *(f"own_{days}d" for days in HALF_LIVES),
    "days_bought",
    "days_since",
    "bought_again",
    "bought_with",
    "similar",
    *(f"popular_{days}d" for days in POPULAR),
    "purchases",
    "purchases_30d",
)
NEW = ("bought_with", "similar", "category", *(f"popular_{days}d" for days in POPULAR), "purchases", "purchases_30d")
_NEVER = 1_000  # days
_FLOORS = {"own": 0.02, "bought_with": 0.003, "similar": 0.05, "category": 1e-4}  # about the smallest values that tell products apart


@dataclass(frozen=True)
class Signals:
    """Signals at the end of a day.

    known    purchases until that day
    similar  (products, products) sparse: similarity of the texts of near products, 0 elsewhere
    """

    day: int
    known: Purchases
    similar: sparse.csr_matrix

    @classmethod
    def on(cls, purchases: Purchases, day: int, similar: sparse.csr_matrix) -> Signals:
        return cls(day, purchases.until(day), similar)

    def of(self, customers: np.ndarray) -> dict[str, np.ndarray]:
        """Return each signal as (customers, products) float32, logarithms but for counts of 0 to 1."""
        own = {days: self.own[days][customers] for days in HALF_LIVES}
        long, middle = own[HALF_LIVES[-1]], own[HALF_LIVES[1]]
        shape = (len(customers), self.known.products)
        since = self.since[customers].toarray()
        return {
            **{f"own_{days}d": _log(found.toarray(), "own") for days, found in own.items()},
            "days_bought": np.log1p(self.days_bought[customers].toarray()),
            "days_since": np.log1p(np.where(since > 0, since - 1, _NEVER)).astype(np.float32),
            "bought_again": np.broadcast_to(self.bought_again, shape),
            "bought_with": _log(_dense(long @ self.weights), "bought_with"),
            "similar": _log(_dense(middle @ self.similar), "similar"),
            "category": self._category(long),
            **{f"popular_{days}d": np.broadcast_to(self.popular[days], shape) for days in POPULAR},
            "purchases": np.broadcast_to(np.log1p(_row_sums(long))[:, None], shape),
            "purchases_30d": np.broadcast_to(np.log1p(_row_sums(own[HALF_LIVES[0]]))[:, None], shape),
        }

    @cached_property
    def own(self) -> dict[int, sparse.csr_matrix]:
        """Each customer's own purchases, by half-life: a purchase counts 1 on its day."""
        age = (self.day - self.known.day).astype(np.float32)
        return {days: self.known.matrix(0.5 ** (age / days)) for days in HALF_LIVES}

    @cached_property
    def days_bought(self) -> sparse.csr_matrix:
        return self.known.matrix(None)

    @cached_property
    def since(self) -> sparse.csr_matrix:
        """1 + the days since each customer last bought each product; no entry where never."""
        latest = np.lexsort((self.known.day, self.known.product, self.known.customer))
        customer, product = self.known.customer[latest], self.known.product[latest]
        last = np.append((customer[1:] != customer[:-1]) | (product[1:] != product[:-1]), True)[: len(latest)]
        age = (self.day - self.known.day[latest][last] + 1).astype(np.float32)
        return sparse.csr_matrix((age, (customer[last], product[last])), shape=(self.known.customers, self.known.products))

    @cached_property
    def bought_again(self) -> np.ndarray:
        """(products,): log share of a product's buyers who bought it on another day too, drawn to the shop's where few bought it."""
        pairs = self.days_bought
        buyers = np.bincount(pairs.indices, minlength=self.known.products)
        again = np.bincount(pairs.indices[pairs.data > 1], minlength=self.known.products)
        usual = (again.sum() + 0.5) / (buyers.sum() + 1)
        return np.log((again + 10 * usual) / (buyers + 10)).astype(np.float32)

    @cached_property
    def weights(self) -> np.ndarray | sparse.csr_matrix:
        return associations(self.own[HALF_LIVES[-1]])

    @cached_property
    def popular(self) -> dict[int, np.ndarray]:
        """(products,): log share of the last days' buyers, by the number of days."""
        counts = {days: self.known.buyers(self.day, days) for days in POPULAR}
        return {days: np.log((found + 0.5) / (found.sum() + 1)).astype(np.float32) for days, found in counts.items()}

    def _category(self, own: sparse.csr_matrix) -> np.ndarray:
        """Log share of the customer's purchases in the product's category, times the product's share of that category's buyers."""
        share = (_dense(own @ self._members) + self._usual) / (_row_sums(own)[:, None] + 1)
        return _log(share, "category")[:, self.known.category] + self._share_of_category

    @cached_property
    def _members(self) -> sparse.csr_matrix:
        category = self.known.category
        return sparse.csr_matrix(
            (np.ones(len(category), np.float32), (np.arange(len(category)), category)), shape=(len(category), category.max(initial=0) + 1)
        )

    @cached_property
    def _usual(self) -> np.ndarray:
        bought = np.asarray(self.own[HALF_LIVES[-1]].sum(0)).ravel() @ self._members
        return (bought / max(bought.sum(), 1e-9)).astype(np.float32)

    @cached_property
    def _share_of_category(self) -> np.ndarray:
        buyers = self.known.buyers(self.day, POPULAR[-1])
        whole = np.bincount(self.known.category, buyers)[self.known.category]
        return np.log((buyers + 0.5) / (whole + 1)).astype(np.float32)


def _log(values: np.ndarray, name: str) -> np.ndarray:
    return np.log(np.maximum(values, 0) + _FLOORS[name], dtype=np.float32)


def _dense(values: Any) -> np.ndarray:
    """Return a product of a sparse matrix and a sparse or dense one as an array."""
    return values.toarray() if sparse.issparse(values) else np.asarray(values)


def _row_sums(values: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(values.sum(1), dtype=np.float32).ravel()
