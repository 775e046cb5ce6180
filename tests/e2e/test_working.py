"""What an analyst does on the Model page: retrain, watch, cancel, promote; and what happens when the worker is killed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.models import registry
from core.storage import audit, snapshots
from core.storage.state import Job, State
from core.workspace import Workspace

LONG_MS = 120_000  # for work of the worker on a busy machine


def open_model(page: Page) -> None:
    page.goto("/model")
    expect(page.get_by_role("button", name="Retrain model")).to_be_visible()


def retrain(page: Page) -> None:
    page.get_by_role("button", name="Retrain model").click()


def retrainings(shop: Workspace) -> list[Job]:
    return [job for job in State(shop).jobs() if job.kind == "retrain"]


def until(condition: Callable[[], bool], what: str, seconds: float = LONG_MS / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


@contextmanager
def paused(shop: Workspace) -> Iterator[None]:
    """Halt the process that does the running job, so that a training of seconds is there to be seen."""
    until(lambda: [j.status for j in retrainings(shop)[:1]] == ["running"], "a running retraining")
    worker = State(shop).worker().pid
    children = [int(pid) for pid in Path(f"/proc/{worker}/task/{worker}/children").read_text().split()]
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in children:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(autouse=True)
def nothing_runs(shop):
    """Each test begins and ends with an empty queue."""
    yield
    state = State(shop)
    for job in state.jobs():
        if job.active:
            state.cancel_job(job.id)
    until(lambda: not any(job.active for job in state.jobs()), "an empty queue")


def test_a_retraining_becomes_a_candidate_and_is_served_only_once_it_is_put_in_use(page, shop, browser, address):
    served, champion = snapshots.current(shop).id, registry.champion(shop)
    open_model(page)
    retrain(page)
    running = page.get_by_text("Retraining ·")
    with paused(shop):
        expect(running).to_be_visible()
        expect(page.get_by_role("progressbar").first).to_be_visible()

        # Somebody else asks for the same: one job, which both see.
        other = browser.new_context(base_url=address, locale="en-GB").new_page()
        open_model(other)
        expect(other.get_by_text("Retraining ·")).to_be_visible()
        retrain(other)
        expect(other.get_by_text("Retraining ·")).to_be_visible()
        other.context.close()
        assert len(retrainings(shop)) == 1

        page.reload()
        expect(running).to_be_visible()

    promote = page.get_by_role("button", name="Promote")
    expect(promote).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("Retraining: done")).to_be_visible()
    assert (snapshots.current(shop).id, registry.champion(shop)) == (served, champion)
    (candidate,) = [m.id for m in registry.models(shop) if m.status == "candidate"]

    page.locator(f".st-key-reason_{candidate}").get_by_role("textbox").fill("better in autumn")
    page.keyboard.press("Tab")
    promote.click()
    expect(page.get_by_text("Forecast refresh: done")).to_be_visible(timeout=LONG_MS)
    assert registry.champion(shop) == candidate
    assert snapshots.current(shop).id > served and snapshots.current(shop).model == candidate
    assert "better in autumn" in [entry.reason for entry in State(shop).audit()]


def test_a_cancelled_retraining_leaves_no_candidate(page, shop):
    known = {model.id for model in registry.models(shop)}
    open_model(page)
    retrain(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Retraining: cancelled")).to_be_visible(timeout=LONG_MS)
    assert {model.id for model in registry.models(shop)} == known
    assert retrainings(shop)[0].status == "cancelled"


def test_when_the_worker_is_killed_the_job_is_interrupted_and_the_champion_still_served(page, shop):
    state, served, champion = State(shop), snapshots.current(shop).id, registry.champion(shop)
    open_model(page)
    retrain(page)
    until(lambda: [j.status for j in retrainings(shop)[:1]] == ["running"], "a running retraining")
    killed = state.worker()
    os.kill(killed.pid, signal.SIGKILL)
    expect(page.get_by_text("Retraining: interrupted")).to_be_visible(timeout=LONG_MS)
    assert (snapshots.current(shop).id, registry.champion(shop)) == (served, champion)
    page.goto("/rising")
    expect(page.get_by_text(re.compile(r"^\d+ products"))).to_be_visible()
    # `upswing serve` starts another one, which takes up what comes next.
    until(lambda: (worker := state.worker()) is not None and worker.alive and worker.token != killed.token, "a new worker")


@pytest.mark.whole  # `make test` has the button in tests/app and the rescore in tests/integration
def test_fresh_forecasts_make_a_new_snapshot_with_the_same_model(page, shop):
    served, champion = snapshots.current(shop).id, registry.champion(shop)
    open_model(page)
    page.get_by_role("button", name="Refresh forecasts").click()
    expect(page.get_by_text("Forecast refresh: done")).to_be_visible(timeout=LONG_MS)
    assert snapshots.current(shop).id > served
    assert registry.champion(shop) == champion == snapshots.current(shop).model
    act = audit.acts(shop)[-1]
    assert (act.act, act.subject, act.actor) == ("publish", snapshots.current(shop).id, "dashboard")
