"""The Model page's blocks: retrain, candidates beside the model in use, going back, who decided what."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import streamlit as st

from core.models.registry import Model
from core.storage.state import Job
from dashboard import actions, address, data, labels
from dashboard.components import cards, charts, exports, plots
from dashboard.i18n import _, absent, day, day_format, language, number, plain, show, spoken

TUNING = ("frozen", "last-1", "last-2", "last-3", "last-6")


def interval(name: str, low, high) -> str | None:
    """Return a metric's 95% confidence interval, None where it has none."""
    if absent(low) or absent(high):
        return None
    return labels.metric_range(name, low, high)


def level(figures: pd.Series) -> str:
    """Return how the forecasts since training came out, "" where no horizon has passed. figures: value by metric."""
    if "level_origins" not in figures:
        return ""
    return _(
        "Since training, the model expected {said} of the products to rise in {weeks} weekly forecasts that can be "
        "checked; {rose} did. Current chances are adjusted accordingly."
    ).format(
        **{name: f"{number(100 * figures[f'level_{name}'], 1)}%" for name in ("said", "rose")}, weeks=number(figures["level_origins"], 0)
    )


def choose(found: list[Model], champion: Model | None) -> Model | None:
    """Show the choice of a model, by default the champion; return it, None where there is none."""
    if len(found) < 2:
        return champion or next(iter(found), None)
    by_id = {m.id: m for m in found}
    told = lambda i: f"{i} · {labels.said(labels.MODEL_STATUSES, by_id[i].status)}"  # noqa: E731
    first = champion.id if champion else next(iter(by_id))
    if "model" in st.session_state:
        st.session_state["model"] = st.session_state["model"]  # a browser shows the words it got, and a status changes
    return by_id[st.selectbox(_("Model"), list(by_id), **address.one_of("model", by_id, first), format_func=told)]


def learning(model: Model | None) -> None:
    """Show a model's learning curves, from its own files."""
    curves = model.metrics.get("curves") if model else None
    if not curves:
        cards.nothing_here(_("This model has no training record in this workspace."))
        return
    plots.show(charts.learning(pd.DataFrame(curves)), key="learning", alt=_("Error after each training round"))
    cards.notes(_("Training stops when validation stops improving."))


def card(model: Model | None) -> None:
    """Show the model card, folded, with its download."""
    if model is None:
        return
    text = model.card(language())
    title, body = text.split("\n", 1)
    with st.expander(title.lstrip("# "), icon=":material/description:"):
        st.markdown(body.replace("\n## ", "\n#### "))  # a heading of the document is a small one on the page
        if model.metrics.get("calibration"):
            st.caption(_("Forecast chance vs actual outcome"))
            plots.show(
                charts.calibration(pd.DataFrame(model.metrics["calibration"])),
                key="card_calibration",
                width=480,
                alt=_("Forecast chance vs actual outcome"),
            )
        st.download_button(_("Download"), text, f"{model.id}.md", "text/markdown", key="card", icon=":material/download:")


def tuning(name: str) -> str:
    return (
        _("Standard text model (fast)")
        if name == "frozen"
        else _("Tune the last {layers} layers to this shop (slower)").format(layers=name.removeprefix("last-"))
    )


def renew(busy: bool) -> None:
    """Show the buttons that request a retraining or a rescore."""
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="bottom"):
        mode = st.selectbox(_("Text model"), TUNING, key=spoken("tuning"), format_func=tuning, width=330)
        since = st.date_input(
            _("Train on data from (optional)"),
            None,
            key="since",
            min_value=date(1990, 1, 1),
            max_value=date.today(),
            format="YYYY-MM-DD",
            width=190,
        )
        # Not disabled while one runs: a second press shows the running one, also somebody else's.
        if st.button(_("Retrain model"), type="primary", icon=":material/model_training:", key="retrain"):
            cards.attempt(actions.retrain, mode, since.isoformat() if since else "")
        if st.button(
            _("Refresh forecasts"),
            icon=":material/refresh:",
            key="rescore",
            disabled=not data.has_snapshot(),
            help=_("Forecast again with the current model and the newest data."),
        ):
            cards.attempt(actions.rescore)
    cards.notes(
        _("Retraining runs in the background and creates a candidate. Nothing changes until you approve it."),
        _("Already running.") if busy else "",
    )


def backtest(done: Job | None) -> None:
    """Show the button that requests a backtest, and the last backtest's results."""
    with st.container(border=True):
        if st.button(_("Run backtest"), icon=":material/history:", key="backtest"):
            cards.attempt(actions.backtest)
        cards.notes(
            _(
                "Retrains at past dates and compares the forecasts with simpler methods on later weeks. Takes many "
                "times as long as retraining and changes nothing in use."
            )
        )
        if done is None:
            return
        blocks = [f"{day(a)} – {day(b)}" for a, b in done.result["summary"]["blocks"]]
        st.markdown(_("Tested on {weeks}, best ranking quality first:").format(weeks=", ".join(blocks)))
        exports.table("backtest", pd.DataFrame([_learner(each) for each in done.result["summary"]["learners"]]))
        report = Path(done.result["out"]) / done.result.get("reports", {}).get(language(), "report.html")
        if report.is_file():
            st.download_button(
                _("Download report"),
                report.read_bytes,
                "backtest.html",
                "text/html",
                key="backtest_report",
                icon=":material/download:",
            )


def _learner(each: dict) -> dict[str, str]:
    told = {_("Method"): labels.said(labels.LEARNERS, each["learner"])}
    for name in labels.SHOWN_METRICS:
        figure = each.get(name) or {}
        within = interval(name, figure.get("low"), figure.get("high"))
        told[labels.metric(name)[0]] = (
            "–" if absent(figure.get("value")) else labels.metric_value(name, figure["value"]) + (f" ({within})" if within else "")
        )
    return told | {_("Ranking quality compared"): labels.said(labels.VERDICTS, each["verdict"]) if each["verdict"] else "–"}


def candidate(model: Model, champion: Model | None) -> None:
    """Show one candidate's figures beside the champion's, and the two decisions."""
    with st.container(border=True):
        st.markdown(f"**{plain(model.id)}** · {plain(_settings(model))}")
        mine, theirs = model.metrics.get("metrics", {}), (champion.metrics.get("metrics", {}) if champion else {})
        within, champions = (m.metrics.get("intervals", {}) if m else {} for m in (model, champion))
        rows = [
            _compared(name, mine[name], theirs.get(name), within.get(name), champions.get(name))
            for name in labels.SHOWN_METRICS
            if isinstance(mine.get(name), (int, float))
        ]
        if rows:
            exports.table(f"candidate-{model.id}", pd.DataFrame(rows))
        cards.notes(_("Each model is measured on the latest weeks it was not trained on, which may differ between the two."))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            reason = st.text_input(
                _("Reason (required)"),
                key=f"reason_{model.id}",
                width=360,
                placeholder=_("Short reason, shown in the change log"),
                max_chars=300,
            )
            if st.button(_("Promote"), type="primary", key=f"promote_{model.id}", icon=":material/check:"):
                cards.attempt(actions.promote, model.id, reason)
            if st.button(_("Discard"), key=f"discard_{model.id}", icon=":material/delete:"):
                cards.attempt(actions.discard, model.id, reason)


def _compared(name: str, mine: float, theirs: float | None, within: list | None, champions: list | None) -> dict[str, str]:
    """Return a metric of a candidate beside the champion's. A verdict needs each value outside the other's interval."""
    verdict = ""
    if isinstance(theirs, (int, float)):
        if within and champions and not within[0] <= theirs <= within[1] and not champions[0] <= mine <= champions[1]:
            better = (mine < theirs) == (name in labels.LOWER_IS_BETTER)
            verdict = _("better") if better else _("worse")
        else:
            verdict = _("no clear difference")
    told = labels.metric_value(name, mine) + (f" ({interval(name, *within)})" if within else "")
    return {
        _("Metric"): labels.metric(name)[0],
        _("Candidate"): told,
        _("In use"): labels.metric_value(name, theirs) if isinstance(theirs, (int, float)) else "–",
        _("Compared"): verdict,
    }


def _settings(model: Model) -> str:
    said = model.config.get("settings", model.config)
    said = said.get("model", said) if isinstance(said, dict) else {}
    return " · ".join(str(said[k]) for k in ("encoder", "tuning", "since") if said.get(k))


def go_back(champion: Model | None) -> None:
    """Show the previous model and the previous snapshots, each with a button that goes back to it."""
    before, kept = data.previous_champion(), data.kept_snapshots()
    left, right = cards.halves()
    with left, st.container(border=True, height="stretch"):
        st.markdown(_("**To the previous model**"))
        if champion is None or before is None:
            cards.nothing_here(_("There is no previous model."))
        else:
            st.caption(f"{plain(champion.id)} → {plain(before)}")
            reason = st.text_input(
                _("Reason (required)"), key="reason_back", placeholder=_("Short reason, shown in the change log"), max_chars=300
            )
            if st.button(_("Back to the previous model"), key="model_back", icon=":material/undo:"):
                cards.attempt(actions.back_to_previous_model, reason)
    with right, st.container(border=True, height="stretch"):
        st.markdown(_("**To an earlier update**"))
        others = {s.id: s for s in kept if not s.current}
        if not others:
            cards.nothing_here(_("There is no other update to restore."))
        else:
            chosen = st.selectbox(
                _("Forecast version"),
                list(others),
                key=spoken("snapshot_choice"),
                format_func=lambda i: _("{id} · data to {day}").format(id=i, day=day(others[i].as_of or None)),
            )
            if st.button(_("Restore"), key="snapshot_back", icon=":material/undo:"):
                cards.attempt(actions.serve_snapshot, chosen, "")


def audit(entries: list) -> None:
    if not entries:
        cards.nothing_here(_("No decisions yet."))
        return
    column = st.column_config
    exports.dataframe(
        "decisions",
        pd.DataFrame(
            [
                {"at": e.at, "act": labels.said(labels.ACTS, e.act), "subject": e.subject, "reason": show(e.reason), "actor": e.actor}
                for e in entries
            ]
        ),
        {
            "at": column.DatetimeColumn(_("When (UTC)"), format=f"{day_format()} HH:mm", width=150),
            "act": column.TextColumn(_("Decision"), width=120),
            "subject": column.TextColumn(_("Subject"), width=220),
            "reason": column.TextColumn(_("Reason"), width="large"),
            "actor": column.TextColumn(_("Changed by"), width=120),
        },
        first=30,
        alt=_("Decisions, newest first"),
    )


def listing(found: list[Model]) -> None:
    if not found:
        cards.nothing_here(_("No model yet. Import files, or retrain."))
        return
    column = st.column_config
    names = [n for n in labels.SHOWN_METRICS if any(isinstance(m.metrics.get("metrics", {}).get(n), (int, float)) for m in found)]
    exports.dataframe(
        "models",
        pd.DataFrame(
            [
                {
                    "id": m.id,
                    "status": labels.said(labels.MODEL_STATUSES, m.status),
                    "settings": _settings(m),
                    "reason": show(m.reason),
                    **{n: m.metrics.get("metrics", {}).get(n) for n in names},
                }
                for m in found
            ]
        ),
        {
            "id": column.TextColumn(_("Model"), width=200),
            "status": column.TextColumn(_("Status"), width=100),
            "settings": column.TextColumn(_("Settings"), width=160),
            "reason": column.TextColumn(_("Reason"), width=220),
            **{n: column.NumberColumn(labels.metric(n)[0], format="%.3f", width=120) for n in names},
        },
        alt=_("Models, newest first"),
    )
