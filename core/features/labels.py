"""What "rising" means, as pure functions on arrays: from paces to rising and falling."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc

from core.settings import LabelSettings


def upper_tail(count, shape, success):
    """P(N >= count) for N ~ NB(shape, success), real-valued shape > 0, elementwise; 1 where count is 0.

    Source: the regularised incomplete beta function, Johnson, Kemp & Kotz, Univariate Discrete Distributions, 5.3.

    >>> round(float(upper_tail(np.array(3.0), np.array(2.0), np.array(0.5))), 6)
    0.3125
    """
    count = np.asarray(count, float)
    inside = betainc(np.maximum(count, 1e-300), shape, 1.0 - np.asarray(success, float))
    return np.where(count <= 0, 1.0, inside)


def lower_tail(count, shape, success):
    """P(N <= count) for N ~ NB(shape, success), elementwise.

    >>> round(float(lower_tail(np.array(2.0), np.array(2.0), np.array(0.5))), 6)
    0.6875
    """
    return betainc(shape, np.asarray(count, float) + 1.0, success)


def label(n_base, n_horizon, base_length, prior_a, prior_b, growth, expected, phi, settings: LabelSettings):
    """Rising and falling of matured rows.

    All arguments are float arrays of one shape: orders in the base and horizon windows, days on sale inside the base
    window, the Gamma prior, the shop's growth, expected orders in the horizon and the dispersion.
    Returns rising and falling, boolean, and tail: the chance of so many orders or more at the own pace, whose smallness makes a riser.
    Falling mirrors rising: at most 1/1.25 of the own pace, at least 5 orders fewer, and at most a 1-in-20 chance of so few.
    """
    success = (prior_b + base_length) / (prior_b + base_length + settings.horizon_days * growth)
    shape = (prior_a + n_base) / phi
    tail = upper_tail(np.ceil(n_horizon / phi), shape, success)
    rising = (tail <= settings.luck) & (n_horizon >= settings.min_ratio * expected) & (n_horizon - expected >= settings.min_extra_orders)
    falling = (
        (lower_tail(np.floor(n_horizon / phi), shape, success) <= settings.luck)
        & (settings.min_ratio * n_horizon <= expected)
        & (expected - n_horizon >= settings.min_extra_orders)
    )
    return rising, falling, tail
