"""The page "Action results": what each action changed, what still runs, and a form that records one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import streamlit as st

from core.capabilities.action_results.verdict import HOLD_OUT, NONE, NOT_PAID, PAID, TWINS, UNCLEAR
from core.schema import ALL
from core.storage.state import ADVERTISED, CONTACTED, FEATURED, MARKED_DOWN, ORDERED, Action
from dashboard import actions, data, labels, power
from dashboard.components import cards, exports
from dashboard.i18n import _, absent, day, n_, number, plain, shortened, spoken

KEPT = "kept"


def kinds() -> dict[str, str]:
    return {
        FEATURED: _("Featured"),
        ADVERTISED: _("Advertised"),
        MARKED_DOWN: _("Marked down"),
        ORDERED: _("Ordered"),
        CONTACTED: _("Contacted"),
    }


def _verdicts() -> dict[str, str]:
    return {PAID: _("Paid"), NOT_PAID: _("Did not pay"), UNCLEAR: _("Can't tell")}


def _evidence() -> dict[str, str]:
    return {HOLD_OUT: _("beside a hold-out"), TWINS: _("beside similar products"), NONE: _("no comparison")}


def current(found: pd.DataFrame, kept: Sequence[Action]) -> pd.DataFrame:
    """Return the answer to `action_results` without actions that have been undone since."""
    known = {str(one.id) for one in kept}
    return found[(found.source != KEPT) | found.action.isin(known)]


def waiting(found: pd.DataFrame, kept: Sequence[Action]) -> list[Action]:
    """Return the kept actions that are not judged yet, those that end first at the top."""
    judged = set(found[found.source == KEPT].action)
    return sorted((one for one in kept if str(one.id) not in judged), key=lambda one: (one.last_day, one.id))


def verdict(found: pd.DataFrame) -> str:
    """Say how many actions paid."""
    if found.empty:
        return _("No action is judged yet. Actions are judged once their days lie in the data.")
    counts = found.verdict.value_counts()
    said = n_(
        "Of {count} action: **{paid} paid**, {not_paid} did not, {unclear} cannot be told.",
        "Of {count} actions: **{paid} paid**, {not_paid} did not, {unclear} cannot be told.",
        len(found),
        **{name: int(counts.get(name, 0)) for name in (PAID, NOT_PAID, UNCLEAR)},
    )
    return said


def judged(found: pd.DataFrame) -> None:
    """Show each judged action."""
    if found.empty:
        return
    exports.table(
        "action-results",
        pd.DataFrame(
            {
                _("Action taken"): [_name(row) for row in found.itertuples()],
                _("Sold / expected"): [f"{_units(row.units)} / {_units(row.expected_units)}" for row in found.itertuples()],
                _("Extra"): [_extra(row) for row in found.itertuples()],
                _("Result"): [_result(row) for row in found.itertuples()],
            }
        ),
    )
    cards.notes(
        _("Expected: units forecast or ordered for these days. Extra: units that the action brought; for contacts, orders."),
        _("In brackets: the 95% interval. Paid: all of it lies above what pays for the costs; costs not recorded count as none."),
        _("Similar products are weaker evidence than a hold-out: something else may set the chosen products apart."),
    )


def _name(row) -> str:
    about = [
        kinds()[row.kind],
        *([] if row.segment == ALL else [labels.segment(row.segment)]),
        f"{day(row.first_day)} – {day(row.last_day)}",
    ]
    return " · ".join([shortened(row.name, 40), *about] if row.name else about)


def _units(value: float | None) -> str:
    return "–" if value is None or absent(value) else number(value, 0)


def _extra(row) -> str:
    if absent(row.extra_units):
        return "–"
    ends = [_("unknown") if absent(end) else _signed(end) for end in (row.low_extra_units, row.high_extra_units)]
    return f"{_signed(row.extra_units)} ({ends[0]} … {ends[1]})"


def _signed(value: float) -> str:
    return "0" if abs(value) < 0.5 else f"{value:+,.0f}".replace("-", "−")


def _result(row) -> str:
    said = f"{_verdicts()[row.verdict]} · {_evidence()[row.evidence]}"
    if absent(row.times):
        return said
    return said + " · " + _("needs {times} times the products or weeks").format(times=number(row.times, 0 if row.times >= 3 else 1))


def totals(found: pd.DataFrame) -> None:
    """Say what all actions on products brought together, by each kind of evidence; those without an end to their interval are left out."""
    for evidence, said in (
        (HOLD_OUT, _("Together, by hold-outs: {extra} extra units ({low} … {high}).")),
        (TWINS, _("Together, beside similar products: {extra} extra units ({low} … {high}).")),
    ):
        rows = found[(found.evidence == evidence) & (found.kind != CONTACTED)].dropna(subset=["low_extra_units", "high_extra_units"])
        if len(rows) > 1:
            extra = rows.extra_units.sum()
            below, above = (np.sqrt(np.square(rows[name] - rows.extra_units).sum()) for name in ("low_extra_units", "high_extra_units"))
            cards.notes(said.format(extra=_signed(extra), low=_signed(extra - below), high=_signed(extra + above)))


# ---- what is not judged yet


def running(kept: Sequence[Action]) -> None:
    """Show the actions that are not judged yet, each with a button that undoes it."""
    if not kept:
        cards.notes(_("Nothing waits. Keep a list as an action on the page Feature, or record what you did here."))
        return
    as_of = data.meta().as_of.date()
    for one in kept:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(one.name)}** · {kinds()[one.kind]} · {day(one.first_day)} – {day(one.last_day)}")
            st.space("stretch")
            if st.button(_("Undo"), icon=":material/undo:", key=f"action_undo_{one.id}", type="tertiary"):
                cards.attempt(actions.undo_action, one.id)
        seen = one.details.get("power")
        cards.notes(
            _("Its days are over: the next calculation judges it.")
            if one.last_day <= as_of
            else _("Judged once the data reach {day}.").format(day=day(one.last_day)),
            power.said({float(change): share for change, share in seen.items()}, len(one.control), len(one.products) + len(one.control))
            if seen
            else "",
        )


def record() -> None:
    """Show the form that records an action."""
    titles = data.ask("product_choices", search="", limit=2000).set_index("product_id").title.to_dict()
    first = data.meta().as_of.date() + timedelta(days=1)

    def named(code: str) -> str:
        return " · ".join(dict.fromkeys((shortened(titles[code], 60), code)))

    with st.form("action", border=True):
        kind = st.selectbox(
            _("What you did"), [ADVERTISED, MARKED_DOWN, FEATURED], format_func=kinds().__getitem__, key=spoken("action_kind")
        )
        name = st.text_input(_("Name"), max_chars=60, key="action_name", placeholder=_("Search ads, March"))
        products = st.multiselect(
            _("Products"),
            list(titles),
            format_func=named,
            key=spoken("action_products"),
            select_all=False,
            placeholder=_("Choose products"),
        )
        control = st.multiselect(
            _("Held-out products"),
            list(titles),
            format_func=named,
            key=spoken("action_control"),
            select_all=False,
            placeholder=_("Choose products"),
            help=_("Products that chance left out of the action. Only a random choice makes a fair comparison."),
        )
        with st.container(horizontal=True):
            begins = st.date_input(_("From"), first, key="action_from")
            ends = st.date_input(_("To"), first + timedelta(days=27), key="action_to")
        with st.container(horizontal=True):
            expected = st.number_input(_("Expected units"), 0.0, value=0.0, step=1.0, format="%.0f", key="action_expected")
            cost = st.number_input(
                _("Cost of the action"), 0.0, value=0.0, step=1.0, format="%.2f", key="action_cost", help=data.meta().currency
            )
        sent = st.form_submit_button(_("Record"), icon=":material/bookmark_add:", key="action_record")
    if sent:
        cards.attempt(actions.record_action, kind, name, products, control, begins, ends, expected, cost)
