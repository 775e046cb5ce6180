from __future__ import annotations

import numpy as np
import pytest

from core.models.calibrate import RECALIBRATION_ORIGINS, Calibration, InterceptShift, fit_calibration, recalibrate_intercept, sigmoid


def test_a_known_distortion_is_found_again():
    rng = np.random.default_rng(0)
    true = rng.normal(-1.5, 1.2, 40_000)
    happened = rng.random(len(true)) < sigmoid(true)
    found = fit_calibration((true + 0.8) / 0.5, happened)
    assert found.slope == pytest.approx(0.5, abs=0.03) and found.intercept == pytest.approx(-0.8, abs=0.06)


def test_probabilities_match_the_share_that_happened():
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 2, 20_000)
    happened = (rng.random(len(logit)) < sigmoid(0.4 * logit - 2)).astype(float)
    calibrated = sigmoid(fit_calibration(logit, happened)(logit))
    assert calibrated.mean() == pytest.approx(happened.mean(), abs=0.003)


def test_few_rows_move_it_little_and_many_rows_move_it_far():
    logit, happened = np.array([2.0, -2.0] * 2), np.array([0.0, 1.0] * 2)
    few = fit_calibration(logit, happened)
    many = fit_calibration(np.tile(logit, 500), np.tile(happened, 500))
    assert many.slope < 0.5 * few.slope < few.slope < 1


@pytest.mark.parametrize("happened", [np.zeros(200), np.ones(200)])
def test_with_one_outcome_only_the_slope_stays_alone(happened):
    found = fit_calibration(np.linspace(-3, 1, 200), happened)
    assert found.slope == 1.0 and np.isfinite(found.intercept) and (found.intercept > 0) == bool(happened[0])


def test_without_rows_nothing_is_changed():
    assert fit_calibration(np.empty(0), np.empty(0)) == Calibration()
    assert fit_calibration(np.array([1.0]), np.array([np.nan])) == Calibration()


def test_the_ranking_is_never_changed_even_when_the_model_is_wrong():
    logit = np.linspace(-2, 2, 1000)
    found = fit_calibration(logit, (logit < 0).astype(float))
    assert found.slope > 0


def test_far_logits_do_not_overflow():
    assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]


def weeks(count: int, products: int) -> np.ndarray:
    return np.repeat(np.datetime64("2024-03-03") + 7 * np.arange(count), products)


def test_the_level_follows_what_came_of_many_forecasts_and_hardly_what_came_of_few():
    as_of, rng = weeks(4, 5_000), np.random.default_rng(3)
    logit = rng.normal(-2.5, 1, len(as_of))
    rose = rng.random(len(as_of)) < sigmoid(logit + 0.5)
    many, few = recalibrate_intercept(logit, rose, as_of, 28), recalibrate_intercept(logit[::500], rose[::500], as_of[::500], 28)
    assert many.shift == pytest.approx(0.5, abs=0.1) and abs(few.shift) < 0.1
    assert (
        many.origins == 4 and many.share_risen == pytest.approx(rose.mean()) and many.mean_forecast == pytest.approx(sigmoid(logit).mean())
    )


def test_only_the_latest_origins_tell_the_level():
    as_of = weeks(RECALIBRATION_ORIGINS + 5, 300)
    logit = np.full(len(as_of), -2.0)
    rose = as_of < np.unique(as_of)[5]  # all of them long ago, none since
    level = recalibrate_intercept(logit, rose, as_of, 28)
    assert level.origins == RECALIBRATION_ORIGINS and level.share_risen == 0 and level.shift < -0.3


def test_overlapping_horizons_tell_less_than_horizons_of_their_own():
    as_of = weeks(1, 3_000)
    logit, rose = np.full(len(as_of), -2.0), np.arange(len(as_of)) % 4 == 0
    assert (
        recalibrate_intercept(logit, rose, as_of, 7).shift
        > recalibrate_intercept(logit, rose, as_of, 28).shift
        > recalibrate_intercept(logit, rose, as_of, 182).shift
        > 0
    )


def test_without_outcomes_no_level_is_followed():
    assert recalibrate_intercept(np.empty(0), np.empty(0), np.empty(0, dtype="datetime64[D]"), 28) == InterceptShift()
