"""One training run of the network over fixed rows: inputs, optimiser steps, early stopping and the weight average."""

from __future__ import annotations

import copy
import time
from dataclasses import fields

import numpy as np
import torch

from core.errors import UserError
from core.evaluation import metrics
from core.messages import msg
from core.models.batches import Batches
from core.models.calibrate import Calibration, sigmoid
from core.models.conformal import Intervals, fit_intervals
from core.models.demand_trees import DemandTrees
from core.models.encoder_tuning import Tuning, changed_weights, tuned_version
from core.models.network import ORDINAL_THRESHOLDS, RISING, FusionModel, ModelConfig, loss
from core.models.panel import Panel
from core.models.predict import FittedModel, raw_predictions, read_inputs, segment_indexes, use_threads
from core.models.pretraining import Pretrained
from core.models.text import Encoder, embed, fresh_encoder, load_encoder
from core.models.text_vectors import FrozenTexts, TunedTexts
from core.models.tracking import Track, untracked
from core.models.validation import early_stopping_rows, json_number, known_units
from core.progress import Progress, paced
from core.schema import DRIVERS
from core.settings import ModelSettings, TrainingConfig

_SAMPLE_ROWS = 50_000  # rows that bins and means are fitted on
_EVALUATE_ROWS = 8192
_INTERVAL_ROWS = 40_000  # rows that the widths of the demand intervals are fitted on
_YEAR = 364  # days
_TRACK_STEPS = 10  # steps between two points of a tracked curve


class Trainer:
    """The network, its texts, its optimiser and the average of its weights (EMA).

    panel, rows  training rows, whose outcome is known
    known_until  last day whose units may be used
    threads      CPU threads for the encoder; the network itself uses one
    span         share of the step "train" at which this run starts and ends
    stage        "learn" (until the validation origins) or "refit" (on all origins)
    """

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
        self.batches = Batches(int(np.clip(len(rows) // 100, 128, recipe.batch_rows)))
        sample = rows if len(rows) <= _SAMPLE_ROWS else np.sort(self.random.choice(rows, _SAMPLE_ROWS, replace=False))
        x = panel.read(sample)
        has_values = np.isfinite(x).any(0)
        readable = has_values & ~self._shop_wide(x, sample)
        plain = tuple(int(i) for i in np.flatnonzero(has_values) if i in panel.ranked or not readable[i])
        columns = {d: tuple(i for i, f in enumerate(panel.features) if f["driver"] == d and readable[i]) for d in DRIVERS}
        segments = np.unique(panel.segment[rows])
        self.segments = [panel.segments[i] for i in segments] if len(segments) > 1 else []
        self.segment_index = segment_indexes(panel, self.segments)
        with use_threads(threads):  # an encoder's matrices are large enough to gain from them
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
        ordinal = (np.where(np.isnan(tail), np.nan, tail <= threshold) for threshold in ORDINAL_THRESHOLDS)
        outcomes = (panel.rising[rows], panel.falling[rows], *ordinal)
        rates = tuple(float((np.nansum(y) + 0.5) / (np.isfinite(y).sum() + 10)) for y in outcomes)
        self.net.fit_inputs(x, self._text_sample(), rates, panel.x[sample][:, list(plain)])
        self.net.to(device)
        self.parameters = list(self.net.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
        self.average = [p.detach().clone() for p in self.parameters]
        self.steps = 0

    def _shop_wide(self, x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return (F,) bool: columns that are equal for all products on every day (time of year, the shop's growth).

        With less than a year and a horizon of history, such a column only identifies the day, and the next season lies outside its
        range, so the network does not read it. With more history, no column is excluded.
        """
        as_of = self.panel.as_of[rows]
        horizon = int(self.panel.meta.get("horizon_days", 28))  # the last horizon of the year has to occur twice
        if as_of.max() - as_of.min() >= np.timedelta64(_YEAR + horizon, "D"):
            return np.zeros(x.shape[1], dtype=bool)
        all_customers = self.panel.all_rows[rows]
        x, as_of = (x[all_customers], as_of[all_customers]) if all_customers.any() else (x, as_of)
        days = [of_day for day in np.unique(as_of) if len(of_day := x[as_of == day]) > 1]  # one product alone always equals itself
        equal = np.full(x.shape[1], bool(days))
        for of_day in days:
            equal &= ((of_day == of_day[0]) | (np.isnan(of_day) & np.isnan(of_day[0]))).all(0)
        return equal

    def _open_texts(self) -> None:
        """Set `encoder` and `texts`: vectors of every product for a frozen encoder, else an encoder of this run's own."""
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
        """Return the text vectors of the distinct training products, blank texts left out; None without an encoder."""
        if self.encoder is None:
            return None
        table = self._text_table().vectors
        assert table is not None, "an encoder has read the texts"
        vectors = table[np.unique(self.panel.product[self.rows])]
        return vectors[np.abs(vectors).sum(1) > 0]

    def _text_table(self) -> FrozenTexts:
        return self.texts.as_frozen() if isinstance(self.texts, TunedTexts) else self.texts

    def run(self, epochs: int, validate: np.ndarray | None) -> tuple[list[dict], int]:
        """Train for at most `epochs` epochs; return the curves and the best number of epochs, whose weights are then in place.

        Early stopping watches the log loss on the row numbers `validate`, from `recipe.least_epochs` on. Without them, training takes
        exactly `epochs` epochs. The weights in use are always the weight average.
        """
        curves, best, best_epoch, kept = [], np.inf, epochs, None
        least = min(self.recipe.least_epochs, epochs)
        watched = None if validate is None else early_stopping_rows(self.panel, validate)
        expected = epochs if validate is None else min(epochs, 2 * least)  # early stopping seldom takes longer
        for epoch in range(1, epochs + 1):
            began = time.monotonic()
            train_loss = self.train_epoch(epoch, epochs, expected)
            figures: dict[str, float | None] = {"epoch": epoch, "epoch_train_loss": train_loss, "epoch_seconds": time.monotonic() - began}
            if watched is None:
                self.track(self.stage, self.steps, figures)
                continue
            raw = self._swap_in_average()
            logit, y = self.predict(watched)[0][:, RISING], self.panel.rising[watched]
            valid_loss = metrics.log_loss(y, sigmoid(logit))
            valid: dict[str, float | None] = {
                "valid_loss": valid_loss,
                "valid_average_precision": json_number(metrics.average_precision(y, logit)),
            }
            curves.append({"epoch": epoch, "train_loss": train_loss, **valid})
            self.track(self.stage, self.steps, figures | valid)
            if epoch >= least and valid_loss < best * (1 - self.recipe.least_gain):
                tuned = self.texts.weights() if isinstance(self.texts, TunedTexts) else {}
                best, best_epoch, kept = valid_loss, epoch, (self._copy_weights(), tuned)
            self._set_weights(raw)
            if epoch - best_epoch >= self.recipe.patience:
                break
        weights, tuned = kept or (self.average, {})
        self._set_weights(weights)
        if tuned and isinstance(self.texts, TunedTexts):
            with use_threads(self.threads):
                self.texts.restore(tuned)
        return curves, best_epoch

    def train_epoch(self, epoch: int, epochs: int, expected: int) -> float:
        """Train on all rows of `all` and a new sample of the segments' rows; return the mean loss of a member.

        epoch of `epochs`, and `expected` epochs in all, are for the progress only.
        """
        rows, total, seen = self.panel.draw(self.rows, self.recipe.segment_share, self.random), 0.0, 0
        start, end = self.span
        message = (
            msg("Epoch {epoch} of {epochs}, on all origins", epoch=epoch, epochs=epochs)
            if self.stage == "refit"
            else msg("Epoch {epoch} of at most {epochs}", epoch=epoch, epochs=epochs)
        )
        tuned = self.texts if isinstance(self.texts, TunedTexts) else None
        passes = self.recipe.encoder_passes
        encoder_passes = 0
        for batch in self.batches.shuffle(rows, self.random):
            for value, count in self.batches.run(batch, self.train_step, self._free_memory):
                total += value * count
                seen += count
                self.done = start + (end - start) * min(1.0, (epoch - 1 + seen / len(rows)) / expected)
                self.progress("train", self.done, message, loss=total / seen)
                if self.steps % _TRACK_STEPS == 1:  # includes the first step, however few there are
                    self.track(self.stage, self.steps, {"train_loss": value, "learning_rate": self.optimizer.param_groups[0]["lr"]})
            # Amid the epoch, so that the network adapts to the new vectors on the remaining rows.
            if tuned and passes and seen * passes >= (encoder_passes + 0.5) * len(rows):
                with use_threads(self.threads):
                    tuned.train_encoder(
                        lambda: self.progress("train", self.done, msg("{epoch} · Tuning the encoder", epoch=message), loss=total / seen)
                    )
                encoder_passes += 1
        return total / max(seen, 1)

    def train_step(self, rows: np.ndarray) -> float:
        """Take one step of the optimiser on these row numbers; return the loss of an average member."""
        panel, recipe = self.panel, self.recipe
        self.net.train()
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, (self.steps + 1) / recipe.warmup_steps)

        def as_tensor(values):
            return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(self.device)

        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            text, text_index = self.texts.batch(panel.product[rows])
            outputs = self.net(read_inputs(panel, rows, self.segment_index, self.net.config, text, text_index).to(self.device))
        value = loss(
            outputs,
            as_tensor(panel.rising[rows]),
            as_tensor(panel.falling[rows]),
            as_tensor(self.known_units(rows)),
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
            self.texts.collect_gradients()
        torch.nn.utils.clip_grad_norm_(self.parameters, recipe.clip * self.net.config.members)
        self.optimizer.step()
        self.steps += 1
        # A smaller decay in the first steps, so that the average forgets the random initial weights.
        decay = min(recipe.average, self.steps / (self.steps + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - decay)
        return float(value.detach()) / self.net.config.members

    def known_units(self, rows: np.ndarray) -> np.ndarray:
        """Return (n, T) cumulative units of these row numbers, NaN after `known_until`."""
        return known_units(self.panel, rows, self.known_until)

    def predict(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return uncalibrated logits (n, 2) and demand (n, T, L) with the weights in place."""
        texts = self._text_table()
        parts = []
        for start in range(0, len(rows), _EVALUATE_ROWS):
            chosen = rows[start : start + _EVALUATE_ROWS]
            text, text_index = texts.batch(self.panel.product[chosen])
            parts.append(raw_predictions(self.net, read_inputs(self.panel, chosen, self.segment_index, self.net.config, text, text_index)))
            self.progress("train", self.done, msg("Validating on the last origins"))
        logits, demand = zip(*parts)
        return np.concatenate(logits), np.concatenate(demand)

    def intervals(self, trees: DemandTrees | None) -> Intervals:
        """Fit the demand intervals on the training rows, with the weights in place and the demand trees blended in."""
        rows = early_stopping_rows(self.panel, self.rows)
        if len(rows) > _INTERVAL_ROWS:
            rows = np.sort(np.random.default_rng(self.settings.seed).choice(rows, _INTERVAL_ROWS, replace=False))
        demand = self.predict(rows)[1]
        if trees:
            demand = trees(demand, self.panel, rows)
        return fit_intervals(demand, self.known_units(rows), self.panel.n_base[rows], self.net.config.whole_units)

    def fitted_model(self, rising: Calibration, falling: Calibration, intervals: Intervals, figures: dict) -> FittedModel:
        """Return the model with the weights in place; `figures` become its metrics. The trainer cannot train afterwards."""
        version, figures = "", {"encoder_learns": 0, **figures}
        tuned: dict[str, torch.Tensor] = {}
        pieces: tuple[str, ...] = ()
        if self.encoder is not None:
            checkpoint = load_encoder(self.settings.encoder)
            version, pieces = checkpoint.version, self.pretrained.pieces if self.pretrained else ()
            if isinstance(self.texts, TunedTexts):
                figures["encoder_learns"] = sum(p.numel() for p in self.texts.parameters())
                self.texts.finish()
            tuned = changed_weights(self.encoder, checkpoint) if self.encoder is not checkpoint else {}
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

    def _free_memory(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _copy_weights(self) -> list[torch.Tensor]:
        return [p.detach().clone() for p in self.parameters]

    def _set_weights(self, values: list[torch.Tensor]) -> None:
        with torch.no_grad():
            torch._foreach_copy_([p.data for p in self.parameters], values)

    def _swap_in_average(self) -> list[torch.Tensor]:
        """Put the weight average in place; return the weights that it replaces."""
        raw = self._copy_weights()
        self._set_weights(self.average)
        return raw
