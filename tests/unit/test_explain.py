from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from fixtures.tiny import tiny_encoder, tiny_panel

from core.models import explain
from core.models.calibrate import Calibration, sigmoid
from core.models.explain import WordMasker, driver_attributions, masks, shapley_weights, split_units, word_explanations
from core.models.panel import Panel
from core.models.predict import FittedModel, blend
from core.models.train import fit
from core.schema import DRIVERS, REASONS
from core.settings import ModelSettings, TrainingConfig

RECIPE = TrainingConfig(
    refit=False,
    learning_rate=5e-3,
    trees_share=0.5,
    trees_rounds=20,
    demand_trees_share=0.0,
    members=2,
    hidden=16,
    second=8,
    tower=8,
    token=8,
)


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    panel = Panel.open(tiny_panel(tmp_path_factory.mktemp("panel")), tmp_path_factory.mktemp("cache"))
    return replace(panel, texts=["" if i == 3 else text for i, text in enumerate(panel.texts)])


@pytest.fixture(scope="module")
def model(panel, tmp_path_factory) -> FittedModel:
    settings = ModelSettings(encoder=str(tiny_encoder(tmp_path_factory.mktemp("encoder"))), max_epochs=8, device="cpu")
    return fitted(panel, settings, RECIPE)


def fitted(panel: Panel, settings: ModelSettings, recipe: TrainingConfig) -> FittedModel:
    """With a calibration of its own, so that a forgotten one shows."""
    return replace(fit(panel, panel.matured(), settings, recipe=recipe), rising_calibration=Calibration(0.7, -0.4))


def masked_logits(model: FittedModel, panel: Panel, row: int, keep: np.ndarray) -> np.ndarray:
    """Calibrated logits of one row under (m, K) masks: the net's own forward pass on inputs that really lack the drivers, and the trees
    with the drivers taken away."""
    config, drivers = model.net.config, model.drivers
    inputs = model.inputs(panel, np.full(len(keep), row), model.text_vectors(panel, np.array([row])))
    for k, driver in enumerate(drivers):
        gone = torch.from_numpy(~keep[:, k].astype(bool))
        if driver == "text":
            inputs.text[gone] = 0
        elif driver == "segment":
            inputs.segment[gone] = -1
        else:
            for column in config.columns.get(driver, ()):
                inputs.x[gone, column] = float("nan")
    taken = np.array([[d in drivers and not mask[drivers.index(d)] for d in DRIVERS] for mask in keep])
    trees = np.concatenate([model.trees.predict(panel.read(np.array([row])), absent) for absent in taken])
    with torch.no_grad():
        return model.rising_calibration(blend(model.net(inputs).logits[..., 0].double().mean(0).numpy(), trees, model.trees_share))


def test_attributions_add_up_to_the_forecast(panel, model):
    rows = panel.latest()
    attributions, base = driver_attributions(model, panel, rows)
    out = model.predict(panel, rows)
    assert attributions.shape == (len(rows), len(model.drivers)) and attributions.dtype == np.float64
    np.testing.assert_allclose(attributions.sum(1) + base, out["logit"], atol=1e-9)
    np.testing.assert_allclose(sigmoid(attributions.sum(1) + base), out["rising"], atol=1e-9)


def test_they_equal_shaps_exact_explainer_on_each_group_with_the_groups_before_it_present(panel, model):
    import shap

    rows = panel.latest()[:2]  # with and without reviews
    attributions, base = driver_attributions(model, panel, rows)
    for row, mine, empty in zip(rows, attributions, base):
        before = np.zeros(len(model.drivers))
        for group in REASONS:
            places = [i for i, d in enumerate(model.drivers) if d in group]
            if not places:
                continue

            def worth(keep: np.ndarray) -> np.ndarray:
                every = np.repeat(before[None], len(keep), axis=0)
                every[:, places] = keep
                return masked_logits(model, panel, row, every)

            theirs = shap.explainers.Exact(worth, np.zeros((1, len(places))))(np.ones((1, len(places))))
            np.testing.assert_allclose(mine[places], theirs.values[0], atol=1e-4)
            if not before.any():
                assert empty == pytest.approx(theirs.base_values[0], abs=1e-4)
            before[places] = 1


def test_a_symptom_is_credited_only_with_what_its_cause_does_not_say(panel, model):
    """The first group stands as if the later ones were not there: whatever sales show, the causes' share is the same."""
    row = panel.latest()[:1]
    later = [i for i, d in enumerate(model.drivers) if d not in REASONS[0]]
    before, _ = driver_attributions(model, panel, row)
    columns = [i for i, f in enumerate(panel.features) if f["driver"] not in REASONS[0]]
    x = np.array(panel.x[row[0]])
    x[columns] = x[columns] * 3 + 1
    changed = np.array(panel.x)
    changed[row[0]] = x
    after, _ = driver_attributions(model, replace(panel, x=changed), row)
    first = [i for i in range(len(model.drivers)) if i not in later]
    np.testing.assert_allclose(after[0, first], before[0, first], atol=1e-5)
    assert np.abs(after[0, later] - before[0, later]).max() > 0.01


def test_a_driver_that_a_row_lacks_gets_nothing(panel, model):
    rows = panel.latest()
    attributions, _ = driver_attributions(model, panel, rows)
    of = {d: attributions[:, i] for i, d in enumerate(model.drivers)}
    even, blank = panel.product[rows] % 2 == 0, panel.product[rows] == 3
    assert (of["reviews"][even] == 0).all() and (of["reviews"][~even] != 0).any()
    assert (of["text"][blank] == 0).all() and (of["attention"] == 0).all()


def test_forecasts_that_lack_the_same_drivers_share_one_base(panel, model):
    rows = panel.latest()
    _, base = driver_attributions(model, panel, rows)
    lacks = model.trees._lacking(panel.read(rows))
    for pattern in np.unique(lacks, axis=0):
        same = np.flatnonzero((lacks == pattern).all(axis=1))
        nothing = masked_logits(model, panel, int(rows[same[0]]), np.zeros((1, len(model.drivers))))
        np.testing.assert_allclose(base[same], nothing[0], atol=1e-5)


@pytest.mark.parametrize("low", [0, 2, 6])
def test_the_split_into_low_and_high_masks_changes_nothing(panel, model, monkeypatch, low):
    rows = panel.latest()[:10]
    expected, _ = driver_attributions(model, panel, rows)
    monkeypatch.setattr(explain, "_LOW_DRIVERS", low)
    monkeypatch.setattr(explain, "_CHUNK_ROWS", 3)
    np.testing.assert_allclose(driver_attributions(model, panel, rows)[0], expected, atol=1e-6)


def test_the_weights_are_the_mean_over_all_orders_of_arrival():
    game = np.random.default_rng(0).normal(size=16)
    expected = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        present = 0
        for player in order:
            expected[player] += game[present | 1 << player] - game[present]
            present |= 1 << player
    np.testing.assert_allclose(game @ shapley_weights(4), expected / len(orders))
    assert masks(4)[5].tolist() == [1, 0, 1, 0]


# ---- words


def text_of(model: FittedModel, panel: Panel, rows: np.ndarray) -> np.ndarray:
    return driver_attributions(model, panel, rows)[0][:, model.drivers.index("text")]


def with_text(panel: Panel, row: int, text: str) -> Panel:
    return replace(panel, texts=[text if p == panel.product[row] else t for p, t in enumerate(panel.texts)])


LONG = "red lamp. candle bag heart good lamp, red bag. good candle heart lamp bag red"


@pytest.mark.parametrize("text", ["", "heart", "red lamp candle bag", LONG])
def test_words_add_up_from_the_forecast_without_text_to_the_forecast_with_it(panel, model, text):
    rows = panel.latest()[:6]
    given = replace(panel, texts=[text or t for t in panel.texts])
    logits, of_text = model.predict(given, rows)["logit"], text_of(model, given, rows)
    for row, words, logit, expected in zip(rows, word_explanations(model, given, rows), logits, of_text):
        if words is None:
            assert given.texts[given.product[row]] == ""
            continue
        assert words.base_values + words.values.sum() == pytest.approx(logit, abs=1e-6)
        assert words.values.sum() == pytest.approx(expected, abs=1e-6)
        assert "".join(words.data) == given.texts[given.product[row]]


def test_a_word_is_worth_what_the_text_driver_would_lose_without_it(panel, model):
    """Two words: the Shapley value by hand, from the text driver's attribution under each of the four texts."""
    row = next(r for r in panel.latest() if len(panel.texts[panel.product[r]].split()) == 2)
    first, second = panel.texts[panel.product[row]].split()
    both, a, b = (text_of(model, with_text(panel, row, t), np.array([row]))[0] for t in (f"{first} {second}", first, second))
    (words,) = word_explanations(model, panel, np.array([row]))
    np.testing.assert_allclose(words.values, [(a + both - b) / 2, (b + both - a) / 2], atol=1e-5)


def test_halves_of_a_long_text_share_by_what_the_text_loses_without_each(panel, model):
    row = panel.latest()[:1]
    given = with_text(panel, int(row[0]), LONG)
    (words,) = word_explanations(model, given, row)
    units, tree = split_units(LONG), WordMasker().clustering(LONG)
    left = set(members(int(tree[-1, 0]), tree, len(units)))
    first, second = ("".join(u for i, u in enumerate(units) if (i in left) is side) for side in (True, False))
    whole, a, b = (text_of(model, with_text(panel, int(row[0]), t), row)[0] for t in (LONG, first, second))
    joint = a + b - whole  # what both halves say counts for each in proportion to its words
    in_left = words.values[sorted(left)].sum()
    assert in_left == pytest.approx(whole - b + joint * len(left) / len(units), abs=1e-5)


def members(cluster: int, tree: np.ndarray, units: int) -> list[int]:
    if cluster < units:
        return [cluster]
    left, right = tree[cluster - units, :2].astype(int)
    return members(left, tree, units) + members(right, tree, units)


def test_a_text_costs_at_most_thirty_encoded_texts_and_is_encoded_once(panel, model, tmp_path, monkeypatch):
    row, encoded = panel.latest()[:1], []
    embed = explain.embed
    monkeypatch.setattr(explain, "embed", lambda texts, *more, **named: encoded.extend(texts) or embed(texts, *more, **named))
    for text, most in (("red lamp bag", 6), ("red lamp bag heart good", 30), (LONG * 20, 18)):
        encoded.clear()
        word_explanations(model, with_text(panel, int(row[0]), text), row)
        assert len(encoded) == most and "" not in encoded and text not in encoded


def test_the_words_of_a_text_are_the_same_whatever_was_drawn_and_explained_before(panel, model):
    rows = panel.latest()[:3]
    given = replace(panel, texts=["red lamp candle lamp red", LONG, "red red red red"] * len(panel.texts))
    first = word_explanations(model, given, rows)
    np.random.seed(5)
    np.random.randn(3)
    for before, after in zip(first, word_explanations(model, given, rows[::-1])[::-1]):
        np.testing.assert_allclose(after.values, before.values, rtol=0, atol=1e-12)


def rows_with_a_heart(panel: Panel) -> np.ndarray:
    return np.array([r for r in panel.latest() if panel.texts[panel.product[r]].endswith("heart")])


def strongest(words) -> str:
    return words.feature_names[int(np.argmax(words.values))]


def test_the_planted_word_stands_out_where_texts_count_wholly(panel, model):
    wholly = fitted(panel, model.settings, replace(RECIPE, text_days=0.0))
    for words in word_explanations(wholly, panel, rows_with_a_heart(panel)):
        assert strongest(words) == "heart" and words.values.max() > 0.1


def test_the_planted_word_stands_out_most_while_its_product_is_new(panel, model):
    rows, new = rows_with_a_heart(panel), replace(panel, days_on_sale=np.zeros_like(panel.days_on_sale))
    for words, of_new in zip(word_explanations(model, panel, rows), word_explanations(model, new, rows)):
        assert strongest(words) == strongest(of_new) == "heart"
        assert of_new.values.max() > 0.1 and of_new.values.max() > words.values.max()


def test_a_planted_word_stands_out_in_a_long_text(panel, model):
    wholly = fitted(panel, model.settings, replace(RECIPE, text_days=0.0))
    rows = panel.latest()[:4]
    given = replace(panel, texts=["red lamp bag. heart candle lamp bag candle red"] * len(panel.texts))
    for words in word_explanations(wholly, given, rows):
        assert strongest(words) == "heart"


def test_a_row_without_text_has_no_words(panel, model):
    row = panel.latest()[panel.product[panel.latest()] == 3][:1]
    assert word_explanations(model, panel, row) == [None]


def test_a_model_that_reads_no_text_explains_no_words_and_needs_no_encoder(panel, model):
    unread = replace(panel, texts=[""] * len(panel.texts))
    blind = fitted(unread, replace(model.settings, max_epochs=1), RECIPE)
    assert blind.encoder_version == "" and word_explanations(blind, unread, unread.latest()[:2]) == [None, None]


def test_texts_are_cut_into_words_and_chinese_into_pairs_and_nothing_is_lost():
    text = "WHITE heart T-LIGHT holder. 红色圣诞节灯，很好 2 pcs"
    units = split_units(text)
    assert "".join(units) == text
    assert [u.strip() for u in units] == ["WHITE", "heart", "T-LIGHT", "holder.", "红色", "圣诞", "节灯，", "很好", "2", "pcs"]
    long = " ".join(f"w{i}" for i in range(100))
    assert len(split_units(long)) == 10 and split_units(long)[6] == "w6 " and "".join(split_units(long)) == long
    assert split_units("") == []


def test_the_masker_leaves_out_words_and_chinese_characters_whole_and_halves_texts_at_sentences():
    text, masker = "红色圣诞灯。很好 LED灯 2 pcs", WordMasker()
    units = split_units(text)
    assert units == ["红色", "圣诞", "灯。", "很好 ", "LED", "灯 ", "2 ", "pcs"]
    (shown,) = masker(np.array([u != "圣诞" for u in units]), text)
    assert shown.tolist() == ["红色灯。很好 LED灯 2 pcs"]
    tree = masker.clustering(text)
    assert sorted(members(int(tree[-1, 0]), tree, len(units))) == [0, 1, 2]
    assert masker.shape(text) == (1, 8) and len(masker.shorter(text)) == len(set(masker.shorter(text))) == 14
