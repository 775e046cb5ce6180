"""What another rule of choosing what to show would have brought, from impressions whose product chance drew with known probabilities.

An impression's weight is the rule's chance of its product over the recorded one. IPS is the mean of weight x answer; SNIPS divides by the
sum of the weights instead; DR takes a guess of every product's rate and corrects it by the weighted errors, so that a poor guess costs
width and no bias. Impressions drawn together, such as those of one visitor, count as one draw in the intervals.

A. Swaminathan, T. Joachims: The self-normalized estimator for counterfactual learning, NeurIPS 2015.
M. Dudik, D. Erhan, J. Langford, L. Li: Doubly robust policy evaluation and optimization, Statistical Science 29, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

LEVEL = 0.95
Z = float(ndtri((1 + LEVEL) / 2))
LEAST_ANSWERS = 15.0  # with fewer that count, intervals hold the truth too seldom
SHOWN, IPS, SNIPS, DR = "shown", "ips", "snips", "dr"
_FOLDS = 5
_PRIOR = 5.0  # answers that a product is taken to have had at its place's usual rate


@dataclass(frozen=True)
class Impressions:
    """Rows of products that were shown, n of them.

    shown, answered  (n,) impressions that a row stands for, and clicks or orders
    propensity       (n,) recorded probability of the choice
    product, place   (n,) numbers; place: what sets the usual rate, such as placement and position
    occasion         (n,) numbers of occasions, those with the same products to choose from
    together         (n,) numbers of what was drawn together
    """

    shown: np.ndarray
    answered: np.ndarray
    propensity: np.ndarray
    product: np.ndarray
    place: np.ndarray
    occasion: np.ndarray
    together: np.ndarray

    def __len__(self) -> int:
        return len(self.shown)

    def take(self, rows: np.ndarray) -> Impressions:
        return Impressions(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Rule:
    """The chance of each product that an occasion has, long form: (m,) occasion, product, chance; those of an occasion sum to 1."""

    occasion: np.ndarray
    product: np.ndarray
    chance: np.ndarray

    def of(self, log: Impressions) -> np.ndarray:
        """Return (n,) the chance of each row's product; 0 where the rule would not show it."""
        width = 1 + max(self.product.max(initial=0), log.product.max(initial=0))
        keys, wanted = self.occasion * width + self.product, log.occasion * width + log.product
        order = np.argsort(keys, kind="stable")
        at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
        return np.where(keys[order][at] == wanted, self.chance[order][at], 0.0)


@dataclass(frozen=True)
class Estimate:
    """A rate and its 95% interval.

    effective: impressions that count, (sum of weights)^2 / sum of their squares. needed: how many impressions it takes; None where there
    are enough. Intervals err where sums of weights are skewed, so what counts there is how many answers of one weight would be as skewed.
    """

    rate: float
    low: float
    high: float
    effective: float
    needed: float | None


def as_shown(log: Impressions) -> Estimate:
    """Return the rate of what was shown."""
    ones = np.ones(len(log))
    return _estimate(log, ones, log.answered, log.shown)


def estimates(log: Impressions, rule: Rule, clip: float = np.inf) -> dict[str, Estimate]:
    """Return what the rule would have brought, by IPS, SNIPS and DR. clip: largest weight, for width at the price of bias."""
    weight = np.minimum(rule.of(log) / log.propensity, clip)
    guess, value = guesses(log, rule)
    weighted = weight * log.answered
    return {
        IPS: _estimate(log, weight, weighted, log.shown),
        SNIPS: _estimate(log, weight, weighted, weight * log.shown),
        DR: _estimate(log, weight, weighted + (value - weight * guess) * log.shown, log.shown),
    }


def fits(log: Impressions, rule: Rule) -> bool:
    """Return whether the recorded probabilities agree with what was shown: then weights average 1, whatever the rule."""
    weight = rule.of(log) / log.propensity
    total = log.shown.sum()
    mean = weight @ log.shown / total
    error = np.sqrt(np.square(np.bincount(log.together, (weight - mean) * log.shown)).sum()) / total
    return bool(abs(mean - 1) <= 3 * error + 0.05)


def guesses(log: Impressions, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return (n,) guessed rates of the products that were shown, and of what the rule would show; each from the other parts of the log.

    A guess is the place's usual rate x how a product does beside it, both shrunk where little is known.
    """
    guess, value = np.empty(len(log)), np.empty(len(log))
    fold = np.random.default_rng(0).permutation(int(log.together.max()) + 1)[log.together] % _FOLDS
    places, products = int(log.place.max()) + 1, 1 + int(max(log.product.max(), rule.product.max(initial=0)))
    occasions = 1 + int(max(log.occasion.max(), rule.occasion.max(initial=0)))
    for one in range(_FOLDS):
        known, here = fold != one, fold == one
        shown, answered = log.shown[known], log.answered[known]
        usual = (answered.sum() + 1) / (shown.sum() + 2)
        extra = _PRIOR / usual  # impressions
        rate = (np.bincount(log.place[known], answered, places) + _PRIOR) / (np.bincount(log.place[known], shown, places) + extra)
        expected = np.bincount(log.product[known], shown * rate[log.place[known]], products)
        factor = (np.bincount(log.product[known], answered, products) + _PRIOR) / (expected + _PRIOR)
        of_rule = np.bincount(rule.occasion, rule.chance * factor[rule.product], occasions)
        guess[here] = rate[log.place[here]] * factor[log.product[here]]
        value[here] = rate[log.place[here]] * of_rule[log.occasion[here]]
    return guess, value


def _estimate(log: Impressions, weight: np.ndarray, above: np.ndarray, below: np.ndarray) -> Estimate:
    """Return sum of above / sum of below with its interval by the delta method, on logarithms."""
    total, shown = float(below.sum()), float(log.shown.sum())
    rate, usual = float(above.sum()) / total if total > 0 else np.nan, float(log.answered.sum()) / shown
    first, second, third = (float(weight**power @ log.shown) for power in (1, 2, 3))
    answers = usual * second**3 / third**2 if third > 0 else 0.0
    effective = first**2 / second if second > 0 else 0.0
    needed = shown * LEAST_ANSWERS / max(answers, 1.0)
    if not rate > 0:
        return Estimate(np.nan, np.nan, np.nan, effective, needed)
    moved = np.bincount(log.together, (above - rate * below) / (rate * total))  # the logarithm, by each draw
    times = float(np.exp(Z * np.sqrt(np.square(moved).sum())))
    enough = answers >= LEAST_ANSWERS
    return Estimate(rate, rate / times, rate * times, effective, None if enough else needed)
