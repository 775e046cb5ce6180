"""Which reasons of a forecast are named, and in which order: the pages and bench/truth.py ask here."""

from __future__ import annotations

from collections.abc import Iterable

from core.schema import REASONS, SALES_LEVEL

_CAUSES = frozenset(REASONS[0])
_WORTH_NAMING = 0.1  # of all that moves a forecast: a cause of less is no news beside what sales show


def named(attributions: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """(driver, attribution) pairs in the order in which they are told, strongest causes first.

    What may make a rise comes before the sales and views that have begun to show it, where it carries at least a tenth of all that
    moves the forecast up or down; everything else follows by size. How much a product sells at all is left out of what pushes it up.

    >>> named([("momentum", 1.5), ("season", 0.4), ("price", -0.1), ("demand", 0.9)])
    [('season', 0.4), ('momentum', 1.5), ('price', -0.1)]
    """
    told = [(driver, value) for driver, value in attributions if not (driver == SALES_LEVEL and value > 0)]
    least = _WORTH_NAMING * sum(abs(value) for _, value in told)
    return sorted(told, key=lambda one: (not (one[0] in _CAUSES and abs(one[1]) >= least), -abs(one[1]), one[0]))
