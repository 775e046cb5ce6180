"""Boosted trees for the rising logit: what they learn from, and how cautiously.

Trees with small leaves know most where products tell much of each other, and learn single products by heart where they do not. Which
shop it is, products that are held out tell, not the last origins as of a net's number of epochs: what rose in one season misleads
about the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.models.panel import Panel
from core.models.predict import driver_of
from core.models.trees import Trees, grow_each, losses, mean_of
from core.settings import TrainingConfig

_FEWEST_ROWS = 400  # trees of leaves with 100 rows have nothing to split below that
_HELD_OUT = 4  # one product in so many is held out
_CAUTIOUS = {"min_data_in_leaf": 1000, "lambda_l2": 100.0}


@dataclass(frozen=True)
class Growth:
    """rounds: how many trees; settings: which of core.models.trees.SETTINGS they replace."""

    rounds: int
    settings: dict = field(default_factory=dict)


def fit_trees(
    panel: Panel,
    rows: np.ndarray,
    recipe: TrainingConfig,
    seed: int,
    growth: Growth | None = None,
    *,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
) -> Trees | None:
    """Trees learnt from these row numbers, whose outcome is known; None where `tree_rows` leaves none of them.

    The mean of `trees_members` ensembles, which draw other rows and features. Without `growth`, of `trees_rounds` trees. check() is called
    from tree to tree, and may raise to end it.
    """
    rows, growth = tree_rows(panel, rows, recipe, seed), growth or Growth(recipe.trees_rounds)
    if not len(rows):
        return None
    draws = [growth.settings | {"bagging_seed": seed + k, "feature_fraction_seed": seed + k} for k in range(recipe.trees_members)]
    return mean_of(
        grow_each(
            panel.read(rows),
            panel.rising[rows],
            driver_of(panel.features),
            draws,
            rounds=growth.rounds,
            seed=seed,
            threads=threads,
            check=check,
        )
    )


def growth_of(
    panel: Panel, rows: np.ndarray, recipe: TrainingConfig, seed: int, *, threads: int = 1, check: Callable[[], None] = lambda: None
) -> Growth:
    """`trees_rounds` of the usual trees, or as many cautious ones of at most so many as say most of products which are held out of these
    row numbers, where they say more. The usual ones where too few are held out to tell. check() as in fit_trees."""
    usual, rows = Growth(recipe.trees_rounds), tree_rows(panel, rows, recipe, seed)
    held = np.random.default_rng(seed).permutation(len(panel.products))[panel.product[rows]] % _HELD_OUT == 0
    if not (_enough(panel, rows[held]) and _enough(panel, rows[~held])):
        return usual
    x = panel.read(rows)
    plain, cautious = (
        losses(x, panel.rising[rows], held, rounds=recipe.trees_rounds, seed=seed, threads=threads, check=check, **settings)
        for settings in (usual.settings, _CAUTIOUS)
    )
    return usual if plain[-1] <= cautious.min() else Growth(int(cautious.argmin()) + 1, _CAUTIOUS)


def tree_rows(panel: Panel, rows: np.ndarray, recipe: TrainingConfig, seed: int) -> np.ndarray:
    """Of these row numbers those that trees learn from; none where the recipe gives trees no share, rows are too few, or all of them have
    the same outcome, of which trees would be certain."""
    rows = panel.draw(rows, recipe.segment_share, np.random.default_rng(seed))
    return rows if recipe.trees_share and _enough(panel, rows) else rows[:0]


def _enough(panel: Panel, rows: np.ndarray) -> bool:
    return len(rows) >= _FEWEST_ROWS and 0 < panel.rising[rows].sum() < len(rows)
