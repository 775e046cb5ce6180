"""How would the potentials of past launches have done? Each block of launches is forecast from those that were over before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from core.capabilities.launches.potential import AGES, SPAN, Launches, fit

BLOCK, FEWEST = 8, 8  # weeks of launches that share one fit, and how many launches it takes to rank them


@dataclass(frozen=True)
class Checked:
    """See tables.CHECK."""

    age: int
    launches: int
    spearman: float
    spearman_simple: float
    inside: float


def check(launches: Launches, category: np.ndarray, now: int) -> list[Checked]:
    """Return the measures by age; [] where there are too few launches. category: (products,) numbers; now: the first week not over."""
    found: dict[int, list[tuple[np.ndarray, ...]]] = {age: [] for age in AGES}
    for week in range(SPAN, now - SPAN + 1, BLOCK):
        new = np.flatnonzero((launches.first >= week) & (launches.first < week + BLOCK) & (launches.first + SPAN <= now))
        model = fit(launches, week)
        if model is None or not len(new):
            continue
        start = launches.first[new]
        usual = {one: launches.usual(one) for one in np.unique(start)}
        score = np.array([launches.score(product, one, usual[one]) for product, one in zip(new, start)])
        sold = launches.sold(new, start, SPAN)
        for age in AGES:
            so_far = launches.sold(new, start, age)
            units = model.units(score, so_far, np.full(len(new), age))
            simple = so_far if age else np.array([_category_mean(launches, category, product, one) for product, one in zip(new, start)])
            found[age].append((units[:, 1], simple, sold, (units[:, 0] <= sold) & (sold <= units[:, 2])))
    made = []
    for age, parts in found.items():
        large = [part for part in parts if len(part[0]) >= FEWEST]
        if large:
            sizes = [len(part[0]) for part in large]
            ours, simple = (float(np.average([_spearman(part[k], part[2]) for part in large], weights=sizes)) for k in (0, 1))
            made.append(Checked(age, sum(sizes), ours, simple, float(np.concatenate([part[3] for part in large]).mean())))
    return made


def _category_mean(launches: Launches, category: np.ndarray, product: int, week: int) -> float:
    """Return the mean units, in the 8 weeks before a week, of the products of the same category that sold then."""
    sold = launches.units[category == category[product], max(week - SPAN, 0) : week].sum(1)
    return float(sold[sold > 0].mean()) if (sold > 0).any() else 0.0


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    return float(spearmanr(one, other)[0]) if np.ptp(one) > 0 and np.ptp(other) > 0 else 0.0
