"""Where a training step gets its text vectors: a table that stays, or one whose encoder learns now and then."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.messages import nmsg
from core.models.encoder_tuning import Tuning, stack
from core.models.text import MAX_TOKENS, Encoder, pad, pool
from core.progress import Progress, paced, silent

_ENCODER_BATCH = 64  # texts


class FrozenTexts:
    """Vectors that don't change: (products, W) by product index, or None where the model reads no text."""

    def __init__(self, vectors: np.ndarray | None):
        self.vectors = vectors

    def batch(self, products: np.ndarray) -> tuple[Tensor | None, Tensor | None]:
        """(text, which) for rows of these products: one vector a row, in their order."""
        return (None, None) if self.vectors is None else (torch.from_numpy(self.vectors[products]), None)


class TunedTexts:
    """A table of vectors whose encoder learns.

    The fusion model takes its steps on rows of any products, with vectors from the table, and the gradients that its loss has for
    them are summed by text (`collect`). A few times an epoch the encoder catches up (`learn`): every text goes through it once,
    whatever the number of its rows, backwards from its summed gradient, and the table is made anew. What layers below the first one
    that learns say about a text never changes, so that is computed once and kept on disk.

    encoder  a copy of its own (core.models.text.fresh_encoder): its weights will change
    texts    (products,) by product index; blank ones get zeros
    rate, decay, weight_decay, warmup_steps  of the encoder's own AdamW; each layer's rate is `decay` times that of the one above
    passes   how often it will learn at least
    max_tokens  of each text that are read
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
        first = tuning.first(encoder)
        distinct: dict[str, int] = {}
        # product -> row of the table; row 0 is the blank text's zeros
        self.text_of = np.array([distinct.setdefault(t, len(distinct) + 1) if t else 0 for t in texts], dtype=np.int64)
        self.tokens = encoder.tokens(list(distinct), max_tokens)
        self.lengths = np.array([len(t) for t in self.tokens], dtype=np.int64)
        self.states = self._keep_lower(stack(encoder)[:first], cache, progress) if first > 0 else None
        self.budget = tuning.prepare(encoder, passes * -(-len(distinct) // _ENCODER_BATCH))
        self.layers = stack(encoder)[max(first, 0) :]
        encoder.module.to(device)  # what was added too
        self.optimizer = torch.optim.AdamW(tuning.groups(encoder, rate, decay), weight_decay=weight_decay, fused=True)
        self.warmup_steps, self.steps = warmup_steps, 0
        self.random = np.random.default_rng(seed)
        self.table = torch.zeros(len(distinct) + 1, encoder.width, device=device)
        self.gradient = torch.zeros_like(self.table)
        self._read: tuple[np.ndarray, Tensor] | None = None
        self.renew(progress)

    def _keep_lower(self, below, cache: Path, progress: Progress) -> np.memmap:
        """(tokens, W): what the layers that don't learn say of all texts, token after token in a temporary file."""
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
                with self._half():
                    hidden = self.encoder.module.embeddings(input_ids=ids.to(self.device))
                    for layer in below:
                        hidden = layer(hidden, additive(mask.bool().to(self.device)))
                hidden = hidden.float().cpu()
                for row, i in enumerate(chosen):
                    states[self.starts[i] : self.ends[i]] = hidden[row, : self.lengths[i]].numpy()
                progress("embed", min(1.0, (start + _ENCODER_BATCH) / len(order)), nmsg("{count} text", "{count} texts", len(self.lengths)))
        return states

    def parameters(self) -> list[torch.nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def encode(self, texts: np.ndarray) -> Tensor:
        """(U,) rows of the table, 0 not among them -> (U, W) unit vectors, with gradients."""
        chosen = texts - 1
        ids, mask = pad([self.tokens[i] for i in chosen], self.encoder.tokenizer.pad_token_id or 0)
        mask = mask.bool().to(self.device)
        with self._half():
            if self.states is None:
                hidden = self.encoder.module.embeddings(input_ids=ids.to(self.device))
            else:
                hidden = self._kept(chosen, ids.shape[1])
            for layer in self.layers:
                hidden = layer(hidden, additive(mask))
        return pool(hidden.float(), mask)

    def _half(self):
        """Inside it, a GPU multiplies matrices in bfloat16."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def _kept(self, chosen: np.ndarray, longest: int) -> Tensor:
        """(U, longest, W): these texts' states below the layers that learn, zeros on padding."""
        assert self.states is not None, "the lower layers do not learn"
        states = np.zeros((len(chosen), longest, self.encoder.width), dtype=np.float32)
        for row, i in enumerate(chosen):
            states[row, : self.lengths[i]] = self.states[self.starts[i] : self.ends[i]]
        return torch.from_numpy(states).to(self.device)

    def batch(self, products: np.ndarray) -> tuple[Tensor, Tensor]:
        """(text, which): each distinct text of these rows' products once, from the table, and every row's place among them."""
        distinct, which = np.unique(self.text_of[products], return_inverse=True)
        text = self.table[distinct].requires_grad_()
        self._read = (distinct, text)
        return text, torch.from_numpy(which)

    def collect(self) -> None:
        """After a backward pass: adds what it has to say to the texts of the last batch."""
        assert self._read is not None, "after `batch`"
        distinct, text = self._read
        assert text.grad is not None, "after a backward pass"
        self.gradient.index_add_(0, torch.from_numpy(distinct).to(self.device), text.grad)

    def learn(self, beat: Callable[[], None] = lambda: None) -> None:
        """The encoder's steps from the gradients collected since the last ones; then the table anew. beat is called every step."""
        # No dropout: the gradients are those at the table's vectors, and other ones would not be what they speak of.
        # Texts of like length go together, in random order of the batches: little padding, and no order to learn.
        order = np.argsort(self.lengths + self.random.random(len(self.lengths)) * 4) + 1
        batches = np.array_split(order, max(1, -(-len(order) // _ENCODER_BATCH)))
        moved = self.gradient.any(1).cpu().numpy()  # asked once: a GPU would be waited for at every batch
        for i in self.random.permutation(len(batches)):
            if not moved[batches[i]].any():
                continue
            self.optimizer.zero_grad(set_to_none=True)
            self.steps += 1
            for group in self.optimizer.param_groups:
                group["lr"] = group["highest"] * min(1.0, self.steps / self.warmup_steps)
            self.encode(batches[i]).backward(self.gradient[batches[i]])
            self.optimizer.step()
            self.budget.step(self.steps)
            beat()
        self.gradient.zero_()
        self.renew()

    def renew(self, progress: Progress = silent) -> None:
        """The table from what the encoder says now."""
        order, progress = np.argsort(self.lengths, kind="stable") + 1, paced(progress)
        with torch.no_grad():
            for start in range(0, len(order), _ENCODER_BATCH):
                chosen = order[start : start + _ENCODER_BATCH]
                self.table[chosen] = self.encode(chosen).float()
                progress("embed", min(1.0, (start + _ENCODER_BATCH) / len(order)))

    def frozen(self) -> FrozenTexts:
        """The table as it is now, by product, for evaluation."""
        return FrozenTexts(self.table.cpu().numpy()[self.text_of])

    def weights(self) -> dict[str, Tensor]:
        """What learns, by parameter name of the encoder's module: copies on the CPU."""
        return {name: p.detach().cpu().clone() for name, p in self.encoder.module.named_parameters() if p.requires_grad}

    def restore(self, weights: dict[str, Tensor]) -> None:
        """Puts back what `weights` gave, and the table that goes with it."""
        self.encoder.module.load_state_dict(weights, strict=False)
        self.renew()

    def finish(self) -> Encoder:
        """The encoder as it has learnt, built as its checkpoint is (with bottlenecks, if it got some), on the CPU."""
        self.budget.merge()
        self.encoder.module.eval().requires_grad_(False).cpu()
        return self.encoder


def additive(mask: Tensor) -> Tensor:
    """(n, length) bool, True on tokens -> (n, 1, 1, length) float32: 0 on tokens, the lowest number on padding."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None, None, :]
