"""Spend a budget: the planner's own quantities first, then packs of the suggested orders by money gained per money spent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.capabilities.inventory.control import ORDER_NOW, BuyList, Levels, buy_list, levels
from core.capabilities.inventory.plan.table import Basis

YEAR_WEEKS = 365.25 / 7
NEXT_TO_NOTHING = 1e-6  # share of a unit's cost: where holding costs nothing, a unit left over is still no gain


@dataclass(frozen=True)
class Ranking:
    """The suggested orders of a basis, in steps: a product's minimum order, then packs up to its suggestion.

    products: the basis' product_ids; rows (m,): those to order with known cost and margin; steps: of these m; policy, position (m,),
    pack (m,): theirs.
    """

    products: pd.Index
    rows: np.ndarray
    steps: BuyList
    policy: Levels
    position: np.ndarray
    pack: np.ndarray


def rank(basis: Basis) -> Ranking:
    """Rank the suggested orders of the basis. A unit short loses its margin, a unit left over is held over the protection time."""
    products, cost = basis.products, basis.terms.unit_cost_cents
    rows = np.flatnonzero((products.status == ORDER_NOW) & (cost > 0) & (basis.terms.price_cents > cost))
    terms = basis.terms.rows(rows)
    policy = levels(basis.demand[rows], terms, basis.rules, basis.as_of)
    years = (policy.lead_time + policy.wait + policy.review) / YEAR_WEEKS
    position, most = (products[name].to_numpy(np.float64)[rows] for name in ("inventory_position", "suggested_order_units"))
    pack = np.where(terms.pack_size > 0, terms.pack_size, 1.0)
    steps = buy_list(
        policy.cycle.protection,
        position=position,
        margin=terms.price_cents - terms.unit_cost_cents,
        overage_cost=np.maximum(basis.rules.holding_cost_share * years, NEXT_TO_NOTHING) * terms.unit_cost_cents,
        unit_cost=terms.unit_cost_cents,
        moq=terms.moq,
        pack_size=pack,
        maximum=most,
    )
    return Ranking(pd.Index(products.product_id), rows, steps, policy, position, pack)


def within(plan: pd.DataFrame, ranking: Ranking, budget_cents: float) -> pd.DataFrame:
    """Return the plan (core.capabilities.inventory.plan.make) that `budget_cents` covers.

    order_units, packs, line_cost_cents and fill_rate are those of the purchased quantities. gain_cents is the expected gain over buying
    nothing, empty for a planner's own quantity.

    Planners' own quantities come first, whatever they cost; then suggested orders by money gained per money spent from the rest of the
    budget. Snoozed products and products that cannot be ranked are not bought. Raises UserError for a budget below 0.
    """
    plan = plan.copy()
    place = np.full(len(ranking.products), -1)
    place[ranking.products.get_indexer(plan.product_id)] = np.arange(len(plan))
    place = place[ranking.rows]  # of each ranked product, its row in the plan
    own = plan.planner_order_units.notna().to_numpy()
    free = ~(own | plan.snooze_until.notna().to_numpy())[place]
    spent = plan.line_cost_cents[own].sum()
    kept = free[ranking.steps.product]
    steps = replace(ranking.steps, **{name: getattr(ranking.steps, name)[kept] for name in ("product", "step", "packs", "cost", "gain")})
    packs = steps.cut(budget_cents if budget_cents < 0 else max(budget_cents - spent, 0.0))

    listed = pd.DataFrame({"product": steps.product, "packs": steps.packs, "gain": steps.gain})
    taken = listed[listed.groupby("product").packs.cumsum() <= packs[listed["product"]]]
    gain = taken.groupby("product").gain.sum()
    units = np.where(own, plan.order_units, np.where(plan.order_units > 0, 0.0, plan.order_units))
    units[place[free]] = (packs * ranking.pack)[free]
    plan["order_units"] = units
    plan["packs"] = plan.order_units / plan.pack_size
    plan["line_cost_cents"] = (plan.order_units * plan.unit_cost_cents.where(plan.unit_cost_cents > 0)).round()
    rates = plan.fill_rate.to_numpy(copy=True)
    rates[place[free]] = ranking.policy.cycle.fill_rate(ranking.position + packs * ranking.pack)[free]
    plan["fill_rate"] = rates
    plan.iloc[place[gain.index], plan.columns.get_loc("gain_cents")] = gain.round().to_numpy()
    ratio = (plan.gain_cents / plan.line_cost_cents).to_numpy()
    worth = np.where(own & (units > 0), np.inf, np.where(np.isnan(ratio), -np.inf, ratio))
    return (
        plan.assign(worth=worth)
        .sort_values(["worth", "lost_margin_cents", "product_id"], ascending=[False, False, True], ignore_index=True)
        .drop(columns="worth")
    )
