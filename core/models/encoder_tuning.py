"""Tuning modes of the encoder: which weights are trained with the network, what is added to them, and how the result is rebuilt.

frozen       no weight is trained
last-N       the last N layers (Howard & Ruder 2018)
lora-R       updates of rank R to the attention's queries and values (Hu et al. 2022), merged into their weights at the end
adalora-R    the same with ranks allocated to the layers that need them, R on average (Zhang et al. 2023)
adapters-W   bottlenecks of width W after both projections of each layer (Houlsby et al. 2019)
full         everything but the pooler, which is not used
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as f
from torch import Tensor, nn

from core.errors import UserError
from core.messages import msg
from core.models.text import Encoder

_NEW_WEIGHT_RATE = 10.0  # new weights start without effect and can take larger steps than pretrained ones


@dataclass(frozen=True)
class Tuning:
    """A tuning mode. kind: frozen, last, lora, adalora, adapters or full; size: its N, R or W, 0 where it has none."""

    kind: str
    size: int = 0

    @classmethod
    def of(cls, name: str) -> Tuning:
        """Parse a mode: "last-3" gives Tuning("last", 3). Raises UserError for anything but the modes above."""
        if name in ("frozen", "full"):
            return cls(name)
        found = re.fullmatch(r"(last|lora|adalora|adapters)-([1-9]\d{0,3})", name)
        if not found:
            raise UserError(
                expected=msg("Tuning is frozen, last-N (layers), lora-R or adalora-R (rank), adapters-W (width) or full."),
                found=msg('"{tuning}" is not one of them.', tuning=name),
                to_do=msg("Choose one of them."),
            )
        return cls(found[1], int(found[2]))

    def first_layer(self, encoder: Encoder) -> int:
        """Return the lowest layer that is trained; -1 = the embeddings too.

        Raises UserError where the encoder has too few layers or is not built like BERT.
        """
        layers = len(encoder_layers(encoder))
        if self.kind == "last" and self.size > layers:
            raise UserError(
                expected=msg("Encoder {encoder} has {layers} layers to tune.", encoder=encoder.name, layers=layers),
                found=msg("{tuning} asks for more.", tuning=f"last-{self.size}"),
                to_do=msg("Tune fewer layers."),
            )
        return {"frozen": layers, "last": layers - self.size, "full": -1}.get(self.kind, 0)

    def prepare(self, encoder: Encoder, steps: int) -> LowRank:
        """Add the mode's weights and mark its trained ones; about `steps` steps will follow. Raises UserError without the package peft."""
        first, module, low_rank = self.first_layer(encoder), encoder.module, LowRank()
        if self.kind in ("lora", "adalora"):
            low_rank = self._low_rank(encoder, max(steps, 1))
        elif self.kind == "adapters":
            add_adapters(encoder, self.size)
        else:
            for name, parameter in module.named_parameters():
                parameter.requires_grad_(layer_of(name) >= first and not name.startswith("pooler."))
        return low_rank

    def groups(self, encoder: Encoder, rate: float, decay: float) -> list[dict]:
        """Return the trained parameters for an optimiser, one group per layer; its rate is `decay` times that of the layer above."""
        top = len(encoder_layers(encoder)) - 1
        found: dict[int, list[nn.Parameter]] = {}
        for name, parameter in encoder.module.named_parameters():
            if parameter.requires_grad:
                found.setdefault(layer_of(name), []).append(parameter)
        rate *= _NEW_WEIGHT_RATE if self.kind in ("lora", "adalora", "adapters") else 1.0
        return [{"params": found[d], "lr": rate * decay ** (top - d), "highest": rate * decay ** (top - d)} for d in sorted(found)]

    def _low_rank(self, encoder: Encoder, steps: int) -> LowRank:
        try:
            from peft import AdaLoraConfig, AdaLoraModel, LoraConfig, LoraModel
        except ImportError as error:
            raise UserError(
                expected=msg("Tuning lora-R and adalora-R needs the package {package}.", package="peft"),
                found=msg("It is not installed."),
                to_do=msg("Install requirements.txt."),
            ) from error
        # No dropout: gradients are collected at vectors that were computed without it.
        common: dict[str, Any] = {"lora_alpha": 2 * self.size, "lora_dropout": 0.0, "target_modules": ["query", "value"]}
        if self.kind == "lora":
            return LowRank(LoraModel(encoder.module, LoraConfig(r=self.size, **common), "default"))
        # The paper's orthogonality penalty is left out, since only gradients arrive here and no loss to add it to.
        config = AdaLoraConfig(
            init_r=self.size + (self.size + 1) // 2,
            target_r=self.size,
            tinit=steps // 10,
            tfinal=steps // 5,
            deltaT=max(1, steps // 20),
            total_step=steps,
            **common,
        )
        return LowRank(AdaLoraModel(encoder.module, config, "default"), ranks=True)


@dataclass
class LowRank:
    """peft's wrapper of the encoder's module, if there is one; ranks: it reallocates them while training."""

    wrapper: Any = None  # a model of peft
    ranks: bool = False

    def step(self, number: int) -> None:
        """Reallocate ranks after a step of the optimiser, before its gradients are cleared."""
        if self.ranks:
            self.wrapper.update_and_allocate(number)

    def merge(self) -> None:
        """Merge the updates into the weights; the module then has its original structure."""
        if self.wrapper is not None:
            self.wrapper.merge_and_unload()


class Adapted(nn.Linear):
    """A projection followed by a bottleneck, without effect until it is trained. Keeps the projection's parameter names."""

    def __init__(self, dense: nn.Linear, width: int):
        super().__init__(1, 1, device="meta")
        self.in_features, self.out_features, self.weight, self.bias = dense.in_features, dense.out_features, dense.weight, dense.bias
        self.down, self.up = nn.Linear(dense.out_features, width), nn.Linear(width, dense.out_features)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        projected = super().forward(x)
        return projected + self.up(f.gelu(self.down(projected)))


def add_adapters(encoder: Encoder, width: int) -> None:
    """Add a bottleneck after the projections of the attention and of the feed-forward block, before their residual sums."""
    for layer in encoder_layers(encoder):
        layer = cast(Any, layer)  # one of BERT's, which torch types as any module
        for block in (layer.attention.output, layer.output):
            block.dense = Adapted(block.dense, width)


def encoder_layers(encoder: Encoder) -> nn.ModuleList:
    """Return the encoder's layers, lowest first. Raises UserError where it is not built like BERT."""
    layers = getattr(getattr(encoder.module, "encoder", None), "layer", None)
    if layers is None or not hasattr(encoder.module, "embeddings"):
        raise UserError(
            expected=msg("Tuning needs a BERT-type encoder: embeddings, then encoder layers."),
            found=msg("{encoder} is built differently.", encoder=encoder.name),
            to_do=msg("Choose tuning frozen."),
        )
    return layers


def layer_of(name: str) -> int:
    """Return a parameter's layer from its name; -1 for the embeddings."""
    found = re.match(r"encoder\.layer\.(\d+)\.", name)
    return int(found[1]) if found else -1


def changed_weights(encoder: Encoder, checkpoint: Encoder) -> dict[str, Tensor]:
    """Return copies on the CPU of the weights that differ from the checkpoint's or that it lacks, by parameter name."""
    before = checkpoint.module.state_dict()
    return {
        name: value.detach().cpu().clone()
        for name, value in encoder.module.state_dict().items()
        if name not in before or value.shape != before[name].shape or not torch.equal(value.cpu(), before[name].cpu())
    }


def apply_tuned_weights(encoder: Encoder, tuning: str, pieces: Sequence[str], weights: dict[str, Tensor]) -> None:
    """Apply the weights from `changed_weights` to a fresh copy of the checkpoint, and set its version."""
    encoder.extend(pieces)
    if (mode := Tuning.of(tuning)).kind == "adapters":
        add_adapters(encoder, mode.size)
    encoder.module.load_state_dict(encoder.module.state_dict() | weights, strict=True)
    encoder.module.eval().requires_grad_(False)
    encoder.version = tuned_version(encoder.version, weights, pieces)


def tuned_version(base: str, weights: dict[str, Tensor], pieces: Sequence[str] = ()) -> str:
    """Return the SHA-256 over the checkpoint's hash, the tuned weights and the new word pieces. Cached embeddings are keyed by it."""
    digest = hashlib.sha256(base.encode())
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    if pieces:
        digest.update("\n".join(pieces).encode())
    return digest.hexdigest()
