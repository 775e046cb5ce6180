"""`upswing tune` finds better numbers, forgets nothing when it is stopped, and never looks at what a backtest tests."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from fixtures.panels import Regression, write_daily, write_panel

import core.models.candidate
from core.cli import main
from core.errors import NotReady, UserError
from core.evaluation.backtest import backtest
from core.evaluation.backtest.blocks import plan
from core.evaluation.search_space import ENCODER_RATE, SPACE
from core.evaluation.tune import TuneResult, tune
from core.models.validation import split
from core.settings import Settings, TrainingConfig
from core.workspace import Workspace

ORIGINS = [date(2020, 1, 5) + timedelta(7 * k) for k in range(56)]  # of write_panel, with known outcomes
BEST_RATE = 0.004


class MadeUp:
    """Stands in for `core.models.train.fit`: forecasts are the better, the nearer the learning rate is to BEST_RATE."""

    def __init__(self):
        self.fits, self.stop_at, self.learnt = [], None, []

    def __call__(self, panel, rows, settings, *, recipe, progress):
        if len(self.fits) == self.stop_at:
            raise KeyboardInterrupt
        progress("train", 0.5, "half way")
        self.fits.append((settings, recipe))
        self.learnt.append(rows)
        worth = 3.0 - abs(np.log(recipe.learning_rate / BEST_RATE))

        def predict(panel, asked):
            return {"rising": 1 / (1 + np.exp(2 - worth * (panel.rising[asked] - 0.2)))}

        return SimpleNamespace(predict=predict)


@pytest.fixture
def fit(monkeypatch):
    made_up = MadeUp()
    monkeypatch.setattr("core.models.train.fit", made_up)
    return made_up


@pytest.fixture
def shop(workspace) -> Workspace:
    write_panel(workspace.panel, products=30)
    return workspace


def test_every_number_of_the_search_is_a_setting_whose_default_lies_inside_its_range():
    for searched in (*SPACE, ENCODER_RATE):
        default = getattr(TrainingConfig(), searched.field)
        assert default in searched.choices if searched.choices else searched.low <= default <= searched.high, searched.name
    assert {s.field for s in (*SPACE, ENCODER_RATE)} <= {f.name for f in fields(TrainingConfig)}


def test_a_search_finds_a_better_number_and_says_by_how_much(shop, fit):
    found = tune(shop, trials=14)
    assert found.tried == 14 and found.best < found.before
    assert found.gain[0] < found.before - found.best < found.gain[1]
    assert 0.002 < found.changes["recipe.learning_rate"] < 0.008
    assert not found.applied and shop.settings() == Settings()
    assert f"learning_rate = {found.changes['recipe.learning_rate']}  # {Settings().recipe.learning_rate} now" in str(
        found.text()
    ) and "--apply" in str(found.text())


def test_todays_settings_are_tried_first_without_the_refit_that_would_see_the_validation(shop, fit):
    shop.save_settings(shop.settings().with_values("recipe", learning_rate=0.001, bottleneck=48, epochs_without_validation=2))
    tune(shop, trials=1)
    assert {recipe for _, recipe in fit.fits} == {
        TrainingConfig(learning_rate=0.001, bottleneck=48, epochs_without_validation=2, refit=False)
    }


def test_nothing_that_a_backtest_tests_is_known_to_the_search(shop, fit):
    found = tune(shop, trials=1)
    first = plan(ORIGINS, 28)[0]
    panel = core.models.candidate.Panel.open(shop.panel, shop.cache)
    assert max(panel.as_of[rows].max() for rows in fit.learnt) == np.datetime64(first.train_until)
    assert found.origins[-1] == first.train_until and found.fair
    assert not tune(shop, trials=1, until="2021-01-31").fair


def test_a_search_since_a_day_is_fair_to_the_backtest_since_that_day(shop, fit):
    shop.save_settings(shop.settings().with_values("model", since=str(ORIGINS[24])))
    write_daily(shop.warehouse, products=30)
    found = tune(shop, trials=1)
    blocks = backtest(shop, shop.root / "out", fit=Regression, baselines=()).metrics["blocks"]
    assert found.fair and str(found.origins[-1]) < min(b["test_from"] for b in blocks)


def test_a_long_history_is_judged_in_two_seasons_each_after_its_own_embargo(shop, fit):
    found = tune(shop, trials=1, until="2021-01-24")
    panel, validation = core.models.candidate.Panel.open(shop.panel, shop.cache), TrainingConfig.validation_origins
    assert len(fit.learnt) == 2 and len(found.origins) == 2 * validation
    parts = [split(panel, rows, validation) for rows in fit.learnt]
    assert found.origins == tuple(d.astype(date) for p in parts for d in np.unique(panel.as_of[p.validate]))
    assert (found.origins[-1] - found.origins[validation - 1]).days == 182


def test_a_stopped_search_goes_on_where_it_was(shop, fit):
    whole = tune(shop, trials=5)
    other = Workspace(shop.root.parent / "other").create()
    write_panel(other.panel, products=30)
    fit.fits.clear()
    fit.stop_at = 3
    stopped = tune(other, trials=5, apply=True)
    assert stopped.interrupted and stopped.tried == 3 and not stopped.applied and "stopped" in str(stopped.text())
    fit.stop_at = None
    again = tune(other, trials=5)
    assert again.tried == 5 and len(fit.fits) == 5  # three were not tried again
    assert again.before == whole.before and not again.interrupted
    assert tune(other, trials=5).best == again.best and len(fit.fits) == 5


def test_a_search_killed_amid_a_set_tries_todays_settings_again(shop, fit, monkeypatch):
    import optuna

    def killed(self, func, **options):
        self.ask()
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "optimize", killed)
        with pytest.raises(MemoryError):
            tune(shop, trials=2)
    found = tune(shop, trials=2)
    assert found.tried == 2 and fit.fits[0][1] == TrainingConfig(refit=False)


def test_another_panel_starts_another_study(shop, fit):
    tune(shop, trials=2)
    write_panel(shop.panel, products=31)
    tune(shop, trials=2)
    assert len(fit.fits) == 4


def test_what_is_applied_is_what_was_said_and_the_file_before_is_kept(shop, fit):
    shop.settings_file.write_text('# our shop\n[shop]\nname = "Lamps"\n')
    found = tune(shop, trials=14, apply=True)
    settings = shop.settings()
    assert found.applied and settings.shop.name == "Lamps" and settings.recipe.refit
    assert {name: getattr(settings.recipe, name.split(".")[1]) for name in found.changes} == found.changes
    assert shop.settings_file.with_suffix(".toml.before").read_text().startswith("# our shop")
    again = tune(shop, trials=14, apply=True)
    assert again.changes == {} and not again.applied and "no setting is better" in str(again.text()) and again.before == found.best


def test_tunings_are_chosen_among_where_asked_each_at_least_once(shop, fit):
    found = tune(shop, trials=6, tunings=("frozen", "last-1"))
    tried = [settings.tuning for settings, _ in fit.fits]
    assert tried[:2] == ["frozen", "last-1"]
    rates = {recipe.encoder_learning_rate for settings, recipe in fit.fits if settings.tuning == "frozen"}
    assert rates == {TrainingConfig.encoder_learning_rate} and isinstance(found, TuneResult)


def test_minutes_end_a_search_after_todays_settings_at_the_earliest(shop, fit):
    assert tune(shop, minutes=1e-9).tried == 1


def test_progress_runs_forward_through_the_search(shop, fit):
    heard = []
    tune(shop, trials=3, progress=lambda step, done, message="", **figures: heard.append((step, done, message)))
    assert {step for step, _, _ in heard} == {"tune"}
    shares = [done for _, done, _ in heard]
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1 and str(heard[-1][2]).startswith("Trial 3")


def test_two_searches_of_one_workspace_at_a_time_are_refused(shop, fit):
    def meanwhile(*told, **figures):
        with pytest.raises(UserError, match="Only one search"):
            tune(shop, trials=1)

    tune(shop, trials=1, progress=meanwhile)


@pytest.mark.parametrize("limits", [{"trials": 0}, {"minutes": -1}])
def test_a_limit_of_nothing_is_refused(shop, fit, limits):
    with pytest.raises(UserError, match="above 0"):
        tune(shop, **limits)


def test_a_search_needs_a_panel_and_a_history(workspace, fit):
    with pytest.raises(NotReady, match="upswing features"):
        tune(workspace)
    write_panel(workspace.panel, products=10, origins=8)
    with pytest.raises(UserError, match="longer history"):
        tune(workspace, trials=1)


def test_the_command_prints_what_was_found_and_ends_with_2_where_it_was_stopped(shop, fit, capsys):
    assert main(["tune", "--trials", "2", "--workspace", str(shop.root)]) == 0
    assert "2 sets of settings were tried" in capsys.readouterr().out
    fit.stop_at = len(fit.fits)
    assert main(["tune", "--trials", "3", "--workspace", str(shop.root)]) == 2
    told = capsys.readouterr()
    assert "2 sets of settings were tried" in told.out and "The same command continues it" in told.out and "Stopped" in told.err
