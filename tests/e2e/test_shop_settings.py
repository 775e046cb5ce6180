"""What a manager does on the Settings page, and what the worker does for the schedule."""

from __future__ import annotations

import time

from conftest import settled
from playwright.sync_api import Page, expect

from core import jobs
from core.jobs.schedule import ACTOR
from core.storage.state import Job, State
from core.workspace import Workspace


def test_a_new_shop_name_is_in_the_header_of_every_page(page: Page, shop: Workspace):
    page.goto("/settings")
    page.get_by_role("textbox", name="Shop name").fill("Lantern & Co")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".st-key-shop").get_by_text("Lantern & Co")).to_be_visible()
    page.get_by_role("link", name="Inventory").click()
    settled(page)
    expect(page.locator(".st-key-shop").get_by_text("Lantern & Co")).to_be_visible()
    assert shop.own_settings().shop.name == "Lantern & Co"
    assert State(shop).audit(5)[0].subject == "shop.name"


def done(shop: Workspace, kind: str, arguments: dict, actor: str) -> Job:
    """Request a job and wait for its end."""
    job, deadline = jobs.request(shop, kind, arguments, actor), time.monotonic() + 120
    while job.active:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        job = jobs.get(shop, job.id)
    assert job.status == "done", job.error
    return job


def test_a_scheduled_refresh_publishes_nothing_where_nothing_has_changed(address, shop: Workspace):
    done(shop, "rescore", {}, "dashboard")
    served = shop.current.read_text()
    job = done(shop, "rescore", {"scheduled": True}, ACTOR)
    assert "Nothing has changed since snapshot" in str(job.message) and shop.current.read_text() == served
