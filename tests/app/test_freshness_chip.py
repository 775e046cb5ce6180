"""How old the data are: the chip on every page, its colours, and what the pages leave out when the data are too old to act on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from fixtures.serving import write_snapshot

from core import data_age
from core.settings import Settings
from dashboard import registry
from scripts.catalogues import DOMAINS, locales, wanted
from tests.app.visit import lists, words

PAGES = [name for name, page in registry.pages().items()]
CHIP = re.compile(r":(\w+)-badge\[(?::material/\w+: )?(?:Data to|Demo date)[^\]]*\]")


def chip(at) -> str:
    return CHIP.search(words(at))[1]


@pytest.mark.parametrize(("days", "colour"), [(0, "gray"), (7, "gray"), (8, "orange"), (21, "orange"), (22, "red"), (400, "red")])
def test_the_chip_turns_amber_from_8_days_and_red_from_22(open_page, clock, days, colour):
    clock(days)
    assert chip(open_page("why")) == colour


def test_the_thresholds_are_settings(open_page, clock, shop):
    shop.save_settings(Settings().with_values("pages", amber_days=2, red_days=3))
    for days, colour in enumerate(("gray", "gray", "orange", "red")):
        clock(days)
        assert chip(open_page("why", workspace=shop)) == colour


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_stale_shop_says_which_files_to_import(open_page, clock, page):
    clock(154)
    at = open_page(page)
    assert not at.exception
    said = words(at)
    assert "Data to 4 Dec 2011, 154 days old" in said and "These data are 154 days old" in said and "Import newer files: Orders" in said
    assert "数据距今已 154 天" in words(open_page(page, "zh"))
    clock(21)
    assert "Import newer files" not in words(open_page(page))


def test_a_stale_shop_is_given_no_day_to_order_by_that_has_passed(open_page, clock):
    assert re.search(r"order by \d+ \w+ 201", str(lists(open_page("overview"))))
    clock(154)
    said = str(lists(open_page("overview")))
    assert "order by" not in said and "weeks of stock" in said
    plan = open_page("inventory").dataframe[0].value
    assert plan.order_by.isna().all()


def test_a_demonstration_runs_at_the_date_of_its_data(open_page, clock, shop):
    clock(154)
    shop.save_settings(Settings().with_values("pages", demo=True))
    at = open_page("overview", workspace=shop)
    said = words(at)
    assert "Demo date: 4 Dec 2011" in said and "days old" not in said and "Import newer files" not in said
    assert re.search(r"order by \d+ \w+ 201", str(lists(at)))


def test_no_message_of_a_page_says_today():
    """The pages speak of the last day of the data, which is seldom today."""
    for domain in DOMAINS:
        for locale in locales(domain):
            for entry in wanted(domain, locale):
                text = " ".join(entry.id) if isinstance(entry.id, tuple) else str(entry.id)
                if any(place.startswith(("dashboard/", "pages/")) for place, _line in entry.locations):
                    assert not re.search(r"\btoday\b", text, re.IGNORECASE), text


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Auckland", 5), ("Europe/London", 4), ("", None)])
def test_the_age_counts_days_of_the_shops_time_zone(monkeypatch, zone, day):
    monkeypatch.setattr(data_age, "now", lambda: datetime(2026, 7, 4, 13, 30, tzinfo=UTC))
    age = data_age.age(date(2026, 7, 1), Settings().with_values("shop", time_zone=zone))
    assert age.today == (date(2026, 7, day) if day else data_age.now().astimezone().date())
    assert age.days == (age.today - date(2026, 7, 1)).days


def test_data_of_the_future_are_not_old():
    age = data_age.age(date(2990, 1, 1), Settings())
    assert (age.days, age.level) == (0, data_age.FRESH)


def test_low_skill_is_said_on_every_page_that_shows_forecasts(open_page, workspace):
    def without_skill(metrics):
        return metrics.assign(low=metrics.low.where(metrics.metric != "brier_skill", -0.01))

    write_snapshot(workspace, metrics=without_skill)
    for page in PAGES:
        assert ("Low skill" in words(open_page(page, workspace=workspace))) == registry.pages()[page].forecasts
        assert "Low skill" not in words(open_page(page))


def test_unknown_stock_is_said_on_every_page_that_shows_stock(open_page):
    for page in PAGES:
        assert ("No reliable stock count for" in words(open_page(page))) == registry.pages()[page].stock
