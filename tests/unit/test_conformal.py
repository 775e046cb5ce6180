from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from core.errors import UserError
from core.models.conformal import EDGES, Intervals, fit_intervals
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

LOW, HIGH = DEMAND_LEVELS.index(0.1), DEMAND_LEVELS.index(0.9)
SPREAD = ndtri(DEMAND_LEVELS)


def sales(n: int = 6000, *, pace: float = 20.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(units (n, 5), medians (n, 5)) of products whose log of units has a standard deviation of 0.5."""
    random = np.random.default_rng(seed)
    medians = pace * random.uniform(0.5, 1.5, (n, 1)) * np.array(DEMAND_WEEKS)
    return medians * np.exp(0.5 * random.normal(size=(n, 1))), medians


def forecast(medians: np.ndarray, width: float) -> np.ndarray:
    return np.expm1(np.log1p(medians)[..., None] + width * SPREAD)


def inside(units: np.ndarray, demand: np.ndarray) -> np.ndarray:
    return ((units >= demand[..., LOW]) & (units <= demand[..., HIGH])).mean(axis=0)


@pytest.mark.parametrize("width", [0.25, 0.9])
def test_too_narrow_and_too_wide_intervals_come_nearer_to_their_promise(width):
    units, medians = sales()
    demand, usual = forecast(medians, width), np.full(len(units), 10.0)
    before, after = (np.abs(inside(units, d) - 0.8) for d in (demand, fit_intervals(demand, units, usual)(demand, usual)))
    assert (after < before).all()


def test_neither_an_upper_level_nor_a_fast_seller_is_narrowed():
    units, medians = sales()
    demand = forecast(medians, 0.9)
    slow, usual, fast = (fit_intervals(demand, units, orders := np.full(len(units), pace))(demand, orders) for pace in (2.0, 10.0, 50.0))
    assert all((found[..., HIGH] >= demand[..., HIGH] - 1e-9).all() for found in (slow, usual, fast))
    assert (fast[..., LOW] <= demand[..., LOW] + 1e-9).all()
    assert (slow[..., LOW] > demand[..., LOW]).all() and (usual[..., LOW] > demand[..., LOW]).all()


def test_each_volume_band_has_widths_of_its_own():
    units, medians = sales()
    orders = np.repeat([2.0, 50.0], len(units) // 2)
    demand = np.where((orders < EDGES[0])[:, None, None], forecast(medians, 0.2), forecast(medians, 0.8))
    found = fit_intervals(demand, units, orders).factors
    assert (found[0, :, HIGH] > 1.5).all() and (found[2, :, HIGH] == 1.0).all()
    assert (found[1] == 1.0).all()  # nobody sold at a usual pace


def test_a_slow_sellers_interval_may_leave_out_none_sold():
    random = np.random.default_rng(0)
    pace = random.uniform(1.0, 4.0, (6000, 1)) * np.ones(5)
    units, slow = random.poisson(pace).astype(float), np.full(6000, 2.0)
    demand = np.expm1(np.log1p(pace)[..., None] + 0.5 * SPREAD)
    wide, kept = Intervals.untouched(whole_units=True)(demand, slow), fit_intervals(demand, units, slow, True)(demand, slow)
    below = lambda d: (units < d[..., LOW]).mean()
    assert abs(below(kept) - 0.1) < abs(below(wide) - 0.1)


def test_a_week_whose_outcomes_are_not_known_takes_the_widths_of_the_week_before():
    units, medians = sales()
    units[:, 3:] = np.nan
    found = fit_intervals(forecast(medians, 0.3), units, np.full(len(units), 50.0)).factors[2]
    assert (found[3:] == found[2]).all() and (found[2] != 1.0).any()


def test_with_next_to_no_outcomes_the_models_own_widths_stay():
    units, medians = sales(50)
    assert (fit_intervals(forecast(medians, 0.3), units, np.full(50, 50.0)).factors == 1.0).all()


def test_whatever_the_factors_quantiles_never_cross_and_never_fall_below_nothing():
    random = np.random.default_rng(1)
    intervals = Intervals(random.uniform(0.1, 3.0, (3, len(DEMAND_WEEKS), len(DEMAND_LEVELS))), whole_units=True)
    demand = np.cumsum(np.cumsum(random.exponential(size=(500, len(DEMAND_WEEKS), len(DEMAND_LEVELS))), axis=1), axis=2)
    found = intervals(demand, random.uniform(0, 40, 500))
    assert (np.diff(found, axis=1) >= 0).all() and (np.diff(found, axis=2) >= 0).all() and (found >= 0).all()


def test_factors_of_another_shape_are_refused():
    with pytest.raises(UserError, match="Demand factors"):
        Intervals(np.ones((2, 2, 2)))
