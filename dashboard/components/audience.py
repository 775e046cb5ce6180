"""For whom a product rises: the customer group with the highest chance, and whether that is worth naming."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.schema import ALL

AHEAD = 0.05  # a group's chance this far above that of all customers is worth naming


@dataclass(frozen=True)
class Best:
    """The customer group with the highest chance of rising. ahead: whether it exceeds that of all customers by AHEAD or more."""

    segment: str
    chance: float
    ahead: bool


def best(groups: pd.DataFrame) -> Best | None:
    """Return the group in which a product rises most, None where no group is forecast. groups: the product's rows of
    `product_segments`."""
    everyone = groups[groups.segment == ALL].rising_probability.max()
    others = groups[groups.segment != ALL].sort_values("rising_probability", ascending=False)
    if others.empty:
        return None
    first = others.iloc[0]
    return Best(first.segment, first.rising_probability, first.rising_probability - everyone >= AHEAD)
