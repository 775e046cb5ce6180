"""How the chances did on past days, beside recency and BG/NBD: pure functions of a history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from core.capabilities.at_risk.history import HORIZON, History
from core.capabilities.at_risk.leaving import fit

_BINS = 10


@dataclass(frozen=True)
class Checked:
    """See tables.CHECK."""

    day: int
    customers: int
    stayed_away: float
    expected: float
    auc: float
    auc_recency: float
    auc_lifetimes: float
    ece: float


def check(history: History, day: int) -> Checked | None:
    """Return how chances made on a day did; None where nothing could be learnt, or all customers did the same."""
    model = fit(history, day)
    if model is None:
        return None
    features = history.features(day)
    left = ~history.bought(day, day + HORIZON)[features.index]
    if left.all() or not left.any():
        return None
    chance = model.chance(features, history.season(day))
    return Checked(
        day,
        len(features),
        float(left.mean()),
        float(chance.mean()),
        float(roc_auc_score(left, chance)),
        float(roc_auc_score(left, features.days_since)),
        float(roc_auc_score(left, -features.expected)),
        calibration_error(chance, left),
    )


def calibration_error(chance: np.ndarray, happened: np.ndarray) -> float:
    """Return the mean gap between chance and share over ten groups of equal size.

    >>> round(calibration_error(np.array([0.1] * 10 + [0.9] * 10), np.array([0] * 9 + [1] + [1] * 9 + [0])), 6)
    0.0
    """
    order = np.argsort(chance, kind="stable")
    edges = np.linspace(0, len(order), _BINS + 1).astype(int)
    steps = np.flatnonzero(np.diff(chance[order])) + 1  # equal chances stay together
    cuts = np.unique(
        np.concatenate([[0], [steps[np.abs(steps - edge).argmin()] for edge in edges[1:-1]] if len(steps) else [], [len(order)]])
    )
    gaps = [abs(chance[part].mean() - happened[part].mean()) * len(part) for part in np.split(order, cuts[1:-1].astype(int))]
    return float(sum(gaps) / len(order))
