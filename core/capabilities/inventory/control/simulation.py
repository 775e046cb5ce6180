"""Would it have worked? A replay of what was really wanted, day by day, under a policy that knew only what was known.

The clock. A review stands at the end of a day, after that day's sales; the first one before day 0. An order placed there with a lead time
of L days is on the shelf before the (L + 1)-th day after it, so that the position after a review has to last for the L + R days that
follow: the protection time of core.capabilities.inventory.control.policy. Units that nobody could be given are lost, or wait (backorders).

Sources. Silver, Pyke & Thomas, *Inventory and Production Management in Supply Chains* (4th ed.), chapter 6: fill rate = share of the demand
met from the shelf; cycle service (P1) = share of replenishment cycles, from one delivery to the next, without a stock-out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from core.errors import UserError
from core.messages import msg


@dataclass(frozen=True)
class World:
    """The world of a simulation: n products on D days, independent of the policy.

    demand          (n, D) units wanted each day
    lead_time_days  (n, K) whole days, of an order placed at each of the K reviews
    review_days     R: reviews stand before days 0, R, 2R ...
    enters          (n,) the review at which a product joins; its shelf is then filled to the policy's level
    measured_from   (n,) the first day that counts: what the start left behind is over
    backorders      units that are not there wait for the next delivery, instead of being lost
    """

    demand: np.ndarray
    lead_time_days: np.ndarray
    review_days: int
    enters: np.ndarray
    measured_from: np.ndarray
    backorders: bool = False

    def __post_init__(self) -> None:
        n, days = self.demand.shape
        reviews = -(-days // self.review_days)
        if self.lead_time_days.shape != (n, reviews):
            raise UserError(
                expected=msg(
                    "A simulation needs a lead time for each of {products} products and {reviews} review periods.",
                    products=n,
                    reviews=reviews,
                ),
                found=msg("The lead times have the shape {shape}.", shape=str(self.lead_time_days.shape)),
                to_do=msg("Draw the lead times again."),
            )
        if not (np.isfinite(self.demand).all() and (self.demand >= 0).all()):
            raise UserError(
                expected=msg("Daily demand must be 0 or more."),
                found=msg("Some daily demand is negative or missing."),
                to_do=msg("Correct the demand."),
            )
        if not (self.lead_time_days >= 0).all():
            raise UserError(
                expected=msg("A lead time must be 0 days or more."),
                found=msg("The shortest lead time is {days} days.", days=self.lead_time_days.min()),
                to_do=msg("Correct the lead times."),
            )


@dataclass(frozen=True)
class Outcome:
    """What a policy achieved on each of n products over its measured days, (n,) each; position (n, K) is the inventory position that each
    review left, NaN before a product joins.

    cycles, cycles_met: replenishment cycles between two deliveries, and those of them without a stock-out. reviews, reviews_met: the R days
    that each review's position has to last, which end where what the next review orders may come, and those without a stock-out.
    """

    days: np.ndarray
    wanted: np.ndarray  # units
    met: np.ndarray  # units, from the shelf on the day
    stock_days: np.ndarray  # units on the shelf at the end of each day, summed
    orders: np.ndarray
    cycles: np.ndarray
    cycles_met: np.ndarray
    reviews: np.ndarray
    reviews_met: np.ndarray
    position: np.ndarray

    @property
    def mean_stock(self) -> np.ndarray:
        """Return (n,) units on the shelf at the end of an average day."""
        return self.stock_days / np.maximum(self.days, 1)

    def totals(self, unit_value: np.ndarray, which: np.ndarray | slice = slice(None)) -> dict[str, float]:
        """Return figures of some of the products.

        fill_rate, cycle_service, lasted (the share of reviews whose position did), stock_value (unit_value (n,) x mean stock), lost_units,
        orders.
        """
        wanted, met = self.wanted[which].sum(), self.met[which].sum()
        found = {
            "fill_rate": met / max(wanted, 1e-9),
            "cycle_service": self.cycles_met[which].sum() / max(self.cycles[which].sum(), 1),
            "lasted": self.reviews_met[which].sum() / max(self.reviews[which].sum(), 1),
            "stock_value": (unit_value * self.mean_stock)[which].sum(),
            "lost_units": wanted - met,
            "orders": self.orders[which].sum(),
        }
        return {name: float(value) for name, value in found.items()}


def replay(world: World, reorder_point: np.ndarray, batch: np.ndarray) -> Outcome:
    """Run the (R, s, nQ) system: at review k a position at or below reorder_point[:, k] is raised above it by whole batches.

    reorder_point is (n, K), NaN = no order at that review; batch (n,) units.

    >>> world = World(np.ones((1, 8)), np.full((1, 4), 2), 2, np.zeros(1, int), np.zeros(1, int))  # one a day, looked at every second day
    >>> out = replay(world, np.full((1, 4), 3.0), np.ones(1))  # position raised to 4, which lasts for 2 + 2 days
    >>> out.totals(np.ones(1))
    {'fill_rate': 1.0, 'cycle_service': 1.0, 'lasted': 1.0, 'stock_value': 1.0, 'lost_units': 0.0, 'orders': 3.0}
    >>> replay(world, np.full((1, 4), 1.0), np.ones(1)).totals(np.ones(1))["fill_rate"]  # 2 last for two days, the next two are lost
    0.5
    """
    n, days = world.demand.shape
    every, phase = world.review_days, world.lead_time_days[:, 0]
    arriving = np.zeros((n, days + int(world.lead_time_days.max(initial=0)) + 1))
    shelf, owed, on_the_way = np.zeros(n), np.zeros(n), np.zeros(n)
    out = {f.name: np.zeros(n) for f in fields(Outcome)} | {"position": np.full(reorder_point.shape, np.nan)}
    everyone, begun, broken = np.arange(n), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    ran_out, review_days = np.zeros(n, dtype=bool), np.zeros(n, dtype=int)
    for day in range(days):
        if day % every == 0:
            k = day // every
            missing = reorder_point[:, k] - (shelf + on_the_way - owed)
            wanted = np.where(missing >= 0, (np.floor(missing / batch + 1e-9) + 1) * batch, 0.0)
            joins = world.enters == k
            shelf = np.where(joins, wanted, shelf)
            ordered = np.where((world.enters < k) & (wanted > 0), wanted, 0.0)
            np.add.at(arriving, (everyone, day + world.lead_time_days[:, k]), ordered)
            on_the_way = on_the_way + ordered
            out["orders"] += (ordered > 0) & (day >= world.measured_from)
            out["position"][:, k] = np.where(world.enters <= k, shelf + on_the_way - owed, np.nan)
        delivered = arriving[:, day]
        out["cycles"] += begun & (delivered > 0)
        out["cycles_met"] += begun & (delivered > 0) & ~broken
        begun, broken = begun | ((delivered > 0) & (day >= world.measured_from)), broken & (delivered == 0)
        ends = (day - phase) % every == 0  # what the next review orders may come
        whole = ends & (review_days >= every)
        out["reviews"] += whole
        out["reviews_met"] += whole & ~ran_out
        ran_out, review_days = ran_out & ~ends, np.where(ends, 0, review_days)
        on_the_way = on_the_way - delivered
        shelf = shelf + delivered
        served = np.minimum(shelf, owed)
        shelf, owed = shelf - served, owed - served
        counts = (day >= world.measured_from) & (world.enters * every <= day)
        demand = np.where(world.enters * every <= day, world.demand[:, day], 0.0)
        met = np.minimum(shelf, demand)
        shelf = shelf - met
        if world.backorders:
            owed = owed + demand - met
        lacked = demand > met
        broken, ran_out, review_days = broken | (lacked & counts), ran_out | (lacked & counts), review_days + counts
        out["days"] += counts
        out["wanted"] += demand * counts
        out["met"] += met * counts
        out["stock_days"] += shelf * counts
    return Outcome(**out)
