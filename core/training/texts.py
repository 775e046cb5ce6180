"""Where a training step gets its text vectors: a table that stays, or one whose encoder learns now and then."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import UserError
from core.progress import Progress, paced, silent
from core.text import Encoder, pool

_ENCODER_BATCH = 64  # texts


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
    """A table of vectors whose encoder's last `layers` learn.

    The fusion model takes its steps on rows of any products, with vectors from the table, and the gradients that its loss has for
    them are summed by text (`collect`). A few times an epoch the encoder catches up (`learn`): every text goes through it once,
    whatever the number of its rows, backwards from its summed gradient, and the table is made anew. What the layers below say
    about a text never changes, so that is computed once and kept on disk.

    encoder  a copy of its own (core.text.fresh_encoder): its weights will change
    texts    (products,) by product index; blank ones get zeros
    rate, weight_decay, warmup_steps  of the encoder's own AdamW
    """

    def __init__(self, encoder: Encoder, texts: list[str], layers: int, device: torch.device, cache: Path, *, rate: float = 3e-5,
                 weight_decay: float = 0.0, warmup_steps: int = 1, seed: int = 0, progress: Progress = silent):
        stack = getattr(getattr(encoder.module, "encoder", None), "layer", None)
        if stack is None or not hasattr(encoder.module, "embeddings"):
            raise UserError("an encoder built like BERT (embeddings, then encoder layers) for tuning", encoder.name, "choose tuning frozen")
        if layers > len(stack):
            raise UserError(f"at most last-{len(stack)} for encoder {encoder.name}", f"last-{layers}", "tune fewer layers")
        self.encoder, self.device = encoder, device
        self.layers = stack[len(stack) - layers:].to(device)
        self.prefixes = tuple(f"encoder.layer.{i}." for i in range(len(stack) - layers, len(stack)))
        distinct: dict[str, int] = {}
        # product -> row of the table; row 0 is the blank text's zeros
        self.text_of = np.array([distinct.setdefault(t, len(distinct) + 1) if t else 0 for t in texts], dtype=np.int64)
        self._keep_lower(list(distinct), stack[: len(stack) - layers], cache, progress)
        for parameter in self.parameters():
            parameter.requires_grad_(True)
        self.optimizer = torch.optim.AdamW(self.parameters(), lr=rate, weight_decay=weight_decay, fused=True)
        self.rate, self.warmup_steps, self.steps = rate, warmup_steps, 0
        self.random = np.random.default_rng(seed)
        self.table = torch.zeros(len(distinct) + 1, encoder.width, device=device)
        self.gradient = torch.zeros_like(self.table)
        self._read: tuple[np.ndarray, Tensor] | None = None
        self.renew(progress)

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
            for start in range(0, len(order), _ENCODER_BATCH):
                chosen = order[start:start + _ENCODER_BATCH]
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
                progress("embed", min(1.0, (start + _ENCODER_BATCH) / len(order)), f"{len(texts)} texts")

    def parameters(self) -> list[torch.nn.Parameter]:
        return list(self.layers.parameters())

    def encode(self, texts: np.ndarray) -> Tensor:
        """(U,) rows of the table, 0 not among them -> (U, W) unit vectors, with gradients."""
        starts, ends = self.starts[texts - 1], self.ends[texts - 1]
        longest = int((ends - starts).max())
        states = np.zeros((len(texts), longest, self.encoder.width), dtype=np.float32)
        for row, (start, end) in enumerate(zip(starts, ends)):
            states[row, : end - start] = self.states[start:end]
        mask = (torch.arange(longest) < torch.from_numpy(ends - starts)[:, None]).to(self.device)
        hidden = torch.from_numpy(states).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            for layer in self.layers:
                hidden = layer(hidden, additive(mask))
        return pool(hidden.float(), mask)

    def batch(self, products: np.ndarray) -> tuple[Tensor, Tensor]:
        """(text, which): each distinct text of these rows' products once, from the table, and every row's place among them."""
        distinct, which = np.unique(self.text_of[products], return_inverse=True)
        text = self.table[distinct].requires_grad_()
        self._read = (distinct, text)
        return text, torch.from_numpy(which)

    def collect(self) -> None:
        """After a backward pass: adds what it has to say to the texts of the last batch."""
        distinct, text = self._read
        self.gradient.index_add_(0, torch.from_numpy(distinct).to(self.device), text.grad)

    def learn(self, beat: Callable[[], None] = lambda: None) -> None:
        """The encoder's steps from the gradients collected since the last ones; then the table anew. beat is called every step."""
        # No dropout: the gradients are those at the table's vectors, and other ones would not be what they speak of.
        # Texts of like length go together, in random order of the batches: little padding, and no order to learn.
        order = np.argsort((self.ends - self.starts)[: len(self.table) - 1] + self.random.random(len(self.table) - 1) * 4) + 1
        batches = np.array_split(order, max(1, -(-len(order) // _ENCODER_BATCH)))
        for i in self.random.permutation(len(batches)):
            gradient = self.gradient[batches[i]]
            if not gradient.any():
                continue
            self.optimizer.zero_grad(set_to_none=True)
            self.steps += 1
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * min(1.0, self.steps / self.warmup_steps)
            self.encode(batches[i]).backward(gradient)
            self.optimizer.step()
            beat()
        self.gradient.zero_()
        self.renew()

    def renew(self, progress: Progress = silent) -> None:
        """The table from what the encoder says now."""
        order, progress = np.argsort(self.ends - self.starts, kind="stable") + 1, paced(progress)
        with torch.no_grad():
            for start in range(0, len(order), _ENCODER_BATCH):
                chosen = order[start:start + _ENCODER_BATCH]
                self.table[chosen] = self.encode(chosen).float()
                progress("embed", min(1.0, (start + _ENCODER_BATCH) / len(order)))

    def frozen(self) -> FrozenTexts:
        """The table as it is now, by product, for evaluation."""
        return FrozenTexts(self.table.cpu().numpy()[self.text_of])

    def weights(self) -> dict[str, Tensor]:
        """The layers that learn, by parameter name of the encoder's module: copies on the CPU."""
        state = self.encoder.module.state_dict()
        return {name: value.detach().cpu().clone() for name, value in state.items() if name.startswith(self.prefixes)}

    def restore(self, weights: dict[str, Tensor]) -> None:
        """Puts back what `weights` gave, and the table that goes with it."""
        self.encoder.module.load_state_dict(weights, strict=False)
        self.renew()


def additive(mask: Tensor) -> Tensor:
    """(n, length) bool, True on tokens -> (n, 1, 1, length) float32: 0 on tokens, the lowest number on padding."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None, None, :]
