"""Would it have worked? Asks for a replay of the shop's last year, and shows what the last one found."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.storage.state import Job
from dashboard import actions, labels
from dashboard.components import cards, charts, exports, jobs, plots
from dashboard.i18n import _, absent, day, exact, money, number


def replay(done: Job | None, currency: str) -> None:
    """done: the last one that came to its end, None = none yet."""
    jobs.panel(("simulate",), quiet=True)
    if st.button(_("Simulate last year"), icon=":material/replay:", key="simulate"):
        cards.attempt(actions.simulate)
    cards.notes(
        _(
            "Replays last year with and without these forecasts and compares stock at equal service. Each side uses "
            "only data known at the time. Takes several times as long as retraining and changes nothing."
        )
    )
    if done is None:
        return
    found = done.result["summary"]
    st.markdown(
        _("{count} products with forecasts and a cost or price in {first} – {last}. To meet {fill} of demand from stock:").format(
            count=number(found["products"], 0), first=day(found["from"]), last=day(found["until"]), fill=f"{found['fill_rate']:.0%}"
        )
    )
    exports.table("replay", pd.DataFrame([_row(each, currency) for each in found["policies"]]))
    if not absent(found.get("achieved")):
        cards.notes(
            _(
                "Service levels that promised {promised} achieved {achieved}. Falling demand raises the result, sudden demand lowers it."
            ).format(promised=f"{exact(100 * found['promised'])}%", achieved=f"{100 * found['achieved']:.1f}%")
        )
    if not absent(found.get("told")):
        cards.notes(
            _("Chance that stock lasts until the next delivery: {told} planned on average, {lasted} actual.").format(
                told=f"{100 * found['told']:.1f}%", lasted=f"{100 * found['lasted']:.1f}%"
            )
        )
    plots.show(
        charts.frontier(found["policies"], found["fill_rate"], currency), key="frontier", alt=_("Average stock by share of demand met")
    )


def _row(each: dict, currency: str) -> dict[str, str]:
    saved = (
        "–"
        if absent(each.get("saving"))
        else _("{share} ({low}–{high})").format(
            **{key: f"{each[name]:.0%}" for key, name in (("share", "saving"), ("low", "low"), ("high", "high"))}
        )
    )
    return {
        _("Method"): labels.said(labels.POLICIES, each["policy"]),
        _("Average stock"): _("never reached") if absent(each["stock"]) else money(each["stock"], currency, short=True),
        _("Stock saved by Upswing"): saved,
    }
