"""What ordering starts from: the shop's rules, what is known of each product, and what of it is missing or can't be true."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np

from core.capabilities.inventory.control.calendar import arriving, order_cycle
from core.errors import UserError
from core.messages import msg
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

STOCK_IS_FRESH_DAYS = 14

STOCK_UNKNOWN, STOCK_OUTDATED, STOCK_NEGATIVE = "stock unknown", "stock outdated", "stock below zero"
PACK_UNUSABLE, MINIMUM_ABOVE_MAXIMUM = "pack size not usable", "minimum above maximum"
NO_ORDER = (STOCK_UNKNOWN, STOCK_OUTDATED, STOCK_NEGATIVE, PACK_UNUSABLE, MINIMUM_ABOVE_MAXIMUM)  # the first that holds is the status

LEAD_TIME_MISSING, LEAD_TIME_UNUSABLE = "lead time missing", "lead time not usable"
COST_MISSING, COST_ABOVE_PRICE = "cost missing", "cost above price"
SHELF_LIFE_TOO_SHORT, DELIVERY_OVERDUE = "shelf life shorter than a review", "delivery overdue"
PROBLEMS = (*NO_ORDER, LEAD_TIME_MISSING, LEAD_TIME_UNUSABLE, COST_MISSING, COST_ABOVE_PRICE, SHELF_LIFE_TOO_SHORT, DELIVERY_OVERDUE)

CYCLE, FILL, SHOP, COST = "cycle", "fill", "shop", "cost"
TARGETS = (CYCLE, FILL, SHOP, COST)
PEAK_WEEKS = 60  # a year and a lead time: the same season has been seen
TIMES_THE_PEAK = 2.0


@dataclass(frozen=True)
class Rules:
    """How to order, for the whole shop.

    target              what the level promises: "cycle" = the share of each product's replenishment cycles, from one delivery to the next,
                        without a stock-out, "fill" = the share of each product's demand met from stock, "shop" = the share of the whole
                        shop's demand, met with the least money in stock, "cost" = the level at which one more unit costs as much as it
                        earns (service_level is not read)
    holding_cost_share  what a unit in stock costs a year, as a share of its unit cost
    """

    service_level: float = 0.95
    review_days: float = 7
    default_lead_time_days: float = 14.0
    target: str = CYCLE
    holding_cost_share: float = 0.25

    @classmethod
    def of(cls, settings) -> Rules:
        """Make the rules from a record with these fields: the shop's [inventory] settings."""
        return cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})

    def check(self) -> None:
        """Raise UserError for an invalid rule."""
        if self.target not in TARGETS:
            raise UserError(
                expected=msg("target must be one of {choices}.", choices=list(TARGETS)),
                found=msg('target is "{value}".', value=self.target),
                to_do=msg("Correct {setting} in [inventory].", setting="target"),
            )
        if not 0 < self.service_level < 1:
            raise UserError(
                expected=msg("A service level must be between 0 and 1, such as 0.95."),
                found=msg("The service level is {value}.", value=self.service_level),
                to_do=msg("Correct {setting} in [inventory].", setting="service_level"),
            )
        if self.review_days < 1:
            raise UserError(
                expected=msg("The review period must be at least 1 day."),
                found=msg("The review period is {days} days.", days=self.review_days),
                to_do=msg("Correct {setting} in [inventory].", setting="review_days"),
            )
        if self.default_lead_time_days < 0:
            raise UserError(
                expected=msg("A lead time must be 0 days or more."),
                found=msg("The lead time is {days} days.", days=self.default_lead_time_days),
                to_do=msg("Correct {setting} in [inventory].", setting="default_lead_time_days"),
            )
        if self.holding_cost_share < 0:
            raise UserError(
                expected=msg("The holding cost share must be 0 or more."),
                found=msg("The holding cost share is {value}.", value=self.holding_cost_share),
                to_do=msg("Correct {setting} in [inventory].", setting="holding_cost_share"),
            )


@dataclass(frozen=True)
class Terms:
    """What is known of n products, each field (n,) floats; NaN = not known.

    on_order is what arrives within the protection time, on_order_later what is due after it, on_order_overdue the part of on_order
    that should have come by now. service_level and review_days are a product's own, else the rules'; order_days as in calendar.py.
    peak_w1 ... are the most units wanted over any 1, 2, 4, 8, 13 weeks of the last PEAK_WEEKS, of a product that has been on sale for
    half of them.
    """

    on_hand: np.ndarray
    on_order: np.ndarray
    on_order_later: np.ndarray
    on_order_overdue: np.ndarray
    stock_age_days: np.ndarray
    lead_time_days: np.ndarray
    lead_time_sd_days: np.ndarray
    moq: np.ndarray
    pack_size: np.ndarray
    max_order: np.ndarray
    shelf_life_days: np.ndarray
    unit_cost_cents: np.ndarray
    price_cents: np.ndarray
    service_level: np.ndarray
    review_days: np.ndarray
    order_days: np.ndarray
    peak_w1: np.ndarray
    peak_w2: np.ndarray
    peak_w4: np.ndarray
    peak_w8: np.ndarray
    peak_w13: np.ndarray

    @classmethod
    def of(cls, n: int, **known) -> Terms:
        """Make the terms of n products from known values: arrays or numbers by field name."""
        unknown = sorted(known.keys() - {f.name for f in fields(cls)})
        if unknown:
            raise UserError(
                expected=msg("The order terms of a product are {terms}.", terms=[f.name for f in fields(cls)]),
                found=msg("Unknown order terms are given: {terms}.", terms=unknown),
                to_do=msg("Correct their names."),
            )
        return cls(**{f.name: np.broadcast_to(np.asarray(known.get(f.name, np.nan), dtype=np.float64), (n,)) for f in fields(cls)})

    def rows(self, which: np.ndarray) -> Terms:
        """Return the terms of some of the products: indices or a mask."""
        return Terms(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    def times(self, rules: Rules, as_of: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (lead time, wait, review), (n,) days each; their sum is the protection time. An invalid lead time is the rules'."""
        lead_time = np.where(self.lead_time_days > 0, self.lead_time_days, rules.default_lead_time_days)
        return lead_time, *order_cycle(as_of, self.order_days, resolved(self.review_days, rules.review_days))

    def receiving(self, product: np.ndarray, due_in_days: np.ndarray, units: np.ndarray, rules: Rules, as_of: date) -> Terms:
        """Return terms with the units on order split by due date, as in `arriving`, for products with open deliveries (m,).

        The other products keep their terms.
        """
        lead_time, wait, review = self.times(rules, as_of)
        of_deliveries = arriving(len(self.on_order), product, due_in_days, units, lead_time + wait + review)
        on_order, later, overdue = (
            np.where(np.isnan(due), known, due)
            for due, known in zip(of_deliveries, (self.on_order, self.on_order_later, self.on_order_overdue))
        )
        return replace(self, on_order=on_order, on_order_later=later, on_order_overdue=overdue)

    @property
    def batch(self) -> np.ndarray:
        """Return the smallest order (n,): whole packs that reach the minimum."""
        pack = np.where(self.pack_size > 0, self.pack_size, 1.0)
        return np.maximum(np.ceil(np.where(self.moq > 0, self.moq, 0.0) / pack - 1e-9), 1.0) * pack

    def problems(self, rules: Rules) -> dict[str, np.ndarray]:
        """Return name of a problem -> (n,) bool: products whose data are missing or invalid. Each of PROBLEMS has an entry.

        on_order, packs, minimum, maximum and shelf life may be missing: nothing on order, single units, no bounds.
        """
        return {
            STOCK_UNKNOWN: np.isnan(self.on_hand),
            STOCK_NEGATIVE: self.on_hand < 0,
            STOCK_OUTDATED: (self.on_hand >= 0) & (self.stock_age_days > STOCK_IS_FRESH_DAYS),
            PACK_UNUSABLE: self.pack_size <= 0,
            MINIMUM_ABOVE_MAXIMUM: self.batch > self.max_order,
            LEAD_TIME_MISSING: np.isnan(self.lead_time_days),
            LEAD_TIME_UNUSABLE: self.lead_time_days <= 0,
            COST_MISSING: ~(self.unit_cost_cents > 0),
            COST_ABOVE_PRICE: self.unit_cost_cents > self.price_cents,
            SHELF_LIFE_TOO_SHORT: self.shelf_life_days < resolved(self.review_days, rules.review_days),
            DELIVERY_OVERDUE: self.on_order_overdue > 0,
        }


def bounded(demand: np.ndarray, terms: Terms) -> np.ndarray:
    """Return the forecast (n, 5, 9) with upper quantiles at most TIMES_THE_PEAK times the most that was ever wanted in so many weeks.

    A forecast's far quantiles are multiples of a base that may contain one bulk order of a year ago, and can then exceed everything
    observed. The upper quartile is never bounded, since a rise may exceed every peak. Without a known peak, nothing changes.

    >>> demand = np.repeat(np.array([2, 4, 8, 16, 26.0])[:, None], 9, axis=1) * np.array([1, 1, 1, 1, 1.5, 3, 9, 30, 99])
    >>> bounded(demand[None], Terms.of(1, peak_w1=4, peak_w2=8, peak_w4=9, peak_w8=9, peak_w13=9))[0, [0, 4]]
    array([[ 2.,  2.,  2.,  2.,  3.,  6.,  8.,  8.,  8.],
           [26., 26., 26., 26., 39., 39., 39., 39., 39.]])
    """
    demand = np.asarray(demand, dtype=np.float64)
    peaks = np.stack([getattr(terms, f"peak_w{w}") for w in DEMAND_WEEKS], axis=1)
    most = np.maximum(TIMES_THE_PEAK * peaks, demand[:, :, DEMAND_LEVELS.index(0.75)])
    return np.minimum(demand, np.where(np.isnan(peaks), np.inf, most)[:, :, None])


def peaks(weekly: np.ndarray) -> dict[str, np.ndarray]:
    """Return peak_w1 ... of Terms from weekly units (n, weeks), oldest first; NaN with less than half of PEAK_WEEKS since the first sale.

    >>> {name: value.tolist() for name, value in peaks(np.array([[0.0] * 10 + [1, 5] + [2] * 50, [0.0] * 60 + [3, 9]])).items()}["peak_w2"]
    [7.0, nan]
    """
    recent = weekly[:, -PEAK_WEEKS:]
    total = np.cumsum(np.pad(recent, ((0, 0), (1, 0))), axis=1)
    sold = weekly > 0
    seasoned = sold.any(axis=1) & (weekly.shape[1] - sold.argmax(axis=1) >= PEAK_WEEKS / 2)
    longest = total.shape[1] - 1
    return {
        f"peak_w{w}": np.where(seasoned, (total[:, min(w, longest) :] - total[:, : longest + 1 - min(w, longest)]).max(axis=1), np.nan)
        for w in DEMAND_WEEKS
    }


def resolved(own: np.ndarray, rule: np.ndarray | float) -> np.ndarray:
    """Return each product's own value (n,), else the rule's."""
    return np.where(np.isnan(own), rule, own)
