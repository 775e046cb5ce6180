"""What to order today: the (R, s, nQ) system on arrays, one row a product.

Sources. Snyder & Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 4; Silver, Pyke & Thomas, *Inventory and Production
Management in Supply Chains* (4th ed.), chapter 6 (periodic review, lead times that vary; cycle service P1: the share of replenishment
cycles, from one delivery to the next, without a stock-out); Hadley & Whitin (1963), chapter 5 (the (R, s, nQ) system: after each review
the position is spread evenly over (s, s + Q]).

Every R days the *inventory position* (on hand + what of the orders arrives in time) is looked at. At or below the *reorder point* s it is
raised above s by whole packs, at least the supplier's minimum. An order that is not placed now can only be placed R later and arrives a
lead time L after that, so s has to last for L + R: the *protection time*. A supplier that takes orders on certain weekdays makes it
longer: by the wait W until the order of today can go out, and by R that ends on an order day (calendar.py). With single units this is
the base-stock system (R, S) with S = s + 1; a big pack or minimum Q makes it (R, s, S) with S = s + Q.

What Q brings along. A replenishment cycle is lost, if at all, before its delivery, by what the last review before the order left: as much
of (s, s + Q] as the demand D_R of one review uses up. The stock beyond that makes cycles longer, not safer. Shares of the demand, and
costs, are of all reviews alike: there the whole of (s, s + Q] counts towards the service, so that s is lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from core.capabilities.inventory.control.calendar import last_order_day, next_order_day
from core.capabilities.inventory.control.distribution import (
    MAX_COVER_WEEKS,
    Distribution,
    cover_weeks,
    mean_path,
    over,
    over_lead_time,
    quantile_over_lead_time,
    weeks_until,
)
from core.capabilities.inventory.control.terms import (
    COST,
    CYCLE,
    FILL,
    LEAD_TIME_MISSING,
    LEAD_TIME_UNUSABLE,
    MINIMUM_ABOVE_MAXIMUM,
    NO_ORDER,
    PACK_UNUSABLE,
    SHOP,
    STOCK_NEGATIVE,
    STOCK_OUTDATED,
    STOCK_UNKNOWN,
    Rules,
    Terms,
    bounded,
    resolved,
)
from core.errors import UserError
from core.messages import msg
from core.schema import DEMAND_WEEKS

POINTS = 3  # of (s, s + Q] at which a fill rate is averaged
HALVINGS = 22
COST_LEVELS = (0.5, 0.995)  # a critical ratio outside of these would rest on quantiles that no forecast knows
SHOP_LEVELS = (0.3, 0.999)
EXCESS_WEEKS, EXCESS_LEVEL = 13, 0.9

ORDER_NOW, ENOUGH = "order now", "enough"
STATUSES = (ORDER_NOW, ENOUGH, *NO_ORDER)


@dataclass(frozen=True)
class Cycle:
    """The effect of an order of today on n products: demand up to its delivery, over L + W, and up to the next one's, over L + W + R."""

    before: Distribution
    protection: Distribution

    @cached_property
    def wanted(self) -> np.ndarray:
        """Return (n,) units expected between the two deliveries."""
        return np.maximum(self.protection.mean - self.before.mean, 1e-9)

    def lacking(self, stock: np.ndarray) -> np.ndarray:
        """Return the units expected to be lacking between the two, from a position `stock` (n,) or (n, U); its shape, NaN stays NaN."""
        return np.maximum(self.protection.short(stock) - self.before.short(stock), 0.0)

    def fill_rate(self, stock: np.ndarray) -> np.ndarray:
        """Return the share of demand between the two that a position `stock` (n,) or (n, U) meets; its shape, NaN stays NaN."""
        lacking = self.lacking(stock)
        return 1 - np.minimum(lacking / self.wanted.reshape((-1,) + (1,) * (lacking.ndim - 1)), 1.0)


@dataclass(frozen=True)
class Horizon:
    """Demand of n products over the times that an order of today has to last for.

    likely: (n,) units that will hardly be exceeded by EXCESS_WEEKS after the next order's delivery, at EXCESS_LEVEL.
    """

    cycle: Cycle
    likely: np.ndarray

    def rows(self, which: np.ndarray) -> Horizon:
        """Return the horizon of some of the products: indices or a mask."""
        of = lambda demand: Distribution(demand.knots[which], demand.levels)  # noqa: E731
        return Horizon(Cycle(of(self.cycle.before), of(self.cycle.protection)), self.likely[which])

    def replaced(self, which: np.ndarray, other: Horizon) -> Horizon:
        """Return this horizon with that of other terms in place of the products at the indices `which`."""

        def within(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
            mine = mine.copy()
            mine[which] = theirs
            return mine

        pairs = ((getattr(self.cycle, name), getattr(other.cycle, name)) for name in ("before", "protection"))
        return Horizon(Cycle(*(Distribution(within(a.knots, b.knots), a.levels) for a, b in pairs)), within(self.likely, other.likely))


@dataclass(frozen=True)
class Levels:
    """The policy of n products, (n,) each. lead_time, wait, review: weeks; batch: the units Q by which it orders."""

    lead_time: np.ndarray
    lead_time_sd: np.ndarray
    wait: np.ndarray
    review: np.ndarray
    service_level: np.ndarray
    batch: np.ndarray
    cycle: Cycle
    reorder_point: np.ndarray
    order_up_to_level: np.ndarray


@dataclass(frozen=True)
class Suggestions:
    """One entry per product, as the serving table of the same name; NaN, NaT where the status leaves no answer."""

    status: np.ndarray
    on_hand: np.ndarray
    on_order: np.ndarray
    inventory_position: np.ndarray
    lead_time_days: np.ndarray
    lead_time_assumed: np.ndarray
    wait_days: np.ndarray  # until the supplier can be ordered from
    review_days: np.ndarray  # from there to the next plan's order
    service_level: np.ndarray
    expected_units: np.ndarray  # demand over the protection time
    safety_stock: np.ndarray  # of the reorder point, what is kept beyond the expected demand: s - E[demand over L + R]
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


def horizon(demand: np.ndarray, terms: Terms, rules: Rules, as_of: date) -> Horizon:
    """Return the demand that orders of n products have to last for; `demand` (n, 5, 9) is the forecast from `as_of` on.

    Nearly all of the time that `levels` and `suggest` take is this, so both accept one that is already known of the same terms.
    """
    demand, (lead_time, sd, wait, review) = bounded(demand, terms), _times(terms, rules, as_of)
    likely = quantile_over_lead_time(demand, lead_time, sd, wait + review + EXCESS_WEEKS, EXCESS_LEVEL)
    return Horizon(_cycle(demand, lead_time, sd, wait, review), likely)


def levels(demand: np.ndarray, terms: Terms, rules: Rules, as_of: date, ahead: Horizon | None = None) -> Levels:
    """Return reorder point and order-up-to level of n products; `demand` (n, 5, 9) is the forecast from `as_of` on. See `suggest`."""
    return _levels(bounded(demand, terms), terms, rules, as_of, ahead.cycle if ahead is not None else None)


def _times(terms: Terms, rules: Rules, as_of: date) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return lead time, its standard deviation, wait and review, (n,) weeks each."""
    lead_time, wait, review = (days / 7 for days in terms.times(rules, as_of))
    return lead_time, np.where(terms.lead_time_sd_days > 0, terms.lead_time_sd_days, 0.0) / 7, wait, review


def _cycle(demand: np.ndarray, lead_time: np.ndarray, sd: np.ndarray, wait: np.ndarray, review: np.ndarray) -> Cycle:
    return Cycle(over_lead_time(demand, lead_time, sd, wait), over_lead_time(demand, lead_time, sd, wait + review))


def _levels(demand: np.ndarray, terms: Terms, rules: Rules, as_of: date, cycle: Cycle | None = None) -> Levels:
    rules.check()
    if not np.isfinite(demand).all():
        raise UserError(
            expected=msg("Every demand quantile must be a finite number."),
            found=msg("The demand forecast has missing or infinite quantiles."),
            to_do=msg("Train the model again."),
        )
    lead_time, sd, wait, review = _times(terms, rules, as_of)
    batch = terms.batch
    cycle = cycle or _cycle(demand, lead_time, sd, wait, review)
    if rules.target == COST:
        margin = np.where(terms.price_cents > terms.unit_cost_cents, terms.price_cents - terms.unit_cost_cents, np.nan)
        holding = rules.holding_cost_share * terms.unit_cost_cents * review / 52
        level = np.clip(np.divide(margin, margin + holding), *COST_LEVELS)
        level = np.where(np.isnan(level), rules.service_level, level)
    elif rules.target == SHOP:
        level = resolved(terms.service_level, _shop_levels(cycle, terms.unit_cost_cents, rules.service_level))
    else:
        level = resolved(terms.service_level, rules.service_level)
    if rules.target == FILL:
        service = lambda s: _fill_rate(cycle, s, batch)  # noqa: E731
    else:  # the mean of P(demand <= y) over y in (s, s + spread], which is what the loss function falls by
        spread = np.minimum(batch, cycle.wanted) if rules.target == CYCLE else batch
        service = lambda s: 1 - (cycle.protection.short(s) - cycle.protection.short(s + spread)) / spread  # noqa: E731
    reorder_point = _least(service, level, cycle.protection, batch)
    # goods that outlive their shelf would be thrown away: no more than what is likely to sell until then
    lasts = np.where(terms.shelf_life_days >= 0, terms.shelf_life_days, np.inf).clip(max=7 * 520) / 7
    sells = over(demand, lead_time + wait + lasts).at(0.5)
    reorder_point = np.where(terms.shelf_life_days >= 0, np.minimum(reorder_point, np.maximum(sells - batch, 0.0)), reorder_point)
    return Levels(lead_time, sd, wait, review, level, batch, cycle, reorder_point, reorder_point + batch)


def suggest(demand: np.ndarray, terms: Terms, rules: Rules, as_of: date, ahead: Horizon | None = None) -> Suggestions:
    """Return levels for every product, and an order for each whose stock is known.

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
    order now 49.0 8.9 61.0
    >>> print(s.suggested_order_units[0], s.order_cost_cents[0], s.cover_weeks[0], s.order_by[0])  # above 49.0 = 3 packs of 12
    36.0 9000.0 2.0 2011-11-06
    """
    rules.check()
    ahead, demand = ahead or horizon(demand, terms, rules, as_of), bounded(demand, terms)
    policy, problems = _levels(demand, terms, rules, as_of, ahead.cycle), terms.problems(rules)
    expected = policy.cycle.protection.mean
    on_order = np.where(terms.on_order > 0, terms.on_order, 0.0)
    position = np.where(terms.on_hand >= 0, terms.on_hand + on_order, np.nan)
    fresh = ~(problems[STOCK_UNKNOWN] | problems[STOCK_NEGATIVE] | problems[STOCK_OUTDATED])
    due = fresh & (position <= policy.reorder_point) & (policy.cycle.protection.knots[:, -1] > 0)
    held = {name: problems[name] & (due if name in (PACK_UNUSABLE, MINIMUM_ABOVE_MAXIMUM) else True) for name in NO_ORDER}
    status = np.select([*held.values(), due], [*held, ORDER_NOW], ENOUGH).astype(object)
    units = order_units(policy.reorder_point - position, np.where(terms.pack_size > 0, terms.pack_size, 1.0), terms.moq, terms.max_order)
    units = np.where(status == ORDER_NOW, units, np.where(status == ENOUGH, 0.0, np.nan))
    known = np.where(fresh, position, np.nan)
    safety_stock = policy.reorder_point - expected
    cost = np.where(terms.unit_cost_cents > 0, terms.unit_cost_cents, np.nan)
    margin = np.where(terms.price_cents > cost, terms.price_cents - cost, np.nan)
    after = known + np.where(np.isnan(units), 0.0, units)
    saved = policy.cycle.lacking(known) - policy.cycle.lacking(after)
    excess = np.floor(np.maximum(known - np.maximum(ahead.likely, policy.order_up_to_level), 0.0))
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
        expected_units=expected,
        safety_stock=safety_stock,
        reorder_point=policy.reorder_point,
        order_up_to_level=policy.order_up_to_level,
        suggested_order_units=units,
        order_by=order_by(demand, known, np.maximum(safety_stock, 0.0), policy.lead_time * 7, as_of, terms.order_days),
        cover_weeks=cover_weeks(demand, known),
        order_cost_cents=np.round(units * cost),
        stockout_probability=np.where(fresh, 1 - policy.cycle.protection.reaches(np.where(fresh, position, 0.0)), np.nan),
        lost_margin_cents=np.round(saved * margin),
        fill_rate=policy.cycle.fill_rate(after),
        excess_units=excess,
        excess_cost_cents=np.round(excess * cost),
    )


def order_units(missing: np.ndarray, pack_size: np.ndarray, moq: np.ndarray, max_order: np.ndarray) -> np.ndarray:
    """Return the least whole packs above `missing` units, at least `moq`, at most `max_order`; a position above the reorder point orders
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
    """Return the last day (datetime64[D]) on which an order still arrives before the position is expected below safety stock.

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
    """Return the least s (n,) at which service(s) reaches level, by halving; not below -batch, where a stock of nothing is reordered."""
    low, high = -batch, protection.at(0.9999)
    low = np.where(service(low) >= level, low, np.maximum(protection.knots[:, 0] - batch, -batch))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = service(middle) >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.maximum(high, 0.0)


def _shop_levels(cycle: Cycle, cost: np.ndarray, fill_rate: float) -> np.ndarray:
    """Return cycle service levels (n,) at which the shop is expected to meet `fill_rate` of its demand with the least money in stock.

    A next unit of each product meets demand with the chance that it is lacking, and costs its unit cost: the best stock has the same
    chance per money everywhere, 1 - level = cost / price of a lacking unit (Silver, Pyke & Thomas, ch. 6: allocation of safety stock to
    minimise expected units short). That price is found by halving. A cost that is not known counts as the median one.
    """
    known = cost > 0
    cost = np.where(known, cost, np.median(cost[known]) if known.any() else 1.0)

    def at(log_price: float) -> np.ndarray:
        return np.clip(1 - cost / np.exp(log_price), *SHOP_LEVELS)

    low, high = np.log(cost.min()), np.log(cost.max()) + 8
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        lacking = cycle.lacking(cycle.protection.at(at(middle))).sum()
        low, high = (low, middle) if 1 - lacking / cycle.wanted.sum() >= fill_rate else (middle, high)
    return at(high)


def _fill_rate(cycle: Cycle, s: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Return the share of a review period's demand met from stock when positions spread evenly over (s, s + batch], (n,)."""
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    return cycle.fill_rate(s[:, None] + batch[:, None] * (nodes + 1) / 2) @ weights / 2
