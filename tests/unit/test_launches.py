"""Potential of new products on made-up shops in which the right one is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sparse

from core.capabilities.launches.check import blocks, check
from core.capabilities.launches.compute import _is_new, _nearest, _potentials, read_launches
from core.capabilities.launches.potential import FEWEST, SPAN, Launches, fit, likeness
from core.capabilities.launches.tables import PUSH, STOP, WATCH
from core.storage import duckdb as db

WEEKS, OLD, NEW = 64, 30, 120


def shop(seed: int = 1, *, alike: bool = True, noise: float = 0.1, weeks: int = WEEKS) -> Launches:
    """30 old products sell 2, 4, ... 60 a week. 120 products are launched over the weeks, each selling half of the old one that its text
    is like; where they are not `alike`, half of another."""
    rng = np.random.default_rng(seed)
    pace = 2.0 * (1 + np.arange(OLD))
    like = rng.integers(0, OLD, NEW)
    own = pace[like] if alike else pace[rng.permutation(like)]
    first = np.sort(rng.integers(SPAN, weeks - 1, NEW))
    units = np.zeros((OLD + NEW, weeks))
    units[:OLD] = pace[:, None]
    for k, week in enumerate(first):
        units[OLD + k, week:] = np.maximum(1.0, np.round(0.5 * own[k] * np.exp(rng.normal(0, noise, weeks - week))))
    similar = sparse.csr_matrix((np.full(NEW, 0.95), (OLD + np.arange(NEW), like)), shape=(OLD + NEW,) * 2)
    same = np.zeros(OLD + NEW, int)
    return Launches.of(units, likeness(similar, same, same, np.full(OLD + NEW, 100.0)), np.full(OLD + NEW, np.nan))


def test_before_the_first_sale_a_product_is_expected_to_sell_as_its_analogue_foretells():
    launches = shop()
    model = fit(launches, WEEKS)
    for old in (4, 14, 24):
        twin = OLD + int(np.flatnonzero(launches.like[OLD:, old].toarray().ravel())[-1])
        score = launches.scores(np.array([twin]), launches.first[[twin]])
        low, middle, high = model.units(score, np.zeros(1), np.zeros(1, int))[0]
        right = SPAN * (1 + old)
        assert middle == pytest.approx(right, rel=0.25) and low <= right <= high


def test_where_similar_products_foretell_nothing_they_do_not_count():
    launches = shop(alike=False)
    model = fit(launches, WEEKS)
    assert all(weights[1] == 0 for weights in model.weights.values())
    assert len(np.unique(model.units(np.array([1.0, 5.0]), np.zeros(2), np.zeros(2, int))[:, 1])) == 1


def test_what_was_sold_counts_more_than_similar_products_and_is_never_undercut():
    model = fit(shop(), WEEKS)
    few, many = model.units(np.array([3.0, 3.0]), np.array([20.0, 400.0]), np.array([2, 2]))
    assert few[1] < many[1] and (many >= 400).all()


def test_a_potential_uses_nothing_that_came_later():
    """Other sales from a week on, and launches that come later, change nothing that was forecast by then."""
    week = 40
    launches, other = shop(), shop()
    other.units[:, week:] = 999.0
    later = Launches.of(other.units, other.like, np.full(len(other.units), np.nan))
    one, two = fit(launches, week), fit(later, week)
    assert all((one.weights[age] == two.weights[age]).all() for age in one.weights) and one.low == two.low and one.high == two.high
    new = np.flatnonzero(launches.first == week)
    assert len(new) and (launches.scores(new, np.full(len(new), week)) == later.scores(new, np.full(len(new), week))).all()


def test_an_analogue_has_been_on_sale_for_8_weeks():
    units = np.zeros((3, 40))
    units[0, 10:], units[1, 20:], units[2, 27:] = 1.0, 1.0, 1.0
    like = sparse.csr_matrix(([0.9, 0.8], ([2, 2], [0, 1])), shape=(3, 3))
    launches = Launches.of(units, like, np.full(3, np.nan))
    assert list(launches.analogues(2, 27)[0]) == [0] and list(launches.analogues(2, 28)[0]) == [0, 1]


def test_a_first_sale_long_after_the_listing_or_at_the_start_of_the_data_is_no_launch():
    units = np.zeros((4, 40))
    units[0, 3:], units[1:, 20:] = 1.0, 1.0
    launches = Launches.of(units, sparse.csr_matrix((4, 4)), np.array([np.nan, 5.0, 15.0, np.nan]))
    assert list(launches.launched) == [False, False, True, True]


def test_another_category_brand_and_price_lower_the_weight_of_an_analogue():
    similar = sparse.csr_matrix(np.array([[0.0, 0.9, 0.9, 0.9, 0.9, 0.9]] + [[0.0] * 6] * 5))
    found = likeness(similar, np.array([0, 0, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 0, 0]), np.array([10, 10, 10, 10, 40, np.nan])).toarray()[
        0, 1:
    ]
    assert found / found[0] == pytest.approx([1, 0.1, 0.1, 0.4, 0.6])


def test_fewer_than_20_launches_give_no_forecast():
    launches = shop()
    ends = np.sort(launches.first[launches.launched] + SPAN)
    assert fit(launches, int(ends[FEWEST - 1]) - 1) is None and fit(launches, int(ends[FEWEST - 1])) is not None


def test_the_check_ranks_launches_by_their_analogues_where_the_category_cannot():
    found = {age: check(parts) for age, parts in blocks(shop(), np.zeros(OLD + NEW, int), WEEKS).items()}
    assert found[0].launches > 40 and found[0].spearman > 0.9 and abs(found[0].spearman_simple) < 0.5
    assert found[1].pushed > 5 and found[1].pushed_best > 0.8
    assert found[1].spearman >= found[1].spearman_simple and 0.7 <= found[1].inside <= 0.95


def test_where_similar_products_foretell_nothing_the_first_week_ranks_alone():
    found = {age: check(parts) for age, parts in blocks(shop(alike=False), np.zeros(OLD + NEW, int), WEEKS).items()}
    assert found[1].spearman == pytest.approx(found[1].spearman_simple)
    assert found[0].spearman == pytest.approx(0.0, abs=0.1)


def listed(products: int, **known) -> pd.DataFrame:
    names = ("pack_size", "moq", "max_order", "on_hand", "on_order", "unit_cost_cents", "listed_days")
    frame = pd.DataFrame({name: pd.Series([np.nan] * products, dtype="Float64") for name in names})
    return frame.assign(product_id=[f"P{k}" for k in range(products)], **known)


def test_advice_and_first_order_follow_the_expected_units():
    launches = shop(weeks=WEEKS)
    model, now = fit(launches, WEEKS), WEEKS
    new = np.flatnonzero(launches.launched & (launches.first > now - SPAN))
    about = listed(OLD + NEW, pack_size=12.0, on_hand=30.0, unit_cost_cents=50.0)
    found = _potentials(launches, model, about, new, launches.first[new], pd.Timestamp("2024-06-30").date())
    past = launches.past(now)
    best = np.quantile(launches.sold(past, launches.first[past], SPAN), 0.75)
    assert (found.units_middle[found.advice == PUSH] >= best).all() and {PUSH, WATCH, STOP} >= set(found.advice) >= {PUSH, WATCH}
    ordered = found[found.order_units > 0]
    gap = ordered.units_middle - ordered.units_so_far - 30
    assert len(ordered) and (ordered.order_units % 12 == 0).all() and (ordered.order_units - gap).between(0, 12).all()
    assert (ordered.order_cost_cents == 50 * ordered.order_units).all()
    assert found.order_units[found.advice == STOP].isna().all()
    assert ((found.order_low <= found.order_units) & (found.order_units <= found.order_high))[found.order_units.notna()].all()


def test_coming_products_are_those_listed_lately_or_for_later():
    units = np.ones((4, 30))
    units[1:] = 0.0
    launches = Launches.of(units, sparse.csr_matrix((4, 4)), np.full(4, np.nan))
    about = listed(4, listed_days=pd.Series([0, -20, 100, 400], dtype="Int64"))
    assert list(_is_new(launches, about, 30)) == [False, True, True, False]
    assert not _is_new(launches, listed(4), 30).any()


def test_weeks_prices_stock_and_listing_are_read_as_of_a_day():
    """A sells from the first week on, B from week 10 on, C is to come; what is dated after the day is not read."""
    as_of = date(2024, 6, 30)
    lines = [
        ("A", 7 * 11, 5.0, 100),
        ("A", 0, 3.0, 100),
        ("B", 7 + 6, 2.0, 900),
        ("B", 7, 2.0, 700),
        ("B", 0, 1.0, 100),
        ("B", -1, 99.0, 1),
    ]
    sold = ", ".join(f"('{product}', date '{as_of}' - {ago}, {units}, {units * cents})" for product, ago, units, cents in lines)
    with db.connect() as con:
        con.execute(f"create table order_lines as select * from (values {sold}) t (product_id, day, units, revenue_cents)")
        con.execute(
            "create table products as select *, null::double as unit_cost_cents, 6.0 as pack_size, null::double as moq, null::double as "
            "max_order from (values ('A', null, 'Mugs', null, 150), ('B', date '2024-06-10', 'Mugs', 'X', 500), "
            "('C', date '2024-07-14', null, 'X', 600)) t (product_id, launched_on, category, brand, price_cents)"
        )
        con.execute(
            "create table stock as select * from (values (date '2024-06-01', 'B', 9.0, 1.0), (date '2024-06-20', 'B', 4.0, null), "
            "(date '2024-07-01', 'B', 99.0, null)) t (day, product_id, on_hand, on_order)"
        )
        near = pa.table({"product_id": ["B", "C"], "neighbour_id": ["A", "B"], "rank": [1, 1], "similarity": [0.8, 0.5]})
        launches, similar, about = read_launches(db.DuckDB(con), as_of, near)
    assert launches.units.tolist() == [[5.0] + [0.0] * 10 + [3.0], [0.0] * 10 + [4.0, 1.0], [0.0] * 12]
    assert list(launches.first) == [0, 10, -1] and list(launches.launched) == [False, True, False]
    assert list(_is_new(launches, about, 12)) == [False, True, True]
    assert about.on_hand[1] == 4.0 and np.isnan(about.on_order[1])
    half = 0.2 + 0.8 / 8.0  # B's first week: 4 units at a mean of 800, A's at 100
    assert launches.like[1, 0] == pytest.approx(0.8**4 * 0.1 * half) and similar[1, 0] == 0.8
    ((_rank, other, similarity, recent, launch),) = _nearest(launches, similar, 1, 10)
    assert (other, similarity, recent, launch) == (0, 0.8, 0.0, None)  # A sold in weeks 0 and 11 alone
