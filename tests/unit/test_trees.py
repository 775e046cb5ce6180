"""Boosted trees: the arrays that are kept say what LightGBM says, and their attributions are Shapley values of their own game."""

from itertools import permutations

import lightgbm
import numpy as np
import pytest

from core.models import tree_fitting
from core.models.tree_fitting import average, fit_several, fit_trees
from core.models.trees import Trees, leaf_attributions

DRIVER = np.array([0, 0, 1, 2, 2, 3])


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(3)
    x = random.normal(size=(1500, 6)).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    x[:, 5] = np.nan_to_num(x[:, 5])  # never missing in training
    chance = 1 / (1 + np.exp(-(np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 2]) * np.nan_to_num(x[:, 3]) + x[:, 5])))
    return x, np.where(random.random(1500) < chance, 0.9, 0.1)


@pytest.fixture(scope="module")
def grown(data):
    return fit_trees(*data, DRIVER, rounds=12, seed=7)


def value(ensemble: Trees, x: np.ndarray, inside: set[int]) -> float:
    """The game by walking down every tree, both ways where a split's driver is absent."""
    lacking = {d for d in range(4) if np.isnan(x[DRIVER == d]).all()} - {3}  # they cannot come or go; 3 was never missing in training

    def walk(start: int, node: int) -> float:
        at = start + node
        if ensemble.feature[at] < 0:
            return ensemble.value[at]
        children = [int(ensemble.left[at]), int(ensemble.right[at])]
        if DRIVER[ensemble.feature[at]] not in inside | lacking:
            return sum(ensemble.rows[start + c] / ensemble.rows[at] * walk(start, c) for c in children)
        v = x[ensemble.feature[at]]
        left = ensemble.nan_left[at] == 1 if np.isnan(v) and ensemble.nan_left[at] >= 0 else np.nan_to_num(v) <= ensemble.threshold[at]
        return walk(start, children[0 if left else 1])

    return sum(walk(start, 0) for start in ensemble.starts[:-1])


def test_the_arrays_say_what_lightgbm_says(data, grown):
    x, y = data
    booster = lightgbm.train(tree_fitting.SETTINGS | {"seed": 7, "num_threads": 1}, lightgbm.Dataset(x, y), 12)
    probe = x.copy()
    probe[:40, 4] = np.nan
    np.testing.assert_allclose(grown.predict(probe), booster.predict(probe, raw_score=True), atol=1e-9)


@pytest.mark.parametrize("group", [[0, 0, 0, 0], [1, 0, 1, 0], [2, 1, 0, 3]])
def test_attributions_are_the_shapley_values_of_the_game_in_its_order(data, grown, group):
    x, drivers = data[0][:4], range(4)
    found = grown.attributions(x, np.array(group))
    orders = [order for order in permutations(drivers) if [group[d] for d in order] == sorted(group)]
    for row in range(4):
        expected = np.zeros(4)
        for order in orders:
            for i, driver in enumerate(order):
                expected[driver] += value(grown, x[row], set(order[: i + 1])) - value(grown, x[row], set(order[:i]))
        np.testing.assert_allclose(found[row], expected / len(orders), atol=1e-9)


def test_a_driver_that_a_row_lacks_gets_nothing_and_the_rest_still_adds_up(data, grown):
    x = data[0][:50].copy()
    x[:, 3:5] = np.nan
    found = grown.attributions(x, np.zeros(4))
    assert (found[:, 2] == 0).all() and (found[:, 0] != 0).any()
    np.testing.assert_allclose(found.sum(1) + grown.base(x), grown.predict(x), atol=1e-9)
    np.testing.assert_allclose(grown.base(x[:5]), [value(grown, row, set()) for row in x[:5]], atol=1e-9)
    assert len(np.unique(grown.base(x).round(9))) == len(np.unique(grown._lacking(x), axis=0)) > 1  # one base for the same lacks


def test_what_was_never_missing_in_training_sends_a_row_that_lacks_it_both_ways(data, grown):
    x = data[0][:50].copy()
    x[:, 5] = np.nan
    np.testing.assert_allclose(grown.predict(x[:5]), [value(grown, row, {0, 1, 2}) for row in x[:5]], atol=1e-9)
    found = grown.attributions(x, np.zeros(4))
    assert (found[:, 3] == 0).all()
    np.testing.assert_allclose(found.sum(1) + grown.base(x), grown.predict(x), atol=1e-9)


def test_the_mean_of_ensembles_says_the_mean_of_what_they_say_and_of_their_reasons(data):
    x, group = data[0][:60], np.array([1, 0, 1, 0])
    members = fit_several(*data, DRIVER, [{"bagging_seed": seed} for seed in (1, 2, 3)], rounds=5, seed=7)
    mean = average(members)
    assert np.abs(members[0].predict(x) - members[1].predict(x)).max() > 0.01
    absent = np.arange(4) == 1
    for said in (lambda t: t.predict(x), lambda t: t.predict(x, absent), lambda t: t.base(x), lambda t: t.attributions(x, group)):
        np.testing.assert_allclose(said(mean), np.mean([said(member) for member in members], axis=0), atol=1e-12)


def test_without_a_driver_its_splits_go_both_ways(data, grown):
    x = data[0][:5]
    np.testing.assert_allclose(grown.predict(x, np.arange(4) == 1), [value(grown, row, {0, 2, 3}) for row in x], atol=1e-9)


def test_arrays_survive_being_kept(data, grown):
    again = Trees.from_arrays(grown.arrays())
    np.testing.assert_array_equal(again.predict(data[0][:20]), grown.predict(data[0][:20]))


def test_trees_that_found_nothing_to_split_say_the_base_rate():
    x = np.zeros((300, 2), dtype=np.float32)
    grown = fit_trees(x, np.full(300, 0.2), np.array([0, 1]), rounds=3, seed=7)
    np.testing.assert_allclose(1 / (1 + np.exp(-grown.predict(x[:2]))), 0.2, atol=1e-6)
    assert (grown.attributions(x[:2], np.zeros(2)) == 0).all()


def test_a_leaf_of_two_drivers_shares_its_value_as_by_hand():
    table = leaf_attributions(np.array([0.5, 0.2]), np.zeros(2))
    # both met: v() = .1, v({0}) = .2, v({1}) = .5, v({0, 1}) = 1
    np.testing.assert_allclose(table[1 + 2 * 1], [(0.1 + 0.5) / 2, (0.4 + 0.8) / 2])


def test_of_one_driver_alone_the_arrays_say_what_lightgbm_says_of_every_row_and_quantile(data):
    x, y = data
    weight, settings = np.linspace(1, 2, len(x)), {"objective": "quantile", "alpha": 0.9}
    mine = fit_trees(x, 3 * y, np.zeros_like(DRIVER), rounds=12, seed=7, weight=weight, **settings)
    settings = tree_fitting.SETTINGS | settings | {"seed": 7, "num_threads": 1}
    theirs = lightgbm.train(settings, lightgbm.Dataset(x, 3 * y, weight=weight, params=settings), 12)
    np.testing.assert_allclose(mine.predict(x), theirs.predict(x), atol=1e-6)


def test_a_driver_without_any_column_may_be_left_out_and_changes_nothing(data, grown):
    assert np.array_equal(grown.predict(data[0][:5], np.arange(13) == 12), grown.predict(data[0][:5]))


def test_many_columns_are_told_apart(data):
    x = np.tile(data[0], (1, 40))[:, :200]
    x[:, :190] += np.random.default_rng(1).normal(size=(len(x), 190)).astype(np.float32)  # the last ones are the best
    driver = np.zeros(200, dtype=np.int64)
    settings = tree_fitting.SETTINGS | {"seed": 7, "num_threads": 1}
    theirs = lightgbm.train(settings, lightgbm.Dataset(x, data[1], params=settings), 12)
    np.testing.assert_allclose(fit_trees(x, data[1], driver, rounds=12, seed=7).predict(x), theirs.predict(x, raw_score=True), atol=1e-9)
