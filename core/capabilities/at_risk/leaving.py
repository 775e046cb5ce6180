"""How likely is it that a customer orders nothing for 90 days? A regression on features, learnt from days whose 90 days are over.

A customer orders at a rate: P(no order) = exp(-rate), rate = exp(intercept + weights x features) x season. The season is how active the
shop was in the same weeks a year ago, so that a forecast made before Christmas does not expect a January.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from core.capabilities.at_risk.history import FEATURES, GROUPS, HORIZON, History

LEARNT_FROM, APART = 12, 30  # days, and days between them: a year, so that every season is learnt from
_RIDGE = 5e-3  # on standardised weights


@dataclass(frozen=True)
class Leaving:
    """mean, spread, weights: (features,) of standardised features; season: of the days that it was learnt from, None where unknown."""

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    intercept: float
    season: float | None

    def chance(self, features: pd.DataFrame, season: float | None = None) -> np.ndarray:
        """Return (n,) the probability of no order in 90 days. season: of the day, as History.season gives it."""
        shift = np.log(season / self.season) if season and self.season else 0.0
        return np.exp(-np.exp(np.clip(self.intercept + shift + self._shares(features).sum(1), -30, 5)))

    def reasons(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return (n, groups): how much each group of features lowers the logarithm of the rate, beside the mean customer."""
        shares = pd.DataFrame(-self._shares(features), index=features.index, columns=list(FEATURES))
        return pd.DataFrame({name: shares[list(names)].sum(axis=1) for name, names in GROUPS.items()})

    def _shares(self, features: pd.DataFrame) -> np.ndarray:
        return (features[list(FEATURES)].to_numpy(float) - self.mean) / self.spread * self.weights


def fit(history: History, day: int) -> Leaving | None:
    """Learn from the last days whose 90 days are over on `day`; None where there are too few customers, or all did the same."""
    days = [day - HORIZON - APART * k for k in range(LEARNT_FROM)]
    days = [one for one in days if one - history.orders.day.min() >= HORIZON]
    if not days:
        return None
    parts = [history.features(one) for one in days]
    left = np.concatenate([~history.bought(one, one + HORIZON)[part.index] for one, part in zip(days, parts)])
    values = np.concatenate([part.to_numpy(float) for part in parts])
    if min(left.sum(), (~left).sum()) < 10:
        return None
    known = [season for one in days if (season := history.season(one))]
    season = float(np.exp(np.mean(np.log(known)))) if len(known) > 1 else None
    mean, spread = values.mean(0), values.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0)
    standard = (values - mean) / spread

    found = _fitted(standard, left)
    return Leaving(mean, spread, found[1:], float(found[0]), season)


def _fitted(values: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return intercept and weights of P(left) = exp(-exp(intercept + values @ weights)) by penalised maximum likelihood."""

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        rate = np.exp(np.clip(parameters[0] + values @ parameters[1:], -30, 5))
        stayed = np.maximum(-np.expm1(-rate), 1e-12)
        value = np.where(left, rate, -np.log(stayed)).mean() + _RIDGE * (parameters[1:] ** 2).sum()
        slope = np.where(left, rate, -rate * np.exp(-rate) / stayed) / len(left)
        return float(value), np.concatenate([[slope.sum()], values.T @ slope + 2 * _RIDGE * parameters[1:]])

    start = np.concatenate([[np.log(-np.log(left.mean()))], np.zeros(values.shape[1])])
    return minimize(loss, start, jac=True, method="L-BFGS-B").x
