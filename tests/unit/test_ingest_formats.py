"""How numbers and dates are read, and how their way of writing is decided."""

from __future__ import annotations

import datetime

import pytest

from core.ingest.blanks import NO_TEXT
from core.ingest.convert import dates, formats
from core.storage import duckdb as db


def evaluate(sql: str, value):
    with db.connect() as con:
        return con.execute(f"select {sql.replace('{c}', 'v')} from (select $value::varchar as v)", {"value": value}).fetchone()[0]


@pytest.mark.parametrize(
    "text, decimal, value",
    [
        ("12.5", ".", 12.5),
        ("1,234.50", ".", 1234.5),
        ("1,234,567", ".", 1234567),
        ("1,23", ".", None),
        ("£12.50", ".", 12.5),
        ("12.50 EUR", ".", 12.5),
        ("¥1,299", ".", 1299),
        ("1299元", ".", 1299),
        ("(5.00)", ".", -5),
        ("5.00-", ".", -5),
        ("1e3", ".", 1000),
        ("1 234.5", ".", 1234.5),
        ("1'234.50", ".", 1234.5),
        ("20%", ".", 0.2),
        ("１２", ".", 12),
        ("abc", ".", None),
        ("1_000", ".", None),
        ("inf", ".", None),
        ("nan", ".", None),
        ("", ".", None),
        (".", ".", None),
        ("12,5", ",", 12.5),
        ("1.234,50", ",", 1234.5),
        ("1.234", ",", 1234),
        ("12.5", ",", None),
        ("7,00 €", ",", 7),
        ("-3,5", ",", -3.5),
        ("12,34,567.8", ".", 1234567.8),
    ],
)
def test_numbers(text, decimal, value):
    assert evaluate(formats.number("{c}", decimal), text) == value


@pytest.mark.parametrize(
    "values, points, commas",
    [
        (["1.5", "0.123", "1234.567", "1,234.5"], 4, 0),
        (["1,5", "0,123", "1.234,5", "12,50 €"], 0, 4),
        (["1.234", "1,234", "17", "x"], 0, 0),
        (["1,234,567"], 1, 0),
        (["1.234.567"], 0, 1),
    ],
)
def test_evidence_for_a_decimal_point_or_comma(values, points, commas):
    with db.connect() as con:
        parts = ", ".join(formats.decimal_evidence("v"))
        assert con.execute(f"select {parts} from (select unnest($values::varchar[]) as v)", {"values": values}).fetchone() == (
            points,
            commas,
        )


@pytest.mark.parametrize(
    "text, name, value",
    [
        ("2024-03-05", "iso", "2024-03-05 00:00:00"),
        ("2024-3-5 7:05", "iso", "2024-03-05 07:05:00"),
        ("2024/03/05 10:00:01", "iso", "2024-03-05 10:00:01"),
        ("2024-03-05T14:30:00Z", "iso", "2024-03-05 14:30:00"),
        ("2024-03-05T14:30:00.250+02:00", "iso", "2024-03-05 12:30:00.250000"),
        ("2024-03-05 14:30:00-0530", "iso", "2024-03-05 20:00:00"),
        ("2024.03.05", "iso", "2024-03-05 00:00:00"),
        ("2024-13-05", "iso", None),
        ("infinity", "iso", None),
        ("epoch", "iso", None),
        ("2024", "iso", None),
        ("05/03/2024", "dmy", "2024-03-05 00:00:00"),
        ("5.3.24 09:15", "dmy", "2024-03-05 09:15:00"),
        ("31/12/2024 11:05 PM", "dmy", "2024-12-31 23:05:00"),
        ("12/31/2024", "dmy", None),
        ("12/31/2024", "mdy", "2024-12-31 00:00:00"),
        ("2024年3月5日", "chinese", "2024-03-05 00:00:00"),
        ("2024年03月05日 14:30", "chinese", "2024-03-05 14:30:00"),
        ("2024年3月5日14时30分", "chinese", "2024-03-05 14:30:00"),
        ("20240305", "compact", "2024-03-05 00:00:00"),
        ("20241305", "compact", None),
        ("5 Mar 2024", "month", "2024-03-05 00:00:00"),
        ("Mar 5, 2024", "month", "2024-03-05 00:00:00"),
        ("05-MAR-24", "month", "2024-03-05 00:00:00"),
        ("March 5, 2024 2:30 PM", "month", "2024-03-05 14:30:00"),
        ("1709649000", "unix", "2024-03-05 14:30:00"),
        ("1709649000000", "unix_ms", "2024-03-05 14:30:00"),
        ("1709649000000000", "unix_us", "2024-03-05 14:30:00"),
        ("45356", "excel", "2024-03-05 00:00:00"),
        ("45356.5", "excel", "2024-03-05 12:00:00"),
        ("2024-03-05 14", "iso", "2024-03-05 14:00:00"),
        ("2024-W09", "iso_week", "2024-02-26 00:00:00"),
        ("2020w53", "iso_week", "2020-12-28 00:00:00"),
        ("2024-02", "iso_week", None),
        ("2", "week 2024-01-01", "2024-01-08 00:00:00"),
        ("32", "day 2024-01-01", "2024-02-01 00:00:00"),
        ("05|03|2024", "%d|%m|%Y", "2024-03-05 00:00:00"),
    ],
)
def test_dates(text, name, value):
    found = evaluate(dates.date_sql("{c}", name), text)
    assert found == (datetime.datetime.fromisoformat(value) if value else None)


def test_a_column_of_slashes_is_decided_by_all_of_it_and_an_undecidable_one_says_so():
    assert dates.choose_date({"iso": 0, "dmy": 2, "mdy": 3}, 3) == ("mdy", None)
    name, remark = dates.choose_date({"iso": 0, "dmy": 3, "mdy": 3}, 3)
    assert name == "dmy" and "month/day" in str(remark)
    assert dates.choose_date({"iso": 0, "dmy": 2, "mdy": 3}, 3, nearer="dmy") == ("mdy", None)
    assert str(dates.choose_date({"iso": 0, "dmy": 0}, 3)[1]) == "No value can be read as a date."


@pytest.mark.parametrize(
    "text, value",
    [
        ("  a  b ", "a b"),
        ("NULL", None),
        ("n/a", None),
        (" ", None),
        ("a\u00a0\u3000b\n", "a b"),
        ("nan", None),
        ("Nan bread", "Nan bread"),
        ("\u3000", None),
        ("\t", None),
        ('="00123"', "00123"),
        (' ="Red  mug" ', "Red mug"),
        ('=""', None),
        ("=1+1", "=1+1"),
    ],
)
def test_text_is_trimmed_and_what_stands_for_nothing_is_null(text, value):
    assert evaluate(formats.text("{c}", NO_TEXT), text) == value
