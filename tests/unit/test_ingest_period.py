"""The last day whose data may be used: a day that stands alone after a gap is asked about, and is never it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fixtures.importing import notes, stored, write

from core.errors import UserError
from core.features import tables
from core.features.daily import refresh
from core.ingest import import_files
from core.progress import silent
from core.storage.engine import open_engine

HEAD = "order_id,date,sku,qty,price\n"
MARCH = [f"{day},2024-03-{day:02},A1,1,10\n" for day in range(1, 29)]
TYPO = "99,2025-03-28,A1,1,10\n"


def last_day(workspace) -> date:
    settings = workspace.settings()
    with open_engine(workspace.warehouse, "duckdb", workspace.cache) as engine:
        tables.create(engine.con)
        return refresh(engine, workspace, settings, silent).last_day


def asked(report) -> list[tuple[str, str]]:
    return [(q.argument(), q.file) for f in report.files for q in f.questions]


def test_a_later_day_that_stands_alone_is_asked_about_and_is_not_the_last_day(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "orders.csv", HEAD + "".join(MARCH) + TYPO)], dry_run=True)
    assert asked(report) == [("--as-of 2024-03-28", "orders.csv")] and "28 Mar 2025" in str(report.files[0].questions[0].about)
    assert "as of 28 Mar 2024" in notes(report)


@pytest.mark.parametrize(("answer", "last"), [("2024-03-28", date(2024, 3, 28)), ("2025-03-28", date(2025, 3, 28))])
def test_the_answer_is_the_last_day_of_features_and_is_remembered(workspace, tmp_path, answer, last):
    first = write(tmp_path, "orders.csv", HEAD + "".join(MARCH) + TYPO)
    import_files(workspace, [first], answers={"--as-of": answer})
    assert last_day(workspace) == last and stored(workspace, "select count(*) from orders") == [(29,)]
    more = write(tmp_path, "more.csv", HEAD + "100,2024-03-30,A1,1,10\n")
    assert asked(import_files(workspace, [more])) == []
    assert last_day(workspace) == max(last, date(2024, 3, 30))


def test_a_second_day_that_stands_alone_is_asked_about_again(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", HEAD + "".join(MARCH) + TYPO)], answers={"--as-of": "2024-03-28"})
    again = import_files(workspace, [write(tmp_path, "more.csv", HEAD + "100,2026-03-30,A1,1,10\n")], dry_run=True)
    assert asked(again) == [("--as-of 2024-03-28", "more.csv")]


@pytest.mark.parametrize("gap", [2, 10, 20])
def test_days_after_a_shorter_gap_are_as_usual(workspace, tmp_path, gap):
    later = date(2024, 3, 28) + timedelta(days=gap)
    report = import_files(workspace, [write(tmp_path, "orders.csv", HEAD + "".join(MARCH) + f"99,{later},A1,1,10\n")])
    assert asked(report) == [] and workspace.settings().shop.as_of == "" and last_day(workspace) == later


def test_a_shop_that_sells_rarely_is_asked_nothing(workspace, tmp_path):
    days = [date(2023, 1, 1) + timedelta(days=sum(range(20, 20 + n))) for n in range(12)]
    assert asked(import_files(workspace, [write(tmp_path, "o.csv", HEAD + "".join(f"{d:%j}-{d},{d},A1,1,10\n" for d in days))])) == []


def test_an_answer_that_is_no_day_is_refused_with_the_form(workspace, tmp_path):
    with pytest.raises(UserError, match="such as 2024-03-31"):
        import_files(workspace, [write(tmp_path, "o.csv", HEAD + "".join(MARCH) + TYPO)], answers={"--as-of": "yesterday"})


def test_impossible_and_far_dates_are_quarantined(workspace, tmp_path):
    lines = [f"{n},{day},A1,1,10\n" for n, day in enumerate(["2204-03-03", "1970-01-01", "0000-00-00", "2100-03-03", "1900-01-01"])]
    report = import_files(workspace, [write(tmp_path, "orders.csv", HEAD + "".join(MARCH[:2]) + "".join(lines))])
    assert report.totals()["quarantined"] == 5 and last_day(workspace) == date(2024, 3, 2)
