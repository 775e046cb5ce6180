"""What to order today: the (R, s, nQ) system on arrays, one row a product.

Sources. Snyder & Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 4; Silver, Pyke & Thomas, *Inventory and Production
Management in Supply Chains* (4th ed.), chapter 6 (periodic review, lead times that vary); Hadley & Whitin (1963), chapter 5 (the
(R, s, nQ) system: after each review the position is spread evenly over (s, s + Q]).

Every R days the *inventory position* (on hand + what of the orders arrives in time) is looked at. At or below the *reorder point* s it is
raised above s by whole packs, at least the supplier's minimum. An order that is not placed now can only be placed R later and arrives a
lead time L after that, so s has to last for L + R: the *protection time*. A supplier that takes orders on certain weekdays makes it
longer: by the wait W until the order of today can go out, and by R that ends on an order day (calendar.py). With single units this is
the base-stock system (R, S) with S = s + 1; a big pack or minimum Q makes it (R, s, S) with S = s + Q, and the stock that Q brings
along counts towards the service, so that s is lower.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from core.errors import UserError
from core.inventory.calendar import last_order_day, next_order_day, order_cycle
from core.inventory.distribution import (
    MAX_COVER_WEEKS, Distribution, cover_weeks, mean_path, over, over_lead_time, weeks_until,
)
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

STOCK_IS_FRESH_DAYS = 14
POINTS = 3  # of (s, s + Q] at which a fill rate is averaged
HALVINGS = 22

ORDER_NOW, ENOUGH = "order now", "enough"
STOCK_UNKNOWN, STOCK_OUTDATED, STOCK_NEGATIVE = "stock unknown", "stock outdated", "stock below zero"
PACK_UNUSABLE, MINIMUM_ABOVE_MAXIMUM = "pack size not usable", "minimum above maximum"
NO_ORDER = (STOCK_UNKNOWN, STOCK_OUTDATED, STOCK_NEGATIVE, PACK_UNUSABLE, MINIMUM_ABOVE_MAXIMUM)  # the first that holds is the status
STATUSES = (ORDER_NOW, ENOUGH, *NO_ORDER)

LEAD_TIME_MISSING, LEAD_TIME_UNUSABLE = "lead time missing", "lead time not usable"
COST_MISSING, COST_ABOVE_PRICE = "cost missing", "cost above price"
SHELF_LIFE_TOO_SHORT, DELIVERY_OVERDUE = "shelf life shorter than the protection time", "delivery overdue"
PROBLEMS = (*NO_ORDER, LEAD_TIME_MISSING, LEAD_TIME_UNUSABLE, COST_MISSING, COST_ABOVE_PRICE, SHELF_LIFE_TOO_SHORT, DELIVERY_OVERDUE)

CYCLE, FILL, SHOP, COST = "cycle", "fill", "shop", "cost"
TARGETS = (CYCLE, FILL, SHOP, COST)
COST_LEVELS = (0.5, 0.995)  # a critical ratio outside of these would rest on quantiles that no forecast knows
SHOP_LEVELS = (0.3, 0.999)
PEAK_WEEKS = 60  # a year and a lead time: the same season has been seen
TIMES_THE_PEAK = 2.0


@dataclass(frozen=True)
class Rules:
    """How to order, for the whole shop.

    target              what the level promises: "cycle" = the share of each product's review cycles without a stock-out, "fill" = the share
                        of each product's demand met from stock, "shop" = the share of the whole shop's demand, met with the least money in
                        stock, "cost" = the level at which one more unit costs as much as it earns (service_level is not read)
    holding_cost_share  what a unit in stock costs a year, as a share of its unit cost
    """

    service_level: float = 0.95
    review_days: float = 7
    default_lead_time_days: float = 14.0
    target: str = CYCLE
    holding_cost_share: float = 0.25

    @classmethod
    def of(cls, settings) -> "Rules":
        """From a record that has these fields among others: the shop's [inventory] settings."""
        return cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})

    def check(self) -> None:
        """Raises UserError for what makes no sense."""
        if self.target not in TARGETS:
            raise UserError(f"target as one of {', '.join(TARGETS)}", repr(self.target), "correct target in [inventory]")
        if not 0 < self.service_level < 1:
            raise UserError("a service level between 0 and 1, such as 0.95", str(self.service_level), "correct service_level in [inventory]")
        if self.review_days < 1:
            raise UserError("at least 1 day between reviews", str(self.review_days), "correct review_days in [inventory]")
        if self.default_lead_time_days < 0:
            raise UserError("a lead time of 0 days or more", str(self.default_lead_time_days),
                            "correct default_lead_time_days in [inventory]")
        if self.holding_cost_share < 0:
            raise UserError("a holding cost of 0 or more", str(self.holding_cost_share), "correct holding_cost_share in [inventory]")


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
    def of(cls, n: int, **known) -> "Terms":
        """Terms of n products from what is known: arrays or numbers by field name."""
        unknown = sorted(known.keys() - {f.name for f in fields(cls)})
        if unknown:
            raise UserError(f"terms among {', '.join(f.name for f in fields(cls))}", ", ".join(unknown), "correct their names")
        return cls(**{f.name: np.broadcast_to(np.asarray(known.get(f.name, np.nan), dtype=np.float64), (n,)) for f in fields(cls)})

    def rows(self, which: np.ndarray) -> "Terms":
        """Those of some of the products: indices or a mask."""
        return Terms(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    def times(self, rules: Rules, as_of: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(lead time, wait, review), (n,) days each; their sum is the protection time. A lead time that can't be used is the rules'."""
        lead_time = np.where(self.lead_time_days > 0, self.lead_time_days, rules.default_lead_time_days)
        return lead_time, *order_cycle(as_of, self.order_days, _resolved(self.review_days, rules.review_days))

    @property
    def batch(self) -> np.ndarray:
        """The smallest order (n,): whole packs that reach the minimum."""
        pack = np.where(self.pack_size > 0, self.pack_size, 1.0)
        return np.maximum(np.ceil(np.where(self.moq > 0, self.moq, 0.0) / pack - 1e-9), 1.0) * pack

    def problems(self, rules: Rules) -> dict[str, np.ndarray]:
        """Name of a problem -> (n,) bool: whose data miss something, or can't be true. Each of PROBLEMS has an entry.

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
            SHELF_LIFE_TOO_SHORT: self.shelf_life_days < _resolved(self.review_days, rules.review_days),
            DELIVERY_OVERDUE: self.on_order_overdue > 0,
        }


@dataclass(frozen=True)
class Levels:
    """The policy of n products, (n,) each. lead_time, wait, review: weeks; batch: the units Q by which it orders; protection: demand over
    L + W + R, before_delivery over L + W."""

    lead_time: np.ndarray
    lead_time_sd: np.ndarray
    wait: np.ndarray
    review: np.ndarray
    service_level: np.ndarray
    batch: np.ndarray
    protection: Distribution
    before_delivery: Distribution
    reorder_point: np.ndarray
    order_up_to_level: np.ndarray


@dataclass(frozen=True)
class Suggestions:
    """One entry a product, as the serving table of the same name; NaN, NaT where the status leaves no answer."""

    status: np.ndarray
    on_hand: np.ndarray
    on_order: np.ndarray
    inventory_position: np.ndarray
    lead_time_days: np.ndarray
    lead_time_assumed: np.ndarray
    wait_days: np.ndarray  # until the supplier can be ordered from
    review_days: np.ndarray  # from there to the next plan's order
    service_level: np.ndarray
    safety_stock: np.ndarray  # what is expected to be left when the next delivery arrives: s + Q/2 - E[demand over L + R]
    reorder_point: np.ndarray
    order_up_to_level: np.ndarray
    suggested_order_units: np.ndarray
    order_by: np.ndarray
    cover_weeks: np.ndarray
    order_cost_cents: np.ndarray
    stockout_probability: np.ndarray  # that the position runs out before an order of the next review could arrive
    lost_margin_cents: np.ndarray  # expected, if the suggested order waits for the next review
    fill_rate: np.ndarray  # expected share of the next cycle's demand met from stock, with the suggested order
    excess_units: np.ndarray  # of the position, beyond what the next EXCESS_WEEKS after the protection time are likely to use
    excess_cost_cents: np.ndarray


EXCESS_WEEKS, EXCESS_LEVEL = 13, 0.9


def levels(demand: np.ndarray, terms: Terms, rules: Rules, as_of: date) -> Levels:
    """Reorder point and order-up-to level of n products; `demand` (n, 5, 9) is the forecast of what follows `as_of`. See `suggest`."""
    rules.check()
    demand = bounded(demand, terms)
    if not np.isfinite(demand).all():
        raise UserError("a demand forecast in numbers", "NaN or infinite quantiles", "train the model again")
    lead_time, wait, review = (days / 7 for days in terms.times(rules, as_of))
    sd = np.where(terms.lead_time_sd_days > 0, terms.lead_time_sd_days, 0.0) / 7
    batch = terms.batch
    before, protection = over_lead_time(demand, lead_time, sd, wait), over_lead_time(demand, lead_time, sd, wait + review)
    if rules.target == COST:
        margin = np.where(terms.price_cents > terms.unit_cost_cents, terms.price_cents - terms.unit_cost_cents, np.nan)
        holding = rules.holding_cost_share * terms.unit_cost_cents * review / 52
        level = np.clip(np.divide(margin, margin + holding), *COST_LEVELS)
        level = np.where(np.isnan(level), rules.service_level, level)
    elif rules.target == SHOP:
        level = _resolved(terms.service_level, _shop_levels(protection, before, terms.unit_cost_cents, rules.service_level))
    else:
        level = _resolved(terms.service_level, rules.service_level)
    if rules.target == FILL:
        service = lambda s: _fill_rate(protection, before, s, batch)  # noqa: E731
    else:  # the mean of P(demand <= y) over y in (s, s + Q], which is what the loss function falls by
        service = lambda s: 1 - (protection.short(s) - protection.short(s + batch)) / batch  # noqa: E731
    reorder_point = _least(service, level, protection, batch)
    # goods that outlive their shelf would be thrown away: no more than what is likely to sell until then
    lasts = np.where(terms.shelf_life_days >= 0, terms.shelf_life_days, np.inf).clip(max=7 * 520) / 7
    sells = over(demand, lead_time + wait + lasts).at(0.5)
    reorder_point = np.where(terms.shelf_life_days >= 0, np.minimum(reorder_point, np.maximum(sells - batch, 0.0)), reorder_point)
    return Levels(lead_time, sd, wait, review, level, batch, protection, before, reorder_point, reorder_point + batch)


def suggest(demand: np.ndarray, terms: Terms, rules: Rules, as_of: date) -> Suggestions:
    """Levels for every product, and an order for each whose stock is known.

    `demand` is (n, 5, 9). What is not known, or can't be true, is named by `Terms.problems`; those of NO_ORDER become the status and
    leave levels without an order. A lead time that is missing, 0 or less is the rules' default, with lead_time_assumed; a missing
    cost leaves the order without one. Raises UserError for rules that make no sense, or demand that is not finite.

    >>> from scipy.special import ndtri
    >>> from core.schema import DEMAND_LEVELS
    >>> weeks = np.array(DEMAND_WEEKS)
    >>> demand = 10 * weeks[:, None] + 4 * np.sqrt(weeks)[:, None] * ndtri(DEMAND_LEVELS)  # 10 a week, standard deviation 4
    >>> terms = Terms.of(1, on_hand=20, lead_time_days=21, pack_size=12, unit_cost_cents=250)
    >>> s = suggest(demand[None], terms, Rules(), date(2011, 11, 6))
    >>> print(s.status[0], round(s.reorder_point[0], 1), round(s.safety_stock[0], 1), round(s.order_up_to_level[0], 1))
    order now 48.3 14.3 60.3
    >>> print(s.suggested_order_units[0], s.order_cost_cents[0], s.cover_weeks[0], s.order_by[0])  # above 48.3 = 3 packs of 12
    36.0 9000.0 2.0 2011-11-06
    """
    demand = bounded(demand, terms)
    policy, problems = levels(demand, terms, rules, as_of), terms.problems(rules)
    on_order = np.where(terms.on_order > 0, terms.on_order, 0.0)
    position = np.where(terms.on_hand >= 0, terms.on_hand + on_order, np.nan)
    fresh = ~(problems[STOCK_UNKNOWN] | problems[STOCK_NEGATIVE] | problems[STOCK_OUTDATED])
    due = fresh & (position <= policy.reorder_point) & (policy.protection.knots[:, -1] > 0)
    held = {name: problems[name] & (due if name in (PACK_UNUSABLE, MINIMUM_ABOVE_MAXIMUM) else True) for name in NO_ORDER}
    status = np.select([*held.values(), due], [*held, ORDER_NOW], ENOUGH).astype(object)
    units = order_units(policy.reorder_point - position, np.where(terms.pack_size > 0, terms.pack_size, 1.0), terms.moq, terms.max_order)
    units = np.where(status == ORDER_NOW, units, np.where(status == ENOUGH, 0.0, np.nan))
    known = np.where(fresh, position, np.nan)
    safety_stock = policy.reorder_point + policy.batch / 2 - policy.protection.mean
    cost = np.where(terms.unit_cost_cents > 0, terms.unit_cost_cents, np.nan)
    margin = np.where(terms.price_cents > cost, terms.price_cents - cost, np.nan)
    after = known + np.where(np.isnan(units), 0.0, units)
    waiting, ordered = _lacking(policy, known), _lacking(policy, after)
    wanted = np.maximum(policy.protection.mean - policy.before_delivery.mean, 1e-9)
    likely = over_lead_time(demand, policy.lead_time, policy.lead_time_sd, policy.wait + policy.review + EXCESS_WEEKS).at(EXCESS_LEVEL)
    excess = np.floor(np.maximum(known - np.maximum(likely, policy.order_up_to_level), 0.0))
    return Suggestions(
        status=status,
        on_hand=terms.on_hand,
        on_order=np.where(np.isnan(terms.on_hand), np.nan, on_order),
        inventory_position=position,
        lead_time_days=policy.lead_time * 7,
        lead_time_assumed=problems[LEAD_TIME_MISSING] | problems[LEAD_TIME_UNUSABLE],
        wait_days=policy.wait * 7,
        review_days=policy.review * 7,
        service_level=policy.service_level,
        safety_stock=safety_stock,
        reorder_point=policy.reorder_point,
        order_up_to_level=policy.order_up_to_level,
        suggested_order_units=units,
        order_by=order_by(demand, known, np.maximum(safety_stock, 0.0), policy.lead_time * 7, as_of, terms.order_days),
        cover_weeks=cover_weeks(demand, known),
        order_cost_cents=np.round(units * cost),
        stockout_probability=np.where(fresh, 1 - policy.protection.reaches(np.where(fresh, position, 0.0)), np.nan),
        lost_margin_cents=np.round((waiting - ordered) * margin),
        fill_rate=1 - ordered / wanted,
        excess_units=excess,
        excess_cost_cents=np.round(excess * cost),
    )


def bounded(demand: np.ndarray, terms: Terms) -> np.ndarray:
    """The forecast (n, 5, 9) with upper quantiles at most TIMES_THE_PEAK times the most that was ever wanted in so many weeks.

    A forecast's far quantiles are ratios to a base that may hold one bulk order of a year ago, and then speak of what was never seen. The
    upper quartile is always believed: a rise may outgrow every peak. Where no peak is known nothing is changed.

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
    """peak_w1 ... of Terms from weekly units (n, weeks), oldest first; NaN with less than half of PEAK_WEEKS since the first sale.

    >>> {name: value.tolist() for name, value in peaks(np.array([[0.0] * 10 + [1, 5] + [2] * 50, [0.0] * 60 + [3, 9]])).items()}["peak_w2"]
    [7.0, nan]
    """
    recent = weekly[:, -PEAK_WEEKS:]
    total = np.cumsum(np.pad(recent, ((0, 0), (1, 0))), axis=1)
    sold = weekly > 0
    seasoned = sold.any(axis=1) & (weekly.shape[1] - sold.argmax(axis=1) >= PEAK_WEEKS / 2)
    longest = total.shape[1] - 1
    return {f"peak_w{w}": np.where(seasoned, (total[:, min(w, longest):] - total[:, :longest + 1 - min(w, longest)]).max(axis=1), np.nan)
            for w in DEMAND_WEEKS}


def order_units(missing: np.ndarray, pack_size: np.ndarray, moq: np.ndarray, max_order: np.ndarray) -> np.ndarray:
    """The least whole packs above `missing` units, at least `moq`, at most `max_order`; a position above the reorder point orders
    nothing. NaN = single units, no minimum, no maximum.

    >>> pack = np.array([12.0, 12.0, np.nan, 12.0, 12.0])
    >>> order_units(np.array([43.2, 3.0, 7.2, -5.0, 36.0]), pack, np.array([0, 50, np.nan, 50, 0]), np.array([np.nan, 99, 5, 99, 99]))
    array([48., 60.,  5.,  0., 48.])
    """
    pack = np.where(np.isnan(pack_size), 1.0, pack_size)
    packs = np.maximum(np.floor(missing / pack + 1e-9) + 1, np.ceil(np.where(moq > 0, moq, 0.0) / pack - 1e-9))
    most = np.where(np.isnan(max_order), np.inf, np.floor(np.where(np.isnan(max_order), 0.0, max_order) / pack + 1e-9))
    return np.where(missing >= 0, np.minimum(packs, most) * pack, np.where(np.isnan(missing), np.nan, 0.0))


def order_by(
    demand: np.ndarray, position: np.ndarray, safety_stock: np.ndarray, lead_time_days: np.ndarray, as_of: date, order_days: np.ndarray
) -> np.ndarray:
    """The last day (datetime64[D]) on which an order still arrives before the position is expected below safety stock.

    That is the day on which mean demand has used up position - safety stock, less the lead time, and never before `as_of`;
    NaT where `position` is NaN, or where demand takes MAX_COVER_WEEKS or more to use it up: no order in sight. Of a supplier with
    order days it is the last one by that day, or the first one there is where that has passed.

    >>> weeks = np.array(DEMAND_WEEKS)
    >>> demand = np.repeat(10.0 * weeks[:, None], 9, axis=1)[None]  # 50 above safety stock last 35 days, 14 of them on the way
    >>> for order_days in (np.nan, 2.0):  # any day, or Tuesdays
    ...     print(order_by(demand, np.array([60.0]), np.array([10.0]), np.array([14.0]), date(2011, 11, 6), np.array([order_days]))[0])
    2011-11-27
    2011-11-22
    """
    spare = np.maximum(position - safety_stock, 0.0)
    last = weeks_until(mean_path(demand), spare + 1e-9, DEMAND_WEEKS)  # below, not at: where nothing sells, never
    never = np.isnan(last) | (last >= MAX_COVER_WEEKS)
    days = np.floor(np.where(never, 0.0, last) * 7 + 1e-6) - np.ceil(lead_time_days - 1e-6)
    today = np.full(len(days), np.datetime64(as_of, "D"))
    due = today + np.maximum(days, 0).astype(np.int64)
    on_an_order_day = np.maximum(last_order_day(due, order_days), next_order_day(today + 1, order_days))
    return np.where(never, np.datetime64("NaT", "D"), np.where(np.isnan(order_days), due, on_an_order_day))


def _least(service, level: np.ndarray, protection: Distribution, batch: np.ndarray) -> np.ndarray:
    """The least s (n,) at which service(s) reaches level, by halving; not below -batch, where a stock of nothing is reordered."""
    low, high = -batch, protection.at(0.9999)
    low = np.where(service(low) >= level, low, np.maximum(protection.knots[:, 0] - batch, -batch))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = service(middle) >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.maximum(high, 0.0)


def _shop_levels(protection: Distribution, before: Distribution, cost: np.ndarray, fill_rate: float) -> np.ndarray:
    """Cycle service levels (n,) at which the shop is expected to meet `fill_rate` of its demand with the least money in stock.

    A next unit of each product meets demand with the chance that it is lacking, and costs its unit cost: the best stock has the same
    chance per money everywhere, 1 - level = cost / price of a lacking unit (Silver, Pyke & Thomas, ch. 6: allocation of safety stock to
    minimise expected units short). That price is found by halving. A cost that is not known counts as the median one.
    """
    known = cost > 0
    cost = np.where(known, cost, np.median(cost[known]) if known.any() else 1.0)
    wanted = np.maximum((protection.mean - before.mean).sum(), 1e-9)

    def at(log_price: float) -> np.ndarray:
        return np.clip(1 - cost / np.exp(log_price), *SHOP_LEVELS)

    low, high = np.log(cost.min()), np.log(cost.max()) + 8
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        stock = protection.at(at(middle))
        lacking = np.maximum(protection.short(stock) - before.short(stock), 0.0).sum()
        low, high = (low, middle) if 1 - lacking / wanted >= fill_rate else (middle, high)
    return at(high)


def _fill_rate(protection: Distribution, before: Distribution, s: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Share of a review period's demand met from stock when positions spread evenly over (s, s + batch], (n,)."""
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    position = s[:, None] + batch[:, None] * (nodes + 1) / 2
    wanted = np.maximum(protection.mean - before.mean, 1e-9)
    lacking = np.maximum(protection.short(position) - before.short(position), 0.0) @ weights / 2
    return 1 - np.minimum(lacking / wanted, 1.0)


def _lacking(policy: Levels, stock: np.ndarray) -> np.ndarray:
    """Units expected to be lacking between the next delivery and the one after it, from a position `stock` (n,); NaN stays NaN."""
    known = np.where(np.isnan(stock), 0.0, stock)
    lacking = np.maximum(policy.protection.short(known) - policy.before_delivery.short(known), 0.0)
    return np.where(np.isnan(stock), np.nan, lacking)


def _resolved(own: np.ndarray, rule: np.ndarray | float) -> np.ndarray:
    return np.where(np.isnan(own), rule, own)
