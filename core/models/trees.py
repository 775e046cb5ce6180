"""Boosted trees beside the fusion net: what they say, and exactly which driver says it. Arrays only: no SQL, no data frames, no torch.

LightGBM grows them (Ke et al. 2017); what is kept are their arrays, so that a model folder is read without it and holds no code.

The game that attributions are Shapley values of: with only the drivers in S present, a split on any other driver's feature sends a row
both ways, in the shares in which the training rows went (as TreeSHAP's, Lundberg et al. 2020, but whole drivers come and go together).
A driver of which a row lacks every value cannot come or go: whatever S is, its splits send the row where they have learnt to send what is
missing, or both ways where nothing was ever missing in training. So it gets 0, and the game starts from a base that rows with the same
lacks share: `all` customers, who lack the driver `segment`, rise more often than a segment's, and that is no reason of any one product.
A leaf's value then is a product of one factor a driver on its path: 0 or 1 where the driver is present, the share of training rows
where it is absent. Each leaf has few drivers on its path, so all of their subsets are written down, and the sum over leaves is exact.

Shapes: B rows, F features, K drivers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb

import numpy as np

LEAVES, DEPTH = 15, 7
SETTINGS = {
    "objective": "cross_entropy",
    "learning_rate": 0.06,
    "num_leaves": LEAVES,
    "max_depth": DEPTH,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
}
_ROWS = 8192  # a chunk of rows x three times the features: some megabytes
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
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Trees:
        return cls(**{name: np.asarray(arrays[name]) for name in _ARRAYS})

    def predict(self, x: np.ndarray, absent: np.ndarray | None = None) -> np.ndarray:
        """(B,) float64 logits of x (B, F) float32, NaN = missing; `absent` (K,) bool = drivers taken away from every row that has them."""
        out, lacks, used = np.zeros(len(x)), self._lacks(x), np.unique(self.driver[self.feature[self.feature >= 0]])
        away = lacks & ~self._learnt
        if absent is not None:
            away |= ~lacks & absent[: lacks.shape[1]]
        whole = ~away[:, used].any(1)
        for chosen in _chunks(np.flatnonzero(whole)):  # one leaf a tree
            sides = _sides(x[chosen])
            for tree in self._trees:
                out[chosen] += tree.value[tree.leaves.met(tree.left(sides)).argmax(0)]
        for chosen in _chunks(np.flatnonzero(~whole)):  # every leaf, by the share that would come to it
            sides, gone = _sides(x[chosen]), away[chosen].T
            for tree in self._trees:
                factor = np.where(gone[tree.pair_driver], tree.pair_share[:, None], tree.pairs.met(tree.left(sides)))
                shares = np.multiply.reduceat(factor, tree.pair_starts, axis=0) if len(factor) else np.ones((1, len(chosen)))
                out[chosen] += (tree.value[:, None] * shares).sum(0)
        return out

    def base(self, x: np.ndarray) -> np.ndarray:
        """(B,) logits of x (B, F) with every driver that a row has taken away: one number for all rows with the same lacks."""
        patterns, pattern_of = np.unique(self._lacks(x), axis=0, return_inverse=True)
        if not len(x):
            return np.zeros(0)
        one_each = x[[int(np.argmax(pattern_of == k)) for k in range(len(patterns))]]
        return self.predict(one_each, np.ones(self.driver.max() + 1, dtype=bool))[pattern_of]

    def attributions(self, x: np.ndarray, group: np.ndarray) -> np.ndarray:
        """(B, K) float64 Shapley values of x (B, F) float32 whose sum + base(x) = predict(x). group (K,), of each driver: groups come one
        after another, the lowest first, and the drivers of one in every order alike."""
        out = np.zeros((len(x), len(group)))
        patterns, pattern_of = np.unique(self._lacks(x), axis=0, return_inverse=True)
        for number, lacks in enumerate(patterns):
            games = [game for tree in self._trees if (game := tree.game(lacks, lacks & ~self._learnt, group)) is not None]
            for chosen in _chunks(np.flatnonzero(pattern_of == number)):
                sides, here = _sides(x[chosen]), np.zeros((len(chosen), len(group)))
                for game in games:  # of thousands of rows some hundred go different ways at some node
                    ways, way_of = np.unique(game.tree.left(sides), return_inverse=True)
                    here += game.attributions(ways, len(group))[way_of]
                out[chosen] = here
        return out

    def _lacks(self, x: np.ndarray) -> np.ndarray:
        """(B, K) bool: a row has no value of any of the driver's columns."""
        missing = np.isnan(x)
        return np.stack([missing[:, self.driver == d].all(1) for d in range(self.driver.max() + 1)], axis=1)

    @cached_property
    def _learnt(self) -> np.ndarray:
        """(K,) bool: splits on the driver know where to send what is missing, since values were missing in training."""
        learnt = np.ones(self.driver.max() + 1, dtype=bool)
        learnt[self.driver[self.feature[(self.feature >= 0) & (self.nan_left < 0)]]] = False
        return learnt

    @cached_property
    def _trees(self) -> list[_Tree]:
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
    def of(cls, sets: list[list[tuple[int, bool]]]) -> _Conditions:
        """sets: of (inner node, whether going left there breaks it)."""
        asked, left = ([sum(1 << node for node, breaks in one if not (breaks and lefts)) for one in sets] for lefts in (False, True))
        return cls(*(np.array(bits, dtype=np.uint32)[:, None] for bits in (asked, left)))


@dataclass(frozen=True, eq=False)
class _Tree:
    """One tree by its leaves. A pair is a leaf and a driver on its path; pairs stand leaf by leaf.

    column, threshold  of the P inner nodes, in _sides' arrays
    leaves, pairs      the conditions on a row to come to a leaf, and those of them that are a pair's
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
        """(B,) uint32: the bits of the inner nodes at which a row of `_sides` goes left."""
        bits = np.zeros((sides.shape[1], 4), dtype=np.uint8)
        packed = np.packbits(sides[self.column] <= self.threshold, axis=0, bitorder="little")
        bits[:, : len(packed)] = packed.T
        return bits.view("<u4")[:, 0]

    def game(self, lacks: np.ndarray, both_ways: np.ndarray, group: np.ndarray) -> _Game | None:
        """Of rows that lack these drivers (K,) bool, of which some are sent both ways; None where there is nothing to split."""
        if not len(self.pair_driver):
            return None
        lacked, split = lacks[self.pair_driver], both_ways[self.pair_driver]
        ends, power, leaves = np.append(self.pair_starts[1:], len(self.pair_driver)), np.zeros(len(lacked), dtype=np.int32), []
        for value, start, end in zip(self.value, self.pair_starts, ends):
            own = start + np.flatnonzero(~lacked[start:end])
            power[own] = 2 ** np.arange(len(own))
            drivers = self.pair_driver[own]
            value = value * self.pair_share[start:end][split[start:end]].prod()
            leaves.append((value * leaf_shares(self.pair_share[own], group[drivers]), drivers))
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
            _not_above(trees.threshold[start:end][inner])[:, None],
            _Conditions.of(leaves),
            _Conditions.of(pairs),
            np.array(values),
            np.array(starts, dtype=np.int64),
            np.array(drivers, dtype=np.int64),
            np.array(shares),
        )


@dataclass(frozen=True, eq=False)
class _Game:
    """A tree among rows with the same lacks: the pairs (pairs,) that send them one way whatever happens, what each other pair counts in
    a leaf's state (pairs,), and each leaf's (2^m, m) attributions by the state of the m drivers that the rows have, with these drivers."""

    tree: _Tree
    lacked: np.ndarray
    power: np.ndarray
    leaves: list[tuple[np.ndarray, np.ndarray]]

    def attributions(self, left: np.ndarray, drivers: int) -> np.ndarray:
        """(B, drivers) of rows that go left at these nodes (B,) uint32."""
        met = self.tree.pairs.met(left)
        stays = np.logical_and.reduceat(met | ~self.lacked[:, None], self.tree.pair_starts, axis=0)
        place = np.add.reduceat(met * self.power[:, None], self.tree.pair_starts, axis=0)
        out = np.zeros((drivers, len(left)))
        for at, comes, (table, own) in zip(place, stays, self.leaves):
            out[own] += table.T[:, at] * comes
        return out.T


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
    """(2^m, m) Shapley values of a leaf of value 1 with m drivers on its path, by whether a row meets each driver's conditions, the first
    driver the lowest bit. share (m,): an absent driver's factor. group (m,): their order.

    >>> leaf_shares(np.array([0.25]), np.array([0]))[:, 0].tolist()
    [-0.25, 0.75]
    """
    game = np.ones((1, 1))  # (2^m, 2^m): by what is met, and by which drivers are there
    for absent in share:
        factor = np.array([[absent, 0.0], [absent, 1.0]])
        game = (factor[:, None, :, None] * game[None, :, None, :]).reshape(2 * len(game), -1)
    return game @ _ordered_weights(tuple(group.tolist()))


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
    return (np.arange(2**m)[:, None] >> np.arange(m) & 1).astype(bool)


def grow(
    x: np.ndarray,
    target: np.ndarray,
    driver: np.ndarray,
    *,
    rounds: int,
    seed: int,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
    weight: np.ndarray | None = None,
    **settings,
) -> Trees:
    """Trees learnt from x (B, F) float32, NaN = missing, and target (B,), in 0..1 unless `settings`, which replace some of SETTINGS,
    have another objective. driver (F,) of each column; check() is called from tree to tree; weight (B,) of each row."""
    (trees,) = grow_each(x, target, driver, [settings], rounds=rounds, seed=seed, threads=threads, check=check, weight=weight)
    return trees


def grow_each(
    x: np.ndarray,
    target: np.ndarray,
    driver: np.ndarray,
    each: Sequence[dict],
    *,
    rounds: int,
    seed: int,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
    weight: np.ndarray | None = None,
) -> tuple[Trees, ...]:
    """The same for each of several settings, which bin the rows alike, so that this is done once."""
    import lightgbm

    given = SETTINGS | {"seed": seed, "num_threads": threads}
    data = lightgbm.Dataset(x, target, weight=weight, params=given | each[0])
    learnt = (lightgbm.train(given | settings, data, rounds, callbacks=[lambda env: check()]) for settings in each)
    return tuple(_trees(booster, len(x), driver) for booster in learnt)


def mean_of(members: Sequence[Trees]) -> Trees:
    """One ensemble that says the mean of what these say, and whose attributions are the mean of theirs."""
    starts = np.cumsum([0, *(m.starts[-1] for m in members)])
    joined = {name: np.concatenate([getattr(m, name) for m in members]) for name in _ARRAYS if name not in ("starts", "driver")}
    return Trees(
        **joined
        | {
            "starts": np.concatenate([[0], *(m.starts[1:] + start for m, start in zip(members, starts))]).astype(np.int64),
            "value": joined["value"] / len(members),
            "driver": members[0].driver,
        }
    )


def losses(
    x: np.ndarray,
    target: np.ndarray,
    held: np.ndarray,
    *,
    rounds: int,
    seed: int,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
    **settings,
) -> np.ndarray:
    """(rounds,) mean loss on the rows `held` (B,) bool after each tree that is learnt from the others. The rest as for `grow`."""
    import lightgbm

    given = SETTINGS | {"seed": seed, "num_threads": threads} | settings
    told: dict[str, dict[str, list[float]]] = {}
    data = lightgbm.Dataset(x[~held], target[~held], params=given)
    lightgbm.train(
        given,
        data,
        rounds,
        valid_sets=[data.create_valid(x[held], target[held])],
        valid_names=["held"],
        callbacks=[lightgbm.record_evaluation(told), lambda env: check()],
    )
    (found,) = told["held"].values()
    return np.array(found)


def _trees(booster, rows: int, driver: np.ndarray) -> Trees:
    nodes: list[tuple] = []
    starts = [0]
    for tree in booster.dump_model()["tree_info"]:
        nodes += _nodes(tree["tree_structure"], rows)
        starts.append(len(nodes))
    feature, threshold, nan_left, left, right, covered, value = (np.array(column) for column in zip(*nodes))
    return Trees(
        np.array(starts, dtype=np.int64),
        feature.astype(np.int32),
        threshold.astype(np.float64),
        nan_left.astype(np.int8),
        left.astype(np.int32),
        right.astype(np.int32),
        covered.astype(np.float64),
        value.astype(np.float64),
        np.array(driver),
    )


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
        yield rows[start : start + _ROWS]
