"""The normal distribution in the plan: its density, and demand over a random lead time."""

from __future__ import annotations

import numpy as np

Numbers = np.ndarray | float


def density(z: Numbers) -> np.ndarray:
    """Return phi(z), the standard normal density."""
    return np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)


def demand_over_time(demand_mean: Numbers, demand_sd: Numbers, time: Numbers, time_sd: Numbers = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of demand over a time that may vary: variance E[T] var(D) + E[D]^2 var(T).

    demand_mean and demand_sd are per unit of time, of independent periods; time and time_sd are in units of time. Source: Silver,
    Pyke & Thomas, *Inventory and Production Management in Supply Chains* (4th ed., 2017), chapter 6.

    >>> mean, sd = demand_over_time(1300, 150, 1 / 12)
    >>> float(mean.round(2)), float(sd.round(2))
    (108.33, 43.3)
    >>> float(demand_over_time(10, 4, 4, 1)[1].round(3))  # the root of 4 x 16 + 100 x 1
    12.806
    """
    return np.multiply(demand_mean, time), np.sqrt(time * np.square(demand_sd) + np.square(demand_mean) * np.square(time_sd))
