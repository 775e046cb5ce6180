"""The list of products: the question `rising` without filters, and the reasons of a row as facts, for the pages, files and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from core.capabilities.forecast import facts, words
from core.capabilities.forecast.reasons import named
from core.messages import Message
from core.schema import ALL

EVERYTHING: dict = {  # the values of `rising` and `rising_groups` that leave nothing out
    "segment": ALL,
    "search": "",
    **{name: [] for name in ("products", "categories", "brands", "suppliers")},
    **dict.fromkeys(
        ("lowest_price_cents", "highest_price_cents", "newest_days", "oldest_days", "least_cover", "most_cover", "widest_range")
    ),
}
FACTS = list(facts.FEATURES)  # a value of the question `rising`
REASONS, LEAST_PUSH = 2, 0.05


@dataclass(frozen=True)
class Reason:
    """What is said of one driver, what that measures ("" where its name alone is said), and its push on the logit of rising."""

    text: Message | str
    meaning: Message | str
    push: float


def spread(found) -> dict[str, list[float]]:
    """Return the quantiles of each feature at core.capabilities.forecast.facts.LEVELS. found: the answer of `feature_spread`."""
    return {row.feature: list(row.quantiles) for row in found.itertuples()}


def reasons(row, falling: bool, spread: Mapping[str, Sequence[float]]) -> list[Reason]:
    """Return the strongest reasons of a row of the answer of `rising`: of risers those that push up first, of fallers those that push down.

    The name of a customer group pushes all of its products alike, so it is a reason only with a fact of the product's own.
    """
    values = {FACTS[place - 1]: value for place, value in zip(row.known, row.known_values)}
    pushes = [(driver, push) for driver, push in named((d["driver"], d["attribution"]) for d in row.drivers) if abs(push) >= LEAST_PUSH]
    if falling:
        pushes = [(driver, push) for driver, push in pushes if push < 0]
    pushes.sort(key=lambda one: one[1] < 0)  # stable: the order of `named` stays within each direction
    texts = [(each["text"], each["attribution"]) for each in row.words]
    said = ((driver, _said(driver, push, values, spread, texts)) for driver, push in pushes)
    return list(islice((reason for driver, reason in said if reason.meaning or driver != "segment"), REASONS))


def _said(
    driver: str,
    push: float,
    values: Mapping[str, float],
    spread: Mapping[str, Sequence[float]],
    texts: Sequence[tuple[str, float]],
) -> Reason:
    found = facts.words(push, texts) if driver == "text" else facts.strongest(driver, push, values, spread)
    return Reason(*found, push) if found else Reason(words.driver(driver), "", push)
