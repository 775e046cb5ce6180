"""The Compare page: what is chosen, and the clear differences in words."""

from __future__ import annotations

from collections.abc import Container, Sequence

import streamlit as st

from dashboard import data
from dashboard.components.compare import differences
from dashboard.components.compare.items import Item
from dashboard.i18n import _, absent, number, percent, plain, shortened

MOST = 4  # items side by side
MOST_ASKED = 20  # codes of an address that are looked up: anybody can write a long one


def split(key: str, known: Container[str]) -> list[str]:
    """Rewrite codes that the address joins by commas, as /compare?products=A,B, as entries of their own, and return them."""
    texts = st.query_params.get_all(key)
    codes = list(dict.fromkeys(code for text in texts for code in parts(text, known)))[:MOST]
    if codes and codes != texts:
        st.query_params[key] = codes
    return codes


def parts(text: str, known: Container[str]) -> list[str]:
    """Return the known codes in a text of codes joined by commas. A code may hold a comma itself: the longest known one counts."""
    found, pieces = [], text.split(",")[:MOST_ASKED]
    while pieces:
        size = next((n for n in range(len(pieces), 0, -1) if ",".join(pieces[:n]) in known), 0)
        found += [",".join(pieces[:size])] if size else []
        pieces = pieces[max(size, 1) :]
    return found


def in_words(items: Sequence[Item]) -> list[str]:
    """Return the differences of forecasts that exceed their uncertainty, a sentence each."""
    metrics = data.ask("metrics").set_index("metric").value
    chances = [float("nan") if absent(item.facts.rising_probability) else float(item.facts.rising_probability) for item in items]
    medians = [item.expected.get(0.5) for item in items]
    said = []
    if found := differences.likelier(chances, float(metrics.get("ece", float("nan")))):
        said.append(_("**{name}** is likelier to rise: {figure} vs {others}.").format(**_told(items, found, [percent(c) for c in chances])))
    if found := differences.better_selling([item.expected for item in items]):
        told = _told(items, found, [number(m, 0) for m in medians])
        said.append(_("**{name}** will very likely sell more: {figure} units in 4 weeks vs {others}.").format(**told))
    return said


def _told(items: Sequence[Item], found: tuple[int, list[int]], figures: list[str]) -> dict[str, str]:
    first, others = found
    named = [f"{figures[place]} ({plain(shortened(items[place].name, 40))})" for place in others]
    return {"name": plain(shortened(items[first].name, 40)), "figure": figures[first], "others": ", ".join(named)}


def year_in_words(now: Item, before: Item, weeks: int) -> list[str]:
    """Return whether and how the last weeks differ from the same weeks a year before: beyond the noise of weekly sales."""
    then = before.history[before.history.week <= data.meta().as_of]
    if len(then) < len(now.history) or len(now.history) < weeks:
        return [_("There are no full {weeks} weeks a year before to compare with.").format(weeks=weeks)]
    change = differences.changed(now.history.units, then.units)
    if change is None:
        return [_("No clear difference from a year before, given how much weekly sales vary.")]
    figures = {
        "share": percent(abs(change)) if abs(change) < 1 else f"{abs(change):.0%}",
        "weeks": weeks,
        "now": number(now.history.units.sum(), 0),
        "before": number(then.units.sum(), 0),
    }
    more = _("Sold **{share} more** in the last {weeks} weeks than a year before: {now} vs {before} units.")
    less = _("Sold **{share} less** in the last {weeks} weeks than a year before: {now} vs {before} units.")
    return [(more if change > 0 else less).format(**figures)]
