"""When each known customer bought, and what that says on a day about whether the customer comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.capabilities.at_risk import lifetimes

HORIZON = 90  # days without an order that count as leaving
ACTIVE = 365  # days: who bought nothing for longer has left already
SPANS = (30, 60, 90, 180, 365)
# features by what they say, in the order in which reasons are named
GROUPS = {
    "gap": ("days_since", "root_days_since", "overdue"),
    "frequency": ("expected", "log_expected", "orders", *(f"orders_{days}d" for days in SPANS), "usual_gap", "gap_spread", "same_season"),
    "first_order": ("bought_once", "no_gap", "days_known"),
    "value": ("spent", "products_an_order"),
    "returns": ("returns",),
    "reviews": ("bad_review", "reviewed"),
    "stock": ("out_of_stock",),
}
FEATURES = tuple(name for names in GROUPS.values() for name in names)


@dataclass(frozen=True)
class History:
    """All arrays sorted by customer and day.

    orders   customer, day, cents (net of discounts), products, returned (bool): one row a customer and day with a purchase
    reviews  customer, day, rating (a share of the shop's scale, 0 to 1)
    missing  customer, day: a product that the customer had bought was out of stock on that day
    """

    orders: pd.DataFrame
    reviews: pd.DataFrame
    missing: pd.DataFrame
    customers: int
    _known: dict[int, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)  # features by day, which several fits read

    def bought(self, after: int, until: int) -> np.ndarray:
        """Return (customers,) whether each one bought after a day, until another."""
        found = np.zeros(self.customers, bool)
        found[self.orders.customer[(self.orders.day > after) & (self.orders.day <= until)]] = True
        return found

    def season(self, day: int) -> float | None:
        """Return how many customers bought in the 90 days after the same day a year ago, for each who bought in the 90 days before it;
        None where the data do not reach back so far."""
        year_ago = day - 364
        if year_ago - HORIZON < self.orders.day.min() - 7:
            return None
        before = self.bought(year_ago - HORIZON, year_ago).sum()
        return float(self.bought(year_ago, year_ago + HORIZON).sum() / before) if before else None

    def features(self, day: int) -> pd.DataFrame:
        """Return the features of every customer who bought in the year up to a day, by customer; reads nothing after it."""
        if day not in self._known:
            self._known[day] = self._features(day)
        return self._known[day]

    def _features(self, day: int) -> pd.DataFrame:
        known = self.orders[self.orders.day <= day]
        by = known.groupby("customer")
        found = pd.DataFrame({"first": by.day.min(), "last": by.day.max(), "n": by.day.size(), "cents": by.cents.sum()})
        found["returned"], found["products"] = by.returned.sum(), by.products.mean()
        gaps = known.day.diff().where(known.customer.eq(known.customer.shift()))
        spread = gaps.groupby(known.customer).agg(["mean", "std"])
        recent = {days: known[known.day > day - days].groupby("customer").size() for days in (*SPANS, HORIZON)}
        year_ago = known[(known.day > day - 364) & (known.day <= day - 364 + HORIZON)].groupby("customer").size()
        since, age, seen, repeats = day - found["last"], day - found["first"], found["last"] - found["first"], found.n - 1
        fitted = lifetimes.fit(repeats.to_numpy(), seen.to_numpy(), age.to_numpy())
        expected = fitted.expected(repeats.to_numpy(float), seen.to_numpy(float), age.to_numpy(float), HORIZON)

        def counted(rows: pd.Series) -> pd.Series:
            return np.log1p(rows.reindex(found.index).fillna(0))

        reviews = self.reviews[(self.reviews.day <= day) & (self.reviews.day > day - ACTIVE)].groupby("customer").rating.last()
        missing = self.missing[(self.missing.day <= day) & (self.missing.day > day - HORIZON)].groupby("customer").size()
        made = pd.DataFrame(
            {
                "days_since": np.log1p(since),
                "root_days_since": np.sqrt(since),
                "overdue": np.log1p(since / (spread["mean"].reindex(found.index).fillna(since + 30) + 5)),
                "expected": np.log1p(expected),
                "log_expected": np.log(expected + 1e-3),
                "orders": np.log1p(found.n),
                **{f"orders_{days}d": counted(recent[days]) for days in SPANS},
                "usual_gap": np.log1p(spread["mean"].reindex(found.index).fillna(400)),
                "gap_spread": np.log1p(spread["std"].reindex(found.index).fillna(0)),
                "same_season": counted(year_ago),
                "bought_once": (found.n == 1).astype(float),
                "no_gap": spread["mean"].reindex(found.index).isna().astype(float),
                "days_known": age / 365,
                "spent": np.log1p(found.cents.clip(lower=0) / 100),
                "products_an_order": np.log1p(found.products),
                "returns": np.log1p(found.returned),
                "bad_review": (reviews.reindex(found.index) <= 0.5).astype(float),
                "reviewed": reviews.reindex(found.index).notna().astype(float),
                "out_of_stock": counted(missing),
            }
        )
        return made.loc[since < ACTIVE, list(FEATURES)]

    def value(self, day: int, customers: np.ndarray) -> np.ndarray:
        """Return what each customer spends in 90 days, in cents: the mean of the last year, or of the time known where that is shorter."""
        recent = self.orders[(self.orders.day > day - ACTIVE) & (self.orders.day <= day)].groupby("customer").cents.sum()
        first = self.orders.groupby("customer").day.min()
        days = (day - first.reindex(customers)).clip(HORIZON, ACTIVE)
        return (recent.reindex(customers).fillna(0).clip(lower=0) * HORIZON / days).to_numpy()
