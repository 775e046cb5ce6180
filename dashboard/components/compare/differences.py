"""Which of several forecasts or periods clearly differ: only what exceeds their uncertainty is said. Numbers in, places out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

SURE = 0.9  # probability of the larger demand from which on it is called larger
LEAST_GAP = 0.10  # difference of two chances that matters to a merchandiser
ERRORS = 2  # times the mean calibration error that two chances must differ by
_STEPS = (np.arange(200) + 0.5) / 200


def larger(first: pd.Series, second: pd.Series) -> float:
    """Return the probability that the first demand exceeds the second, were they independent. Both: units by quantile level."""
    a, b = (np.interp(_STEPS, each.index.to_numpy(float), each.to_numpy(float)) for each in (first, second))
    return float(np.mean((a[:, None] > b) + 0.5 * (a[:, None] == b)))


def leader(values: Sequence[float], clear: Callable[[int, int], bool]) -> tuple[int, list[int]] | None:
    """Return the place of the highest value and those that it clearly exceeds, or None where it exceeds none. NaN takes no part."""
    known = [place for place, value in enumerate(values) if value == value]
    if not known:
        return None
    first = max(known, key=lambda place: values[place])
    others = [place for place in known if place != first and clear(first, place)]
    return (first, others) if others else None


def likelier(chances: Sequence[float], error: float) -> tuple[int, list[int]] | None:
    """Return the leader among chances. error: mean calibration error of the model, NaN where it is unknown."""
    gap = np.nanmax([LEAST_GAP, ERRORS * error])
    return leader(chances, lambda a, b: chances[a] - chances[b] >= gap)


def better_selling(demands: Sequence[pd.Series]) -> tuple[int, list[int]] | None:
    """Return the leader by median demand. demands: units by quantile level each, empty where there is no forecast."""
    medians = [float(each.get(0.5, np.nan)) for each in demands]
    return leader(medians, lambda a, b: larger(demands[a], demands[b]) >= SURE)


def changed(now: pd.Series, before: pd.Series) -> float | None:
    """Return the relative change between the sums of equally many weeks where it exceeds their noise, else None.

    The standard error of a sum comes from the weeks' own spread, at least that of a Poisson count; two errors are noise.
    """
    if len(now) < 2 or len(now) != len(before) or before.sum() <= 0:
        return None
    noise = sum(len(weeks) * max(float(weeks.var()), float(weeks.mean())) for weeks in (now, before))
    gap = float(now.sum() - before.sum())
    return gap / float(before.sum()) if abs(gap) > ERRORS * noise**0.5 else None
