"""Boosted trees for the rising logit: what they learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.config import Recipe
from core.training.fitted import driver_of
from core.training.panel import Panel
from core.trees import Trees, grow

_FEWEST_ROWS = 400  # trees of leaves with 100 rows have nothing to split below that


def fit_trees(panel: Panel, rows: np.ndarray, recipe: Recipe, seed: int, *, threads: int = 1,
              check: Callable[[], None] = lambda: None) -> Trees | None:
    """Trees learnt from these row numbers, whose outcome is known; None where the recipe gives them no share or rows are too few.

    check() is called from tree to tree, and may raise to end it.
    """
    rows = panel.draw(rows, recipe.segment_share, np.random.default_rng(seed))
    if not recipe.trees_share or len(rows) < _FEWEST_ROWS:
        return None
    return grow(panel.read(rows), panel.rising[rows], driver_of(panel.features), rounds=recipe.trees_rounds, seed=seed, threads=threads,
                check=check)
