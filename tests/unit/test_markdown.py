"""Price response and markdown advice, on weeks whose elasticity was planted."""

from __future__ import annotations

import doctest
from datetime import date

import numpy as np
import pytest

from core.capabilities.inventory.control import markdown
from core.capabilities.inventory.control.markdown import PriceResponse, markdowns, price_response
from core.schema import DEMAND_WEEKS


def weeks_of(elasticity: float, products: int = 40, pace: float = 20.0, seed: int = 1, season: float = 0.5, weeks: int = 104) -> tuple:
    """product, week, orders, price of products whose price changes now and then, in a shop with a season that prices follow."""
    rng = np.random.default_rng(seed)
    level = pace * np.exp(rng.normal(0, 0.5, products))
    list_price = np.exp(rng.normal(7, 0.8, products))
    wave = season * np.sin(np.arange(weeks) / 52 * 2 * np.pi)
    change = np.repeat(rng.choice([-0.3, -0.1, 0.0, 0.0, 0.0, 0.1], (products, weeks // 8)), 8, axis=1) + 0.3 * wave
    own = np.repeat(rng.normal(0, 0.2, (products, weeks // 8)), 8, axis=1)  # weeks of one product are alike
    orders = rng.poisson(level[:, None] * np.exp(wave + own + elasticity * change))
    product, week = np.nonzero(orders)
    return product, week, orders[product, week].astype(float), (list_price[:, None] * np.exp(change))[product, week]


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(markdown)
    assert result.attempted >= 3 and result.failed == 0


@pytest.mark.parametrize("planted", [-0.8, -1.8, -3.0])
def test_a_planted_elasticity_is_found_within_its_error_whatever_season_and_products_do(planted):
    found = price_response(*weeks_of(planted), np.zeros(40, int), 1)
    assert found.supported[0] and found.error[0] < 0.2
    assert found.elasticity[0] == pytest.approx(planted, abs=2.5 * found.error[0])


def test_the_standard_error_is_the_spread_over_shops():
    found = [price_response(*weeks_of(-1.0, seed=s), np.zeros(40, int), 1) for s in range(60)]
    spread = np.std([f.elasticity[0] for f in found])
    assert np.mean([f.error[0] for f in found]) == pytest.approx(spread, rel=0.25)


def test_prices_that_do_nothing_give_no_advice():
    assert sum(price_response(*weeks_of(0.0, seed=s), np.zeros(40, int), 1).supported[0] for s in range(40)) == 0


def test_each_category_has_the_response_of_its_own_products():
    deep, none = weeks_of(-2.0, seed=2), weeks_of(0.0, seed=3)
    both = [np.concatenate([a, b + 40 * (k == 0)]) for k, (a, b) in enumerate(zip(deep, none))]
    mixed = np.random.default_rng(0).permutation(len(both[0]))
    found = price_response(*(column[mixed] for column in both), np.repeat([0, 2], 40), 3)
    np.testing.assert_allclose(found.elasticity[0], price_response(*deep, np.zeros(40, int), 1).elasticity[0], rtol=1e-5)
    assert found.supported.tolist() == [True, False, False] and np.isnan(found.elasticity[1])


def test_few_products_slow_sellers_and_prices_that_never_move_say_nothing():
    assert np.isnan(price_response(*weeks_of(-2.0, products=9), np.zeros(9, int), 1).elasticity[0])
    assert np.isnan(price_response(*weeks_of(-2.0, pace=0.5), np.zeros(40, int), 1).elasticity[0])
    product, week, orders, price = weeks_of(-2.0)
    assert np.isnan(price_response(product, week, orders, 500.0 + product, np.zeros(40, int), 1).elasticity[0])
    assert np.isnan(price_response(*(np.zeros(0, int),) * 2, *(np.zeros(0),) * 2, np.zeros(3, int), 1).elasticity[0])


@pytest.mark.parametrize(
    ("elasticity", "error", "supported"),
    [(-1.0, 0.4, True), (-1.0, 0.6, False), (-0.2, 0.01, False), (1.0, 0.1, False), (np.nan, np.nan, False)],
)
def test_only_a_clear_and_strong_response_supports_a_markdown(elasticity, error, supported):
    assert PriceResponse(np.array([elasticity]), np.array([error])).supported.tolist() == [supported]


def test_the_least_markdown_that_clears_in_time_is_advised_and_never_more_than_half():
    demand = np.repeat(10.0 * np.array(DEMAND_WEEKS)[:, None], 9, axis=1)[None]
    stock = np.linspace(135, 2000, 60)
    share, day = markdowns(demand.repeat(60, axis=0), stock, np.full(60, -1.5), date(2026, 11, 26))
    pace = 10 * (1 - share) ** -1.5
    assert (np.diff(share) >= 0).all() and share[0] == pytest.approx(0.05) and share[-1] == 0.5
    np.testing.assert_allclose(share / 0.05, np.round(share / 0.05))
    below = share < 0.5
    assert (stock[below] <= 13 * pace[below] + 1e-6).all()
    assert (stock[below] > 13 * 10 * (1 - share[below] + 0.05) ** -1.5 - 1e-6).all()
    assert (day == np.datetime64("2026-11-26") + np.ceil(stock / pace * 7 - 1e-6).astype(int)).all()


def test_what_even_half_the_price_would_not_sell_gets_no_markdown():
    nothing = np.zeros((1, len(DEMAND_WEEKS), 9))
    share, day = markdowns(nothing, np.array([50.0]), np.array([-2.0]), date(2026, 11, 26))
    assert np.isnan(share[0]) and np.isnat(day[0])
