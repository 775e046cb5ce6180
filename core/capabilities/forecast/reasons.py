"""The order in which the reasons of a forecast are shown, for the pages and bench/truth.py."""

from __future__ import annotations

from collections.abc import Iterable

from core.schema import REASONS, SALES_LEVEL

_CAUSES = frozenset(REASONS[0])
_LEAST_SHARE = 0.1  # share of all attributions: a smaller cause is not shown before what sales show


def named(attributions: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return (driver, attribution) pairs in the order of display, strongest causes first.

    Possible causes of a rise come before the sales and views that have begun to show it, if they carry at least a tenth of all
    attributions. Everything else is ordered by size. A high sales level is left out, since it explains no rise.

    >>> named([("momentum", 1.5), ("season", 0.4), ("price", -0.1), ("demand", 0.9)])
    [('season', 0.4), ('momentum', 1.5), ('price', -0.1)]
    """
    reasons = [(driver, value) for driver, value in attributions if not (driver == SALES_LEVEL and value > 0)]
    least = _LEAST_SHARE * sum(abs(value) for _, value in reasons)
    return sorted(reasons, key=lambda one: (not (one[0] in _CAUSES and abs(one[1]) >= least), -abs(one[1]), one[0]))
