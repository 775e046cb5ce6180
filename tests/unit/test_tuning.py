"""How encoders learn: the modes of tuning, and pretraining on the shop's own texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from fixtures.tiny import tiny_encoder, tiny_panel

from core.errors import UserError
from core.models import encoder_tuning as tuning
from core.models import pretraining
from core.models.encoder_tuning import Tuning
from core.models.panel import Panel
from core.models.predict import FittedModel
from core.models.text import fresh_encoder, load_encoder
from core.models.text_vectors import TunedTexts
from core.models.train import fit
from core.settings import ModelSettings, TrainingConfig

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = TrainingConfig(
    refit=False, batch_rows=512, learning_rate=5e-3, encoder_learning_rate=1e-3, members=1, hidden=16, second=8, tower=8, token=8
)
MODES = ["last-1", "lora-2", "adalora-2", "adapters-4", "full"]
CPU = torch.device("cpu")
TITLES = ["red lamp", "red candle", "good bag", "bad bag", "heart holder", "红 灯", "lamp holder", "candle holder"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("encoder")))


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    return Panel.open(tiny_panel(tmp_path_factory.mktemp("panel"), products=20), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def settings(encoder) -> ModelSettings:
    return ModelSettings(encoder=encoder, max_epochs=2, device="cpu")


def table(encoder: str, mode: str, cache, **numbers) -> TunedTexts:
    torch.manual_seed(0)
    return TunedTexts(fresh_encoder(encoder), TITLES, Tuning.of(mode), CPU, cache, **{"rate": 1e-3, **numbers})


# ---- modes


@pytest.mark.parametrize("mode", MODES)
def test_before_any_step_every_mode_says_what_the_checkpoint_says(encoder, mode, tmp_path):
    with torch.no_grad():
        expected = (own := load_encoder(encoder)).encode(own.tokens(TITLES)).numpy()
    np.testing.assert_allclose(table(encoder, mode, tmp_path).frozen().vectors, expected, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_moves_the_vectors_where_the_gradients_point(encoder, mode, tmp_path):
    subject = table(encoder, mode, tmp_path, passes=20, rate=5e-3)
    target = torch.from_numpy(np.random.default_rng(0).normal(size=(len(TITLES), 16)).astype(np.float32))
    target = torch.nn.functional.normalize(target, dim=1)

    def near() -> float:
        return float((torch.from_numpy(subject.frozen().vectors) * target).sum(1).mean())

    before = near()
    for _ in range(20):
        subject.gradient[1:] = -target  # of -(vectors * target).sum()
        subject.learn()
    assert near() > before + 0.05


@pytest.mark.parametrize(
    "mode, learns",
    [
        ("last-1", {"encoder.layer.1"}),
        ("lora-2", {"encoder.layer.0", "encoder.layer.1"}),
        ("adalora-2", {"encoder.layer.0", "encoder.layer.1"}),
        ("adapters-4", {"encoder.layer.0", "encoder.layer.1"}),
        ("full", {"encoder.layer.0", "encoder.layer.1", "embeddings"}),
    ],
)
def test_a_model_of_every_mode_loaded_from_its_folder_predicts_the_same(panel, settings, mode, learns, tmp_path):
    model = fit(panel, panel.matured(), replace(settings, tuning=mode), recipe=QUICK)
    assert {".".join(name.split(".")[: 3 if name.startswith("encoder") else 1]) for name in model.tuned} == learns
    expected = model.predict(replace(panel, cache=tmp_path / "first"), panel.latest())
    model.save(tmp_path / "model")
    loaded = FittedModel.load(tmp_path / "model")
    assert loaded.encoder.version == model.encoder.version != loaded.encoder_version
    for name, values in loaded.predict(replace(panel, cache=tmp_path / "second"), panel.latest()).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-5, atol=1e-6)


def test_only_what_lora_updates_differs_from_the_checkpoint_and_no_trace_of_peft_stays(encoder, tmp_path):
    subject = table(encoder, "lora-2", tmp_path)
    subject.gradient[1:] = 1.0
    subject.learn()
    subject.learn()
    own = subject.finish()
    different = tuning.changed(own, load_encoder(encoder))
    assert different and all(name.endswith(("query.weight", "value.weight")) for name in different)
    assert own.module.state_dict().keys() == load_encoder(encoder).module.state_dict().keys()


def test_adalora_ends_with_the_ranks_it_was_given_on_average(encoder, tmp_path):
    subject, random = table(encoder, "adalora-2", tmp_path, passes=20), np.random.default_rng(0)
    for _ in range(20):
        subject.gradient[1:] = torch.from_numpy(random.normal(size=(len(TITLES), 16)).astype(np.float32))
        subject.learn()
    ranks = [int((p != 0).sum()) for name, p in subject.encoder.module.named_parameters() if "lora_E" in name]
    assert len(ranks) == 4 and sum(ranks) == 4 * 2 < 4 * 3


def test_lower_layers_learn_more_slowly_where_the_rate_decays(encoder, tmp_path):
    groups = table(encoder, "full", tmp_path, rate=1e-3, decay=0.5).optimizer.param_groups
    assert [group["highest"] for group in groups] == pytest.approx([2.5e-4, 5e-4, 1e-3])


def test_states_below_are_kept_only_where_lower_layers_stay_as_they_are(encoder, tmp_path):
    kept = {mode: table(encoder, mode, tmp_path).states is not None for mode in MODES}
    assert kept == {"last-1": True, "lora-2": False, "adalora-2": False, "adapters-4": False, "full": False}


def test_without_peft_the_error_says_what_to_install(encoder, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises(UserError, match="peft"):
        table(encoder, "lora-2", tmp_path)


# ---- pretraining


def shop(count: int = 120) -> list[str]:
    """Titles in which a word tells the next one, half of them in characters that the tiny vocabulary lacks."""
    pairs = [("red", "lamp"), ("蓝", "杯"), ("heart", "candle"), ("绿", "碗")]
    return sorted({f"{'. ' * (i % 5)}{' '.join(pairs[i % 4])}{' .' * (i % 6)}" for i in range(count)})


@pytest.fixture(scope="module")
def pretrained(encoder) -> pretraining.Pretrained:
    torch.manual_seed(0)
    return pretraining.pretrain(encoder, shop(), 60, 3e-3)


def test_characters_that_the_vocabulary_lacks_get_pieces_if_several_texts_have_them(encoder):
    texts = [*["红灯 蓝杯 red"] * pretraining.LEAST_TEXTS, "瓶"]
    assert pretraining.missing_pieces(load_encoder(encoder), texts) == ["杯", "蓝"]


def test_a_character_inside_a_word_gets_a_piece_for_the_inside():
    assert pretraining.missing_pieces(load_encoder("minilm"), ["Lamp🎁 éa"] * 3) == ["##🎁"]


def test_new_pieces_leave_the_vectors_of_other_texts_as_they_were(encoder):
    own, known = fresh_encoder(encoder), ["red lamp", "good bag"]
    with torch.no_grad():
        before = own.encode(own.tokens(known)).numpy()
        own.extend(["蓝", "##x"])
        np.testing.assert_array_equal(own.encode(own.tokens(known)).numpy(), before)
    assert own.tokenizer.tokenize("蓝 lampx") == ["蓝", "lamp", "##x"]
    assert own.module.get_input_embeddings().weight.shape[0] == load_encoder(encoder).module.get_input_embeddings().weight.shape[0] + 2


def test_pretraining_lowers_the_perplexity_of_texts_that_it_has_not_read(pretrained):
    figures = pretrained.figures
    assert figures["held_out"] > 0 and figures["perplexity_after"] < 0.85 * figures["perplexity_before"]


def test_texts_in_new_pieces_get_vectors_of_their_own(encoder, pretrained):
    texts = ["蓝杯", "绿碗"]

    def apart(own) -> float:
        with torch.no_grad():
            first, second = own.encode(own.tokens(texts))
        return float((first - second).norm())

    assert apart(load_encoder(encoder)) == 0 and apart(pretrained.encoder) > 0.01


def test_pretraining_keeps_the_word_vectors_it_found(encoder, pretrained):
    before, now = (e.module.get_input_embeddings().weight for e in (load_encoder(encoder), pretrained.encoder))
    assert torch.equal(now[: len(before)], before) and not torch.equal(now[-1], before.mean(0))


def test_the_same_seed_pretrains_the_same_encoder_whatever_the_order_of_the_texts(encoder):
    versions = []
    for texts in (shop(20), shop(20)[::-1]):
        torch.manual_seed(0)
        versions.append(pretraining.pretrain(encoder, texts, 1, 1e-3).encoder.version)
    assert versions[0] == versions[1]


def test_pretraining_says_how_far_it_is_and_never_runs_backwards(encoder):
    told = []
    pretraining.pretrain(encoder, shop(30), 2, 1e-3, progress=lambda step, done, message="", **figures: told.append((step, done)))
    assert {step for step, _ in told} == {"pretrain"} and [d for _, d in told] == sorted(d for _, d in told) and told[-1][1] == 1


def test_pretraining_reads_no_product_that_first_shows_after_the_learning_rows(panel, settings, monkeypatch):
    read = []
    original = pretraining.pretrain
    monkeypatch.setattr("core.models.train.pretrain", lambda name, texts, *a, **k: read.extend(texts) or original(name, texts, *a, **k))
    late = int(panel.product[-1])
    texts = [f"{t} bag {i}" if i == late else t for i, t in enumerate(panel.texts)]
    rows = panel.matured()
    newcomer = (panel.product[rows] != late) | (panel.as_of[rows] >= np.unique(panel.as_of[rows])[-1])
    fit(replace(panel, texts=texts), rows[newcomer], settings, recipe=replace(QUICK, pretrain_epochs=1))
    assert read and texts[late] not in read and set(read) == {t for i, t in enumerate(texts) if i != late}


def test_two_trainings_with_pretraining_are_the_same(panel, settings):
    first, second = (fit(panel, panel.matured(), settings, recipe=replace(QUICK, pretrain_epochs=1)) for _ in range(2))
    assert first.weights_hash() == second.weights_hash()


@pytest.mark.parametrize("mode", ["frozen", "lora-2", "adapters-4"])
def test_a_pretrained_model_loaded_from_its_folder_gives_the_same_vectors(panel, settings, mode, tmp_path):
    texts = [f"{t} 蓝杯" if i % 2 else t for i, t in enumerate(panel.texts)]
    panel = replace(panel, texts=texts)
    model = fit(panel, panel.matured(), replace(settings, tuning=mode), recipe=replace(QUICK, pretrain_epochs=2, refit=True))
    assert model.pieces == ("杯", "蓝") and model.metrics["pretraining"]["pieces"] == 2
    expected = model.text_vectors(replace(panel, cache=tmp_path / "first"), panel.latest())
    model.save(tmp_path / "model")
    loaded = FittedModel.load(tmp_path / "model")
    assert loaded.encoder.version == model.encoder.version and loaded.weights_hash() == model.weights_hash()
    np.testing.assert_allclose(loaded.text_vectors(replace(panel, cache=tmp_path / "second"), panel.latest()), expected, atol=1e-6)
