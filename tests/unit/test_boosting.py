"""Trees beside the net: what they learn from, how they are blended, kept and left out; and what a net may not read before a year is
round."""

import sys
import threading
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from fixtures.tiny import tiny_encoder, tiny_panel

from core.errors import Cancelled
from core.models import trainer as training
from core.models.background import BackgroundThread
from core.models.encoder_tuning import Tuning
from core.models.explain import driver_attributions
from core.models.panel import Panel, rank_within_group
from core.models.predict import FittedModel
from core.models.rising_trees import TreeConfig, choose_tree_config, fit_rising_trees
from core.models.train import fit
from core.schema import DRIVERS
from core.settings import ModelSettings, TrainingConfig

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = TrainingConfig(refit=False, batch_rows=512, learning_rate=5e-3, trees_rounds=20, members=1, hidden=16, second=8, tower=8, token=8)


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    return Panel.open(tiny_panel(tmp_path_factory.mktemp("panel")), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> ModelSettings:
    return ModelSettings(encoder=str(tiny_encoder(tmp_path_factory.mktemp("encoder"))), max_epochs=2, device="cpu")


@pytest.fixture(scope="module")
def model(panel, settings) -> FittedModel:
    return fit(panel, panel.matured(), settings, recipe=QUICK)


def test_the_forecast_is_the_blend_of_both_logits(panel, settings, model):
    rows = panel.latest()
    alone = fit(panel, panel.matured(), settings, recipe=replace(QUICK, trees_share=0.0))
    assert alone.trees is None and alone.trees_share == 0.0
    net = (alone.predict(panel, rows)["logit"] - alone.rising_calibration.intercept) / alone.rising_calibration.slope
    both = model.rising_calibration((1 - QUICK.trees_share) * net + QUICK.trees_share * model.trees.predict(panel.read(rows)))
    np.testing.assert_allclose(model.predict(panel, rows)["logit"], both, atol=1e-5)


def test_a_saved_model_keeps_its_trees(panel, model, tmp_path):
    model.save(tmp_path / "m")
    assert model.metrics["trees"] == {"rounds": QUICK.trees_rounds, "settings": {}}
    loaded, rows = FittedModel.load(tmp_path / "m"), panel.latest()
    np.testing.assert_array_equal(loaded.predict(panel, rows)["logit"], model.predict(panel, rows)["logit"])
    np.testing.assert_array_equal(driver_attributions(loaded, panel, rows)[0], driver_attributions(model, panel, rows)[0])


def test_without_a_driver_means_without_it_in_the_trees_too(panel, model):
    rows = panel.latest()
    whole, without = model.predict(panel, rows)["logit"], model.predict(panel, rows, without="momentum")["logit"]
    blind = replace(panel, x=np.where([f["driver"] == "momentum" for f in panel.features], np.nan, panel.x).astype(np.float32))
    said, share = model.rising_calibration, model.trees_share
    net = ((model.predict(blind, rows)["logit"] - said.intercept) / said.slope - share * model.trees.predict(blind.read(rows))) / (
        1 - share
    )
    trees = model.trees.predict(panel.read(rows), np.array(DRIVERS) == "momentum")
    np.testing.assert_allclose(without, said((1 - share) * net + share * trees), atol=1e-5)
    assert np.abs(whole - without).max() > 0.1


def test_trees_are_the_mean_of_ensembles_that_draw_differently(panel):
    x, rows = panel.read(panel.latest()), panel.matured()
    one, two = (fit_rising_trees(panel, rows, replace(QUICK, trees_members=members), 7) for members in (1, 2))
    assert len(two.starts) - 1 == 2 * (len(one.starts) - 1)
    other = 2 * two.predict(x) - one.predict(x)
    assert np.abs(other - one.predict(x)).max() > 0.01 and np.corrcoef(other, one.predict(x))[0, 1] > 0.9


def test_too_few_rows_grow_no_trees(panel):
    assert fit_rising_trees(panel, panel.matured()[:200], QUICK, seed=7) is None


def read_by(panel: Panel, rising: np.ndarray) -> Panel:
    """The same with other outcomes, (n,) bool, where they are known; each product is told by its own pace."""
    column = panel.feature_names.index("pace")
    x = np.array(panel.x)
    x[:, column] = np.random.default_rng(1).permutation(len(panel.products))[panel.product]
    return replace(panel, x=x, rising=np.where(np.isnan(panel.rising), np.nan, rising))


def test_where_products_tell_of_each_other_trees_are_the_usual_ones(panel):
    alike = read_by(panel, panel.x[:, panel.feature_names.index("trend")] > 0.5)
    assert choose_tree_config(alike, alike.matured(), QUICK, seed=7) == TreeConfig(QUICK.trees_rounds)


def test_where_each_product_is_a_case_of_its_own_trees_are_cautious(panel):
    apart = read_by(panel, (np.random.default_rng(2).random(len(panel.products)) < 0.3)[panel.product])
    many = replace(QUICK, trees_rounds=100)
    growth = choose_tree_config(apart, apart.matured(), many, seed=7)
    assert growth.settings["min_data_in_leaf"] > 100 and growth.rounds < many.trees_rounds
    trees = fit_rising_trees(apart, apart.matured(), many, 7, growth)
    assert len(trees.starts) - 1 == growth.rounds * many.trees_members


def test_too_few_products_tell_nothing_and_trees_are_the_usual_ones(panel):
    few = panel.matured()[:500]
    assert choose_tree_config(panel, few, QUICK, seed=7) == TreeConfig(QUICK.trees_rounds)


def without_risers(panel: Panel, until: str) -> Panel:
    """Nothing rose at origins up to that day."""
    return replace(panel, rising=np.where(panel.as_of <= np.datetime64(until), panel.rising * 0, panel.rising))


def test_a_shop_where_nothing_rose_has_no_trees_that_are_certain_of_it(panel, settings):
    calm = without_risers(panel, "2011-01-01")
    assert fit_rising_trees(calm, calm.matured(), QUICK, seed=7) is None
    model = fit(calm, calm.matured(), settings, recipe=replace(QUICK, trees_share=1.0))
    said = model.predict(calm, calm.latest())["rising"]
    assert ((1e-5 < said) & (said < 0.05)).all()


def test_trees_that_the_calibration_did_not_see_are_left_out(panel, settings):
    late = without_risers(panel, "2010-06-30")  # the first risers are validated on, so only the refit could learn from them
    assert fit_rising_trees(late, late.matured(), QUICK, seed=7) is not None
    model = fit(late, late.matured(), settings, recipe=replace(QUICK, refit=True))
    assert model.trees is None and model.trees_share == 0.0


def test_trees_stop_growing_when_nobody_waits_for_them(panel):
    begun = Event()
    with BackgroundThread("lightgbm") as background:
        check = lambda: (begun.set(), background.check())
        growing = background.start(fit_rising_trees, panel, panel.matured(), replace(QUICK, trees_rounds=1_000_000), 7, check=check)
        assert begun.wait(60)
    with pytest.raises(Cancelled):
        growing.result()


def test_ranks_are_taken_inside_a_group_and_missing_stays_missing():
    values = np.array([[5.0], [1.0], [np.nan], [7.0], [7.0]])
    np.testing.assert_allclose(rank_within_group(values, np.array([1, 1, 1, 2, 2]))[:, 0], [0.75, 0.25, np.nan, 0.5, 0.5])


def test_the_model_reads_ratios_as_ranks_and_the_panel_keeps_their_values(tmp_path):
    folder = tiny_panel(tmp_path / "p", products=12)
    text = (
        (folder / "panel.json")
        .read_text()
        .replace('"name": "trend", "driver": "momentum", "unit": ""', '"name": "trend", "driver": "momentum", "unit": "times"')
    )
    (folder / "panel.json").write_text(text)
    panel = Panel.open(folder, tmp_path)
    rows = np.flatnonzero(panel.all_rows & (panel.as_of == panel.as_of[0]))
    read, column = panel.read(rows), panel.feature_names.index("trend")
    np.testing.assert_allclose(np.sort(read[:, column]), (np.arange(12) + 0.5) / 12, atol=1e-6)
    np.testing.assert_array_equal(np.argsort(read[:, column]), np.argsort(panel.x[rows, column]))
    others = [i for i in range(read.shape[1]) if i != column]
    np.testing.assert_array_equal(read[:, others], panel.x[rows][:, others])


@pytest.mark.parametrize("origins, may", [(40, False), (64, True)])
def test_what_is_the_same_for_all_products_is_read_once_a_year_has_come_round(tmp_path, settings, origins, may):
    panel = Panel.open(tiny_panel(tmp_path / "p", products=8, origins=origins), tmp_path)
    x = np.array(panel.x)
    x[:, panel.feature_names.index("price")] = panel.as_of.astype(np.int64) % 91  # the day's alone
    panel = replace(panel, x=x)
    trainer = training.Trainer(
        panel, panel.matured(), panel.as_of.max(), settings, QUICK, Tuning("frozen"), torch.device("cpu"), 1, lambda *a, **k: None
    )
    assert ("price" in trainer.net.config.columns) is may and "momentum" in trainer.net.config.columns


def test_lightgbm_is_imported_before_the_second_thread_starts(panel, settings, monkeypatch):
    """As in a process that has not imported it yet."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "lightgbm"]:
        monkeypatch.delitem(sys.modules, name)
    before, seen = set(threading.enumerate()), []

    class Watch:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "lightgbm":
                seen.append((threading.current_thread() is threading.main_thread(), set(threading.enumerate()) - before))

    monkeypatch.setattr(sys, "meta_path", [Watch, *sys.meta_path])
    fit(panel, panel.matured(), replace(settings, max_epochs=1), recipe=replace(QUICK, trees_rounds=2, hidden=8))
    assert seen == [(True, set())]
