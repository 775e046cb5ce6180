"""The text vectors of a training step: a fixed table, or a table whose encoder is trained now and then."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.messages import nmsg
from core.models.encoder_tuning import Tuning, encoder_layers
from core.models.text import MAX_TOKENS, Encoder, pad, pool
from core.progress import Progress, paced, silent

_ENCODER_BATCH = 64  # texts


class FrozenTexts:
    """Fixed vectors: (products, W) by product index, or None where the model reads no text."""

    def __init__(self, vectors: np.ndarray | None):
        self.vectors = vectors

    def batch(self, products: np.ndarray) -> tuple[Tensor | None, Tensor | None]:
        """Return (text, text_index) for rows of these products: one vector per row, in their order."""
        return (None, None) if self.vectors is None else (torch.from_numpy(self.vectors[products]), None)


class TunedTexts:
    """A table of vectors whose encoder is trained.

    The network takes its steps on rows of any products with vectors from the table, and the gradients of its loss with respect to them are
    summed by text (`collect_gradients`). A few times per epoch the encoder catches up (`train_encoder`): every text passes through it once,
    however many rows it has, and backwards from its summed gradient. Then the table is recomputed. The outputs of the layers below the
    first trained one never change, so they are computed once and kept on disk.

    encoder  a separate copy (core.models.text.fresh_encoder), whose weights will change
    texts    (products,) by product index; blank ones get zeros
    rate, decay, weight_decay, warmup_steps  of the encoder's own AdamW; each layer's rate is `decay` times that of the one above
    passes   expected number of calls of `train_encoder`
    max_tokens  tokens per text
    """

    def __init__(
        self,
        encoder: Encoder,
        texts: list[str],
        tuning: Tuning,
        device: torch.device,
        cache: Path,
        *,
        rate: float = 3e-5,
        decay: float = 1.0,
        weight_decay: float = 0.0,
        warmup_steps: int = 1,
        passes: int = 1,
        seed: int = 0,
        max_tokens: int = MAX_TOKENS,
        progress: Progress = silent,
    ):
        self.encoder, self.device = encoder, device
        encoder.module.to(device)
        first = tuning.first_layer(encoder)
        distinct: dict[str, int] = {}
        # product -> row of the table; row 0 holds the zeros of a blank text
        self.text_of = np.array([distinct.setdefault(t, len(distinct) + 1) if t else 0 for t in texts], dtype=np.int64)
        self.tokens = encoder.tokens(list(distinct), max_tokens)
        self.lengths = np.array([len(t) for t in self.tokens], dtype=np.int64)
        self.states = self._store_lower_states(encoder_layers(encoder)[:first], cache, progress) if first > 0 else None
        self.low_rank = tuning.prepare(encoder, passes * -(-len(distinct) // _ENCODER_BATCH))
        self.layers = encoder_layers(encoder)[max(first, 0) :]
        encoder.module.to(device)  # with the added weights
        self.optimizer = torch.optim.AdamW(tuning.groups(encoder, rate, decay), weight_decay=weight_decay, fused=True)
        self.warmup_steps, self.steps = warmup_steps, 0
        self.random = np.random.default_rng(seed)
        self.table = torch.zeros(len(distinct) + 1, encoder.width, device=device)
        self.gradient = torch.zeros_like(self.table)
        self._read: tuple[np.ndarray, Tensor] | None = None
        self.refresh(progress)

    def _store_lower_states(self, below, cache: Path, progress: Progress) -> np.memmap:
        """Return (tokens, W) outputs of the layers that are not trained, for all texts token by token, in a temporary file."""
        progress = paced(progress)
        self.ends = np.cumsum(self.lengths)
        self.starts = self.ends - self.lengths
        cache.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=cache)
        states = np.memmap(self._file, dtype=np.float32, mode="w+", shape=(max(int(self.lengths.sum()), 1), self.encoder.width))
        order = np.argsort(self.lengths, kind="stable")
        with torch.inference_mode():
            for start in range(0, len(order), _ENCODER_BATCH):
                chosen = order[start : start + _ENCODER_BATCH]
                ids, mask = pad([self.tokens[i] for i in chosen], self.encoder.tokenizer.pad_token_id or 0)
                with self._autocast():
                    hidden = self.encoder.module.embeddings(input_ids=ids.to(self.device))
                    for layer in below:
                        hidden = layer(hidden, attention_bias(mask.bool().to(self.device)))
                hidden = hidden.float().cpu()
                for row, i in enumerate(chosen):
                    states[self.starts[i] : self.ends[i]] = hidden[row, : self.lengths[i]].numpy()
                progress("embed", min(1.0, (start + _ENCODER_BATCH) / len(order)), nmsg("{count} text", "{count} texts", len(self.lengths)))
        return states

    def parameters(self) -> list[torch.nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def encode(self, texts: np.ndarray) -> Tensor:
        """Return (U, W) unit vectors with gradients, of texts (U,) by row of the table, 0 excluded."""
        chosen = texts - 1
        ids, mask = pad([self.tokens[i] for i in chosen], self.encoder.tokenizer.pad_token_id or 0)
        mask = mask.bool().to(self.device)
        with self._autocast():
            if self.states is None:
                hidden = self.encoder.module.embeddings(input_ids=ids.to(self.device))
            else:
                hidden = self._lower_states(chosen, ids.shape[1])
            for layer in self.layers:
                hidden = layer(hidden, attention_bias(mask))
        return pool(hidden.float(), mask)

    def _autocast(self):
        """Return a context in which a GPU multiplies matrices in bfloat16."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def _lower_states(self, chosen: np.ndarray, longest: int) -> Tensor:
        """Return (U, longest, W): these texts' states below the trained layers, zeros on padding."""
        assert self.states is not None, "the lower layers are not trained"
        states = np.zeros((len(chosen), longest, self.encoder.width), dtype=np.float32)
        for row, i in enumerate(chosen):
            states[row, : self.lengths[i]] = self.states[self.starts[i] : self.ends[i]]
        return torch.from_numpy(states).to(self.device)

    def batch(self, products: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return (text, text_index): each distinct text of these rows' products once, from the table, and every row's index among them."""
        distinct, text_index = np.unique(self.text_of[products], return_inverse=True)
        text = self.table[distinct].requires_grad_()
        self._read = (distinct, text)
        return text, torch.from_numpy(text_index)

    def collect_gradients(self) -> None:
        """Add the gradients of the last batch to those of its texts. Called after a backward pass."""
        assert self._read is not None, "after `batch`"
        distinct, text = self._read
        assert text.grad is not None, "after a backward pass"
        self.gradient.index_add_(0, torch.from_numpy(distinct).to(self.device), text.grad)

    def train_encoder(self, report: Callable[[], None] = lambda: None) -> None:
        """Train the encoder on the gradients collected since the last call, then recompute the table. `report` is called every step."""
        # No dropout: the gradients belong to the vectors of the table, which were computed without it.
        # Texts of similar length share a batch, and batches come in random order: little padding, and no order to learn.
        order = np.argsort(self.lengths + self.random.random(len(self.lengths)) * 4) + 1
        batches = np.array_split(order, max(1, -(-len(order) // _ENCODER_BATCH)))
        moved = self.gradient.any(1).cpu().numpy()  # read once, since each read waits for the GPU
        for i in self.random.permutation(len(batches)):
            if not moved[batches[i]].any():
                continue
            self.optimizer.zero_grad(set_to_none=True)
            self.steps += 1
            for group in self.optimizer.param_groups:
                group["lr"] = group["highest"] * min(1.0, self.steps / self.warmup_steps)
            self.encode(batches[i]).backward(self.gradient[batches[i]])
            self.optimizer.step()
            self.low_rank.step(self.steps)
            report()
        self.gradient.zero_()
        self.refresh()

    def refresh(self, progress: Progress = silent) -> None:
        """Recompute the table from the encoder."""
        order, progress = np.argsort(self.lengths, kind="stable") + 1, paced(progress)
        with torch.no_grad():
            for start in range(0, len(order), _ENCODER_BATCH):
                chosen = order[start : start + _ENCODER_BATCH]
                self.table[chosen] = self.encode(chosen).float()
                progress("embed", min(1.0, (start + _ENCODER_BATCH) / len(order)))

    def as_frozen(self) -> FrozenTexts:
        """Return the current table by product, for evaluation."""
        return FrozenTexts(self.table.cpu().numpy()[self.text_of])

    def weights(self) -> dict[str, Tensor]:
        """Return copies on the CPU of the trained weights, by parameter name of the encoder's module."""
        return {name: p.detach().cpu().clone() for name, p in self.encoder.module.named_parameters() if p.requires_grad}

    def restore(self, weights: dict[str, Tensor]) -> None:
        """Restore the weights that `weights` returned, and recompute the table."""
        self.encoder.module.load_state_dict(weights, strict=False)
        self.refresh()

    def finish(self) -> Encoder:
        """Return the trained encoder on the CPU, with the structure of its checkpoint plus bottlenecks, if it has some."""
        self.low_rank.merge()
        self.encoder.module.eval().requires_grad_(False).cpu()
        return self.encoder


def attention_bias(mask: Tensor) -> Tensor:
    """Return (n, 1, 1, length) float32 from a mask (n, length) bool, True on tokens: 0 on tokens, the lowest number on padding."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None, None, :]
