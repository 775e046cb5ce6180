"""Whom to contact, on made-up contacts with planted effects and without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.capabilities.at_risk import uplift
from core.capabilities.at_risk.contacting import _grouped, _orders, _propensity, choose
from core.capabilities.at_risk.history import History

NONE = pd.DataFrame({"customer": np.array([], int), "day": np.array([], int)})


def contacts(effect: float, count: int = 4_000, seed: int = 1):
    """Contacts of which those with a first feature above 0 place `effect` more orders; the second one says who orders often anyway."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(count, 4))
    treated = random.random(count) < 0.6
    rate = 0.3 + 0.4 * (values[:, 1] > 0) + effect * treated * (values[:, 0] > 0)
    return values, random.poisson(rate).astype(float), treated, np.full(count, 0.6), np.arange(count)


def test_the_learner_finds_who_responds_to_a_contact_and_not_who_orders_anyway():
    values, orders, treated, propensity, customer = contacts(0.5)
    found = uplift.learn(values, orders, treated, propensity, customer)
    assert uplift.qini(found.uplift, found.effect) > 1.3 * uplift.qini(found.response, found.effect)
    chosen = found.uplift > 0.25
    assert (values[chosen, 0] > 0).mean() > 0.9
    brought = uplift.gain(found.effect[chosen], customer[chosen])
    assert brought.low < 0.5 < brought.high and brought.low > 0.2
    new = np.array([[2.0, -1, 0, 0], [-2.0, 1, 0, 0]])
    assert found.expected(new)[0] > found.expected(new)[1] + 0.25


def test_without_an_effect_a_gain_is_hardly_ever_found():
    found = 0
    for seed in (2, 3, 4):
        values, orders, treated, propensity, customer = contacts(0.0, 1_500, seed)
        learnt = uplift.learn(values, orders, treated, propensity, customer)
        chosen = learnt.uplift > 0
        found += uplift.gain(learnt.effect[chosen], customer[chosen]).low > 0
    assert found <= 1


def test_too_few_contacts_teach_nothing():
    values, orders, treated, propensity, customer = contacts(0.5, 300)
    assert uplift.learn(values, orders, treated, propensity, customer) is None


def test_contacts_of_one_customer_count_together():
    effect, alone, twice = np.array([1.0, 1, 0, 0]), np.arange(4), np.array([0, 0, 1, 1])
    assert uplift.gain(effect, twice).high > uplift.gain(effect, alone).high


# ---- from a shop's history to a choice


@pytest.fixture
def history() -> tuple[History, pd.DataFrame, pd.DataFrame]:
    """1,500 customers of whom the young ones order after a contact on day 200."""
    random = np.random.default_rng(5)
    young = np.arange(1_500) % 2 == 0
    treated = random.random(1_500) < 0.5
    orders = [(k, int(day)) for k in range(1_500) for day in random.integers(0, 200, 4)]
    orders += [(k, int(201 + random.integers(20))) for k in range(1_500) if random.random() < 0.1 + 0.5 * young[k] * treated[k]]
    frame = pd.DataFrame(orders, columns=["customer", "day"]).drop_duplicates().sort_values(["customer", "day"], ignore_index=True)
    frame = frame.assign(cents=1_000.0, products=1.0, returned=False)
    rows = pd.DataFrame(
        {"campaign": "Spring", "channel": "email", "customer": np.arange(1_500), "day": 200, "treated": treated, "propensity": 0.5}
    )
    attributes = pd.DataFrame({"customer": np.arange(1_500), "attribute": "age", "value": np.where(young, "young", "old")})
    return History(frame, NONE.assign(rating=0.0), NONE, 1_500), rows, attributes


def test_those_who_respond_are_chosen_in_groups_of_at_least_ten(history):
    past, rows, attributes = history
    segment = np.where(np.arange(1_500) < 9, "small", "large").astype(object)
    found = choose(past, rows, attributes, segment, 240)
    assert found.channels.contact.all() and found.channels.each_chosen[0] > found.channels.each[0]
    chosen = found.customers[found.customers.contact].customer
    top = found.customers.sort_values("extra_orders").customer.to_numpy()[-500:]
    assert (top % 2 == 0).mean() > 0.9 and len(chosen) < 1_500
    assert list(found.groups.segment) == ["all", "large"]
    assert found.groups.low[0] < found.groups.extra_orders[0] < found.groups.high[0]


def test_without_an_effect_nobody_is_chosen(history):
    past, rows, attributes = history
    shuffled = rows.assign(treated=np.random.default_rng(7).random(len(rows)) < 0.5)
    past = History(past.orders[past.orders.day <= 200].reset_index(drop=True), past.reviews, NONE, 1_500)
    found = choose(past, shuffled, attributes, np.full(1_500, "all", object), 199)
    assert not found.channels.contact.any() and not found.customers.contact.any() and found.groups.chosen.tolist() == [0]


def test_orders_count_from_the_day_of_the_contact_for_30_days():
    orders = pd.DataFrame({"customer": [0, 0, 0, 0, 1], "day": [9, 10, 39, 40, 12]})
    past = History(orders, NONE.assign(rating=0.0), NONE, 2)
    assert _orders(past, pd.DataFrame({"customer": [0, 1], "day": [10, 13]})).tolist() == [2, 0]


def test_a_propensity_that_is_not_recorded_is_the_campaigns_share():
    rows = pd.DataFrame({"campaign": ["A", "A", "B"], "treated": [True, False, True], "propensity": [np.nan, 0.8, np.nan]})
    assert _propensity(rows).tolist() == [0.5, 0.8, 1.0]


def test_no_group_of_fewer_than_ten_is_told():
    customers = pd.DataFrame({"customer": np.arange(30), "contact": np.arange(30) < 14})
    segment = np.where(np.arange(30) < 9, "few", "more").astype(object)
    best = pd.Series({"channel": "email", "each_chosen": 0.1, "low": 0.05, "high": 0.15})
    assert list(_grouped(customers, segment, best).segment) == ["all"]
