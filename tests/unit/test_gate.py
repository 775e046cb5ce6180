"""The gate of the scheduled retraining: a candidate that is reliably worse, or that nothing measured, is not promoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models.gate import failures
from core.models.registry import Model


def model(ap=None, skill=None, intervals=None) -> Model:
    figures = {name: value for name, value in {"average_precision": ap, "brier_skill": skill}.items() if value is not None}
    return Model("m", Path(), "candidate", "", None, {}, {"metrics": figures, "intervals": intervals or {}})


@pytest.mark.parametrize(
    ("candidate", "champion", "against"),
    [
        (model(0.5, 0.3), model(0.4, 0.2), []),
        (model(0.4, 0.2), model(0.4, 0.2), []),
        (model(0.4, 0.2), model(0.5, 0.2), ["average_precision"]),
        (model(0.4, 0.2, {"average_precision": [0.3, 0.52]}), model(0.5, 0.2), []),  # within its interval
        (
            model(0.4, 0.2, {"average_precision": [0.3, 0.45], "brier_skill": [0.1, 0.3]}),
            model(0.5, 0.31),
            ["average_precision", "brier_skill"],
        ),
        (model(), model(0.5, 0.2), ["average_precision", "brier_skill"]),  # nothing measured it
        (model(0.4, 0.2), model(), []),  # nothing measured the champion
    ],
)
def test_a_candidate_is_held_back_by_what_is_reliably_worse(candidate, champion, against):
    assert failures(candidate, champion) == against
