"""How much will a new product sell in its first 8 weeks? From similar products at first, then from its own first weeks too.

Everything is learnt from the shop's own past launches: a regression for each age in weeks, on logarithms of units, whose residuals give
the range. Arrays only: units are (products, weeks), oldest week first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

SPAN = 8  # weeks that are forecast, from the first week with a sale on
AGES = (0, 1, 2, 4)  # weeks on sale after which there is a regression of its own
_PULL = 0.3  # weight of the average product beside the similar ones
_POWER = 4  # of the similarity: near texts count most
FEWEST = 20  # launches to learn from
_PENALTY = 1.0
_LEVELS = (0.1, 0.9)


@dataclass(frozen=True)
class Launches:
    """units: (products, weeks) sold; similar: (products, products) sparse similarity of texts; first: (products,) first week with a
    sale, -1 = none."""

    units: np.ndarray
    similar: sparse.csr_matrix
    first: np.ndarray

    @classmethod
    def of(cls, units: np.ndarray, similar: sparse.csr_matrix) -> Launches:
        sold = units > 0
        return cls(units, similar, np.where(sold.any(1), sold.argmax(1), -1))

    def sold(self, products: np.ndarray, start: np.ndarray, weeks: int) -> np.ndarray:
        """Return (n,) units of each product in so many weeks from its start week on."""
        total = np.concatenate([np.zeros((len(self.units), 1)), self.units.cumsum(1)], axis=1)
        ends = np.clip(np.stack([start, start + weeks]), 0, self.units.shape[1])
        return total[products, ends[1]] - total[products, ends[0]]

    def analogues(self, product: int, week: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the similar products that were on sale for 2 weeks or more before a week, nearest first, and their similarities."""
        start, end = self.similar.indptr[product], self.similar.indptr[product + 1]
        others, near = self.similar.indices[start:end], self.similar.data[start:end]
        kept = (self.first[others] >= 0) & (self.first[others] <= week - 2) & (near > 0)
        order = np.argsort(-near[kept], kind="stable")
        return others[kept][order], near[kept][order]

    def score(self, product: int, week: int, usual: float) -> float:
        """Return the mean logarithm of what its analogues sold in the 8 weeks before a week, drawn to the `usual` of all products."""
        others, near = self.analogues(product, week)
        weight = near**_POWER
        sold = np.log1p(self.sold(others, np.full(len(others), week - SPAN), SPAN))
        return float((weight @ sold + _PULL * usual) / (weight.sum() + _PULL))

    def usual(self, week: int) -> float:
        """Return the mean logarithm of what the products on sale sold in the 8 weeks before a week."""
        sold = self.units[:, max(week - SPAN, 0) : week].sum(1)
        return float(np.log1p(sold[sold > 0]).mean()) if (sold > 0).any() else 0.0

    def past(self, until: int) -> np.ndarray:
        """Return the products whose first 8 weeks were over by a week; those on sale from the data's first 8 weeks on are no launches."""
        return np.flatnonzero((self.first >= SPAN) & (self.first + SPAN <= until))


@dataclass(frozen=True)
class Potential:
    """Regressions by age: weights of (1, score, logarithm of the units so far); low, high: 10% and 90% quantile of the residuals."""

    weights: dict[int, np.ndarray]
    low: dict[int, float]
    high: dict[int, float]
    launches: int

    def units(self, score: np.ndarray, so_far: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return (n, 3): low, middle and high units of the first 8 weeks; never below what was sold already.

        score, so_far: (n,) of Launches.score and units sold; age: (n,) whole weeks on sale, 0 before the first sale.
        """
        known = np.array([max(a for a in AGES if a <= weeks) for weeks in age], int)
        middle = np.array([self.weights[a] @ (1.0, s, np.log1p(u)) for a, s, u in zip(known, score, so_far)]).reshape(-1)
        ends = np.stack([middle + [self.low[a] for a in known], middle, middle + [self.high[a] for a in known]], axis=1)
        return np.maximum(np.expm1(ends), so_far[:, None])


def fit(launches: Launches, until: int) -> Potential | None:
    """Learn from the launches whose 8 weeks were over by a week; None where there are fewer than 20."""
    past = launches.past(until)
    if len(past) < FEWEST:
        return None
    start = launches.first[past]
    usual = {week: launches.usual(week) for week in np.unique(start)}
    score = np.array([launches.score(product, week, usual[week]) for product, week in zip(past, start)])
    outcome = np.log1p(launches.sold(past, start, SPAN))
    weights, low, high = {}, {}, {}
    for age in AGES:
        values = np.column_stack([np.ones(len(past)), score, np.log1p(launches.sold(past, start, age))])
        penalty = np.diag([0.0, _PENALTY, 1.0 if age else 1e9])  # nothing is sold before the first day
        inverse = np.linalg.inv(values.T @ values + penalty)
        weights[age] = inverse @ values.T @ outcome
        leverage = np.einsum("ij,jk,ik->i", values, inverse, values)
        residual = (outcome - values @ weights[age]) / np.maximum(1 - leverage, 0.5)  # as if each launch had been left out
        low[age], high[age] = np.quantile(residual, _LEVELS)
    return Potential(weights, low, high, len(past))
