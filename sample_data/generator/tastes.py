"""What each customer likes: motifs and categories, which change for some; and what is bought again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import vocabulary as words
from generator.calendar import DAYS, SPAN, date_of
from generator.shop import Customers
from generator.story import Story

# Logs by which a customer buys more often what has the favourite motif, the second one, and is of the first and second category.
FAVOURITE, SECOND, CATEGORY, SECOND_CATEGORY = 3.0, 2.0, 1.4, 0.7
CHANGING = 0.35  # share of the customers whose motifs change on a day within the three years
USED_UP, LASTING = 1.3, -1.2  # logs by which what a customer has is bought again: food and care, and everything else
_LASTING_KINDS = ("roller", "yogamat", "giftset", "sachet")  # among those categories


@dataclass
class Tastes:
    """What customers like, as numbers, and what products have.

    names     of the motifs
    motif     (customers, before and after the change, favourite and second)
    category  (customers, first and second)
    changed   the day of the change, SPAN for never
    theme     the motif of each product, -1 for a plain one; shelf: its category
    again     the log by which a customer who has the product buys it again
    """

    names: list[str]
    motif: np.ndarray
    category: np.ndarray
    changed: np.ndarray
    theme: np.ndarray
    shelf: np.ndarray
    again: np.ndarray

    def liking(self, customer: np.ndarray, product: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return the log by which each customer buys each product more often on a day, for arrays that broadcast."""
        motif = self.motif[customer, (day >= self.changed[customer]).astype(int)]
        theme, shelf = self.theme[product], self.shelf[product]
        liked = FAVOURITE * (motif[..., 0] == theme) + SECOND * (motif[..., 1] == theme)
        return liked + CATEGORY * (self.category[customer, 0] == shelf) + SECOND_CATEGORY * (self.category[customer, 1] == shelf)

    def truth(self, people: Customers) -> pd.DataFrame:
        """tastes.csv: a row a customer; motifs after the change are empty where nothing changes."""
        names, shelves = np.array(self.names), np.array(list(words.CATEGORIES))
        late = self.changed < DAYS
        return pd.DataFrame(
            {
                "customer_id": people.table["customer_id"],
                "motif": names[self.motif[:, 0, 0]],
                "second_motif": names[self.motif[:, 0, 1]],
                "category": shelves[self.category[:, 0]],
                "second_category": shelves[self.category[:, 1]],
                "changed_on": [date_of(d) if d < DAYS else "" for d in self.changed],
                "motif_after": np.where(late, names[self.motif[:, 1, 0]], ""),
                "second_motif_after": np.where(late, names[self.motif[:, 1, 1]], ""),
            }
        ).sort_values("customer_id")


def draw(rng: np.random.Generator, story: Story, count: int) -> Tastes:
    """Return the tastes of `count` customers: what many buy, many like."""
    catalogue = story.catalogue
    pairs = words.FLAVOURS | words.THEMES
    keys = [key for key in pairs if key != "plain" and key in catalogue.theme]
    theme = np.array([keys.index(t) if t in keys else -1 for t in catalogue.theme])
    shelf = np.array([list(words.CATEGORIES).index(k.category) for k in catalogue.kind])
    motif = np.stack([_two(rng, np.bincount(theme[theme >= 0], story.pace[theme >= 0], len(keys)), count) for _ in range(2)], axis=1)
    category = _two(rng, np.bincount(shelf, story.pace, len(words.CATEGORIES)), count)
    changed = np.where(rng.random(count) < CHANGING, rng.integers(60, DAYS - 60, count), SPAN)
    used_up = np.array([k.category in ("Tea & Pantry", "Wellness") and k.key not in _LASTING_KINDS for k in catalogue.kind])
    return Tastes([pairs[k][0] for k in keys], motif, category, changed, theme, shelf, np.where(used_up, USED_UP, LASTING))


def _two(rng: np.random.Generator, sold: np.ndarray, count: int) -> np.ndarray:
    """Return two different choices for each of `count` customers, (count, 2), by what is sold of each."""
    share = np.round((sold + sold.mean() / 10) / (sold + sold.mean() / 10).sum(), 7)
    keys = -np.log(1 - rng.random((count, len(share)))) / share
    return np.argsort(np.round(keys, 7), axis=1, kind="stable")[:, :2]
