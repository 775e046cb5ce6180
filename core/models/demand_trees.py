"""Boosted trees for demand over four and thirteen weeks, at a few quantile levels. The network's quantiles move a share of the way to
those of the trees, on a log scale. Other weeks and levels are interpolated.

Trees and network err differently. The network scales the seasonal-naive base smoothly, so one bulk order of a year ago misleads it.
Trees read the base as one number among others. They read numbers both raw and as ranks: a rank shows which product leads, but demand
grows with the shop. Half of the trees predict units, half the change from the rate of the last eight weeks. Their errors differ too:
leaves of units group products that sell alike but resolve their changes badly, and leaves of changes extend a rate that one bulk order
may have caused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from core.models.panel import Panel
from core.models.tree_fitting import average, fit_several
from core.models.trees import Trees
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import TrainingConfig

WEEKS = (4, 13)
LEVELS = (0.1, 0.5, 0.9, 0.975)  # levels in between are interpolated, levels beyond take the outermost
ROUNDS = 60  # trees for units, and as many for changes
SETTINGS = {"objective": "quantile", "learning_rate": 0.12, "num_leaves": 31, "feature_fraction": 0.5}
_FLOOR = 0.1 * np.array(DEMAND_WEEKS)  # units, as in the seasonal-naive base: the log of 0 is undefined
_MOST_ROWS = 120_000  # twice as many take twice as long and hardly improve the trees
_FEWEST_ROWS = 400  # a leaf has at least 100 rows
_ENOUGH_ORIGINS = 26  # half a year: with fewer origins, thirteen weeks of demand may reflect one season only
_normal = NormalDist().inv_cdf
_WEEK_INDEX = [DEMAND_WEEKS.index(week) for week in WEEKS]
_LEVEL_INDEX = [DEMAND_LEVELS.index(level) for level in LEVELS]
# (LEVELS, DEMAND_LEVELS): weight of each level's trees at every level, linear in the normal score
_SCORES, _ALL_SCORES = [_normal(q) for q in LEVELS], [_normal(q) for q in DEMAND_LEVELS]
_LEVEL_WEIGHTS = np.stack([np.interp(_ALL_SCORES, _SCORES, row) for row in np.eye(len(LEVELS))])
# (WEEKS, DEMAND_WEEKS): the same for weeks, linear in weeks
_WEEK_WEIGHTS = np.stack([np.interp(DEMAND_WEEKS, WEEKS, row) for row in np.eye(len(WEEKS))])


@dataclass(frozen=True)
class DemandTrees:
    """Ensembles of trees that predict log(units + floor) minus half of `log_own_rate`.

    ensembles  for each of WEEKS, one for each of LEVELS: the mean of trees for units and trees for changes. Where those of thirteen weeks
               are missing, four weeks stand in for them.
    share      weight of the trees' quantiles
    trust      weight of the trees for thirteen weeks against those for four, 0 to 1
    """

    ensembles: tuple[tuple[Trees, ...], ...]
    share: float
    trust: float = 1.0

    def __call__(self, demand: np.ndarray, panel: Panel, rows: np.ndarray) -> np.ndarray:
        """Return (n, T, L) units, rising in T and L: the network's demand (n, T, L) of these row numbers with the trees blended in."""
        x, moves = inputs(panel, rows), []
        for place, levels in zip(_WEEK_INDEX, self.ensembles):
            quantiles = np.sort(np.stack([trees.predict(x) for trees in levels], axis=1), axis=1)
            quantiles = quantiles + log_own_rate(panel, rows, place)[:, None] / 2
            moves.append(quantiles - np.log(demand[:, place][:, _LEVEL_INDEX] + _FLOOR[place]))
        near, far = moves[0], moves[0] + self.trust * (moves[-1] - moves[0])
        factor = np.exp(self.share * np.einsum("wnl,wt,lk->ntk", [near, far], _WEEK_WEIGHTS, _LEVEL_WEIGHTS, optimize=True))
        floor = _FLOOR[:, None]
        moved = np.maximum((demand + floor) * factor - floor, 0.0)
        return np.maximum.accumulate(np.maximum.accumulate(moved, axis=2), axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model folder stores; `from_arrays` reads them."""
        return {"trust": np.array(self.trust)} | {
            f"{week}.{level}.{name}": array
            for week, of_week in zip(WEEKS, self.ensembles)
            for level, trees in zip(LEVELS, of_week)
            for name, array in trees.arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], share: float) -> DemandTrees | None:
        """Return the trees of a model folder's arrays; None where there are none."""
        of = lambda start: {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}  # noqa: E731
        weeks = [week for week in WEEKS if of(f"{week}.")]
        if not weeks:
            return None
        ensembles = tuple(tuple(Trees.from_arrays(of(f"{week}.{level}.")) for level in LEVELS) for week in weeks)
        return cls(ensembles, share, float(arrays["trust"]))


def inputs(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Return (n, columns) float32, NaN = missing: all features unranked, the logs of the bases, and the ranks of some features."""
    return np.hstack([panel.x[rows], np.log(np.maximum(panel.base[rows], 1e-6)), panel.ranks[rows]]).astype(np.float32)


def log_own_rate(panel: Panel, rows: np.ndarray, place: int) -> np.ndarray:
    """Return (n,) float64, the log of the units of DEMAND_WEEKS[place] at the rate of the last eight weeks.

    Without orders in those weeks, the seasonal-naive base takes the rate's place.
    """
    weekly = panel.feature(rows, "own_pace") * panel.feature(rows, "units_per_order")
    units = np.where(weekly > 0, weekly * DEMAND_WEEKS[place], panel.base[rows, place])
    return np.log(np.maximum(units.astype(np.float64), _FLOOR[place]))


def fit_demand_trees(
    panel: Panel,
    rows: np.ndarray,
    units: np.ndarray,
    recipe: TrainingConfig,
    seed: int,
    *,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
) -> DemandTrees | None:
    """Fit trees on these row numbers and their units (n, T), NaN = not known.

    Returns None where the recipe gives the trees no share or rows are too few. check() is called after each tree, and may raise to stop.
    """
    found, trust = [], 1.0
    for place in _WEEK_INDEX if recipe.demand_trees_share else ():
        random = np.random.default_rng(seed)
        known = np.isfinite(units[:, place])
        drawn = panel.draw(rows[known], recipe.segment_share, random)
        if len(drawn) > _MOST_ROWS:
            drawn = np.sort(random.choice(drawn, _MOST_ROWS, replace=False))
        if len(drawn) < _FEWEST_ROWS:
            break
        outcome = np.maximum(units[known, place][np.searchsorted(rows[known], drawn)], 0.0).astype(np.float64)
        x, target, own_rate = inputs(panel, drawn), np.log(outcome + _FLOOR[place]), log_own_rate(panel, drawn, place)
        # Rows weigh the square root of their base. The loss counts units, and weights in proportion would let the best sellers decide
        # alone.
        weight = np.sqrt(np.maximum(panel.base[drawn, place].astype(np.float64), _FLOOR[place]))
        of_units, of_changes = (
            fit_several(
                x,
                values,
                np.zeros(x.shape[1], dtype=np.int64),
                [SETTINGS | {"alpha": level} for level in LEVELS],
                rounds=ROUNDS,
                seed=seed,
                threads=threads,
                check=check,
                weight=weight,
            )
            for values in (target, target - own_rate)
        )
        found.append(tuple(average(both) for both in zip(of_units, of_changes)))
        trust = min(1.0, len(np.unique(panel.as_of[drawn])) / _ENOUGH_ORIGINS)
    return DemandTrees(tuple(found), recipe.demand_trees_share, trust) if found else None
