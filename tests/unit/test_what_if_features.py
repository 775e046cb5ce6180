"""What-if: the features under another price, promotion or stock are those that the definitions would give."""

from __future__ import annotations

import numpy as np

from core.models import whatif
from core.models.panel import rank_within_group
from core.schema.what_if import NO_DATA, SOLD_SINCE

NAN = np.nan
WINDOWS = (14, 56, 182)


def of_sales(paid: np.ndarray, listed: np.ndarray, orders: np.ndarray) -> dict[str, np.ndarray]:
    """The price features of one product by their definitions, from what was paid and asked each day, newest first; one unit an order."""
    revenue, full = paid * orders, listed * orders
    price = {days: revenue[:days].sum() / orders[:days].sum() for days in WINDOWS}
    discount = {days: (full - revenue)[:days].sum() / full[:days].sum() for days in WINDOWS}
    features = {"price": price[56], "price_change": price[14] / price[182], "price_drift": price[56] / price[182]}
    features |= {f"discount_{days}d": discount[days] for days in (14, 56)} | {f"orders_{days}d": orders[:days].sum() for days in WINDOWS}
    return {name: np.array([value]) for name, value in features.items()}


def sales() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    listed, orders = np.full(182, 10.0), random.integers(1, 6, 182).astype(float)
    return listed * np.where(np.arange(182) % 5, 1.0, 0.8), listed, orders


def test_a_cut_of_the_last_two_weeks_prices_gives_the_features_of_such_sales():
    paid, listed, orders = sales()
    lower = np.where(np.arange(182) < 14, 0.7, 1.0) * paid
    changed = whatif.priced(of_sales(paid, listed, orders), 0.7, as_discount=True)
    for name, values in changed.features.items():
        np.testing.assert_allclose(values, of_sales(lower, listed, orders)[name], atol=1e-12, err_msg=name)


def test_a_rise_ends_the_discount_before_it_raises_the_list_price():
    paid, listed, orders = (np.full(182, 8.0), np.full(182, 10.0), sales()[2])
    higher = np.where(np.arange(182) < 14, 12.0, paid)
    changed = whatif.priced(of_sales(paid, listed, orders), 1.5, as_discount=True)
    for name, values in changed.features.items():
        np.testing.assert_allclose(values, of_sales(higher, np.maximum(listed, higher), orders)[name], atol=1e-12, err_msg=name)


def test_a_shop_that_records_no_discounts_gets_none_from_a_cut():
    paid, listed, orders = sales()
    assert not [name for name in whatif.priced(of_sales(paid, listed, orders), 0.9, as_discount=False).features if "discount" in name]


def test_a_product_whose_discounts_are_not_recorded_keeps_them_missing():
    changed = whatif.priced({**of_sales(*sales()), "discount_14d": np.array([NAN]), "discount_56d": np.array([NAN])}, 0.9, as_discount=True)
    assert (
        changed.unknown.tolist() == [""]
        and np.isnan(changed.features["discount_14d"]).all()
        and np.isfinite(changed.features["price"]).all()
    )


def test_a_product_without_a_sale_in_two_weeks_has_no_price_to_change():
    x = {**of_sales(*sales()), "price_change": np.array([NAN]), "discount_14d": np.array([NAN])}
    assert whatif.priced(x, 0.9, as_discount=True).unknown.tolist() == [NO_DATA]


def test_a_promotion_starts_for_products_in_none_and_ends_for_those_in_one():
    x = {"promo_now": np.array([0.0, 1.0, NAN]), "promo_days_28d": np.array([28.0, 3.0, NAN])}
    started, ended = whatif.promoted(x, 7.0, 0.2), whatif.unpromoted(x)
    assert started.known.tolist() == [True, False, False] and started.unknown[2] == NO_DATA
    assert {name: values[0] for name, values in started.features.items()} == {
        "promo_now": 1.0,
        "promo_days_28d": 28.0,
        "promo_days_left": 6.0,
        "promo_discount": 0.2,
    }
    assert ended.known.tolist() == [False, True, False]
    assert ended.features["promo_days_28d"][1] == 2.0 and ended.features["days_since_promo"][1] == 1.0


def test_a_product_that_sold_within_a_week_cannot_have_been_out_of_stock():
    x = {"out_of_stock_14d": np.array([0.0, 0.0, 0.5, NAN]), "out_of_stock_56d": np.array([0.1, 0.0, 0.5, NAN])}
    out = whatif.sold_out(x, np.array([10.0, 2.0, 70.0, 70.0]))
    assert out.unknown.tolist() == ["", SOLD_SINCE, "", NO_DATA]
    np.testing.assert_allclose(out.features["out_of_stock_14d"][[0, 2]], [10 / 14, 1.0])
    np.testing.assert_allclose(out.features["out_of_stock_56d"][[0, 2]], [10 / 56, 1.0])
    assert whatif.restocked(x).known.tolist() == [True, False, True, False]


def test_a_new_value_has_the_rank_that_ranking_all_anew_would_give_it():
    random = np.random.default_rng(2)
    values = random.integers(0, 6, 40).astype(np.float32)
    values[7] = NAN
    old, wanted = np.array([0, 3, 9]), np.array([2.0, 5.0, 9.5], dtype=np.float32)
    for row, new in zip(old, wanted):
        anew = values.copy()
        anew[row] = new
        ranked = rank_within_group(anew[:, None], np.zeros(40, dtype=int))[row, 0]
        found = whatif._rank(np.sort(values[np.isfinite(values)]), values[[row]], np.array([new]))
        np.testing.assert_allclose(found, ranked, atol=1e-7)
