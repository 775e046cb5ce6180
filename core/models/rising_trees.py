"""Boosted trees for the rising logit: their training rows and their regularisation.

Small leaves help where products resemble each other, and memorise single products where they do not. Regularisation is therefore chosen
on held-out products. The last origins, which choose the number of epochs of the network, cannot choose it: one season's risers mislead
about the next season.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.models.panel import Panel
from core.models.predict import driver_indexes
from core.models.tree_fitting import average, fit_several, held_out_losses
from core.models.trees import Trees
from core.settings import TrainingConfig

_MIN_ROWS = 400  # with fewer rows, leaves of 100 rows leave nothing to split
_HELD_OUT = 4  # one product in four is held out
_STRONG_REGULARISATION = {"min_data_in_leaf": 1000, "lambda_l2": 100.0}


@dataclass(frozen=True)
class TreeConfig:
    """The configuration of the trees. rounds: number of trees; settings: replacements in core.models.tree_fitting.SETTINGS."""

    rounds: int
    settings: dict = field(default_factory=dict)


def fit_rising_trees(
    panel: Panel,
    rows: np.ndarray,
    recipe: TrainingConfig,
    seed: int,
    config: TreeConfig | None = None,
    *,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
) -> Trees | None:
    """Fit trees on these row numbers, whose outcome is known; None where `select_tree_rows` keeps none of them.

    Returns the mean of `trees_members` ensembles that sample different rows and features. Without `config`, each has `trees_rounds` trees.
    check() is called after each tree, and may raise to stop.
    """
    rows, config = select_tree_rows(panel, rows, recipe, seed), config or TreeConfig(recipe.trees_rounds)
    if not len(rows):
        return None
    draws = [config.settings | {"bagging_seed": seed + k, "feature_fraction_seed": seed + k} for k in range(recipe.trees_members)]
    return average(
        fit_several(
            panel.read(rows),
            panel.rising[rows],
            driver_indexes(panel.features),
            draws,
            rounds=config.rounds,
            seed=seed,
            threads=threads,
            check=check,
        )
    )


def choose_tree_config(
    panel: Panel, rows: np.ndarray, recipe: TrainingConfig, seed: int, *, threads: int = 1, check: Callable[[], None] = lambda: None
) -> TreeConfig:
    """Choose the regularisation on products held out of these row numbers.

    The result is `trees_rounds` standard trees, or fewer strongly regularised trees where their best number has the lower loss. Standard
    trees where too few rows are held out. check() as in fit_rising_trees.
    """
    standard, rows = TreeConfig(recipe.trees_rounds), select_tree_rows(panel, rows, recipe, seed)
    held = np.random.default_rng(seed).permutation(len(panel.products))[panel.product[rows]] % _HELD_OUT == 0
    if not (_enough(panel, rows[held]) and _enough(panel, rows[~held])):
        return standard
    x = panel.read(rows)
    standard_losses, strong_losses = (
        held_out_losses(x, panel.rising[rows], held, rounds=recipe.trees_rounds, seed=seed, threads=threads, check=check, **settings)
        for settings in (standard.settings, _STRONG_REGULARISATION)
    )
    if standard_losses[-1] <= strong_losses.min():
        return standard
    return TreeConfig(int(strong_losses.argmin()) + 1, _STRONG_REGULARISATION)


def select_tree_rows(panel: Panel, rows: np.ndarray, recipe: TrainingConfig, seed: int) -> np.ndarray:
    """Return the row numbers that trees are trained on.

    None of them where the recipe gives trees no share, rows are too few, or all have the same outcome, of which trees would be certain.
    """
    rows = panel.draw(rows, recipe.segment_share, np.random.default_rng(seed))
    return rows if recipe.trees_share and _enough(panel, rows) else rows[:0]


def _enough(panel: Panel, rows: np.ndarray) -> bool:
    return len(rows) >= _MIN_ROWS and 0 < panel.rising[rows].sum() < len(rows)
