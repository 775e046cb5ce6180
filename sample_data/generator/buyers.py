"""Who buys each basket: customers by their tastes, without those who left for a reason, more of those whom a campaign contacted.

The baskets are those of the demand: what a customer who left would have bought, others buy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import contacts, phrases, signals
from generator.calendar import DAYS, SPAN, date_of
from generator.shop import Customers
from generator.story import Story
from generator.tastes import Tastes

CANDIDATES, CANDIDATES_OF_CLICKS = 40, 12  # customers of a country and age, the active ones more often, of whom one is chosen by taste
LATE = 0.04  # share of the orders that arrive late, and of those with a lukewarm or angry review
LATE_IF_COOL = 0.2
WAIT = 12  # days after a late order in which it has not come
RECENT = 200  # days after an order within which a customer minds what happens
LOOKS = tuple(list(signals.CLICKS).index(kind) for kind in ("view", "cart", "search_click"))
REASONS = {  # what happens: (share of those it happens to who leave, share of the leavers who come back)
    "bad_review": (0.5, 0.2),  # they wrote one, of at most two stars or with words of complaint
    "out_of_stock": (0.22, 0.5),  # what they wanted was not there
    "late_delivery": (0.3, 0.4),
    "price": (0.14, 0.45),  # the list price of something they had bought rose
    "none": (1.0, 0.35),  # nothing in the data says why
}
QUIETLY = 0.0003  # share of the customers a day who leave for no reason
AWAY = (60, 110.0)  # days for which those who come back are away: at least, and on average beyond
FOREVER = SPAN * 10


@dataclass
class Bought:
    """customer: of each line (-1 = guest); gone: customers_gone.csv; met: who wanted what was not there, with product, day and country;
    campaigns: with their log; away: customer, first day away and first day back."""

    customer: np.ndarray
    gone: pd.DataFrame
    met: pd.DataFrame
    campaigns: contacts.Campaigns
    away: np.ndarray


class _Present:
    """Which customers there are on a day, what they have, and who leaves."""

    def __init__(self, rng: np.random.Generator, customers: int, products: int):
        self.rng = rng
        self.owned = np.zeros((customers, products), bool)
        self.last, self.back = np.full(customers, -FOREVER), np.zeros(customers, int)
        self.left: list[tuple[int, str, int, int, int, int]] = []  # customer, reason, product, day, day of the last order, day back

    def here(self, customer: np.ndarray, day: int) -> np.ndarray:
        return self.back[customer] <= day

    def buy(self, customer: np.ndarray, product: np.ndarray, day: int) -> None:
        self.owned[customer, product] = True
        self.last[customer] = day

    def leave(self, reason: str, customer: np.ndarray, product: np.ndarray, day: int) -> None:
        """Let a share of those to whom something happens leave from the next day on."""
        leaving, returning = REASONS[reason]
        minds = (self.rng.random(len(customer)) < leaving) & self.here(customer, day) & (self.last[customer] > day - RECENT)
        for c, p in zip(customer[minds], product[minds]):
            if self.back[c] <= day:
                away = AWAY[0] + int(self.rng.exponential(AWAY[1])) if self.rng.random() < returning else FOREVER
                self.back[c] = day + 1 + away
                self.left.append((c, reason, p, day, self.last[c], self.back[c]))

    def leave_quietly(self, day: int) -> None:
        staying = np.flatnonzero(self.last > day - RECENT)
        some = staying[self.rng.random(len(staying)) < QUIETLY]
        self.leave("none", some, np.full(len(some), -1), day)


def lateness(rng: np.random.Generator, sold: pd.DataFrame, written: pd.DataFrame) -> np.ndarray:
    """Return which baskets arrive late, by their numbers; of those with a lukewarm or angry review more."""
    late = rng.random(sold["basket"].max() + 1) < LATE
    cool = written.loc[written["voice"].isin([2, 4]), "line"].to_numpy()
    late[sold["basket"].to_numpy()[cool]] |= rng.random(len(cool)) < LATE_IF_COOL
    return late


def choose(
    rng: np.random.Generator,
    story: Story,
    people: Customers,
    tastes: Tastes,
    sold: pd.DataFrame,
    missed: pd.DataFrame,
    written: pd.DataFrame,
    late: np.ndarray,
) -> Bought:
    """Go through the days: choose the buyers of each basket, then see what happens to whom, and who leaves.

    missed: the lines that found nothing on the shelf; written: the reviews; late: the baskets that arrive late.
    """
    lines = sold.sort_values(["basket", "product"], kind="stable")
    heads = lines.drop_duplicates("basket")
    product, when = lines["product"].to_numpy(), lines["day"].to_numpy()
    place = np.cumsum(np.diff(lines["basket"], prepend=-1) != 0) - 1
    first = np.flatnonzero(np.diff(place, prepend=-1))
    ends = np.r_[first, len(lines)]
    among = _among(rng, people, heads)
    liked = np.add.reduceat(tastes.liking(among[place], product[:, None], when[:, None]), first, axis=0)
    missed = missed[missed["day"] < DAYS].sort_values(["day", "product", "chance"], kind="stable")
    hopeful, lacking = _among(rng, people, missed), missed["product"].to_numpy()
    hoped = tastes.liking(hopeful, lacking[:, None], missed["day"].to_numpy()[:, None])
    cross = written[(written["rating"] <= 2) | (written["voice"] >= phrases.MOODS.index("souring"))]
    cross_day = (cross["minute"] // 1440).to_numpy()
    cross_head = np.searchsorted(heads["basket"], sold["basket"].to_numpy()[cross["line"]])
    cross_product = sold["product"].to_numpy()[cross["line"]]
    rises = [(p, d) for p, d, factor in story.prices if factor > 1 and 0 < d < DAYS]
    days, guest, whim, basket = (heads[c].to_numpy() for c in ("day", "guest", "whim", "basket"))
    present = _Present(rng, len(people.table), len(story.catalogue))
    campaigns = contacts.Campaigns(rng, people, len(story.catalogue))
    who, wanting = np.full(len(heads), -1), np.full(len(missed), -1)
    for day in range(SPAN):
        campaigns.begin(day, present.last)
        b, m = (slice(*np.searchsorted(of, [day, day + 1])) for of in (days, missed["day"]))
        here = slice(ends[b.start], ends[b.stop])
        if b.stop > b.start:
            owned = present.owned[among[place[here]], product[here, None]]
            again = np.add.reduceat(np.where(owned, tastes.again[product[here], None], 0.0), first[b] - here.start, axis=0)
            weight, there = liked[b] + again + campaigns.lift(among[b], day), present.here(among[b], day)
            who[b] = np.where(guest[b], -1, _pick(among[b], weight, there, whim[b]))
            campaigns.expect(among[b][~guest[b]], weight[~guest[b]], there[~guest[b]], day)
            buyer = who[place[here]]
            present.buy(buyer[buyer >= 0], product[here][buyer >= 0], day)
        if day >= WAIT:
            ordered = np.arange(*np.searchsorted(days, [day - WAIT, day - WAIT + 1]))
            waits = ordered[late[basket[ordered]] & (who[ordered] >= 0)]
            present.leave("late_delivery", who[waits], product[first[waits]], day)
        wanting[m] = _pick(hopeful[m], hoped[m], present.here(hopeful[m], day), missed["chance"].to_numpy()[m])
        found = wanting[m] >= 0
        present.leave("out_of_stock", wanting[m][found], lacking[m][found], day)
        told = (cross_day == day) & (who[cross_head] >= 0)
        present.leave("bad_review", who[cross_head[told]], cross_product[told], day)
        for p in (p for p, d in rises if d == day):
            holders = np.flatnonzero(present.owned[:, p])
            present.leave("price", holders, np.full(len(holders), p), day)
        present.leave_quietly(day)
    customer = np.full(len(sold), -1)
    customer[lines.index] = who[place]
    met = missed.assign(customer=wanting)[wanting >= 0]
    away = np.array([(c, day + 1, back) for c, _, _, day, _, back in present.left]).reshape(-1, 3)
    return Bought(customer, _truth(story, people, present.left, who[place], when), met, campaigns, away)


def of_clicks(rng: np.random.Generator, people: Customers, tastes: Tastes, clicked: pd.DataFrame, bought: Bought) -> pd.DataFrame:
    """Return the clicks with `customer`, -1 for a stranger: by taste, nobody who is away.

    Who met an empty shelf is among those who looked at the product that day.
    """
    product, day = clicked["product"].to_numpy(), clicked["day"].to_numpy()
    among = _among(rng, people, clicked, CANDIDATES_OF_CLICKS)
    first, back = np.full(len(people.table), FOREVER), np.full(len(people.table), FOREVER)
    first[bought.away[:, 0]], back[bought.away[:, 0]] = bought.away[:, 1], bought.away[:, 2]  # the last time of each
    here = (day[:, None] < first[among]) | (day[:, None] >= back[among])
    chosen = _pick(among, tastes.liking(among, product[:, None], day[:, None]), here, clicked["whim"].to_numpy())
    customer = np.where(clicked["logged_in"], chosen, -1)
    looked = clicked.loc[clicked["kind"].isin(LOOKS), ["product", "day"]].assign(row=lambda t: t.index)
    looked["turn"], met = looked.groupby(["product", "day"]).cumcount(), bought.met[["product", "day", "customer"]]
    pairs = met.assign(turn=met.groupby(["product", "day"]).cumcount()).merge(looked, on=["product", "day", "turn"])
    customer[pairs["row"]] = pairs["customer"]
    return clicked.assign(customer=customer)


def _among(rng: np.random.Generator, people: Customers, of: pd.DataFrame, count: int = CANDIDATES) -> np.ndarray:
    """Return candidates for each row, (rows, count): customers of its country and age who had joined, the active ones more often."""
    country, age, day = (np.repeat(of[c].to_numpy(), count) for c in ("country", "age", "day"))
    return people.pick(rng, country, age, day).reshape(-1, count)


def _pick(among: np.ndarray, weight: np.ndarray, here: np.ndarray, whim: np.ndarray) -> np.ndarray:
    """Return one candidate of each row by the logs of their weights, -1 where none is here."""
    if not len(among):
        return np.zeros(0, int)
    # Rounded, so that the last bit of exp() on another processor cannot change a single choice.
    edges = np.cumsum(np.where(here, np.round(np.exp(weight), 6), 0.0), axis=1)
    place = np.minimum((edges <= (whim * edges[:, -1])[:, None]).sum(axis=1), among.shape[1] - 1)
    return np.where(here.any(axis=1), among[np.arange(len(among)), place], -1)


def _truth(story: Story, people: Customers, left: list, buyer: np.ndarray, when: np.ndarray) -> pd.DataFrame:
    """customers_gone.csv: a row a leaving, with the day of the first order after it, where there is one by the last day."""
    names, ids = people.table["customer_id"].to_numpy(), story.catalogue.table["product_id"].to_numpy()
    orders = np.unique(buyer[buyer >= 0].astype(np.int64) * SPAN + when[buyer >= 0])
    rows = []
    for c, reason, p, day, last, back in left:
        if day >= DAYS:
            continue
        next_ = np.searchsorted(orders, c * SPAN + min(back, SPAN - 1))
        again = int(orders[next_] % SPAN) if next_ < len(orders) and orders[next_] // SPAN == c and back < DAYS else DAYS
        rows.append(
            {
                "customer_id": names[c],
                "reason": reason,
                "product_id": ids[p] if p >= 0 else "",
                "happened_on": date_of(day),
                "last_order_on": date_of(last),
                "came_back_on": date_of(again) if again < DAYS else "",
            }
        )
    return pd.DataFrame(rows)
