"""Did an action pay? From what it changed, what it cost, and what would be needed to tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.capabilities.action_results.hold_out import Change

PAID, NOT_PAID, UNCLEAR = "paid", "not_paid", "unclear"
HOLD_OUT, TWINS, NONE = "hold_out", "twins", "none"  # kinds of evidence
MATTERS = 0.05  # a change below it does not pay, even where nothing was spent
_MOST = 20  # times as many products or weeks: beyond it, nobody tries


@dataclass(frozen=True)
class Verdict:
    """verdict: PAID, NOT_PAID or UNCLEAR. times: how many times the products or weeks it takes to tell a change of this size from none;
    None where the verdict is clear, or no such number is sensible."""

    verdict: str
    times: float | None = None


def judge(change: Change | None, units: float, break_even: float = 0.0) -> Verdict:
    """Return whether the action paid. units: sold by its products; break_even: extra units that pay for what it cost.

    >>> judge(Change(0.3, 0.1, 0.6), 130.0).verdict
    'paid'
    >>> judge(Change(0.3, 0.1, 0.6), 130.0, break_even=60.0).verdict
    'not_paid'
    >>> judge(Change(0.3, -0.1, 0.9), 130.0)
    Verdict(verdict='unclear', times=2.0)
    """
    if change is None:
        return Verdict(UNCLEAR)
    _extra, low, high = change.extra(units)
    if low > break_even:
        return Verdict(PAID)
    if high <= break_even or (not break_even and change.high < MATTERS):
        return Verdict(NOT_PAID)
    if change.low <= -1 or not math.isfinite(change.high) or change.change <= 0:
        return Verdict(UNCLEAR)
    half = (math.log1p(change.high) - math.log1p(change.low)) / 2
    times = (half / math.log1p(change.change)) ** 2
    return Verdict(UNCLEAR, round(times, 1) if 1 < times <= _MOST else None)
