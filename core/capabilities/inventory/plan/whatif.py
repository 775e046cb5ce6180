"""What-if: orders, stock and service under other service levels, lead times, demand or budgets, compared with the suggestions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.capabilities.inventory.control import horizon, suggest
from core.capabilities.inventory.plan.budget import rank, within
from core.capabilities.inventory.plan.table import Basis, make, received, total
from core.errors import UserError
from core.messages import msg
from core.schema import DEMAND_WEEKS


@dataclass(frozen=True)
class Scenario:
    """A scenario: what differs from now.

    service_level: of each product, None = as planned; lead_time, demand: as shares of today's, 1.5 = half as much again. Demand changes in
    every week, with its spread; the spread of lead times stays. promotion: the same only for the weeks promoted_from to promoted_to, both
    included, 1 = the first from now. budget_cents: money to spend, None = as much as is suggested.
    """

    service_level: float | None = None
    lead_time: float = 1.0
    demand: float = 1.0
    promotion: float = 1.0
    promoted_from: int = 1
    promoted_to: int = DEMAND_WEEKS[-1]
    budget_cents: float | None = None

    def check(self) -> None:
        """Raise UserError for an invalid scenario."""
        if self.service_level is not None and not 0 < self.service_level < 1:
            raise UserError(
                expected=msg("A service level must be between 0 and 1, such as 0.95."),
                found=msg("The service level is {value}.", value=self.service_level),
                to_do=msg("Correct the service level."),
            )
        for share in (self.lead_time, self.demand, self.promotion):
            if not share > 0:
                raise UserError(
                    expected=msg("Lead times and demand must be above 0% of today's."),
                    found=msg("One of them is {share} of today's.", share=f"{share:.0%}"),
                    to_do=msg("Correct the percentage."),
                )
        if not 1 <= self.promoted_from <= self.promoted_to <= DEMAND_WEEKS[-1]:
            raise UserError(
                expected=msg(
                    "A promotion starts in one of the weeks 1 to {last} and ends in the same or a later one.", last=DEMAND_WEEKS[-1]
                ),
                found=msg("The promotion lasts from week {first} to week {last}.", first=self.promoted_from, last=self.promoted_to),
                to_do=msg("Correct the weeks."),
            )
        if self.budget_cents is not None and not self.budget_cents >= 0:
            raise UserError(
                expected=msg("A budget must be 0 or more."),
                found=msg("The budget is {budget}.", budget=self.budget_cents / 100),
                to_do=msg("Correct the budget."),
            )


@dataclass(frozen=True)
class Outlook:
    """What some products come to; without a cost a product counts in neither sum of money (NaN where no cost is known), without a stock in
    no fill rate.

    average_stock_cents: safety stock, half an order's batch and half of a review's demand, what a shop that keeps to the levels has on its
    shelves on average;
    fill_rate: of the next cycle's demand, with the order; NaN where no stock is known.
    """

    to_order: int
    order_cost_cents: float
    average_stock_cents: float
    fill_rate: float


def outlook(basis: Basis, rows: np.ndarray, scenario: Scenario = Scenario()) -> Outlook:
    """Of the products `rows` (m,) of a basis. Planners' own quantities and snoozes don't count. Raises UserError for a bad scenario."""
    planned, units, money = _planned(basis, rows, scenario)
    protection = planned.lead_time_days + planned.wait_days + planned.review_days
    a_review = planned.expected_units * planned.review_days / protection
    left = (planned.reorder_point + planned.order_up_to_level) / 2 - planned.expected_units  # as the next delivery arrives
    cost, ordered = planned.unit_cost_cents.where(planned.unit_cost_cents > 0), planned[units] > 0
    known = planned.fill_rate.notna()
    return Outlook(
        to_order=int(ordered.sum()),
        order_cost_cents=total(planned[money][ordered]),
        average_stock_cents=total((left.clip(lower=0) + a_review / 2) * cost),
        fill_rate=float((planned.fill_rate * a_review)[known].sum() / a_review[known].sum()) if a_review[known].sum() > 0 else np.nan,
    )


def scenario_orders(basis: Basis, rows: np.ndarray, scenario: Scenario) -> pd.Series:
    """Return units to order by product_id under a scenario, of the products `rows` (m,); NaN where no order can be suggested."""
    planned, units, _money = _planned(basis, rows, scenario)
    return planned.set_index("product_id")[units]


def _planned(basis: Basis, rows: np.ndarray, scenario: Scenario) -> tuple[pd.DataFrame, str, str]:
    """Return the products as the scenario plans them, and the names of their columns of units and money."""
    scenario.check()
    basis = _under(basis, rows, scenario)
    if scenario.budget_cents is None:
        return basis.products, "suggested_order_units", "order_cost_cents"
    return within(make(basis, []), rank(basis), scenario.budget_cents), "order_units", "line_cost_cents"


def _under(basis: Basis, rows: np.ndarray, scenario: Scenario) -> Basis:
    """Return the basis of these products only, planned again where the scenario changes more than the budget."""
    terms, demand, products = basis.terms.rows(rows), basis.demand[rows], basis.products.iloc[rows].reset_index(drop=True)
    ahead = basis.ahead and basis.ahead.rows(rows)
    basis = replace(basis, products=products, terms=terms, demand=demand)
    if replace(scenario, budget_cents=None) != Scenario():
        demand = promoted(demand * scenario.demand, scenario.promotion, scenario.promoted_from, scenario.promoted_to)
        more = scenario.demand * max(scenario.promotion, 1.0)  # a new demand has new peaks
        terms = replace(
            terms,
            lead_time_days=terms.times(basis.rules, basis.as_of)[0] * scenario.lead_time,
            **{name: value * more for name, value in vars(terms).items() if name.startswith("peak_")},
        )
        if scenario.service_level is not None:
            terms = replace(terms, service_level=np.full(len(rows), scenario.service_level))
        terms = received(basis, terms, np.arange(len(rows)))
        ahead = horizon(demand, terms, basis.rules, basis.as_of)
        products = products.assign(**vars(suggest(demand, terms, basis.rules, basis.as_of, ahead)))
    return replace(basis, products=products, terms=terms, demand=demand, ahead=ahead)


def promoted(demand: np.ndarray, share: float, first: int, last: int) -> np.ndarray:
    """Return the forecast (n, 5, 9) with the demand of weeks first to last, both included, scaled by `share`; other weeks do not change.

    Between the forecast's weeks demand is even, as everywhere in core.capabilities.inventory.control.

    >>> steady = np.repeat(10.0 * np.array(DEMAND_WEEKS)[:, None], 9, axis=1)[None]
    >>> promoted(steady, 1.5, 3, 4)[0, :, 0]  # ten more in these two weeks
    array([ 10.,  20.,  50.,  90., 140.])
    """
    knots, path = np.array([0, *DEMAND_WEEKS]), np.pad(demand, ((0, 0), (1, 0), (0, 0)))

    def until(week: int) -> np.ndarray:
        after = max(int(np.searchsorted(knots, week)), 1)
        way = (week - knots[after - 1]) / (knots[after] - knots[after - 1])
        return path[:, after - 1] + way * (path[:, after] - path[:, after - 1])

    reached = [until(min(week, last)) - until(min(week, first - 1)) for week in DEMAND_WEEKS]
    found = demand + (share - 1) * np.stack(reached, axis=1)
    return np.maximum.accumulate(np.maximum.accumulate(found, axis=2), axis=1)
