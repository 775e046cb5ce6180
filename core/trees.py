"""Boosted trees beside the fusion net: what they say, and exactly which driver says it. Arrays only: no SQL, no data frames, no torch.

LightGBM grows them (Ke et al. 2017); what is kept are their arrays, so that a model folder is read without it and holds no code.

The game that attributions are Shapley values of: with only the drivers in S present, a split on any other driver's feature sends a row
both ways, in the shares in which the training rows went (as TreeSHAP's, Lundberg et al. 2020, but whole drivers come and go together).
A driver for which a row has no value at all is absent from the forecast itself, as it is for the net: it gets 0.
A leaf's value then is a product of one factor a driver on its path: 0 or 1 where the driver is present, the share of training rows
where it is absent. Each leaf has few drivers on its path, so all of their subsets are written down, and the sum over leaves is exact.

Shapes: B rows, F features, K drivers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from math import comb

import numpy as np

LEAVES, DEPTH = 15, 7
SETTINGS = {
    "objective": "cross_entropy", "learning_rate": 0.03, "num_leaves": LEAVES, "max_depth": DEPTH, "min_data_in_leaf": 100, "lambda_l2": 10.0,
    "feature_fraction": 0.3, "bagging_fraction": 0.5, "bagging_freq": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True,
}
_ROWS = 4096  # a chunk of rows x a tree's pairs of leaf and driver: some megabytes
FAIL, PASS, LACK = 0, 1, 2  # a driver's conditions for a leaf: not met by the row, met, the row has no such driver
_ARRAYS = ("starts", "feature", "threshold", "nan_left", "left", "right", "rows", "value", "driver")


@dataclass(frozen=True)
class Trees:
    """An ensemble's nodes, tree after tree. N nodes, T trees; a tree's node 0 is its root.

    starts   (T + 1,) int64, each tree's first node
    feature  (N,) int32, column of x that a node asks for; -1 = a leaf
    threshold (N,) float64, at most it = left;  nan_left (N,) int8: missing goes left (1), right (0), or counts as 0.0 (-1)
    left, right (N,) int32, children, counted inside the tree
    rows     (N,) float64, training rows that came by
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
        """What a model folder keeps of them; `from_arrays` takes it back."""
        return {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Trees":
        return cls(**{name: np.asarray(arrays[name]) for name in _ARRAYS})

    def predict(self, x: np.ndarray, without: int = -1) -> np.ndarray:
        """(B,) float64 logits of x (B, F) float32, NaN = missing; `without` = a driver taken as absent from every row."""
        out, lacks = np.zeros(len(x)), self._lacks(x)
        if 0 <= without < lacks.shape[1]:  # a driver beyond them, such as the text's words, has no column here
            lacks[:, without] = True
        whole = ~lacks[:, np.unique(self.driver[self.feature[self.feature >= 0]])].any(1)
        for chosen in _chunks(np.flatnonzero(whole)):  # one leaf a tree
            sides = _sides(x[chosen])
            for tree in self._trees:
                out[chosen] += tree.value[tree.leaves.met(tree.left(sides)).argmax(0)]
        for chosen in _chunks(np.flatnonzero(~whole)):  # every leaf, by the share that would come to it
            sides, absent = _sides(x[chosen]), lacks[chosen].T
            for tree in self._trees:
                factor = np.where(absent[tree.pair_driver], tree.pair_share[:, None], tree.pairs.met(tree.left(sides)))
                shares = np.multiply.reduceat(factor, tree.pair_starts, axis=0) if len(factor) else np.ones((1, len(chosen)))
                out[chosen] += (tree.value[:, None] * shares).sum(0)
        return out

    @cached_property
    def base(self) -> float:
        """The logit of a row without any driver."""
        return float(self.predict(np.full((1, len(self.driver)), np.nan))[0])

    def attributions(self, x: np.ndarray, group: np.ndarray) -> np.ndarray:
        """(B, K) float64 Shapley values of x (B, F) float32 whose sum + base = predict(x). group (K,), of each driver: groups come one
        after another, the lowest first, and the drivers of one in every order alike."""
        out, lacks = np.zeros((len(x), len(group))), self._lacks(x)
        tables = [tree.tables(group) for tree in self._trees]
        for chosen in _chunks(np.arange(len(x))):
            sides, absent, here = _sides(x[chosen]), lacks[chosen].T, np.zeros((len(group), len(chosen)))
            for tree, leaves in zip(self._trees, tables):
                if not leaves:
                    continue
                state = np.where(absent[tree.pair_driver], LACK, tree.pairs.met(tree.left(sides)).astype(np.int32))
                place = np.add.reduceat(state * tree.pair_power[:, None], tree.pair_starts, axis=0)
                for at, (table, drivers) in zip(place, leaves):
                    for values, driver in zip(table.T, drivers):
                        here[driver] += values[at]
            out[chosen] = here.T
        out[:, : lacks.shape[1]][lacks] = 0.0  # rounding left some 1e-19 there
        return out

    def _lacks(self, x: np.ndarray) -> np.ndarray:
        """(B, K) bool: a row has no value of any of the driver's columns."""
        missing = np.isnan(x)
        return np.stack([missing[:, self.driver == d].all(1) for d in range(self.driver.max() + 1)], axis=1)

    @cached_property
    def _trees(self) -> list["_Tree"]:
        return [_Tree.of(self, start, end) for start, end in zip(self.starts[:-1], self.starts[1:])]


@dataclass(frozen=True, eq=False)
class _Conditions:
    """Sets of conditions on which way a row goes at inner nodes, a bit a node: asked (sets, 1) uint32, of the nodes that a set has a
    condition on; left (sets, 1), of those where it asks for left. Bits and no matrices, whose threads wait for each other on a busy
    machine."""

    asked: np.ndarray
    left: np.ndarray

    def met(self, left: np.ndarray) -> np.ndarray:
        """left (B,) uint32, the nodes at which a row goes left -> (sets, B) bool: all conditions hold."""
        return (left & self.asked) == self.left

    @classmethod
    def of(cls, sets: list[list[tuple[int, bool]]]) -> "_Conditions":
        """sets: of (inner node, whether going left there breaks it)."""
        asked, left = ([sum(1 << node for node, breaks in one if not (breaks and lefts)) for one in sets] for lefts in (False, True))
        return cls(*(np.array(bits, dtype=np.uint32)[:, None] for bits in (asked, left)))


@dataclass(frozen=True, eq=False)
class _Tree:
    """One tree by its leaves. A pair is a leaf and a driver on its path; pairs stand leaf by leaf.

    column, threshold  of the P inner nodes, in _sides' arrays
    leaves, pairs      the conditions on a row to come to a leaf, and those of them that are a pair's
    value        (leaves,);  pair_starts (leaves,) first pair of each leaf;  pair_driver, pair_share, pair_power (pairs,)
    """

    column: np.ndarray
    threshold: np.ndarray
    leaves: _Conditions
    pairs: _Conditions
    value: np.ndarray
    pair_starts: np.ndarray
    pair_driver: np.ndarray
    pair_share: np.ndarray
    pair_power: np.ndarray

    def left(self, sides: np.ndarray) -> np.ndarray:
        """(B,) uint32: the bits of the inner nodes at which a row of `_sides` goes left."""
        bits = np.zeros((sides.shape[1], 4), dtype=np.uint8)
        packed = np.packbits(sides[self.column] <= self.threshold, axis=0, bitorder="little")
        bits[:, : len(packed)] = packed.T
        return bits.view("<u4")[:, 0]

    def tables(self, group: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each leaf: (3^m, m) attributions by the state of its m drivers, and those drivers; empty where there is nothing to split."""
        if not len(self.pair_driver):
            return []
        ends = np.append(self.pair_starts[1:], len(self.pair_driver))
        leaves = [(value, slice(a, b)) for value, a, b in zip(self.value, self.pair_starts, ends)]
        return [(value * leaf_shares(self.pair_share[pairs], group[self.pair_driver[pairs]]), self.pair_driver[pairs]) for value, pairs in leaves]

    @classmethod
    def of(cls, trees: Trees, start: int, end: int) -> "_Tree":
        feature = trees.feature[start:end]
        inner = np.flatnonzero(feature >= 0)
        assert len(inner) <= 32, "a bit a node"
        place = {int(node): i for i, node in enumerate(inner)}
        leaves, pairs, values = [], [], []
        starts, drivers, shares, powers = [], [], [], []
        for leaf, path in _paths(trees, start, 0, []):
            by_driver: dict[int, list] = {}
            for node, left_breaks, share in path:
                by_driver.setdefault(int(trees.driver[feature[node]]), []).append((place[node], left_breaks, share))
            starts.append(len(drivers))
            values.append(trees.value[start + leaf])
            leaves.append([(place[node], left_breaks) for node, left_breaks, _ in path])
            for power, (driver, steps) in enumerate(by_driver.items()):
                pairs.append([(node, left_breaks) for node, left_breaks, _ in steps])
                drivers.append(driver)
                shares.append(np.prod([share for *_, share in steps]))
                powers.append(3 ** power)
        side = trees.nan_left[start:end][inner].astype(np.int64) % 3  # 0 right, 1 left, 2 (-1) as 0.0
        column = feature[inner] + side * len(trees.driver)
        return cls(column, _not_above(trees.threshold[start:end][inner])[:, None], _Conditions.of(leaves),
                   _Conditions.of(pairs), np.array(values), np.array(starts, dtype=np.int64),
                   np.array(drivers, dtype=np.int64), np.array(shares), np.array(powers, dtype=np.int32))


def _sides(x: np.ndarray) -> np.ndarray:
    """(3F, B) float32 of x (B, F), missing values going right in the first F rows, left in the next, and taken as 0.0 in the last."""
    x = np.ascontiguousarray(np.asarray(x, dtype=np.float32).T)
    missing = np.isnan(x)
    return np.concatenate([np.where(missing, np.float32(side), x) for side in (np.inf, -np.inf, 0.0)])


def _not_above(threshold: np.ndarray) -> np.ndarray:
    """The largest float32 not above each float64: what lies at most there is the same for float32 numbers."""
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _paths(trees: Trees, start: int, node: int, path: list) -> Iterator[tuple[int, list]]:
    """(leaf, [(inner node, whether going left there fails, share of its rows that went this way)]) of each leaf of a tree."""
    at = start + node
    if trees.feature[at] < 0:
        yield node, path
        return
    for child, left_fails in ((int(trees.left[at]), False), (int(trees.right[at]), True)):
        share = trees.rows[start + child] / trees.rows[at]
        yield from _paths(trees, start, child, [*path, (node, left_fails, share)])


def leaf_shares(share: np.ndarray, group: np.ndarray) -> np.ndarray:
    """(3^m, m) Shapley values of a leaf of value 1 with m drivers on its path, by their states (FAIL, PASS, LACK), first driver lowest.

    share (m,): an absent driver's factor, and that of a driver that the row LACKs whether it is in S or not. group (m,): their order.

    >>> leaf_shares(np.array([0.25]), np.array([0]))[:, 0].tolist()
    [-0.25, 0.75, 0.0]
    """
    m = len(share)
    states = np.array([s[::-1] for s in product(range(3), repeat=m)])  # (3^m, m)
    inside = _subsets(m)
    present = np.where(states == LACK, share, states == PASS)
    game = np.where(inside[None], present[:, None], share).prod(axis=2)  # (3^m, 2^m)
    return game @ _ordered_weights(tuple(np.unique(group, return_inverse=True)[1].tolist()))


@cache
def _ordered_weights(group: tuple[int, ...]) -> np.ndarray:
    """(2^m, m): a game over all subsets @ this = Shapley values inside each group, those before it present, those after it absent."""
    inside, of = _subsets(len(group)), np.array(group)
    weights = np.zeros(inside.shape)
    for subset, row in enumerate(inside):
        for player, number in enumerate(group):
            if row[of < number].all() and not row[of > number].any():
                k, s = int((of == number).sum()), int(row[of == number].sum())
                weights[subset, player] = 1.0 / (k * comb(k - 1, s - 1)) if row[player] else -1.0 / (k * comb(k - 1, s))
    return weights


def _subsets(m: int) -> np.ndarray:
    """(2^m, m) bool: row s has the bits of s, lowest first."""
    return (np.arange(2 ** m)[:, None] >> np.arange(m) & 1).astype(bool)


def grow(x: np.ndarray, target: np.ndarray, driver: np.ndarray, *, rounds: int, seed: int, threads: int = 1,
         check: Callable[[], None] = lambda: None, weight: np.ndarray | None = None, **settings) -> Trees:
    """Trees learnt from x (B, F) float32, NaN = missing, and target (B,), in 0..1 unless `settings`, which replace some of SETTINGS,
    have another objective. driver (F,) of each column; check() is called from tree to tree; weight (B,) of each row."""
    import lightgbm

    settings = SETTINGS | settings | {"seed": seed, "num_threads": threads}
    booster = lightgbm.train(settings, lightgbm.Dataset(x, target, weight=weight, params=settings), rounds, callbacks=[lambda env: check()])
    nodes: list[tuple] = []
    starts = [0]
    for tree in booster.dump_model()["tree_info"]:
        nodes += _nodes(tree["tree_structure"], len(x))
        starts.append(len(nodes))
    feature, threshold, nan_left, left, right, rows, value = (np.array(column) for column in zip(*nodes))
    return Trees(np.array(starts, dtype=np.int64), feature.astype(np.int32), threshold.astype(np.float64), nan_left.astype(np.int8),
                 left.astype(np.int32), right.astype(np.int32), rows.astype(np.float64), value.astype(np.float64), np.asarray(driver))


def _nodes(root: dict, rows: int) -> list[tuple]:
    """LightGBM's nested nodes, parents before children: (feature, threshold, nan_left, left, right, rows, value)."""
    out: list[list] = []

    def add(node: dict) -> int:
        place = len(out)
        if "split_feature" not in node:
            out.append([-1, 0.0, 0, -1, -1, node.get("leaf_count", rows), node["leaf_value"]])
            return place
        nan_left = -1 if node["missing_type"] == "None" else int(node["default_left"])
        out.append([node["split_feature"], node["threshold"], nan_left, -1, -1, node["internal_count"], 0.0])
        out[place][3], out[place][4] = add(node["left_child"]), add(node["right_child"])
        return place

    add(root)
    return [tuple(node) for node in out]


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start:start + _ROWS]
