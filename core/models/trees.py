"""Boosted trees: their predictions and the exact attribution of each driver. Arrays only: no SQL, no data frames, no torch.

core/models/tree_fitting.py fits them by LightGBM. Only their arrays are kept, so a model folder is read without it and holds no code.

The game of the Shapley values: with only the drivers in S present, a split on another driver's feature sends a row both ways, in the
shares of the training rows (as in TreeSHAP, Lundberg et al. 2020, but for whole drivers). A driver without any value in a row takes
no part in that row's game. Its splits always send the row where training sent missing values, or both ways where none was missing then.
Its attribution is 0, and the base is the same for all rows that lack the same drivers. For example, rows of `all` lack the driver
`segment`: they rise more often than a segment's rows, which explains no single product. The value of a leaf is then a product of one factor
per driver on its path: 0 or 1 where the driver is present, the share of training rows where it is absent. Each leaf has few drivers on its
path, so all of their subsets are enumerated and the sum over leaves is exact.

Shapes: B rows, F features, K drivers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb

import numpy as np

_ROWS = 8192  # rows per chunk: x three times the features, some megabytes
ARRAYS = ("starts", "feature", "threshold", "nan_left", "left", "right", "rows", "value", "driver")


@dataclass(frozen=True)
class Trees:
    """The nodes of an ensemble, tree after tree. N nodes, T trees; node 0 of a tree is its root.

    starts   (T + 1,) int64, each tree's first node
    feature  (N,) int32, column of x that a node splits on; -1 = a leaf
    threshold (N,) float64, values up to it go left;  nan_left (N,) int8: missing goes left (1), right (0), or counts as 0.0 (-1)
    left, right (N,) int32, children, numbered within the tree
    rows     (N,) float64, training rows that reached the node
    value    (N,) float64, what a leaf adds to the logit
    driver   (F,) int64, each column's driver, 0..K-1
    """

    starts: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    nan_left: np.ndarray
    left: np.ndarray
    right: np.ndarray
    rows: np.ndarray
    value: np.ndarray
    driver: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model folder stores; `from_arrays` reads them."""
        return {name: np.ascontiguousarray(getattr(self, name)) for name in ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Trees:
        return cls(**{name: np.asarray(arrays[name]) for name in ARRAYS})

    def predict(self, x: np.ndarray, absent: np.ndarray | None = None) -> np.ndarray:
        """Return (B,) float64 logits of x (B, F) float32, NaN = missing. `absent` (K,) bool: drivers to remove from rows that have them."""
        out, lacks, used = np.zeros(len(x)), self._lacking(x), np.unique(self.driver[self.feature[self.feature >= 0]])
        away = lacks & ~self._splits_on_missing
        if absent is not None:
            away |= ~lacks & absent[: lacks.shape[1]]
        whole = ~away[:, used].any(1)
        for chosen in _chunks(np.flatnonzero(whole)):  # one leaf per tree
            sides = _sides(x[chosen])
            for tree in self._trees:
                out[chosen] += tree.value[tree.leaves.met(tree.left(sides)).argmax(0)]
        for chosen in _chunks(np.flatnonzero(~whole)):  # every leaf, weighted by the share of the row that reaches it
            sides, gone = _sides(x[chosen]), away[chosen].T
            for tree in self._trees:
                factor = np.where(gone[tree.pair_driver], tree.pair_share[:, None], tree.pairs.met(tree.left(sides)))
                shares = np.multiply.reduceat(factor, tree.pair_starts, axis=0) if len(factor) else np.ones((1, len(chosen)))
                out[chosen] += (tree.value[:, None] * shares).sum(0)
        return out

    def base(self, x: np.ndarray) -> np.ndarray:
        """Return (B,) logits of x (B, F) with every driver of each row removed: one number for all rows that lack the same drivers."""
        patterns, pattern_of = np.unique(self._lacking(x), axis=0, return_inverse=True)
        if not len(x):
            return np.zeros(0)
        one_each = x[[int(np.argmax(pattern_of == k)) for k in range(len(patterns))]]
        return self.predict(one_each, np.ones(self.driver.max() + 1, dtype=bool))[pattern_of]

    def attributions(self, x: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Return (B, K) float64 Shapley values of x (B, F) float32, whose sum + base(x) = predict(x).

        group (K,), of each driver: groups enter one after another, the lowest first, and the drivers of one group in every order alike.
        """
        out = np.zeros((len(x), len(group)))
        patterns, pattern_of = np.unique(self._lacking(x), axis=0, return_inverse=True)
        for number, lacks in enumerate(patterns):
            games = [game for tree in self._trees if (game := tree.game(lacks, lacks & ~self._splits_on_missing, group)) is not None]
            for chosen in _chunks(np.flatnonzero(pattern_of == number)):
                sides, here = _sides(x[chosen]), np.zeros((len(chosen), len(group)))
                for game in games:  # thousands of rows take only some hundred different paths
                    ways, way_of = np.unique(game.tree.left(sides), return_inverse=True)
                    here += game.attributions(ways, len(group))[way_of]
                out[chosen] = here
        return out

    def _lacking(self, x: np.ndarray) -> np.ndarray:
        """Return (B, K) bool: a row lacks every value of the driver's columns."""
        missing = np.isnan(x)
        return np.stack([missing[:, self.driver == d].all(1) for d in range(self.driver.max() + 1)], axis=1)

    @cached_property
    def _splits_on_missing(self) -> np.ndarray:
        """Return (K,) bool: splits on the driver have a direction for missing values, which occurred in training."""
        directed = np.ones(self.driver.max() + 1, dtype=bool)
        directed[self.driver[self.feature[(self.feature >= 0) & (self.nan_left < 0)]]] = False
        return directed

    @cached_property
    def _trees(self) -> list[_Tree]:
        return [_Tree.of(self, start, end) for start, end in zip(self.starts[:-1], self.starts[1:])]


@dataclass(frozen=True, eq=False)
class _Conditions:
    """Sets of conditions on the direction of a row at inner nodes, one bit per node.

    asked  (sets, 1) uint32, the nodes that a set has a condition on
    left   (sets, 1) uint32, those of them where it requires left

    Bits rather than matrices, whose threads wait for each other on a busy machine.
    """

    asked: np.ndarray
    left: np.ndarray

    def met(self, left: np.ndarray) -> np.ndarray:
        """Return (sets, B) bool: all conditions hold. left (B,) uint32, the nodes at which a row goes left."""
        return (left & self.asked) == self.left

    @classmethod
    def of(cls, sets: list[list[tuple[int, bool]]]) -> _Conditions:
        """Return the conditions of sets of (inner node, whether going left there breaks the condition)."""
        asked, left = ([sum(1 << node for node, breaks in one if not (breaks and lefts)) for one in sets] for lefts in (False, True))
        return cls(*(np.array(bits, dtype=np.uint32)[:, None] for bits in (asked, left)))


@dataclass(frozen=True, eq=False)
class _Tree:
    """One tree by its leaves. A pair is a leaf and a driver on its path; pairs are sorted by leaf.

    column, threshold  of the P inner nodes, in the arrays of _sides
    leaves, pairs      the conditions for a row to reach a leaf, and those of them that belong to a pair
    value        (leaves,);  pair_starts (leaves,) first pair of each leaf;  pair_driver, pair_share (pairs,)
    """

    column: np.ndarray
    threshold: np.ndarray
    leaves: _Conditions
    pairs: _Conditions
    value: np.ndarray
    pair_starts: np.ndarray
    pair_driver: np.ndarray
    pair_share: np.ndarray

    def left(self, sides: np.ndarray) -> np.ndarray:
        """Return (B,) uint32: the bits of the inner nodes at which a row of `_sides` goes left."""
        bits = np.zeros((sides.shape[1], 4), dtype=np.uint8)
        packed = np.packbits(sides[self.column] <= self.threshold, axis=0, bitorder="little")
        bits[:, : len(packed)] = packed.T
        return bits.view("<u4")[:, 0]

    def game(self, lacks: np.ndarray, both_ways: np.ndarray, group: np.ndarray) -> _Game | None:
        """Return the game of rows that lack these drivers (K,) bool, of which `both_ways` (K,) split both ways; None without splits."""
        if not len(self.pair_driver):
            return None
        lacked, split = lacks[self.pair_driver], both_ways[self.pair_driver]
        ends, power, leaves = np.append(self.pair_starts[1:], len(self.pair_driver)), np.zeros(len(lacked), dtype=np.int32), []
        for value, start, end in zip(self.value, self.pair_starts, ends):
            own = start + np.flatnonzero(~lacked[start:end])
            power[own] = 2 ** np.arange(len(own))
            drivers = self.pair_driver[own]
            value = value * self.pair_share[start:end][split[start:end]].prod()
            leaves.append((value * leaf_attributions(self.pair_share[own], group[drivers]), drivers))
        return _Game(self, lacked & ~split, power, leaves)

    @classmethod
    def of(cls, trees: Trees, start: int, end: int) -> _Tree:
        feature = trees.feature[start:end]
        inner = np.flatnonzero(feature >= 0)
        assert len(inner) <= 32, "a bit a node"
        place = {int(node): i for i, node in enumerate(inner)}
        leaves, pairs, values = [], [], []
        starts: list[int] = []
        drivers: list[int] = []
        shares: list[float] = []
        for leaf, path in _paths(trees, start, 0, []):
            by_driver: dict[int, list] = {}
            for node, left_breaks, share in path:
                by_driver.setdefault(int(trees.driver[feature[node]]), []).append((place[node], left_breaks, share))
            starts.append(len(drivers))
            values.append(trees.value[start + leaf])
            leaves.append([(place[node], left_breaks) for node, left_breaks, _ in path])
            for driver, steps in by_driver.items():
                pairs.append([(node, left_breaks) for node, left_breaks, _ in steps])
                drivers.append(driver)
                shares.append(float(np.prod([share for *_, share in steps])))
        side = trees.nan_left[start:end][inner].astype(np.int64) % 3  # 0 right, 1 left, 2 (-1) as 0.0
        column = feature[inner] + side * len(trees.driver)
        return cls(
            column,
            _round_down(trees.threshold[start:end][inner])[:, None],
            _Conditions.of(leaves),
            _Conditions.of(pairs),
            np.array(values),
            np.array(starts, dtype=np.int64),
            np.array(drivers, dtype=np.int64),
            np.array(shares),
        )


@dataclass(frozen=True, eq=False)
class _Game:
    """The game of one tree for rows that lack the same drivers.

    lacked  (pairs,) bool, pairs of lacking drivers, whose direction is fixed
    power   (pairs,) value of every other pair in a leaf's state
    leaves  per leaf, (2^m, m) attributions by the state of the m drivers that the rows have, and those drivers
    """

    tree: _Tree
    lacked: np.ndarray
    power: np.ndarray
    leaves: list[tuple[np.ndarray, np.ndarray]]

    def attributions(self, left: np.ndarray, drivers: int) -> np.ndarray:
        """Return the attributions (B, drivers) of rows that go left at the nodes `left` (B,) uint32."""
        met = self.tree.pairs.met(left)
        stays = np.logical_and.reduceat(met | ~self.lacked[:, None], self.tree.pair_starts, axis=0)
        place = np.add.reduceat(met * self.power[:, None], self.tree.pair_starts, axis=0)
        out = np.zeros((drivers, len(left)))
        for state, reaches, (table, own) in zip(place, stays, self.leaves):
            out[own] += table.T[:, state] * reaches
        return out.T


def _sides(x: np.ndarray) -> np.ndarray:
    """Return (3F, B) float32 of x (B, F): missing values go right in the first F rows, left in the next F, and are 0.0 in the last F."""
    x = np.ascontiguousarray(np.asarray(x, dtype=np.float32).T)
    missing = np.isnan(x)
    return np.concatenate([np.where(missing, np.float32(side), x) for side in (np.inf, -np.inf, 0.0)])


def _round_down(threshold: np.ndarray) -> np.ndarray:
    """Return the largest float32 not above each float64. Comparing a float32 with either gives the same result."""
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _paths(trees: Trees, start: int, node: int, path: list) -> Iterator[tuple[int, list]]:
    """Yield (leaf, [(inner node, whether going left misses the leaf, share of the node's rows that go this way)]) of a tree."""
    at = start + node
    if trees.feature[at] < 0:
        yield node, path
        return
    for child, left_fails in ((int(trees.left[at]), False), (int(trees.right[at]), True)):
        share = trees.rows[start + child] / trees.rows[at]
        yield from _paths(trees, start, child, [*path, (node, left_fails, share)])


def leaf_attributions(share: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return (2^m, m) Shapley values of a leaf of value 1 with m drivers on its path.

    The row is the state: bit i is set if driver i's conditions hold. share (m,): an absent driver's factor. group (m,): their order.

    >>> leaf_attributions(np.array([0.25]), np.array([0]))[:, 0].tolist()
    [-0.25, 0.75]
    """
    game = np.ones((1, 1))  # (2^m, 2^m): by state, and by the subset of drivers present
    for absent in share:
        factor = np.array([[absent, 0.0], [absent, 1.0]])
        game = (factor[:, None, :, None] * game[None, :, None, :]).reshape(2 * len(game), -1)
    return game @ _ordered_weights(tuple(group.tolist()))


@cache
def _ordered_weights(group: tuple[int, ...]) -> np.ndarray:
    """Return (2^m, m) weights: a game over all subsets @ weights = Shapley values within each group.

    Earlier groups are present, later groups absent.
    """
    inside, of = _subsets(len(group)), np.array(group)
    weights = np.zeros(inside.shape)
    for subset, row in enumerate(inside):
        for player, number in enumerate(group):
            if row[of < number].all() and not row[of > number].any():
                k, s = int((of == number).sum()), int(row[of == number].sum())
                weights[subset, player] = 1.0 / (k * comb(k - 1, s - 1)) if row[player] else -1.0 / (k * comb(k - 1, s))
    return weights


def _subsets(m: int) -> np.ndarray:
    """Return (2^m, m) bool: row s has the bits of s, lowest first."""
    return (np.arange(2**m)[:, None] >> np.arange(m) & 1).astype(bool)


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start : start + _ROWS]
