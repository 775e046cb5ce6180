"""Who bought what on which day, as numbers: what recommendations are learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import scipy.sparse as sparse

EPOCH = date(1970, 1, 1)  # days are counted from here


@dataclass(frozen=True)
class Purchases:
    """Purchases of known customers, one a customer, product and day.

    customer, product  (n,) int32: places in the lists of customers and products; day: (n,) int32, days since 1970
    customers, products  how many there are of each
    category             (products,) int32: the category of each product; products without one share a number
    """

    customer: np.ndarray
    product: np.ndarray
    day: np.ndarray
    customers: int
    products: int
    category: np.ndarray

    def until(self, day: int) -> Purchases:
        """Return what was known at the end of a day."""
        return self._where(self.day <= day)

    def bought(self, after: int, until: int) -> sparse.csr_matrix:
        """Return (customers, products): 1 where a customer bought a product after one day and until another."""
        found = self._where((self.day > after) & (self.day <= until)).matrix(None)
        found.data[:] = 1
        return found

    def matrix(self, weight: np.ndarray | None) -> sparse.csr_matrix:
        """Return (customers, products) sums of weights (n,), by default the number of days with a purchase."""
        weight = np.ones(len(self.day), np.float32) if weight is None else weight.astype(np.float32)
        found = sparse.csr_matrix((weight, (self.customer, self.product)), shape=(self.customers, self.products))
        found.sum_duplicates()
        return found

    def buyers(self, day: int, days: int) -> np.ndarray:
        """Return (products,): customers with a purchase in the last `days` days, counted once a day."""
        return np.bincount(self.product[(self.day > day - days) & (self.day <= day)], minlength=self.products).astype(np.float64)

    def _where(self, kept: np.ndarray) -> Purchases:
        return Purchases(self.customer[kept], self.product[kept], self.day[kept], self.customers, self.products, self.category)
