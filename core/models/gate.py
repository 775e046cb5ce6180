"""Whether a new model may replace the champion without anybody looking: where it is not reliably worse."""

from __future__ import annotations

from core.models.registry import Model

JUDGED = ("average_precision", "brier_skill")  # ranking and probabilities; higher is better


def failures(candidate: Model, champion: Model) -> list[str]:
    """Return the metrics that speak against a candidate, [] where it may be promoted.

    A metric does where the candidate has no figure for it, or where the champion's figure is above the candidate's 95% interval. Each
    model is measured on the latest weeks that it was not trained on.
    """
    mine, theirs = candidate.metrics.get("metrics", {}), champion.metrics.get("metrics", {})
    intervals = candidate.metrics.get("intervals", {})
    return [name for name in JUDGED if not _holds(mine.get(name), (intervals.get(name) or [None, None])[1], theirs.get(name))]


def _holds(mine: float | None, high: float | None, theirs: float | None) -> bool:
    if mine is None:
        return False
    return theirs is None or theirs <= (mine if high is None else high)
