"""Metrics against scikit-learn and by hand; the bootstrap against what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, mean_pinball_loss

from core.evaluation import metrics


@pytest.fixture
def sample():
    """(y, p with many ties, weight, origin, product) of 600 rows."""
    random = np.random.default_rng(3)
    p = np.round(random.random(600), 2)
    y = (random.random(600) < 0.6 * p).astype(float)
    return y, p, random.integers(0, 4, 600).astype(float), random.integers(5, size=600), random.integers(40, size=600)


@pytest.mark.parametrize("weighted", [False, True])
def test_average_precision_brier_and_log_loss_equal_those_of_scikit_learn(sample, weighted):
    y, p, w, _, _ = sample
    w = w if weighted else None
    assert metrics.average_precision(y, p, w) == pytest.approx(average_precision_score(y, p, sample_weight=w), abs=1e-12)
    assert metrics.brier(y, p, w) == pytest.approx(brier_score_loss(y, p, sample_weight=w), abs=1e-12)
    inside = np.clip(p, 1e-7, 1 - 1e-7)
    assert metrics.log_loss(y, p, w) == pytest.approx(log_loss(y, inside, sample_weight=w), abs=1e-12)


def test_a_weight_counts_a_row_that_often(sample):
    y, p, w, origin, _ = sample
    often = np.repeat(np.arange(len(y)), w.astype(int))
    weighted = metrics.summary(y, p, origin, w)
    repeated = metrics.summary(y[often], p[often], origin[often])
    for name in ("average_precision", "brier", "brier_skill", "log_loss", "precision_at_50", "precision_at_50_pooled", "lift_top_tenth"):
        assert weighted[name] == pytest.approx(repeated[name], abs=1e-12), name
    bins = metrics.reliability_bins(p)
    assert metrics.ece(y, p, weight=w, bin_of=bins) == pytest.approx(metrics.ece(y[often], p[often], bin_of=bins[often]), abs=1e-12)


def test_the_order_of_the_rows_changes_nothing(sample):
    y, p, w, origin, _ = sample
    shuffled = np.random.default_rng(1).permutation(len(y))
    mixed = metrics.summary(y[shuffled], p[shuffled], origin[shuffled], w[shuffled])
    for name, value in metrics.summary(y, p, origin, w).items():
        assert mixed[name] == pytest.approx(value, abs=1e-12), name


def test_brier_skill_is_zero_for_the_rate_of_the_rows_themselves_and_one_for_the_truth():
    y = np.array([1.0, 0, 0, 0])
    assert metrics.brier_skill(y, np.full(4, 0.25)) == pytest.approx(0)
    assert metrics.brier_skill(y, y) == 1
    assert metrics.brier_skill(y, 1 - y) < 0


def test_a_constant_forecast_ranks_like_chance():
    y = np.array([1.0, 1, 0, 0, 0, 0, 0, 0])
    p = np.full(8, 0.3)
    assert metrics.average_precision(y, p) == pytest.approx(0.25)
    assert metrics.precision_at_k_pooled(y, p, 2) == pytest.approx(0.25)
    assert metrics.lift_at_share(y, p) == pytest.approx(1)
    assert metrics.ece(y, p) == pytest.approx(0.05)


def test_precision_at_k_is_the_mean_over_origins_and_the_pooled_one_is_not():
    origin = np.array([1, 1, 1, 2, 2, 2])
    p = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    y = np.array([1.0, 0, 0, 1, 1, 0])
    assert metrics.precision_at_k(y, p, origin, 2) == pytest.approx((0.5 + 1.0) / 2)
    assert metrics.precision_at_k_pooled(y, p, 2) == pytest.approx(0.5)
    assert metrics.precision_at_k(y, p, origin, 50) == pytest.approx((1 / 3 + 2 / 3) / 2)  # fewer than k: all of them


def test_rows_tied_at_the_kth_place_count_by_their_share():
    y, p = np.array([1.0, 1, 0, 0]), np.array([0.9, 0.5, 0.5, 0.1])
    assert metrics.precision_at_k_pooled(y, p, 2) == pytest.approx((1 + 0.5) / 2)


def test_an_origin_drawn_twice_counts_twice_and_one_not_drawn_not_at_all():
    origin = np.repeat([1, 2], 2)
    y, p = np.array([1.0, 0, 0, 0]), np.array([0.9, 0.1, 0.9, 0.1])
    assert metrics.precision_at_k(y, p, origin, 1, origin_weight=np.array([2.0, 2, 1, 1])) == pytest.approx(2 / 3)
    assert metrics.precision_at_k(y, p, origin, 1, origin_weight=np.array([0.0, 0, 2, 2])) == 0


def test_ece_has_bins_of_equally_many_rows_and_never_parts_equal_forecasts():
    p = np.concatenate([np.full(300, 0.01), np.linspace(0.02, 0.9, 700)])
    bins = metrics.reliability_bins(p)
    assert len(set(bins[:300])) == 1
    assert np.bincount(bins)[bins.max()] == pytest.approx(100, abs=1)
    y = (np.random.default_rng(0).random(1000) < p).astype(float)
    predicted, observed, rows = metrics.reliability(y, p)
    assert rows.sum() == 1000
    assert predicted @ rows / 1000 == pytest.approx(p.mean())
    assert observed @ rows / 1000 == pytest.approx(y.mean())


def test_ece_is_small_for_honest_forecasts_and_large_for_doubled_ones():
    random = np.random.default_rng(5)
    p = random.beta(1, 9, 20_000)
    y = (random.random(20_000) < p).astype(float)
    assert metrics.ece(y, p) < 0.01
    assert metrics.ece(y, np.minimum(2 * p, 1)) > 0.05


@pytest.mark.parametrize("y", [np.empty(0), np.zeros(5)])
def test_what_is_undefined_is_nan(y):
    p = np.linspace(0.1, 0.5, len(y))
    found = metrics.summary(y, p, np.zeros(len(y)))
    assert np.isnan(found["average_precision"]) and np.isnan(found["brier_skill"]) and np.isnan(found["lift_top_tenth"])
    assert np.isnan(found["brier"]) == (len(y) == 0)


def test_the_quantile_loss_equals_the_pinball_loss_of_scikit_learn():
    random = np.random.default_rng(0)
    actual, levels = random.poisson(6, 200).astype(float), (0.1, 0.5, 0.9)
    quantiles = np.sort(random.poisson(6, (200, 3)).astype(float), axis=1)
    for i, level in enumerate(levels):
        assert metrics.pinball(actual, quantiles[:, i], level).mean() == pytest.approx(
            mean_pinball_loss(actual, quantiles[:, i], alpha=level)
        )
    mean_loss = np.mean([mean_pinball_loss(actual, quantiles[:, i], alpha=level) for i, level in enumerate(levels)])
    assert metrics.weighted_quantile_loss(actual, quantiles, levels) == pytest.approx(2 * mean_loss / actual.mean())
    assert metrics.weighted_quantile_loss(actual, np.repeat(actual[:, None], 3, 1), levels) == 0


def test_coverage_counts_both_ends():
    assert metrics.coverage([1, 2, 3, 4], np.full(4, 2), np.full(4, 3)) == 0.5


def test_the_bootstrap_gives_the_same_draws_for_the_same_seed_and_others_for_another(sample):
    y, p, _, origin, product = sample

    def draw(seed):
        return metrics.bootstrap(lambda w, o: metrics.brier(y, p, w * o), product, origin, replicates=20, seed=seed)

    assert (draw(1) == draw(1)).all()
    assert (draw(1) != draw(2)).any()


def test_the_bootstrap_draws_whole_products_and_runs_of_origins():
    product, origin = np.repeat(np.arange(30), 12), np.tile(np.arange(12), 30)
    for weight, origin_weight in metrics.resamples(product, origin, replicates=10, run=4):
        by_product, by_origin = weight.reshape(30, 12), origin_weight.reshape(30, 12)
        assert (by_product == by_product[:, :1]).all() and by_product[:, 0].sum() == 30
        assert (by_origin == by_origin[:1]).all() and by_origin[0].sum() == 12
        drawn = by_origin[0] > 0
        assert (drawn & np.roll(drawn, 1)).sum() >= drawn.sum() / 2  # runs: most drawn origins follow a drawn one


def test_the_interval_holds_the_true_value_about_as_often_as_it_says():
    """60 data sets whose products have effects of their own; a bootstrap over rows would cover far less often."""
    random, held = np.random.default_rng(11), 0
    product, origin = np.repeat(np.arange(60), 12), np.tile(np.arange(12), 60)
    for _ in range(60):
        effect = random.normal(0, 1, 60)[product] + random.normal(0, 0.3, 12)[origin] + random.normal(0, 1, 720)
        drawn = metrics.bootstrap(lambda w, o: float(effect @ (w * o) / (w * o).sum()), product, origin, replicates=120, run=1)
        low, high = metrics.interval(drawn)
        held += low <= 0 <= high
    assert 50 <= held <= 60  # binomial(60, .95) is 50 or more with probability .9998


def test_the_interval_of_a_metric_that_resampling_inflates_still_holds_its_value(sample):
    *_, origin, product = sample
    random = np.random.default_rng(2)
    p = random.random(600)
    y = (random.random(600) < p).astype(float)  # honest forecasts: all of their calibration error is noise
    bins = metrics.reliability_bins(p)
    drawn = metrics.bootstrap(lambda w, o: metrics.ece(y, p, weight=w * o, bin_of=bins), product, origin, replicates=100)
    value = metrics.ece(y, p)
    assert drawn.mean() > 1.2 * value
    low, high = metrics.interval(drawn, value)
    assert low < value < high and (low + high) / 2 == pytest.approx(value, rel=0.2)


def test_an_interval_of_nothing_defined_is_nan():
    assert np.isnan(metrics.interval(np.array([np.nan, np.nan]))).all()
