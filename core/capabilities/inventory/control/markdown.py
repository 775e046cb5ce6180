"""Markdown advice for excess stock: the price response from the shop's own weeks, and the price cut that follows from it.

The response is the elasticity e of log orders = product + week + e log price, one for each category, pooled over its products: the
constant-elasticity demand curve of the textbooks (Talluri & van Ryzin, *The Theory and Practice of Revenue Management*, 2004, ch. 7).
Fixed effects keep expensive products and the season from influencing it. It counts orders and not units, since one wholesale order at a
wholesale price would look like hundreds of customers attracted by a cut. It measures the effect of past price changes, where there are
enough of them. It is no experiment, and where it may be chance there is no advice to cut a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.capabilities.inventory.control.distribution import MAX_COVER_WEEKS, mean_path, weeks_until
from core.schema import DEMAND_WEEKS

LEAST_PRODUCTS = 10  # whose price has moved: the standard error rests on as many independent products
LEAST_ORDERS = 2.0  # a week: of slower sellers only the weeks with a sale have a logarithm, and those say little of the price
SWEEPS, NEGLIGIBLE = 50, 1e-7
SURE, WORTHWHILE = 2.0, -0.3  # standard errors from zero; weaker responses than this clear nothing
MARKDOWNS = np.arange(1, 11) * 0.05  # 5% to 50%
CLEAR_WEEKS = 13.0


@dataclass(frozen=True)
class PriceResponse:
    """The price response by category (C,), NaN where the weeks do not determine it: % of orders per % of price, and its standard error."""

    elasticity: np.ndarray
    error: np.ndarray

    @property
    def supported(self) -> np.ndarray:
        """(C,) bool: where a lower price sells clearly more."""
        return (self.elasticity < WORTHWHILE) & (self.elasticity < -SURE * self.error)


def price_response(
    product: np.ndarray, week: np.ndarray, orders: np.ndarray, price: np.ndarray, category: np.ndarray, categories: int
) -> PriceResponse:
    """Return the price response of each category, from one row (m,) for each product's week with a sale.

    product: 0 .. n - 1; week: any whole number >= 0; orders, price > 0: orders and the price paid in that week; category (n,) of each
    product: 0 .. categories - 1. Standard errors allow for correlated weeks of one product (clusters, Cameron & Miller 2015).
    """
    weeks_sold = np.maximum(np.bincount(product, minlength=len(category)), 1)
    brisk = np.bincount(product, orders, len(category)) / weeks_sold >= LEAST_ORDERS
    kept = np.flatnonzero(brisk[product])
    kept = kept[np.argsort(category[product[kept]], kind="stable")]
    ends = np.searchsorted(category[product[kept]], np.arange(categories + 1))
    found = np.full((categories, 2), np.nan)
    for c, (start, end) in enumerate(zip(ends, ends[1:])):
        rows = kept[start:end]
        if len(rows):
            found[c] = _pooled(np.log(orders[rows]), np.log(price[rows]), product[rows], week[rows])
    return PriceResponse(*found.T)


def markdowns(demand: np.ndarray, stock: np.ndarray, elasticity: np.ndarray, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    """By what share (n,) to cut the price so that `stock` (n,) is expected to be sold within CLEAR_WEEKS, and the day (n,) by which it is.

    demand (n, 5, 9) is the forecast at today's price; at a share x less it is (1 - x) ** elasticity times as much. The least of MARKDOWNS
    that does it, else the largest. NaN and NaT where elasticity is NaN, and where even that takes MAX_COVER_WEEKS.

    >>> demand = np.repeat(10.0 * np.array(DEMAND_WEEKS)[:, None], 9, axis=1)[None].repeat(3, axis=0)  # 10 a week
    >>> share, day = markdowns(demand, np.array([200.0, 900.0, 200.0]), np.array([-2.0, -2.0, np.nan]), date(2026, 11, 26))
    >>> print(share.round(2), day)  # 10 / 0.8 ** 2 = 15.6 a week, 10 / 0.5 ** 2 = 40 a week
    [0.2 0.5 nan] ['2027-02-24' '2027-05-03'        'NaT']
    """
    path = mean_path(np.asarray(demand, dtype=np.float64))
    share, weeks = np.full(len(stock), np.nan), np.full(len(stock), np.inf)
    for cut in MARKDOWNS:
        lift = (1 - cut) ** np.where(np.isnan(elasticity), 0.0, elasticity)
        undecided = ~(weeks <= CLEAR_WEEKS)
        share = np.where(undecided, cut, share)
        weeks = np.where(undecided, weeks_until(path * lift[:, None], stock, DEMAND_WEEKS), weeks)
    never = np.isnan(elasticity) | ~(weeks < MAX_COVER_WEEKS)
    days = np.ceil(np.where(never, 0.0, weeks) * 7 - 1e-6).astype(np.int64)
    return np.where(never, np.nan, share), np.where(never, np.datetime64("NaT", "D"), np.datetime64(as_of, "D") + days)


def _pooled(y: np.ndarray, x: np.ndarray, product: np.ndarray, week: np.ndarray) -> tuple[float, float]:
    """(slope, standard error) of y on x with effects of each product and week, NaN where too few products have any x of their own."""
    product = np.unique(product, return_inverse=True)[1]
    y, x = _within(y, product, week), _within(x, product, week)
    moved = np.bincount(product, x * x) > NEGLIGIBLE
    if moved.sum() < LEAST_PRODUCTS:
        return np.nan, np.nan
    slope = (x @ y) / (x @ x)
    scores = np.bincount(product, x * (y - slope * x))
    return slope, np.sqrt(moved.sum() / (moved.sum() - 1) * (scores @ scores)) / (x @ x)


def _within(values: np.ndarray, *groups: np.ndarray) -> np.ndarray:
    """Return what is left of values (m,) when the means of every group of each kind are taken out, by turns until nothing changes."""
    counts = [np.maximum(np.bincount(g), 1) for g in groups]
    for _ in range(SWEEPS):
        before = values
        for group, count in zip(groups, counts):
            values = values - (np.bincount(group, values) / count)[group]
        if np.abs(values - before).max() < NEGLIGIBLE:
            break
    return values
