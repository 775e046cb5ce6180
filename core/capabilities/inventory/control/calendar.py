"""When orders can go out and when open ones come in: pure functions on arrays, one row a product.

A supplier's *order days* are one number, its ISO weekdays as digits: 14 = Mondays and Thursdays, NaN = any day. Days are
datetime64[D]. The data end with the evening of `as_of`, so the plan can be acted on from the day after.
"""

from __future__ import annotations

from datetime import date

import numpy as np


def takes_orders(order_days: np.ndarray) -> np.ndarray:
    """Return (n, 7) bool, Monday first: on which weekdays orders are taken; all of them where order_days (n,) is NaN or names none.

    >>> print(takes_orders(np.array([14.0, np.nan])).astype(int))
    [[1 0 0 1 0 0 0]
     [1 1 1 1 1 1 1]]
    """
    code = np.where(np.isnan(order_days), 0.0, order_days).astype(np.int64)
    digits = code[:, None] // 10 ** np.arange(7) % 10
    taken = (digits[:, :, None] == np.arange(1, 8)).any(axis=1)
    return taken | ~taken.any(axis=1)[:, None]


def next_order_day(day: np.ndarray, order_days: np.ndarray) -> np.ndarray:
    """Return the first order day on or after `day` (n,), which must be a day.

    >>> print(next_order_day(np.array(["2026-11-26", "2026-11-27"], "datetime64[D]"), np.array([14.0, 14.0])))  # a Thursday, a Friday
    ['2026-11-26' '2026-11-30']
    """
    return day + _days_until(day, order_days, np.arange(7))


def last_order_day(day: np.ndarray, order_days: np.ndarray) -> np.ndarray:
    """Return the last order day on or before `day` (n,); NaT stays NaT.

    >>> print(last_order_day(np.array(["2026-12-02", "NaT"], "datetime64[D]"), np.array([14.0, 14.0])))
    ['2026-11-30'        'NaT']
    """
    known = np.where(np.isnat(day), np.datetime64(0, "D"), day)
    return day - _days_until(known, order_days, -np.arange(7))


def order_cycle(as_of: date, order_days: np.ndarray, review_days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (wait, review), (n,) days: until the order day that this plan will use, and from there to the one that the next plan will use.

    This plan's order day is the first one after `as_of`; wait is 0 where that is the very next day. The shop plans every review_days,
    so the next plan's order day is the first one at least review_days later: a shop that plans weekly orders from a supplier of
    Mondays and Thursdays once a week, and twice a week if its review_days is 1. With any day, review is review_days.

    >>> thursday = date(2026, 11, 26)
    >>> for days in (7.0, 1.0):
    ...     print(*order_cycle(thursday, np.array([14.0, 3.0, np.nan]), np.full(3, days)))
    [3. 5. 0.] [7. 7. 7.]
    [3. 5. 0.] [3. 7. 1.]
    """
    tomorrow = np.full(len(order_days), np.datetime64(as_of, "D") + 1)
    first = next_order_day(tomorrow, order_days)
    following = next_order_day(first + np.ceil(review_days).astype(np.int64), order_days)
    any_day = takes_orders(order_days).all(axis=1)
    return (first - tomorrow).astype(np.float64), np.where(any_day, review_days, (following - first).astype(np.float64))


def arriving(
    n: int, product: np.ndarray, due_in_days: np.ndarray, units: np.ndarray, within_days: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split open deliveries (m,) of n products by due date: (counts, later, overdue), (n,) units; NaN for products without any.

    product: row of the product, 0 to n - 1; due_in_days: days after as_of, negative = overdue; within_days (n,): lead time + wait + review.
    counts is what is due by then, and what is overdue, which is expected to arrive; later is due after it and does not affect today's
    decision.

    >>> counts, later, overdue = arriving(2, np.zeros(3, int), np.array([-2, 10, 40]), np.array([5.0, 20, 30]), np.array([21.0, 21.0]))
    >>> print(counts, later, overdue)
    [25. nan] [30. nan] [ 5. nan]
    """
    any_open = np.bincount(product, minlength=n) > 0
    late = due_in_days > within_days[product]
    parts = (units * ~late, units * late, units * (due_in_days < 0))
    counts, later, overdue = (np.where(any_open, np.bincount(product, part, n), np.nan) for part in parts)
    return counts, later, overdue


def _days_until(day: np.ndarray, order_days: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the days (timedelta) to the first of day + steps that is an order day, without sign."""
    weekday = (day.astype("datetime64[D]").astype(np.int64) + 3) % 7  # day 0, 1970-01-01, was a Thursday
    reached = np.take_along_axis(takes_orders(order_days), (weekday[:, None] + steps) % 7, axis=1)
    return reached.argmax(axis=1).astype("timedelta64[D]")
