"""How much will a new product sell in its first 8 weeks? From similar products at first, then from its own first weeks too.

Everything is learnt from the shop's own past launches: a regression for each age in weeks, on logarithms of units. Regressions of the
older half are tried on the newer half: their errors there give the range, and similar products count only where they rank it better.
Arrays only: units are (products, weeks), oldest week first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from scipy.stats import rankdata

SPAN = 8  # weeks that are forecast, from the first week with a sale on
AGES = tuple(range(SPAN))  # whole weeks on sale, each with a regression of its own
FEWEST = 20  # launches to learn from
LEVEL = 0.8  # of the range
BEST = 0.75  # standing from which on a launch is one of the best
_PULL = 0.3  # weight of the average product beside the similar ones
_POWER = 4  # of the similarity of texts: near ones count most
_OTHER, _DEARER = 0.1, 0.2  # what stays of the weight in another category or of another brand, and at an infinitely higher price
_PENALTY = 1.0
_SURE = 2.0  # standard errors by which similar products must rank the newer launches better


@dataclass(frozen=True)
class Launches:
    """units: (products, weeks) sold; like: (products, products) sparse weights; first: (products,) first week with a sale, -1 = none;
    launched: (products,) whether that week was its launch, as far as the data show."""

    units: np.ndarray
    like: sparse.csr_matrix
    first: np.ndarray
    launched: np.ndarray

    @classmethod
    def of(cls, units: np.ndarray, like: sparse.csr_matrix, listed: np.ndarray) -> Launches:
        """listed: (products,) week since which the shop lists each, in weeks of `units`; NaN = unknown.

        A first sale in the data's first 8 weeks, or later than 8 weeks after the listing, is no launch.
        """
        sold = units > 0
        first = np.where(sold.any(1), sold.argmax(1), -1)
        return cls(units, like, first, (first >= SPAN) & ~(listed < first - SPAN))

    @cached_property
    def _total(self) -> np.ndarray:
        """(products, weeks + 1): units sold before each week."""
        return np.concatenate([np.zeros((len(self.units), 1)), self.units.cumsum(1)], axis=1)

    def sold(self, products: np.ndarray, start: np.ndarray, weeks: int) -> np.ndarray:
        """Return (n,) units of each product in so many weeks from its start week on."""
        ends = np.clip(np.stack([start, start + weeks]), 0, self.units.shape[1])
        return self._total[products, ends[1]] - self._total[products, ends[0]]

    def analogues(self, product: int, week: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the similar products whose first 8 weeks were over by a week, the one with most weight first, and their weights."""
        start, end = self.like.indptr[product], self.like.indptr[product + 1]
        others, weight = self.like.indices[start:end], self.like.data[start:end]
        kept = (self.first[others] >= 0) & (self.first[others] + SPAN <= week) & (weight > 0)
        order = np.argsort(-weight[kept], kind="stable")
        return others[kept][order], weight[kept][order]

    def scores(self, products: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return (n,): the mean logarithm of what the analogues of each product sold in the 8 weeks before its start week, drawn to that
        of all products on sale."""
        every = np.arange(len(self.units))
        recent = {week: np.log1p(self.sold(every, np.full(len(every), week - SPAN), SPAN)) for week in np.unique(start)}
        usual = {week: sold[sold > 0].mean() if (sold > 0).any() else 0.0 for week, sold in recent.items()}
        found = np.empty(len(products))
        for k, (product, week) in enumerate(zip(products, start)):
            others, weight = self.analogues(product, week)
            found[k] = (weight @ recent[week][others] + _PULL * usual[week]) / (weight.sum() + _PULL)
        return found

    def past(self, until: int) -> np.ndarray:
        """Return the launches whose first 8 weeks were over by a week, oldest first."""
        found = np.flatnonzero(self.launched & (self.first + SPAN <= until))
        return found[np.argsort(self.first[found], kind="stable")]

    def standing(self, units: np.ndarray, until: int) -> np.ndarray:
        """Return (n,) the share of the launches past by a week that sold less in their first 8 weeks than so many units."""
        past = self.past(until)
        return np.searchsorted(np.sort(self.sold(past, self.first[past], SPAN)), units) / len(past)


def likeness(similar: sparse.csr_matrix, category: np.ndarray, brand: np.ndarray, price: np.ndarray) -> sparse.csr_matrix:
    """Return the weight of each pair: similarity of texts to the power of 4, less in another category, of another brand or at another
    price. category, brand: (products,) numbers; price: (products,), NaN = unknown."""
    pairs = similar.tocoo()
    one, other = pairs.row, pairs.col
    weight = np.maximum(pairs.data, 0.0) ** _POWER
    for group in (category, brand):
        weight *= np.where(group[one] == group[other], 1.0, _OTHER)
    apart = np.abs(np.log(price[one]) - np.log(price[other]))
    near = np.where(np.isnan(apart), 0.5, np.exp(-apart))
    return sparse.csr_matrix((weight * (_DEARER + (1 - _DEARER) * near), (one, other)), shape=similar.shape)


@dataclass(frozen=True)
class Potential:
    """Regressions by age: weights of (1, score, logarithm of the units so far); low, high: of the range, beside the middle."""

    weights: dict[int, np.ndarray]
    low: dict[int, float]
    high: dict[int, float]
    launches: int

    def units(self, score: np.ndarray, so_far: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return (n, 3): low, middle and high units of the first 8 weeks; never below what was sold already. The ends are whole units.

        score, so_far: (n,) of Launches.scores and units sold; age: (n,) whole weeks on sale, 0 before the first sale.
        """
        middle = np.array([self.weights[a] @ (1.0, s, np.log1p(u)) for a, s, u in zip(age, score, so_far)]).reshape(-1)
        low, high = (np.expm1(middle + [ends[a] for a in age]) for ends in (self.low, self.high))
        return np.maximum(np.stack([np.floor(low), np.expm1(middle), np.ceil(high)], axis=1), so_far[:, None])


def fit(launches: Launches, until: int) -> Potential | None:
    """Learn from the launches whose 8 weeks were over by a week; None where there are fewer than 20."""
    past = launches.past(until)
    if len(past) < FEWEST:
        return None
    start = launches.first[past]
    score, outcome = launches.scores(past, start), np.log1p(launches.sold(past, start, SPAN))
    weights, low, high = {}, {}, {}
    older, newer = slice(len(past) // 2), slice(len(past) // 2, None)
    for age in AGES:
        values = np.column_stack([np.ones(len(past)), score, np.log1p(launches.sold(past, start, age))])
        alone, both = ([0, 2], [0, 1, 2]) if age else ([0], [0, 1])
        tried = {len(used): values[newer] @ _regression(values[older], outcome[older], used) for used in (alone, both)}
        used = both if _ranks_better(tried[len(both)], tried[len(alone)], outcome[newer]) else alone
        weights[age] = _regression(values, outcome, used)
        error = outcome[newer] - tried[len(used)]
        beyond = (1 - LEVEL) / 2 - 1 / (len(error) + 1)  # a quantile of n errors that holds for one more
        low[age], high[age] = np.quantile(error, (max(beyond, 0.0), min(1 - beyond, 1.0)))
    return Potential(weights, low, high, len(past))


def _regression(values: np.ndarray, outcome: np.ndarray, used: list[int]) -> np.ndarray:
    """Return ridge weights of all columns: 0 for those that are not used. The first column, the intercept, is not penalised."""
    found, columns = np.zeros(values.shape[1]), values[:, used]
    penalty = np.diag([0.0, *[_PENALTY] * (len(used) - 1)])
    found[used] = np.linalg.solve(columns.T @ columns + penalty, columns.T @ outcome)
    return found


def _ranks_better(one: np.ndarray, other: np.ndarray, outcome: np.ndarray) -> bool:
    """Return whether one forecast has a higher rank correlation with the outcome than another, by 2 standard errors.

    Ties break at random where a forecast adds noise to them, which a correlation of values does not see.
    """
    gain = (_standard_ranks(one) - _standard_ranks(other)) * _standard_ranks(outcome)
    return gain.mean() > _SURE * gain.std(ddof=1) / np.sqrt(len(gain))


def _standard_ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks with mean 0 and variance 1; 0 where all values are equal."""
    ranks = rankdata(values.round(9))
    return (ranks - ranks.mean()) / ranks.std() if np.ptp(ranks) else np.zeros(len(ranks))
