"""Tuning modes of the encoder, compared: python -m bench.tuning OUT.json THIN [MODE ...]

Uses the last block of the workspace's backtest. Each mode is trained on the block's rows of segment `all` up to its validation (no refit)
and tested on the block's origins. `pretrained` is frozen after PRETRAIN_EPOCHS of masked-language pretraining. CPU seconds are those of
the whole process, so other programs on the machine hardly affect them. THIN: one product in so many, for a dry run.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import torch

from bench.measure import say
from core.evaluation import metrics
from core.evaluation.backtest import as_known
from core.evaluation.backtest.blocks import plan
from core.models.panel import Panel
from core.models.train import fit
from core.workspace import Workspace

MODES = ("frozen", "pretrained", "last-1", "last-3", "lora-8", "adalora-8", "adapters-32", "full")
PRETRAIN_EPOCHS = 5


def measure(workspace: Workspace, thin: int, modes: tuple[str, ...]) -> list[dict]:
    """Return one record per mode: its name, figures and cost."""
    settings = workspace.settings()
    panel = Panel.open(workspace.panel, workspace.cache)
    labelled = panel.all_rows & np.isfinite(panel.rising) & (np.asarray(panel.product) % thin == 0)
    texts = [text if i % thin == 0 else "" for i, text in enumerate(panel.texts)]
    panel = replace(panel, texts=texts)
    block = plan([day.astype(date) for day in np.unique(panel.as_of[labelled])], settings.labels.horizon_days)[-1]
    train = np.flatnonzero(labelled & (panel.as_of <= np.datetime64(block.train_until)))
    test = np.flatnonzero(labelled & np.isin(panel.as_of, np.array(block.test, dtype="datetime64[D]")))
    known = as_known(panel, block.test[0], settings.labels.horizon_days)
    found = []
    for mode in modes:
        tuning, epochs = ("frozen", PRETRAIN_EPOCHS) if mode == "pretrained" else (mode, 0)
        started, busy = time.perf_counter(), time.process_time()
        recipe = replace(settings.recipe, refit=False, pretrain_epochs=epochs)
        model = fit(known, train, replace(settings.model, tuning=tuning), recipe=recipe)
        p, y = model.predict(panel, test)["rising"], panel.rising[test]
        found.append(
            {
                "mode": mode,
                "average_precision": metrics.average_precision(y, p),
                "brier_skill": metrics.brier_skill(y, p),
                "precision_at_50": metrics.precision_at_k(y, p, panel.as_of[test], 50),
                "ece": metrics.ece(y, p),
                "seconds": time.perf_counter() - started,
                "processor_seconds": time.process_time() - busy,
                "learning_parameters": model.metrics["encoder_learns"],
                "epochs": model.metrics["epochs"],
            }
            | {name: value for name, value in model.metrics["pretraining"].items() if name.startswith(("perplexity", "pieces"))}
        )
        figures = (f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in found[-1].items())
        say("    " + ", ".join(figures))
    return found


if __name__ == "__main__":
    out, thin, *chosen = sys.argv[1:]
    torch.manual_seed(0)
    Path(out).write_text(json.dumps(measure(Workspace.at(), int(thin), tuple(chosen) or MODES)), encoding="utf-8")
