"""A tuned epoch with each text encoded once, against encoding every row: python -m bench.epoch OUT.json [BATCHES] [ROWS]

Both sides learn the same fusion model and the same three encoder layers on the same panel, in one process, for as many
batches; each side's seconds a row times the rows of an epoch is its epoch. Every row's side is the usual way: a batch of rows,
each row's text through the whole encoder. Its batches have ROWS rows, which is large enough that the optimiser's own time does
not count much, and small enough that 200 of them end today.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from core.config import ModelSettings, Workspace
from core.progress import silent
from core.training import Panel, Recipe
from core.training.fitting import _Trainer, split
from core.training.texts import TunedTexts, tuned_layers

TUNING = "last-3"


class EveryRow(TunedTexts):
    """Encodes the text of each row, from the word pieces up, whatever other rows of the batch share it."""

    def __init__(self, tuned: TunedTexts, texts: list[str]):
        self.__dict__.update(tuned.__dict__)
        self.tokens = tuned.encoder.tokens([t or "-" for t in texts])

    def batch(self, products: np.ndarray):
        return self.encoder.encode([self.tokens[p] for p in products]), None


def measure(workspace: Workspace, batches: int, rows_a_batch: int) -> dict[str, float]:
    panel = Panel.open(workspace.panel, workspace.cache)
    settings, recipe = ModelSettings(tuning=TUNING, device="cpu"), Recipe()
    parts = split(panel, panel.matured(), recipe.validation_origins)
    started = time.perf_counter()
    trainer = _Trainer(panel, parts.learn, parts.learn_until, settings, recipe, tuned_layers(TUNING), _cpu(), silent)
    prepared = time.perf_counter() - started
    rows = trainer._draw()

    def seconds_a_row(each: list[np.ndarray]) -> float:
        trainer._step(each[0])  # the first one also sets up threads and buffers
        started = time.perf_counter()
        for batch in each[1:]:
            trainer._step(batch)
        return (time.perf_counter() - started) / sum(map(len, each[1:]))

    shared: list[np.ndarray] = []
    while len(shared) <= batches:
        shared += list(trainer._batches(rows))
    shared = shared[: batches + 1]
    once = seconds_a_row(shared)
    trainer.texts = EveryRow(trainer.texts, panel.texts)
    random = np.random.default_rng(7)
    alone = [np.sort(random.choice(rows, min(rows_a_batch, len(rows)), replace=False)) for _ in range(batches + 1)]
    every = seconds_a_row(alone)
    return {
        "times_faster": every / once, "epoch_seconds": once * len(rows), "epoch_seconds_every_row": every * len(rows), "epoch_rows": len(rows),
        "rows_a_batch": float(np.mean([len(b) for b in shared])), "texts_a_batch": float(np.mean([len(np.unique(panel.product[b])) for b in shared])),
        "rows_a_batch_every_row": float(len(alone[0])), "batches": batches, "lower_layers_once_seconds": prepared,
    }


def _cpu():
    import torch

    return torch.device("cpu")


if __name__ == "__main__":
    out, *numbers = sys.argv[1:]
    batches, rows = map(int, numbers or ("200", "128"))
    Path(out).write_text(json.dumps(measure(Workspace.at(), batches, rows)), encoding="utf-8")
