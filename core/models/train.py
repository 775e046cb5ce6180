"""Learning: which rows, in which batches, how long; then the calibration and the figures of the validation origins."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, fields, replace

import numpy as np
import torch

from core.errors import UserError
from core.evaluation import metrics
from core.messages import msg
from core.models.background import Beside
from core.models.calibrate import fit_calibration, sigmoid
from core.models.conformal import Intervals, fit_intervals
from core.models.demand_trees import DemandTrees, fit_demand_trees
from core.models.device import device_of
from core.models.encoder_tuning import Tuning, changed, tuned_version
from core.models.network import FALLING, GRADES, RISING, FusionModel, ModelConfig, loss
from core.models.panel import Panel
from core.models.predict import FittedModel, blended, gather, one_thread, raw_predictions, segment_places, use_threads
from core.models.pretraining import Pretrained, pretrain
from core.models.rising_trees import fit_trees, growth_of, tree_rows
from core.models.text import Encoder, embed, fresh_encoder, load_encoder
from core.models.text_vectors import FrozenTexts, TunedTexts
from core.models.tracking import Track, untracked
from core.models.trees import Trees
from core.models.validation import (
    CALIBRATION_PRIOR,
    Split,
    calibration_weights,
    known_units,
    number,
    split,
    validation_figures,
    watched_rows,
)
from core.progress import Progress, paced, silent
from core.schema import DRIVERS
from core.settings import ModelSettings, TrainingConfig

_SMALLEST_BATCH = 32
_BLOCK_ROWS, _BUFFER_BLOCKS = 64, 512  # rows are shuffled within 32,768 rows made of random blocks: reading stays near-sequential
_SAMPLE_ROWS = 50_000  # rows that bins and means are fitted on
_EVALUATE_ROWS = 8192
_INTERVAL_ROWS = 40_000  # rows that the widths of the demand intervals are fitted on
_A_YEAR = 364  # days
_TRACK_STEPS = 10  # a curve needs no point a step


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
    """Learns from these row numbers of the panel and from nothing else; `rows` includes what is validated on.

    The last matured origins among them choose the number of epochs and fit the calibration; then, if the recipe says so, the
    model learns anew from all rows for as long. encoder overrides settings.encoder. The same seed gives the same weights on
    the CPU. Raises UserError where no row's outcome is known, Cancelled where `progress` does.
    """
    if encoder is not None:
        settings = ModelSettings(**{**vars(settings), "encoder": encoder})
    tuning = Tuning.of(settings.tuning)
    device = device_of(settings.device)
    started = time.monotonic()
    parts = split(panel, rows, recipe.validation_origins)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), one_thread() as threads, Beside() as beside:

        def grow(rows, until):
            return beside.start(_grow, panel, rows, until, shares, settings.seed, growth, max(1, threads - 1), beside.check)

        pretrained = None
        if recipe.pretrain_epochs:
            with use_threads(threads):  # of products that learn alone: what is tested or validated on may be named by nobody yet
                texts = [panel.texts[p] for p in np.unique(panel.product[parts.learn])]
                torch.manual_seed(settings.seed)
                pretrained = pretrain(
                    settings.encoder,
                    texts,
                    recipe.pretrain_epochs,
                    recipe.pretrain_learning_rate,
                    seed=settings.seed,
                    device=device,
                    progress=progress,
                )
        learnt = _matured(panel, rows)
        # Trees in both stages or in neither: the calibration that is fitted in one is used in the other.
        both = all(len(tree_rows(panel, part, recipe, settings.seed)) for part in (parts.learn, learnt))
        shares = recipe if both else replace(recipe, trees_share=0.0)
        growth = beside.start(growth_of, panel, parts.learn, shares, settings.seed, threads=max(1, threads - 1), check=beside.check)
        growing = grow(parts.learn, parts.learn_until) if len(parts.validate) else None
        growing_anew = grow(learnt, parts.known_until) if growing is None or recipe.refit else None
        if growing:
            first = 0.55 if recipe.refit else 1.0
            trainer = _Trainer(
                panel,
                parts.learn,
                parts.learn_until,
                settings,
                recipe,
                tuning,
                device,
                threads,
                progress,
                span=(0.0, first),
                track=track,
                pretrained=pretrained,
            )
            curves, epochs = trainer.run(settings.max_epochs, parts.validate)
            logits, demand = trainer.predict(parts.validate)
            trees, demand_trees = beside.wait(growing, lambda: progress("train", first, msg("Boosted trees")))
            if trees:
                logits[:, RISING] = blended(logits[:, RISING], trees.predict(panel.read(parts.validate)), recipe.trees_share)
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
        else:
            trainer, curves, figures = None, [], {"metrics": {}, "calibration": []}
            epochs = min(settings.max_epochs, recipe.epochs_without_validation)
            rising = falling = fit_calibration(np.empty(0), np.empty(0))
        if growing_anew:
            trainer = _Trainer(
                panel,
                learnt,
                parts.known_until,
                settings,
                recipe,
                tuning,
                device,
                threads,
                progress,
                span=(first if trainer else 0.0, 0.97),
                stage="refit",
                track=track,
                pretrained=pretrained,
            )
            trainer.run(epochs, None)
            trees, demand_trees = beside.wait(growing_anew, lambda: progress("train", 0.97, msg("Boosted trees")))
            intervals = trainer.intervals(demand_trees)
    progress("train", 1.0)
    assert trainer is not None, "there is a first stage or a refit"
    figures |= {
        "curves": curves,
        "epochs": epochs,
        "recipe": asdict(recipe),
        "seconds": round(time.monotonic() - started, 1),
        "pretraining": pretrained.figures if pretrained else {},
        "origins": _origins(panel, parts, recipe),
        "rows": {"learn": len(parts.learn), "validate": len(parts.validate)},
        "trees": asdict(growth.result()) if trees else {},
    }
    return replace(
        trainer.fitted(rising, falling, intervals, figures),
        trees=trees,
        trees_share=recipe.trees_share if trees else 0.0,
        demand_trees=demand_trees,
    )


class _Trainer:
    """One run of learning over fixed rows: the model, its texts, its optimiser, the running mean of its weights."""

    def __init__(
        self,
        panel: Panel,
        rows: np.ndarray,
        known_until: np.datetime64,
        settings: ModelSettings,
        recipe: TrainingConfig,
        tuning: Tuning,
        device: torch.device,
        threads: int,
        progress: Progress,
        span: tuple[float, float] = (0.0, 1.0),
        stage: str = "learn",
        track: Track = untracked,
        pretrained: Pretrained | None = None,
    ):
        self.panel, self.rows, self.known_until, self.recipe, self.settings = panel, rows, known_until, recipe, settings
        self.device, self.threads, self.progress, self.span, self.done = device, threads, paced(progress), span, span[0]
        self.tuning, self.pretrained = tuning, pretrained
        self.track, self.stage = track, stage
        self.random = np.random.default_rng(settings.seed)
        torch.manual_seed(settings.seed)
        self.batch_rows = int(np.clip(len(rows) // 100, 128, recipe.batch_rows))
        sample = rows if len(rows) <= _SAMPLE_ROWS else np.sort(self.random.choice(rows, _SAMPLE_ROWS, replace=False))
        x = panel.read(sample)
        known = np.isfinite(x).any(0)
        told = known & ~self._shop_wide(x, sample)
        plain = tuple(int(i) for i in np.flatnonzero(known) if i in panel.ranked or not told[i])
        columns = {d: tuple(i for i, f in enumerate(panel.features) if f["driver"] == d and told[i]) for d in DRIVERS}
        known = np.unique(panel.segment[rows])
        self.segments = [panel.segments[i] for i in known] if len(known) > 1 else []
        self.places = segment_places(panel, self.segments)
        with use_threads(threads):  # an encoder is worth them
            self._open_texts()
        width = 0 if self.encoder is None else self.encoder.width
        config = ModelConfig(
            columns={d: c for d, c in columns.items() if c},
            text_width=width,
            segments=len(self.segments),
            whole_units=panel.whole_units,
            plain=plain,
            **{f.name: getattr(recipe, f.name) for f in fields(ModelConfig) if hasattr(recipe, f.name)},
        )
        if not config.drivers:
            raise UserError(
                expected=msg("Training needs features with values."),
                found=msg("Every feature is empty in every training row."),
                to_do=msg("Run `upswing features` again."),
            )
        self.net = FusionModel(config)
        tail = panel.tail[rows]
        happened = (panel.rising[rows], panel.falling[rows], *(np.where(np.isnan(tail), np.nan, tail <= grade) for grade in GRADES))
        rates = tuple(float((np.nansum(y) + 0.5) / (np.isfinite(y).sum() + 10)) for y in happened)
        self.net.fit_inputs(x, self._text_sample(), rates, panel.x[sample][:, list(plain)])
        self.net.to(device)
        self.parameters = list(self.net.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
        self.mean = [p.detach().clone() for p in self.parameters]
        self.steps = 0

    def _shop_wide(self, x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(F,) bool: columns that the net had better not read. Before a year has come round, what is the same for all products on a
        day (the time of the year, the shop's growth) is only that day's name, and the season ahead lies beyond all that it saw."""
        as_of = self.panel.as_of[rows]
        horizon = int(self.panel.meta.get("horizon_days", 28))  # the last of the year has to be seen twice
        if as_of.max() - as_of.min() >= np.timedelta64(_A_YEAR + horizon, "D"):
            return np.zeros(x.shape[1], dtype=bool)
        everyone = self.panel.all_rows[rows]
        x, as_of = (x[everyone], as_of[everyone]) if everyone.any() else (x, as_of)
        days = [here for day in np.unique(as_of) if len(here := x[as_of == day]) > 1]  # one product alone is always like itself
        same = np.full(x.shape[1], bool(days))
        for here in days:
            same &= ((here == here[0]) | (np.isnan(here) & np.isnan(here[0]))).all(0)
        return same

    def _open_texts(self) -> None:
        """Frozen: vectors of every product that learns or may validate. Tuned: an encoder of our own."""
        panel = self.panel
        self.encoder: Encoder | None = None
        self.texts: FrozenTexts | TunedTexts = FrozenTexts(None)
        if not any(panel.texts[p] for p in np.unique(panel.product[self.rows])):
            return
        recipe, name = self.recipe, self.settings.encoder
        if self.tuning.kind == "frozen":
            self.encoder = self.pretrained.encoder if self.pretrained else load_encoder(name)
            self.texts = FrozenTexts(embed(panel.texts, self.encoder, panel.cache, self.progress, device=self.settings.device))
        else:
            self.encoder = copy.deepcopy(self.pretrained.encoder) if self.pretrained else fresh_encoder(name)
            self.texts = TunedTexts(
                self.encoder,
                panel.texts,
                self.tuning,
                self.device,
                panel.cache,
                rate=recipe.encoder_learning_rate,
                decay=recipe.encoder_layer_decay,
                weight_decay=recipe.weight_decay,
                warmup_steps=recipe.warmup_steps,
                passes=recipe.encoder_passes * recipe.least_epochs,
                seed=self.settings.seed,
                progress=self.progress,
            )

    def _text_sample(self) -> np.ndarray | None:
        """Vectors of the distinct products that learn."""
        if self.encoder is None:
            return None
        table = self._table().vectors
        assert table is not None, "an encoder has read the texts"
        vectors = table[np.unique(self.panel.product[self.rows])]
        return vectors[np.abs(vectors).sum(1) > 0]

    def _tuned(self) -> dict[str, torch.Tensor]:
        """What of the encoder learns; empty where it is frozen."""
        return self.texts.weights() if isinstance(self.texts, TunedTexts) else {}

    def _table(self) -> FrozenTexts:
        return self.texts.frozen() if isinstance(self.texts, TunedTexts) else self.texts

    def run(self, epochs: int, validate: np.ndarray | None) -> tuple[list[dict], int]:
        """Learns; returns the curves and the best number of epochs from `least_epochs` on, whose weights are then in place. Without
        validation rows, exactly `epochs` of them. Weights in use are always the running mean."""
        curves, best, best_epoch, kept = [], np.inf, epochs, None
        least = min(self.recipe.least_epochs, epochs)
        watched = None if validate is None else watched_rows(self.panel, validate)
        expected = epochs if validate is None else min(epochs, 2 * least)  # early stopping seldom takes longer
        for epoch in range(1, epochs + 1):
            began = time.monotonic()
            train_loss = self._epoch(epoch, epochs, expected)
            told: dict[str, float | None] = {"epoch": epoch, "epoch_train_loss": train_loss, "epoch_seconds": time.monotonic() - began}
            if watched is None:
                self.track(self.stage, self.steps, told)
                continue
            raw = self._swap_in_mean()
            logit, y = self.predict(watched)[0][:, RISING], self.panel.rising[watched]
            valid_loss = metrics.log_loss(y, sigmoid(logit))
            valid: dict[str, float | None] = {
                "valid_loss": valid_loss,
                "valid_average_precision": number(metrics.average_precision(y, logit)),
            }
            curves.append({"epoch": epoch, "train_loss": train_loss, **valid})
            self.track(self.stage, self.steps, told | valid)
            if epoch >= least and valid_loss < best * (1 - self.recipe.least_gain):
                best, best_epoch, kept = valid_loss, epoch, (self._copy(), self._tuned())
            self._restore(raw)
            if epoch - best_epoch >= self.recipe.patience:
                break
        weights, tuned = kept or (self.mean, None)
        self._restore(weights)
        if tuned and isinstance(self.texts, TunedTexts):
            with use_threads(self.threads):
                self.texts.restore(tuned)
        return curves, best_epoch

    def _epoch(self, epoch: int, epochs: int, expected: int) -> float:
        """One pass over all rows of `all` and some, drawn anew, of the segments; returns the mean loss of a member."""
        rows, total, seen = self.panel.draw(self.rows, self.recipe.segment_share, self.random), 0.0, 0
        start, end = self.span
        message = (
            msg("Epoch {epoch} of {epochs}, on all origins", epoch=epoch, epochs=epochs)
            if self.stage == "refit"
            else msg("Epoch {epoch} of at most {epochs}", epoch=epoch, epochs=epochs)
        )
        tuned = self.texts if isinstance(self.texts, TunedTexts) else None
        passes = self.recipe.encoder_passes
        caught_up = 0
        for batch in self._batches(rows):
            for value, count in self._fitting(batch):
                total += value * count
                seen += count
                self.done = start + (end - start) * min(1.0, (epoch - 1 + seen / len(rows)) / expected)
                self.progress("train", self.done, message, loss=total / seen)
                if self.steps % _TRACK_STEPS == 1:  # the first one too, however few they are
                    self.track(self.stage, self.steps, {"train_loss": value, "learning_rate": self.optimizer.param_groups[0]["lr"]})
            if tuned and passes and seen * passes >= (caught_up + 0.5) * len(rows):  # amid the rows, so that the rest can follow it
                with use_threads(self.threads):
                    tuned.learn(
                        lambda: self.progress("train", self.done, msg("{epoch} · Tuning the encoder", epoch=message), loss=total / seen)
                    )
                caught_up += 1
        return total / max(seen, 1)

    def _fitting(self, batch: np.ndarray):
        """Steps over a batch, in halves of halves as soon as memory does not hold it; yields (loss, rows). Later batches keep the size."""
        todo = np.array_split(batch, -(-len(batch) // self.batch_rows))[::-1]
        while todo:
            rows = todo.pop()
            try:
                yield self._step(rows), len(rows)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _out_of_memory(error) or len(rows) <= _SMALLEST_BATCH:
                    raise
                self.optimizer.zero_grad(set_to_none=True)
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                self.batch_rows = len(rows) // 2
                todo += [rows[self.batch_rows :], rows[: self.batch_rows]]

    def _step(self, rows: np.ndarray) -> float:
        """One step of the optimiser; returns the loss of an average member."""
        panel, recipe = self.panel, self.recipe
        self.net.train()
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, (self.steps + 1) / recipe.warmup_steps)

        def as_tensor(values):
            return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(self.device)

        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            text, which = self.texts.batch(panel.product[rows])
            outputs = self.net(gather(panel, rows, self.places, self.net.config, text, which).to(self.device))
        value = loss(
            outputs,
            as_tensor(panel.rising[rows]),
            as_tensor(panel.falling[rows]),
            as_tensor(self._units(rows)),
            as_tensor(panel.tail[rows]),
            torch.ones(len(rows), device=self.device),
            self.net.config.levels,
            objective=recipe.objective,
            demand_weight=recipe.demand_weight,
            grades_weight=recipe.grades_weight,
        )
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        if isinstance(self.texts, TunedTexts):
            self.texts.collect()
        torch.nn.utils.clip_grad_norm_(self.parameters, recipe.clip * self.net.config.members)
        self.optimizer.step()
        self.steps += 1
        # Early on the mean follows quickly, else it would carry the random start along.
        decay = min(recipe.average, self.steps / (self.steps + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self.mean, [p.detach() for p in self.parameters], 1 - decay)
        return float(value.detach()) / self.net.config.members

    def _units(self, rows: np.ndarray) -> np.ndarray:
        return known_units(self.panel, rows, self.known_until)

    def _batches(self, rows: np.ndarray):
        """Shuffled batches of ascending row numbers."""
        blocks = np.split(rows, range(_BLOCK_ROWS, len(rows), _BLOCK_ROWS))
        order = self.random.permutation(len(blocks))
        for start in range(0, len(order), _BUFFER_BLOCKS):
            buffer = np.concatenate([blocks[i] for i in order[start : start + _BUFFER_BLOCKS]])
            buffer = self.random.permutation(buffer)
            # In equal parts: a rest of a few rows would move the weights as far as a whole batch, and at random.
            for batch in np.array_split(buffer, -(-len(buffer) // self.batch_rows)):
                yield np.sort(batch)

    def predict(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Uncalibrated logits (n, 2) and demand (n, T, L) with the weights in place."""
        texts = self._table()
        parts = []
        for start in range(0, len(rows), _EVALUATE_ROWS):
            chosen = rows[start : start + _EVALUATE_ROWS]
            text, which = texts.batch(self.panel.product[chosen])
            parts.append(raw_predictions(self.net, gather(self.panel, chosen, self.places, self.net.config, text, which)))
            self.progress("train", self.done, msg("Validating on the last origins"))
        logits, demand = zip(*parts)
        return np.concatenate(logits), np.concatenate(demand)

    def intervals(self, trees: DemandTrees | None) -> Intervals:
        """The widths that hold on what was learnt from, with the weights in place and these trees' share."""
        rows = watched_rows(self.panel, self.rows)
        if len(rows) > _INTERVAL_ROWS:
            rows = np.sort(np.random.default_rng(self.settings.seed).choice(rows, _INTERVAL_ROWS, replace=False))
        demand = self.predict(rows)[1]
        if trees:
            demand = trees(demand, self.panel, rows)
        return fit_intervals(demand, self._units(rows), self.panel.n_base[rows], self.net.config.whole_units)

    def _copy(self) -> list[torch.Tensor]:
        return [p.detach().clone() for p in self.parameters]

    def _restore(self, values: list[torch.Tensor]) -> None:
        with torch.no_grad():
            torch._foreach_copy_([p.data for p in self.parameters], values)

    def _swap_in_mean(self) -> list[torch.Tensor]:
        """Puts the running mean in place; returns the weights that were there."""
        raw = self._copy()
        self._restore(self.mean)
        return raw

    def fitted(self, rising, falling, intervals: Intervals, figures: dict) -> FittedModel:
        version, figures = "", {"encoder_learns": 0, **figures}
        tuned: dict[str, torch.Tensor] = {}
        pieces: tuple[str, ...] = ()
        if self.encoder is not None:
            checkpoint = load_encoder(self.settings.encoder)
            version, pieces = checkpoint.version, self.pretrained.pieces if self.pretrained else ()
            if isinstance(self.texts, TunedTexts):
                figures["encoder_learns"] = sum(p.numel() for p in self.texts.parameters())
                self.texts.finish()
            tuned = changed(self.encoder, checkpoint) if self.encoder is not checkpoint else {}
            if tuned:
                self.encoder.version = tuned_version(version, tuned, pieces)
        return FittedModel(
            net=self.net.eval().cpu(),
            settings=self.settings,
            features=self.panel.features,
            segments=self.segments,
            encoder_version=version,
            tuned=tuned,
            pieces=pieces,
            rising_calibration=rising,
            falling_calibration=falling,
            intervals=intervals,
            metrics=figures,
            _encoder=self.encoder,
        )


def _grow(
    panel: Panel,
    rows: np.ndarray,
    known_until: np.datetime64,
    recipe: TrainingConfig,
    seed: int,
    growth: Future,
    threads: int,
    check: Callable[[], None],
) -> tuple[Trees | None, DemandTrees | None]:
    """All trees that are learnt from these rows; `growth` was started before, in the same thread."""
    trees = fit_trees(panel, rows, recipe, seed, growth.result(), threads=threads, check=check)
    return trees, fit_demand_trees(panel, rows, known_units(panel, rows, known_until), recipe, seed, threads=threads, check=check)


def _matured(panel: Panel, rows: np.ndarray) -> np.ndarray:
    rows = np.sort(np.asarray(rows))
    return rows[~np.isnan(panel.rising[rows])]


def _origins(panel: Panel, parts: Split, recipe: TrainingConfig) -> dict:
    def span(rows):
        return (
            None
            if not len(rows)
            else {
                "first": str(panel.as_of[rows].min()),
                "last": str(panel.as_of[rows].max()),
                "count": len(np.unique(panel.as_of[rows])),
            }
        )

    return {"learn": span(parts.learn), "validate": span(parts.validate), "refit_on_all": bool(recipe.refit and len(parts.validate))}


def _out_of_memory(error: BaseException) -> bool:
    """PyTorch says it with a class of its own on a GPU and in a RuntimeError's text on the CPU."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "alloc" in str(error).lower() and "memory" in str(error).lower()
