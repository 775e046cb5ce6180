"""The lists themselves: the best places of each customer, each with its reason, and the chances of each segment. Arrays only."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import scipy.sparse as sparse
from scipy.special import expit
from scipy.stats import rankdata

from core.capabilities.recommendations import tables
from core.capabilities.recommendations.ranking import Ranker, best, blocks
from core.capabilities.recommendations.signals import HALF_LIVES, NEW, POPULAR, Block, Signals

DOSE = 0.25  # added to the logit of the product most likely to rise, and taken from that of the least likely
_SPEAKS = {  # reason of a product that is new to the customer -> the signals that speak for it
    tables.WITH: ("bought_with",),
    tables.LIKE: ("similar",),
    tables.CATEGORY: ("category",),
    tables.POPULAR: tuple(f"popular_{days}d" for days in POPULAR),
}
_CHOICES = (*_SPEAKS, tables.RISING)


@dataclass(frozen=True)
class Lists:
    """Places of n lists, one row each: all (n,).

    customer, place  whose list, and where on it, from 1
    product          what it names
    chance           probability before leaning
    reason           place in tables.REASONS
    because          the other product of the reason, -1 = none
    days_bought      days on which the customer bought it before, 0 = never
    since            days since the last of them, -1 = never
    """

    customer: np.ndarray
    place: np.ndarray
    product: np.ndarray
    chance: np.ndarray
    reason: np.ndarray
    because: np.ndarray
    days_bought: np.ndarray
    since: np.ndarray


def ranks(values: np.ndarray) -> np.ndarray:
    """Return each value's rank from -1, the lowest, to 1, the highest; equal values share one, missing ones have 0.

    >>> ranks(np.array([0.2, np.nan, 0.9, 0.2])).tolist()
    [-0.5, 0.0, 1.0, -0.5]
    """
    known = np.isfinite(values)
    found = np.zeros(values.shape, np.float32)
    if known.sum() > 1:
        found[known] = (rankdata(values[known]) - 1) / (known.sum() - 1) * 2 - 1
    return found


def make(
    signals: Signals, ranker: Ranker, customers: np.ndarray, offered: np.ndarray, lean: np.ndarray, segment: np.ndarray
) -> tuple[Lists, np.ndarray]:
    """Return the lists, and (segments, products) mean chances over the customers of each segment.

    offered: (products,) bool, what may be listed; lean: (segments, products), added to the logits; segment: (n,) of each customer.
    """
    parts: list[Lists] = []
    summed, counted = np.zeros(lean.shape), np.bincount(segment, minlength=len(lean))
    usual = _usual(signals, customers, offered)
    members = sparse.csr_matrix((np.ones(len(segment), np.float32), (segment, np.arange(len(segment)))), shape=(len(lean), len(segment)))
    done = 0
    for block in blocks(signals, customers):
        of = slice(done, done + len(block.customers))
        done = of.stop
        logits = ranker.logits(block)
        logits[:, ~offered] = -np.inf
        summed += members[:, of] @ expit(logits)
        parts.append(_places(block, ranker, logits, lean[segment[of]], usual))
    joined = Lists(*(np.concatenate([getattr(part, one.name) for part in parts] or [np.empty(0, int)]) for one in fields(Lists)))
    return joined, summed / np.maximum(counted, 1)[:, None]


def _usual(signals: Signals, customers: np.ndarray, offered: np.ndarray) -> np.ndarray:
    """Return (NEW,) the mean of each signal over what is offered to some customers: what a reason is compared with."""
    block, products = signals.of(customers[:: max(len(customers) // 200, 1)]), np.flatnonzero(offered)
    if not len(products):
        return np.zeros(len(NEW))
    rows = [block.new(np.full(len(products), row), products).mean(0) for row in range(len(block.customers))]
    return np.mean(rows, axis=0)


def _places(block: Block, ranker: Ranker, logits: np.ndarray, lean: np.ndarray, usual: np.ndarray) -> Lists:
    signals = block.signals
    scores = logits + lean
    product = best(scores, tables.LENGTH)
    row, column = np.nonzero(np.isfinite(np.take_along_axis(scores, product, 1)))
    product, who = product[row, column], block.customers[row]
    bought = block.before[row, product]
    spoken = np.full((len(product), len(_CHOICES)), -np.inf)
    if ranker.new is not None:
        speaks = ranker.new.weights * (block.new(row, product) - usual)
        for k, names in enumerate(_SPEAKS.values()):
            spoken[:, k] = speaks[:, [NEW.index(name) for name in names]].sum(1)
    spoken[:, -1] = np.where(lean[row, product] > 0.5 * DOSE, lean[row, product], -np.inf)
    chosen = spoken.argmax(1)
    reason = np.array([tables.REASONS.index(name) for name in _CHOICES])[chosen]
    because = np.full(len(product), -1)
    for k, days, weights in ((0, HALF_LIVES[-1], signals.weights), (1, HALF_LIVES[1], signals.similar)):
        named = np.flatnonzero((chosen == k) & ~bought)
        because[named] = _strongest(block.own[days], weights, row[named], product[named])
    nameless = ~bought & (chosen < 2) & (because < 0)
    reason = np.where(bought, tables.REASONS.index(tables.AGAIN), np.where(nameless, tables.REASONS.index(tables.POPULAR), reason))
    days_bought = np.asarray(block.bought[row, product]).ravel()
    since = np.asarray(signals.since[who, product]).ravel() - 1
    return Lists(who, column + 1, product, expit(logits[row, product]), reason, because, days_bought.astype(int), since.astype(int))


def _strongest(own: sparse.csr_matrix, weights, customers: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Return for each pair the product of the customer's own that speaks most for the product; -1 where none does.

    own: (customers, products) weights of own purchases; weights: (products, products), sparse or dense.
    """
    found = np.full(len(products), -1)
    start, count = own.indptr[customers], np.diff(own.indptr)[customers]
    some = np.flatnonzero(count)  # all others own nothing
    if not len(some):
        return found
    pair = np.repeat(some, count[some])
    first = np.cumsum(count[some]) - count[some]
    entry = np.arange(len(pair)) - np.repeat(first - start[some], count[some])
    speaks = own.data[entry] * np.asarray(weights[own.indices[entry], products[pair]]).ravel()
    most = np.maximum.reduceat(speaks, first)
    place = np.flatnonzero((speaks == np.repeat(most, count[some])) & (speaks > 0))[::-1]  # the first of equal ones is kept
    found[pair[place]] = own.indices[entry[place]]
    return found
