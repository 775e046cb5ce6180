"""Impressions of products in the places of the shop and outside, chosen by a policy whose chances are known, and how they are answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import vocabulary as words
from generator.calendar import DAYS, FIRST_DAY
from generator.shop import minutes
from generator.story import Story

WEEKS, SHOWN = 26, 150_000  # impressions in the file: about one in two hundred of those weeks
TURNS, CHOICES = 3, 16  # times that a campaign changes its products within those weeks, and how many it has
FURTHER = 0.82  # a position further on is clicked as many times as often
EXPLORING = 0.1  # share of the impressions that show any of the campaign's products alike


@dataclass(frozen=True)
class Place:
    """rate: clicks of an ordinary product at the first of so many positions; cost in GBP of an impression, and of a click."""

    campaign: str
    name: str
    share: float
    positions: int
    rate: float
    cost: float
    click_cost: float


PLACES = (
    Place("front page", "home", 0.28, 4, 0.034, 0.0, 0.0),
    Place("category picks", "category", 0.24, 3, 0.05, 0.0, 0.0),
    Place("weekly mail", "newsletter", 0.18, 4, 0.02, 0.001, 0.0),
    Place("social", "social feed", 0.18, 1, 0.012, 0.007, 0.0),
    Place("shopping ads", "search ads", 0.12, 2, 0.03, 0.0, 0.24),
)


def show(rng: np.random.Generator, story: Story) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of impressions in order of time, and its truth, click_rates.csv."""
    ids, price = story.catalogue.table["product_id"].to_numpy(), story.catalogue.table["price"].to_numpy()
    rate, ordered = _rates(rng, story, price)
    since, turn = DAYS - 7 * WEEKS, 7 * WEEKS // TURNS + 1
    count = round(SHOWN * len(ids) / 800)
    share = np.array(list(words.COUNTRIES.values()))
    frames, truth = [], []
    for number, place in enumerate(PLACES):
        some = round(count * place.share)
        day = np.sort(rng.integers(since, DAYS, some))
        country = rng.choice(len(share), some, p=share / share.sum())
        position = 1 + rng.integers(0, place.positions, some)
        product, propensity = np.zeros(some, int), np.zeros(some)
        advertised: set[int] = set()
        for t in range(TURNS):
            among = _choices(rng, story, since + t * turn)
            advertised |= set(among)
            believed = np.log(rate[among, :, number]) + rng.normal(0, 0.5, (len(among), len(share)))  # what the campaign takes for true
            odds = np.exp(1.3 * (believed - believed.max(axis=0)))
            chance = np.round((1 - EXPLORING) * odds / odds.sum(axis=0) + EXPLORING / len(among), 4)
            chance[0] += 1 - chance.sum(axis=0)
            here = np.flatnonzero((day - since) // turn == t)
            edges = np.cumsum(chance, axis=0)[:, country[here]]
            choice = np.minimum((rng.random(len(here)) >= edges).sum(axis=0), len(among) - 1)
            product[here], propensity[here] = among[choice], np.round(chance[choice, country[here]], 4)
        clicked = rng.random(some) < rate[product, country, number] * FURTHER ** (position - 1)
        bought = clicked & (rng.random(some) < ordered[product])
        second = minutes(rng, country, day) * 60 + rng.integers(0, 60, some)
        columns = {"second": second, "product": product, "place": number, "position": position, "country": country}
        frames.append(pd.DataFrame(columns | {"propensity": propensity, "clicked": clicked, "bought": bought}))
        truth += [
            (ids[p], c, place.name, round(float(rate[p, i, number]), 5), round(float(ordered[p]), 4))
            for p in sorted(advertised)
            for i, c in enumerate(story.countries)
        ]
    rows = pd.concat(frames).sort_values(["second", "place", "product"], kind="stable")
    rows = rows.drop_duplicates(["second", "place", "product", "position", "country"], ignore_index=True)
    places = [PLACES[n] for n in rows["place"]]
    cost = np.array([p.cost for p in places]) + np.array([p.click_cost for p in places]) * rows["clicked"]
    table = pd.DataFrame(
        {
            "shown_at": FIRST_DAY + rows["second"].to_numpy().astype("timedelta64[s]"),
            "product_id": ids[rows["product"]],
            "campaign": [p.campaign for p in places],
            "placement": [p.name for p in places],
            "position": rows["position"],
            "segment": np.array(story.countries)[rows["country"]],
            "cost": np.round(cost, 4),
            "propensity": rows["propensity"],
            "clicked": rows["clicked"].astype(int),
            "bought": rows["bought"].astype(int),
        }
    )
    return table, pd.DataFrame(truth, columns=["product_id", "segment", "placement", "click_rate", "order_rate"])


def _rates(rng, story: Story, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return click rates at the first position, (products, countries, places), and the share of clicks that become orders, (products,)."""
    count, countries = len(price), len(story.countries)
    chinese = np.isin(story.catalogue.language, ["zh", "both"])[:, None] & np.isin(story.countries, ["HK", "SG"])
    log = rng.normal(0, 0.5, (count, 1)) + rng.normal(0, 0.3, (count, countries)) + 0.5 * chinese
    log = log[:, :, None] + rng.normal(0, 0.25, (count, 1, len(PLACES)))
    rate = np.round(np.minimum(np.array([p.rate for p in PLACES]) * np.exp(log), 0.5), 6)
    return rate, np.round(0.06 * np.exp(rng.normal(0, 0.4, count)) * (20 / price) ** 0.2, 6)


def _choices(rng, story: Story, day: int) -> np.ndarray:
    """Return the products that a campaign has from a day on: what sells, on sale by then."""
    catalogue = story.catalogue
    there = np.flatnonzero((catalogue.launch <= day) & (catalogue.last >= DAYS))
    share = np.round(story.pace[there] ** 0.6, 7)
    return np.sort(rng.choice(there, min(CHOICES, len(there)), replace=False, p=share / share.sum()))
