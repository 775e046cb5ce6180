"""What one day's data say about each customer's interest in each product.

Most of it is the same for all customers or for all products, or is nothing for most products: only sums of it are ever held for every
customer and product of a block.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse

from core.capabilities.recommendations.associations import associations
from core.capabilities.recommendations.purchases import Purchases

HALF_LIVES = (30, 90, 270)  # days in which a purchase comes to count half
POPULAR = (14, 28, 84)  # days over which buyers are counted
_OF_PRODUCT = tuple(f"popular_{days}d" for days in POPULAR)
_OF_CUSTOMER = ("purchases", "purchases_30d")
_OF_BOTH = ("bought_with", "similar", "category")
_OF_BOUGHT = (*(f"own_{days}d" for days in HALF_LIVES), "days_bought", "days_since")
AGAIN = (*_OF_BOUGHT, "bought_again", "bought_with", "similar", *_OF_PRODUCT, *_OF_CUSTOMER)
NEW = (*_OF_BOTH, *_OF_PRODUCT, *_OF_CUSTOMER)
_FLOORS = {"own": 0.02, "bought_with": 0.003, "similar": 0.05, "category": 1e-4}  # about the smallest values that tell products apart


@dataclass(frozen=True)
class Signals:
    """Signals at the end of a day. All matrices by customer and product have an entry for each product that the customer bought.

    known    purchases until that day
    similar  (products, products) sparse: similarity of the texts of near products, 0 elsewhere
    """

    day: int
    known: Purchases
    similar: sparse.csr_matrix

    def of(self, customers: np.ndarray) -> Block:
        return Block(self, customers)

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

    @cached_property
    def members(self) -> sparse.csr_matrix:
        category = self.known.category
        return sparse.csr_matrix(
            (np.ones(len(category), np.float32), (np.arange(len(category)), category)), shape=(len(category), category.max(initial=0) + 1)
        )

    @cached_property
    def usual_category(self) -> np.ndarray:
        bought = np.asarray(self.own[HALF_LIVES[-1]].sum(0)).ravel() @ self.members
        return (bought / max(bought.sum(), 1e-9)).astype(np.float32)

    @cached_property
    def share_of_category(self) -> np.ndarray:
        buyers = self.known.buyers(self.day, POPULAR[-1])
        whole = np.bincount(self.known.category, buyers)[self.known.category]
        return np.log((buyers + 0.5) / (whole + 1)).astype(np.float32)


@dataclass(frozen=True)
class Block:
    """The signals of some customers: logarithms but for counts of 0 to 1."""

    signals: Signals
    customers: np.ndarray

    @cached_property
    def bought(self) -> sparse.csr_matrix:
        """(customers, products): days on which each bought each product."""
        return self.signals.days_bought[self.customers]

    @cached_property
    def own(self) -> dict[int, sparse.csr_matrix]:
        """Signals.own of these customers."""
        return {days: found[self.customers] for days, found in self.signals.own.items()}

    @cached_property
    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of what was bought, in the order of `again`."""
        return np.repeat(np.arange(len(self.customers)), np.diff(self.bought.indptr)), self.bought.indices

    @cached_property
    def before(self) -> np.ndarray:
        """(customers, products) bool: whether each bought each product."""
        found = np.zeros(self.bought.shape, bool)
        found[self.cells] = True
        return found

    @cached_property
    def again(self) -> np.ndarray:
        """(bought, AGAIN) signals of what was bought."""
        row, column = self.cells
        own = [_log(self.own[days].data, "own") for days in HALF_LIVES]
        since = np.log1p(self.signals.since[self.customers].data - 1)
        counts = [np.log1p(self.bought.data), since, self.signals.bought_again[column]]
        new = self.new(row, column)
        return np.column_stack([*own, *counts, *(new[:, NEW.index(name)] for name in AGAIN[len(own) + len(counts) :])])

    def new(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return (cells, NEW) signals at some rows and columns."""
        return np.column_stack(
            [
                *(self._of_both(name, row, column) for name in _OF_BOTH),
                *(values[column] for values in self.signals.popular.values()),
                *(values[row] for values in self._of_customer),
            ]
        )

    def total(self, weights: np.ndarray, intercept: float) -> np.ndarray:
        """Return (customers, products) float32: intercept + signals @ weights (NEW,)."""
        weight = dict(zip(NEW, weights.astype(np.float32)))
        category, of_category = self._category
        of_product = weight["category"] * of_category
        of_product = sum((weight[name] * values for name, values in zip(_OF_PRODUCT, self.signals.popular.values())), of_product)
        of_customer = np.float32(intercept) + np.sum(
            [weight[name] * values for name, values in zip(_OF_CUSTOMER, self._of_customer)], axis=0
        )
        found = (weight["category"] * category)[:, self.signals.known.category]
        found += of_product
        found += of_customer[:, None]
        for name, values in self._summed.items():
            found += weight[name] * values
        return found

    def _of_both(self, name: str, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        if name == "category":
            category, of_category = self._category
            return category[row, self.signals.known.category[column]] + of_category[column]
        return self._summed[name][row, column]

    @cached_property
    def _summed(self) -> dict[str, np.ndarray]:
        """(customers, products): what own purchases say of other products, by how they go together and by their texts."""
        with_, like = self.own[HALF_LIVES[-1]] @ self.signals.weights, self.own[HALF_LIVES[1]] @ self.signals.similar
        return {"bought_with": _log(with_, "bought_with"), "similar": _log(like, "similar")}

    @cached_property
    def _category(self) -> tuple[np.ndarray, np.ndarray]:
        """(customers, categories): log share of the customer's purchases; (products,): log share of the category's buyers."""
        own = self.own[HALF_LIVES[-1]]
        share = ((own @ self.signals.members).toarray() + self.signals.usual_category) / (_row_sums(own)[:, None] + 1)
        return _log(share, "category"), self.signals.share_of_category

    @cached_property
    def _of_customer(self) -> tuple[np.ndarray, ...]:
        return tuple(np.log1p(_row_sums(self.own[days])) for days in (HALF_LIVES[-1], HALF_LIVES[0]))


@dataclass(frozen=True)
class Past:
    """The signals at the end of any day, made once a day: fits and checks share days."""

    purchases: Purchases
    similar: sparse.csr_matrix
    _made: dict[int, Signals] = field(default_factory=dict, repr=False, compare=False)

    def on(self, day: int) -> Signals:
        if day not in self._made:
            self._made[day] = Signals(day, self.purchases.until(day), self.similar)
        return self._made[day]


def _log(values: Any, name: str) -> np.ndarray:
    """Return logarithms above the signal's floor as an array; of a sparse matrix, those of its entries alone are computed."""
    floor = _FLOORS[name]
    if not sparse.issparse(values):
        return np.log(np.maximum(values, 0) + floor, dtype=np.float32)
    nothing = np.float32(np.log(floor))
    found = sparse.csr_matrix((_log(values.data, name) - nothing, values.indices, values.indptr), shape=values.shape).toarray()
    found += nothing
    return found


def dense(values: Any) -> np.ndarray:
    """Return a product of a sparse matrix and a sparse or dense one as an array."""
    return values.toarray() if sparse.issparse(values) else np.asarray(values)


def _row_sums(values: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(values.sum(1), dtype=np.float32).ravel()
