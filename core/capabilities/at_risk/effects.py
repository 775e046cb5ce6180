"""What past campaigns did: the share of the contacted who ordered, less that of the customers held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

WITHIN = 30  # days in which an order counts
_Z = 1.96


@dataclass(frozen=True)
class Effect:
    """effect, low, high: None where one of the groups is empty."""

    effect: float | None
    low: float | None
    high: float | None


def effect(contacted: int, ordered: int, held_out: int, ordered_held_out: int) -> Effect:
    """Return the difference of two shares with its 95% interval, by Newcombe's hybrid of Wilson's intervals.

    R. Newcombe: Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 1998.

    >>> found = effect(70, 56, 80, 48)
    >>> round(found.effect, 4), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if not contacted or not held_out:
        return Effect(None, None, None)
    (p, p_low, p_high), (q, q_low, q_high) = _wilson(ordered, contacted), _wilson(ordered_held_out, held_out)
    return Effect(p - q, p - q - math.hypot(p - p_low, q_high - q), p - q + math.hypot(p_high - p, q - q_low))


def _wilson(hits: int, n: int) -> tuple[float, float, float]:
    share, z = hits / n, _Z * _Z / n
    middle, half = (share + z / 2) / (1 + z), _Z * math.sqrt(share * (1 - share) / n + z / (4 * n)) / (1 + z)
    return share, middle - half, middle + half
