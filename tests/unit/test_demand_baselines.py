"""Demand baselines see nothing after an origin, and the figures that judge them are the textbook's."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np
import pytest
from fixtures.panels import write_daily, write_panel

from core.errors import UserError
from core.evaluation.backtest import as_known
from core.evaluation.backtest import demand as demand_part
from core.evaluation.backtest.judgement import Evidence, _demand
from core.evaluation.baselines import DEMAND_BASELINES, WeeklyUnits, demand
from core.evaluation.metrics import naive_scale
from core.models.panel import Panel
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.storage import duckdb as db

ORIGIN = np.datetime64("2020-11-01")
LAST = date(2021, 2, 21)
every_baseline = pytest.mark.parametrize("baseline", DEMAND_BASELINES, ids=lambda b: b.name)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    monkeypatch.setattr(demand, "TREES", 10)
    monkeypatch.setitem(demand.LIGHTGBM, "num_threads", 1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """(panel as it was known at ORIGIN, weekly units, training rows of two origins, test rows at ORIGIN)."""
    folder = tmp_path_factory.mktemp("shop")
    panel = Panel.open(write_panel(folder / "panel"), folder / "cache")
    write_daily(folder / "warehouse.duckdb")
    weekly = WeeklyUnits.read(folder / "warehouse.duckdb", panel.products, LAST)
    few = panel.product < 24  # a series takes its statistical model some milliseconds, and none of them knows of another
    train = np.flatnonzero(few & np.isin(panel.as_of, np.array(["2020-04-26", "2020-07-26"], dtype="datetime64[D]")))
    return as_known(panel, ORIGIN.astype(date), 28), weekly, train, np.flatnonzero(few & (panel.as_of == ORIGIN))


def learnt(baseline, shop, weekly=None, panel=None):
    for package in baseline.needs:
        pytest.importorskip(package)
    known, units, train, test = shop
    return baseline.learn(known if panel is None else panel, train, units if weekly is None else weekly)(known, test)


# ---- what was wanted each week


def test_a_week_is_the_seven_days_up_to_its_origin_over_all_customers(tmp_path):
    units = write_daily(tmp_path / "warehouse.duckdb", products=5)
    products = [f"p{i:03d}" for i in range(4, -1, -1)]
    weekly = WeeklyUnits.read(tmp_path / "warehouse.duckdb", products, LAST)
    assert (weekly.units == units[::-1]).all()
    earlier = WeeklyUnits.read(tmp_path / "warehouse.duckdb", products, date(2021, 2, 7))
    assert (earlier.units == weekly.until(np.datetime64("2021-02-07"))).all() and earlier.units.shape == (5, 88)


def test_weeks_count_what_was_lost_while_out_of_stock(tmp_path):
    units = write_daily(tmp_path / "warehouse.duckdb", products=2)
    with db.connect(tmp_path / "warehouse.duckdb") as con:
        con.execute(
            "insert into lost_units values ('p001', 'GB', ?, 2.5), ('p001', 'DE', ?, 1), ('p000', 'GB', ?, 4)",
            [LAST, LAST - timedelta(days=6), LAST - timedelta(days=7)],
        )
    weekly = WeeklyUnits.read(tmp_path / "warehouse.duckdb", ["p000", "p001"], LAST)
    assert (weekly.units - units)[:, -2:].tolist() == [[4, 0], [0, 3.5]] and (weekly.units - units).sum() == 7.5


def test_a_product_that_never_sold_has_weeks_of_nothing_and_a_stranger_is_left_aside(tmp_path):
    write_daily(tmp_path / "warehouse.duckdb", products=2)
    weekly = WeeklyUnits.read(tmp_path / "warehouse.duckdb", ["new", "p001"], LAST)
    assert weekly.units[0].sum() == 0 and weekly.units[1].sum() > 0


@pytest.mark.parametrize("day", ["2021-02-22", "2021-02-28", "2021-02-20"])
def test_an_origin_that_ends_no_week_of_the_matrix_is_refused(day):
    with pytest.raises(UserError, match="whole weeks before 21 Feb 2021"):
        WeeklyUnits(np.datetime64(LAST), np.ones((1, 9))).until(np.datetime64(day))


# ---- the baselines


@every_baseline
def test_nothing_after_an_origin_changes_what_is_forecast_at_it(baseline, shop):
    known, weekly, _, test = shop
    ahead = weekly.units.shape[1] - weekly.until(ORIGIN).shape[1]
    corrupted = weekly.units.copy()
    corrupted[:, -ahead:] = 1000 - corrupted[:, -ahead:]
    late = replace(known, units=np.where((known.as_of >= ORIGIN)[:, None], 1e6, known.units))
    expected = learnt(baseline, shop)
    np.testing.assert_array_equal(learnt(baseline, shop, replace(weekly, units=corrupted), late), expected)
    if baseline.sampled:  # and it would have been noticed: what lies before the origin does change the forecast
        corrupted[:, -ahead - 3 :] = 1000
        assert (learnt(baseline, shop, replace(weekly, units=corrupted)) != expected).any()


@every_baseline
def test_quantiles_rise_with_the_level_and_are_never_below_zero(baseline, shop):
    known, _, _, test = shop
    quantiles = learnt(baseline, shop)
    assert quantiles.shape == (len(test), len(DEMAND_WEEKS), len(DEMAND_LEVELS))
    predicted = np.isfinite(quantiles)
    weeks = [True] * 5 if baseline.name != "lightgbm_quantile" else [w == 4 for w in DEMAND_WEEKS]
    whole = np.ones(len(test), bool) if baseline.name == "seasonal_naive" else known.all_rows[test]
    assert (predicted == (whole[:, None] & np.array(weeks))[:, :, None]).all()
    forecast = quantiles[predicted.all(axis=2)]
    assert (np.diff(forecast, axis=1) >= 0).all() and (forecast >= 0).all() and np.diff(forecast, axis=1).max() > 0


def test_the_mean_of_a_constant_series_is_it():
    assert (demand.mean_of_last_weeks(np.full(30, 4.0)) == 4.0).all()
    assert demand.mean_of_last_weeks(np.array([9.0] * 30 + [2.0] * 12)) == pytest.approx(2.0)
    assert demand.mean_of_last_weeks(np.array([1.0, 3.0])) == pytest.approx(2.0)


@pytest.mark.parametrize(("name", "expected"), [("croston_sba", 3.8), ("tsb", 4.0), ("auto_ets", 4.0), ("auto_theta", 4.0)])
def test_a_statistical_model_goes_on_with_a_constant_series(name, expected):
    """Croston's SBA is 1 - 0.1 / 2 times Croston's own (Syntetos & Boylan 2005)."""
    pytest.importorskip("statsforecast")
    forecast = next(b for b in DEMAND_BASELINES if b.name == name).learn.keywords["forecast"]
    assert forecast(np.full(60, 4.0)) == pytest.approx(expected, abs=0.01)
    assert forecast(np.array([1.0, 3.0])) == pytest.approx(2.0)  # too short a history


def test_a_shop_that_sells_the_same_each_week_is_forecast_so_at_every_level(shop):
    """Up to the tenth of a unit a week that keeps ratios finite: it is in the forecast and in what it is divided by."""
    known, weekly, train, test = shop
    pace = 1.0 + np.arange(len(known.products)) % 4
    steady = replace(weekly, units=np.repeat(pace[:, None], weekly.units.shape[1], axis=1))
    sold = pace[known.product][:, None] * np.array(DEMAND_WEEKS)
    panel = replace(known, units=np.where(np.isfinite(known.units), sold, np.nan))
    baseline = next(b for b in DEMAND_BASELINES if b.name == "twelve_week_mean")
    quantiles = baseline.learn(panel, train, steady)(panel, test)
    whole = known.all_rows[test]
    assert np.abs(quantiles[whole] / sold[test][whole][:, :, None] - 1).max() < 0.1


def test_ratios_of_too_few_rows_are_refused_where_no_weeks_are_known():
    with pytest.raises(UserError, match="at least 10 training rows"):
        demand._quantiles_around(np.ones((9, 5)), np.ones((9, 5)))


# ---- who is compared on what


def test_the_sample_is_of_segment_all_two_origins_and_the_same_again(shop, monkeypatch):
    known = shop[0]
    monkeypatch.setattr(demand_part, "SAMPLE_PRODUCTS", 7)
    rows = np.flatnonzero(known.as_of >= ORIGIN)
    first, second = (demand_part._sample(known, rows, demand_part._spread(known.as_of[rows])) for _ in range(2))
    assert (first == second).all() and len(first) == 14 and known.all_rows[first].all()
    origins = np.unique(known.as_of[rows])
    assert list(np.unique(known.as_of[first])) == [origins[0], origins[len(origins) // 2]]
    assert len(np.unique(known.product[first])) == 7


def test_ratios_are_learnt_where_all_weeks_have_passed_and_once_more_before_that(shop):
    known = shop[0]
    train = np.flatnonzero(known.as_of <= ORIGIN - 28)
    assert list(demand_part._learnt_origins(known, train)) == [ORIGIN - 26 * 7, ORIGIN - 13 * 7]
    recent = train[known.as_of[train] > ORIGIN - 13 * 7]  # no origin is known for 13 weeks: the latest that is for 8
    assert list(demand_part._learnt_origins(known, recent)) == [ORIGIN - 8 * 7]


# ---- how they are judged


def test_the_scale_of_mase_is_the_naive_forecasts_mean_error_in_the_past():
    history = np.array([[0, 0, 2, 5, 1, 1], [3, 3, 3, 3, 3, 3], [0, 0, 0, 0, 0, 4], [0, 0, 0, 0, 0, 0]])
    assert naive_scale(history, 1) == pytest.approx([(3 + 4 + 0) / 3, np.nan, np.nan, np.nan], nan_ok=True)
    # two weeks at a time: of 2 5 1 1, the one step from 7 to 2
    assert naive_scale(history, 2) == pytest.approx([5, np.nan, np.nan, np.nan], nan_ok=True)
    assert np.isnan(naive_scale(history, 4)).all()


AROUND = np.array([0.2, 0.4, 0.6, 1.0, 1.4, 1.6, 1.8, 2.0, 2.2])  # by DEMAND_LEVELS: the middle half is 0.6 to 1.4 medians


def judged(actual, median, scale) -> dict[str, float]:
    """The figures of one learner whose quantiles are the median times AROUND, the same at all weeks."""
    actual, median, scale = (np.repeat(np.array(a, dtype=float)[:, None], 5, axis=1) for a in (actual, median, scale))
    n = len(actual)
    quantiles = median[:, :, None] * AROUND
    plain = {f.name: np.zeros(n) for f in fields(Evidence) if f.name not in ("rising", "demand")}
    evidence = Evidence(**plain | {"actual": actual, "scale": scale, "product": np.arange(n)}, demand={"one": quantiles})
    return _demand(evidence, np.arange(n), replicates=3).get("one", ({}, {}))[0]


def test_mase_and_bias_equal_the_numbers_worked_out_by_hand():
    figures = judged(actual=[10, 4, 6], median=[8, 5, 6], scale=[4, 2, np.nan])
    assert figures["mase_4w"] == pytest.approx((2 / 4 + 1 / 2) / 2)  # the third has no scale
    assert figures["bias_4w"] == pytest.approx((-2 + 1 + 0) / 20)
    assert figures["coverage_50_4w"] == 1.0
    assert judged([10, 40, 6], [8, 5, 6], [4, 2, 1])["coverage_50_4w"] == pytest.approx(2 / 3)


def test_what_has_not_happened_yet_counts_nowhere_and_what_is_not_forecast_has_no_figure():
    assert judged([10, np.nan, 6], [8, 5, 6], [4, 2, 1]) == pytest.approx(judged([10, 6], [8, 6], [4, 1]))
    assert judged([10, 4, 6], [8, np.nan, 6], [4, 2, 1]) == {}
