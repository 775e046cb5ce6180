"""A tuned epoch with each text encoded once a pass, against encoding every row: python -m bench.epoch OUT.json [BATCHES] [ROWS]

Both sides learn the same fusion model and the same three encoder layers on the same panel, in one process. Ours is one whole
epoch. Every row's side is the usual way: a batch of rows, each row's text through the whole encoder and back; its seconds a row,
over BATCHES batches of ROWS rows, times the rows of an epoch is its epoch. Its batches are large enough that the optimiser's own
time does not count much, and small enough that 200 of them end today.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

from core.models.encoder_tuning import Tuning
from core.models.network import loss
from core.models.panel import Panel
from core.models.predict import gather, use_threads
from core.models.train import _Trainer, split
from core.progress import silent
from core.settings import ModelSettings, TrainingConfig
from core.workspace import Workspace

TUNING = "last-3"


def measure(workspace: Workspace, batches: int, rows_a_batch: int) -> dict[str, float]:
    panel = Panel.open(workspace.panel, workspace.cache)
    settings, recipe, threads = ModelSettings(tuning=TUNING, device="cpu"), TrainingConfig(), torch.get_num_threads()
    parts = split(panel, panel.matured(), recipe.validation_origins)
    started = time.perf_counter()
    with use_threads(1):
        trainer = _Trainer(panel, parts.learn, parts.learn_until, settings, recipe, Tuning.of(TUNING), torch.device("cpu"), threads, silent)
        prepared = time.perf_counter() - started
        epoch = len(panel.draw(trainer.rows, recipe.segment_share, np.random.default_rng(7)))
        started = time.perf_counter()
        trainer._epoch(1, 1, 1)
        once = time.perf_counter() - started
    every = _seconds_a_row(trainer, panel, batches, rows_a_batch) * epoch
    return {
        "times_faster": every / once,
        "epoch_seconds": once,
        "epoch_seconds_every_row": every,
        "epoch_rows": epoch,
        "texts": len(trainer.texts.table) - 1,
        "encoder_passes": recipe.encoder_passes,
        "rows_a_batch_every_row": rows_a_batch,
        "batches_every_row": batches,
        "lower_layers_once_seconds": prepared,
    }


def _seconds_a_row(trainer: _Trainer, panel: Panel, batches: int, rows_a_batch: int) -> float:
    """All threads, every row's tokens through the encoder, gradients into its last three layers and the fusion model."""
    encoder, net = trainer.texts.encoder, trainer.net.train()
    tokens = encoder.tokens([t or "-" for t in panel.texts])
    optimizer = torch.optim.AdamW([*net.parameters(), *trainer.texts.parameters()], lr=1e-5, fused=True)
    random = np.random.default_rng(7)
    as_tensor = lambda values: torch.from_numpy(np.asarray(values, dtype=np.float32))  # noqa: E731

    def step() -> None:
        rows = np.sort(random.choice(trainer.rows, min(rows_a_batch, len(trainer.rows)), replace=False))
        text = encoder.encode([tokens[p] for p in panel.product[rows]])
        outputs = net(gather(panel, rows, trainer.places, net.config, text))
        value = loss(
            outputs,
            as_tensor(panel.rising[rows]),
            as_tensor(panel.falling[rows]),
            as_tensor(trainer._units(rows)),
            as_tensor(panel.tail[rows]),
            torch.ones(len(rows)),
            net.config.levels,
        )
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()

    step()  # the first one also sets up threads and buffers
    started = time.perf_counter()
    for _ in range(batches):
        step()
    return (time.perf_counter() - started) / (batches * rows_a_batch)


if __name__ == "__main__":
    out, *numbers = sys.argv[1:]
    batches, rows = map(int, numbers or ("200", "128"))
    Path(out).write_text(json.dumps(measure(Workspace.at(), batches, rows)), encoding="utf-8")
