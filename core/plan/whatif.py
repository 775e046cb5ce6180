"""What would be ordered, held and met if service levels, lead times or demand were others: suggestions beside suggestions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.errors import UserError
from core.inventory import suggest
from core.plan.table import Basis


@dataclass(frozen=True)
class Scenario:
    """service_level: of each product, None = as planned; lead_time, demand: as shares of today's, 1.5 = half as much again. The demand
    is that of every week, with its spread; the spread of lead times stays."""

    service_level: float | None = None
    lead_time: float = 1.0
    demand: float = 1.0

    def check(self) -> None:
        """Raises UserError for what makes no sense."""
        if self.service_level is not None and not 0 < self.service_level < 1:
            raise UserError("a service level between 0 and 1, such as 0.95", str(self.service_level), "correct it")
        for share in (self.lead_time, self.demand):
            if not share > 0:
                raise UserError("lead times and demand above 0% of now", f"{share:.0%}", "correct it")


@dataclass(frozen=True)
class Outlook:
    """What some products come to; without a cost a product counts in neither sum of money, without a stock in no fill rate.

    average_stock_cents: safety stock and half of a review's demand, what a shop that keeps to the levels has on its shelves on average;
    fill_rate: of the next cycle's demand, with the order; NaN where no stock is known.
    """

    to_order: int
    order_cost_cents: float
    average_stock_cents: float
    fill_rate: float


def outlook(basis: Basis, rows: np.ndarray, scenario: Scenario = Scenario()) -> Outlook:
    """Of the products `rows` (m,) of a basis. Planners' own quantities and snoozes don't count. Raises UserError for a bad scenario."""
    scenario.check()
    terms = basis.terms.rows(rows)
    planned = basis.products.iloc[rows] if scenario == Scenario() else _planned(basis, rows, scenario)
    protection = planned.lead_time_days + planned.wait_days + planned.review_days
    a_review = planned.expected_units * planned.review_days / protection
    cost = np.where(terms.unit_cost_cents > 0, terms.unit_cost_cents, 0.0)
    known = planned.fill_rate.notna()
    return Outlook(
        to_order=int((planned.suggested_order_units > 0).sum()),
        order_cost_cents=float(planned.order_cost_cents.sum()),
        average_stock_cents=float(((planned.safety_stock.clip(lower=0) + a_review / 2) * cost).sum()),
        fill_rate=float((planned.fill_rate * a_review)[known].sum() / a_review[known].sum()) if a_review[known].sum() > 0 else np.nan)


def _planned(basis: Basis, rows: np.ndarray, scenario: Scenario) -> pd.DataFrame:
    terms = basis.terms.rows(rows)
    terms = replace(terms, lead_time_days=terms.times(basis.rules, basis.as_of)[0] * scenario.lead_time, **{
        name: value * scenario.demand for name, value in vars(terms).items() if name.startswith("peak_")})  # a new demand has new peaks
    if scenario.service_level is not None:
        terms = replace(terms, service_level=np.full(len(rows), scenario.service_level))
    return pd.DataFrame(vars(suggest(basis.demand[rows] * scenario.demand, terms, basis.rules, basis.as_of)))
