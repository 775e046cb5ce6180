"""Can I trust the forecasts, and how do I renew them?"""

import streamlit as st

from dashboard import data, labels
from dashboard.components import cards, charts, jobs, models, plots
from dashboard.i18n import _

# data
found = data.models()
champion = next((m for m in found if m.champion), None)
candidates = [m for m in found if m.status == "candidate"]

# show: how good it is
if data.has_snapshot() and not data.checked():
    right = st.container()
elif data.has_snapshot():
    figures = data.ask("metrics").set_index("metric")
    with st.grid(4, min_column_width=190):
        for name in [m for m in labels.SHOWN_METRICS if m in figures.index]:
            row = figures.loc[name]
            title, meaning = labels.metric(name)
            st.metric(
                title,
                labels.metric_value(name, row.value),
                models.interval(name, row.low, row.high),
                delta_color="off",
                delta_arrow="off",
                border=True,
                height="stretch",
                help=meaning,
            )
    cards.notes(
        _("Measured on the latest weeks that the model was not trained on. Below each figure: its 95% interval."),
        models.level(figures["value"]),
    )
    left, right = cards.halves()
    with left:
        st.subheader(_("Are the forecasts reliable?"), anchor=False)
        steps = data.ask("calibration")
        plots.show(charts.calibration(steps), key="calibration", alt=_("Forecast chance vs actual outcome"))
        cards.notes(
            _("On the dotted line, chances are exactly right."),
            _("Larger dots stand for more forecasts.") if charts.dots_differ(steps) else "",
        )
else:
    cards.nothing_yet()
    right = st.container()
with right:
    st.subheader(_("Training curve"), anchor=False)
    chosen = models.choose(found, champion)
    models.learning(chosen)
models.card(chosen)

st.subheader(_("Update"), anchor=False)
busy = jobs.panel(("retrain", "rescore"))
models.renew(busy)

st.subheader(_("Backtest"), anchor=False)
jobs.panel(("backtest",), quiet=True)
models.backtest(data.last_done("backtest"))

st.subheader(_("Candidates"), anchor=False)
if not candidates:
    cards.nothing_here(_("No candidates. Retrain to create one; nothing changes until you approve it."))
for model in candidates:
    models.candidate(model, champion)

st.subheader(_("Roll back"), anchor=False)
models.go_back(champion)

st.subheader(_("History"), anchor=False)
cards.open_tab(
    "history",
    {
        "jobs": (_("Jobs"), lambda: jobs.history(data.recent_jobs(("import", "retrain", "rescore", "backtest"), 30))),
        "decisions": (_("Decisions"), lambda: models.audit(data.audit(1000))),
        "models": (_("Models"), lambda: models.listing(found)),
    },
)
