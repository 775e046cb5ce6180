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
    """Trees learnt from these row numbers, whose outcome is known; None where `tree_rows` leaves none of them.

    check() is called from tree to tree, and may raise to end it.
    """
    rows = tree_rows(panel, rows, recipe, seed)
    if not len(rows):
        return None
    return grow(panel.read(rows), panel.rising[rows], driver_of(panel.features), rounds=recipe.trees_rounds, seed=seed, threads=threads,
                check=check)


def tree_rows(panel: Panel, rows: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """Of these row numbers those that trees learn from; none where the recipe gives trees no share, rows are too few, or all of them have
    the same outcome, of which trees would be certain."""
    rows = panel.draw(rows, recipe.segment_share, np.random.default_rng(seed))
    enough = recipe.trees_share and len(rows) >= _FEWEST_ROWS and 0 < panel.rising[rows].sum() < len(rows)
    return rows if enough else rows[:0]
