"""Calibration: an affine map of the logit, so that of the rows told 30%, about 30% rise.

Affine on purpose (Platt 1999): attributions on the logit scale stay exact, they are multiplied by the slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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


def fit_calibration(logit: np.ndarray, happened: np.ndarray, weight: np.ndarray | None = None, strength: float = 10.0) -> Calibration:
    """The map that minimises log loss on (n,) rows, pulled towards leaving the logit alone.

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
    both = 0 < happened.sum() < len(happened)
    mean = weight @ logit / weight.sum()
    spread = logit - mean if both else np.zeros_like(logit)
    parameters = np.zeros(2)  # log slope, shift of the mean

    def objective(p):
        z = mean + np.exp(p[0]) * spread + p[1]
        return weight @ (np.logaddexp(0.0, z) - happened * z) + 0.5 * strength * (p @ p)

    for _ in range(100):  # Newton with halving: two parameters, smooth, a handful of steps
        slope = np.exp(parameters[0])
        p = sigmoid(mean + slope * spread + parameters[1])
        gradient_z, curvature = weight * (p - happened), weight * p * (1 - p)
        towards = np.stack([slope * spread, np.ones_like(logit)])
        gradient = towards @ gradient_z + strength * parameters
        hessian = (towards * curvature) @ towards.T + strength * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        here, scale = objective(parameters), 1.0
        while objective(parameters - scale * step) > here and scale > 1e-6:
            scale /= 2
        parameters = parameters - scale * step
        if np.abs(scale * step).max() < 1e-9:
            break
    slope = float(np.exp(parameters[0]))
    return Calibration(slope, float(mean + parameters[1] - slope * mean))
