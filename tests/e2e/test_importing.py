"""From an empty workspace to Overview without a command line, with an export whose columns nobody knows; then next week's export."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from fixtures.shops import encoder
from playwright.sync_api import Browser, Page, expect

from core.jobs import inbox
from core.storage import duckdb as db
from core.storage.state import State
from core.workspace import Workspace
from tests.e2e.conftest import PATIENCE_MS, SHORT, served

LONG_MS = 400_000  # for a first training on a busy machine
FIRST, DAYS = date(2023, 1, 2), 420


def export(first: date, days: int, seed: int) -> str:
    """Made-up sales of 40 products, in columns whose names are no common ones."""
    random, lines = Random(seed), ["Belegnr;Tag;Warengr;Artikelbez;Anz;Betrag je Stk;Kd"]
    products = [(f"W{i:03}", f"Ware {'rot blau gruen gross klein'.split()[i % 5]} Nr {i}", f"{3 + i % 17},{10 + i}") for i in range(40)]
    for day in range(days):
        for receipt in range(random.randint(6, 14)):
            customer = random.randint(1, 300)
            for number, title, price in random.sample(products, random.randint(1, 3)):
                when = first + timedelta(day)
                lines.append(
                    f"B{when:%y%m%d}{receipt:02};{when:%d.%m.%Y};{number};{title};{random.choice((1, 1, 1, 2, 3))};{price};K{customer:04}"
                )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def empty_shop(tmp_path_factory) -> Workspace:
    """A workspace without data, whose training is short."""
    workspace = Workspace(tmp_path_factory.mktemp("new") / "shop").create()
    short = workspace.settings().with_values("model", encoder=encoder(), max_epochs=2, since="2023-11-01").with_values("recipe", **SHORT)
    workspace.save_settings(short)
    return workspace


@pytest.fixture(scope="module")
def its_address(empty_shop, tmp_path_factory) -> Iterator[str]:
    with served(empty_shop, tmp_path_factory.mktemp("serve")) as place:
        yield place


class Analyst:
    """A person at the page, whose clicks are counted."""

    def __init__(self, page: Page):
        self.page, self.clicks = page, 0

    def click(self, what) -> None:
        self.clicks += 1
        what.click()

    def button(self, name: str):
        return self.page.get_by_test_id("stBaseButton-primaryFormSubmit").filter(has_text=name)

    def drop(self, file: Path) -> None:
        self.clicks += 1
        self.page.locator("input[type=file]").first.set_input_files(str(file))
        expect(self.page.get_by_text(file.name).first).to_be_visible()

    def sees_no_error(self) -> None:
        expect(self.page.get_by_test_id("stAlertContentError")).to_have_count(0)


@pytest.fixture
def analyst(browser: Browser, its_address) -> Iterator[Analyst]:
    page = browser.new_page(base_url=its_address, viewport={"width": 1360, "height": 1800}, locale="en-GB")
    page.set_default_timeout(PATIENCE_MS)
    yield Analyst(page)
    page.close()


def orders(workspace: Workspace) -> tuple[float, int]:
    with db.connect(workspace.warehouse, read_only=True) as con:
        return con.execute("select sum(units), count(*) from orders").fetchone()


def units(text: str) -> int:
    return sum(int(line.split(";")[4]) for line in text.splitlines()[1:])


def test_an_export_that_nobody_knows_comes_to_overview_in_twelve_clicks_without_a_command_line(analyst, empty_shop, tmp_path):
    file, page = tmp_path / "kasse.csv", analyst.page
    file.write_text(export(FIRST, DAYS, 1))
    page.goto("/data")
    analyst.drop(file)
    analyst.click(analyst.button("Check files"))
    expect(page.get_by_text("questions before the import")).to_be_visible()
    analyst.sees_no_error()
    page.reload()  # whoever leaves here finds the questions again
    analyst.click(analyst.button("Continue"))
    expect(page.get_by_text("The files contain sales.")).to_be_visible()
    expect(page.get_by_text("One row is one line of an order.")).to_be_visible()
    analyst.click(page.get_by_label("Name", exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type("Tassenladen")
    analyst.click(page.get_by_label("Currency", exact=True))
    page.keyboard.type("EUR")
    page.keyboard.press("Tab")
    analyst.click(analyst.button("Import"))
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_text("Import: done")).to_be_visible(timeout=LONG_MS)
    analyst.sees_no_error()
    analyst.click(page.get_by_role("link", name="Overview"))
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_text("Tassenladen").first).to_be_visible()
    analyst.sees_no_error()
    assert analyst.clicks <= 12
    assert orders(empty_shop)[0] == units(file.read_text())
    deadline = time.monotonic() + 20  # for the worker to see that the job has ended
    while any(empty_shop.uploads.glob("*/*")):
        assert time.monotonic() < deadline, "an upload outlives its import"
        time.sleep(0.2)


def test_the_export_of_next_week_takes_three_clicks(analyst, empty_shop, tmp_path):
    before, page = orders(empty_shop), analyst.page
    file = tmp_path / "kasse2.csv"
    file.write_text(export(FIRST + timedelta(DAYS), 7, 2))
    page.goto("/data")
    analyst.drop(file)
    analyst.click(analyst.button("Check files"))
    expect(page.get_by_text("The files contain sales.")).to_be_visible()
    analyst.click(analyst.button("Import"))
    expect(page.get_by_text("Import: done")).to_be_visible(timeout=LONG_MS)
    analyst.sees_no_error()
    assert analyst.clicks == 3 and orders(empty_shop)[0] == before[0] + units(file.read_text())


def test_what_is_left_in_the_inbox_is_imported_under_the_remembered_answers(empty_shop, its_address):
    before = orders(empty_shop)
    text = export(FIRST + timedelta(DAYS + 7), 7, 3)
    empty_shop.inbox.mkdir()
    file = empty_shop.inbox / "kasse3.csv"
    file.write_text(text)
    long_ago = time.time() - 2 * inbox.QUIET_S
    os.utime(file, (long_ago, long_ago))
    deadline = time.monotonic() + LONG_MS / 1000
    while not (empty_shop.inbox / inbox.IMPORTED / "kasse3.csv").exists():
        assert time.monotonic() < deadline, State(empty_shop).jobs(3)
        time.sleep(0.5)
    assert orders(empty_shop)[0] == before[0] + units(text)
