"""Boosted trees for the rising logit: what they learn from, and their share of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.calibration import level_shift
from core.config import LabelSettings, Recipe
from core.training.fitted import driver_of
from core.training.panel import Panel
from core.trees import Trees, grow

# One step of the margin: a chance e times smaller, a quarter more of the own pace, two orders.
_RATIO_STEP, _ORDERS_STEP = 0.25, 2.0
_LEVEL_ROWS = 40_000  # rows that the mean forecast is set on
_FEWEST_ROWS = 400  # trees of leaves with 100 rows have nothing to split below that


def fit_trees(panel: Panel, rows: np.ndarray, recipe: Recipe, seed: int, *, threads: int = 1,
              check: Callable[[], None] = lambda: None) -> Trees | None:
    """Trees learnt from these row numbers, whose outcome is known; None where the recipe gives them no share or rows are too few.

    check() is called from tree to tree, and may raise to end it.
    """
    rows = panel.draw(rows, recipe.segment_share, np.random.default_rng(seed))
    if not recipe.trees_share or len(rows) < _FEWEST_ROWS:
        return None
    labels = LabelSettings(**panel.meta.get("settings", {}).get("labels", {}))
    graded = _near(panel.tail[rows], panel.n_horizon[rows], panel.expected[rows], labels)
    target = (1 - recipe.trees_graded) * panel.rising[rows] + recipe.trees_graded * graded
    trees = grow(panel.read(rows), target, driver_of(panel.features), rounds=recipe.trees_rounds, seed=seed, threads=threads, check=check)
    # More rows miss the line by a little than make it by a little, so that the graded target, and trees with it, say too much.
    sample = rows if len(rows) <= _LEVEL_ROWS else np.sort(np.random.default_rng(seed).choice(rows, _LEVEL_ROWS, replace=False))
    return trees.shifted(level_shift(trees.predict(panel.read(sample)), float(panel.rising[sample].mean())))


def _near(tail: np.ndarray, n_horizon: np.ndarray, expected: np.ndarray, labels: LabelSettings) -> np.ndarray:
    """(n,) 0..1, how far each row was on the risers' side of the line: 1/2 on it. The nearest of a riser's three conditions counts.

    A product that missed the line by an order tells of a rise nearly as much as one that made it by an order.
    """
    with np.errstate(divide="ignore"):
        luck = np.log(labels.luck) - np.log(np.clip(tail, 1e-9, 1.0))
        ratio = np.log(np.maximum(n_horizon, 1e-9) / expected) - np.log(labels.min_ratio)
    orders = n_horizon - expected - labels.min_extra_orders
    margin = np.minimum(np.minimum(luck, ratio / _RATIO_STEP), orders / _ORDERS_STEP)
    return 1.0 / (1.0 + np.exp(-np.clip(margin, -30.0, 30.0)))
