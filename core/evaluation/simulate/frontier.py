"""What policies come to: stock value against achieved fill rate, and who needs less stock for the same service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.capabilities.inventory.control import Outcome, World, replay
from core.evaluation.simulate.policies import Policy


@dataclass(frozen=True)
class Frontier:
    """A policy at every knob: outcomes[j] at knobs[j].

    told (n, knobs): the mean over the measured reviews of what the policy's plans told of each product's position, the chance that it lasts
    until the next order arrives; None where it tells none. NaN for a product of which nothing was told.
    """

    policy: Policy
    outcomes: list[Outcome]
    told: np.ndarray | None = None

    @classmethod
    def run(cls, world: World, policy: Policy, batch: np.ndarray) -> Frontier:
        weeks = range(world.lead_time_days.shape[1])
        reviews = np.arange(len(weeks))
        outcomes = [replay(world, np.stack([policy.point(k, knob) for k in weeks], axis=1), batch) for knob in policy.knobs]
        if policy.lasts is None:
            return cls(policy, outcomes)
        positions = np.stack([o.position for o in outcomes], axis=-1)
        chances = np.stack([policy.lasts(k, positions[:, k]) for k in weeks], axis=1)
        counts = np.isfinite(chances) & (reviews * world.review_days >= world.measured_from[:, None])[..., None]
        told = np.where(counts, chances, 0.0).sum(axis=1) / np.where(counts.any(axis=1), counts.sum(axis=1), np.nan)
        return cls(policy, outcomes, told)

    def told_to_last(self) -> list[float | None]:
        """What `told` comes to over all products at each knob, each counted by its reviews as in Outcome.totals' lasted."""
        if self.told is None:
            return [None] * len(self.outcomes)
        each = [(chance, o.reviews * np.isfinite(chance)) for chance, o in zip(self.told.T, self.outcomes)]
        return [float(np.average(np.nan_to_num(chance), weights=reviews)) if reviews.any() else None for chance, reviews in each]

    def points(self, unit_value: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """(knobs, 2): fill rate and stock value of the products, each counted weight (n,) times."""
        wanted = np.stack([o.wanted for o in self.outcomes]) @ weight
        met = np.stack([o.met for o in self.outcomes]) @ weight
        return np.stack([met / np.maximum(wanted, 1e-9), np.stack([o.mean_stock for o in self.outcomes]) @ (unit_value * weight)], axis=1)


def stock_at(points: np.ndarray, fill_rate: float) -> float:
    """The stock value (straight lines between the knobs) at which a frontier (knobs, 2) achieves a fill rate; NaN where it never does."""
    fill, value = np.maximum.accumulate(points[:, 0]), points[:, 1]
    return float(np.interp(fill_rate, fill, value)) if fill[0] <= fill_rate <= fill[-1] else float("nan")


def saving(
    ours: Frontier, theirs: Frontier, unit_value: np.ndarray, fill_rate: float, draws: int = 500, seed: int = 7
) -> dict[str, float | None]:
    """The share of stock value that ours needs less than theirs at one achieved fill rate, with a 95% interval over products (bootstrap).

    All None where one of them never achieves it.
    """
    n, rng = len(unit_value), np.random.default_rng(seed)

    def share(weight: np.ndarray) -> float:
        return 1 - stock_at(ours.points(unit_value, weight), fill_rate) / stock_at(theirs.points(unit_value, weight), fill_rate)

    whole = share(np.ones(n))
    if not np.isfinite(whole):
        return {"saving": None, "low": None, "high": None}
    drawn = [share(np.bincount(rng.integers(0, n, n), minlength=n).astype(float)) for _ in range(draws)]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"saving": whole, "low": float(low), "high": float(high)}
