"""Background work on a page: how far it is, how long it takes still, cancel; and how it ended."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.storage.state import Job
from dashboard import actions, data, labels
from dashboard.components import cards, exports
from dashboard.i18n import _, day, day_format, duration, number, plain, show

_ENDED: dict[str, tuple[cards.Colour, str]] = {
    "done": ("green", ":material/check_circle:"),
    "failed": ("red", ":material/error:"),
    "cancelled": ("gray", ":material/cancel:"),
    "interrupted": ("orange", ":material/power_off:"),
}


def panel(kinds: tuple[str, ...], quiet: bool = False) -> bool:
    """Show the running job of these kinds, refreshed every second without a rerun of the page; else how the last one ended.

    Gives whether one is waiting or running. It reads the state store, so it survives reloads and shows other people's jobs.
    quiet: say how the last one ended only if it failed.
    """
    active = any(job.active for job in data.recent_jobs(kinds, 5))

    @st.fragment(run_every=1.0 if active else None, key="work_" + "_".join(kinds))
    def watch() -> None:
        found = data.recent_jobs(kinds, 5)
        now = [job for job in found if job.active]
        if active and not now:
            st.rerun()  # it ended: let the whole page show the result
        for job in now:
            _running(job)
        shown = found and not (found[0].status == "done" and (quiet or found[0].kind == "check"))
        if not now and shown:
            _ended(found[0])

    watch()
    return active


def _running(job: Job) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/progress_activity: **{labels.job(job.kind)}** · "
                + (_("queued") if job.status == "queued" else labels.step(job.kind, job.step) or _("starting"))
            )
            st.space("stretch")
            st.button(
                _("Cancel"),
                key=f"cancel_{job.id}",
                icon=":material/close:",
                on_click=actions.cancel,
                args=(job.id,),
                disabled=job.cancel_requested,
            )
        left = duration(job.eta_s)
        told = [f"{job.done:.0%}", _("{time} left").format(time=left) if left else ""]
        told += [
            f"{plain(name)} {number(value, 4 if abs(value) < 1 else None)}"
            for name, value in list(job.figures.items())[:3]
            if isinstance(value, (int, float))
        ]
        st.progress(min(max(job.done, 0.0), 1.0), text=" · ".join(t for t in told if t))
        if job.cancel_requested:
            st.caption(_("Stopping at the next safe point. Current forecasts don't change."))
        elif job.status == "queued" and not data.worker_alive():
            st.caption(_("No worker is running, so this job won't start. Run `upswing serve` or `upswing worker`."))
        elif job.message:
            st.caption(plain(show(job.message)))


def _ended(job: Job) -> None:
    colour, icon = _ENDED.get(job.status, ("gray", ":material/info:"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(f"{labels.job(job.kind)}: {labels.said(labels.JOB_STATUSES, job.status)}", icon=icon, color=colour)
        when, said = job.ended_at or job.created_at, plain(show(job.error or job.message))
        if job.status == "failed" and "report" in job.result:
            said = _("Files imported, but forecasting failed: {why}").format(why=said)
        st.caption(f"{day(when)} {when:%H:%M} UTC" + (f" · {said}" if said else ""))


def history(found: list[Job]) -> None:
    """Show all jobs, as a table."""
    if not found:
        cards.nothing_here(_("No background jobs yet."))
        return
    exports.dataframe(
        "jobs",
        pd.DataFrame(
            [
                {
                    "id": j.id,
                    "kind": labels.job(j.kind),
                    "status": labels.said(labels.JOB_STATUSES, j.status),
                    "asked": j.created_at,
                    "took": _took(j),
                    "actor": j.actor,
                    "message": show(j.error or j.message),
                }
                for j in found
            ]
        ),
        {
            "id": st.column_config.NumberColumn(_("No."), width=60),
            "kind": st.column_config.TextColumn(_("Jobs"), width=120),
            "status": st.column_config.TextColumn(_("Result"), width=100),
            "asked": st.column_config.DatetimeColumn(_("Requested (UTC)"), format=f"{day_format()} HH:mm", width=150),
            "took": st.column_config.TextColumn(_("Duration"), width=90),
            "actor": st.column_config.TextColumn(_("Changed by"), width=110),
            "message": st.column_config.TextColumn(_("Message"), width="large"),
        },
        alt=_("Background jobs, newest first"),
    )


def _took(job: Job) -> str:
    return duration((job.ended_at - job.started_at).total_seconds()) if job.ended_at and job.started_at else ""
