"""Calibration: an affine map of the logit, so that about 30% of the rows with a forecast of 30% rise.

The map is affine (Platt 1999) so that attributions on the logit scale stay exact: they are multiplied by the slope. Training fits the
map once. Scoring then recalibrates its intercept, because more or fewer products may rise than in the training months.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

RECALIBRATION_ORIGINS = 8  # the latest weekly origins, two months
RECALIBRATION_PRIOR = 50.0  # in units of information, p (1 - p) summed over rows: about a month of 1,000 products


@dataclass(frozen=True)
class Calibration:
    """An affine map: calibrated logit = slope * logit + intercept, slope > 0. It never changes the ranking."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, logit: np.ndarray) -> np.ndarray:
        return self.slope * np.asarray(logit, dtype=np.float64) + self.intercept


def sigmoid(logit: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-logit)) as float64, without overflow."""
    logit = np.asarray(logit, dtype=np.float64)
    small = np.exp(-np.abs(logit))
    return np.where(logit >= 0, 1.0, small) / (1.0 + small)


@dataclass(frozen=True)
class InterceptShift:
    """An intercept recalibration: what is added to all calibrated logits, measured at origins after those of training.

    shift          how much the logits were too low
    origins        number of weekly origins it is measured at
    mean_forecast  mean rising probability of their rows, 0 without any
    share_risen    share of their rows that rose, 0 without any
    """

    shift: float = 0.0
    origins: int = 0
    mean_forecast: float = 0.0
    share_risen: float = 0.0


def recalibrate_intercept(logit: np.ndarray, rose: np.ndarray, as_of: np.ndarray, horizon_days: int) -> InterceptShift:
    """Return the intercept shift of n calibrated logits with known outcomes, from rows of `all` at weekly origins after those of training.

    Only the latest RECALIBRATION_ORIGINS count. Their horizons overlap, so each row weighs the share of its horizon that no other has.
    """
    latest = recalibration_rows(as_of)
    logit, rose = np.asarray(logit, dtype=np.float64)[latest], np.asarray(rose, dtype=np.float64)[latest]
    if not len(logit):
        return InterceptShift()
    weight = np.full(len(logit), min(1.0, 7 / horizon_days))
    calibration = fit_calibration(logit, rose, weight, RECALIBRATION_PRIOR, slope=False)
    return InterceptShift(calibration.intercept, len(np.unique(as_of[latest])), float(sigmoid(logit).mean()), float(rose.mean()))


def recalibration_rows(as_of: np.ndarray) -> np.ndarray:
    """Return (n,) bool: which of n rows at these origins belong to the latest RECALIBRATION_ORIGINS."""
    return np.isin(as_of, np.unique(as_of)[-RECALIBRATION_ORIGINS:])


def trained_until(metrics: dict) -> date | None:
    """Return the last origin that a model was trained or calibrated on, from its metrics.json; None where that is missing."""
    origins = metrics.get("origins", {})
    last = [span["last"] for span in (origins.get("learn"), origins.get("validate")) if span]
    return date.fromisoformat(max(last)) if last else None


def fit_calibration(
    logit: np.ndarray, happened: np.ndarray, weight: np.ndarray | None = None, strength: float = 10.0, *, slope: bool = True
) -> Calibration:
    """Fit a calibration by log loss on (n,) rows, regularised towards the identity. Without `slope`, only the intercept is fitted.

    The regularisation is a Gaussian prior on the log of the slope and on the shift of the mean logit, worth `strength` units of
    information. It dominates with a few risers and vanishes with thousands. The shift is that of the mean logit, since a slope around 0
    would move the level of a rare event too. With only one outcome, only the shift is fitted. Without rows, the identity is returned.
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

    for _ in range(100):  # Newton's method with step halving: two parameters, smooth, a handful of steps
        scaled = np.exp(parameters[0]) * spread
        p = sigmoid(mean + scaled + parameters[1])
        gradient_z, curvature = weight * (p - happened), weight * p * (1 - p)
        jacobian = np.stack([scaled if both else np.zeros_like(logit), np.ones_like(logit)])
        gradient = jacobian @ gradient_z + strength * parameters
        hessian = (jacobian * curvature) @ jacobian.T + strength * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        current, scale = objective(parameters), 1.0
        while objective(parameters - scale * step) > current and scale > 1e-6:
            scale /= 2
        parameters = parameters - scale * step
        if np.abs(scale * step).max() < 1e-9:
            break
    fitted_slope = float(np.exp(parameters[0]))
    return Calibration(fitted_slope, float(mean + parameters[1] - fitted_slope * mean))
