"""How would the potentials of past launches have done? Each block of launches is forecast from those that were over before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from core.capabilities.launches.potential import BEST, SPAN, Launches, fit

AGES = (0, 1, 2, 4)  # weeks on sale at the forecast
BLOCK, FEWEST = 8, 8  # weeks of launches that share one fit, and how many launches it takes to rank them


@dataclass(frozen=True)
class Block:
    """One block of launches at one age. units: (n, 3) forecast; simple: (n,) what a simple rule ranks by; sold: (n,) in 8 weeks; best:
    (n,) whether each was expected among the best launches known by then; ended_best: whether it ended there."""

    units: np.ndarray
    simple: np.ndarray
    sold: np.ndarray
    best: np.ndarray
    ended_best: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        return (self.units[:, 0] <= self.sold) & (self.sold <= self.units[:, 2])


@dataclass(frozen=True)
class Checked:
    """See tables.CHECK. The correlations are means over blocks, by their launches; None without one that can be ranked."""

    launches: int
    spearman: float | None
    spearman_simple: float | None
    inside: float | None
    pushed: int
    pushed_best: float | None


def blocks(launches: Launches, category: np.ndarray, now: int) -> dict[int, list[Block]]:
    """Return the blocks that can be ranked, by age. category: (products,) numbers; now: the first week that is not over.

    The simple rule ranks by the units so far, and before the first sale by the recent mean of the category.
    """
    found: dict[int, list[Block]] = {age: [] for age in AGES}
    past = launches.past(now)
    for week in range(SPAN, now - SPAN + 1, BLOCK):
        new = past[(launches.first[past] >= week) & (launches.first[past] < week + BLOCK)]
        model = fit(launches, week)
        if model is None or len(new) < FEWEST:
            continue
        start = launches.first[new]
        score, sold = launches.scores(new, start), launches.sold(new, start, SPAN)
        for age in AGES:
            so_far = launches.sold(new, start, age)
            simple = so_far if age else np.array([_category_mean(launches, category, *one) for one in zip(new, start)])
            units = model.units(score, so_far, np.full(len(new), age))
            best, ended_best = (launches.standing(values, week) >= BEST for values in (units[:, 1], sold))
            found[age].append(Block(units, simple, sold, best, ended_best))
    return found


def check(parts: list[Block]) -> Checked:
    """Return the measures of one age."""
    if not parts:
        return Checked(0, None, None, None, 0, None)
    sizes = [len(part.sold) for part in parts]
    ours = np.average([spearman(part.units[:, 1], part.sold) for part in parts], weights=sizes)
    simple = np.average([spearman(part.simple, part.sold) for part in parts], weights=sizes)
    inside, best, ended_best = (np.concatenate([getattr(part, name) for part in parts]) for name in ("inside", "best", "ended_best"))
    right = float(ended_best[best].mean()) if best.any() else None
    return Checked(sum(sizes), float(ours), float(simple), float(inside.mean()), int(best.sum()), right)


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Return the rank correlation; 0 where all values of either are equal, so that nothing is ranked."""
    return float(spearmanr(one.round(9), other)[0]) if np.ptp(one.round(9)) > 0 and np.ptp(other) > 0 else 0.0


def _category_mean(launches: Launches, category: np.ndarray, product: int, week: int) -> float:
    """Return the mean units, in the 8 weeks before a week, of the products of the same category that sold then."""
    sold = launches.units[category == category[product], max(week - SPAN, 0) : week].sum(1)
    return float(sold[sold > 0].mean()) if (sold > 0).any() else 0.0
