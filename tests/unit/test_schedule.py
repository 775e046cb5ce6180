"""The schedule: planned moments on the shop's clock across changes of clocks, missed runs made up once, restarts that repeat nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from core import data_age, jobs
from core.jobs import schedule
from core.jobs.schedule import ACTOR, Run
from core.models import registry
from core.settings import Settings
from core.storage.state import State

DAILY, WEEKLY = Run("rescore", time(4, 30)), Run("retrain", time(20, 0), 7)
NIGHT = Run("rescore", time(2, 30))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("run", "zone", "now", "latest", "following"),
    [
        (DAILY, "Europe/London", "2026-01-10 12:00", "2026-01-10 04:30", "2026-01-11 04:30"),
        (DAILY, "Europe/London", "2026-01-10 04:29", "2026-01-09 04:30", "2026-01-10 04:30"),
        (DAILY, "Europe/London", "2026-01-10 04:30", "2026-01-10 04:30", "2026-01-11 04:30"),  # the moment itself
        (DAILY, "Asia/Shanghai", "2026-01-10 12:00", "2026-01-09 20:30", "2026-01-10 20:30"),
        (DAILY, "Pacific/Auckland", "2026-01-10 12:00", "2026-01-09 15:30", "2026-01-10 15:30"),
        (WEEKLY, "Europe/Berlin", "2026-01-12 12:00", "2026-01-11 19:00", "2026-01-18 19:00"),
        (WEEKLY, "Europe/Berlin", "2026-03-30 12:00", "2026-03-29 18:00", "2026-04-05 18:00"),  # summer time from that Sunday on
        (NIGHT, "Europe/Berlin", "2026-03-29 12:00", "2026-03-29 01:30", "2026-03-30 00:30"),  # 02:30 is skipped: 03:30
        (NIGHT, "Europe/Berlin", "2026-10-25 12:00", "2026-10-25 00:30", "2026-10-26 01:30"),  # 02:30 comes twice: the first
        (NIGHT, "Europe/Berlin", "2026-10-25 01:00", "2026-10-25 00:30", "2026-10-26 01:30"),  # between the two
    ],
)
def test_planned_moments_follow_the_shops_clock(run, zone, now, latest, following):
    assert run.latest(utc(now), zone) == utc(latest)
    assert run.following(utc(now), zone) == utc(following)


def test_each_day_of_a_year_has_one_run_whatever_the_clocks_do():
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"):
        moments, now = [], utc("2026-01-01 00:00")
        while now < utc("2027-01-01 00:00"):
            now = NIGHT.following(now, zone)
            moments.append(now)
        days = [data_age.local(moment, zone).date() for moment in moments]
        assert len(set(days)) == len(days) and max(b - a for a, b in zip(days, days[1:])) == timedelta(days=1)


@pytest.fixture
def shop(workspace, monkeypatch):
    """A shop with a model whose schedule is on, looked at first on a Saturday noon."""
    monkeypatch.setattr(registry, "champion", lambda workspace: "m1")
    workspace.save_settings(Settings().with_values("shop", time_zone="Europe/London").with_values("schedule", on=True))
    at(monkeypatch, "2026-01-10 12:00")
    return workspace


def at(monkeypatch, text: str) -> None:
    monkeypatch.setattr(data_age, "now", lambda: utc(text))


def finish(workspace) -> None:
    """End what is queued, as a worker does."""
    state = State(workspace)
    token = state.take_worker()
    while (job := state.claim_job(token)) is not None:
        state.end_job(job.id, token, "done", result={"text": ""})
    state.release_worker(token)


def requested(workspace) -> list[str]:
    return [job.kind for job in schedule.look(workspace)]


def test_a_schedule_that_is_switched_on_makes_up_nothing(shop):
    assert requested(shop) == []


def test_a_planned_moment_is_run_once(shop, monkeypatch):
    requested(shop)
    at(monkeypatch, "2026-01-11 04:29")
    assert requested(shop) == []
    at(monkeypatch, "2026-01-11 04:30")
    assert requested(shop) == ["rescore"]
    finish(shop)
    at(monkeypatch, "2026-01-11 04:31")
    assert requested(shop) == []  # also after a restart: nothing but the state store remembers
    job = jobs.recent(shop)[0]
    assert job.actor == ACTOR and job.arguments == {"scheduled": True}


def test_missed_runs_are_made_up_once(shop, monkeypatch):
    requested(shop)
    at(monkeypatch, "2026-02-02 12:00")  # three weeks without a worker
    assert requested(shop) == ["rescore", "retrain"]
    finish(shop)
    assert requested(shop) == []
    at(monkeypatch, "2026-02-03 04:30")
    assert requested(shop) == ["rescore"]


def test_two_jobs_of_a_kind_never_wait_at_once(shop, monkeypatch):
    requested(shop)
    by_hand = jobs.request(shop, "rescore")
    at(monkeypatch, "2026-01-11 05:00")
    assert [job.id for job in schedule.look(shop)] == [by_hand.id]
    assert len(jobs.recent(shop)) == 1


def test_a_new_time_does_not_make_up_the_old_one(shop, monkeypatch):
    requested(shop)
    at(monkeypatch, "2026-01-11 12:00")
    shop.save_settings(shop.settings().with_values("schedule", refresh_at="11:00"))
    assert requested(shop) == []


def test_switched_off_and_on_again_it_makes_up_nothing(shop, monkeypatch):
    requested(shop)
    shop.save_settings(shop.settings().with_values("schedule", on=False))
    at(monkeypatch, "2026-01-15 12:00")
    assert requested(shop) == [] and schedule.planned(shop, shop.settings()) == []
    shop.save_settings(shop.settings().with_values("schedule", on=True))
    assert requested(shop) == []


def test_without_a_model_nothing_is_due(shop, monkeypatch):
    monkeypatch.setattr(registry, "champion", lambda workspace: None)
    requested(shop)
    at(monkeypatch, "2026-01-15 12:00")
    assert requested(shop) == []


def test_the_next_moments_are_on_the_shops_clock(shop, monkeypatch):
    at(monkeypatch, "2026-07-10 12:00")
    refresh, retrain = schedule.planned(shop, shop.settings())
    assert f"{refresh.next_at:%d %H:%M %Z}" == "11 04:30 BST" and f"{retrain.next_at:%a %d %H:%M}" == "Sun 12 20:00"
    assert refresh.last is None
