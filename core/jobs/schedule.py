"""The schedule: a daily refresh, a weekly retraining, a weekly e-mail and a daily look at unsent alerts, on the shop's clock.

The worker looks at it and requests what is due.

A run that was missed because no worker was alive is made up once, however many were missed. The state store remembers up to which
planned moment each kind has run, so a restart repeats nothing. Requests of a kind that is queued or running are answered with that job.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core import data_age, jobs
from core.models import registry
from core.settings import Settings
from core.storage import access
from core.storage.state import Job, State
from core.workspace import Workspace

ACTOR = "schedule"
_PLACE = "schedule"  # under which the state store keeps what has run, as views


@dataclass(frozen=True)
class Run:
    """A recurring run: the kind of its job, its time of day, and its ISO weekday, None for every day."""

    kind: str
    at: time
    weekday: int | None = None

    def latest(self, now: datetime, zone: str) -> datetime:
        """Return the last planned moment up to now, in UTC. now: aware; zone: IANA name, "" is this machine's."""
        return max(moment for moment in self._around(now, zone) if moment <= now)

    def following(self, now: datetime, zone: str) -> datetime:
        """Return the first planned moment after now, in UTC."""
        return min(moment for moment in self._around(now, zone) if moment > now)

    def _around(self, now: datetime, zone: str) -> list[datetime]:
        today = data_age.local(now, zone).date()
        days = [today + timedelta(days=n) for n in range(-8, 9)]
        return [_moment(day, self.at, zone) for day in days if self.weekday in (None, day.isoweekday())]


@dataclass(frozen=True)
class Planned:
    """One run of the schedule as people see it: its next moment on the shop's clock, and its last job."""

    kind: str
    next_at: datetime
    last: Job | None


def _moment(day: date, at: time, zone: str) -> datetime:
    """Return a time of day in UTC. One that a change of clocks skips is moved by the change; of one that comes twice, the first."""
    local = datetime.combine(day, at)
    return (local.replace(tzinfo=ZoneInfo(zone)) if zone else local).astimezone(UTC)


def runs(settings: Settings) -> list[Run]:
    """Return the runs that the settings switch on."""
    schedule, notifications, found = settings.schedule, settings.notifications, list[Run]()
    if schedule.on:
        found.append(Run("rescore", time.fromisoformat(schedule.refresh_at)))
        found.append(Run("retrain", time.fromisoformat(schedule.retrain_at), schedule.retrain_weekday))
    if notifications.mail_to:
        found.append(Run("mail", time.fromisoformat(notifications.mail_at), notifications.mail_weekday))
    if notifications.webhook:
        found.append(Run("webhook", time.fromisoformat(notifications.webhook_at)))
    return found


def look(workspace: Workspace) -> list[Job]:
    """Request what is due; return those jobs. Nothing is due before the first model, or just after a run was set."""
    state, planned = State(workspace), runs(workspace.own_settings())
    kept = {view.name: view.choices for view in state.views(_PLACE)}
    for switched_off in kept.keys() - {run.kind for run in planned}:
        state.delete_view(_PLACE, switched_off)
    if not planned or registry.champion(workspace) is None:
        return []
    try:
        with access.waiting(0):
            zone = workspace.settings().shop.time_zone
    except access.Busy:  # whoever writes the warehouse is what a run would wait for
        return []
    now, requested = data_age.now(), []
    for run in planned:
        due, plan, job = run.latest(now, zone), f"{run.at} {run.weekday} {zone}", None
        before = kept.get(run.kind)
        if before is not None and before["plan"] == plan:
            if due <= datetime.fromisoformat(before["due"]):
                continue
            job = jobs.request(workspace, run.kind, {"scheduled": True}, ACTOR)
            requested.append(job)
        state.save_view(_PLACE, run.kind, {"plan": plan, "due": due.isoformat(), "job": job and job.id}, ACTOR)
    return requested


def planned(workspace: Workspace, settings: Settings) -> list[Planned]:
    """Return the runs of the schedule with their next moment and last job. settings: those in effect."""
    now, zone = data_age.now(), settings.shop.time_zone
    return [Planned(run.kind, data_age.local(run.following(now, zone), zone), _last(workspace, run.kind)) for run in runs(settings)]


def _last(workspace: Workspace, kind: str) -> Job | None:
    return next((job for job in jobs.recent(workspace, 50, kind) if job.actor == ACTOR), None)
