"""Whom does a contact bring to order who would not have ordered anyway? Learnt from past contacts with customers held out.

DR-learner: two models say what a customer orders with and without a contact. Their difference, corrected by what the customer did and the
probability of being contacted, is an unbiased score of the customer's own effect; trees learn it from what is known before the contact.
Every model judges only customers whom it has not seen.

E. Kennedy: Towards optimal doubly robust estimation of heterogeneous causal effects, Electronic Journal of Statistics 17, 2023.
N. Radcliffe: Using control groups to target on predicted lift, Direct Marketing Analytics Journal, 2007 (Qini).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FOLDS = 4
_SIDES = 3  # of the folds that are learnt from: models of the others score each
LEAST = 200  # customers contacted, and held out, that learning takes
_Z = 1.96
_LEAST_PROPENSITY = 0.02
_OUTCOME = {"learning_rate": 0.08, "num_leaves": 15, "min_data_in_leaf": 60, "lambda_l2": 5.0}
_EFFECT = {"learning_rate": 0.05, "num_leaves": 4, "min_data_in_leaf": 100, "lambda_l2": 20.0}
_ROUNDS = 60


@dataclass(frozen=True)
class Learnt:
    """uplift, response, effect: (n,) of the contacts learnt from: extra orders expected of a contact, orders expected with one, both by
    models that have not seen the customer; and the unbiased score of the effect. models: one a fold."""

    uplift: np.ndarray
    response: np.ndarray
    effect: np.ndarray
    models: tuple

    def expected(self, values: np.ndarray) -> np.ndarray:
        """Return (m,) the extra orders that a contact of other customers is expected to bring. values: (m, features)."""
        return np.mean([model.predict(values) for model in self.models], axis=0)


@dataclass(frozen=True)
class Gain:
    """What contacting customers brought, as orders of one contact, with its 95% interval. count: contacts that it is known from."""

    count: int
    mean: float
    low: float
    high: float


def learn(values: np.ndarray, orders: np.ndarray, treated: np.ndarray, propensity: np.ndarray, customer: np.ndarray) -> Learnt | None:
    """Learn from contacts. values: (n, features) known before; orders: (n,) after; treated: (n,) False for those held out; customer:
    (n,) numbers: one customer's contacts are judged by the same models. None where too few were contacted or held out."""
    if min(treated.sum(), (~treated).sum()) < LEAST:
        return None
    part = np.random.default_rng(0).permutation(int(customer.max()) + 1)[customer]
    fold, side = part % FOLDS, part // FOLDS % _SIDES
    data = _Contacts(values, orders.astype(float), treated, np.clip(propensity, _LEAST_PROPENSITY, 1 - _LEAST_PROPENSITY))
    effect, response, uplift, models = np.zeros(len(orders)), np.zeros(len(orders)), np.zeros(len(orders)), []
    for k in range(FOLDS):
        here, there = fold == k, fold != k
        effect[here], response[here] = data.scores(there, here)
        told = np.zeros(len(orders))
        for one in range(_SIDES):  # what a model learns from must not come from the customers that it judges
            told[there & (side == one)], _ = data.scores(there & (side != one), there & (side == one))
        models.append(_fit(values[there], told[there], _EFFECT))
        uplift[here] = models[-1].predict(values[here])
    return Learnt(uplift, response, effect, tuple(models))


@dataclass(frozen=True)
class _Contacts:
    values: np.ndarray
    orders: np.ndarray
    treated: np.ndarray
    propensity: np.ndarray

    def scores(self, there: np.ndarray, here: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the unbiased scores of the effect, and the orders expected with a contact, of the contacts `here` by models of `there`."""
        with_, without = (
            _fit(self.values[there & arm], self.orders[there & arm], _OUTCOME).predict(self.values[here])
            for arm in (self.treated, ~self.treated)
        )
        orders, treated, share = self.orders[here], self.treated[here], self.propensity[here]
        return with_ - without + np.where(treated, (orders - with_) / share, -(orders - without) / (1 - share)), with_


def gain(effect: np.ndarray, customer: np.ndarray) -> Gain:
    """Return what a contact brought on average. effect, customer: (n,) of the contacts; those of one customer vary together."""
    if len(effect) < 2:
        return Gain(len(effect), np.nan, -np.inf, np.inf)
    mean = float(effect.mean())
    of = np.bincount(customer, effect - mean)
    half = _Z * float(np.sqrt(np.square(of).sum())) / len(effect)
    return Gain(len(effect), mean, mean - half, mean + half)


def qini(score: np.ndarray, effect: np.ndarray) -> float:
    """Return the area between the effects of the customers with the highest scores, added up, and those of a random order, as a mean a
    customer.

    >>> round(qini(np.array([3.0, 2.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])), 4)
    0.125
    """
    added = np.cumsum(effect[np.argsort(-score, kind="stable")]) / len(effect)
    share = np.arange(1, len(effect) + 1) / len(effect)
    return float((added - share * added[-1]).mean())


def _fit(values: np.ndarray, target: np.ndarray, settings: dict):
    import lightgbm

    common = {"objective": "l2", "feature_fraction": 0.6, "verbosity": -1, "deterministic": True, "force_row_wise": True, "num_threads": 1}
    return lightgbm.train({**common, **settings, "seed": 0}, lightgbm.Dataset(values, target), num_boost_round=_ROUNDS)
