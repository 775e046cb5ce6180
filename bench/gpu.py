"""Documents per second on a GPU, in scoring and in training: python -m bench.gpu [--minilm FOLDER] [--out FOLDER] [--commit NAME]

This is row `gpu`. It also runs alone, since a machine with a GPU may hold no database and no page. Documents have 128 tokens. Scoring is
the product's own `embed`: from tokens (the GPU's work) and from texts (which the CPU tokenises meanwhile). Training is the product's own
pass over all texts with every weight of the encoder trained, in its batches of 64 texts, without the new table that follows it.

A share is relative to a product of two 8192 x 8192 bfloat16 matrices on the same GPU in the same run. A document takes 2 operations per
weight and token, and 4 per token, width and token of attention; training takes three times that. BERT-base has random weights, since time
does not depend on them.
"""

from __future__ import annotations

import argparse
import copy
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from bench import results
from bench.measure import Failed, machine, say, stamp
from bench.results import Result
from core.models.encoder_tuning import Tuning
from core.models.text import Encoder, _encode_all, embed, fresh_encoder
from core.models.text_vectors import TunedTexts

TOKENS, WORDS, SIDE = 128, 150, 8192
SCORED, LEARNT, CHECKED = 32_768, 8_192, 128


def measure(minilm: str = "minilm", device: str = "cuda") -> Result:
    if device == "cuda" and not torch.cuda.is_available():
        raise Failed("no CUDA device here: this row needs one")
    figures = {"bf16_tflops": _rate(device) / 1e12}
    with tempfile.TemporaryDirectory() as folder:
        small = fresh_encoder(minilm)
        for name, encoder in (("minilm", small), ("bert_base", _bert_base(small, Path(folder) / "base"))):
            found = _of(encoder, device, figures["bf16_tflops"] * 1e12, Path(folder))
            say(f"  {name}: {found}")
            figures |= {f"{name}_{figure}": value for figure, value in found.items()}
    card = torch.cuda.get_device_name(0) if device == "cuda" else "CPU"
    return Result("gpu", "Documents of 128 tokens per second on a GPU", figures, (), (f"On one {card}; bench/gpu.py defines the figures.",))


def _rate(device: str) -> float:
    """Return the GPU's operations per second in bfloat16."""
    a, b = (torch.randn(SIDE, SIDE, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 30 * 2 * SIDE**3 / _seconds(lambda: [a @ b for _ in range(30)])


def _seconds(work) -> float:
    """Return the seconds of the second call; the first one includes set-up."""
    work()
    wait = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def _bert_base(like: Encoder, folder: Path) -> Encoder:
    """Return BERT-base with default structure and this encoder's tokenizer, whose vocabulary has the same size."""
    from transformers import BertConfig, BertModel

    folder.mkdir()
    for file in like.folder.glob("*token*"):
        shutil.copy(file, folder)
    shutil.copy(like.folder / "vocab.txt", folder)
    BertModel(BertConfig()).save_pretrained(folder)
    return fresh_encoder(folder)


def _of(encoder: Encoder, device: str, rate: float, folder: Path) -> dict[str, float]:
    config, random = encoder.module.config, np.random.default_rng(7)
    width, layers = config.hidden_size, config.num_hidden_layers
    operations = layers * TOKENS * (2 * (4 * width**2 + 2 * width * config.intermediate_size) + 4 * TOKENS * width)
    words = np.array([w for w in encoder.tokenizer.get_vocab() if w.isascii() and w.isalpha()])
    texts = [" ".join(t) for t in words[random.integers(0, len(words), (SCORED, WORDS))]]
    tokens = encoder.tokens(texts, TOKENS)
    ready = copy.copy(encoder)  # the same encoder for texts given as indexes into `tokens`
    ready.tokens = lambda places, _: [tokens[i] for i in places]
    out, places = np.zeros((SCORED, encoder.width), np.float32), np.arange(SCORED)
    scored = _seconds(lambda: _encode_all(ready, list(places), places, out, TOKENS, lambda *a, **b: None, "embed", device))
    read = _seconds(lambda: embed(texts, encoder, max_tokens=TOKENS, device=device))
    on_cpu = embed(texts[:CHECKED], encoder, max_tokens=TOKENS, device="cpu")
    tuned = TunedTexts(encoder, texts[:LEARNT], Tuning.of("full"), torch.device(device), folder, max_tokens=TOKENS)
    refreshed = _seconds(tuned.refresh)
    trained = _seconds(lambda: (tuned.gradient.normal_(std=1e-3), tuned.train_encoder())) - refreshed
    return {
        "scored_a_second": SCORED / scored,
        "scored_share": SCORED * operations / scored / rate,
        "read_and_scored_a_second": SCORED / read,
        "least_cosine_to_the_cpu": float((on_cpu * out[:CHECKED]).sum(1).min()),
        "learnt_a_second": LEARNT / trained,
        "learnt_share": 3 * LEARNT * operations / trained / rate,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.gpu")
    parser.add_argument("--minilm", default="minilm", help="a folder of it, where its package is not installed")
    parser.add_argument("--out", type=Path, default=Path("bench") / "results")
    parser.add_argument("--commit", help="what is measured, where there is no git to ask")
    a = parser.parse_args()
    when = stamp()
    results.write(a.out, "gpu", measure(a.minilm), machine(), when | ({"commit": a.commit} if a.commit else {}))
