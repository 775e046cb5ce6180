"""The page "Customers at risk": how many may stay away, why, what is at stake, and what contacting customers did."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.capabilities.at_risk.tables import FEW
from core.schema import ALL
from dashboard import labels
from dashboard.components import cards, exports
from dashboard.i18n import _, absent, day, money, n_, number, percent


def reason(name: str) -> str:
    return {
        ALL: _("All"),
        "gap": _("Long since the last order"),
        "frequency": _("Orders rarely"),
        "first_order": _("Few orders so far"),
        "value": _("Small orders"),
        "returns": _("Returns"),
        "reviews": _("Bad review"),
        "stock": _("Wanted products ran out"),
        "other": _("Other reasons"),
    }[name]


def verdict(group: pd.Series, currency: str) -> str:
    """Return what is expected of one group: a row of the answer to `at_risk_segments`."""
    return _(
        "Of {customers} customers who ordered in the last year, **{leaving}** are expected not to order in the next 90 days. "
        "They usually spend {value} in 90 days; **{stake}** of it is at stake."
    ).format(
        customers=number(group.customers, 0),
        leaving=number(group.leaving, 0),
        value=money(group.value_cents, currency),
        stake=money(group.at_stake_cents, currency),
    )


def trust(check: pd.DataFrame) -> str:
    """Return how the chances did on the latest past day, beside the simple ways to tell."""
    if check.empty:
        return _("The data are too short to check these chances on a past day.")
    last = check.iloc[0]
    said = _("Checked on {day}: {expected} were expected to stay away, {happened} did.").format(
        day=day(last.day), expected=percent(last.expected), happened=percent(last.stayed_away)
    )
    simple = max(check.auc_recency.mean(), check.auc_lifetimes.mean())
    better = (
        _("The chances tell who stays away better than the days since the last order and the expected number of orders do.")
        if check.auc.mean() > simple
        else _(
            "The chances tell who stays away no better than a simple rule, the days since the last order or the expected number of orders."
        )
    )
    return f"{said} {better}"


def reasons(found: pd.DataFrame, segment: str, currency: str) -> None:
    exports.table(
        "at-risk-reasons",
        _table(found, _("Main reason"), [reason(name) for name in found.reason], currency),
        [(_("Customer group"), labels.segment(segment))],
    )
    cards.notes(
        _("The main reason is what sets a customer apart from the average one. Reasons of fewer than {few} customers are one.").format(
            few=FEW
        )
    )


def segments(found: pd.DataFrame, currency: str) -> None:
    exports.table("at-risk-groups", _table(found, _("Customer group"), [labels.segment(name) for name in found.segment], currency))


def _table(found: pd.DataFrame, heading: str, names: list[str], currency: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            heading: names,
            _("Customers"): [number(v, 0) for v in found.customers],
            _("Expected to stay away"): [number(v, 0) for v in found.leaving],
            _("At stake"): [money(v, currency) for v in found.at_stake_cents],
        }
    )


def whom(channels: pd.DataFrame, groups: pd.DataFrame, campaigns_: pd.DataFrame) -> None:
    """Say whom to contact: as many as a channel's past contacts, with customers held out, show to pay; else nobody."""
    if channels.empty:
        _without_learning(campaigns_)
        return
    best = channels.iloc[0]
    if not best.contact or groups.empty or not groups.iloc[0].chosen:
        st.markdown(_("**Contact nobody for now.** Past contacts brought no more orders than the customers held out placed anyway."))
        return
    every = groups.iloc[0]
    st.markdown(
        _(
            "Contact **{chosen}** of {customers} customers by {channel}: **{extra}** extra orders are expected within 30 days "
            "({low} … {high})."
        ).format(
            chosen=number(every.chosen, 0),
            customers=number(every.customers, 0),
            channel=best.channel or _("your usual channel"),
            extra=number(every.extra_orders, 0),
            low=number(every.low, 0),
            high=number(every.high, 0),
        )
    )
    if len(groups) > 1:
        exports.table(
            "contact-groups",
            pd.DataFrame(
                {
                    _("Customer group"): [labels.segment(name) for name in groups.segment],
                    _("Customers"): [number(v, 0) for v in groups.customers],
                    _("To contact"): [number(v, 0) for v in groups.chosen],
                    _("Extra orders"): [
                        f"{number(r.extra_orders, 0)} ({number(r.low, 0)} … {number(r.high, 0)})" for r in groups.itertuples()
                    ],
                }
            ),
        )
    cards.notes(
        _("Learnt from {contacts} past contacts and {held} customers held out; checked on customers that the learner had not seen.").format(
            contacts=number(best.contacts, 0), held=number(best.held_out, 0)
        ),
        _("The interval assumes that the next contact works as those of the past did. Groups with fewer than {few} are left out.").format(
            few=FEW
        ),
    )


def _without_learning(found: pd.DataFrame) -> None:
    """Say what past campaigns say of contacting customers, where they are too small to learn from."""
    known = found[found.effect.notna()]
    works = known[known.low > 0]
    if found.empty:
        return
    if known.empty:
        st.markdown(_("No campaign held customers out, so its effect is unknown. Hold out one in ten next time."))
    elif works.empty:
        st.markdown(_("**Contact nobody for now.** No past campaign brought in more orders than its customers held out placed anyway."))
    else:
        st.markdown(
            n_(
                "{count} of {all} campaign brought in more orders than chance explains.",
                "{count} of {all} campaigns brought in more orders than chance explains.",
                len(works),
                all=len(known),
            )
        )


def campaigns(found: pd.DataFrame) -> None:
    """Show what past campaigns did."""
    if found.empty:
        cards.nothing_here(
            _(
                "No past contacts are known, so nobody can tell whether contacting customers brings them back. "
                "Import contacts, with some customers held out."
            )
        )
        return
    exports.table(
        "campaigns",
        pd.DataFrame(
            {
                _("Campaign"): [name or "–" for name in found.campaign],
                _("From"): [day(v) for v in found.day],
                _("Contacted"): [number(v, 0) for v in found.contacted],
                _("Held out"): [number(v, 0) for v in found.held_out],
                _("Effect on orders within 30 days (pts)"): [_effect(row) for row in found.itertuples()],
            }
        ),
    )


def _effect(row) -> str:
    return "–" if absent(row.effect) else f"{100 * row.effect:+.1f} ({100 * row.low:+.1f} … {100 * row.high:+.1f})".replace("-", "−")
