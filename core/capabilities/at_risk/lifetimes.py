"""BG/NBD: customers buy at rates that differ, and after each purchase may leave for good.

P. Fader, B. Hardie, K. Lee: "Counting Your Customers" the Easy Way, Marketing Science 24(2), 2005. Its probability of being alive is no
score for leaving, since it is 1 for everybody who bought once; its expected purchases are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

_BOUNDS = (-6.0, 8.0)  # of the logarithms of the parameters
_NEAR_ONE = 1e-3  # the expectation divides by a - 1


@dataclass(frozen=True)
class Lifetimes:
    """r, alpha: gamma distribution of the rates a day; a, b: beta distribution of leaving after a purchase."""

    r: float
    alpha: float
    a: float
    b: float

    def expected(self, repeats: np.ndarray, last: np.ndarray, age: np.ndarray, days: float) -> np.ndarray:
        """Return the expected purchases in the next days of customers with so many repeat purchases (n,), the last one `last` days
        after the first (n,), the first one `age` days ago (n,)."""
        a = self.a if abs(self.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
        shrink = ((self.alpha + age) / (self.alpha + age + days)) ** (self.r + repeats)
        series = hyp2f1(self.r + repeats, self.b + repeats, a + self.b + repeats - 1, days / (self.alpha + age + days))
        gone = a / (self.b + np.maximum(repeats, 1) - 1) * ((self.alpha + age) / (self.alpha + last)) ** (self.r + repeats)
        return (a + self.b + repeats - 1) / (a - 1) * (1 - shrink * series) / (1 + np.where(repeats > 0, gone, 0))


def fit(repeats: np.ndarray, last: np.ndarray, age: np.ndarray) -> Lifetimes:
    """Fit by maximum likelihood; arguments as in `Lifetimes.expected`."""
    # equal customers count once: shops have few distinct histories among those who bought once
    rows, count = np.unique(np.column_stack([repeats, last, age]), axis=0, return_counts=True)
    x, seen, whole = rows.T

    def loss(logs: np.ndarray) -> float:
        r, alpha, a, b = np.exp(logs)
        rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
        stayed = betaln(a, b + x) - (r + x) * np.log(alpha + whole)
        left = np.where(x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + seen), -np.inf)
        return -float(np.average(rate + np.logaddexp(stayed, left), weights=count))

    start = np.log([0.5, max(float(np.mean(age)) / 4, 1.0), 1.0, 2.0])
    return Lifetimes(*np.exp(minimize(loss, start, method="L-BFGS-B", bounds=[_BOUNDS] * 4).x))
