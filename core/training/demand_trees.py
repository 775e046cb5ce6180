"""Boosted trees for demand: at four weeks and a few levels they say how far a product will be from its seasonal-naive base, and the
net's quantiles go a share of the way to theirs, on a log scale. Quantiles of all weeks go along.

Trees and net err differently: a net carries on what rises smoothly, trees tell a best seller's habits from another's. They read numbers
as they are and as ranks: a rank says who goes ahead of the others, but demand grows with the shop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from core.config import Recipe
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.training.panel import Panel
from core.trees import Trees, grow

WEEK = DEMAND_WEEKS.index(4)
LEVELS = (0.1, 0.5, 0.9, 0.975)  # the levels between go between, those beyond as the outermost
ROUNDS = 150
SETTINGS = {"objective": "quantile", "learning_rate": 0.05, "num_leaves": 31, "feature_fraction": 0.5}
_FLOOR = 0.1 * np.array(DEMAND_WEEKS)  # units, as in the seasonal-naive base: the log of nothing sold is not defined
_MOST_ROWS = 120_000  # twice as many say hardly more, and take twice as long
_FEWEST_ROWS = 400  # leaves have 100 rows
_normal = NormalDist().inv_cdf
# (LEVELS, DEMAND_LEVELS): what each level's trees count for at every level, linear in the normal score
_BETWEEN = np.stack([np.interp([_normal(q) for q in DEMAND_LEVELS], [_normal(q) for q in LEVELS], row) for row in np.eye(len(LEVELS))])


@dataclass(frozen=True)
class DemandTrees:
    """An ensemble for each of LEVELS, of log((units + floor) / base), and the share that they have in the quantiles."""

    ensembles: tuple[Trees, ...]
    share: float

    def __call__(self, demand: np.ndarray, panel: Panel, rows: np.ndarray) -> np.ndarray:
        """The net's demand (n, T, L) units of these row numbers -> (n, T, L) units with the trees' share, rising in T and L."""
        x, base = inputs(panel, rows), np.maximum(panel.base[rows][:, WEEK].astype(np.float64), _FLOOR[WEEK])
        found = np.sort(np.stack([trees.predict(x) for trees in self.ensembles], axis=1), axis=1)
        net = np.log((demand[:, WEEK][:, [DEMAND_LEVELS.index(q) for q in LEVELS]] + _FLOOR[WEEK]) / base[:, None])
        factor = np.exp(self.share * (found - net) @ _BETWEEN)
        floor = _FLOOR[:, None]
        moved = np.maximum((demand + floor) * factor[:, None, :] - floor, 0.0)
        return np.maximum.accumulate(np.maximum.accumulate(moved, axis=2), axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """What a model folder keeps of them; `from_arrays` takes it back."""
        return {f"{level}.{name}": array for level, trees in zip(LEVELS, self.ensembles) for name, array in trees.arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], share: float) -> "DemandTrees | None":
        """None where there are no arrays."""
        of = lambda level: {k.removeprefix(f"{level}."): v for k, v in arrays.items() if k.startswith(f"{level}.")}  # noqa: E731
        return cls(tuple(Trees.from_arrays(of(level)) for level in LEVELS), share) if arrays else None


def inputs(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """(n, columns) float32, NaN = missing: all features as they are, the ranks of some, and the bases' logs."""
    return np.hstack([panel.x[rows], np.log(np.maximum(panel.base[rows], 1e-6)), panel.ranks[rows]]).astype(np.float32)


def fit_demand_trees(panel: Panel, rows: np.ndarray, units: np.ndarray, recipe: Recipe, seed: int, *, threads: int = 1,
                     check: Callable[[], None] = lambda: None) -> DemandTrees | None:
    """Trees learnt from these row numbers and what was sold of them, units (n, T), NaN = not known; None where the recipe gives them
    no share or rows are too few. check() is called from tree to tree, and may raise to end it."""
    random = np.random.default_rng(seed)
    rows, units = rows[known := np.isfinite(units[:, WEEK])], units[known, WEEK]
    drawn = panel.draw(rows, recipe.segment_share, random)
    if len(drawn) > _MOST_ROWS:
        drawn = np.sort(random.choice(drawn, _MOST_ROWS, replace=False))
    if not recipe.demand_trees_share or len(drawn) < _FEWEST_ROWS:
        return None
    sold = np.maximum(units[np.searchsorted(rows, drawn)], 0.0).astype(np.float64)
    base = np.maximum(panel.base[drawn][:, WEEK].astype(np.float64), _FLOOR[WEEK])
    x, target = inputs(panel, drawn), np.log((sold + _FLOOR[WEEK]) / base)
    # Rows weigh the square root of their base: the loss that judges them counts units, and alone the best sellers would decide.
    return DemandTrees(tuple(grow(x, target, np.zeros(x.shape[1], dtype=np.int64), rounds=ROUNDS, seed=seed, threads=threads, check=check,
                                  weight=np.sqrt(base), **SETTINGS, alpha=level) for level in LEVELS), recipe.demand_trees_share)
