"""How likely is it that a customer who buys next buys this product? Two logistic regressions on the signals, fitted for each shop.

One is for what the customer bought before, one for what is new to the customer: repeats and first purchases follow different rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression

from core.capabilities.recommendations.signals import AGAIN, NEW, Signals

HORIZON = 14  # days in which a purchase counts
LEARNT_FROM = 2  # periods of that length before the day of the fit
BLOCK = 256  # customers at once
_SAMPLED = 0.05  # share of what was not bought that is read
_MOST = 4_000  # customers a period


@dataclass(frozen=True)
class Weights:
    """A logistic regression on raw signals: logit = intercept + values @ weights. names: of the signals, in the order of weights."""

    names: tuple[str, ...]
    weights: np.ndarray
    intercept: float

    def logit(self, signals: dict[str, np.ndarray]) -> np.ndarray:
        """Return (customers, products) float32."""
        total = np.full(next(iter(signals.values())).shape, self.intercept, np.float32)
        for name, weight in zip(self.names, self.weights):
            total += np.float32(weight) * signals[name]
        return total


@dataclass(frozen=True)
class Ranker:
    """The two regressions; None where the shop's past has no purchase of that kind to learn from: such products are not listed."""

    again: Weights | None
    new: Weights | None

    def logits(self, signals: dict[str, np.ndarray], bought: np.ndarray) -> np.ndarray:
        """Return (customers, products); -inf where nothing was learnt. bought: whether the customer bought the product before."""
        again, new = (np.float32(-np.inf) if one is None else one.logit(signals) for one in (self.again, self.new))
        return np.where(bought, again, new)


def fit(past: list[tuple[Signals, sparse.csr_matrix]], seed: int = 0) -> Ranker:
    """Learn from earlier days: (signals on a day, matrix (customers, products) of what was bought in the horizon after it)."""
    random = np.random.default_rng(seed)
    rows: dict[tuple[str, ...], list] = {AGAIN: [], NEW: []}
    for signals, outcome in past:
        read = buyers(signals, outcome)
        read = read if len(read) <= _MOST else np.sort(random.choice(read, _MOST, replace=False))
        for customers, bought, found in blocks(signals, read):
            happened = outcome[customers].toarray() > 0
            drawn = random.random(bought.shape, dtype=np.float32) < _SAMPLED
            for names, kept, weight in ((AGAIN, bought, 1.0), (NEW, ~bought & (happened | drawn), 1 / _SAMPLED)):
                values = np.column_stack([found[name][kept] for name in names])
                rows[names].append((values, happened[kept], np.where(happened[kept], 1.0, weight)))
    return Ranker(*(_regression(names, rows[names]) for names in (AGAIN, NEW)))


def _regression(names: tuple[str, ...], rows: list) -> Weights | None:
    if not rows:
        return None
    values, happened, weight = (np.concatenate(part) for part in zip(*rows))
    if happened.all() or not happened.any():
        return None
    mean, spread = values.mean(0), values.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0)
    fitted = LogisticRegression(max_iter=500).fit((values - mean) / spread, happened, sample_weight=weight)
    raw = fitted.coef_[0] / spread
    return Weights(names, raw, float(fitted.intercept_[0] - mean @ raw))


def buyers(signals: Signals, outcome: sparse.csr_matrix) -> np.ndarray:
    """Return the customers known by the day who bought something in the horizon."""
    return np.flatnonzero((np.diff(outcome.indptr) > 0) & (np.diff(signals.days_bought.indptr) > 0))


def blocks(signals: Signals, customers: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Yield customers in blocks, with whether they bought each product before, and their signals."""
    for start in range(0, len(customers), BLOCK):
        some = customers[start : start + BLOCK]
        yield some, signals.days_bought[some].toarray() > 0, signals.of(some)


def fitted_by(purchases, day: int, similar, horizon: int = HORIZON, periods: int = LEARNT_FROM) -> Ranker:
    """Learn from the last periods whose purchases are known at the end of a day."""
    return fit(
        [
            (Signals.on(purchases, day - horizon * back, similar), purchases.bought(day - horizon * back, day - horizon * (back - 1)))
            for back in range(1, periods + 1)
        ]
    )


def best(scores: np.ndarray, count: int) -> np.ndarray:
    """Return (rows, count) places of the highest scores of each row, the highest first, equal ones by place.

    >>> best(np.array([[1.0, 3, 2, 3]]), 3).tolist()
    [[1, 3, 2]]
    """
    count = min(count, scores.shape[1])
    near = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, near, 1), axis=1, kind="stable")
    return np.take_along_axis(near, order, 1)
