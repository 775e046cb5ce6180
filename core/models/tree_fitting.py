"""Fit boosted trees by LightGBM (Ke et al. 2017) and keep their arrays. Shapes as in core.models.trees: B rows, F features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.models.trees import ARRAYS, Trees

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


def fit_trees(
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
    """Fit trees on x (B, F) float32, NaN = missing, and target (B,), in 0..1 unless `settings` have another objective.

    settings replace some of SETTINGS. driver (F,) of each column; check() is called after each tree; weight (B,) of each row.
    """
    (trees,) = fit_several(x, target, driver, [settings], rounds=rounds, seed=seed, threads=threads, check=check, weight=weight)
    return trees


def fit_several(
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
    """Fit trees for each of several settings, which share one binning of the rows. Arguments as in `fit_trees`."""
    import lightgbm

    given = SETTINGS | {"seed": seed, "num_threads": threads}
    data = lightgbm.Dataset(x, target, weight=weight, params=given | each[0])
    boosters = (lightgbm.train(given | settings, data, rounds, callbacks=[lambda env: check()]) for settings in each)
    return tuple(_trees(booster, len(x), driver) for booster in boosters)


def average(members: Sequence[Trees]) -> Trees:
    """Return one ensemble whose predictions and attributions are the means of the members'."""
    starts = np.cumsum([0, *(m.starts[-1] for m in members)])
    joined = {name: np.concatenate([getattr(m, name) for m in members]) for name in ARRAYS if name not in ("starts", "driver")}
    return Trees(
        **joined
        | {
            "starts": np.concatenate([[0], *(m.starts[1:] + start for m, start in zip(members, starts))]).astype(np.int64),
            "value": joined["value"] / len(members),
            "driver": members[0].driver,
        }
    )


def held_out_losses(
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
    """Return (rounds,) mean loss on the rows `held` (B,) bool after each tree fitted on the others. Other arguments as in `fit_trees`."""
    import lightgbm

    given = SETTINGS | {"seed": seed, "num_threads": threads} | settings
    recorded: dict[str, dict[str, list[float]]] = {}
    data = lightgbm.Dataset(x[~held], target[~held], params=given)
    lightgbm.train(
        given,
        data,
        rounds,
        valid_sets=[data.create_valid(x[held], target[held])],
        valid_names=["held"],
        callbacks=[lightgbm.record_evaluation(recorded), lambda env: check()],
    )
    (by_round,) = recorded["held"].values()
    return np.array(by_round)


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
    """Return LightGBM's nested nodes, parents before children: (feature, threshold, nan_left, left, right, rows, value)."""
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
