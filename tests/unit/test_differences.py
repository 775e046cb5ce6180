"""Differences of a comparison are said where they exceed what forecasts and weekly sales leave open, and only there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.components.compare import differences

LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99]
NAN = float("nan")


def demand(middle: float, spread: float) -> pd.Series:
    return pd.Series(middle * np.exp(spread * np.array([-1.96, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 1.96, 2.33])), index=LEVELS)


@pytest.mark.parametrize(
    ("chances", "error", "found"),
    [
        ([0.62, 0.20, 0.58], 0.02, (0, [1])),
        ([0.20, 0.29, 0.22], 0.02, None),
        ([0.20, 0.32], 0.02, (1, [0])),
        ([0.20, 0.32], 0.08, None),
        ([0.20, 0.32], NAN, (1, [0])),
        ([NAN, 0.9], 0.02, None),
        ([NAN, NAN], 0.02, None),
    ],
)
def test_a_chance_is_higher_from_ten_points_and_twice_the_calibration_error_on(chances, error, found):
    assert differences.likelier(chances, error) == found


def test_demand_is_larger_where_it_very_likely_is():
    assert differences.better_selling([demand(100, 0.3), demand(20, 0.3), demand(90, 0.3)]) == (0, [1])
    assert differences.better_selling([demand(100, 0.9), demand(60, 0.9)]) is None
    assert differences.better_selling([demand(100, 0.3), pd.Series(dtype=float)]) is None


def test_equal_demands_are_as_likely_larger_as_smaller():
    assert differences.larger(demand(50, 0.4), demand(50, 0.4)) == pytest.approx(0.5)
    assert differences.larger(demand(50, 0.4), demand(40, 0.4)) + differences.larger(demand(40, 0.4), demand(50, 0.4)) == pytest.approx(1)


def test_a_year_differs_where_the_gap_exceeds_the_noise_of_its_weeks():
    draw = np.random.default_rng(3)
    alike = [differences.changed(pd.Series(draw.poisson(9, 13)), pd.Series(draw.poisson(9, 13))) for _ in range(300)]
    assert sum(change is not None for change in alike) < 0.08 * 300
    assert differences.changed(pd.Series([12.0] * 13), pd.Series([6.0] * 13)) == pytest.approx(1.0)
    assert differences.changed(pd.Series([6.0] * 13), pd.Series([12.0] * 13)) == pytest.approx(-0.5)


@pytest.mark.parametrize("before", [[], [0.0] * 13, [5.0] * 7])
def test_nothing_is_said_of_a_year_that_is_not_known_whole(before):
    assert differences.changed(pd.Series([30.0] * 13), pd.Series(before, dtype=float)) is None
