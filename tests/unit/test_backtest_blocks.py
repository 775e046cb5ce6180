"""Which origins a backtest tests and learns from: blocks over the last year, the embargo, dates that were asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.errors import UserError
from core.evaluation.backtest.blocks import plan

SUNDAYS = [date(2020, 1, 5) + timedelta(7 * k) for k in range(56)]


def test_blocks_lie_in_the_last_year_and_keep_the_embargo():
    origins = [date(2018, 1, 7) + timedelta(7 * k) for k in range(150)]
    blocks = plan(origins, 28)
    assert [len(b.test) for b in blocks] == [8, 8, 8]
    assert blocks[-1].test[-1] == origins[-1] and origins[-1] - blocks[0].test[0] < timedelta(364)
    for block in blocks:
        assert (block.test[0] - block.train_until).days == 28
    assert all(a.test[-1] < b.test[0] for a, b in zip(blocks, blocks[1:]))


@pytest.mark.parametrize(("weeks", "sizes"), [(17, [1]), (20, [4]), (24, [8]), (34, [8, 8]), (60, [8, 8, 8])])
def test_short_histories_get_fewer_or_smaller_blocks(weeks, sizes):
    blocks = plan(SUNDAYS[:weeks] if weeks <= 56 else [SUNDAYS[0] + timedelta(7 * k) for k in range(weeks)], 28)
    assert [len(b.test) for b in blocks] == sizes


def test_a_history_too_short_to_learn_from_is_said_so():
    with pytest.raises(UserError, match="longer history"):
        plan(SUNDAYS[:16], 28)
    with pytest.raises(UserError, match="No horizon of"):
        plan([], 28)


def test_dates_make_one_block_of_exactly_those_origins():
    (block,) = plan(SUNDAYS, 28, date(2020, 7, 31), date(2020, 9, 4), date(2020, 11, 6))
    assert block.train_until == date(2020, 7, 26)
    assert block.test[0] == date(2020, 9, 6) and block.test[-1] == date(2020, 11, 1) and len(block.test) == 9


@pytest.mark.parametrize(
    ("given", "train_until", "first", "last"),
    [
        ({"train_until": date(2020, 7, 26)}, date(2020, 7, 26), date(2020, 8, 23), SUNDAYS[-1]),
        ({"test_from": date(2020, 9, 6)}, date(2020, 8, 9), date(2020, 9, 6), SUNDAYS[-1]),
        ({"test_until": date(2020, 9, 6)}, date(2020, 6, 21), date(2020, 7, 19), date(2020, 9, 6)),
    ],
)
def test_a_date_that_is_missing_follows_from_the_others(given, train_until, first, last):
    (block,) = plan(SUNDAYS, 28, **given)
    assert (block.train_until, block.test[0], block.test[-1]) == (train_until, first, last)


def test_an_embargo_shorter_than_the_horizon_is_refused():
    with pytest.raises(UserError, match="embargo of 28 days") as refused:
        plan(SUNDAYS, 28, date(2020, 8, 9), date(2020, 8, 30))
    assert "Test from 6 Sep 2020, or train until 2 Aug 2020" in str(refused.value)
    assert plan(SUNDAYS, 28, date(2020, 8, 9), date(2020, 9, 6))  # 28 days are enough


@pytest.mark.parametrize(
    "given",
    [
        {"test_until": date(2021, 3, 7)},
        {"test_from": date(2020, 9, 7), "test_until": date(2020, 9, 8)},
        {"test_until": date(2019, 3, 7)},
        {"train_until": date(2020, 2, 2)},
    ],
)
def test_dates_outside_the_history_are_refused(given):
    with pytest.raises(UserError):
        plan(SUNDAYS, 28, **given)
