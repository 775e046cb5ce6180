"""Text neighbours: products with similar texts, whose lifts the graph features average."""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 60  # kept per product; the dashboard shows the first ten
SPREADING = 30  # neighbours whose lifts count in the graph driver
_BLOCK = 1024
_NEVER = np.datetime64("9999-12-31", "D")


def nearest(vectors: np.ndarray, count: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """Return the `count` nearest rows of each row by cosine, without itself, nearest first, ties by row number.

    vectors: (n, width) unit vectors. Returns indices and similarities, both (n, min(count, n - 1)).

    >>> nearest(np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]), count=1)[0].ravel().tolist()
    [1, 0, 1]
    """
    n = len(vectors)
    count = min(count, max(n - 1, 0))
    indices, similarities = np.empty((n, count), np.int32), np.empty((n, count), np.float32)
    if count == 0:
        return indices, similarities
    for start in range(0, n, _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        chosen = np.sort(np.argpartition(-block, count - 1, axis=1)[:, :count], axis=1)
        order = np.argsort(-block[rows[:, None], chosen], axis=1, kind="stable")
        indices[start : start + len(block)] = chosen[rows[:, None], order]
        similarities[start : start + len(block)] = block[rows[:, None], indices[start : start + len(block)]]
    return indices, similarities


def nearest_until(first_days: np.ndarray, indices: np.ndarray, count: int = SPREADING) -> np.ndarray:
    """Return (n, k) days until which each neighbour of `indices` (n, k), nearest first, is among the `count` nearest on sale.

    A neighbour that comes on sale later displaces another only from then on. first_days: (n,) days of the rows' first sale, NaT where none.

    >>> days = np.array(["2024-01-01", "2024-03-01", "2024-02-01"], dtype="datetime64[D]")
    >>> nearest_until(days, np.array([[1, 2]]), count=1).tolist()
    [[datetime.date(9999, 12, 31), datetime.date(2024, 3, 1)]]
    """
    days = np.where(np.isnat(first_days), _NEVER, first_days)[indices]
    until = np.full(days.shape, _NEVER)
    for place in range(count, days.shape[1]):
        until[:, place] = np.partition(days[:, :place], count - 1, axis=1)[:, count - 1]
    return until
