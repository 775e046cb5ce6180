"""The reasons of a forecast in the order of its verdict, each with its strongest fact."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.capabilities.forecast import facts
from core.capabilities.forecast.reasons import named
from core.schema import SALES_LEVEL
from dashboard import data, labels
from dashboard.i18n import _, show

SHOWN = 5


@dataclass(frozen=True)
class Reason:
    """A driver, or all others, with its push on the logit and its strongest fact, "" where there is none."""

    name: str
    push: float
    fact: str


def found(drivers: pd.DataFrame, values: pd.DataFrame, words: pd.DataFrame, segment: str) -> list[Reason]:
    """Return the five first reasons in the verdict's order, then all others as one; together they are the whole push. values: the
    product's features in that segment; words: of its text, with their attributions."""
    known, texts = dict(zip(values.feature, values.value)), list(zip(words.text, words.attribution))
    pushes = named(zip(drivers.driver, drivers.attribution))
    named_ones = {driver for driver, _push in pushes}
    pushes += [(d, a) for d, a in zip(drivers.driver, drivers.attribution) if d not in named_ones and d == SALES_LEVEL]
    spread = data.feature_spread(segment)
    first = [(d, a) for d, a in pushes if abs(a) >= 0.005][:SHOWN]
    reasons = []
    for driver, push in first:
        fact = facts.words(push, texts) if driver == "text" else facts.strongest(driver, push, known, spread)
        reasons.append(Reason(labels.driver(driver), push, show(fact[0]) if fact else ""))
    rest = drivers.attribution.sum() - sum(push for _driver, push in first)
    return [*reasons, Reason(_("Others"), rest, "")] if abs(rest) >= 0.005 else reasons
