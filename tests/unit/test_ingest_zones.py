"""Days are the shop's days, whatever clock a file has."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.importing import notes, stored, write

from core.errors import UserError
from core.ingest import import_files

HEAD = "order_id,date,sku,qty,price,currency\n"
TIMES = "select ordered_at::varchar from orders order by order_id"
UTC = HEAD + "1,2024-03-13T23:30:00Z,A1,1,10,{0}\n2,2024-07-14T22:59:00Z,A1,1,10,{0}\n"


def asked(report) -> list[str]:
    return [q.argument() for f in report.files for q in f.questions if q.flag == "--time-zone"]


def test_the_shops_own_offsets_are_read_as_written_in_summer_and_winter(workspace, tmp_path):
    lines = "1,2024-03-13T23:30:00-04:00,A1,1,10,USD\n2,2024-01-13T23:30:00-05:00,A1,1,10,USD\n"
    report = import_files(workspace, [write(tmp_path, "orders.csv", HEAD + lines)])
    assert stored(workspace, TIMES) == [("2024-03-13 23:30:00",), ("2024-01-13 23:30:00",)] and asked(report) == []


def test_moments_in_utc_are_turned_to_the_clock_of_the_currencys_country(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", UTC.format("GBP"))])
    assert stored(workspace, TIMES) == [("2024-03-13 23:30:00",), ("2024-07-14 23:59:00",)]
    assert workspace.settings().shop.time_zone == "Europe/London"


def test_moments_in_utc_of_a_shop_in_an_unknown_zone_are_noted_and_the_zone_that_a_person_names_is_a_fact(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", UTC.format("USD"))
    noted = import_files(workspace, [file], dry_run=True)
    assert asked(noted) == [] and "import with --time-zone America/New_York" in notes(noted)
    import_files(workspace, [file], answers={"--time-zone": "America/Los_Angeles"})
    assert stored(workspace, TIMES) == [("2024-03-13 16:30:00",), ("2024-07-14 15:59:00",)]
    assert workspace.settings().shop.time_zone == "America/Los_Angeles"
    later = import_files(workspace, [write(tmp_path, "other.csv", "event_time,sku,event\n2024-07-20T03:00:00Z,A1,view\n")])
    assert asked(later) == [] and stored(workspace, "select occurred_at::varchar from events") == [("2024-07-19 20:00:00",)]


NIGHTS = HEAD + "".join(f"{i},2024-03-13T{i % 24:02}:30:00Z,A1,{1 + 9 * (i % 24 == 2)},1.50,{{0}}\n" for i in range(240))


@pytest.mark.parametrize(("currency", "proposal"), [("USD", "America/New_York"), ("EUR", "UTC")])
def test_moments_in_utc_are_asked_about_where_units_fall_on_other_days_elsewhere(workspace, tmp_path, currency, proposal):
    file = write(tmp_path, "orders.csv", NIGHTS.format(currency))
    assert asked(import_files(workspace, [file], dry_run=True)) == [f"--time-zone {proposal}"]
    with pytest.raises(UserError, match=f"--time-zone {proposal}"):
        import_files(workspace, [file])
    import_files(workspace, [file], answers={"--time-zone": "America/New_York"})
    days = dict(stored(workspace, "select ordered_at::date::varchar, sum(units) from orders group by 1"))
    assert days == {"2024-03-12": 130, "2024-03-13": 200} and workspace.settings().shop.time_zone == "America/New_York"


def test_the_days_of_reviews_in_utc_are_only_noted(workspace, tmp_path):
    lines = "".join(f"r{i},2024-03-13T{i % 24:02}:30:00Z,A1,5\n" for i in range(48))
    file = write(tmp_path, "reviews.csv", "review_id,created_at,sku,rating\n" + lines)
    assert asked(import_files(workspace, [file], dry_run=True)) == []


@pytest.mark.parametrize("second", ["2024-03-14 09:00", "2024-03-14T09:00:00+09:00"])
def test_offsets_that_disagree_with_local_times_or_with_each_other_are_asked_about(workspace, tmp_path, second):
    lines = f"1,2024-03-13T23:30:00-04:00,A1,1,10,USD\n2,{second},A1,1,10,USD\n"
    assert asked(import_files(workspace, [write(tmp_path, "orders.csv", HEAD + lines)], dry_run=True)) == ["--time-zone America/New_York"]


@pytest.mark.parametrize("time", ["2024-03-13", "2024-03-13 23:30", "2024-03-13T00:00:00Z"])
def test_local_times_and_days_are_the_shops_and_nothing_is_asked(workspace, tmp_path, time):
    report = import_files(workspace, [write(tmp_path, "orders.csv", HEAD + f"1,{time},A1,1,10,USD\n")])
    assert stored(workspace, "select ordered_at::date::varchar from orders") == [("2024-03-13",)] and asked(report) == []


def test_seconds_since_1970_are_moments_in_utc(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", HEAD + "1,1710372600,A1,1,10,CNY\n")])
    assert stored(workspace, TIMES) == [("2024-03-14 07:30:00",)] and workspace.settings().shop.time_zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("zone", "time"), [("UTC", "2024-03-14 08:30:00"), ("America/New_York", "2024-03-13 19:30:00"), (None, "2024-03-13 23:30:00")]
)
def test_typed_moments_keep_their_zone(workspace, tmp_path, zone, time):
    moment = pa.array([1710372600 * 10**6], pa.timestamp("us", zone))
    pq.write_table(
        pa.table({"date": moment, "sku": ["A1"], "qty": [1], "order_id": ["1"], "currency": ["JPY"]}), tmp_path / "orders.parquet"
    )
    workspace.save_settings(workspace.settings().with_values("shop", time_zone="Asia/Tokyo" if zone == "UTC" else ""))
    import_files(workspace, [tmp_path / "orders.parquet"])
    assert stored(workspace, TIMES) == [(time,)]


def test_a_time_zone_that_does_not_exist_is_refused(workspace, tmp_path):
    with pytest.raises(UserError, match="such as Europe/Berlin"):
        import_files(workspace, [write(tmp_path, "orders.csv", UTC.format("USD"))], answers={"--time-zone": "Mars/Base"})
