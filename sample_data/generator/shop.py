"""Sales: customers, order lines and returns, stock counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import vocabulary as words
from generator.calendar import DAYS, FIRST_DAY, SPAN
from generator.story import Story

GUESTS = 0.17  # share of orders without a customer id
PLACING = 0.17  # weekly shocks (in logs) to how often a product is seen for every order
COUPONS = 0.04  # share of orders with 10% off
BASKETS = [0.45, 0.24, 0.14, 0.09, 0.05, 0.03]  # lines an order: 1 .. 6
HOURS = np.array([1.1, 0.6, 0.4, 0.3, 0.3, 0.5, 1.2, 2.6, 3.9, 4.8, 5.4, 5.8, 6.4, 6.1, 5.3, 5.0, 5.1, 5.4, 5.9, 6.9, 7.8, 7.6, 5.3, 2.7])


@dataclass
class Customers:
    """People in order of country, age and the day they joined; `pick` draws those who had joined by a day."""

    table: pd.DataFrame
    age: np.ndarray  # of each, also of those who never said
    groups: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]]  # (country, age): rows, joining days, cumulative activity

    def pick(self, rng: np.random.Generator, country: np.ndarray, age: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return row numbers of customers, the active ones more often; one for each entry of the arrays."""
        chosen = np.zeros(len(country), np.int64)
        draw = rng.random(len(country))
        for (c, a), (rows, joined, activity) in self.groups.items():
            here = np.flatnonzero((country == c) & (age == a))
            known = np.maximum(np.searchsorted(joined, day[here], side="right"), 1)
            spot = np.searchsorted(activity, draw[here] * activity[known - 1], side="right")
            chosen[here] = rows[np.minimum(spot, known - 1)]
        return chosen


def customers(rng: np.random.Generator, count: int) -> Customers:
    """Return `count` customers with country, age band and tier; some have no age band."""
    countries, ages = list(words.COUNTRIES), list(words.AGE_BANDS)
    country = rng.choice(len(countries), count, p=np.array(list(words.COUNTRIES.values())))
    age = rng.choice(len(ages), count, p=np.array(list(words.AGE_BANDS.values())))
    joined = np.where(rng.random(count) < 0.45, -1, rng.integers(0, SPAN, count))
    activity = np.round(rng.lognormal(0, 0.9, count), 6)
    order = np.lexsort((joined, age, country))
    country, age, joined, activity = country[order], age[order], joined[order], activity[order]
    ids = np.char.add("C", rng.choice(np.arange(10000, 100000), count, replace=False).astype(str))
    tier = np.where(activity > np.quantile(activity, 0.93), "gold", np.where(activity > np.quantile(activity, 0.7), "silver", "bronze"))
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "country": np.array(countries)[country],
            "age_band": np.where(rng.random(count) < 0.11, "", np.array(ages)[age]),
            "tier": tier,
        }
    )
    groups = {}
    for c in range(len(countries)):
        for a in range(len(ages)):
            rows = np.flatnonzero((country == c) & (age == a))
            if not len(rows):  # a tiny shop: borrow whoever there is
                groups[c, a] = (np.arange(count), np.full(count, -1), np.cumsum(activity))
            else:
                groups[c, a] = (rows, joined[rows], np.cumsum(activity[rows]))
    return Customers(table, age, groups)


@dataclass
class Interest:
    """Expected orders and attention per product, day and country, and the mix of ages."""

    orders: np.ndarray  # (products, SPAN, countries)
    attention: np.ndarray  # the same shape; not held back by empty shelves
    taste: np.ndarray  # (products, ages), sums to 1


def interest(rng: np.random.Generator, story: Story, curve: np.ndarray) -> Interest:
    """The product's pace, its countries and ages, the shop's curve and the story, multiplied."""
    catalogue = story.catalogue
    count, days = len(catalogue), np.arange(SPAN)
    lean = rng.lognormal(0, 0.35, (count, len(story.countries)))
    chinese = np.isin(catalogue.language, ["zh", "both"])
    lean[:, [c in ("HK", "SG") for c in story.countries]] *= np.where(chinese, 1.9, 0.7)[:, None]
    share = lean * np.array(list(words.COUNTRIES.values()))
    share /= share.sum(axis=1, keepdims=True)
    taste = rng.lognormal(0, 0.3, (count, len(story.ages))) * np.array(list(words.AGE_BANDS.values()))
    taste /= taste.sum(axis=1, keepdims=True)
    drift = np.zeros((count, SPAN // 7))
    shock = rng.normal(0, 0.075, drift.shape)
    for week in range(1, drift.shape[1]):  # fashions of their own: a slow wander around each product's pace
        drift[:, week] = 0.9 * drift[:, week - 1] + shock[:, week]
    alive = (days >= catalogue.launch[:, None]) & (days <= catalogue.last[:, None])
    base = (story.pace / 28)[:, None] * alive * np.exp(np.repeat(drift, 7, axis=1))
    grid = base[:, :, None] * share[:, None, :] * curve[None]
    ages = (taste[:, None, :] * np.exp(story.by_age)).sum(axis=2)
    liking = rng.lognormal(0, 0.3, count)[:, None]  # some products are looked at a lot for every order
    placing = np.zeros_like(drift)  # and what moves views alone: a place on the front page, a mail, robots
    shock = rng.normal(0, PLACING, drift.shape)
    for week in range(1, drift.shape[1]):
        placing[:, week] = 0.8 * placing[:, week - 1] + shock[:, week]
    liking = (liking * np.exp(np.repeat(placing, 7, axis=1)))[:, :, None]
    # Rounded, so that the last bit of exp() on another processor cannot change a single draw.
    orders = np.round(grid * np.exp(story.sales.astype(np.float64)) * ages[:, :, None], 7)
    attention = np.round(grid * np.exp(story.attention.astype(np.float64)) * liking, 7)
    return Interest(orders, attention, taste)


def demand(rng: np.random.Generator, wanted: Interest, story: Story) -> pd.DataFrame:
    """Return demand, one row per order line, whether or not it is in stock: product, day, country, age, units."""
    counts = rng.poisson(wanted.orders)
    product, day, country = (np.repeat(i, counts[counts > 0]) for i in np.nonzero(counts))
    age = ages_of(rng, wanted, story, product, day)
    price = story.catalogue.table["price"].to_numpy()[product]
    several = rng.random(len(product)) < np.where(price < 10, 0.38, np.where(price < 25, 0.22, 0.1))
    units = np.where(several, 1 + rng.geometric(0.55, len(product)), 1)
    trade = rng.random(len(product)) < np.where(price < 40, 0.013, 0.003)
    units = np.where(
        trade, rng.choice([6, 8, 10, 12, 20, 24, 36, 48], len(product), p=[0.25, 0.1, 0.18, 0.22, 0.08, 0.1, 0.04, 0.03]), units
    )
    lines = pd.DataFrame({"product": product, "day": day, "country": country, "age": age, "units": units})
    lines["chance"] = rng.random(len(lines))
    return lines.sort_values(["product", "day", "chance"], ignore_index=True)


def ages_of(rng, wanted: Interest, story: Story, product: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return an age band for each line, by the product's taste and the fads of that day."""
    mix = wanted.taste[product] * np.exp(story.by_age[product, day])
    edges = np.cumsum(mix, axis=1)
    draw = rng.random(len(product)) * edges[:, -1]
    return np.minimum((draw[:, None] > edges).sum(axis=1), edges.shape[1] - 1)


def shelves(
    rng: np.random.Generator, story: Story, lines: pd.DataFrame, wanted: Interest
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Simulate the stock day by day; write hidden units into the planted stock-outs.

    Returns the stock counts, which lines could be served, the units per product and day after the last one that are still to arrive, and
    which products were there at the end of which days.
    Weekly reviews order up to lead time + review time + safety, in packs; planted stock-outs empty the shelf until they end.
    A few products are shipped by their makers and have no stock.
    """
    table, count = story.catalogue.table, len(story.catalogue)
    lead = pd.to_numeric(table["lead_time_days"], errors="coerce").fillna(25).to_numpy()
    spread = pd.to_numeric(table["lead_time_sd_days"], errors="coerce").fillna(6).to_numpy()
    pack = table["pack_size"].to_numpy().astype(float)
    moq = pd.to_numeric(table["moq"], errors="coerce").fillna(1).to_numpy()
    kept = rng.random(count) >= 0.06
    out = [e for e in story.events if e.kind == "stock_out"]
    kept[[e.product for e in out]] = True
    product, day, units = (lines[c].to_numpy() for c in ("product", "day", "units"))
    asked = np.zeros((count, SPAN))
    np.add.at(asked, (product, day), units)
    cell = product * SPAN + day
    starts = np.searchsorted(cell, np.arange(count * SPAN))
    ends = np.searchsorted(cell, np.arange(count * SPAN), side="right")
    served = np.ones(len(lines), bool)
    expected = wanted.orders.sum(axis=2) * 1.6  # units a line, about
    ahead = np.concatenate([np.zeros((count, 1)), np.cumsum(expected, axis=1)], axis=1)
    closed = np.zeros((count, SPAN), bool)
    for e in out:
        closed[e.product, e.start : e.end] = True
    on_hand = np.ceil((expected[:, :70].sum(axis=1) + 8) / pack) * pack
    arrivals = np.zeros((count, SPAN + 200))
    sold = np.zeros((count, SPAN))
    levels, ordered = np.zeros((count, SPAN)), np.zeros((count, SPAN))
    optimism = rng.lognormal(0.0, 0.12, count)
    every = np.arange(count)
    for d in range(SPAN):
        late = closed[:, d]
        arrivals[late, d + 1] += arrivals[late, d]
        on_hand += np.where(late, 0, arrivals[:, d])
        on_hand[late] = 0
        starting = (story.catalogue.launch == d) & (on_hand < 10)
        on_hand[starting] += (np.ceil(20 / pack) * pack)[starting]
        take = np.minimum(asked[:, d], np.where(kept, on_hand, np.inf))
        for p in np.flatnonzero(take < asked[:, d]):
            first, end = starts[p * SPAN + d], ends[p * SPAN + d]
            fits = np.cumsum(units[first:end]) <= on_hand[p]
            served[first:end] = fits
            take[p] = units[first:end][fits].sum()
        sold[:, d] = take
        on_hand = on_hand - np.where(kept, take, 0)
        if d % 7 == 0:
            until = np.minimum(d + lead.astype(int) + 21, SPAN)
            recent = sold[:, max(d - 28, 0) : d + 1].mean(axis=1) if d else expected[:, 0]
            daily = optimism * (0.35 * recent + 0.65 * (ahead[every, until] - ahead[every, d]) / np.maximum(until - d, 1))
            safety = 1.9 * np.sqrt(daily * (lead + 7) * 3 + (daily * spread) ** 2)
            position = on_hand + arrivals[:, d + 1 :].sum(axis=1)
            short = (position < daily * (lead + 7) + safety) & (story.catalogue.last > d + 40) & (story.catalogue.launch <= d)
            size = np.maximum(np.ceil((daily * (lead + 35) + safety - position) / pack) * pack, np.ceil(moq / pack) * pack)
            due = np.clip(d + np.maximum(np.round(rng.normal(lead, spread)), 2), d + 2, SPAN + 199).astype(int)
            np.add.at(arrivals, (every[short], due[short]), size[short])
        levels[:, d] = on_hand
        ordered[:, d] = arrivals[:, d + 1 :].sum(axis=1)
        if d == DAYS - 1:
            to_come = arrivals[:, DAYS:] * kept[:, None]
    for e in out:
        held = (product == e.product) & (day >= e.start) & (day < e.end) & (day < DAYS) & ~served
        e.hidden_units = float(units[held].sum())
    return _counts(story, kept, levels, ordered), served, to_come, (levels > 0) | ~kept[:, None]


def _counts(story: Story, kept: np.ndarray, levels: np.ndarray, ordered: np.ndarray) -> pd.DataFrame:
    """stock: a count on every Monday and on every day on which a product ran out or came back."""
    catalogue, days = story.catalogue, np.arange(DAYS)
    levels, ordered = levels[:, :DAYS], ordered[:, :DAYS]
    empty = levels <= 0
    changed = np.concatenate([np.zeros((len(catalogue), 1), bool), empty[:, 1:] != empty[:, :-1]], axis=1)
    since = np.where(catalogue.launch[:, None] > 0, catalogue.launch[:, None], 0)
    counted = (days % 7 == 0) | changed | (days == DAYS - 1) | (days == since)
    counted &= kept[:, None] & (days >= since) & (days <= catalogue.last[:, None] + 30)
    product, day = np.nonzero(counted)
    dates = (FIRST_DAY + np.arange(DAYS).astype("timedelta64[D]")).astype(object)
    return pd.DataFrame(
        {
            "day": dates[day],
            "product_id": catalogue.table["product_id"].to_numpy()[product],
            "on_hand": levels[product, day],
            "on_order": ordered[product, day],
        }
    )


def suppliers() -> pd.DataFrame:
    """Return the suppliers' terms; some lack a lead time."""
    rows = []
    for name, (order_days, least, says) in words.SUPPLIER_RULES.items():
        lead, spread = (str(t) if says else "" for t in words.SUPPLIERS[name][1:3])
        rows.append((name, order_days, f"{least:.2f}", lead, spread))
    return pd.DataFrame(rows, columns=["supplier", "order_days", "min_order", "lead_time_days", "lead_time_sd_days"])


def deliveries(rng: np.random.Generator, story: Story, to_come: np.ndarray) -> pd.DataFrame:
    """What is on order on the last day, by the day it was promised for: some days off the one on which it comes, so that a little
    is late."""
    table = story.catalogue.table
    product, day = np.nonzero(to_come)
    spread = pd.to_numeric(table["lead_time_sd_days"], errors="coerce").fillna(6).to_numpy()[product]
    promised = np.maximum(DAYS + day + np.round(rng.normal(0, spread / 2)), DAYS - 15).astype(int)
    rows = pd.DataFrame(
        {
            "supplier": table["supplier"].to_numpy()[product],
            "promised": promised,
            "product_id": table["product_id"].to_numpy()[product],
            "units": to_come[product, day].astype(int),
        }
    )
    rows = rows.sort_values(["promised", "supplier", "product_id"], ignore_index=True)
    rows["due_on"] = (FIRST_DAY + rows["promised"].to_numpy().astype("timedelta64[D]")).astype(object)
    rows["order_id"] = "PO" + (7001 + rows.groupby(["promised", "supplier"], sort=False).ngroup()).astype(str)
    return rows[["order_id", "product_id", "due_on", "units"]]


def orders(rng: np.random.Generator, story: Story, lines: pd.DataFrame) -> pd.DataFrame:
    """Group served lines into baskets, with one line per product and basket.

    Adds basket, guest, whim (the number in 0..1 that decides who buys the basket), minute, channel, unit_price and discount.
    """
    category = pd.factorize(story.catalogue.table["category"])[0][lines["product"]]
    mixing = rng.random((SPAN, category.max() + 1))[lines["day"], category] + rng.random(len(lines)) * 0.6
    lines = lines.iloc[np.lexsort((mixing, lines["age"], lines["country"], lines["day"]))].reset_index(drop=True)
    sizes = rng.choice(np.arange(1, 7), len(lines), p=BASKETS)
    chunk = np.searchsorted(np.cumsum(sizes), np.arange(len(lines)), side="right")
    group = (lines["day"].to_numpy() * 100 + lines["country"].to_numpy()) * 10 + lines["age"].to_numpy()
    lines["basket"] = np.cumsum(np.r_[True, (np.diff(chunk) != 0) | (np.diff(group) != 0)]) - 1
    lines = (
        lines.drop(columns="chance")
        .groupby(["basket", "product"], as_index=False, sort=True)
        .agg({"day": "first", "country": "first", "age": "first", "units": "sum"})
    )
    heads = lines.drop_duplicates("basket")
    count = len(heads)
    whim = rng.random(count)
    guest = rng.random(count) < GUESTS
    minute = minutes(rng, heads["country"].to_numpy(), heads["day"].to_numpy())
    app = 0.22 + 0.16 * heads["day"].to_numpy() / SPAN
    draw = rng.random(count)
    channel = np.where(draw < app, "app", np.where(draw < app + 0.14, "marketplace", "web"))
    coupon = rng.random(count) < COUPONS
    where = lines["basket"].to_numpy()
    lines["whim"], lines["guest"] = whim[where], guest[where]
    lines["minute"], lines["channel"] = minute[where], channel[where]
    product, day = lines["product"].to_numpy(), lines["day"].to_numpy()
    price = price_on(story)[product, day]
    off = np.zeros(len(story.catalogue) * SPAN).reshape(-1, SPAN)
    for p, first, last, _, discount in story.promotions:
        off[p, max(first, 0) : max(last + 1, 0)] = discount
    share = np.maximum(off[product, day], np.where(coupon[where], 0.1, 0))
    lines["unit_price"] = price
    lines["discount"] = np.round(price * lines["units"] * share + 1e-9, 2)
    return lines.sort_values(["minute", "basket", "product"], ignore_index=True)


def minutes(rng: np.random.Generator, country: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return minutes since the first day, UTC, with each country's rhythm of the day; never outside the day itself."""
    edges = np.cumsum(HOURS) / HOURS.sum()
    local = np.searchsorted(edges, rng.random(len(day)), side="right").clip(0, 23)
    shift = np.array(list(words.UTC_SHIFT.values()))[country]
    return day.astype(np.int64) * 1440 + (local - shift) % 24 * 60 + rng.integers(0, 60, len(day))


def price_on(story: Story) -> np.ndarray:
    """(products, SPAN) list prices: today's price of the catalogue is the last one of its history."""
    now = story.catalogue.table["price"].to_numpy()
    prices = np.repeat(now[:, None], SPAN, axis=1)
    for p, day, factor in sorted(story.prices, key=lambda change: -change[1]):
        if 0 < day < DAYS:  # before the change the price was this much higher or lower
            old = np.floor(prices[p, day] / factor) + 0.99
            prices[p, :day] = old
    return np.round(prices, 2)


def returns(rng: np.random.Generator, story: Story, sold: pd.DataFrame) -> pd.DataFrame:
    """Return returned lines, three days to three weeks later, with negative units; what comes back after the last day is not known yet."""
    rates = np.array([words.CATEGORIES[c][3] for c in story.catalogue.table["category"]])[sold["product"]]
    back = sold[rng.random(len(sold)) < rates].copy()
    back["minute"] = back["minute"] + rng.integers(3 * 1440, 21 * 1440, len(back))
    part = rng.random(len(back)) < 0.3
    back["units"] = -np.where(part, np.maximum(back["units"] // 2, 1), back["units"])
    back["discount"] = 0.0
    back["day"] = back["minute"] // 1440
    return back[back["day"] < DAYS]
