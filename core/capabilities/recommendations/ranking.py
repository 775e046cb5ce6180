"""How likely is it that a customer who buys next buys this product? Two logistic regressions on the signals, fitted for each shop.

One is for what the customer bought before, one for what is new to the customer: repeats and first purchases follow different rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression

from core.capabilities.recommendations.signals import Block, Past, Signals

HORIZON = 14  # days in which a purchase counts
LEARNT_FROM = 2  # periods of that length before the day of the fit
BLOCK = 256  # customers at once
_SAMPLED = 0.05  # share of what was not bought that is read
_MOST = 4_000  # customers a period


@dataclass(frozen=True)
class Weights:
    """A logistic regression on raw signals: logit = intercept + signals @ weights (AGAIN or NEW,)."""

    weights: np.ndarray
    intercept: float


@dataclass(frozen=True)
class Ranker:
    """The two regressions; None where the shop's past has no purchase of that kind to learn from: such products are not listed."""

    again: Weights | None
    new: Weights | None

    def logits(self, block: Block) -> np.ndarray:
        """Return (customers, products) float32; -inf where nothing was learnt."""
        found = np.full(block.bought.shape, -np.inf, np.float32) if self.new is None else block.total(self.new.weights, self.new.intercept)
        found[block.cells] = -np.inf if self.again is None else self.again.intercept + block.again @ self.again.weights
        return found


def fit(past: list[tuple[Signals, sparse.csr_matrix]], seed: int = 0) -> Ranker:
    """Learn from earlier days: (signals on a day, matrix (customers, products) of what was bought in the horizon after it)."""
    random = np.random.default_rng(seed)
    again, new = [], []
    for signals, outcome in past:
        read = buyers(signals, outcome)
        read = read if len(read) <= _MOST else np.sort(random.choice(read, _MOST, replace=False))
        for block in blocks(signals, read):
            happened = outcome[block.customers].toarray() > 0
            again.append((block.again, happened[block.cells], np.ones(len(block.again))))
            drawn = random.random(happened.shape, dtype=np.float32) < _SAMPLED
            row, column = np.nonzero(~block.before & (happened | drawn))
            new.append((block.new(row, column), happened[row, column], np.where(happened[row, column], 1.0, 1 / _SAMPLED)))
    return Ranker(_regression(again), _regression(new))


def _regression(rows: list) -> Weights | None:
    if not rows:
        return None
    values, happened, weight = (np.concatenate(part) for part in zip(*rows))
    if happened.all() or not happened.any():
        return None
    mean, spread = values.mean(0), values.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0)
    fitted = LogisticRegression(max_iter=500).fit((values - mean) / spread, happened, sample_weight=weight)
    raw = fitted.coef_[0] / spread
    return Weights(raw, float(fitted.intercept_[0] - mean @ raw))


def buyers(signals: Signals, outcome: sparse.csr_matrix) -> np.ndarray:
    """Return the customers known by the day who bought something in the horizon."""
    return np.flatnonzero((np.diff(outcome.indptr) > 0) & (np.diff(signals.days_bought.indptr) > 0))


def blocks(signals: Signals, customers: np.ndarray) -> Iterator[Block]:
    """Yield the signals of customers, some at a time: memory holds one block."""
    for start in range(0, len(customers), BLOCK):
        yield signals.of(customers[start : start + BLOCK])


def fitted_by(past: Past, day: int, horizon: int = HORIZON, periods: int = LEARNT_FROM) -> Ranker:
    """Learn from the last periods whose purchases are known at the end of a day."""
    starts = [day - horizon * back for back in range(1, periods + 1)]
    return fit([(past.on(start), past.purchases.bought(start, start + horizon)) for start in starts])


def best(scores: np.ndarray, count: int) -> np.ndarray:
    """Return (rows, count) places of the highest scores of each row, the highest first, equal ones by place.

    >>> best(np.array([[1.0, 3, 2, 3]]), 3).tolist()
    [[1, 3, 2]]
    """
    count = min(count, scores.shape[1])
    near = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, near, 1), axis=1, kind="stable")
    return np.take_along_axis(near, order, 1)
