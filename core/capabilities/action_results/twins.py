"""What an action without a hold-out changed, by products that sold alike before: weaker evidence, since chance did not choose them.

A product's twins are the NEAREST others by sales of the last 8, 4 and 2 weeks, of its own category where it has such. They say what it
would have sold. How far such an answer is off is read from placebos: the same contrast for other products in the same days, and for the
same products in earlier days, when nothing was done. Its interval is that of Student's t with their spread.

A. Abadie, J. Gardeazabal: The economic costs of conflict, American Economic Review 93, 2003 (placebos).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from core.capabilities.action_results.hold_out import LEVEL, Change

DAYS_BEFORE = 56
NEAREST = 10
LEAST_OTHERS = 30  # products to choose twins among
_WINDOWS = ((56, 1.0), (28, 0.7), (14, 0.5))  # days before the action, and the weight of their sales
_OTHER_CATEGORY = 0.5  # added to the squared distance, which is of logarithms
EARLIER = 6  # periods before the action that serve as placebos
_PLACEBOS, _LIKE = 200, 25
_HALF = 0.5  # units, so that a list that sells nothing has a logarithm


@dataclass(frozen=True)
class Sales:
    """units: (products, days); category: (products,) a number for each category, -1 where unknown."""

    units: np.ndarray
    category: np.ndarray


def change(sales: Sales, chosen: np.ndarray, others: np.ndarray, start: int, length: int, seed: int = 0) -> Change | None:
    """Return what an action changed; None where there are too few others, or nothing sold before.

    chosen: numbers of its products; others: numbers of those that twins are chosen among, without an action then; start: its first day.
    """
    here = _Period.of(sales, start, length)
    if here is None:
        return None
    others = np.intersect1d(others, here.sold)
    chosen = np.intersect1d(chosen, here.sold)
    if len(others) < LEAST_OTHERS or not len(chosen):
        return None
    found = here.gap(chosen, others)
    alike = here.nearest(chosen, others, min(_LIKE, len(others) - NEAREST - 1))
    units, expected = here.contrast(unique := np.unique(alike), others)
    random = np.random.default_rng(seed)
    drawn = np.take_along_axis(alike, random.integers(0, alike.shape[1], (len(chosen), _PLACEBOS)), axis=1)
    drawn = np.searchsorted(unique, drawn)
    placebos = _log_ratio(units[drawn].sum(0), expected[drawn].sum(0))
    earlier = []
    for back in range(1, EARLIER + 1):
        then = _Period.of(sales, start - back * length, length)
        if then is None:
            break
        known, free = np.intersect1d(chosen, then.sold), np.intersect1d(others, then.sold)
        if 2 * len(known) >= len(chosen) and len(free) >= LEAST_OTHERS:
            earlier.append(then.gap(known, free))
    freedom = EARLIER + len(earlier)
    spread = np.sqrt((EARLIER * placebos.var() + np.square(earlier).sum()) / freedom)
    reach = student.ppf((1 + LEVEL) / 2, freedom) * spread
    return Change(*(float(np.exp(one) - 1) for one in (found, found - reach, found + reach)))


@dataclass(frozen=True)
class _Period:
    """before: (products, windows) weighted logarithms of sales; usual, units: (products,) usual in the period, and sold in it."""

    before: np.ndarray
    category: np.ndarray
    usual: np.ndarray
    units: np.ndarray

    @classmethod
    def of(cls, sales: Sales, start: int, length: int) -> _Period | None:
        if start < DAYS_BEFORE:
            return None
        sums = [sales.units[:, start - days : start].sum(1) / days for days, _weight in _WINDOWS]
        before = np.column_stack([weight * np.log(each + 0.5 / 28) for each, (_days, weight) in zip(sums, _WINDOWS)])
        return cls(before, sales.category, sums[0] * length, sales.units[:, start : start + length].sum(1))

    @property
    def sold(self) -> np.ndarray:
        """The numbers of the products that sold before."""
        return np.flatnonzero(self.usual > 0)

    def nearest(self, products: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
        """Return (products, count) the numbers of the nearest others."""
        apart = np.square(self.before[products][:, None] - self.before[among][None]).sum(2)
        apart += _OTHER_CATEGORY * (self.category[products][:, None] != self.category[among][None])
        apart[products[:, None] == among[None]] = np.inf
        return among[np.argpartition(apart, count, axis=1)[:, :count]]

    def contrast(self, products: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (products,) what they sold, and what they would have sold growing as their twins did."""
        twins = self.nearest(products, among, NEAREST)
        grown = (self.units[twins].sum(1) + _HALF) / (self.usual[twins].sum(1) + _HALF)
        return self.units[products], self.usual[products] * grown

    def gap(self, products: np.ndarray, among: np.ndarray) -> float:
        units, expected = self.contrast(products, among)
        return float(_log_ratio(units.sum(), expected.sum()))


def _log_ratio(units, expected):
    return np.log((units + _HALF) / (expected + _HALF))
