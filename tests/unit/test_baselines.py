"""Baselines learn from the rows they are given, and from nothing else."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from fixtures.panels import write_panel
from sklearn.metrics import roc_auc_score

from core.errors import UserError
from core.evaluation.baselines import BASELINES, seasonal_naive
from core.evaluation.baselines import rising as baselines
from core.models.panel import Panel
from core.schema import DEMAND_LEVELS


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Small data needs no 300 trees, and two threads only wait for each other."""
    monkeypatch.setattr(baselines, "TREES", 40)
    monkeypatch.setitem(baselines.LIGHTGBM, "learning_rate", 0.15)
    monkeypatch.setattr(baselines, "THREADS", 1)


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel")
    return Panel.open(write_panel(folder / "panel"), folder / "cache")


@pytest.fixture(scope="module")
def rows(panel):
    """(training rows, test rows), months apart."""
    matured = panel.matured()
    return matured[panel.as_of[matured] < np.datetime64("2020-10-01")], matured[panel.as_of[matured] > np.datetime64("2020-11-01")]


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.name)
def test_a_baseline_gives_one_probability_a_row_and_the_same_again(baseline, panel, rows):
    train, test = rows
    first, second = (baseline.fit(panel, train, 0.0)(panel, test) for _ in range(2))
    assert first.shape == (len(test),) and ((first >= 0) & (first <= 1)).all()
    assert (first == second).all()


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.name)
def test_a_baseline_sees_no_label_outside_its_rows(baseline, panel, rows):
    train, test = rows
    hidden = np.full(len(panel), np.nan, dtype=np.float32)
    hidden[train] = panel.rising[train]
    blind = replace(panel, rising=hidden)
    assert (baseline.fit(blind, train, 0.0)(blind, test) == baseline.fit(panel, train, 0.0)(panel, test)).all()


def test_each_richer_baseline_ranks_better_on_data_where_momentum_season_and_text_matter(panel, rows):
    train, test = (r[panel.all_rows[r]] for r in rows)
    ranked = {b.name: roc_auc_score(panel.rising[test] > 0, b.fit(panel, train, 0.0)(panel, test)) for b in BASELINES}
    assert ranked["base_rate"] == 0.5
    assert 0.6 < ranked["momentum"] < ranked["lightgbm"] < min(ranked["lightgbm_text"], ranked["lightgbm_encoder"])
    assert 0.5 < min(ranked["text_regression"], ranked["text_encoder"])


def test_the_base_rate_is_that_of_the_rows_segment(panel, rows):
    train, test = rows
    predicted = baselines.base_rate(panel, train)(panel, test)
    for segment in range(2):
        of_train, of_test = train[panel.segment[train] == segment], panel.segment[test] == segment
        assert predicted[of_test] == pytest.approx(panel.rising[of_train].mean())


def test_the_momentum_rule_never_turns_into_its_opposite(panel, rows):
    train, _ = rows
    falls = replace(panel, rising=np.where(np.isnan(panel.rising), np.nan, panel.x[:, 0] < 1).astype(np.float32))
    predict = baselines.momentum_rule(falls, train)
    order = np.argsort(panel.x[train, 0])
    assert (np.diff(predict(panel, train)[order]) >= 0).all()


def test_where_momentum_does_not_pay_the_momentum_rule_says_the_base_rate(panel, rows):
    train, _ = rows
    first = panel.x[:, 0]
    falls = replace(panel, rising=np.where(np.isnan(panel.rising), np.nan, first < np.nanquantile(first, 0.1)).astype(np.float32))
    assert baselines.momentum_rule(falls, train)(falls, train) == pytest.approx(falls.rising[train].mean(), rel=1e-4)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_where_all_rows_came_out_alike_the_momentum_rule_says_the_base_rate(panel, rows, outcome):
    train, test = rows
    alike = replace(panel, rising=np.where(np.isnan(panel.rising), np.nan, outcome).astype(np.float32))
    assert (baselines.momentum_rule(alike, train)(alike, test) == outcome).all()


def test_the_text_baseline_learns_no_word_from_products_outside_its_rows(panel, rows):
    train, _ = rows
    half = train[panel.product[train] < 40]
    strange = replace(panel, texts=[t if p < 40 else "zzz qqq" for p, t in enumerate(panel.texts)])
    ours, theirs = baselines._text_vectors(panel, half), baselines._text_vectors(strange, half)
    assert ours[:40] == pytest.approx(theirs[:40])
    assert (theirs[40:] == 0).all()


def test_chinese_titles_have_words_too(panel, rows):
    train, _ = rows
    chinese = replace(panel, texts=["红色圣诞灯串" if p % 2 else "蓝色花园水壶" for p in range(len(panel.products))])
    vectors = baselines._text_vectors(chinese, train)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.5 and vectors[0] == pytest.approx(vectors[2])


def test_seasonal_naive_quantiles_rise_with_the_level_and_cover_what_they_promise(panel, rows):
    train, test = rows
    quantiles = seasonal_naive(panel, train)(panel, test)
    assert quantiles.shape == (len(test), 5, len(DEMAND_LEVELS))
    assert (np.diff(quantiles, axis=2) >= 0).all()
    known = np.isfinite(panel.units[test, 2])
    inside = (panel.units[test, 2] <= quantiles[:, 2, DEMAND_LEVELS.index(0.9)])[known]
    assert inside.mean() == pytest.approx(0.9, abs=0.03)  # 3 is over four standard errors of these 1,900 rows


def test_seasonal_naive_borrows_the_longest_known_weeks_where_none_have_passed(panel, rows):
    train, test = rows
    units = np.array(panel.units)
    units[:, 4] = np.nan
    quantiles = seasonal_naive(replace(panel, units=units), train)(panel, test)
    expected = quantiles[:, 3] / panel.base[test, 3, None] * panel.base[test, 4, None]
    assert np.median(quantiles[:, 4] / expected) == pytest.approx(1, abs=0.2)


def test_a_baseline_names_the_packages_that_it_lacks(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert {b.name for b in BASELINES if b.missing() == ["lightgbm"]} == {b.name for b in BASELINES if "lightgbm" in b.needs}


def test_a_search_reads_only_earlier_origins_and_tries_at_least_once(panel, rows, monkeypatch):
    train, test = (r[panel.all_rows[r]] for r in rows)
    tried, original = [], baselines._suggested
    monkeypatch.setattr(baselines, "_suggested", lambda trial: tried.append(trial.number) or original(trial))
    ranked = roc_auc_score(panel.rising[test] > 0, baselines.searched_trees(panel, train, 0.0)(panel, test))
    assert tried == [0, 0]  # once tried, once learnt anew
    assert ranked > 0.6


def test_a_panel_without_the_momentum_feature_is_said_so(panel, rows):
    other = replace(panel, features=[{"name": "other", "driver": "demand"}])
    with pytest.raises(UserError, match="month_on_month"):
        baselines.momentum_rule(other, rows[0])
