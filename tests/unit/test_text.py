from __future__ import annotations

import numpy as np
import pytest
import torch
from fixtures.tiny import WORDS, tiny_encoder

from core.errors import Cancelled, UserError
from core.models import text


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> text.Encoder:
    return text.load_encoder(tiny_encoder(tmp_path_factory.mktemp("encoder")))


@pytest.fixture
def encoded(monkeypatch) -> list[list[int]]:
    """Every token list that any encoder is given during the test."""
    seen, original = [], text.Encoder.encode

    def counting(self, tokens):
        seen.extend(tokens)
        return original(self, tokens)

    monkeypatch.setattr(text.Encoder, "encode", counting)
    return seen


def test_vectors_have_length_one_and_a_blank_text_is_zero(encoder):
    vectors = text.embed(["red lamp", " ", "red lamp bag candle", ""], encoder)
    assert vectors.dtype == np.float32 and vectors.shape == (4, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 0], atol=1e-6)


def test_a_text_has_the_same_vector_alone_and_among_longer_ones(encoder):
    alone = text.embed(["red lamp"], encoder)
    among = text.embed(["candle " * 20, "red lamp", "bag"], encoder)
    np.testing.assert_allclose(among[1], alone[0], atol=1e-5)


def test_each_distinct_text_is_encoded_once(encoder, encoded):
    vectors = text.embed(["red lamp", "bag", "red lamp", "bag ", "red lamp"], encoder)
    assert len(encoded) == 2
    np.testing.assert_array_equal(vectors[0], vectors[4])


def test_a_second_run_encodes_only_what_is_new(encoder, encoded, tmp_path):
    first = text.embed(["red lamp", "bag"], encoder, tmp_path)
    del encoded[:]
    second = text.embed(["bag", "candle", "red lamp"], encoder, tmp_path)
    assert len(encoded) == 1
    np.testing.assert_array_equal(second[[2, 0]], first)


def test_other_weights_do_not_read_each_others_vectors(encoder, encoded, tmp_path):
    other = text.load_encoder(tiny_encoder(tmp_path / "other", seed=1))
    mine = text.embed(["red lamp"], encoder, tmp_path)
    theirs = text.embed(["red lamp"], other, tmp_path)
    assert len(encoded) == 2 and np.abs(mine - theirs).max() > 1e-3


def test_a_damaged_cache_file_is_made_again(encoder, encoded, tmp_path):
    good = text.embed(["red lamp"], encoder, tmp_path)
    (part,) = tmp_path.rglob("*.npy")
    part.write_bytes(part.read_bytes()[:100])
    np.testing.assert_array_equal(text.embed(["red lamp"], encoder, tmp_path), good)
    assert len(encoded) == 2


def test_many_small_additions_are_merged_into_few_files_and_none_is_lost(encoder, encoded, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_MAX_PARTS", 3)
    texts = [" ".join(WORDS[i : i + 2]) for i in range(8)]
    for one in texts:
        text.embed([one], encoder, tmp_path)
    assert len(list(tmp_path.rglob("*.npy"))) <= 3
    del encoded[:]
    text.embed(texts, encoder, tmp_path)
    assert encoded == []


def test_texts_that_are_known_need_neither_module_nor_tokenizer(tmp_path):
    folder = tiny_encoder(tmp_path / "e")
    words = ["red lamp", "blue lamp"]
    first = text.embed(words, text.fresh_encoder(folder), tmp_path)
    later = text.fresh_encoder(folder)
    np.testing.assert_array_equal(text.embed(words, later, tmp_path), first)
    assert not {"module", "tokenizer"} & vars(later).keys()
    text.embed(["green lamp"], later, tmp_path)
    assert {"module", "tokenizer"} <= vars(later).keys()


def test_cancelling_stops_the_encoding(encoder):
    def cancel(step, done, message="", **figures):
        raise Cancelled()

    with pytest.raises(Cancelled):
        text.embed(["red lamp"], encoder, progress=cancel)


def test_weights_that_a_checkpoint_lacks_are_the_same_every_time_and_move_no_random_state(tmp_path):
    folder = tiny_encoder(tmp_path / "e", pooler=False)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second = text.fresh_encoder(folder).module, text.fresh_encoder(folder).module
    assert torch.equal(first.pooler.dense.weight, second.pooler.dense.weight)
    assert torch.equal(torch.rand(1), expected)


def test_a_folder_without_weights_is_refused_with_what_is_missing(tmp_path):
    with pytest.raises(UserError, match="model.safetensors"):
        text.load_encoder(tmp_path)


def test_weights_with_another_hash_than_the_registry_says_are_refused(tmp_path, monkeypatch):
    folder = tiny_encoder(tmp_path / "encoder")
    monkeypatch.setattr(text, "_locate", lambda name: (folder, "0" * 64))
    with pytest.raises(UserError, match="SHA-256"):
        text.load_encoder("minilm")


def test_praise_scores_above_complaint_in_english_and_chinese():
    praise, complaint, blank, lob, klage = text.sentiment(
        [
            "My kids adore it, lovely colours and well made",
            "It broke after two days and smelled awful",
            "",
            "非常喜欢，质量很好",
            "太差了，质量不好，很失望",
        ]
    )
    assert praise > 0 > complaint and blank == 0 and lob > klage
