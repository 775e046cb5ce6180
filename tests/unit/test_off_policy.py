"""What other choices would have brought, on made-up logs whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from bench.off_policy import simulated
from core.capabilities.action_results import choices, off_policy
from core.capabilities.action_results.off_policy import DR, IPS, SNIPS

LOG = (2_000, 6, 0.1, 1, 6.0, 0.0)


def test_intervals_hold_the_true_rate_in_95_of_100_logs_and_estimates_do_not_lean():
    random, held, leant = np.random.default_rng(8), {IPS: [], SNIPS: [], DR: []}, {IPS: [], SNIPS: [], DR: []}
    for _ in range(100):
        log, rule, truth = simulated(random, *LOG)
        for name, one in off_policy.estimates(log, rule).items():
            held[name].append(one.low <= truth <= one.high)
            leant[name].append(one.rate / truth)
    for name in held:
        assert 91 <= sum(held[name]) <= 99 and np.mean(leant[name]) == pytest.approx(1, abs=0.04)


def test_the_rate_of_what_was_shown_says_something_else_than_the_rule():
    log, rule, truth = simulated(np.random.default_rng(2), 20_000, 6, 0.1, 1, 10.0, 0.0)
    usual, found = off_policy.as_shown(log), off_policy.estimates(log, rule)
    assert usual.low > truth and all(one.low < truth < one.high < usual.rate for one in found.values())


def test_a_rule_that_chooses_as_was_chosen_has_the_rate_that_was_shown():
    log, rule, _truth = simulated(np.random.default_rng(3), *LOG[:-1], 1.0)
    usual, found = off_policy.as_shown(log), off_policy.estimates(log, rule)
    assert [found[name].rate for name in (IPS, SNIPS)] == pytest.approx([usual.rate] * 2)
    assert found[IPS].effective == pytest.approx(len(log)) and found[DR].rate == pytest.approx(usual.rate, rel=0.03)


def test_a_guess_never_learns_from_the_answers_of_its_own_draw():
    log, rule, _truth = simulated(np.random.default_rng(4), 400, 6, 0.1, 4, 6.0, 0.0)
    guess, value = off_policy.guesses(log, rule)
    mine = log.together == 7
    other = replace(log, answered=np.where(mine, 1 - log.answered, log.answered))
    again, value_again = off_policy.guesses(other, rule)
    assert (again[mine] == guess[mine]).all() and (value_again[mine] == value[mine]).all() and (again != guess).any()


def test_impressions_drawn_together_count_as_one_draw():
    log, rule, _truth = simulated(np.random.default_rng(5), *LOG)
    twice = log.take(np.repeat(np.arange(len(log)), 2))
    apart = replace(twice, together=np.arange(len(twice)))
    wide = [off_policy.estimates(one, rule)[SNIPS] for one in (log, twice, apart)]
    assert wide[1].low == pytest.approx(wide[0].low) and wide[2].low > wide[0].low
    grouped = replace(log, shown=2 * log.shown, answered=2 * log.answered)  # a row that stands for two
    assert off_policy.estimates(grouped, rule)[SNIPS].high == pytest.approx(wide[0].high)


def test_few_answers_or_heavy_weights_are_too_little_and_the_number_needed_is_said():
    log, rule, _truth = simulated(np.random.default_rng(6), 300, 6, 0.05, 1, 6.0, 0.0)
    needed = off_policy.estimates(log, rule)[DR].needed
    assert needed > 300
    more, rule, _truth = simulated(np.random.default_rng(6), round(3 * needed), 6, 0.05, 1, 6.0, 0.0)
    assert off_policy.estimates(more, rule)[DR].needed is None
    heavy = replace(more, propensity=np.where(np.arange(len(more)) == 0, 1e-6, more.propensity))
    assert off_policy.estimates(heavy, rule)[DR].needed and off_policy.estimates(heavy, rule, clip=5.0)[DR].needed is None
    assert off_policy.estimates(replace(more, answered=0 * more.answered), rule)[SNIPS].needed


def test_probabilities_that_do_not_agree_with_what_was_shown_are_noticed():
    log, rule, _truth = simulated(np.random.default_rng(7), *LOG)
    assert off_policy.fits(log, rule) and not off_policy.fits(replace(log, propensity=log.propensity / 2), rule)


# Rules on a shop's log

DAY = date(2026, 3, 2)


def shown(days: int = 40, products: tuple[str, ...] = ("A", "B", "C", "D"), each: int = 25, **altered) -> pd.DataFrame:
    """Impressions of one campaign, each product as often; A is clicked in one of five, others in one of twenty-five."""
    rows = [(DAY + timedelta(days=d), p, k) for d in range(days) for p in products for k in range(each)]
    frame = pd.DataFrame(rows, columns=["day", "product_id", "k"])
    return frame.assign(
        shown_at=pd.to_datetime(frame.day) + pd.to_timedelta(frame.groupby("day").cumcount(), unit="s"),
        campaign="C", place="home", position=1.0, segment="GB", person=None, shown=1,
        clicked=(frame.k % np.where(frame.product_id == "A", 5, 25) == 0).astype(float),
        bought=(frame.k == 0).astype(float), propensity=1 / len(products),
    ).assign(**altered)  # fmt: skip


def said(*updates: tuple[date, str]) -> pd.DataFrame:
    """Forecasts: of each update, the product that is most likely to rise."""
    rows = [(day, "all", p, 0.9 if p == best else 0.1) for day, best in updates for p in "ABCD"]
    return pd.DataFrame(rows, columns=["as_of", "segment", "product_id", "rising_probability"])


def found(frame: pd.DataFrame, forecasts: pd.DataFrame | None = None) -> pd.DataFrame:
    return pd.DataFrame(choices.judged(frame, said() if forecasts is None else forecasts)).set_index(["rule", "estimator"])


def test_each_rule_is_judged_beside_what_was_shown():
    rows = found(shown(), said((DAY - timedelta(days=1), "A"), (DAY + timedelta(days=20), "A")))
    assert rows.loc[("shown", "shown"), "rate"] == pytest.approx(0.08) and rows.loc[("alike", "dr"), "rate"] == pytest.approx(
        0.08, rel=0.02
    )
    rising = rows.loc[("rising", "snips")]
    assert rising.rate == pytest.approx(0.2) and rising.finding == "above" and rising.effective == pytest.approx(1_000)
    assert rows.loc[("alike", "dr"), "finding"] == "unclear" and set(rows.outcome) == {"clicks"}


def test_a_rule_knows_only_forecasts_of_updates_before_the_day():
    day = DAY + timedelta(days=20)
    rows = found(shown(), said((DAY, "B"), (day, "A")))
    rising = rows.loc[("rising", "snips")]
    assert rising.first_day == DAY + timedelta(days=1)
    assert rising.rate == pytest.approx((20 * 0.04 + 19 * 0.2) / 39)


def test_without_forecasts_of_those_weeks_rising_products_are_not_judged():
    assert "rising" not in found(shown()).index.get_level_values("rule")
    assert "rising" not in found(shown(), said((DAY - timedelta(days=90), "A"))).index.get_level_values("rule")


def test_orders_count_where_clicks_are_not_known_and_nothing_is_said_without_a_choice():
    assert set(found(shown(clicked=np.nan)).outcome) == {"orders"}
    assert not list(choices.judged(shown(products=("A",)), said())) and not list(choices.judged(shown()[:0], said()))


def test_wrong_probabilities_are_no_evidence():
    row = found(shown(propensity=0.1)).loc[("alike", "dr")]
    assert row.finding == "misfit" and np.isnan(row.rate)


def test_a_product_belongs_to_a_campaign_between_its_impressions_there_and_not_in_a_long_pause():
    early, late = shown(10, ("A", "B")), shown(10, ("A", "C")).assign(day=lambda t: t.day + timedelta(days=40))
    options = choices._options(pd.concat([early, late]))
    assert options.groupby("day").product_id.agg("".join).unique().tolist() == ["AB", "AC"]
    gap = shown(10)
    assert len(choices._options(gap[(gap.product_id != "B") | (gap.day.isin([DAY, DAY + timedelta(days=9)]))])) == 40
