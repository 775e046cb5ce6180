"""What actions changed, on made-up sales with known effects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.capabilities.action_results import hold_out, twins
from core.capabilities.action_results.compute import Done, _campaigns, _Shop
from core.capabilities.action_results.hold_out import Change
from core.capabilities.action_results.verdict import NOT_PAID, PAID, UNCLEAR, judge


def skewed(random, count: int = 24, held: int = 6, growth: float = 1.4):
    """Usual and sold units of products whose levels differ a hundredfold, after the whole shop grew; and those not held out."""
    usual = np.exp(random.normal(3, 1.2, count))
    units = random.poisson(usual * growth * random.gamma(4, 1 / 4, count)).astype(float)
    return usual, units, random.permutation(np.arange(count) >= held)


def test_intervals_hold_the_true_change_of_few_skewed_products_in_95_of_100_cases():
    random, hits = np.random.default_rng(3), 0
    for case in range(100):
        usual, units, done = skewed(random)
        units = units + random.poisson(0.5 * units) * done
        found = hold_out.change(units, usual, done, case)
        hits += found.low <= 0.5 <= found.high
    assert 91 <= hits <= 99


def test_a_large_change_is_found_and_growth_of_the_whole_shop_is_none():
    usual, units, done = skewed(np.random.default_rng(4), count=60, held=20)
    assert hold_out.change(units, usual, done).low < 0 < hold_out.change(units, usual, done).high
    found = hold_out.change(np.where(done, 3 * units, units), usual, done)
    assert 0 < found.low < found.change < found.high and found.change == pytest.approx(2, rel=0.35)


def test_one_product_held_out_of_a_few_bounds_nothing():
    found = hold_out.change(np.array([9.0, 8, 7, 30, 2]), np.array([8.0, 8, 8, 8, 8]), np.array([True, True, True, True, False]))
    assert found.low == -1 and found.high == np.inf
    assert judge(found, 54).verdict == UNCLEAR and judge(found, 54).times is None


def test_power_rises_with_the_change_and_with_the_hold_out_and_is_near_nothing_without_a_change():
    random = np.random.default_rng(5)
    weeks = random.poisson(np.exp(random.normal(2, 0.8, 60))[:, None] * np.ones(52)).astype(float)
    found = hold_out.power(weeks, range(20), 6, 4, (0.0, 0.2, 0.5, 1.0))
    assert found[0.0] <= 0.06 and found[0.2] < found[0.5] <= found[1.0] and found[1.0] > 0.95
    assert hold_out.power(weeks, range(20), 1, 4, (0.2,))[0.2] < found[0.2]


def test_power_said_before_is_the_share_seen_later():
    random = np.random.default_rng(6)
    level, said, seen = np.exp(random.normal(2, 0.8, 60)), [], []
    for case in range(40):
        weeks = random.poisson(level[:, None] * random.gamma(5, 1 / 5, (60, 44))).astype(float)
        said.append(hold_out.power(weeks[:, :40], range(20), 6, 4, (0.5,), case)[0.5])
        done = random.permutation(np.arange(20) >= 6)
        units = weeks[:20, 40:].sum(1)
        seen.append(hold_out.change(units + random.poisson(0.5 * units) * done, weeks[:20, 32:40].sum(1) / 2, done, case).low > 0)
    assert np.mean(seen) == pytest.approx(np.mean(said), abs=0.12)


def test_a_short_past_or_no_hold_out_has_no_power():
    weeks = np.ones((20, 14))
    assert hold_out.power(weeks, range(10), 2, 4, (0.5,)) is None
    assert hold_out.power(np.ones((20, 52)), range(10), 0, 4, (0.5,)) is None


# ---- twins


def drifting(random, products: int = 80, days: int = 400) -> np.ndarray:
    level = np.exp(random.normal(0.5, 0.8, products))[:, None]
    season = 1 + 0.5 * np.sin(np.arange(days) / 50)
    return random.poisson(level * season).astype(float)


def test_twins_find_a_planted_change_and_none_where_none_is():
    random = np.random.default_rng(7)
    units, chosen, others = drifting(random), np.arange(20), np.arange(20, 80)
    quiet = twins.change(twins.Sales(units, np.full(80, -1)), chosen, others, 360, 28)
    assert quiet.low < 0 < quiet.high
    units[:20, 360:388] *= 2
    found = twins.change(twins.Sales(units, np.full(80, -1)), chosen, others, 360, 28)
    assert found.low > 0.5 and found.low < 1 < found.high


def test_the_interval_of_twins_holds_the_true_change_in_most_cases():
    random, hits = np.random.default_rng(8), 0
    for case in range(60):
        units = drifting(random, days=300)
        units[:12, 250:278] += random.poisson(0.4 * units[:12, 250:278])
        found = twins.change(twins.Sales(units, np.full(80, -1)), np.arange(12), np.arange(12, 80), 250, 28, case)
        hits += found.low <= 0.4 <= found.high
    assert hits >= 54


def test_too_few_others_or_a_first_week_give_no_twins():
    sales = twins.Sales(np.ones((40, 300)), np.full(40, -1))
    assert twins.change(sales, np.arange(5), np.arange(5, 30), 200, 28) is None
    assert twins.change(sales, np.arange(5), np.arange(5, 40), 20, 28) is None


# ---- verdicts


def test_costs_turn_a_gain_into_a_loss():
    assert judge(Change(0.3, 0.1, 0.6), 130).verdict == PAID
    assert judge(Change(0.3, 0.1, 0.6), 130, break_even=20).verdict == UNCLEAR
    assert judge(Change(0.3, 0.1, 0.6), 130, break_even=60).verdict == NOT_PAID


def test_a_change_that_is_surely_small_did_not_pay():
    assert judge(Change(0.01, -0.02, 0.03), 1000).verdict == NOT_PAID
    assert judge(None, 1000).verdict == UNCLEAR


# ---- from actions to rows


@pytest.fixture
def judged_shop() -> _Shop:
    """100 products over 300 days from 1 January 2024; those from 0 to 9 double from day 250 on."""
    units = np.random.default_rng(9).poisson(3.0, (100, 300)).astype(np.float32)
    units[:10, 250:] *= 2
    names = [f"P{k:02d}" for k in range(100)]
    about = pd.DataFrame({"category": "mugs", "price_cents": 500.0, "unit_cost_cents": 300.0}, index=names)
    return _Shop(twins.Sales(units, np.zeros(100, int)), date(2024, 1, 1), {name: k for k, name in enumerate(names)}, about)


def done(products, control=(), **more) -> Done:
    days = date(2024, 9, 7), date(2024, 10, 4)  # days 250 to 277
    given = {"source": "kept", "action": "1", "kind": "feature", "name": "Front page"} | more
    return Done(*given.values(), *days, [f"P{k:02d}" for k in products], [f"P{k:02d}" for k in control])


def test_a_kept_action_is_judged_by_its_hold_out(judged_shop):
    row = judged_shop.judged(done(range(10), range(40, 50)), set())
    assert (row["evidence"], row["verdict"], row["count"], row["held_out"]) == ("hold_out", "paid", 10, 10)
    assert row["units"] == judged_shop.sales.units[:10, 250:278].sum() and row["change"] == pytest.approx(1, abs=0.25)
    assert 0 < row["low_extra_units"] < row["extra_units"] < row["high_extra_units"] < row["units"]


def test_an_action_without_a_hold_out_is_judged_by_twins_that_take_part_in_no_action(judged_shop):
    row = judged_shop.judged(done(range(10)), {f"P{k:02d}" for k in range(40)})
    assert row["evidence"] == "twins" and row["low"] > 0.5
    assert judged_shop.judged(done(range(10)), {f"P{k:02d}" for k in range(90)})["evidence"] == "none"


def test_a_discount_on_all_units_can_cost_more_than_it_brings(judged_shop):
    row = judged_shop.judged(replace(done(range(10)), discount=0.3), set())
    assert row["break_even_units"] == pytest.approx(0.3 * 500 * row["units"] / 200)
    assert row["verdict"] == "not_paid"


def test_a_cost_without_a_known_margin_has_no_break_even(judged_shop):
    judged_shop.about["unit_cost_cents"] = np.nan
    row = judged_shop.judged(replace(done(range(10)), cost_cents=100.0), set())
    assert row["break_even_units"] is None and row["verdict"] == "paid"


def test_a_purchase_order_is_compared_with_nothing(judged_shop):
    row = judged_shop.judged(done(range(3), kind="order"), set())
    assert (row["evidence"], row["verdict"], row["change"]) == ("none", "unclear", None)


def test_campaigns_of_few_customers_are_not_told_apart():
    campaign = {"campaign": "Spring", "day": date(2024, 3, 1), "contacted": 90, "held_out": 30, "effect": 0.1, "low": 0.02, "high": 0.18}
    context = SimpleNamespace(read=lambda name: pa.Table.from_pylist([campaign, campaign | {"held_out": 9, "campaign": "Voucher"}]))
    large, small = _campaigns(context)
    assert (large["verdict"], large["extra_units"], large["evidence"]) == ("paid", pytest.approx(9), "hold_out")
    assert (small["verdict"], small["extra_units"], small["evidence"]) == ("unclear", None, "none")
