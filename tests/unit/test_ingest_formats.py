"""How numbers and dates are read, and how their way of writing is decided."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest

from core.errors import UserError
from core.ingest.blanks import NO_TEXT
from core.ingest.convert import dates, formats, written_dates
from core.ingest.convert.date_columns import DateColumn
from core.ingest.convert.text_table import TextTable
from core.ingest.questions import Question
from core.storage import duckdb as db


def evaluate(sql: str, value):
    with db.connect() as con:
        written_dates.register(con)
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
        ("1 2", ".", None),
        ("1 234", ".", 1234),
        ("12 34", ",", None),
        ("1'234'567,50", ",", 1234567.5),
        ("-$1.00", ".", -1),
        ("$-1.00", ".", -1),
        ("($1.00)", ".", -1),
        ("R$ 1.234,56", ",", 1234.56),
        ("kr 100", ".", 100),
        ("1 299 Kč", ",", 1299),
        ("CHF 1’234.50", ".", 1234.5),
        ("2 pcs", ".", 2),
        ("x3", ".", 3),
        ("3件", ".", 3),
        ("14-21", ".", None),
        ("2 x 3", ".", None),
        ("١٠٫٥٠", ".", 10.5),
        ("١٬٢٣٤٫٥", ",", 1234.5),
        ("۱۲", ".", 12),
        ("20 %", ".", 0.2),
        ("12,50", ".,", 12.5),
        ("12.50", ".,", 12.5),
        ("1,234", ".,", 1234),
        ("1,234", ",.", 1.234),
    ],
)
def test_numbers(text, decimal, value):
    assert evaluate(formats.number("{c}", decimal), text) == value


@pytest.mark.parametrize(
    "values, points, commas, either",
    [
        (["1.5", "0.123", "1234.567", "1,234.5"], 4, 0, 0),
        (["1,5", "0,123", "1.234,5", "12,50 €"], 0, 4, 0),
        (["1.234", "1,234", "17", "x"], 0, 0, 2),
        (["1,234,567", "1 234.5"], 2, 0, 0),
        (["1.234.567"], 0, 1, 0),
    ],
)
def test_evidence_for_a_decimal_point_or_comma(values, points, commas, either):
    with db.connect() as con:
        parts = ", ".join(f"count(*) filter (where {shape})" for shape in formats.decimal_evidence("v"))
        assert con.execute(f"select {parts} from (select unnest($values::varchar[]) as v)", {"values": values}).fetchone() == (
            points,
            commas,
            either,
        )


@pytest.mark.parametrize(
    "text, name, value",
    [
        ("2024-03-05", "iso", "2024-03-05 00:00:00"),
        ("2024-3-5 7:05", "iso", "2024-03-05 07:05:00"),
        ("2024/03/05 10:00:01", "iso", "2024-03-05 10:00:01"),
        ("2024-03-05T14:30:00Z", "iso", "2024-03-05 14:30:00"),
        ("2024-03-05T14:30:00.250+02:00", "iso", "2024-03-05 14:30:00.250000"),
        ("2024-03-05 14:30:00-0530", "iso", "2024-03-05 14:30:00"),
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


WRITTEN = [
    ("13. März 2024", "month", "2024-03-13"),
    ("13 mars 2024", "month", "2024-03-13"),
    ("mar. 12 mars 2024 18:01", "month", "2024-03-12 18:01"),
    ("13 de marzo de 2024", "month", "2024-03-13"),
    ("13 de março de 2024 às 18:01", "month", "2024-03-13 18:01"),
    ("13 mrt. 2024", "month", "2024-03-13"),
    ("13 marca 2024", "month", "2024-03-13"),
    ("13. března 2024", "month", "2024-03-13"),
    ("13 марта 2024 г., 18:01", "month", "2024-03-13 18:01"),
    ("13 Mart 2024", "month", "2024-03-13"),
    ("2024. márc. 13.", "month", "2024-03-13"),
    ("Mar-13-24", "month", "2024-03-13"),
    ("13-Mar-24", "month", "2024-03-13"),
    ("Wednesday, March 13th, 2024", "month", "2024-03-13"),
    ("March 13, 2024 at 6:01 pm", "month", "2024-03-13 18:01"),
    ("Wed, 13 Mar 2024 18:01:02 +0000", "month", "2024-03-13 18:01:02"),
    ("Wed Mar 13 2024 10:00:00 GMT+0100 (Central European Standard Time)", "month", "2024-03-13 10:00"),
    ("Reviewed in the United States on March 13, 2024", "month", "2024-03-13"),
    ("Q1 2024", "month", None),
    ("13 Mar 2024 - 15 Mar 2024", "month", None),
    ("13 Foo 2024", "month", None),
    ("30 Feb 2024", "month", None),
    ("2024/3/13 下午6:01", "iso", "2024-03-13 18:01"),
    ("٢٠٢٤-٠٣-٠١", "iso", "2024-03-01"),
    ("۱۴۰۲/۱۲/۲۳", "iso", "2024-03-13"),
    ("1403/12/30", "iso", "2025-03-20"),
    ("1402/12/30", "iso", None),
    ("1445/09/03", "iso", None),
    ("2567-03-13", "iso", "2024-03-13"),
    ("2024. 3. 13.", "iso", "2024-03-13"),
    ("113/03/13", "iso", "2024-03-13"),
    ("2024-03-13 18:01:02 PST", "iso", "2024-03-13 18:01:02"),
    ("2024-03-13 25:00", "iso", None),
    ("13/03/2567", "dmy", "2024-03-13"),
    ("๑๓/๐๓/๒๕๖๗", "dmy", "2024-03-13"),
    ("13.03.2024 18:01:02 UTC", "dmy", "2024-03-13 18:01:02"),
    ("13/3/24, 6:01 p. m.", "dmy", "2024-03-13 18:01"),
    ("3.13.2024", "mdy", None),
    ("24-03-13", "ymd", "2024-03-13"),
    ("24-03-13", "dmy", "2013-03-24"),
    ("2024年3月13日 星期三 18:01", "chinese", "2024-03-13 18:01"),
    ("令和6年3月13日", "chinese", "2024-03-13"),
    ("民國113年3月13日", "chinese", "2024-03-13"),
    ("2024년 3월 13일", "chinese", "2024-03-13"),
    ("KW 51/2023", "iso_week", "2023-12-18"),
    ("Week 1, 2024", "iso_week", "2024-01-01"),
    ("2023年第51周", "iso_week", "2023-12-18"),
    ("2021-W53", "iso_week", None),
    ("Lot 51/2023", "iso_week", None),
    ("202351", "week_digits", "2023-12-18"),
    ("20240313180102", "compact", "2024-03-13 18:01:02"),
    ("202403131801", "compact", "2024-03-13 18:01"),
    ("45364,75", "excel", "2024-03-13 18:00"),
    ("2024-03-05 00:00:00", "swapped", "2024-05-03"),
    ("2024-03-13 00:00:00", "swapped", None),
    ("13/03/2024", "dmy+iso", "2024-03-13"),
    ("2024-03-13", "dmy+iso", "2024-03-13"),
]


@pytest.mark.parametrize("text, name, value", WRITTEN)
def test_dates_of_many_countries(text, name, value):
    assert evaluate(dates.date_sql("{c}", name), text) == (datetime.datetime.fromisoformat(value) if value else None)


@pytest.mark.parametrize(
    "text, name, minutes",
    [
        ("2024-03-13T23:30:00-04:00", "iso", -240),
        ("2024-03-13 10:00:00 -0800", "iso", -480),
        ("2024-03-13T18:01:02.123Z", "iso", 0),
        ("2024-03-13 18:01:02 UTC", "iso", 0),
        ("2024-03-13 18:01:02", "iso", None),
        ("2024-03-13", "iso", None),
        ("2024-03-13T18:01:02+05:30", "iso", 330),
        ("13.03.2024 18:01:02 UTC", "dmy", 0),
        ("2024-03-13 18:01:02 PST", "iso", -480),
        ("2024-03-13 18:01:02 CST", "iso", None),
        ("Wed, 13 Mar 2024 18:01:02 +0100", "month", 60),
        ("Mar 13, 2024 6:01:02 PM PDT", "month", -420),
        ("45364.75", "excel", None),
    ],
)
def test_the_offset_from_utc_stands_beside_the_time_on_the_wall(text, name, minutes):
    assert evaluate(dates.offset_sql("{c}", name), text) == minutes


def decided(values: list[str], answers: dict[str, str] | None = None, name: str = "date") -> tuple[str, list[Question]]:
    """Return how a column of these values is read, and what is asked."""
    with db.connect() as con:
        written_dates.register(con)
        con.execute("create table texts (line bigint, broken varchar, c0 varchar)")
        con.executemany("insert into texts values (1, null, ?)", [[value] for value in values])
        source = SimpleNamespace(file="orders.csv", typed={})
        column = DateColumn(con, TextTable(source, "texts", {name: "c0"}), name, "", answers or {})
        return column.decide(), column.questions


@pytest.mark.parametrize(
    "values, name",
    [
        (["24-03-01", "24-03-02", "24-03-03"], "ymd"),
        (["13/03/24", "14/03/24"], "dmy"),
        (["01/02/2024", "13/02/2024"], "dmy"),
        (["01/02/2024", "02/13/2024"], "mdy"),
        (["01.02.2024", "02.02.2024"], "dmy"),
        (["2024-03-01", "2024-03-14", "13/03/2024", "45353"], "iso+dmy+excel"),
        (["45352", "45364.75"], "excel"),
        (["03/03/2024", "04/04/2024"], "dmy"),
    ],
)
def test_a_column_of_dates_is_decided_by_all_of_it(values, name):
    assert decided(values) == (name, [])


@pytest.mark.parametrize(
    "values, proposal, rows",
    [
        (["01/02/2024", "02/02/2024", "03/03/2024"], "dmy", 1),
        (["24/03/13", "24/03/14", "03/24/24"], "ymd", 1),
        (["13/02/2024", "14/02/2024", "02/15/2024"], "dmy", 1),
        (["01/02/03", "02/02/03"], "dmy", 1),
    ],
)
def test_an_order_of_day_and_month_that_a_column_does_not_show_is_asked(values, proposal, rows):
    name, (question,) = decided(values)
    assert (question.flag, question.name, question.proposal, name) == ("--date-format", "date", proposal, proposal)
    other = next(choice for choice, _ in question.choices if choice != proposal)
    assert decided(values, {question.key: other})[0] == other
    with pytest.raises(UserError, match="One of|one of"):
        decided(values, {question.key: "yes"})


def test_dates_whose_day_and_month_a_spreadsheet_may_have_exchanged_are_asked():
    turned = [f"2024-{month:02d}-03 00:00:00" for month in range(1, 13)] + [f"{day}/03/2024" for day in range(13, 32)]
    name, (question,) = decided(turned)
    assert name == question.proposal == "dmy+swapped" and question.rows == 12


def test_weeks_by_number_are_read_where_the_column_is_called_so():
    assert decided(["202351", "202401"], name="Week")[0] == "week_digits"
    assert decided(["202351", "202401"], name="date")[0] == "iso"


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
