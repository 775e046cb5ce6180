"""How much of what customers bought next did a list name? Measured at past days, beside simple lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.capabilities.recommendations.ranking import HORIZON, best, blocks, buyers, fitted_by
from core.capabilities.recommendations.signals import Past, Signals, dense
from core.capabilities.recommendations.tables import BEFORE, LENGTH, OURS, POPULAR, WITH

MOST = 10_000  # customers of a check: of more, every second, third and so on


def simple_lists(signals: Signals) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return the lists that a shop has without us, by name: each gives scores (customers, products). Ties go to what sells most."""
    popular = np.exp(signals.popular[28])
    return {
        POPULAR: lambda customers: np.tile(popular, (len(customers), 1)),
        BEFORE: lambda customers: signals.days_bought[customers].toarray() + popular,
        WITH: lambda customers: dense(signals.own[270][customers] @ signals.weights) + 1e-6 * popular,
    }


@dataclass(frozen=True)
class Measured:
    """recall, ndcg: means over customers of the first 10 places, for all products and for those new to the customer.

    coverage: share of products on any list; exposure: share of places that the 1% most listed products take.
    """

    customers: int
    recall: float
    ndcg: float
    recall_new: float
    ndcg_new: float
    coverage: float
    exposure: float


def measure(
    past: Past,
    day: int,
    others: Callable[[Signals], Mapping[str, Callable[[np.ndarray], np.ndarray]]] = simple_lists,
    lean: Mapping[str, np.ndarray] | None = None,
) -> tuple[dict[str, Measured], pd.DataFrame]:
    """Return each list's measures on the purchases of the 14 days after `day`, with what was known on that day alone.

    others: further lists to compare; lean: name -> (products,), added to our logits, as another list. Also returns the measures of
    each customer: list, customer, recall, ndcg, recall_new, ndcg_new. At most MOST customers are judged.
    """
    purchases, signals = past.purchases, past.on(day)
    outcome = purchases.bought(day, day + HORIZON)
    ranker = fitted_by(past, day)
    rivals = others(signals)
    rows: list[pd.DataFrame] = []
    listed: dict[str, np.ndarray] = {}
    judged = buyers(signals, outcome)
    for block in blocks(signals, judged[:: -(-len(judged) // MOST) or 1]):
        customers, before = block.customers, block.before
        happened = outcome[customers].toarray() > 0
        ours = ranker.logits(block)
        scores = {OURS: ours} | {name: ours + added for name, added in (lean or {}).items()}
        scores |= {name: scored(customers) for name, scored in rivals.items()}
        for name, given in scores.items():
            recall, ndcg, shown = _judged(given, happened)
            recall_new, ndcg_new, _ = _judged(np.where(before, -np.inf, given), happened & ~before)
            rows.append(
                pd.DataFrame(
                    {"list": name, "customer": customers, "recall": recall, "ndcg": ndcg, "recall_new": recall_new, "ndcg_new": ndcg_new}
                )
            )
            listed.setdefault(name, np.zeros(purchases.products))
            np.add.at(listed[name], shown.ravel(), 1)
    each = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["list", "customer", "recall", "ndcg"])
    on_sale = max(int((purchases.buyers(day, 84) > 0).sum()), 1)
    means = {}
    for name, group in each.groupby("list"):
        places = np.sort(listed[name])[::-1]
        most = max(round(0.01 * on_sale), 1)
        means[name] = Measured(
            customers=len(group),
            **{column: float(group[column].mean()) for column in ("recall", "ndcg", "recall_new", "ndcg_new")},
            coverage=float((places > 0).sum() / on_sale),
            exposure=float(places[:most].sum() / max(places.sum(), 1)),
        )
    return means, each


def _judged(scores: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return recall and NDCG of each customer's first places, NaN for who bought nothing of the kind, and these places."""
    shown = best(scores, LENGTH)
    hits = np.take_along_axis(happened, shown, 1)
    bought = happened.sum(1)
    gains = 1 / np.log2(np.arange(2, shown.shape[1] + 2))
    ideal = np.concatenate([[np.nan], np.cumsum(gains)])[np.minimum(bought, shown.shape[1])]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bought > 0, hits.sum(1) / bought, np.nan), (hits * gains).sum(1) / ideal, shown
