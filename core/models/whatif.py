"""What-if: the features of forecasts under another price, promotion or stock, as the features' definitions would give them.

A change alters the features that state it and leaves everything else, sales included, as it is. So it asks what the model associates
with such a product, and not what the change would cause. Arrays only; names and meanings are those of core/features/definitions.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.models.panel import Panel
from core.schema.what_if import NO_DATA, SOLD_SINCE

LEAST_DAYS_OUT = 7  # days without a sale from which on a product may have been out of stock
Features = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Change:
    """A change of n forecasts. features: name -> (n,) new values; applies: (n,) bool; unknown: (n,) why it has no values, "" = it has."""

    features: dict[str, np.ndarray]
    applies: np.ndarray
    unknown: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """(n,) bool: the change applies and has values."""
        return self.applies & (self.unknown == "")


READ = (
    *("price", "price_change", "price_drift", "discount_14d", "discount_56d", "orders_14d", "orders_56d", "orders_182d"),
    *("promo_now", "promo_days_28d", "promo_days_left", "promo_discount", "days_since_promo"),
    *("out_of_stock_14d", "out_of_stock_56d"),
)


def priced(x: Features, factor: float, as_discount: bool) -> Change:
    """Return what a price of the last two weeks `factor` times as high changes. as_discount: the shop records discounts, so that a cut
    is one, and a rise ends one before it raises the list price.

    The last two weeks' share in the revenue of 8 and of 26 weeks follows from orders and prices, as if an order had the same units.
    """
    recent, drift = x["price_change"], x["price_drift"]
    with np.errstate(divide="ignore", invalid="ignore"):
        share_8 = np.clip(x["orders_14d"] / x["orders_56d"] * recent / drift, 0.0, 1.0)
        share_26 = np.clip(x["orders_14d"] / x["orders_182d"] * recent, 0.0, 1.0)
        weeks_8, weeks_26 = 1 + (factor - 1) * share_8, 1 + (factor - 1) * share_26
        new = {"price": x["price"] * weeks_8, "price_change": recent * factor / weeks_26, "price_drift": drift * weeks_8 / weeks_26}
        missing = ~np.all([np.isfinite(values) for values in new.values()], axis=0)
        if as_discount:  # of a product whose discounts are not recorded, they stay missing
            listed = share_8 / (1 - x["discount_14d"])  # the last two weeks at list prices, as a share of the revenue of 8 weeks
            raised = np.maximum(factor * share_8 - listed, 0.0)
            new["discount_14d"] = np.maximum(1 - factor * (1 - x["discount_14d"]), 0.0)
            new["discount_56d"] = 1 - weeks_8 / (1 / (1 - x["discount_56d"]) + raised)
    return Change(new, np.ones(len(recent), dtype=bool), np.where(missing, NO_DATA, ""))


def promoted(x: Features, days: float, discount: float) -> Change:
    """Return what a promotion of so many days and this discount (NaN = unknown) that starts today changes, for products in none."""
    now, n = x["promo_now"], len(x["promo_now"])
    new = {
        "promo_now": np.ones(n),
        "promo_days_28d": np.minimum(x["promo_days_28d"] + 1, 28),
        "promo_days_left": np.full(n, days - 1),
        "promo_discount": np.full(n, discount),
    }
    return Change(new, ~(now > 0), np.where(np.isnan(now), NO_DATA, ""))


def unpromoted(x: Features) -> Change:
    """Return what the end of a promotion yesterday changes, for products in one."""
    now, n = x["promo_now"], len(x["promo_now"])
    new = {
        "promo_now": np.zeros(n),
        "promo_days_28d": np.maximum(x["promo_days_28d"] - 1, 0),
        "promo_days_left": np.full(n, np.nan),
        "promo_discount": np.full(n, np.nan),
        "days_since_promo": np.ones(n),
    }
    return Change(new, now > 0, np.full(n, ""))


def restocked(x: Features) -> Change:
    """Return what stock on all of the last 56 days changes, for products that were out of stock on some."""
    n = len(x["out_of_stock_56d"])
    return Change({"out_of_stock_14d": np.zeros(n), "out_of_stock_56d": np.zeros(n)}, x["out_of_stock_56d"] > 0, np.full(n, ""))


def sold_out(x: Features, days_since_last: np.ndarray) -> Change:
    """Return what no stock since the last sale changes. days_since_last (n,): of all customers, since a product's stock is for all.

    A product that has sold within a week was not out of stock, and no shop has a history of such ones.
    """
    new = {
        name: np.maximum(x[name], np.minimum(days_since_last, days) / days)
        for name, days in (("out_of_stock_14d", 14), ("out_of_stock_56d", 56))
    }
    missing = np.isnan(x["out_of_stock_56d"]) | np.isnan(x["out_of_stock_14d"])
    unknown = np.where(missing, NO_DATA, np.where(days_since_last >= LEAST_DAYS_OUT, "", SOLD_SINCE))
    return Change(new, ~(x["out_of_stock_14d"] >= 1), unknown)


def inputs(panel: Panel, rows: np.ndarray, features: Features) -> np.ndarray:
    """Return (n, F) float32, the model's inputs of rows of the latest origin with other values of some features.

    A feature that the model reads as a rank gets the rank that the new value has among the other rows of its segment.
    """
    x, place = panel.read(rows), {name: i for i, name in enumerate(panel.feature_names)}
    latest = panel.latest()
    for name, values in features.items():
        column = place[name]
        if column not in panel.ranked:
            x[:, column] = values
            continue
        for segment in np.unique(panel.segment[rows]):
            here = panel.segment[rows] == segment
            group = panel.x[latest[panel.segment[latest] == segment], column]
            x[here, column] = _rank(np.sort(group[np.isfinite(group)]), panel.x[rows[here], column], values[here].astype(np.float32))
    return x


def _rank(group: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the ranks of new values, each in place of an old one of the sorted group, as core.models.panel.rank_within_group gives them.

    >>> _rank(np.array([1.0, 2.0, 3.0, 4.0]), old=np.array([4.0, 1.0]), new=np.array([2.0, 1.0])).tolist()
    [0.5, 0.125]
    """
    below = np.searchsorted(group, new, side="left") - (old < new)
    equal = np.searchsorted(group, new, side="right") - np.searchsorted(group, new, side="left") - (old == new) + 1
    return (below + equal / 2) / len(group)
