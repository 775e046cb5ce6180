"""Spend a budget on orders that can be placed: whole packs, at least each product's minimum, and at least each supplier's minimum value.

Planners' own quantities come first, then steps of the suggested orders by money gained per money spent. A supplier with a minimum order
value is bought from as a product with a minimum quantity is: its best steps up to the minimum are one step, all or nothing. Where its
suggestions do not reach the minimum, they are topped up by the packs that gain most, or lose least, per money spent; where that is out of
reach, dearer than the order is worth, or beyond the budget, the supplier is dropped.

A pack of a top-up meets demand that the next order would also have met. It earns what `buy_list` says of it, less the cost of holding it
until it sells: for as long as the stock before it lasts, beyond the protection time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.capabilities.inventory.control import (
    ENOUGH,
    ORDER_NOW,
    BuyList,
    Levels,
    buy_list,
    horizon,
    levels,
)
from core.capabilities.inventory.control.buying import best_steps
from core.capabilities.inventory.plan.table import Basis
from core.errors import UserError
from core.messages import msg

YEAR_WEEKS = 365.25 / 7
NEXT_TO_NOTHING = 1e-6  # share of a unit's cost: where holding costs nothing, a unit left over is still no gain
TOP_UP_STEPS = 24  # at most per product
OUT_OF_REACH, NOT_WORTH_IT, BEYOND_BUDGET = "out of reach", "not worth it", "beyond budget"
DROPPED = (OUT_OF_REACH, NOT_WORTH_IT, BEYOND_BUDGET)


@dataclass(frozen=True)
class Steps:
    """Steps of orders, (S,) each, by falling gain per cost; those of a product in their own order. row: the product's in the basis;
    extra: whether it is part of a top-up."""

    row: np.ndarray
    units: np.ndarray
    cost: np.ndarray
    gain: np.ndarray
    extra: np.ndarray

    @classmethod
    def ranked(cls, row, units, cost, gain, extra) -> Steps:
        """Rank steps; those of one product are given in their own order."""
        worth = pd.Series(gain / cost).groupby(row).cummin().to_numpy()  # no step comes before an earlier one of its product
        order = np.argsort(-worth, kind="stable")
        return cls(*(np.asarray(values)[order] for values in (row, units, cost, gain, extra)))

    def of(self, which: np.ndarray) -> Steps:
        return Steps(*(getattr(self, name)[which] for name in ("row", "units", "cost", "gain", "extra")))


@dataclass(frozen=True)
class Ranking:
    """The steps of all orders of a basis: a product's minimum order, packs up to its suggestion, packs of a top-up.

    products: the basis' product_ids; rows (m,): those of which an order is suggested or a supplier's minimum may ask for one; policy,
    position: of these, (m,).
    """

    products: pd.Index
    steps: Steps
    rows: np.ndarray
    policy: Levels
    position: np.ndarray


def rank(basis: Basis) -> Ranking:
    """Rank the orders of the basis. A unit short loses its margin, a unit left over is held over the protection time."""
    status, minimum = basis.products.status.to_numpy(), basis.products.supplier_minimum_cents.to_numpy(np.float64)
    rows = np.flatnonzero((status == ORDER_NOW) | ((status == ENOUGH) & (minimum > 0)))
    products, terms, demand = basis.products.iloc[rows], basis.terms.rows(rows), basis.demand[rows]
    cost, margin = terms.unit_cost_cents, terms.price_cents - terms.unit_cost_cents
    ahead = basis.ahead.rows(rows) if basis.ahead is not None else horizon(demand, terms, basis.rules, basis.as_of)
    policy = levels(demand, terms, basis.rules, basis.as_of, ahead)
    weeks = policy.lead_time + policy.wait + policy.review
    holding = np.maximum(basis.rules.holding_cost_share * weeks / YEAR_WEEKS, NEXT_TO_NOTHING) * cost
    position, most = (products[name].to_numpy(np.float64) for name in ("inventory_position", "suggested_order_units"))
    pack = np.where(terms.pack_size > 0, terms.pack_size, 1.0)
    known = (cost > 0) & (margin > 0)
    due = np.flatnonzero((status[rows] == ORDER_NOW) & known)
    protection = policy.cycle.protection
    bought = buy_list(
        type(protection)(protection.knots[due], protection.levels),
        position=position[due],
        margin=margin[due],
        overage_cost=holding[due],
        unit_cost=cost[due],
        moq=terms.moq[due],
        pack_size=pack[due],
        maximum=most[due],
    )
    row = due[bought.product]
    own_order = np.lexsort((bought.step, row))
    row, units = row[own_order], (bought.packs * pack[row])[own_order]
    planned = np.bincount(row, units, len(rows))

    # Top-ups: after the suggestion, or instead of nothing, and not beyond what is likely to sell, as for excess stock. Goods that can
    # spoil are not bought ahead.
    able = np.flatnonzero(known & (minimum[rows] > 0) & np.isnan(terms.shelf_life_days) & (protection.mean > 0))
    limit = np.minimum(ahead.likely[able] - position[able], np.where(np.isnan(terms.max_order), np.inf, terms.max_order)[able])
    first = np.where(planned > 0, pack, terms.batch)
    room = np.full(len(rows), -1.0)
    room[able] = limit - planned[able] - first[able]
    more = np.floor(np.maximum(room, 0.0) / pack + 1e-9)
    size = np.maximum(np.ceil(more / (TOP_UP_STEPS - 1)), 1.0)
    count = np.where(room >= 0, 1 + np.floor(more / size), 0).astype(np.int64)
    extra = np.repeat(np.arange(len(rows)), count)
    number = np.arange(len(extra)) - np.repeat(np.cumsum(count) - count, count)
    added = np.where(number == 0, first[extra], size[extra] * pack[extra])
    before = position[extra] + planned[extra] + np.where(number == 0, 0.0, first[extra] + (number - 1) * size[extra] * pack[extra])
    theirs = type(protection)(protection.knots[extra], protection.levels)
    sold = theirs.short(before) - theirs.short(before + added)
    waits = np.maximum((before + added / 2) / protection.mean[extra] * weeks[extra] - weeks[extra], 0.0) / YEAR_WEEKS
    gained = (margin + holding)[extra] * sold - holding[extra] * added - basis.rules.holding_cost_share * waits * cost[extra] * added
    steps = Steps.ranked(
        rows[np.concatenate([row, extra])],
        np.concatenate([units, added]),
        np.concatenate([bought.cost[own_order], added * cost[extra]]),
        np.concatenate([bought.gain[own_order], gained]),
        np.concatenate([np.zeros(len(row), bool), np.ones(len(extra), bool)]),
    )
    return Ranking(pd.Index(basis.products.product_id), steps, rows, policy, position)


def within(plan: pd.DataFrame, ranking: Ranking, budget_cents: float | None) -> pd.DataFrame:
    """Return the plan (core.capabilities.inventory.plan.make) as orders that can be placed, within `budget_cents` where there is one.

    order_units, packs, line_cost_cents and fill_rate are those of the purchased quantities. top_up_units is the part beyond the
    suggestion. dropped is "" or why nothing is ordered from the supplier: one of DROPPED. gain_cents is the expected gain over buying
    nothing, empty for a planner's own quantity, and without a budget.

    Without a budget all suggestions are bought. Under one, planners' own quantities come first, whatever they cost; then steps by money
    gained per money spent; products that cannot be ranked are not bought. Snoozed products are never bought. Raises UserError for a
    budget below 0.
    """
    if budget_cents is not None and not budget_cents >= 0:
        raise UserError(
            expected=msg("A budget must be 0 or more."),
            found=msg("The budget is {budget}.", budget=budget_cents / 100),
            to_do=msg("Correct the budget."),
        )
    plan = plan.copy()
    place = np.full(len(ranking.products), -1)  # of each product of the basis, its row in the plan
    at = ranking.products.get_indexer(plan.product_id)
    place[at] = np.arange(len(plan))
    own = plan.planner_order_units.notna().to_numpy()
    asleep = plan.snooze_until.notna().to_numpy()
    fixed = own | asleep if budget_cents is not None else np.ones(len(plan), bool)
    units = np.where(fixed | plan.order_units.isna(), plan.order_units, 0.0)
    price = plan.unit_cost_cents.where(plan.unit_cost_cents > 0).to_numpy()
    supplier, names = pd.factorize(plan.supplier)
    minimum = plan.supplier_minimum_cents.groupby(supplier).first().reindex(range(len(names))).to_numpy(np.float64)
    spent = np.bincount(supplier[supplier >= 0], np.nan_to_num(units * price)[supplier >= 0], len(names))
    wanted = np.bincount(supplier[(supplier >= 0) & own & (units > 0)], minlength=len(names)) > 0  # a planner decided to order there

    steps = ranking.steps
    free = place[steps.row] >= 0
    free &= ~(own | asleep)[place[steps.row]]
    worth = np.zeros(len(names))
    if budget_cents is None:  # what is suggested is bought already; its gain decides whether a top-up is worth it
        suggested = np.flatnonzero(free & ~steps.extra & (supplier[place[steps.row]] >= 0))
        worth += np.bincount(supplier[place[steps.row[suggested]]], steps.gain[suggested], len(names))
        ranked = np.bincount(steps.row[~steps.extra], steps.units[~steps.extra], len(place))[at]
        free &= steps.extra & (ranked == np.nan_to_num(units))[place[steps.row]]  # they follow what is bought
    steps = steps.of(free)
    row = place[steps.row]
    loose = float(np.nansum((units * price)[supplier < 0])) + spent.sum()
    money = np.inf if budget_cents is None else max(budget_cents - loose, 0.0)

    taken, reasons = _place(steps, supplier[row], np.nan_to_num(minimum), spent, worth, wanted, money)
    units += np.bincount(row[taken], steps.units[taken], len(plan))
    why = np.array(["", *DROPPED], dtype=object)[np.append(reasons, 0)[supplier]]
    units = np.where((why != "") & ~np.isnan(units), 0.0, units)
    plan["dropped"] = np.where((plan.suggested_order_units > 0) | (own & (plan.order_units > 0)), why, "")
    plan["top_up_units"] = np.bincount(row[taken & steps.extra], steps.units[taken & steps.extra], len(plan))
    plan["order_units"], plan["packs"] = units, units / plan.pack_size
    plan["line_cost_cents"] = pd.Series((units * price).round(), plan.index)
    ordered = np.bincount(at, np.nan_to_num(units), len(ranking.products))[ranking.rows]
    rates = np.full(len(ranking.products), np.nan)
    rates[ranking.rows] = ranking.policy.cycle.fill_rate(ranking.position + ordered)
    changed = ~own & ~np.isnan(units) & (units != plan.suggested_order_units) & ~np.isnan(rates[at])
    plan["fill_rate"] = np.where(changed, rates[at], plan.fill_rate)
    if budget_cents is None:
        return plan
    gain = np.bincount(row[taken], steps.gain[taken], len(plan)).round()
    plan["gain_cents"] = np.where(np.isin(np.arange(len(plan)), row[taken]), gain, np.nan)
    ratio = (plan.gain_cents / plan.line_cost_cents).to_numpy()
    rank_by = np.where(own & (units > 0), np.inf, np.where(np.isnan(ratio), -np.inf, ratio))
    return (
        plan.assign(rank_by=rank_by)
        .sort_values(["rank_by", "lost_margin_cents", "product_id"], ascending=[False, False, True], ignore_index=True)
        .drop(columns="rank_by")
    )


def _place(
    steps: Steps, supplier: np.ndarray, minimum: np.ndarray, spent: np.ndarray, worth: np.ndarray, wanted: np.ndarray, money: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which steps to take, (S,) bool, and why each supplier is dropped, (suppliers,): 0 = it isn't, else a place in DROPPED + 1.

    supplier (S,): of each step, -1 = unknown. Of the suppliers: minimum order value, money `spent` there already and what that is
    `worth`, and whether a planner wanted it. money: left for steps.
    """
    taken, reasons = np.zeros(len(steps.row), bool), np.zeros(len(minimum), np.int64)
    chain = len(minimum) + steps.row  # steps that need no minimum: each product for itself
    lumps, closed = {}, np.zeros(len(minimum), bool)
    need = np.maximum(minimum - spent, 0.0)
    for s in sorted(np.flatnonzero(need > 0), key=lambda s: not wanted[s]):
        mine = np.flatnonzero(supplier == s)
        if not spent[s] and not (~steps.extra[mine] & (steps.gain[mine] > 0)).any():
            closed[s] = True  # nothing to order there
            continue
        enough = steps.cost[mine[~steps.extra[mine]]].sum() >= need[s]
        lump = _up_to(steps, mine[~steps.extra[mine]] if enough else mine, need[s], money)
        gain = worth[s] + steps.gain[lump].sum()
        if not len(lump) or (gain <= 0 and not wanted[s]) or steps.cost[lump].sum() > money:
            reasons[s] = 1 if not len(lump) else 3 if steps.cost[lump].sum() > money else 2
            closed[s] = True
            money += spent[s]
        elif wanted[s] or spent[s]:
            taken[lump] = True
            money -= steps.cost[lump].sum()
        else:
            lumps[s] = lump
            chain[mine] = s
    ready = ~steps.extra & ~taken & ~np.append(closed, False)[supplier]  # an unknown supplier has the place -1
    parts = [lumps[s] for s in lumps]
    in_lump = np.zeros(len(steps.row), bool)
    for lump in parts:
        in_lump[lump] = True
    singles = np.flatnonzero(ready & ~in_lump & (steps.gain > 0))
    heads = np.array(list(lumps), np.int64)
    listed = Steps.ranked(
        np.concatenate([heads, chain[singles]]),
        np.concatenate([-1 - np.arange(len(parts)), singles]),  # which lump or step it is
        np.concatenate([[steps.cost[lump].sum() for lump in parts], steps.cost[singles]]),
        np.concatenate([[steps.gain[lump].sum() for lump in parts], steps.gain[singles]]),
        np.zeros(len(parts) + len(singles), bool),
    )
    for each in _affordable(listed, money):
        taken[parts[-1 - each] if each < 0 else each] = True
    for s, lump in lumps.items():
        if not taken[lump[0]]:
            reasons[s] = 3
    return taken, reasons


def _affordable(listed: Steps, money: float) -> Iterator[int]:
    """Yield the `units` of the steps that gain most for this money, chain (`row`) by chain in their order."""
    if not len(listed.row):
        return
    known, chain = np.unique(listed.row, return_inverse=True)
    step = pd.Series(chain).groupby(chain).cumcount().to_numpy()
    cut = BuyList(chain, step, np.ones(len(chain), np.int64), listed.cost, listed.gain, len(known)).cut(money)
    yield from listed.units[step < cut[chain]].astype(np.int64)


def _up_to(steps: Steps, mine: np.ndarray, need: float, money: float) -> np.ndarray:
    """Return those of the steps `mine`, by rank, that come to at least `need` with the best gain; [] where all together do not."""
    reached = np.cumsum(steps.cost[mine])
    if not len(mine) or reached[-1] < need:
        return mine[:0]
    lump = mine[: int(np.searchsorted(reached, need)) + 1]
    if steps.cost[lump].sum() > money >= need:  # a last large step is too dear: as much as the money covers, if that reaches the minimum
        row, most = steps.row[mine], 1 + np.abs(steps.gain[mine] / steps.cost[mine]).max()
        fits = mine[best_steps(row, steps.cost[mine], steps.gain[mine] + most * steps.cost[mine], money)]
        lump = fits if steps.cost[fits].sum() >= need else lump
    spare = steps.cost[lump].sum() - need
    kept, followed = np.ones(len(lump), bool), set()  # followed: products of which a later step is kept
    for i in range(len(lump) - 1, -1, -1):  # what the minimum does not need is left out again, the worst first
        cost, product = steps.cost[lump[i]], steps.row[lump[i]]
        if cost <= spare and product not in followed:
            kept[i] = False
            spare -= cost
        else:
            followed.add(product)
    return lump[kept]
