"""Where a training step gets its text vectors: a table computed once, or an encoder whose last layers learn."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import UserError
from core.progress import Progress, paced, silent
from core.text import Encoder, pool


def tuned_layers(tuning: str) -> int:
    """"frozen" -> 0, "last-3" -> 3. Raises UserError for anything else."""
    if tuning == "frozen":
        return 0
    found = re.fullmatch(r"last-([1-9]\d?)", tuning)
    if not found:
        raise UserError("tuning: frozen, or last-N for the last N encoder layers", repr(tuning), "choose one of them")
    return int(found[1])


class FrozenTexts:
    """Vectors that don't change: (products, W) by product index, or None where the model reads no text."""

    def __init__(self, vectors: np.ndarray | None):
        self.vectors = vectors

    def batch(self, products: np.ndarray) -> tuple[Tensor | None, Tensor | None]:
        """(text, which) for rows of these products: one vector a row, in their order."""
        return (None, None) if self.vectors is None else (torch.from_numpy(self.vectors[products]), None)


class TunedTexts:
    """Vectors from an encoder whose last `layers` learn. Each distinct text goes through them once a batch, however many rows
    share it; what the layers below say about it never changes, so that is computed once and kept on disk.

    encoder  a copy of its own (core.text.fresh_encoder): its weights will change
    texts    (products,) by product index; blank ones get zeros
    """

    def __init__(self, encoder: Encoder, texts: list[str], products: np.ndarray, layers: int, device: torch.device, cache: Path,
                 progress: Progress = silent):
        stack = getattr(getattr(encoder.module, "encoder", None), "layer", None)
        if stack is None or not hasattr(encoder.module, "embeddings"):
            raise UserError("an encoder built like BERT (embeddings, then encoder layers) for tuning", encoder.name, "choose tuning frozen")
        if layers > len(stack):
            raise UserError(f"at most last-{len(stack)} for encoder {encoder.name}", f"last-{layers}", "tune fewer layers")
        self.encoder, self.device = encoder, device
        self.layers = stack[len(stack) - layers:].to(device)
        self.prefixes = tuple(f"encoder.layer.{i}." for i in range(len(stack) - layers, len(stack)))
        distinct: dict[str, int] = {}
        self.text_of = np.full(len(texts), -1, dtype=np.int64)  # product -> distinct text, -1 = blank or not wanted
        for p in products:
            if texts[p]:
                self.text_of[p] = distinct.setdefault(texts[p], len(distinct))
        self._keep_lower(list(distinct), stack[: len(stack) - layers], cache, progress)
        for parameter in self.parameters():
            parameter.requires_grad_(True)

    def _keep_lower(self, texts: list[str], below, cache: Path, progress: Progress) -> None:
        """Runs the layers that don't learn over all texts; their hidden states go to a temporary file, token after token."""
        tokens, progress = self.encoder.tokens(texts), paced(progress)
        lengths = np.array([len(t) for t in tokens], dtype=np.int64)
        self.ends = np.cumsum(lengths)
        self.starts = self.ends - lengths
        cache.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=cache)  # noqa: SIM115 - lives as long as this object
        width, total = self.encoder.width, int(lengths.sum())
        self.states = np.memmap(self._file, dtype=np.float32, mode="w+", shape=(max(total, 1), width))
        order = np.argsort(lengths, kind="stable")
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                chosen = order[start:start + 64]
                longest = int(lengths[chosen].max())
                ids = torch.full((len(chosen), longest), self.encoder.tokenizer.pad_token_id or 0)
                for row, i in enumerate(chosen):
                    ids[row, : lengths[i]] = torch.tensor(tokens[i])
                mask = torch.arange(longest) < torch.from_numpy(lengths[chosen])[:, None]
                hidden = self.encoder.module.embeddings(input_ids=ids)
                for layer in below:
                    hidden = layer(hidden, additive(mask))
                for row, i in enumerate(chosen):
                    self.states[self.starts[i]:self.ends[i]] = hidden[row, : lengths[i]].numpy()
                progress("embed", min(1.0, (start + 64) / len(order)), f"{len(texts)} texts")

    def parameters(self) -> list[torch.nn.Parameter]:
        return list(self.layers.parameters())

    def train(self, learning: bool) -> None:
        self.layers.train(learning)

    def encode(self, texts: np.ndarray) -> Tensor:
        """(U,) distinct text numbers -> (U, W) unit vectors, with gradients."""
        lengths = self.ends[texts] - self.starts[texts]
        longest = int(lengths.max())
        states = np.zeros((len(texts), longest, self.encoder.width), dtype=np.float32)
        for row, i in enumerate(texts):
            states[row, : lengths[row]] = self.states[self.starts[i]:self.ends[i]]
        mask = (torch.arange(longest) < torch.from_numpy(lengths)[:, None]).to(self.device)
        hidden = torch.from_numpy(states).to(self.device)
        for layer in self.layers:
            hidden = layer(hidden, additive(mask))
        return pool(hidden, mask)

    def batch(self, products: np.ndarray) -> tuple[Tensor, Tensor]:
        """(text, which): each distinct text of these rows' products once, and every row's place among them."""
        distinct, which = np.unique(self.text_of[products], return_inverse=True)
        blank = distinct[0] < 0
        text = self.encode(distinct[1:] if blank else distinct) if len(distinct) > blank else torch.zeros(0, self.encoder.width)
        if blank:
            text = torch.cat([torch.zeros(1, self.encoder.width, device=self.device, dtype=text.dtype), text.to(self.device)])
        return text, torch.from_numpy(which)

    def frozen(self, progress: Progress = silent) -> FrozenTexts:
        """A table of what the encoder says now, for evaluation."""
        vectors = np.zeros((len(self.text_of), self.encoder.width), dtype=np.float32)
        every = np.zeros((len(self.ends), self.encoder.width), dtype=np.float32)
        order, progress = np.argsort(self.ends - self.starts, kind="stable"), paced(progress)
        self.train(False)
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                chosen = order[start:start + 64]
                every[chosen] = self.encode(chosen).float().cpu().numpy()
                progress("embed", min(1.0, (start + 64) / len(order)))
        known = self.text_of >= 0
        vectors[known] = every[self.text_of[known]]
        return FrozenTexts(vectors)

    def weights(self) -> dict[str, Tensor]:
        """The layers that learn, by parameter name of the encoder's module: copies on the CPU."""
        state = self.encoder.module.state_dict()
        return {name: value.detach().cpu().clone() for name, value in state.items() if name.startswith(self.prefixes)}


def additive(mask: Tensor) -> Tensor:
    """(n, length) bool, True on tokens -> (n, 1, 1, length) float32: 0 on tokens, the lowest number on padding."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None, None, :]
