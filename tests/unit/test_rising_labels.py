"""What counts as rising and falling, at the edges of its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from core.features.labels import label
from core.settings import LabelSettings

BASE = {"base_length": 56.0, "prior_a": 0.0, "prior_b": 0.0, "growth": 1.0}
RULES = LabelSettings()


def labelled(n_base: float, n_horizon: float, expected: float, phi: float = 1.0) -> tuple[bool, bool, float]:
    given = {name: np.array([value]) for name, value in (BASE | {"expected": expected, "phi": phi}).items()}
    rising, falling, tail = label(np.array([n_base]), np.array([n_horizon]), settings=RULES, **given)
    return bool(rising[0]), bool(falling[0]), float(tail[0])


def test_orders_of_exactly_the_least_ratio_to_the_own_pace_are_a_rise_and_of_its_inverse_a_fall():
    assert RULES.min_ratio == 1.25
    assert [labelled(800, n, 400)[0] for n in (499, 500, 501)] == [False, True, True]
    assert [labelled(1000, n, 500)[1] for n in (399, 400, 401)] == [True, True, False]


def test_exactly_the_least_number_of_extra_orders_is_a_rise():
    more = RULES.min_extra_orders
    assert [labelled(0.02, n, 0.01)[0] for n in (more, more + 1)] == [False, True]


@pytest.mark.parametrize("phi", [1.0, 1.7, 3.0])
@pytest.mark.parametrize("n_horizon", [0, 1, 7, 50])
def test_the_tail_counts_whole_clumps_of_orders_rounded_up(phi, n_horizon):
    """Where orders come in clumps of phi, n orders are at least ceil(n / phi) clumps."""
    law = nbinom(40 / phi, 56 / (56 + 28))
    assert labelled(40, n_horizon, 20, phi)[2] == pytest.approx(law.sf(np.ceil(n_horizon / phi) - 1))
