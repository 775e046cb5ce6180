"""How an encoder learns along with the fusion model: which of its weights, what is added to it, and how it is put together again.

frozen       it stays as it came
last-N       its last N layers (Howard & Ruder 2018)
lora-R       R-dimensional updates of the attention's queries and values (Hu et al. 2022), added to their weights in the end
adalora-R    the same with ranks that move to the layers that need them, R on average (Zhang et al. 2023)
adapters-W   bottlenecks W wide after both projections of each layer (Houlsby et al. 2019)
full         everything but the pooler, which nobody reads
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

_FROM_NOTHING = 10.0  # what is added starts without effect and can take larger steps than weights that already say something


@dataclass(frozen=True)
class Tuning:
    """kind: frozen, last, lora, adalora, adapters or full; size: its N, R or W, 0 where it has none."""

    kind: str
    size: int = 0

    @classmethod
    def of(cls, name: str) -> Tuning:
        """ "last-3" -> Tuning("last", 3). Raises UserError for anything else than the modes above."""
        if name in ("frozen", "full"):
            return cls(name)
        found = re.fullmatch(r"(last|lora|adalora|adapters)-([1-9]\d{0,3})", name)
        if not found:
            raise UserError(
                expected=msg("Tuning is frozen, last-N (layers), lora-R or adalora-R (rank), adapters-W (width) or full."),
                found=msg('"{tuning}" is none of them.', tuning=name),
                to_do=msg("Choose one of them."),
            )
        return cls(found[1], int(found[2]))

    def first(self, encoder: Encoder) -> int:
        """The lowest layer that learns; -1 = the embeddings too. Raises UserError where there are fewer, or none like BERT's."""
        layers = len(stack(encoder))
        if self.kind == "last" and self.size > layers:
            raise UserError(
                expected=msg("Encoder {encoder} has {layers} layers to tune.", encoder=encoder.name, layers=layers),
                found=msg("{tuning} asks for more.", tuning=f"last-{self.size}"),
                to_do=msg("Tune fewer layers."),
            )
        return {"frozen": layers, "last": layers - self.size, "full": -1}.get(self.kind, 0)

    def prepare(self, encoder: Encoder, steps: int) -> Budget:
        """Adds what the mode adds and lets its weights learn; `steps` are expected of it. Raises UserError without the package peft."""
        first, module, budget = self.first(encoder), encoder.module, Budget()
        if self.kind in ("lora", "adalora"):
            budget = self._low_rank(encoder, max(steps, 1))
        elif self.kind == "adapters":
            add_adapters(encoder, self.size)
        else:
            for name, parameter in module.named_parameters():
                parameter.requires_grad_(depth(name) >= first and not name.startswith("pooler."))
        return budget

    def groups(self, encoder: Encoder, rate: float, decay: float) -> list[dict]:
        """The learning parameters for an optimiser, one group a layer: its rate is `decay` times that of the layer above."""
        top = len(stack(encoder)) - 1
        found: dict[int, list[nn.Parameter]] = {}
        for name, parameter in encoder.module.named_parameters():
            if parameter.requires_grad:
                found.setdefault(depth(name), []).append(parameter)
        rate *= _FROM_NOTHING if self.kind in ("lora", "adalora", "adapters") else 1.0
        return [{"params": found[d], "lr": rate * decay ** (top - d), "highest": rate * decay ** (top - d)} for d in sorted(found)]

    def _low_rank(self, encoder: Encoder, steps: int) -> Budget:
        try:
            from peft import AdaLoraConfig, AdaLoraModel, LoraConfig, LoraModel
        except ImportError as error:
            raise UserError(
                expected=msg("Tuning lora-R and adalora-R needs the package {package}.", package="peft"),
                found=msg("It is not installed."),
                to_do=msg("Install requirements.txt."),
            ) from error
        # No dropout: the gradients that arrive are those at the vectors the encoder gave without.
        common: dict[str, Any] = {"lora_alpha": 2 * self.size, "lora_dropout": 0.0, "target_modules": ["query", "value"]}
        if self.kind == "lora":
            return Budget(LoraModel(encoder.module, LoraConfig(r=self.size, **common), "default"))
        # The paper's penalty for bases that are not orthogonal is left out: there is no loss here to add it to, only its gradient.
        config = AdaLoraConfig(
            init_r=self.size + (self.size + 1) // 2,
            target_r=self.size,
            tinit=steps // 10,
            tfinal=steps // 5,
            deltaT=max(1, steps // 20),
            total_step=steps,
            **common,
        )
        return Budget(AdaLoraModel(encoder.module, config, "default"), ranks=True)


@dataclass
class Budget:
    """What peft put around the encoder's module, if anything; ranks: it moves them as steps go by."""

    around: Any = None  # a model of peft
    ranks: bool = False

    def step(self, number: int) -> None:
        """After a step of the optimiser, before its gradients are forgotten."""
        if self.ranks:
            self.around.update_and_allocate(number)

    def merge(self) -> None:
        """Adds what was learnt to the weights it belongs to; the module is then built as before."""
        if self.around is not None:
            self.around.merge_and_unload()


class Adapted(nn.Linear):
    """A projection and the bottleneck after it; without effect until it has learnt. Keeps the projection's own names."""

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
    """A bottleneck after the attention's and the feed-forward block's projections, before each is added to what it read."""
    for layer in stack(encoder):
        layer = cast(Any, layer)  # one of BERT's, which torch types as any module
        for block in (layer.attention.output, layer.output):
            block.dense = Adapted(block.dense, width)


def stack(encoder: Encoder) -> nn.ModuleList:
    """The encoder's layers, lowest first; UserError where it is not built like BERT."""
    layers = getattr(getattr(encoder.module, "encoder", None), "layer", None)
    if layers is None or not hasattr(encoder.module, "embeddings"):
        raise UserError(
            expected=msg("Tuning needs a BERT-type encoder: embeddings, then encoder layers."),
            found=msg("{encoder} is built differently.", encoder=encoder.name),
            to_do=msg("Choose tuning frozen."),
        )
    return layers


def depth(name: str) -> int:
    """A parameter's layer by its name; -1 for the embeddings."""
    found = re.match(r"encoder\.layer\.(\d+)\.", name)
    return int(found[1]) if found else -1


def changed(encoder: Encoder, checkpoint: Encoder) -> dict[str, Tensor]:
    """The weights that differ from the checkpoint's, or that it lacks, by parameter name: copies on the CPU."""
    before = checkpoint.module.state_dict()
    return {
        name: value.detach().cpu().clone()
        for name, value in encoder.module.state_dict().items()
        if name not in before or value.shape != before[name].shape or not torch.equal(value.cpu(), before[name].cpu())
    }


def rebuild(encoder: Encoder, tuning: str, pieces: Sequence[str], weights: dict[str, Tensor]) -> None:
    """Puts what `changed` gave back into a fresh copy of the checkpoint; its version becomes theirs."""
    encoder.extend(pieces)
    if (mode := Tuning.of(tuning)).kind == "adapters":
        add_adapters(encoder, mode.size)
    encoder.module.load_state_dict(encoder.module.state_dict() | weights, strict=True)
    encoder.module.eval().requires_grad_(False)
    encoder.version = tuned_version(encoder.version, weights, pieces)


def tuned_version(base: str, weights: dict[str, Tensor], pieces: Sequence[str] = ()) -> str:
    """SHA-256 over the checkpoint's hash, what was learnt and the new word pieces: what cached embeddings are keyed by."""
    digest = hashlib.sha256(base.encode())
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    if pieces:
        digest.update("\n".join(pieces).encode())
    return digest.hexdigest()
