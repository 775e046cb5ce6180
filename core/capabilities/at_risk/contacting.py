"""Whom to contact, by channel: learnt from past contacts with customers held out; nobody where no channel brought orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pyarrow as pa

from core.capabilities.at_risk import uplift
from core.capabilities.at_risk.history import FEATURES, History
from core.capabilities.at_risk.tables import FEW
from core.schema import ALL

WITHIN = 30  # days in which an order counts
_DAYS = 12  # different days at most for which features of contacts are computed
_KINDS = 12  # values at most of an attribute that is learnt from


@dataclass(frozen=True)
class Choice:
    """The rows of tables.UPLIFT, tables.CONTACT_GROUPS and tables.CHOICES."""

    channels: pd.DataFrame
    groups: pd.DataFrame
    customers: pd.DataFrame


@dataclass(frozen=True)
class Inputs:
    """Past contacts to learn from: what `uplift.learn` takes, and the channel of each."""

    values: np.ndarray
    orders: np.ndarray
    treated: np.ndarray
    propensity: np.ndarray
    customer: np.ndarray
    channel: np.ndarray

    def of(self, rows: np.ndarray) -> Inputs:
        return Inputs(*(getattr(self, one.name)[rows] for one in fields(self)))

    def by_channel(self) -> Iterator[tuple[str, Inputs]]:
        for name in np.unique(self.channel):
            yield str(name), self.of(self.channel == name)


def inputs(history: History, contacts: pd.DataFrame, attributes: pd.DataFrame) -> Inputs:
    """Return the contacts of customers who had bought in the year before.

    contacts: campaign, channel, customer, day, treated, propensity (NaN = not known); attributes: customer, attribute, value; customers
    are numbers, days since 1970.
    """
    values = _values(history, contacts, attributes)
    known = values[list(FEATURES)].notna().any(axis=1).to_numpy()
    return Inputs(
        values.to_numpy(float),
        _orders(history, contacts),
        contacts.treated.to_numpy(bool),
        _propensity(contacts),
        contacts.customer.to_numpy(),
        contacts.channel.to_numpy(str),
    ).of(known)


def choose(history: History, contacts: pd.DataFrame, attributes: pd.DataFrame, segment: np.ndarray, today: int) -> Choice | None:
    """Choose whom to contact, by the channel whose past contacts surely brought most; None where no channel can be learnt from.

    contacts, attributes: as of `inputs`. segment: (customers,).
    """
    if contacts.empty:
        return None
    now = history.features(today)
    now = now.join(_kinds(attributes).reindex(now.index))
    rows, scored = [], {}
    for channel, here in inputs(history, contacts, attributes).by_channel():
        found = uplift.learn(here.values, here.orders, here.treated, here.propensity, here.customer)
        if found is None:
            continue
        chosen = found.uplift > 0
        brought = uplift.gain(found.effect[chosen], here.customer[chosen])
        scored[channel] = found.expected(now.to_numpy(float))
        rows.append(
            {
                "channel": channel,
                "contacts": int(here.treated.sum()),
                "held_out": int((~here.treated).sum()),
                "each": uplift.gain(found.effect, here.customer).mean,
                "each_chosen": brought.mean,
                "low": brought.low,
                "high": brought.high,
                "qini": uplift.qini(found.uplift, found.effect),
                "qini_response": uplift.qini(found.response, found.effect),
                "contact": brought.low > 0,
            }
        )
    if not rows:
        return None
    channels = pd.DataFrame(rows).sort_values(["low", "channel"], ascending=[False, True], ignore_index=True)
    best = channels.iloc[0]
    expected = scored[best.channel]
    customers = pd.DataFrame(
        {"customer": now.index, "channel": best.channel, "extra_orders": expected, "contact": (expected > 0) & bool(best.contact)}
    )
    return Choice(channels, _grouped(customers, segment, best), customers)


def _grouped(customers: pd.DataFrame, segment: np.ndarray, best: pd.Series) -> pd.DataFrame:
    """Return how many to contact in each segment, and what that brings by past contacts; groups of fewer than 10 are left out."""
    chosen = customers[customers.contact]
    of = segment[chosen.customer]
    sizes = {ALL: (len(customers), len(chosen))} | {
        name: (int((segment[customers.customer] == name).sum()), int((of == name).sum())) for name in sorted(set(of) - {ALL})
    }
    each = dict.fromkeys(("each_chosen", "low", "high"), 0.0) if chosen.empty else best
    rows = [
        {"segment": name, "channel": best.channel, "customers": all_, "chosen": count}
        | {end: count * each[of] for end, of in (("extra_orders", "each_chosen"), ("low", "low"), ("high", "high"))}
        for name, (all_, count) in sizes.items()
        if name == ALL or count >= FEW
    ]
    return pd.DataFrame(rows)


def _values(history: History, contacts: pd.DataFrame, attributes: pd.DataFrame) -> pd.DataFrame:
    """Return (n, features) what was known of each customer before the contact; empty rows where nothing was."""
    days = np.sort(contacts.day.unique())
    apart = 1 if len(days) <= _DAYS else max(int(np.ceil((days[-1] - days[0] + 1) / _DAYS)), 1)
    before = days[0] + (contacts.day - days[0]) // apart * apart - 1
    parts = [history.features(int(day)).reindex(rows.customer).set_axis(rows.index) for day, rows in contacts.groupby(before)]
    return pd.concat(parts).loc[contacts.index].join(_kinds(attributes).reindex(contacts.customer).set_axis(contacts.index))


def _kinds(attributes: pd.DataFrame) -> pd.DataFrame:
    """Return a column of 0 and 1 for each value of an attribute, by customer; attributes of many values are left out."""
    few = attributes[attributes.groupby("attribute").value.transform("nunique") <= _KINDS]
    return pd.get_dummies(few.set_index("customer").attribute + " " + few.set_index("customer").value).groupby(level=0).max().astype(float)


def _orders(history: History, contacts: pd.DataFrame) -> np.ndarray:
    """Return (n,) on how many days each customer ordered from the contact on."""
    span = int(history.orders.day.max()) + WITHIN + 2
    placed = (history.orders.customer * span + history.orders.day).to_numpy()
    asked = (contacts.customer * span + contacts.day).to_numpy()
    return (np.searchsorted(placed, asked + WITHIN, "left") - np.searchsorted(placed, asked, "left")).astype(float)


def _propensity(contacts: pd.DataFrame) -> np.ndarray:
    """Return (n,) the probability of being contacted, as recorded, else the campaign's share."""
    share = contacts.groupby("campaign").treated.transform("mean")
    return contacts.propensity.astype(float).fillna(share).to_numpy()


def numbered(rows: pa.Table, ids: pa.Array) -> pd.DataFrame:
    """Return rows with customers' numbers, those who never ordered left out, and days since 1970."""
    found = rows.to_pandas()
    found["customer"] = found.pop("customer_id").map(pd.Series(np.arange(len(ids)), index=ids.to_pylist()))
    if "day" in found:
        found["day"] = rows["day"].cast(pa.int32()).to_numpy()
    return found.dropna(subset=["customer"]).astype({"customer": int}).reset_index(drop=True)
