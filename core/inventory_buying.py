"""What to buy first when the money does not reach for everything: packs ranked by money gained per money spent, and cut at a budget.

An order made today has to last over the protection time, lead time + review period. Of `y` units at hand over that time
E[min(D, y)] are sold on average, and a next one would sell with probability P(D > y), which never rises with y. So the gain

    (margin + overage cost) E[min(D, y)] - overage cost y,

the newsvendor's expected profit (Snyder & Shen, chapter 4), is concave: each pack gains less than the one before, and packs can be
taken one by one, best first. The first step of a product is its minimum order, all or nothing. That leaves points out of a concave
curve, and what is left is concave still: the steps of a product stand in the list in their own order, and the list up to any step is the
best use of the money that it costs.

A budget ends between two steps, and a large minimum order near the cut can cost more than is left. There it is a knapsack problem, with
its usual answer (Kellerer, Pferschy & Pisinger, *Knapsack Problems*, 2004: cores, and the multiple-choice knapsack): trust the ranking
far from the cut, decide by dynamic programming near it.

Demand over the protection time is given by its quantiles at `core.schema.DEMAND_LEVELS`: on straight lines in the normal score of the
level, the last line going on above, flat below. Money is in any one unit, such as cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from core.errors import UserError
from core.schema import DEMAND_LEVELS

STEPS = 64  # of one product, at most: where more packs are worth buying, a step is several
CORE_STEPS = 400  # steps around the cut that are decided anew
CORE_CELLS = 10_000  # of the money that they share; each product's part is rounded up to whole cells

_LEVELS = np.asarray(DEMAND_LEVELS, dtype=np.float64)
_SCORES = ndtri(_LEVELS)


@dataclass(frozen=True)
class BuyList:
    """Steps, (S,) each, in the order in which to take them; a product that is not worth ordering has none."""

    product: np.ndarray  # its row in what `buy_list` was given
    step: np.ndarray  # 0 is the product's minimum order
    packs: np.ndarray  # that this step adds to the order
    cost: np.ndarray  # of these packs
    gain: np.ndarray  # expected money gained by these packs, after those of the product's earlier steps
    products: int

    def cut(self, budget: float) -> np.ndarray:
        """Packs of each product, (products,), that gain most for `budget`. Raises UserError for a budget below 0 or not known.

        >>> ranked = BuyList(product=np.array([0, 1, 1]), step=np.array([0, 0, 1]), packs=np.array([4, 1, 1]),
        ...                  cost=np.array([60.0, 30.0, 30.0]), gain=np.array([90.0, 40.0, 30.0]), products=2)
        >>> [ranked.cut(budget).tolist() for budget in (120, 90, 60, 59)]  # 59 do not reach for the first product's minimum order
        [[4, 2], [4, 1], [4, 0], [0, 1]]
        """
        if not budget >= 0:
            raise UserError("a budget of 0 or more", str(budget), "correct the budget")
        spent = np.concatenate([[0.0], np.cumsum(self.cost)])
        cut = int(np.searchsorted(spent, budget, side="right")) - 1  # so many steps fit
        taken = np.arange(len(self.cost)) < cut
        if cut < len(self.cost):
            core = slice(max(cut - CORE_STEPS // 2, 0), cut + CORE_STEPS // 2)
            taken[core] = _best_steps(self.product[core], self.cost[core], self.gain[core], budget - spent[core.start])
            self._spend_the_rest(taken, budget)
        return np.bincount(self.product[taken], self.packs[taken], self.products).astype(np.int64)

    def _spend_the_rest(self, taken: np.ndarray, budget: float) -> None:
        """Take, best first, every step that what is left of the budget still reaches for."""
        while True:
            left = budget - self.cost[taken].sum()
            next_step = np.bincount(self.product[taken], minlength=self.products)
            ready = np.flatnonzero((self.cost <= left) & (self.step == next_step[self.product]))
            if not len(ready):
                return
            taken[ready[np.cumsum(self.cost[ready]) <= left]] = True


def buy_list(
    demand: np.ndarray, *, position: np.ndarray, margin: np.ndarray, overage_cost: np.ndarray, unit_cost: np.ndarray, moq: np.ndarray,
    pack_size: np.ndarray, maximum: np.ndarray,
) -> BuyList:
    """Every step that gains money, ranked. `demand` is (n, levels): quantiles over the protection time; all others are (n,).

    - position: units on hand and on order that are there to meet this demand.
    - margin: lost with each unit short. overage_cost: of each unit left over when the protection time ends, as holding it until it
      sells, or what it loses in a markdown. unit_cost: what a unit costs to buy.
    - moq, maximum: units of one order. NaN: no minimum, no maximum. pack_size in units; NaN: single units.

    Raises UserError, with the number of products and the first of them, for anything else that is NaN or infinite, for overage and unit
    costs and pack sizes not above 0, for quantiles that fall, and for a minimum order that is, in whole packs, above the maximum.

    >>> demand = np.array([10 + 4 * _SCORES, 100 + 40 * _SCORES])
    >>> ranked = buy_list(demand, position=[0, 90], margin=[5, 5], overage_cost=[1, 1], unit_cost=[8, 8], moq=[8, np.nan],
    ...                   pack_size=[4, 20], maximum=[12, np.nan])
    >>> for row in zip(ranked.product, ranked.step, ranked.packs, ranked.cost, ranked.gain.round(1)):
    ...     print(*row)
    0 0 2 64.0 35.5
    0 1 1 32.0 8.0
    1 0 1 160.0 40.0
    1 1 1 160.0 17.2
    """
    demand = np.asarray(demand, dtype=np.float64)
    position, margin, overage_cost, unit_cost, moq, pack_size, maximum = (
        np.asarray(a, dtype=np.float64) for a in (position, margin, overage_cost, unit_cost, moq, pack_size, maximum)
    )
    pack_size = np.where(np.isnan(pack_size), 1.0, pack_size)
    _refuse(~(np.isfinite(demand).all(axis=1) & (np.diff(demand, axis=1) >= 0).all(axis=1)), "demand quantiles that never fall")
    _refuse(~np.isfinite(position), "a known inventory position")
    _refuse(~np.isfinite(margin), "a known margin")
    _refuse(~(np.isfinite(overage_cost) & (overage_cost > 0)), "an overage cost above 0")
    _refuse(~(np.isfinite(unit_cost) & (unit_cost > 0)), "a unit cost above 0")
    _refuse(~(np.isfinite(pack_size) & (pack_size > 0)), "a pack size above 0")
    least = np.maximum(np.ceil(np.where(moq > 0, moq, 0.0) / pack_size - 1e-9), 1.0)
    most = np.floor(np.where(np.isnan(maximum), np.inf, maximum) / pack_size + 1e-9)
    _refuse(least > most, "a minimum order that fits, in whole packs, under the maximum")

    def value(packs: np.ndarray, product: np.ndarray) -> np.ndarray:
        units = position[product] + packs * pack_size[product]
        return (margin + overage_cost)[product] * expected_sales(demand, units, product) - overage_cost[product] * units

    every = np.arange(len(demand))
    nothing = value(np.zeros(len(demand)), every)
    full = np.maximum(np.floor((_most_worth_having(demand, margin, overage_cost) - position) / pack_size), 0.0)
    full += value(full + 1, every) > value(full, every)
    full = np.where(value(least, every) > nothing, np.clip(full, least, most), 0.0)

    size = np.maximum(np.ceil((full - least) / (STEPS - 1)), 1.0)  # packs a step
    later = np.maximum(np.floor((full - least) / size), 0.0)
    steps = np.where(full > 0, later + 1, 0).astype(np.int64)
    product = np.repeat(every, steps)
    step = np.arange(len(product)) - np.repeat(np.cumsum(steps) - steps, steps)
    packs = np.where(step == 0, (full - later * size)[product], size[product])
    values = value((full - later * size)[product] + step * size[product], product)
    gain = values - np.where(step == 0, nothing[product], np.roll(values, 1))
    cost = packs * pack_size[product] * unit_cost[product]

    order = _ranking(gain / cost, product)
    return BuyList(product[order], step[order], packs[order].astype(np.int64), cost[order], gain[order], len(demand))


def expected_sales(demand: np.ndarray, units: np.ndarray, product: np.ndarray) -> np.ndarray:
    """E[min(D, units)], (m,), of `units[j]` at hand for the demand of `product[j]`, a row of the quantiles `demand` (n, levels).

    The quantile function is a chain of lines a + b z in the normal score z, and the integral of (a + b z) phi(z) over a piece is
    a [Phi] - b [phi]: whole pieces up to the one that `units` cuts, a part of that one, and `units` with the probability above.

    >>> demand = np.array([10 + 4 * _SCORES])  # normal, mean 10, standard deviation 4, but for the 2.5% under 2.2 units
    >>> expected_sales(demand, np.array([0.0, 10.0, 25.0]), np.zeros(3, dtype=int)).round(2)  # of 10 at hand 10 - 4 x 0.3989
    array([ 0.  ,  8.44, 10.04])
    """
    width = np.diff(_SCORES)
    slope = np.diff(demand, axis=1) / width
    start = demand[:, :-1] - slope * _SCORES[:-1]
    pieces = start[:, :-1] * np.diff(_LEVELS[:-1]) - slope[:, :-1] * np.diff(_density(_SCORES[:-1]))
    below = np.cumsum(np.column_stack([demand[:, 0] * _LEVELS[0], pieces]), axis=1)  # E[D; D under the piece]

    reached = np.zeros(len(units), dtype=np.int64)  # how many of the quantiles
    for quantile in demand.T:
        reached += quantile[product] <= units
    piece = np.clip(reached - 1, 0, len(width) - 1)
    a, b = start[product, piece], slope[product, piece]
    score = np.divide(units - a, b, out=np.full(len(units), np.inf), where=b > 0)  # flat only above the highest quantile
    part = a * (ndtr(score) - _LEVELS[piece]) + b * (_density(_SCORES[piece]) - _density(score))
    sold = below[product, piece] + part + units * ndtr(-score)
    return np.where(reached == 0, units, sold)


def supplier_totals(supplier: np.ndarray, order_cost: np.ndarray, minimum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each supplier's order value, and the money it is short of the minimum order value, (suppliers,) both.

    `supplier` (n,) is a product's row in `minimum` (suppliers,); `order_cost` (n,). Nothing is missing where nothing is ordered, or where
    no minimum is known (NaN). Raises UserError for an order cost that is not known.

    >>> total, missing = supplier_totals(np.array([0, 1, 1]), np.array([70.0, 30.0, 20.0]), np.array([100.0, 40.0, 10.0]))
    >>> print(total, missing)
    [70. 50.  0.] [30.  0.  0.]
    """
    _refuse(np.isnan(order_cost), "a known order cost")
    total = np.bincount(supplier, order_cost, len(minimum))
    return total, np.where((total > 0) & (minimum > total), minimum - total, 0.0)


def _most_worth_having(demand: np.ndarray, margin: np.ndarray, overage_cost: np.ndarray) -> np.ndarray:
    """The units beyond which no further one gains, (n,): demand's quantile at the critical ratio; 0 without a margin."""
    score = ndtri(np.maximum(margin, 0.0) / (np.maximum(margin, 0.0) + overage_cost))
    piece = np.clip(np.searchsorted(_SCORES, score) - 1, 0, len(_SCORES) - 2)
    row = np.arange(len(demand))
    slope = (demand[row, piece + 1] - demand[row, piece]) / (_SCORES[piece + 1] - _SCORES[piece])
    return np.where(margin > 0, demand[row, piece] + slope * (np.maximum(score, _SCORES[0]) - _SCORES[piece]), 0.0)


def _ranking(density: np.ndarray, product: np.ndarray) -> np.ndarray:
    """The order of falling density in which each product's steps keep their own, also where two are equal but for rounding.

    `product` is sorted; the places that a product's steps get are dealt out to them from the first on.
    """
    places = np.argsort(product[np.argsort(-density, kind="stable")], kind="stable")
    order = np.empty(len(density), dtype=np.int64)
    order[places] = np.arange(len(density))
    return order


def _best_steps(product: np.ndarray, cost: np.ndarray, gain: np.ndarray, money: float) -> np.ndarray:
    """Which of these steps, (m,) bool, gain most for `money`: dynamic programming over products, of each its first 0, 1, 2 ... steps."""
    taken = np.zeros(len(product), dtype=bool)
    if money <= 0:
        return taken
    by_product = np.argsort(product, kind="stable")
    best = np.zeros(CORE_CELLS + 1)  # the most that can be gained with so many cells
    decisions = []
    for steps in np.split(by_product, np.flatnonzero(np.diff(product[by_product])) + 1):
        cells = np.minimum(np.ceil(np.cumsum(cost[steps]) * CORE_CELLS / money), CORE_CELLS + 1).astype(np.int64)
        before, count = best.copy(), np.zeros(CORE_CELLS + 1, dtype=np.int16)
        for k, (needed, gained) in enumerate(zip(cells, np.cumsum(gain[steps]), strict=True), start=1):
            with_steps = before[: CORE_CELLS + 1 - needed] + gained
            better = with_steps > best[needed:]
            best[needed:][better], count[needed:][better] = with_steps[better], k
        decisions.append((steps, cells, count))
    cell = CORE_CELLS
    for steps, cells, count in reversed(decisions):
        k = count[cell]
        taken[steps[:k]] = True
        cell -= cells[k - 1] if k else 0
    return taken


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)


def _refuse(wrong: np.ndarray, expected: str) -> None:
    if wrong.any():
        found = f"{np.count_nonzero(wrong)} of {len(wrong)} products without it, the first in row {int(wrong.argmax())}"
        raise UserError(f"{expected} for every product", found, "correct them, or leave these products out of the list")
