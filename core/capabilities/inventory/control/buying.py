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

Money is in any one unit, such as cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.capabilities.inventory.control.distribution import Distribution
from core.errors import UserError
from core.messages import Message, msg, nmsg

STEPS = 64  # at most per product; with more packs, a step contains several
CORE_STEPS = 400  # steps around the cut that dynamic programming decides
CORE_CELLS = 10_000  # of the money that they share; each product's part is rounded up to whole cells


@dataclass(frozen=True)
class BuyList:
    """Steps, (S,) each, in the order in which to take them; a product without a profitable order has none."""

    product: np.ndarray  # its row in what `buy_list` was given
    step: np.ndarray  # 0 is the product's minimum order
    packs: np.ndarray  # that this step adds to the order
    cost: np.ndarray  # of these packs
    gain: np.ndarray  # expected money gained by these packs, after those of the product's earlier steps
    products: int

    def cut(self, budget: float) -> np.ndarray:
        """Return the packs of each product, (products,), that gain most for `budget`. Raises UserError for a budget below 0 or NaN.

        >>> ranked = BuyList(product=np.array([0, 1, 1]), step=np.array([0, 0, 1]), packs=np.array([4, 1, 1]),
        ...                  cost=np.array([60.0, 30.0, 30.0]), gain=np.array([90.0, 40.0, 30.0]), products=2)
        >>> [ranked.cut(budget).tolist() for budget in (120, 90, 60, 59)]  # 59 is below the first product's minimum order
        [[4, 2], [4, 1], [4, 0], [0, 1]]
        """
        if not budget >= 0:
            raise UserError(
                expected=msg("A budget must be 0 or more."),
                found=msg("The budget is {budget}.", budget=budget),
                to_do=msg("Correct the budget."),
            )
        spent = np.concatenate([[0.0], np.cumsum(self.cost)])
        cut = int(np.searchsorted(spent, budget, side="right")) - 1  # so many steps fit
        taken = np.arange(len(self.cost)) < cut
        if cut < len(self.cost):
            core, ranked = slice(max(cut - CORE_STEPS // 2, 0), cut + CORE_STEPS // 2), taken.copy()
            taken[core] = best_steps(self.product[core], self.cost[core], self.gain[core], budget - spent[core.start])
            for each in (taken, ranked):
                self._spend_the_rest(each, budget)
            taken = max(taken, ranked, key=lambda each: self.gain[each].sum())  # the cells round up, which can cost an exact fit
        return np.bincount(self.product[taken], self.packs[taken], self.products).astype(np.int64)

    def _spend_the_rest(self, taken: np.ndarray, budget: float) -> None:
        """Take, best first, every step that the rest of the budget covers."""
        while True:
            left = budget - self.cost[taken].sum()
            next_step = np.bincount(self.product[taken], minlength=self.products)
            ready = np.flatnonzero((self.cost <= left) & (self.step == next_step[self.product]))
            if not len(ready):
                return
            taken[ready[np.cumsum(self.cost[ready]) <= left]] = True


def buy_list(
    demand: Distribution,
    *,
    position: np.ndarray,
    margin: np.ndarray,
    overage_cost: np.ndarray,
    unit_cost: np.ndarray,
    moq: np.ndarray,
    pack_size: np.ndarray,
    maximum: np.ndarray,
) -> BuyList:
    """Rank every step that gains money. `demand` is that of n products over their protection time; all others are (n,).

    - position: units on hand and on order that are there to meet this demand.
    - margin: lost with each unit short. overage_cost: of each unit left over when the protection time ends, as holding it until it
      sells, or what it loses in a markdown. unit_cost: what a unit costs to buy.
    - moq, maximum: units of one order. NaN: no minimum, no maximum. pack_size in units; NaN: single units.

    Raises UserError, with the number of products and the first of them, for anything else that is NaN or infinite, for overage and unit
    costs and pack sizes not above 0, for quantiles that fall, and for a minimum order that is, in whole packs, above the maximum.

    >>> from scipy.special import ndtri
    >>> demand = Distribution(np.array([[10.0], [100.0]]) + np.array([[4.0], [40.0]]) * ndtri(Distribution.levels))
    >>> ranked = buy_list(demand, position=[0, 90], margin=[5, 5], overage_cost=[1, 1], unit_cost=[8, 9], moq=[8, np.nan],
    ...                   pack_size=[4, 20], maximum=[12, np.nan])
    >>> for row in zip(ranked.product, ranked.step, ranked.packs, ranked.cost, ranked.gain.round(1)):
    ...     print(*row)
    0 0 2 64.0 35.5
    0 1 1 32.0 8.0
    1 0 1 180.0 40.0
    1 1 1 180.0 17.2
    """
    position, margin, overage_cost, unit_cost, moq, pack_size, maximum = (
        np.asarray(a, dtype=np.float64) for a in (position, margin, overage_cost, unit_cost, moq, pack_size, maximum)
    )
    pack_size = np.where(np.isnan(pack_size), 1.0, pack_size)
    knots = demand.knots
    _refuse(
        ~(np.isfinite(knots).all(axis=1) & (np.diff(knots, axis=1) >= 0).all(axis=1)),
        msg("Demand quantiles must never fall with their level."),
    )
    _refuse(~np.isfinite(position), msg("Every product needs a known inventory position."))
    _refuse(~np.isfinite(margin), msg("Every product needs a known margin."))
    _refuse(~(np.isfinite(overage_cost) & (overage_cost > 0)), msg("Every product needs an overage cost above 0."))
    _refuse(~(np.isfinite(unit_cost) & (unit_cost > 0)), msg("Every product needs a unit cost above 0."))
    _refuse(~(np.isfinite(pack_size) & (pack_size > 0)), msg("Every product needs a pack size above 0."))
    least = np.maximum(np.ceil(np.where(moq > 0, moq, 0.0) / pack_size - 1e-9), 1.0)
    most = np.floor(np.where(np.isnan(maximum), np.inf, maximum) / pack_size + 1e-9)
    _refuse(least > most, msg("The minimum order, in whole packs, must not exceed the maximum."))

    def value(packs: np.ndarray, product: np.ndarray) -> np.ndarray:
        units = position[product] + packs * pack_size[product]
        sold = mean[product] - Distribution(knots[product], demand.levels).short(units)
        return (margin + overage_cost)[product] * sold - overage_cost[product] * units

    every, mean = np.arange(len(knots)), demand.mean
    nothing = value(np.zeros(len(knots)), every)
    earning = np.maximum(margin, 0.0)
    worth_having = np.where(earning > 0, demand.at(np.maximum(earning / (earning + overage_cost), demand.levels[0])), 0.0)
    full = np.maximum(np.floor((worth_having - position) / pack_size), 0.0)
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
    return BuyList(product[order], step[order], packs[order].astype(np.int64), cost[order], gain[order], len(knots))


def supplier_totals(supplier: np.ndarray, order_cost: np.ndarray, minimum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each supplier's order value and the shortfall to its minimum order value, (suppliers,) both.

    `supplier` (n,) is a product's row in `minimum` (suppliers,); `order_cost` (n,). The shortfall is 0 where nothing is ordered, or where
    no minimum is known (NaN). Raises UserError for an unknown order cost.

    >>> total, missing = supplier_totals(np.array([0, 1, 1]), np.array([70.0, 30.0, 20.0]), np.array([100.0, 40.0, 10.0]))
    >>> print(total, missing)
    [70. 50.  0.] [30.  0.  0.]
    """
    _refuse(np.isnan(order_cost), msg("Every product needs a known order cost."))
    total = np.bincount(supplier, order_cost, len(minimum))
    return total, np.where((total > 0) & (minimum > total), minimum - total, 0.0)


def _ranking(density: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Return the order of falling density that keeps each product's steps in order, also where densities differ by rounding only.

    `product` is sorted. The positions of a product's steps are assigned to them from the first on.
    """
    places = np.argsort(product[np.argsort(-density, kind="stable")], kind="stable")
    order = np.empty(len(density), dtype=np.int64)
    order[places] = np.arange(len(density))
    return order


def best_steps(product: np.ndarray, cost: np.ndarray, gain: np.ndarray, money: float) -> np.ndarray:
    """Return which of these steps, (m,) bool, gain most for `money`, by dynamic programming over products and their first steps."""
    taken = np.zeros(len(product), dtype=bool)
    if money <= 0:
        return taken
    by_product = np.argsort(product, kind="stable")
    best = np.zeros(CORE_CELLS + 1)  # largest gain with so many cells
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


def _refuse(wrong: np.ndarray, expected: Message) -> None:
    if wrong.any():
        raise UserError(
            expected=expected,
            found=nmsg(
                "{count} of {products} products does not meet this, in row {row}.",
                "{count} of {products} products do not meet this, the first in row {row}.",
                int(np.count_nonzero(wrong)),
                products=len(wrong),
                row=int(wrong.argmax()),
            ),
            to_do=msg("Correct these products, or leave them out."),
        )
