"""Batches of training rows: shuffled almost sequentially, and halved when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

_SMALLEST_BATCH = 32
_BLOCK_ROWS, _BUFFER_BLOCKS = 64, 512  # rows are shuffled within 32,768 rows from random blocks, so reading stays near-sequential


class Batches:
    """The batches of one training run.

    size  rows per batch at most; it shrinks when memory runs out and stays small
    """

    def __init__(self, size: int):
        self.size = size

    def shuffle(self, rows: np.ndarray, random: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield batches of these row numbers in random order; row numbers ascend within a batch."""
        blocks = np.split(rows, range(_BLOCK_ROWS, len(rows), _BLOCK_ROWS))
        order = random.permutation(len(blocks))
        for start in range(0, len(order), _BUFFER_BLOCKS):
            buffer = np.concatenate([blocks[i] for i in order[start : start + _BUFFER_BLOCKS]])
            buffer = random.permutation(buffer)
            # Equal parts: a remainder of a few rows would move the weights as far as a whole batch.
            for batch in np.array_split(buffer, -(-len(buffer) // self.size)):
                yield np.sort(batch)

    def run(self, batch: np.ndarray, step: Callable[[np.ndarray], float], free_memory: Callable[[], None]) -> Iterator[tuple[float, int]]:
        """Run `step` on a batch and yield (loss, rows) of each part of it.

        When memory runs out, `free_memory` is called and the part is halved. Raises the error of a part that cannot be halved further,
        and every error that is not about memory.
        """
        waiting = np.array_split(batch, -(-len(batch) // self.size))[::-1]
        while waiting:
            rows = waiting.pop()
            try:
                yield step(rows), len(rows)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _out_of_memory(error) or len(rows) <= _SMALLEST_BATCH:
                    raise
                free_memory()
                self.size = len(rows) // 2
                waiting += [rows[self.size :], rows[: self.size]]


def _out_of_memory(error: BaseException) -> bool:
    """Return whether an error is about memory: PyTorch has a class for it on a GPU, and only a RuntimeError's text on the CPU."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "alloc" in str(error).lower() and "memory" in str(error).lower()
