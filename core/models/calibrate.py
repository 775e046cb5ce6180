"""Calibration: an affine map of the logit, so that of the rows told 30%, about 30% rise.

Affine on purpose (Platt 1999): attributions on the logit scale stay exact, they are multiplied by the slope. Training fits one. From
then on its level is followed: more may rise, or less, than in the months that were learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

FOLLOWED_ORIGINS = 8  # the latest ones, two months of them
FOLLOW_PRIOR = 50.0  # in units of information, p (1 - p) summed over rows: about as much as a month of 1,000 products tells


@dataclass(frozen=True)
class Calibration:
    """calibrated logit = slope * logit + intercept, slope > 0: the ranking is never changed."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, logit: np.ndarray) -> np.ndarray:
        return self.slope * np.asarray(logit, dtype=np.float64) + self.intercept


def sigmoid(logit: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logit)) without overflow, float64."""
    logit = np.asarray(logit, dtype=np.float64)
    small = np.exp(-np.abs(logit))
    return np.where(logit >= 0, 1.0, small) / (1.0 + small)


@dataclass(frozen=True)
class Level:
    """What came of the forecasts at origins that the model has not learnt from: by how much their logits were too low.

    origins: how many weekly origins tell it. said, rose: the mean chance of their rows, and the share that rose; 0 without any.
    """

    shift: float = 0.0
    origins: int = 0
    said: float = 0.0
    rose: float = 0.0


def follow(logit: np.ndarray, rose: np.ndarray, as_of: np.ndarray, horizon_days: int) -> Level:
    """The level of n calibrated logits whose outcomes are known: of everyone's rows at weekly origins after those learnt from.

    The latest FOLLOWED_ORIGINS count. Their horizons overlap, so that a row tells as much as the days which it has to itself.
    """
    latest = followed_origins(as_of)
    logit, rose = np.asarray(logit, dtype=np.float64)[latest], np.asarray(rose, dtype=np.float64)[latest]
    if not len(logit):
        return Level()
    weight = np.full(len(logit), min(1.0, 7 / horizon_days))
    found = fit_calibration(logit, rose, weight, FOLLOW_PRIOR, slope=False)
    return Level(found.intercept, len(np.unique(as_of[latest])), float(sigmoid(logit).mean()), float(rose.mean()))


def followed_origins(as_of: np.ndarray) -> np.ndarray:
    """(n,) bool: which of n rows at these origins tell the level."""
    return np.isin(as_of, np.unique(as_of)[-FOLLOWED_ORIGINS:])


def learnt_until(metrics: dict) -> date | None:
    """The last origin that a model learnt from, be it for its calibration, as its metrics.json says; None where that says nothing."""
    origins = metrics.get("origins", {})
    last = [span["last"] for span in (origins.get("learn"), origins.get("validate")) if span]
    return date.fromisoformat(max(last)) if last else None


def fit_calibration(
    logit: np.ndarray, happened: np.ndarray, weight: np.ndarray | None = None, strength: float = 10.0, *, slope: bool = True
) -> Calibration:
    """The map that minimises log loss on (n,) rows, pulled towards leaving the logit alone. Without `slope` it moves all logits alike.

    The pull is a Gaussian prior on the log of the slope and on the shift of the mean logit, as strong as `strength` units of
    information: with a few risers it wins, with thousands it is not felt. Around the mean, since a slope around 0 would move the
    level of a rare event too. With one outcome only the shift alone may move, without rows nothing does.
    """
    logit, happened = np.asarray(logit, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    weight = np.ones(len(logit)) if weight is None else np.asarray(weight, dtype=np.float64)
    known = np.isfinite(logit) & np.isfinite(happened)
    logit, happened, weight = logit[known], happened[known], weight[known]
    if not len(logit):
        return Calibration()
    both = slope and 0 < happened.sum() < len(happened)
    mean = weight @ logit / weight.sum()
    spread = logit - mean
    parameters = np.zeros(2)  # log slope, shift of the mean

    def objective(p):
        z = mean + np.exp(p[0]) * spread + p[1]
        return weight @ (np.logaddexp(0.0, z) - happened * z) + 0.5 * strength * (p @ p)

    for _ in range(100):  # Newton with halving: two parameters, smooth, a handful of steps
        scaled = np.exp(parameters[0]) * spread
        p = sigmoid(mean + scaled + parameters[1])
        gradient_z, curvature = weight * (p - happened), weight * p * (1 - p)
        towards = np.stack([scaled if both else np.zeros_like(logit), np.ones_like(logit)])
        gradient = towards @ gradient_z + strength * parameters
        hessian = (towards * curvature) @ towards.T + strength * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        here, scale = objective(parameters), 1.0
        while objective(parameters - scale * step) > here and scale > 1e-6:
            scale /= 2
        parameters = parameters - scale * step
        if np.abs(scale * step).max() < 1e-9:
            break
    steepness = float(np.exp(parameters[0]))
    return Calibration(steepness, float(mean + parameters[1] - steepness * mean))
