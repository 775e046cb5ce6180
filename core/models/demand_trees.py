"""Boosted trees for demand: over four weeks and over thirteen, at a few levels, they say how many units will be wanted, and the net's
quantiles go a share of the way to theirs, on a log scale. Quantiles of the other weeks go along.

Trees and net err differently: a net carries on what rises smoothly from the seasonal-naive base, and errs with it where one bulk order
of a year ago stands in it. Trees read the base as one number among others, and numbers as they are and as ranks: a rank says who goes
ahead of the others, but demand grows with the shop. Half of them say units, half say how many times the pace of the last eight weeks,
whose errors differ again: leaves of units hold products that sell alike and tell their changes apart badly, leaves of changes carry on a
pace that one bulk order made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from core.models.panel import Panel
from core.models.trees import Trees, grow_each, mean_of
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import TrainingConfig

WEEKS = (4, 13)
LEVELS = (0.1, 0.5, 0.9, 0.975)  # the levels between go between, those beyond as the outermost
ROUNDS = 60  # for units, and as many for changes
SETTINGS = {"objective": "quantile", "learning_rate": 0.12, "num_leaves": 31, "feature_fraction": 0.5}
_FLOOR = 0.1 * np.array(DEMAND_WEEKS)  # units, as in the seasonal-naive base: the log of nothing sold is not defined
_MOST_ROWS = 120_000  # twice as many say hardly more, and take twice as long
_FEWEST_ROWS = 400  # leaves have 100 rows
_ENOUGH_ORIGINS = 26  # half a year: what thirteen weeks did at fewer may be one season's way of growing
_normal = NormalDist().inv_cdf
_PLACES = [DEMAND_WEEKS.index(week) for week in WEEKS]
_AT = [DEMAND_LEVELS.index(level) for level in LEVELS]
# (LEVELS, DEMAND_LEVELS): what each level's trees count for at every level, linear in the normal score
_BETWEEN = np.stack([np.interp([_normal(q) for q in DEMAND_LEVELS], [_normal(q) for q in LEVELS], row) for row in np.eye(len(LEVELS))])
# (WEEKS, DEMAND_WEEKS): the same for weeks, linear in weeks
_ALONG = np.stack([np.interp(DEMAND_WEEKS, WEEKS, row) for row in np.eye(len(WEEKS))])


@dataclass(frozen=True)
class DemandTrees:
    """ensembles: of each of WEEKS, one for each of LEVELS, of log(units + floor) less half of `pace`, the mean of what trees for units and
    trees for changes say; without any of thirteen weeks these go along with four.
    share: of the quantiles that they say; trust: how far thirteen weeks go from along with four to their own trees, 0 to 1."""

    ensembles: tuple[tuple[Trees, ...], ...]
    share: float
    trust: float = 1.0

    def __call__(self, demand: np.ndarray, panel: Panel, rows: np.ndarray) -> np.ndarray:
        """The net's demand (n, T, L) units of these row numbers -> (n, T, L) units with the trees' share, rising in T and L."""
        x, moves = inputs(panel, rows), []
        for place, levels in zip(_PLACES, self.ensembles):
            found = np.sort(np.stack([trees.predict(x) for trees in levels], axis=1), axis=1) + pace(panel, rows, place)[:, None] / 2
            moves.append(found - np.log(demand[:, place][:, _AT] + _FLOOR[place]))
        near, far = moves[0], moves[0] + self.trust * (moves[-1] - moves[0])
        factor = np.exp(self.share * np.einsum("wnl,wt,lk->ntk", [near, far], _ALONG, _BETWEEN, optimize=True))
        floor = _FLOOR[:, None]
        moved = np.maximum((demand + floor) * factor - floor, 0.0)
        return np.maximum.accumulate(np.maximum.accumulate(moved, axis=2), axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """What a model folder keeps of them; `from_arrays` takes it back."""
        return {"trust": np.array(self.trust)} | {
            f"{week}.{level}.{name}": array
            for week, of_week in zip(WEEKS, self.ensembles)
            for level, trees in zip(LEVELS, of_week)
            for name, array in trees.arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], share: float) -> DemandTrees | None:
        """None where there are no arrays."""
        of = lambda start: {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}  # noqa: E731
        known = [week for week in WEEKS if of(f"{week}.")]
        if not known:
            return None
        ensembles = tuple(tuple(Trees.from_arrays(of(f"{week}.{level}.")) for level in LEVELS) for week in known)
        return cls(ensembles, share, float(arrays["trust"]))


def inputs(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """(n, columns) float32, NaN = missing: all features as they are, the bases' logs, and the ranks of some features."""
    return np.hstack([panel.x[rows], np.log(np.maximum(panel.base[rows], 1e-6)), panel.ranks[rows]]).astype(np.float32)


def pace(panel: Panel, rows: np.ndarray, place: int) -> np.ndarray:
    """(n,) float64, log units of so many of DEMAND_WEEKS at the pace of the last eight weeks; at the seasonal-naive base where no order
    tells a pace."""
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
    """Trees learnt from these row numbers and what was wanted of them, units (n, T), NaN = not known; None where the recipe gives them
    no share or rows are too few. check() is called from tree to tree, and may raise to end it."""
    found, trust = [], 1.0
    for place in _PLACES if recipe.demand_trees_share else ():
        random = np.random.default_rng(seed)
        known = np.isfinite(units[:, place])
        drawn = panel.draw(rows[known], recipe.segment_share, random)
        if len(drawn) > _MOST_ROWS:
            drawn = np.sort(random.choice(drawn, _MOST_ROWS, replace=False))
        if len(drawn) < _FEWEST_ROWS:
            break
        wanted = np.maximum(units[known, place][np.searchsorted(rows[known], drawn)], 0.0).astype(np.float64)
        x, target, usual = inputs(panel, drawn), np.log(wanted + _FLOOR[place]), pace(panel, drawn, place)
        # Rows weigh the square root of their base: the loss that judges them counts units, and alone the best sellers would decide.
        weight = np.sqrt(np.maximum(panel.base[drawn, place].astype(np.float64), _FLOOR[place]))
        of_units, of_changes = (
            grow_each(
                x,
                said,
                np.zeros(x.shape[1], dtype=np.int64),
                [SETTINGS | {"alpha": level} for level in LEVELS],
                rounds=ROUNDS,
                seed=seed,
                threads=threads,
                check=check,
                weight=weight,
            )
            for said in (target, target - usual)
        )
        found.append(tuple(mean_of(both) for both in zip(of_units, of_changes)))
        trust = min(1.0, len(np.unique(panel.as_of[drawn])) / _ENOUGH_ORIGINS)
    return DemandTrees(tuple(found), recipe.demand_trees_share, trust) if found else None
