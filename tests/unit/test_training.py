from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from fixtures.tiny import tiny_encoder, tiny_panel

from core.errors import Cancelled, UserError
from core.evaluation import metrics
from core.models import predict
from core.models import text_vectors as texts
from core.models import train as fitting
from core.models.candidate import train
from core.models.encoder_tuning import Tuning
from core.models.panel import Panel
from core.models.predict import FittedModel
from core.models.text import fresh_encoder
from core.models.train import fit, split
from core.models.validation import CALIBRATION_ROWS_A_MONTH, calibration_weights, figure_intervals
from core.settings import ModelSettings, TrainingConfig

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"members": 1, "hidden": 16, "second": 8, "tower": 8, "token": 8}
QUICK = TrainingConfig(refit=False, batch_rows=512, learning_rate=5e-3, trees_rounds=20, demand_trees_share=0.0, **SMALL)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("encoder")))


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    return Panel.open(tiny_panel(tmp_path_factory.mktemp("panel")), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def settings(encoder) -> ModelSettings:
    return ModelSettings(encoder=encoder, max_epochs=4, device="cpu")


@pytest.fixture(scope="module")
def model(panel, settings) -> FittedModel:
    return fit(panel, panel.matured(), settings, recipe=QUICK)


def same(a: FittedModel, b: FittedModel) -> bool:
    mine, theirs = a.net.state_dict() | a.tuned, b.net.state_dict() | b.tuned
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


# ---- which rows are learnt from


def test_learning_ends_a_whole_horizon_before_the_first_validation_origin(panel):
    parts = split(panel, np.arange(len(panel)), 8)
    learn, validate = panel.as_of[parts.learn], panel.as_of[parts.validate]
    assert len(np.unique(validate)) == 8
    assert learn.max() + np.timedelta64(28, "D") <= validate.min()
    assert not np.isnan(panel.rising[parts.validate]).any() and not np.isnan(panel.rising[parts.learn]).any()
    assert validate.max() == panel.as_of[panel.matured()].max()


def test_demand_whose_weeks_end_after_the_cut_is_unknown(panel):
    parts = split(panel, panel.matured(), 8)
    units = fitting.known_units(panel, parts.learn, parts.learn_until)
    ends = panel.as_of[parts.learn] + np.timedelta64(13 * 7, "D")
    assert np.isnan(units[ends > parts.learn_until, 4]).all() and not np.isnan(units[ends <= parts.learn_until, 4]).any()


def test_a_short_history_validates_on_fewer_origins_and_a_shorter_one_on_none(panel):
    origins = np.unique(panel.as_of)
    counts = {n: len(np.unique(panel.as_of[split(panel, np.flatnonzero(panel.as_of < origins[n]), 8).validate])) for n in (1, 4, 5, 8, 20)}
    assert counts == {1: 0, 4: 0, 5: 1, 8: 2, 20: 8}


def test_without_matured_rows_the_error_says_what_is_needed(panel, settings):
    with pytest.raises(UserError, match="longer history"):
        fit(panel, panel.latest(), settings)


def test_an_epoch_sees_all_rows_of_all_and_a_fresh_share_of_the_segments(tmp_path, settings):
    panel = Panel.open(tiny_panel(tmp_path / "p", products=10, segments=("all", "DE", "FR", "GB")), tmp_path)
    trainer = fitting._Trainer(
        panel, panel.matured(), panel.as_of.max(), settings, QUICK, Tuning("frozen"), torch.device("cpu"), 1, lambda *a, **k: None
    )
    draw = lambda share: panel.draw(trainer.rows, share, trainer.random)
    first, second = draw(QUICK.segment_share), draw(QUICK.segment_share)
    everyone = panel.all_rows[panel.matured()].sum()
    assert len(first) == everyone + int(QUICK.segment_share * everyone) and panel.all_rows[first].sum() == everyone
    assert not np.array_equal(first, second)
    assert panel.all_rows[draw(0.0)].all()


# ---- learning


def test_a_planted_cause_is_found(panel, model):
    figures = model.metrics["metrics"]
    assert figures["average_precision"] > figures["base_rate"] + 0.25 and figures["brier_skill"] > 0.1
    assert figures["falling_brier_skill"] > 0.05


def test_the_main_figures_have_intervals_around_them(model):
    figures, intervals = model.metrics["metrics"], model.metrics["intervals"]
    assert set(intervals) == {"average_precision", "brier_skill", "precision_at_50", "ece", "log_loss"}
    for name, (low, high) in intervals.items():
        assert low < figures[name] < high, name
    assert intervals["ece"][0] >= 0


def test_more_products_make_the_intervals_narrower():
    random = np.random.default_rng(4)

    def width(products: int) -> float:
        product, origin = np.repeat(np.arange(products), 6), np.tile(np.arange(6), products)
        p = random.beta(1, 5, len(product))
        y = (random.random(len(product)) < p).astype(float)
        low, high = figure_intervals(y, p, product, origin, metrics.summary(y, p, origin))["brier_skill"]
        return high - low

    assert width(1600) < 0.5 * width(100)


def test_a_figure_that_is_undefined_has_no_interval():
    product, p = np.arange(30), np.linspace(0.1, 0.2, 30)
    nothing = np.zeros(30)
    found = figure_intervals(nothing, p, product, product % 3, metrics.summary(nothing, p, product % 3))
    assert "average_precision" not in found and "log_loss" in found


def test_with_shuffled_labels_there_is_no_skill(tmp_path, settings):
    panel = Panel.open(tiny_panel(tmp_path / "p", shuffled=True), tmp_path)
    figures = fit(panel, panel.matured(), settings, recipe=QUICK).metrics["metrics"]
    assert figures["brier_skill"] < 0.02 and figures["average_precision"] < figures["base_rate"] + 0.08


def test_the_same_seed_gives_the_same_weights_and_another_one_others(panel, settings, model):
    rows = panel.matured()
    assert same(fit(panel, rows, settings, recipe=QUICK), model)
    assert not same(fit(panel, rows, replace(settings, seed=8), recipe=QUICK), model)


@pytest.mark.parametrize("tuning", ["frozen", "last-1"])
def test_the_first_training_of_a_process_equals_the_next_with_an_encoder_that_lacks_weights(panel, settings, tmp_path, tuning):
    bare = replace(settings, encoder=str(tiny_encoder(tmp_path / "e", pooler=False)), tuning=tuning, max_epochs=1)
    first, second = (fit(panel, panel.matured()[:500], bare, recipe=QUICK) for _ in range(2))
    assert same(first, second) and first.weights_hash() == second.weights_hash()
    assert not any("pooler" in name for name in first.tuned)


def test_the_callers_random_state_is_left_alone(panel, settings):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    fit(panel, panel.matured()[:500], replace(settings, max_epochs=1), recipe=QUICK)
    assert torch.equal(torch.rand(1), expected)


def test_forecasts_have_the_shape_and_order_they_promise(panel, model):
    out = model.predict(panel, panel.latest())
    n = len(panel.latest())
    assert out["demand"].shape == (n, 5, 9) and all(out[k].shape == (n,) for k in ("logit", "rising", "falling"))
    np.testing.assert_allclose(1 / (1 + np.exp(-out["logit"])), out["rising"])
    assert (np.diff(out["demand"], axis=1) >= 0).all() and (np.diff(out["demand"], axis=2) >= 0).all() and (out["demand"] >= 0).all()


def test_a_shop_of_whole_units_has_no_quantile_between_none_and_half_a_unit(panel, settings, model):
    whole = model.predict(panel, panel.latest())["demand"]
    assert (whole == 0).any() and not ((whole > 0) & (whole < 0.5)).any()
    by_weight = replace(panel, units=panel.units / 3, meta=panel.meta | {"whole_units": False})
    fractions = fit(by_weight, by_weight.matured(), settings, recipe=QUICK).predict(by_weight, by_weight.latest())["demand"]
    assert ((fractions > 0) & (fractions < 0.5)).any()


def test_one_bad_season_moves_the_calibration_only_a_little(panel, settings):
    """Every second validation row rises, thrice as many as ever, by the weather of two months: the level follows a fraction of the way."""
    parts = split(panel, panel.matured(), 8)
    rising = np.array(panel.rising)
    rising[parts.validate] = np.arange(len(parts.validate)) % 2
    moved = fit(replace(panel, rising=rising), panel.matured(), settings, recipe=QUICK)
    typical = -2.0
    assert 0.02 < moved.rising_calibration(typical) - typical < 0.5


def test_each_probability_is_calibrated_on_its_own_outcome(panel, settings, monkeypatch):
    outcomes, original = [], fitting.fit_calibration
    monkeypatch.setattr(
        fitting, "fit_calibration", lambda logit, outcome, *rest: outcomes.append(outcome) or original(logit, outcome, *rest)
    )
    rows = panel.matured()[:1500]
    fit(panel, rows, replace(settings, max_epochs=1), recipe=QUICK)
    validate = split(panel, rows, QUICK.validation_origins).validate
    np.testing.assert_array_equal(outcomes, [panel.rising[validate], panel.falling[validate]])


def test_a_months_origins_together_weigh_as_one_month_in_the_calibration(panel):
    rows = split(panel, panel.matured(), 8).validate  # eight weekly origins: two months
    assert calibration_weights(panel, rows).sum() == pytest.approx(2 * CALIBRATION_ROWS_A_MONTH)
    a_month = rows[panel.as_of[rows] >= np.unique(panel.as_of[rows])[4]]
    assert calibration_weights(panel, a_month).sum() == pytest.approx(CALIBRATION_ROWS_A_MONTH)


def test_the_level_follows_only_origins_after_the_last_that_the_model_learnt_from(panel, model, monkeypatch):
    followed, original = [], predict.follow
    monkeypatch.setattr(
        predict, "follow", lambda logit, happened, as_of, horizon: followed.extend(as_of) or original(logit, happened, as_of, horizon)
    )
    origins = np.unique(panel.as_of[panel.matured()])
    span = {"first": str(origins[0]), "last": str(origins[-4])}
    replace(model, metrics=model.metrics | {"origins": {"learn": span, "validate": None}}).followed(panel)
    assert sorted(set(followed)) == list(origins[-3:])


def test_a_driver_that_training_never_saw_is_absent_for_good(panel, model):
    assert "attention" not in model.net.config.drivers and "attention" in model.drivers


def test_refitting_learns_from_the_validation_origins_too(panel, settings, model):
    refitted = fit(panel, panel.matured(), settings, recipe=replace(QUICK, refit=True))
    assert refitted.metrics["origins"]["refit_on_all"] and not same(refitted, model)
    assert refitted.rising_calibration == model.rising_calibration and refitted.metrics["metrics"] == model.metrics["metrics"]


def test_a_shop_with_one_origin_gets_forecasts_near_its_base_rate(panel, settings):
    rows = np.flatnonzero(panel.as_of == panel.as_of.min())
    model = fit(panel, rows, settings, recipe=QUICK)
    assert model.metrics["metrics"] == {} and model.metrics["origins"]["validate"] is None
    assert model.predict(panel, rows)["rising"].mean() == pytest.approx(panel.rising[rows].mean(), abs=0.12)


def test_a_shop_where_nothing_ever_rose_gets_low_forecasts(panel, settings):
    calm = replace(panel, rising=np.where(np.isnan(panel.rising), np.nan, 0).astype(np.float32))
    model = fit(calm, calm.matured(), replace(settings, max_epochs=2), recipe=QUICK)
    assert model.predict(calm, calm.latest())["rising"].max() < 0.05
    assert model.metrics["metrics"]["average_precision"] is None
    json.dumps(model.metrics, allow_nan=False)


def test_cancelling_stops_the_training(panel, settings):
    def cancel(step, done, message="", **figures):
        if step == "train":
            raise Cancelled()

    with pytest.raises(Cancelled):
        fit(panel, panel.matured(), settings, recipe=QUICK, progress=cancel)


def test_progress_tells_the_loss_and_never_runs_backwards_within_a_step(panel, settings):
    seen = []
    fit(
        panel,
        panel.matured(),
        settings,
        recipe=replace(QUICK, refit=True),
        progress=lambda step, done, message="", **figures: seen.append((step, done, figures)),
    )
    reports = [(done, figures) for step, done, figures in seen if step == "train"]
    assert any("loss" in figures for _, figures in reports) and reports[-1][0] == 1.0
    assert [d for d, _ in reports] == sorted(d for d, _ in reports)
    steps = [step for step, _, _ in seen]
    assert len([1 for a, b in zip(steps, steps[1:]) if a != b]) <= 3  # a terminal draws a bar a step: no going to and fro


def test_validation_does_not_stop_the_learning_before_the_least_number_of_epochs(panel, settings):
    drawn = np.random.default_rng(0).permutation(panel.rising > 0)
    shuffled = replace(panel, rising=np.where(np.isnan(panel.rising), np.nan, drawn).astype(np.float32))
    hasty = fit(shuffled, shuffled.matured(), settings, recipe=replace(QUICK, least_epochs=1))
    patient = fit(shuffled, shuffled.matured(), settings, recipe=replace(QUICK, least_epochs=3))
    assert hasty.metrics["epochs"] < 3 <= patient.metrics["epochs"]


def test_early_stopping_keeps_the_weights_of_the_best_epoch(panel, settings, monkeypatch):
    losses, means, original = iter([0.9, 0.3, 0.5, 0.6]), [], fitting._Trainer._epoch

    def remembered(self, *counts):
        loss = original(self, *counts)
        means.append([mean.clone() for mean in self.mean])
        return loss

    monkeypatch.setattr(fitting._Trainer, "_epoch", remembered)
    monkeypatch.setattr(fitting.metrics, "log_loss", lambda y, p: next(losses))
    rows, recipe = panel.matured()[:600], replace(QUICK, least_epochs=1, patience=2)
    subject = fitting._Trainer(
        panel, rows, panel.as_of.max(), settings, recipe, Tuning("frozen"), torch.device("cpu"), 1, lambda *a, **k: None
    )
    curves, best = subject.run(9, rows)
    assert best == 2 and len(curves) == len(means) == 4
    assert all(torch.equal(weights, mean) for weights, mean in zip(subject.parameters, means[1]))
    assert not all(torch.equal(*pair) for pair in zip(means[1], means[3]))


def test_the_batch_is_halved_when_memory_runs_out(panel, settings, monkeypatch):
    sizes, original = [], fitting._Trainer._step

    def short_of_memory(self, rows):
        if len(rows) > 70:
            raise torch.OutOfMemoryError("CUDA out of memory")
        sizes.append(len(rows))
        return original(self, rows)

    monkeypatch.setattr(fitting._Trainer, "_step", short_of_memory)
    rows = panel.matured()[:600]
    trainer = fitting._Trainer(
        panel, rows, panel.as_of.max(), settings, QUICK, Tuning("frozen"), torch.device("cpu"), 1, lambda *a, **k: None
    )
    trainer._epoch(1, 1, 1)
    assert sum(sizes) == len(panel.draw(rows, QUICK.segment_share, trainer.random)) and max(sizes) <= 70 and 35 <= trainer.batch_rows <= 70


def test_an_error_that_is_not_about_memory_is_not_swallowed(panel, settings, monkeypatch):
    def broken(self, rows):
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(fitting._Trainer, "_step", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        fit(panel, panel.matured(), settings, recipe=QUICK)


def test_a_device_that_is_not_there_is_refused(panel, settings):
    with pytest.raises(UserError, match="device"):
        fit(panel, panel.matured(), replace(settings, device="tpu"), recipe=QUICK)


# ---- tuning the encoder


@pytest.fixture(scope="module")
def tuned(panel, settings) -> FittedModel:
    return fit(panel, panel.matured(), replace(settings, tuning="last-1"), recipe=replace(QUICK, encoder_learning_rate=1e-3))


def trainer(panel, settings, recipe=QUICK) -> fitting._Trainer:
    return fitting._Trainer(
        panel, panel.matured(), panel.as_of.max(), settings, recipe, Tuning("last", 1), torch.device("cpu"), 1, lambda *a, **k: None
    )


def test_each_text_is_encoded_once_a_pass_however_many_rows_share_it(panel, settings, monkeypatch):
    learnt, original = [], texts.TunedTexts.encode

    def counting(self, numbers):
        if torch.is_grad_enabled():
            learnt.extend(numbers)
        return original(self, numbers)

    monkeypatch.setattr(texts.TunedTexts, "encode", counting)
    trainer(panel, settings, replace(QUICK, encoder_passes=3))._epoch(1, 1, 1)
    assert sorted(learnt) == sorted([*range(1, len(set(panel.texts)) + 1)] * 3)


def test_gradients_summed_by_text_are_those_of_encoding_every_row(panel, settings):
    subject, rows = trainer(panel, settings), panel.matured()[:3000]
    own = subject.texts
    target = torch.from_numpy(np.random.default_rng(1).normal(size=(len(rows), own.encoder.width)).astype(np.float32))
    for part in np.array_split(np.arange(len(rows)), 3):
        text, which = own.batch(panel.product[rows[part]])
        (text[which] * target[part]).sum().backward()
        own.collect()
    every = np.arange(1, len(own.table))
    own.encode(every).backward(own.gradient[every])
    summed = [p.grad.clone() for p in own.parameters()]
    for p in own.parameters():
        p.grad = None
    (own.encode(own.text_of[panel.product[rows]]) * target).sum().backward()
    largest = max(float(p.grad.abs().max()) for p in own.parameters())
    assert largest > 0
    for ours, p in zip(summed, own.parameters()):
        np.testing.assert_allclose(ours, p.grad, rtol=1e-3, atol=1e-5 * largest)


def test_keeping_the_lower_layers_changes_nothing_about_the_vectors(panel, encoder, tmp_path):
    own = fresh_encoder(encoder)
    tuned = texts.TunedTexts(own, [*panel.texts, ""], Tuning("last", 1), torch.device("cpu"), tmp_path)
    vectors = tuned.frozen().vectors
    with torch.no_grad():
        expected = own.encode(own.tokens(panel.texts)).numpy()
    np.testing.assert_allclose(vectors[:-1], expected, atol=1e-5)
    assert (vectors[-1] == 0).all()


def test_tuning_changes_the_last_layer_only(panel, settings, tuned):
    untouched = fitting.load_encoder(settings.encoder).module.state_dict()
    now = tuned.encoder.module.state_dict()
    changed = {name.split(".")[2] for name in untouched if not torch.equal(untouched[name], now[name])}
    assert changed == {"1"} and all(name.startswith("encoder.layer.1.") for name in tuned.tuned)


def test_a_tuned_model_loaded_from_its_folder_predicts_the_same(panel, tuned, tmp_path):
    expected = tuned.predict(panel, panel.latest())
    tuned.save(tmp_path / "model")
    loaded = FittedModel.load(tmp_path / "model")
    assert same(loaded, tuned) and loaded.encoder.version == tuned.encoder.version != loaded.encoder_version
    for name, values in loaded.predict(replace(panel, cache=tmp_path), panel.latest()).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("tuning", ["last-0", "last-x", "lora", "last-3", "adapters-0", "full-2"])
def test_a_tuning_that_does_not_exist_is_refused(panel, settings, tuning):
    with pytest.raises(UserError):
        fit(panel, panel.matured(), replace(settings, tuning=tuning), recipe=QUICK)


# ---- the model folder


@pytest.fixture
def saved(model, tmp_path):
    model.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_loaded_model_predicts_the_same(panel, model, saved):
    expected, found = model.predict(panel, panel.latest()), FittedModel.load(saved, panel.features).predict(panel, panel.latest())
    assert all(np.array_equal(expected[k], found[k]) for k in expected)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "features.json", "metrics.json"])
def test_a_single_flipped_bit_is_refused(saved, name):
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name}.*(has changed|cannot be read|lists other files)"):
        FittedModel.load(saved)


@pytest.mark.parametrize("name", ["manifest.json", "weights.safetensors"])
def test_a_folder_without_all_of_its_files_is_refused(saved, name):
    (saved / name).unlink()
    with pytest.raises(UserError, match=name):
        FittedModel.load(saved)


def test_other_features_are_refused_and_the_difference_is_shown(panel, saved):
    features = [f for f in panel.features if f["name"] != "price"] + [{"name": "weather", "driver": "season", "unit": "", "meaning": ""}]
    with pytest.raises(UserError, match=r"lacks price \(price\). The panel also has weather \(season\)"):
        FittedModel.load(saved, features)
    with pytest.raises(UserError, match="another order"):
        FittedModel.load(saved).predict(replace(panel, features=panel.features[::-1]), panel.latest())


def test_an_encoder_with_other_weights_is_refused(panel, saved, tmp_path):
    loaded = FittedModel.load(saved)
    loaded.settings = replace(loaded.settings, encoder=str(tiny_encoder(tmp_path / "other", seed=9)))
    with pytest.raises(UserError, match="was trained with encoder"):
        loaded.predict(panel, panel.latest())


def test_train_writes_a_candidate_of_the_workspace(workspace, encoder):
    tiny_panel(workspace.panel, products=20)
    settings = workspace.settings().with_values("model", encoder=encoder, max_epochs=1, since="2010-02-01")
    trained = train(workspace, settings)
    assert trained.folder == workspace.models / trained.model_id and trained.model_id.startswith("m2")
    model = FittedModel.load(trained.folder)
    assert model.metrics["origins"]["learn"]["first"] >= "2010-02-01"
    assert {"metrics", "calibration", "curves", "origins", "seconds", "model", "trained_at"} <= set(model.metrics)
    assert f"{trained.metrics['average_precision']:.3f}" in str(trained.text()) and trained.model_id in str(trained.text())


def test_train_refuses_a_since_that_is_no_date(workspace, encoder):
    tiny_panel(workspace.panel, products=5)
    with pytest.raises(UserError, match="since"):
        train(workspace, workspace.settings().with_values("model", encoder=encoder, since="last year"))
