"""The plan and the forecast in money: what likely risers may bring, what stock-outs put at risk, what excess stock ties up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.capabilities.inventory.control import Distribution
from core.capabilities.inventory.plan.table import BETWEEN_10_AND_90, Basis, total
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

MONTH = DEMAND_WEEKS.index(4)
Z_80 = BETWEEN_10_AND_90 / 2  # half of an 80% range, in standard deviations


@dataclass(frozen=True)
class Amount:
    """An amount in cents with its 80% range, over `products`, of which `unknown` more have no price or cost. NaN where all are unknown."""

    cents: float
    low: float
    high: float
    products: int
    unknown: int


def extra(basis: Basis, own_units: pd.Series, chosen: pd.Index) -> tuple[Amount, Amount]:
    """Return revenue and margin that products are expected to bring in 4 weeks beyond their own usual rate.

    own_units: units in 4 weeks at each product's own rate, by product_id; chosen: the product_ids to add up. The mean of each product's
    forecast counts. Ranges take the products' forecast errors as independent, so a campaign or a bad month for all of them is outside.
    """
    rows = np.flatnonzero(basis.products.product_id.isin(chosen))
    month = basis.demand[rows, MONTH]
    more = Distribution(month).mean - own_units.reindex(basis.products.product_id.iloc[rows]).to_numpy(np.float64)
    spread = (month[:, DEMAND_LEVELS.index(0.9)] - month[:, DEMAND_LEVELS.index(0.1)]) / BETWEEN_10_AND_90
    price, cost = basis.terms.price_cents[rows], basis.terms.unit_cost_cents[rows]
    return _amount(more, spread, price), _amount(more, spread, np.where(cost > 0, price - cost, np.nan))


def _amount(units: np.ndarray, spread: np.ndarray, each: np.ndarray) -> Amount:
    """units, spread, each (n,): expected units, their standard deviation, cents a unit; NaN where not known."""
    known = ~np.isnan(units * each)
    if len(units) and not known.any():
        return Amount(np.nan, np.nan, np.nan, 0, len(units))
    middle = float((units * each)[known].sum())
    half = Z_80 * float(np.sqrt(((spread * each)[known] ** 2).sum()))
    return Amount(middle, middle - half, middle + half, int(known.sum()), int((~known).sum()))


def at_risk(plan: pd.DataFrame) -> Amount:
    """Return the expected margin lost if the orders that are due wait for the next plan."""
    return _sum(plan[plan.order_units > 0].lost_margin_cents)


def excess(plan: pd.DataFrame) -> Amount:
    """Return the cost of the stock beyond the likely demand of the next quarter."""
    return _sum(plan[plan.excess_units > 0].excess_cost_cents)


def gain(bought: pd.DataFrame) -> Amount:
    """Return what the suggested orders are expected to gain over ordering nothing, less holding costs. bought: a plan within a budget."""
    return _sum(bought[(bought.order_units > 0) & bought.planner_order_units.isna()].gain_cents)


def _sum(cents: pd.Series) -> Amount:
    whole = total(cents)
    return Amount(whole, np.nan, np.nan, int(cents.notna().sum()), int(cents.isna().sum()))
