"""Order suggestions against closed forms, simulation and the ways in which a shop's data are incomplete."""

from __future__ import annotations

import doctest
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from core import inventory
from core.errors import UserError
from core.inventory import lead_time_points, mean_demand, mixed_quantile, order_units, quantile, suggest
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS, SERVING

AS_OF = date(2011, 11, 6)
WEEKS, LEVELS = np.array(DEMAND_WEEKS, dtype=float), np.array(DEMAND_LEVELS)


def normal(rate: float, sd: float) -> np.ndarray:
    """Quantiles of independent normal weeks, (1, 5, 9)."""
    return (rate * WEEKS[:, None] + sd * np.sqrt(WEEKS)[:, None] * ndtri(LEVELS))[None]


def steady(rate: float) -> np.ndarray:
    """A forecast without doubt."""
    return np.repeat(rate * WEEKS[:, None], len(LEVELS), axis=1)[None]


def forecast(seed: int, n: int) -> np.ndarray:
    """Any forecast a model may give: monotone in level and weeks, lumpy, with zeros."""
    rng = np.random.default_rng(seed)
    growth = np.sort(rng.gamma(0.4, 20.0, (n, len(WEEKS), len(LEVELS))), axis=2) * (rng.random((n, len(WEEKS), 1)) < 0.8)
    return np.floor(np.cumsum(growth, axis=1))


def one(**changes):
    """The suggestion for one product: 10 a week, standard deviation 4, lead time 3 weeks, known stock, single units."""
    values = {"on_hand": 20, "on_order": 0, "stock_age_days": 0, "lead_time_days": 21, "lead_time_sd_days": 0, "moq": 0, "pack_size": 1,
              "unit_cost_cents": 250} | changes
    demand = values.pop("demand", normal(10, 4))
    rules = {k: values.pop(k) for k in ("service_level", "review_days", "default_lead_time_days") if k in values}
    s = suggest(demand, as_of=AS_OF, **{k: np.array([float(v)]) for k, v in values.items()}, **rules)
    return {name: values[0] for name, values in vars(s).items()}


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(inventory)
    assert result.attempted > 15 and result.failed == 0


def test_suggestions_have_the_columns_of_the_serving_table():
    assert {"product_id", *one()} == set(SERVING["suggestions"].names)


def test_levels_equal_the_textbook_for_normal_demand_and_a_fixed_lead_time():
    got = one()
    lead_and_review = 4.0  # 21 + 7 days
    assert got["reorder_point"] == pytest.approx(10 * lead_and_review + ndtri(0.95) * 4 * np.sqrt(lead_and_review), abs=1e-6)
    assert got["safety_stock"] == pytest.approx(ndtri(0.95) * 4 * np.sqrt(lead_and_review), rel=0.01)
    assert got["order_up_to_level"] - got["reorder_point"] == pytest.approx(10.0)  # one review cycle


def test_the_reorder_point_under_a_varying_lead_time_matches_simulation():
    rng = np.random.default_rng(11)
    for mean, sd, level in ((4.0, 1.0, 0.95), (3.0, 0.5, 0.9), (6.0, 1.5, 0.99)):
        times = np.maximum(rng.normal(mean, sd, 400_000), 0)
        simulated = np.quantile(times * 10 + 4 * np.sqrt(times) * rng.standard_normal(len(times)), level)
        computed = mixed_quantile(normal(10, 4), *lead_time_points(np.array([mean]), np.array([sd])), level)[0]
        assert computed == pytest.approx(simulated, rel=0.01)


def test_a_lead_time_that_varies_needs_more_safety_stock():
    stocks = [one(lead_time_sd_days=sd)["safety_stock"] for sd in (0, 3, 7)]
    assert stocks[0] < stocks[1] < stocks[2]


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0, 40), st.floats(0, 40), st.floats(0.005, 0.995), st.floats(0.005, 0.995))
def test_quantiles_never_fall_with_time_or_level(seed, time, other_time, level, other_level):
    demand = forecast(seed, 3)
    (t0, t1), (l0, l1) = sorted((time, other_time)), sorted((level, other_level))
    assert (quantile(demand, t0, l0) <= quantile(demand, t1, l0) + 1e-9).all()
    assert (quantile(demand, t0, l0) <= quantile(demand, t0, l1) + 1e-9).all()
    assert (quantile(demand, t0, l0) >= 0).all()


def test_quantiles_at_the_forecasts_own_weeks_and_levels_are_the_forecast():
    demand = forecast(3, 5)
    for w, weeks in enumerate(WEEKS):
        for k, level in enumerate(LEVELS):
            np.testing.assert_allclose(quantile(demand, weeks, level), demand[:, w, k], atol=1e-9)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.03, 0.99))
def test_mixing_equal_times_changes_nothing(seed, level):
    demand = forecast(seed, 4)
    times = np.repeat(np.array([[0.5], [3.0], [13.0], [20.0]]), 5, axis=1)
    mixed = mixed_quantile(demand, times, np.full(5, 0.2), level)
    np.testing.assert_allclose(mixed, quantile(demand, times[:, 0], level), atol=1e-6)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.05, 0.99))
def test_the_mixed_quantile_is_where_simulated_demand_reaches_the_level(seed, level):
    demand = forecast(seed, 1)
    times, weights = np.array([[1.0, 4.0, 9.0]]), np.array([0.25, 0.5, 0.25])
    x = mixed_quantile(demand, times, weights, level)[0]
    grid = np.linspace(0.0005, 0.9995, 1000)
    draws = np.stack([[quantile(demand, t, p)[0] for p in grid] for t in times[0]])
    covered = lambda limit: (weights[:, None] * (draws <= limit)).sum() / 1000
    assert covered(x + 1e-6) >= level - 0.003 and covered(x - 1e-6 - 1e-9 * x) <= level + 0.003


def test_beyond_the_forecast_demand_goes_on_at_its_last_rate_and_spreads_with_the_root_of_time():
    demand = normal(10, 4)
    assert quantile(demand, 52.0, 0.5)[0] == pytest.approx(520)
    assert quantile(demand, 52.0, 0.9)[0] == pytest.approx(520 + ndtri(0.9) * 4 * np.sqrt(52))


def test_mean_demand_of_a_skewed_forecast_lies_above_its_median():
    skewed = (np.cumsum(np.ones(5))[:, None] * np.exp(0.8 * ndtri(LEVELS)))[None]
    assert mean_demand(skewed, np.array([[1.0]]))[0, 0] == pytest.approx(np.exp(0.32), rel=0.05)
    assert mean_demand(skewed, np.array([[1.0]]))[0, 0] > 1.2 * quantile(skewed, 1.0, 0.5)[0]


def test_an_order_is_whole_packs_and_never_under_the_minimum():
    units = order_units(np.array([1.0, 25.0, 24.0, 0.0]), np.full(4, 12.0), np.full(4, 24.0))
    assert units.tolist() == [24, 36, 24, 0]


def test_a_position_above_the_reorder_point_orders_nothing():
    got = one(on_hand=30, on_order=30)
    assert (got["status"], got["suggested_order_units"], got["order_cost_cents"]) == ("enough", 0, 0)


def test_what_is_on_order_counts_towards_the_position():
    assert one(on_hand=20)["suggested_order_units"] - one(on_hand=20, on_order=15)["suggested_order_units"] == 15


def test_a_product_nobody_buys_is_never_ordered():
    got = one(demand=steady(0), on_hand=0)
    assert (got["status"], got["suggested_order_units"], got["cover_weeks"]) == ("enough", 0, 0)
    assert np.isnat(got["order_by"])


def test_ordering_on_the_last_day_brings_the_goods_when_stock_reaches_its_safety_level():
    got = one(demand=steady(7), on_hand=70, lead_time_days=10)  # one a day, no safety stock: empty in 70 days
    assert got["order_by"] == np.datetime64("2012-01-05")  # as_of + 60
    assert got["cover_weeks"] == 10


def test_order_by_is_today_when_it_is_already_too_late():
    assert one(on_hand=0)["order_by"] == np.datetime64(AS_OF)


def test_an_order_that_is_due_can_never_wait_beyond_the_next_review():
    rng = np.random.default_rng(5)
    n, known = 400, {"stock_age_days": np.zeros(400), "moq": np.zeros(400), "pack_size": np.ones(400), "unit_cost_cents": np.ones(400)}
    s = suggest(normal(10, 4).repeat(n, axis=0), as_of=AS_OF, on_hand=rng.uniform(0, 120, n), on_order=np.zeros(n),
                lead_time_days=rng.integers(1, 60, n).astype(float), lead_time_sd_days=np.zeros(n), **known)
    wait = (s.order_by - np.datetime64(AS_OF)).astype(int)
    assert (wait[s.status == "order now"] <= 7).all() and (wait[s.status == "enough"] >= 6).all()


@pytest.mark.parametrize(("given", "status"), [
    ({"on_hand": np.nan}, "stock unknown"),
    ({"on_hand": -3}, "stock below zero"),
    ({"stock_age_days": 15}, "stock outdated"),
    ({"pack_size": 0}, "pack size not usable"),
    ({"pack_size": -6}, "pack size not usable"),
])
def test_stock_or_packs_that_cannot_be_used_give_levels_and_a_named_status_but_no_order(given, status):
    got = one(**given)
    assert got["status"] == status
    assert np.isnan(got["suggested_order_units"]) and np.isnan(got["order_cost_cents"])
    assert all(np.isfinite(got[k]) for k in ("reorder_point", "order_up_to_level", "safety_stock"))


def test_a_pack_size_that_is_not_needed_does_not_matter():
    assert one(pack_size=0, on_hand=500)["status"] == "enough"


def test_stock_counted_14_days_ago_still_counts():
    assert one(stock_age_days=14)["status"] == "order now"


def test_a_missing_lead_time_is_assumed_and_said_so():
    got = one(lead_time_days=np.nan, default_lead_time_days=21)
    assert got["lead_time_assumed"] and got["reorder_point"] == one()["reorder_point"] and not one()["lead_time_assumed"]
    assert one(lead_time_days=-1, default_lead_time_days=21)["lead_time_assumed"]


def test_missing_pack_minimum_and_cost_mean_single_units_no_minimum_and_no_cost():
    got = one(pack_size=np.nan, moq=np.nan, unit_cost_cents=np.nan)
    assert got["suggested_order_units"] == np.ceil(got["order_up_to_level"] - 20)
    assert got["status"] == "order now" and np.isnan(got["order_cost_cents"])


@pytest.mark.filterwarnings("error")
def test_a_shop_that_knows_nothing_gets_levels_for_every_product():
    names = ("on_hand", "on_order", "stock_age_days", "lead_time_days", "lead_time_sd_days", "moq", "pack_size", "unit_cost_cents")
    s = suggest(forecast(4, 50), as_of=AS_OF, **dict.fromkeys(names, np.full(50, np.nan)))
    assert set(s.status) == {"stock unknown"} and s.lead_time_assumed.all() and np.isnat(s.order_by).all()
    assert np.isfinite(s.reorder_point).all() and (s.order_up_to_level >= s.reorder_point).all()


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(UserError, match="service_level"):
        one(service_level=95)
    with pytest.raises(UserError, match="review_days"):
        one(review_days=0)
    with pytest.raises(UserError, match="default_lead_time_days"):
        one(default_lead_time_days=-1)


def test_a_forecast_with_holes_is_refused():
    demand = normal(10, 4)
    demand[0, 2, 3] = np.nan
    with pytest.raises(UserError, match="demand forecast"):
        one(demand=demand)


def test_orders_by_these_levels_meet_the_service_level_in_simulation():
    """A year of weekly reviews under Poisson demand: the share of review periods without a stock-out is at least the promised one."""
    rng = np.random.default_rng(1)
    sample = rng.poisson(20, (20_000, 13)).cumsum(axis=1)[:, DEMAND_WEEKS[0] - 1:]
    demand = np.quantile(sample[:, np.array(DEMAND_WEEKS) - 1], LEVELS, axis=0).T[None]
    levels = one(demand=demand, lead_time_days=14, service_level=0.95)
    stock, arriving, met, weeks = levels["order_up_to_level"], [0.0, 0.0], 0, 4000
    for _ in range(weeks):
        position = stock + sum(arriving)
        arriving.append(levels["order_up_to_level"] - position if position <= levels["reorder_point"] else 0.0)
        stock += arriving.pop(0)
        stock -= rng.poisson(20)
        met += stock >= 0
    assert met / weeks >= 0.945
