"""How large an effect would be seen, said before an action starts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from core.capabilities.action_results import hold_out
from dashboard import data
from dashboard.i18n import _, language, number, percent

CHANGES = (0.2, 0.5, 1.0)
_WEEKS, _OTHERS = 52, 400  # of the past, and best sellers that stand in for the listed products there


def weeks_of(first: date, last: date) -> int:
    """Return the length of an action in weeks, at least 1."""
    return max(round(((last - first).days + 1) / 7), 1)


def power(segment: str, products: Sequence[str], held_out: int, weeks: int) -> dict[float, float] | None:
    """Return the share of cases in which each of CHANGES would be seen; None where the past is too short or nothing is held out."""
    return _power(data.meta().snapshot, segment, tuple(products), held_out, weeks)


@st.cache_data(max_entries=256, show_spinner=False)
def _power(snapshot: str, segment: str, products: tuple[str, ...], held_out: int, weeks: int) -> dict[float, float] | None:
    found = data.ask("action_weeks", segment=segment, products=list(products), most=_OTHERS, weeks=_WEEKS)
    wide = found.pivot(index="product_id", columns="week", values="units").fillna(0.0)
    chosen = wide.index.get_indexer([product for product in products if product in wide.index])
    return hold_out.power(wide.to_numpy(float), chosen.tolist(), held_out, weeks, CHANGES)


def said(found: dict[float, float] | None, held_out: int, count: int) -> str:
    """Say what `power` found for a hold-out of some of `count` products."""
    if not held_out:
        return _("Without a hold-out, similar products are the only comparison: weaker evidence.")
    if found is None:
        return _("The past is too short to say how large an effect would be seen.")
    cases = {"en": ", ", "zh": "，"}[language()].join(
        _("a rise of {change} in {cases} of 100 cases").format(change=percent(change), cases=number(100 * share, 0))
        for change, share in found.items()
    )
    seen = _("With {held} of {count} products held out, you would see {cases}.").format(held=held_out, count=count, cases=cases)
    return seen if found[0.5] >= 0.5 else seen + " " + _("A larger hold-out, more products or more weeks would show more.")
