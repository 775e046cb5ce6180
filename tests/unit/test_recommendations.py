"""Recommendations on made-up purchases: what they learn, what they list and how they are judged."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse

from core.capabilities.recommendations import lists, quality, tables
from core.capabilities.recommendations.associations import ease, nearest
from core.capabilities.recommendations.purchases import Purchases
from core.capabilities.recommendations.ranking import Ranker, fitted_by
from core.capabilities.recommendations.signals import AGAIN, NEW, Past

DAYS, CUSTOMERS, PRODUCTS = 140, 120, 40
NOTHING_SIMILAR = sparse.csr_matrix((PRODUCTS, PRODUCTS), dtype=np.float32)


def purchases_of(customer, product, day, customers: int, products: int, category=None) -> Purchases:
    category = np.zeros(products, np.int32) if category is None else np.asarray(category, np.int32)
    return Purchases(*(np.asarray(v, np.int32) for v in (customer, product, day)), customers, products, category)


@pytest.fixture(scope="module")
def two_tastes() -> Purchases:
    """Even customers buy the first half of the products, odd ones the other."""
    random = np.random.default_rng(3)
    n = CUSTOMERS * 30
    customer, day = random.integers(0, CUSTOMERS, n), random.integers(0, DAYS, n)
    product = random.integers(0, PRODUCTS // 2, n) + PRODUCTS // 2 * (customer % 2)
    return purchases_of(customer, product, day, CUSTOMERS, PRODUCTS)


def test_ease_is_the_ridge_regression_of_each_product_on_all_others():
    random = np.random.default_rng(0)
    bought = (random.random((50, 6)) < 0.4).astype(float)
    weights = ease(sparse.csr_matrix(bought), penalty=2.0)
    for product in range(6):
        others = [k for k in range(6) if k != product]
        x = bought[:, others]
        expected = np.linalg.solve(x.T @ x + 2.0 * np.eye(5), x.T @ bought[:, product])
        assert weights[others, product] == pytest.approx(expected, abs=1e-4)


def test_nearest_products_are_those_with_the_largest_cosine():
    random = np.random.default_rng(0)
    bought = (random.random((80, 30)) < 0.3).astype(float)
    found = nearest(sparse.csr_matrix(bought), count=4).toarray()
    unit = bought / np.linalg.norm(bought, axis=0)
    cosine = unit.T @ unit
    np.fill_diagonal(cosine, 0)
    for product in range(30):
        assert sorted(found[product][found[product] > 0]) == pytest.approx(np.sort(cosine[product])[-4:], abs=1e-5)


def test_signals_read_no_day_after_their_own(two_tastes):
    early = two_tastes.until(100)
    late_, early_ = (Past(p, NOTHING_SIMILAR).on(100).of(np.arange(10)) for p in (two_tastes, early))
    cells = np.nonzero(np.ones(late_.before.shape))
    assert np.array_equal(late_.again, early_.again) and np.array_equal(late_.new(*cells), early_.new(*cells))


def test_signals_say_how_often_and_how_long_ago_a_customer_bought():
    purchases = purchases_of([0, 0, 0, 1], [1, 1, 0, 0], [10, 20, 5, 29], 2, 2)
    found = Past(purchases, sparse.csr_matrix((2, 2), dtype=np.float32)).on(30)
    assert found.days_bought.toarray().tolist() == [[1, 2], [1, 0]]
    assert np.expm1(found.of(np.array([0])).again[:, AGAIN.index("days_since")]).round().tolist() == [25, 10]


def test_the_logit_of_a_product_is_the_weighted_sum_of_its_signals(two_tastes):
    similar = sparse.random_array((PRODUCTS, PRODUCTS), density=0.1, rng=np.random.default_rng(0), dtype=np.float32).tocsr()
    block = Past(two_tastes, sparse.csr_matrix(similar)).on(100).of(np.arange(20))
    weights = np.linspace(-1, 2, len(NEW))
    row, column = np.nonzero(np.ones(block.before.shape))
    expected = 0.5 + block.new(row, column) @ weights
    assert block.total(weights, 0.5).ravel() == pytest.approx(expected, abs=1e-4)
    bought = block.new(*block.cells)
    for name in NEW[:2] + NEW[3:]:
        assert np.array_equal(block.again[:, AGAIN.index(name)], bought[:, NEW.index(name)])


def test_lists_follow_the_tastes_of_customers(two_tastes):
    day = DAYS - 15
    ranker = fitted_by(Past(two_tastes, NOTHING_SIMILAR), day)
    signals = Past(two_tastes, NOTHING_SIMILAR).on(day)
    customers = np.arange(CUSTOMERS)
    found, chances = lists.make(signals, ranker, customers, np.ones(PRODUCTS, bool), np.zeros((2, PRODUCTS)), customers % 2)
    assert (found.product // (PRODUCTS // 2) == found.customer % 2).mean() > 0.99
    assert chances[0, : PRODUCTS // 2].mean() > 5 * chances[0, PRODUCTS // 2 :].mean()
    assert np.array_equal(np.bincount(found.customer), np.full(CUSTOMERS, tables.LENGTH))


def test_new_products_of_a_taste_are_found_where_popularity_cannot(two_tastes):
    measured, _ = quality.measure(Past(two_tastes, NOTHING_SIMILAR), DAYS - 15)
    assert measured[tables.OURS].recall_new > 1.5 * measured[tables.POPULAR].recall_new
    assert measured[tables.OURS].coverage > measured[tables.POPULAR].coverage


def test_what_is_not_offered_is_on_no_list(two_tastes):
    signals = Past(two_tastes, NOTHING_SIMILAR).on(100)
    offered = np.arange(PRODUCTS) >= 4
    ranker = fitted_by(Past(two_tastes, NOTHING_SIMILAR), 100)
    found, _ = lists.make(signals, ranker, np.arange(50), offered, np.zeros((1, PRODUCTS)), np.zeros(50, int))
    assert found.product.min() == 4 and len(found.product) == 50 * tables.LENGTH


def test_a_reason_names_a_product_that_the_customer_bought(two_tastes):
    signals = Past(two_tastes, NOTHING_SIMILAR).on(100)
    ranker = fitted_by(Past(two_tastes, NOTHING_SIMILAR), 100)
    found, _ = lists.make(signals, ranker, np.arange(CUSTOMERS), np.ones(PRODUCTS, bool), np.zeros((1, PRODUCTS)), np.zeros(CUSTOMERS, int))
    named = [(c, b) for c, b, r in zip(found.customer, found.because, found.reason) if tables.REASONS[r] == tables.WITH]
    assert named and all(signals.days_bought[c, b] > 0 for c, b in named)
    again = np.array([tables.REASONS[r] == tables.AGAIN for r in found.reason])
    assert np.array_equal(again, found.days_bought > 0)


def test_leaning_moves_rising_products_up_and_says_so(two_tastes):
    signals = Past(two_tastes, NOTHING_SIMILAR).on(100)
    ranker = fitted_by(Past(two_tastes, NOTHING_SIMILAR), 100)
    lean = np.zeros((1, PRODUCTS))
    lean[0, 7] = 3.0
    without, with_it = (
        lists.make(signals, ranker, np.arange(0, CUSTOMERS, 2), np.ones(PRODUCTS, bool), by, np.zeros(CUSTOMERS // 2, int))[0]
        for by in (np.zeros_like(lean), lean)
    )
    assert (with_it.product == 7).sum() > (without.product == 7).sum()
    new = (with_it.product == 7) & (with_it.days_bought == 0)
    assert tables.RISING in {tables.REASONS[r] for r in with_it.reason[new]}
    assert tables.RISING not in {tables.REASONS[r] for r in without.reason}
    assert with_it.chance[new].max() < 0.5  # the chance stays that of the customer's own signals


def test_repeats_are_not_listed_where_nobody_buys_twice():
    """Every customer buys each product once: what was bought is never bought again."""
    random = np.random.default_rng(1)
    customer = np.repeat(np.arange(100), 12)
    product = np.concatenate([random.permutation(30)[:12] for _ in range(100)])
    purchases = purchases_of(customer, product, random.integers(0, 100, len(customer)), 100, 30)
    nothing = sparse.csr_matrix((30, 30), dtype=np.float32)
    ranker = fitted_by(Past(purchases, nothing), 90)
    assert ranker.again is None and ranker.new is not None
    found, _ = lists.make(Past(purchases, nothing).on(90), ranker, np.arange(100), np.ones(30, bool), np.zeros((1, 30)), np.zeros(100, int))
    assert found.days_bought.max() == 0


def test_recall_and_ndcg_of_a_list_are_those_of_the_definition():
    scores = np.array([[5.0, 4, 3, 2], [1, 2, 3, 4]])
    happened = np.array([[True, False, True, False], [False, False, False, False]])
    recall, ndcg, shown = quality._judged(scores, happened)
    assert recall[0] == 1.0 and np.isnan(recall[1]) and np.isnan(ndcg[1])
    assert ndcg[0] == pytest.approx((1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3)))
    assert shown.tolist() == [[0, 1, 2, 3], [3, 2, 1, 0]]


def test_a_shop_without_earlier_purchases_has_nothing_to_learn_from():
    purchases = purchases_of([0], [0], [0], 1, 1)
    assert fitted_by(Past(purchases, sparse.csr_matrix((1, 1), dtype=np.float32)), 90) == Ranker(None, None)
