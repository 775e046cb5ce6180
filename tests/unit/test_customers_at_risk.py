"""Customers at risk: lifetimes, what is learnt from past days, the check, groups and the effect of campaigns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.capabilities.at_risk import leaving, lifetimes, tables
from core.capabilities.at_risk.check import check
from core.capabilities.at_risk.compute import grouped
from core.capabilities.at_risk.effects import effect
from core.capabilities.at_risk.history import HORIZON, History

NONE = pd.DataFrame({"customer": np.array([], int), "day": np.array([], int)})


def history_of(customer, day, customers: int, reviews: pd.DataFrame | None = None, missing: pd.DataFrame = NONE) -> History:
    orders = pd.DataFrame({"customer": customer, "day": day, "cents": 1_000.0, "products": 1.0, "returned": False})
    orders = orders.drop_duplicates(["customer", "day"]).sort_values(["customer", "day"], ignore_index=True)
    return History(orders, NONE.assign(rating=0.0) if reviews is None else reviews, missing, customers)


@pytest.fixture(scope="module")
def two_kinds() -> History:
    """All order every 20 days on average; the odd ones come at any time, and a fifth of them leaves in each quarter."""
    random = np.random.default_rng(5)
    customers, days = [], []
    for customer in range(600):
        start = 0 if customer % 2 == 0 else int(random.integers(-400, 700))
        stays = 730 if customer % 2 == 0 else 91 * int(random.geometric(0.2))
        found = [start, *(start + random.choice(stays, stays // 20, replace=False))]
        found = [day for day in found if 0 <= day < 730]
        customers += [customer] * len(found)
        days += found
    return history_of(customers, days, 600)


@pytest.fixture(scope="module")
def simulated() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """4,000 customers of known lifetimes: repeats, last, age at day 300, and orders in the 90 days after it."""
    random = np.random.default_rng(2)
    repeats, last, age, later = [], [], [], []
    for _ in range(4_000):
        rate, leaves, start = random.gamma(0.8) / 40, random.beta(1.2, 4), random.integers(0, 250)
        day, seen, n, after = 0.0, 0.0, 0, 0
        while True:
            if random.random() < leaves and day > 0:
                break
            day += random.exponential(1 / max(rate, 1e-9))
            if start + day > 390:
                break
            if start + day <= 300:
                seen, n = day, n + 1
            else:
                after += 1
        repeats.append(n), last.append(seen), age.append(300 - start), later.append(after)
    return tuple(np.array(v, float) for v in (repeats, last, age, later))


def test_expected_purchases_are_those_of_simulated_customers(simulated):
    repeats, last, age, later = simulated
    fitted = lifetimes.fit(repeats, last, age)
    expected = fitted.expected(repeats, last, age, 90)
    assert expected.mean() == pytest.approx(later.mean(), rel=0.1)
    for few in (repeats == 0, (repeats > 0) & (repeats < 4), repeats >= 4):
        assert expected[few].mean() == pytest.approx(later[few].mean(), rel=0.25)


def test_more_repeats_and_a_later_last_order_promise_more():
    fitted = lifetimes.Lifetimes(0.8, 40, 1.2, 4)
    often, seldom, long_ago = fitted.expected(np.array([9.0, 2, 9]), np.array([200.0, 200, 60]), np.array([210.0, 210, 210]), 90)
    assert often > seldom > long_ago


def test_features_read_no_day_after_their_own(two_kinds):
    early = History(two_kinds.orders[two_kinds.orders.day <= 400].reset_index(drop=True), two_kinds.reviews, NONE, 600)
    pd.testing.assert_frame_equal(two_kinds.features(400), early.features(400))


def test_who_stays_away_is_told_better_than_by_chance_and_the_chances_are_right(two_kinds):
    found = check(two_kinds, 730 - HORIZON)
    assert found.auc > 0.9
    assert found.expected == pytest.approx(found.stayed_away, abs=0.05) and found.ece < 0.06


def test_too_short_a_history_learns_nothing():
    assert leaving.fit(history_of([0, 1], [0, 5], 2), 60) is None


def test_the_same_weeks_a_year_ago_shift_the_chances(two_kinds):
    model = leaving.fit(two_kinds, 700)
    features = two_kinds.features(700)
    model = leaving.Leaving(model.mean, model.spread, model.weights, model.intercept, season=1.0)
    usual, busy, quiet = (model.chance(features, season) for season in (1.0, 2.0, 0.5))
    assert (busy < usual).all() and (quiet > usual).all()
    assert np.log(busy) == pytest.approx(2 * np.log(usual))
    assert np.array_equal(model.chance(features, None), usual)


def test_season_compares_the_same_days_of_the_year_before():
    days = [*range(300, 390), *range(390, 480, 2)]  # a customer a day, then one every other day
    found = history_of(range(len(days)), days, len(days))
    assert found.season(390 + 364 - 1) == pytest.approx(45 / 90, abs=0.02)
    assert found.season(390) is None


def test_a_bad_review_and_a_product_that_ran_out_are_known():
    reviews = pd.DataFrame({"customer": [0, 1], "day": [90, 90], "rating": [0.2, 1.0]})
    missing = pd.DataFrame({"customer": [1], "day": [95]})
    found = history_of([0, 1, 2], [80, 80, 80], 3, reviews, missing).features(100)
    assert found.bad_review.tolist() == [1, 0, 0] and found.reviewed.tolist() == [1, 1, 0]
    assert (found.out_of_stock > 0).tolist() == [False, True, False]


def test_reasons_add_up_to_what_sets_a_customer_apart(two_kinds):
    model = leaving.fit(two_kinds, 700)
    features = two_kinds.features(700)
    rate = -np.log(model.chance(features))
    assert model.reasons(features).sum(axis=1).to_numpy() == pytest.approx(model.intercept - np.log(rate), abs=1e-6)


def test_groups_add_up_and_none_is_smaller_than_ten():
    customers = pd.DataFrame(
        {
            "segment": ["A"] * 40 + ["B"] * 9,
            "reason": ["gap"] * 25 + ["reviews"] * 3 + ["stock"] * 12 + ["gap"] * 9,
            "chance": 0.5,
            "value_cents": 100.0,
            "at_stake_cents": 50.0,
        }
    )
    found = grouped(customers)
    assert set(found.segment) == {"all", "A"} and found.customers.min() >= tables.FEW
    every = found[(found.segment == "all") & (found.reason == "all")].iloc[0]
    assert (every.customers, every.leaving, every.at_stake_cents) == (49, 24.5, 2450)
    assert "reviews" not in set(found.reason)


def test_a_campaign_without_customers_held_out_has_no_effect_that_is_known():
    assert effect(50, 10, 0, 0).effect is None


def test_an_interval_of_a_campaign_without_effect_holds_zero_nineteen_times_in_twenty():
    random = np.random.default_rng(0)
    holds = [
        (found := effect(200, int(random.binomial(200, 0.2)), 100, int(random.binomial(100, 0.2)))).low <= 0 <= found.high
        for _ in range(1_000)
    ]
    assert 0.93 <= np.mean(holds) <= 0.97
