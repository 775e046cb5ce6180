"""The part of the page "Action results" on what other choices of what to show would have brought."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.capabilities.action_results.choices import ABOVE, ALIKE, BELOW, CLICKS, MISFIT, RISING, TOO_FEW, UNCLEAR
from core.capabilities.action_results.off_policy import SHOWN
from dashboard.components import cards, exports
from dashboard.i18n import _, absent, day, number


def show(found: pd.DataFrame) -> None:
    """Show each place's rules. found: the answer to `choice_results`; without rows nothing is shown."""
    if found.empty:
        return
    clicks = set(found.outcome) == {CLICKS}
    st.subheader(_("What other choices would have brought"), anchor=False)
    exports.table(
        "choice-results",
        pd.DataFrame(
            {
                _("Place and choice"): [f"{row.place} · {_rules()[row.rule]}" for row in found.itertuples()],
                _("Click rate") if clicks else _("Click or order rate"): [_rate(row.rate) for row in found.itertuples()],
                _("95% range"): [_range(row) for row in found.itertuples()],
                _("Impressions that count"): [number(row.effective, 0) for row in found.itertuples()],
                _("Evidence"): [_evidence(row) for row in found.itertuples()],
            }
        ),
    )
    cards.notes(
        _("From impressions of {first} – {last} whose product was drawn by chance, with a recorded probability.").format(
            first=day(found.first_day.min()), last=day(found.last_day.max())
        ),
        _("Equal chance: every product that the campaign could show. Likely risers: the quarter of them most likely to rise."),
        _("Each day is judged with the last forecast before it."),
        _("In brackets: the rate of what was shown in the same impressions. More or fewer: the two 95% ranges do not overlap."),
    )


def _rules() -> dict[str, str]:
    return {SHOWN: _("as shown"), ALIKE: _("equal chance"), RISING: _("likely risers")}


def _rate(rate: float) -> str:
    return "–" if absent(rate) else f"{rate:.1%}" if rate >= 0.01 else f"{rate:.2%}"


def _range(row) -> str:
    return "–" if absent(row.low) else f"{_rate(row.low)} … {_rate(row.high)}"


def _evidence(row) -> str:
    said = {
        ABOVE: _("more than shown ({rate})"),
        BELOW: _("fewer than shown ({rate})"),
        UNCLEAR: _("no clear difference from shown ({rate})"),
        TOO_FEW: _("not enough impressions: about {count} needed"),
        MISFIT: _("not judged: the probabilities do not fit what was shown"),
    }
    if absent(row.finding):
        return "–"
    needed = "" if absent(row.needed) else number(_rounded(row.needed), 0)
    return said[row.finding].format(rate=_rate(row.shown_rate), count=needed)


def _rounded(count: float) -> int:
    """Return a number to two digits.

    >>> _rounded(12345.6)
    12000
    """
    return int(float(f"{count:.1e}"))
