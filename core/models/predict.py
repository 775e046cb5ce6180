"""The trained model: predicts rows of a panel, is saved as a folder and loaded strictly from one."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from core.errors import UserError
from core.messages import Message, msg, sentences
from core.models.calibrate import Calibration, InterceptShift, recalibrate_intercept, recalibration_rows, sigmoid, trained_until
from core.models.card import card
from core.models.conformal import Intervals
from core.models.demand_trees import DemandTrees
from core.models.encoder_tuning import apply_tuned_weights, tuned_version
from core.models.network import FALLING, RISING, FusionModel, Inputs, ModelConfig
from core.models.panel import Panel
from core.models.text import MAX_TOKENS, Encoder, embed, fresh_encoder, load_encoder
from core.models.trees import Trees
from core.progress import Progress, paced, silent
from core.schema import DRIVERS
from core.settings import ModelSettings
from core.storage import files

FORMAT = 7
FILES = ("config.json", "weights.safetensors", "features.json", "metrics.json")
_PREDICT_ROWS = 8192
_REPLACE_MODEL = msg(
    "Restore the model from a backup, promote another one that `upswing models` lists, or train again with `upswing train`."
)


@dataclass
class FittedModel:
    """The fusion model with everything that its predictions depend on.

    features        panel.json's feature records, the columns of x in training
    segments        vocabulary of the segment driver, in the order of its embeddings
    encoder_version SHA-256 of the untuned encoder's weights ("" = reads no text)
    tuned           weights of the encoder that differ from its checkpoint's, by parameter name; empty = none
    pieces          word pieces added to its vocabulary
    rising_calibration, falling_calibration  affine maps of the two logits
    intervals       factors of the widths of the demand quantiles
    trees           boosted trees with a weight of `trees_share` in the rising logit; None where the share is 0
    demand_trees    the same for the demand quantiles
    metrics         content of metrics.json
    """

    net: FusionModel
    settings: ModelSettings
    features: list[dict]
    segments: list[str]
    encoder_version: str = ""
    tuned: dict[str, torch.Tensor] = field(default_factory=dict)
    pieces: tuple[str, ...] = ()
    rising_calibration: Calibration = Calibration()
    falling_calibration: Calibration = Calibration()
    intervals: Intervals = Intervals.untouched()
    trees: Trees | None = None
    trees_share: float = 0.0
    demand_trees: DemandTrees | None = None
    metrics: dict = field(default_factory=dict)
    _encoder: Encoder | None = None

    @property
    def drivers(self) -> tuple[str, ...]:
        """Return all drivers of the features, and text and segment, in the order of DRIVERS.

        The model may read fewer: a driver without data in the training rows is always absent, and its attribution is 0.
        """
        named = {f["driver"] for f in self.features} | {"text", "segment"}
        return tuple(d for d in DRIVERS if d in named)

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the drivers that had data in some training row."""
        return self.net.config.drivers

    @property
    def encoder(self) -> Encoder:
        """Return the encoder with its tuned weights, loaded on first use.

        Raises UserError where the checkpoint's weights are not those of training.
        """
        if self._encoder is None:
            encoder = fresh_encoder(self.settings.encoder) if self.tuned else load_encoder(self.settings.encoder)
            if encoder.version != self.encoder_version:
                raise UserError(
                    expected=msg(
                        "The model was trained with encoder {encoder}, weights {hash}.",
                        encoder=encoder.name,
                        hash=self.encoder_version[:16],
                    ),
                    found=msg("Its weights are now {hash}.", hash=encoder.version[:16]),
                    to_do=msg("Restore the encoder's files, or train the model again."),
                )
            if self.tuned:
                apply_tuned_weights(encoder, self.settings.tuning, self.pieces, self.tuned)
            self._encoder = encoder
        return self._encoder

    def check_features(self, features: list[dict]) -> None:
        """Raise a UserError that shows the difference where these are not the features of training, in their order."""
        mine, theirs = ([(f["name"], f["driver"]) for f in fs] for fs in (self.features, features))
        if mine == theirs:
            return
        gone, new = ([f"{n} ({d})" for n, d in a if (n, d) not in b] for a, b in ((mine, set(theirs)), (theirs, set(mine))))
        parts = [
            msg("The panel lacks {features}.", features=gone) if gone else "",
            msg("The panel also has {features}.", features=new) if new else "",
        ]
        found = sentences(*parts) if gone or new else msg("The panel has them in another order.")
        raise UserError(
            expected=msg("The model was trained on {count} features.", count=len(mine)),
            found=found,
            to_do=msg("Train the model again, or rebuild the features."),
        )

    def inputs(self, panel: Panel, rows: np.ndarray, vectors: np.ndarray | None = None) -> Inputs:
        """Return the model's inputs for row numbers of a panel; vectors (products, W) from `text_vectors`."""
        text = None if vectors is None else torch.from_numpy(vectors[panel.product[rows]])
        return read_inputs(panel, rows, segment_indexes(panel, self.segments), self.net.config, text)

    def text_vectors(self, panel: Panel, rows: np.ndarray, progress: Progress = silent) -> np.ndarray | None:
        """Return (products, W) float32 by product index, filled for the products of these rows; None if the model reads no text."""
        if not self.net.config.text_width:
            return None
        wanted = np.unique(panel.product[rows])
        out = np.zeros((len(panel.products), self.net.config.text_width), dtype=np.float32)
        out[wanted] = embed([panel.texts[p] for p in wanted], self.encoder, panel.cache, progress, device=self.settings.device)
        return out

    def recalibrated(self, panel: Panel) -> tuple[FittedModel, InterceptShift]:
        """Return this model with its rising intercept recalibrated, and the shift.

        The shift is measured on rows of `all` at the origins of this panel after training whose horizon has passed.
        """
        since = trained_until(self.metrics)
        if since is None:
            return self, InterceptShift()
        rows = np.flatnonzero(panel.all_rows & np.isfinite(panel.rising) & (panel.as_of > np.datetime64(since)))
        if not len(rows):
            return self, InterceptShift()
        rows = rows[recalibration_rows(panel.as_of[rows])]
        logit = self.predict(panel, rows, demand=False)["logit"]
        shift = recalibrate_intercept(logit, panel.rising[rows], panel.as_of[rows], int(panel.meta["horizon_days"]))
        calibration = replace(self.rising_calibration, intercept=self.rising_calibration.intercept + shift.shift)
        return replace(self, rising_calibration=calibration), shift

    def predict(
        self,
        panel: Panel,
        rows: np.ndarray,
        progress: Progress = silent,
        *,
        without: str = "",
        demand: bool = True,
        x: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Forecast n row numbers: logit, rising, falling (n,) float64, calibrated, and with `demand` also demand (n, weeks, levels) units.

        sigmoid(logit) = rising. demand rises in weeks and in levels. `without` is a driver to treat as absent from every row, and x (n, F)
        float32 replaces what `panel.read(rows)` gives; demand is then left out, since only the logits support it. Raises UserError where
        the panel's features differ.
        """
        self.check_features(panel.features)
        rows = np.asarray(rows)
        vectors, progress = self.text_vectors(panel, rows, progress), paced(progress)
        config = self.net.config
        logits, units = np.empty((len(rows), 2)), np.empty((len(rows), len(config.weeks), len(config.levels)))
        with one_thread():
            for start in range(0, len(rows), _PREDICT_ROWS):
                part = slice(start, start + _PREDICT_ROWS)
                inputs = self.inputs(panel, rows[part], vectors)
                inputs = inputs if x is None else replace(inputs, x=torch.from_numpy(x[part]))
                logits[part], units[part] = raw_predictions(self.net, inputs.without(without, config) if without else inputs)
                logits[part, RISING] = self.blend_trees(logits[part, RISING], inputs, without)
                progress("predict", min(1.0, (start + _PREDICT_ROWS) / len(rows)))
        logit = self.rising_calibration(logits[:, RISING])
        falling = sigmoid(self.falling_calibration(logits[:, FALLING]))
        forecasts = {"logit": logit, "rising": sigmoid(logit), "falling": falling}
        if without or x is not None or not demand:
            return forecasts
        if self.demand_trees is not None:
            units = self.demand_trees(units, panel, rows)
        return forecasts | {"demand": self.intervals(units, panel.n_base[rows])}

    def blend_trees(self, logit: np.ndarray, inputs: Inputs, without: str = "") -> np.ndarray:
        """Return (B,) rising logits before calibration: the network's logits of these rows with those of the trees blended in."""
        if self.trees is None:
            return logit
        absent = np.array([driver == without for driver in DRIVERS])
        return blend(logit, self.trees.predict(inputs.x.numpy(), absent), self.trees_share)

    def save(self, folder: Path) -> None:
        """Write the model folder: its files under another name, then the manifest of their SHA-256, then a rename."""
        with files.new_folder(Path(folder)) as temporary:
            self._write_into(temporary)

    def _write_into(self, temporary: Path) -> None:
        from safetensors.torch import save_file

        weights = {f"net.{k}": v.detach().cpu().contiguous() for k, v in self.net.state_dict().items()}
        weights |= {f"encoder.{k}": v.detach().cpu().contiguous() for k, v in self.tuned.items()}
        weights |= self._tree_tensors()
        save_file(weights, temporary / "weights.safetensors")
        calibrations = {"rising": vars(self.rising_calibration), "falling": vars(self.falling_calibration)}
        _write(
            temporary / "config.json",
            {
                "format": FORMAT,
                "model": self.net.config.as_dict(),
                "settings": vars(self.settings),
                "segments": self.segments,
                "encoder": {"version": self.encoder_version, "max_tokens": MAX_TOKENS, "pieces": list(self.pieces)},
                "calibration": calibrations,
                "demand_factors": self.intervals.factors.tolist(),
                "trees_share": self.trees_share,
                "demand_trees_share": self.demand_trees.share if self.demand_trees else 0.0,
            },
        )
        _write(temporary / "features.json", self.features)
        _write(temporary / "metrics.json", self.metrics)
        (temporary / "card.md").write_text(card(temporary), encoding="utf-8")  # not in the manifest: see core/models/card.py
        _write(temporary / "manifest.json", {name: files.sha256(temporary / name) for name in FILES})

    @classmethod
    def load(cls, folder: Path, features: list[dict] | None = None) -> FittedModel:
        """Load the model in a folder. Every file's SHA-256, the format and, if given, the code's features must match.

        Raises UserError with what was expected and found.
        """
        from safetensors.torch import load_file

        folder = Path(folder)
        if not folder.is_dir():
            raise _damaged(msg("There is no model at {folder}.", folder=folder))
        hashes = files.read_json(folder / "manifest.json", _REPLACE_MODEL)
        if not isinstance(hashes, dict) or set(hashes) != set(FILES):
            raise _damaged(msg("The manifest of model {model} lists other files than {files}.", model=folder.name, files=list(FILES)))
        if found := files.changed(folder, hashes, known=False):
            raise _damaged(msg("Model {model} is damaged: {sentences}", model=folder.name, sentences=found))
        config = _read(folder / "config.json")
        if config["format"] != FORMAT or config["encoder"]["max_tokens"] != MAX_TOKENS:
            raise UserError(
                expected=msg(
                    "This version reads models of format {format} with {tokens} tokens a text.", format=str(FORMAT), tokens=MAX_TOKENS
                ),
                found=msg(
                    "Model {model} has format {format} and {tokens} tokens.",
                    model=folder.name,
                    format=str(config["format"]),
                    tokens=config["encoder"]["max_tokens"],
                ),
                to_do=msg("Train the model again with this version."),
            )
        weights = load_file(folder / "weights.safetensors")
        net = FusionModel(ModelConfig.from_dict(config["model"]))
        net.load_state_dict({k.removeprefix("net."): v for k, v in weights.items() if k.startswith("net.")}, strict=True)
        known = _read(folder / "features.json")
        arrays, demand_arrays = (
            {k.removeprefix(kind): v.numpy() for k, v in weights.items() if k.startswith(kind)} for kind in ("trees.", "demand_trees.")
        )
        model = cls(
            net=net.eval(),
            settings=ModelSettings(**config["settings"]),
            features=known,
            trees_share=config["trees_share"],
            trees=Trees.from_arrays(arrays) if arrays else None,
            demand_trees=DemandTrees.from_arrays(demand_arrays, config["demand_trees_share"]),
            segments=config["segments"],
            encoder_version=config["encoder"]["version"],
            tuned={k.removeprefix("encoder."): v for k, v in weights.items() if k.startswith("encoder.")},
            pieces=tuple(config["encoder"].get("pieces", ())),
            rising_calibration=Calibration(**config["calibration"]["rising"]),
            falling_calibration=Calibration(**config["calibration"]["falling"]),
            intervals=Intervals(np.array(config["demand_factors"]), net.config.whole_units),
            metrics=_read(folder / "metrics.json"),
        )
        if features is not None:
            model.check_features(features)
        return model

    def _tree_tensors(self) -> dict[str, torch.Tensor]:
        both = (("trees", self.trees), ("demand_trees", self.demand_trees))
        return {f"{kind}.{name}": torch.from_numpy(array) for kind, trees in both if trees for name, array in trees.arrays().items()}

    def weights_hash(self) -> str:
        """Return the SHA-256 over all trained weights: equal for equal models."""
        return tuned_version(self.encoder_version, {**self.net.state_dict(), **self.tuned, **self._tree_tensors()}, self.pieces)

    def with_metrics(self, metrics: dict) -> FittedModel:
        return replace(self, metrics=metrics)


def blend(net: np.ndarray, trees: np.ndarray, trees_share: float) -> np.ndarray:
    """Return the rising logit before calibration: a weighted mean of logits, so that attributions are the same mean."""
    return (1 - trees_share) * net + trees_share * trees


def driver_indexes(features: list[dict]) -> np.ndarray:
    """Return (F,) the index in DRIVERS of each feature record's driver."""
    return np.array([DRIVERS.index(f["driver"]) for f in features])


def one_thread():
    """Use one CPU thread in PyTorch inside this context.

    The network's matrices are so small that a second thread gains little. On a busy machine, such as one with a worker and a dashboard,
    threads wait for each other and a step can take 20 times as long.
    """
    return use_threads(1)


@contextmanager
def use_threads(count: int):
    """Use `count` CPU threads in PyTorch inside this context; yields the count used before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield before
    finally:
        torch.set_num_threads(before)


def raw_predictions(net: FusionModel, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (B, 2) and demand units (B, T, L), float64, before calibration: means over members, of demand on the log1p scale."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        outputs = net.eval()(inputs.to(device))
        demand = torch.expm1(outputs.demand.double().mean(0)).cpu().numpy()
    return outputs.logits[..., :2].double().mean(0).cpu().numpy(), demand


def read_inputs(
    panel: Panel,
    rows: np.ndarray,
    segment_index: np.ndarray,
    config: ModelConfig,
    text: torch.Tensor | None,
    text_index: torch.Tensor | None = None,
) -> Inputs:
    """Read rows of the memory-mapped panel into tensors.

    segment_index (panel's segments,): each one's index in the model's vocabulary, -1 = unknown.
    """
    segment = torch.from_numpy(segment_index[panel.segment[rows]])
    plain = torch.from_numpy(panel.x[rows][:, list(config.plain)]) if config.plain else None
    return Inputs(
        torch.from_numpy(panel.read(rows)),
        text,
        text_index,
        segment,
        torch.from_numpy(panel.base[rows]),
        plain,
        torch.from_numpy(panel.age(rows)),
    )


def segment_indexes(panel: Panel, vocabulary: list[str]) -> np.ndarray:
    """Return (panel's segments,) int64: each one's index in the vocabulary, -1 = unknown."""
    known = {name: i for i, name in enumerate(vocabulary)}
    return np.array([known.get(name, -1) for name in panel.segments], dtype=np.int64)


def _write(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def _read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def _damaged(found: Message) -> UserError:
    return UserError(found=found, expected=msg("Every file of a model must be unchanged since training wrote it."), to_do=_REPLACE_MODEL)
