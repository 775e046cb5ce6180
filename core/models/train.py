"""Training: `fit` trains on the earlier origins, validates on the last ones, and then refits on all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, replace

import numpy as np
import torch

from core.messages import msg
from core.models.background import BackgroundThread
from core.models.calibrate import Calibration, fit_calibration, sigmoid
from core.models.conformal import Intervals
from core.models.demand_trees import DemandTrees, fit_demand_trees
from core.models.device import find_device
from core.models.encoder_tuning import Tuning
from core.models.network import FALLING, RISING
from core.models.panel import Panel
from core.models.predict import FittedModel, blend, one_thread, use_threads
from core.models.pretraining import Pretrained, pretrain
from core.models.rising_trees import choose_tree_config, fit_rising_trees, select_tree_rows
from core.models.tracking import Track, untracked
from core.models.trainer import Trainer
from core.models.trees import Trees
from core.models.validation import CALIBRATION_PRIOR, Split, calibration_weights, known_units, split, validation_figures
from core.progress import Progress, silent
from core.settings import ModelSettings, TrainingConfig


def fit(
    panel: Panel,
    rows: np.ndarray,
    settings: ModelSettings,
    *,
    encoder: str | None = None,
    progress: Progress = silent,
    recipe: TrainingConfig = TrainingConfig(),
    track: Track = untracked,
) -> FittedModel:
    """Train a model on these row numbers of the panel and on nothing else.

    The last matured origins among `rows` validate: they choose the number of epochs and fit the calibration. With `recipe.refit`, the
    model is then trained from scratch on all rows, for the same number of epochs. `encoder` overrides `settings.encoder`.
    On the CPU, the same seed gives the same weights. Raises UserError where no row has a known outcome, and Cancelled where `progress`
    does.
    """
    if encoder is not None:
        settings = ModelSettings(**{**vars(settings), "encoder": encoder})
    tuning = Tuning.of(settings.tuning)
    device = find_device(settings.device)
    started = time.monotonic()
    parts = split(panel, rows, recipe.validation_origins)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), one_thread() as threads, BackgroundThread("lightgbm") as background:
        pretrained = _pretrain(panel, parts, settings, recipe, device, threads, progress) if recipe.pretrain_epochs else None
        all_rows = _matured(panel, rows)
        # Trees take part in both stages or in neither: the refitted model uses the calibration fitted on the validated one.
        both = all(len(select_tree_rows(panel, part, recipe, settings.seed)) for part in (parts.train, all_rows))
        tree_recipe = recipe if both else replace(recipe, trees_share=0.0)
        tree_threads = max(1, threads - 1)
        tree_config = background.start(
            choose_tree_config, panel, parts.train, tree_recipe, settings.seed, threads=tree_threads, check=background.check
        )

        def start_trees(rows, until):
            return background.start(
                _fit_all_trees, panel, rows, until, tree_recipe, settings.seed, tree_config, tree_threads, background.check
            )

        def new_trainer(rows, until, span, stage):
            return Trainer(
                panel,
                rows,
                until,
                settings,
                recipe,
                tuning,
                device,
                threads,
                progress,
                span=span,
                stage=stage,
                track=track,
                pretrained=pretrained,
            )

        validated_trees = start_trees(parts.train, parts.train_until) if len(parts.validate) else None
        refitted_trees = start_trees(all_rows, parts.known_until) if validated_trees is None or recipe.refit else None
        if validated_trees:
            validated_at = 0.55 if recipe.refit else 1.0
            trainer = new_trainer(parts.train, parts.train_until, (0.0, validated_at), "learn")
            curves, epochs = trainer.run(settings.max_epochs, parts.validate)
            logits, demand = trainer.predict(parts.validate)
            trees, demand_trees = background.wait(validated_trees, lambda: progress("train", validated_at, msg("Boosted trees")))
            rising, falling, intervals, figures = _calibrate(panel, parts, trainer, logits, demand, trees, demand_trees, recipe)
        else:
            validated_at, curves, figures = 0.0, [], {"metrics": {}, "calibration": []}
            epochs = min(settings.max_epochs, recipe.epochs_without_validation)
            rising = falling = fit_calibration(np.empty(0), np.empty(0))
        if refitted_trees:
            trainer = new_trainer(all_rows, parts.known_until, (validated_at, 0.97), "refit")
            trainer.run(epochs, None)
            trees, demand_trees = background.wait(refitted_trees, lambda: progress("train", 0.97, msg("Boosted trees")))
            intervals = trainer.intervals(demand_trees)
    progress("train", 1.0)
    figures |= {
        "curves": curves,
        "epochs": epochs,
        "recipe": asdict(recipe),
        "seconds": round(time.monotonic() - started, 1),
        "pretraining": pretrained.figures if pretrained else {},
        "origins": _origins(panel, parts, recipe),
        "rows": {"learn": len(parts.train), "validate": len(parts.validate)},
        "trees": asdict(tree_config.result()) if trees else {},
    }
    return replace(
        trainer.fitted_model(rising, falling, intervals, figures),
        trees=trees,
        trees_share=recipe.trees_share if trees else 0.0,
        demand_trees=demand_trees,
    )


def _pretrain(
    panel: Panel,
    parts: Split,
    settings: ModelSettings,
    recipe: TrainingConfig,
    device: torch.device,
    threads: int,
    progress: Progress,
) -> Pretrained:
    """Pretrain the encoder on the texts of the training products only: those of validated or tested products stay unseen."""
    with use_threads(threads):
        texts = [panel.texts[p] for p in np.unique(panel.product[parts.train])]
        torch.manual_seed(settings.seed)
        return pretrain(
            settings.encoder,
            texts,
            recipe.pretrain_epochs,
            recipe.pretrain_learning_rate,
            seed=settings.seed,
            device=device,
            progress=progress,
        )


def _calibrate(
    panel: Panel,
    parts: Split,
    trainer: Trainer,
    logits: np.ndarray,
    demand: np.ndarray,
    trees: Trees | None,
    demand_trees: DemandTrees | None,
    recipe: TrainingConfig,
) -> tuple[Calibration, Calibration, Intervals, dict]:
    """Return (rising calibration, falling calibration, intervals, figures) of the validation rows.

    logits (n, 2) and demand (n, T, L) are the network's predictions of `parts.validate`.
    """
    if trees:
        logits[:, RISING] = blend(logits[:, RISING], trees.predict(panel.read(parts.validate)), recipe.trees_share)
    weight = calibration_weights(panel, parts.validate)
    rising = fit_calibration(logits[:, RISING], panel.rising[parts.validate], weight, CALIBRATION_PRIOR)
    falling = fit_calibration(logits[:, FALLING], panel.falling[parts.validate], weight, CALIBRATION_PRIOR)
    intervals = trainer.intervals(demand_trees)
    if demand_trees:
        demand = demand_trees(demand, panel, parts.validate)
    figures = validation_figures(
        panel,
        parts.validate,
        sigmoid(rising(logits[:, RISING])),
        sigmoid(falling(logits[:, FALLING])),
        intervals(demand, panel.n_base[parts.validate]),
        parts.known_until,
    )
    return rising, falling, intervals, figures


def _fit_all_trees(
    panel: Panel,
    rows: np.ndarray,
    known_until: np.datetime64,
    recipe: TrainingConfig,
    seed: int,
    tree_config: Future,
    threads: int,
    check: Callable[[], None],
) -> tuple[Trees | None, DemandTrees | None]:
    """Fit the rising trees and the demand trees on these rows. The background thread has already computed `tree_config`."""
    trees = fit_rising_trees(panel, rows, recipe, seed, tree_config.result(), threads=threads, check=check)
    return trees, fit_demand_trees(panel, rows, known_units(panel, rows, known_until), recipe, seed, threads=threads, check=check)


def _matured(panel: Panel, rows: np.ndarray) -> np.ndarray:
    rows = np.sort(np.asarray(rows))
    return rows[~np.isnan(panel.rising[rows])]


def _origins(panel: Panel, parts: Split, recipe: TrainingConfig) -> dict:
    """Return the first and last origin and the number of origins of each part, as metrics.json holds them."""

    def span(rows):
        if not len(rows):
            return None
        as_of = panel.as_of[rows]
        return {"first": str(as_of.min()), "last": str(as_of.max()), "count": len(np.unique(as_of))}

    return {"learn": span(parts.train), "validate": span(parts.validate), "refit_on_all": bool(recipe.refit and len(parts.validate))}
