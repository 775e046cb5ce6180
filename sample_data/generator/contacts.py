"""Campaigns that contact customers, each with customers held out by chance, and what a contact does to their orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import vocabulary as words
from generator.calendar import FIRST_DAY, date_of, day_of
from generator.shop import Customers

WORKS_FOR = 28  # days in which a contact changes how often a customer buys
CONTACTED = {"gold": 0.8, "silver": 0.65, "bronze": 0.65}  # share of those chosen who are contacted; the rest are held out

Who = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Campaign:
    """chosen: days since the last order, from and to; most: customers in a shop of 800 products; cost: GBP of a contact.

    groups: what a contact multiplies the weight of a customer by among those who might buy a basket; the first group that one is in counts.
    """

    name: str
    day: str
    channel: str
    chosen: tuple[int, int]
    most: int
    cost: float
    groups: tuple[tuple[str, Who, float], ...]


def _age(*bands: str) -> Who:
    return lambda c: c["age"].isin(bands).to_numpy()


def _tier(name: str) -> Who:
    return lambda c: (c["tier"] == name).to_numpy()


def _since(days: int) -> Who:
    return lambda c: (c["since"] < days).to_numpy()


def _rest(c: pd.DataFrame) -> np.ndarray:
    return np.ones(len(c), bool)


_WIN_BACK = (("last order under 240 days ago", _since(240), 3.2), ("last order longer ago", _rest, 1.0))
CAMPAIGNS = (
    Campaign("win-back autumn", "2025-09-15", "email", (120, 365), 4000, 0.002, _WIN_BACK),
    Campaign(
        "winter catalogue",
        "2025-11-03",
        "post",
        (0, 365),
        5500,
        0.85,
        (("50 and older", _age("50-64", "65+"), 2.6), ("younger", _rest, 1.0)),
    ),
    Campaign("app reminder", "2026-02-09", "push", (0, 180), 4500, 0.0, (("everyone", _rest, 1.0),)),
    Campaign("win-back spring", "2026-03-16", "email", (120, 365), 4000, 0.002, _WIN_BACK),
    Campaign(
        "spring edit",
        "2026-04-20",
        "email",
        (0, 180),
        5500,
        0.002,
        (("gold", _tier("gold"), 0.45), ("18 to 34", _age("18-24", "25-34"), 2.8), ("others", _rest, 1.2)),
    ),
)


class Campaigns:
    """The campaigns as the days go by. log: a row a customer that one chose."""

    def __init__(self, rng: np.random.Generator, people: Customers, products: int):
        self.rng, self.scale = rng, products / 800
        self.people = people.table[["tier"]].assign(age=np.array(list(words.AGE_BANDS))[people.age])
        self.until, self.factor = np.full(len(self.people), -1), np.zeros(len(self.people))
        self.log = pd.DataFrame()
        self.orders = np.zeros((2, len(self.people)))  # that a contacted customer is expected to place in these days: without and with it

    def begin(self, day: int, last: np.ndarray) -> None:
        """Choose the customers of the campaign that begins on a day, and whom it contacts. last: the day of each one's last order."""
        for number, campaign in enumerate(CAMPAIGNS):
            if day_of(campaign.day) == day:
                self._begin(number, campaign, day, last)
            if day_of(campaign.day) + WORKS_FOR == day and len(self.log):
                here = self.log["campaign"] == number
                self.log.loc[here, ["without", "with"]] = self.orders[:, self.log.loc[here, "customer"]].T
                self.orders[:] = 0

    def _begin(self, number: int, campaign: Campaign, day: int, last: np.ndarray) -> None:
        since = day - last
        fitting = np.flatnonzero((last >= 0) & (since >= campaign.chosen[0]) & (since < campaign.chosen[1]))
        chosen = np.sort(self.rng.permutation(fitting)[: round(campaign.most * self.scale)])
        told = self.people.iloc[chosen].assign(since=since[chosen])
        group = np.select([test(told) for _, test, _ in campaign.groups], range(len(campaign.groups)))
        share = told["tier"].map(CONTACTED).to_numpy()
        treated = self.rng.random(len(chosen)) < share
        self.until[chosen[treated]] = day + WORKS_FOR
        self.factor[chosen[treated]] = np.log(np.array([factor for _, _, factor in campaign.groups]))[group[treated]]
        rows = {"campaign": number, "customer": chosen, "day": day, "group": group, "treated": treated, "propensity": share}
        rows |= {"without": 0.0, "with": 0.0}
        rows["minute"] = day * 1440 + (0 if campaign.channel == "post" else 9 * 60 + self.rng.integers(0, 90, len(chosen)))
        self.log = pd.concat([self.log, pd.DataFrame(rows)], ignore_index=True)

    def lift(self, customer: np.ndarray, day: int) -> np.ndarray:
        """Return the log by which customers buy more often on a day."""
        return np.where(self.until[customer] > day, self.factor[customer], 0.0)

    def expect(self, among: np.ndarray, weight: np.ndarray, here: np.ndarray, day: int) -> None:
        """Add up the orders that contacted customers are expected to place, and would have placed had they alone not been contacted.

        among, weight, here: the candidates of each basket, the logs of their weights, and who is there.
        """
        told = np.nonzero((self.until[among] > day) & here)
        odds = np.where(here, np.exp(weight), 0.0)
        whole, own = odds.sum(axis=1)[told[0]], odds[told]
        without = own / np.exp(self.factor[among[told]])
        for row, expected in enumerate((without / (whole - own + without), own / whole)):
            np.add.at(self.orders[row], among[told], expected)


def table(people: Customers, log: pd.DataFrame) -> pd.DataFrame:
    """contacts: a row a customer whom a campaign contacted or held out, in order of time."""
    rows = log.sort_values(["minute", "customer"], kind="stable")
    each = [CAMPAIGNS[n] for n in rows["campaign"]]
    return pd.DataFrame(
        {
            "contacted_at": pd.Series(FIRST_DAY + rows["minute"].to_numpy().astype("timedelta64[m]"))
            .dt.strftime("%Y-%m-%d %H:%M")
            .to_numpy(),
            "customer_id": people.table["customer_id"].to_numpy()[rows["customer"]],
            "campaign": [c.name for c in each],
            "channel": [c.channel for c in each],
            "treated": np.where(rows["treated"], "yes", "no"),
            "propensity": rows["propensity"].to_numpy(),
            "cost": [f"{c.cost:.3f}" if treated else "" for c, treated in zip(each, rows["treated"])],
        }
    )


def truth(campaigns: Campaigns, customer: np.ndarray, day: np.ndarray) -> pd.DataFrame:
    """uplift.csv: a row a campaign and group: what its contacts were bound to bring, and who bought within 28 days.

    customer, day: of each order line.
    """
    rows, log = [], campaigns.log
    for number, campaign in enumerate(CAMPAIGNS):
        first = day_of(campaign.day)
        bought = np.unique(customer[(day >= first) & (day < first + WORKS_FOR)])
        for group, (name, _, factor) in enumerate(campaign.groups):
            here = log[(log["campaign"] == number) & (log["group"] == group)]
            treated, held_out = here[here["treated"]], here[~here["treated"]]
            without, with_ = treated[["without", "with"]].sum()
            rows.append(
                {
                    "campaign": campaign.name,
                    "starts_on": campaign.day,
                    "ends_on": date_of(first + WORKS_FOR - 1),
                    "group": name,
                    "treated": len(treated),
                    "held_out": len(held_out),
                    "orders_a_customer": round(without / max(len(treated), 1), 4),
                    "extra_orders_a_customer": round((with_ - without) / max(len(treated), 1), 4) if factor != 1 else 0.0,
                    "buyers_treated": int(treated["customer"].isin(bought).sum()),
                    "buyers_held_out": int(held_out["customer"].isin(bought).sum()),
                }
            )
    return pd.DataFrame(rows)
