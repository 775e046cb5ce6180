"""Sheets with a column a day or week become rows of a product and day; those with a column a month are refused."""

from __future__ import annotations

import pytest
from fixtures.importing import add_up, notes, stored, write

from core.errors import UserError
from core.ingest import import_files

SOLD = "select product_id, ordered_at::date::varchar, units from orders order by all"


def sheet(labels: list[str]) -> str:
    return "sku,category," + ",".join(labels) + "\nA,Toys,1,0,2,,3,0,0\nB,Home,0,0,0,0,0,0,4\n"


@pytest.mark.parametrize("label", ["2024-03-{:02}", "2024/3/{}", "{:02}.03.2024", "202403{:02}", "2024年3月{}日"])
def test_a_sheet_with_a_column_a_day_is_read_as_a_row_a_product_and_day(workspace, tmp_path, label):
    report = import_files(workspace, [write(tmp_path, "sales.csv", sheet([label.format(day) for day in range(13, 20)]))])
    assert stored(workspace, SOLD) == [("A", "2024-03-13", 1), ("A", "2024-03-15", 2), ("A", "2024-03-17", 3), ("B", "2024-03-19", 4)]
    assert stored(workspace, "select product_id, category from products order by all") == [("A", "Toys"), ("B", "Home")]
    assert add_up(report) == {"read": 4, "kept": 4, "dropped": 0, "quarantined": 0}
    assert "The file has 7 columns of days" in notes(report, 0)


def test_a_week_is_read_as_its_monday(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "sales.csv", sheet([f"2024-W{week:02}" for week in range(5, 12)]))])
    assert stored(workspace, SOLD) == [("A", "2024-01-29", 1), ("A", "2024-02-12", 2), ("A", "2024-02-26", 3), ("B", "2024-03-11", 4)]
    assert "The file has 7 columns of weeks" in notes(report, 0)


@pytest.mark.parametrize("label", ["2024-{:02}", "{:02}/2024", "2024年{}月", "2024{:02}"])
def test_a_sheet_with_a_column_a_month_is_refused_and_read_as_no_list_of_products(workspace, tmp_path, label):
    with pytest.raises(UserError, match=r"products.csv has columns of months: .* and 3 more\..*Export them by day or week"):
        import_files(workspace, [write(tmp_path, "products.csv", sheet([label.format(month) for month in range(1, 8)]))])


@pytest.mark.parametrize("labels", [["Jan-24", "Feb-24", "Mar-24"], ["jan 2024", "february 2024", "sept 2024"]])
def test_months_may_have_names(workspace, tmp_path, labels):
    with pytest.raises(UserError, match="has columns of months"):
        import_files(workspace, [write(tmp_path, "export.csv", "pid,title," + ",".join(labels) + "\nA,Mug,1,2,3\n")])


def test_days_that_are_numbered_are_those_of_the_calendar_in_the_same_import(workspace, tmp_path):
    labels = [f"d_{i}" for i in range(1, 8)]
    calendar = "date,week,d\n" + "".join(f"2024-03-{12 + i},11,d_{i}\n" for i in range(1, 8))
    files = [write(tmp_path, "sales.csv", sheet(labels)), write(tmp_path, "calendar.csv", calendar)]
    report = import_files(workspace, files)
    assert stored(workspace, SOLD)[0] == ("A", "2024-03-13", 1) and add_up(report)["kept"] == 4
    assert [f.file for f in report.files if f.left_out] == ["calendar.csv"]


def test_numbered_columns_without_a_calendar_are_no_days(workspace, tmp_path):
    with pytest.raises(UserError, match="As orders"):
        import_files(workspace, [write(tmp_path, "sales.csv", sheet([f"d_{i}" for i in range(1, 8)]))])


def test_a_sheet_of_several_batches_is_read_whole(workspace, tmp_path):
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    rows = "".join(f"P{i}," + ",".join(str((i + d) % 3) for d in range(len(days))) + "\n" for i in range(400))
    report = import_files(workspace, [write(tmp_path, "sales.csv", "sku," + ",".join(days) + "\n" + rows)])
    expected = sum((i + d) % 3 for i in range(400) for d in range(len(days)))
    assert stored(workspace, "select sum(units), count(distinct product_id) from orders") == [(expected, 400)]
    assert report.files[0].main.kept == sum((i + d) % 3 > 0 for i in range(400) for d in range(len(days)))


def test_nothing_on_hand_is_told_by_a_sheet_of_stock(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "stock.csv", sheet([f"2024-03-{day}" for day in range(13, 20)]))])
    kept = stored(workspace, "select product_id, count(*), sum(on_hand) from stock group by all order by all")
    assert kept == [("A", 6, 6.0), ("B", 7, 4.0)]


def test_a_broken_row_of_a_sheet_is_set_aside_and_not_lost(workspace, tmp_path):
    days = [f"2024-03-{day}" for day in range(13, 20)]
    report = import_files(workspace, [write(tmp_path, "sales.csv", sheet(days) + "C,Toys,1,2,3,4,5,6,7,8,9\n")])
    assert add_up(report) == {"read": 5, "kept": 4, "dropped": 0, "quarantined": 1}
