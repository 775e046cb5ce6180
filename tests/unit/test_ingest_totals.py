"""What a row of sales is where no order is named: a sale, or the total of a product and day."""

from __future__ import annotations

import openpyxl
import pytest
from fixtures.importing import add_up, stored, write

from core.errors import UserError
from core.ingest import import_files

HEAD = "date,sku,qty\n"
DAYS = "select product_id, ordered_at::date::varchar, count(*), sum(units) from orders group by all order by all"


def test_equal_sales_without_ids_or_times_are_as_many_sales(workspace, tmp_path):
    sales = write(tmp_path, "sales.csv", HEAD + "2024-01-01,A,1\n" * 40 + "2024-01-02,A,1\n" * 30)
    assert add_up(import_files(workspace, [sales])) == {"read": 70, "kept": 70, "dropped": 0, "quarantined": 0}
    assert stored(workspace, DAYS) == [("A", "2024-01-01", 40, 40), ("A", "2024-01-02", 30, 30)]


def test_a_doubled_line_among_many_totals_makes_no_sales_of_them(workspace, tmp_path):
    totals = [f"2024-{month:02}-{day:02},A,{day}\n" for month in range(1, 6) for day in range(1, 29)]
    report = import_files(workspace, [write(tmp_path, "totals.csv", HEAD + "".join(totals) + totals[-1])])
    assert "read as totals" in str(report.text())
    assert report.files[0].main.dropped == {"The file has the same row twice.": 1}
    assert stored(workspace, "select count(*) from orders") == [(140,)]


def test_sales_of_days_that_are_stored_as_totals_are_added_up_to_such(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "old.csv", "date,sku,qty,price\n2024-01-02,A,5,1.00\n2024-01-01,B,1,1.00\n")])
    newer = "date,sku,qty,price\n2024-01-02,A,9,1.00\n2024-01-02,B,1,4.00\n2024-01-02,B,3,2.00\n2024-01-02,B,4,\n"  # one line has no price
    report = import_files(workspace, [write(tmp_path, "newer.csv", newer)])
    assert add_up(report) == {"read": 4, "kept": 2, "dropped": 2, "quarantined": 0}
    assert "added up to totals" in str(report.text()) and "2 kept, 2 skipped, 0 rejected. 1 kept row replaces a stored one." in str(
        report.text()
    )
    assert stored(workspace, "select product_id, units, order_count, unit_price_cents from orders order by ordered_at, 1") == [
        ("B", 1, 1, 100),
        ("A", 9, 9, 100),
        ("B", 8, 8, 250),
    ]


@pytest.mark.parametrize("time", ["", " 10:30"])
def test_a_total_takes_the_place_of_all_stored_lines_of_its_product_and_day(workspace, tmp_path, time):
    lines = HEAD + f"2024-01-02{time},A,1\n2024-01-02{time},A,2\n2024-01-02{time},B,1\n"
    import_files(workspace, [write(tmp_path, "lines.csv", lines)])
    import_files(workspace, [write(tmp_path, "totals.csv", HEAD + "2024-01-02,A,5\n2024-01-02,B,1\n")])
    assert stored(workspace, DAYS) == [("A", "2024-01-02", 1, 5), ("B", "2024-01-02", 1, 1)]


def test_totals_that_two_files_of_one_import_tell_otherwise_are_refused(workspace, tmp_path):
    north = write(tmp_path, "north.csv", HEAD + "2024-01-01,A,3\n2024-01-01,B,3\n")
    south = write(tmp_path, "south.csv", HEAD + "2024-01-01,A,4\n2024-01-01,B,3\n")
    with pytest.raises(UserError, match="channel") as error:
        import_files(workspace, [north, south])
    assert str(error.value.found) == "south.csv and north.csv differ in 1 total: A on 1 Jan 2024."
    assert not workspace.warehouse.exists()
    import_files(workspace, [north])
    report = import_files(workspace, [south])
    assert report.as_dict()["files"][0]["tables"]["orders"]["replaced"] == 1


def test_totals_that_two_sheets_tell_otherwise_are_refused_and_channels_are_kept_apart(workspace, tmp_path):
    book = openpyxl.Workbook()
    for region, units in (("north", 3), ("south", 4)):
        sheet = book.create_sheet(region)
        for row in (["date", "sku", "qty"], ["2024-01-01", "A", units]):
            sheet.append(row)
    book.remove(book.active)
    book.save(tmp_path / "regions.xlsx")
    with pytest.raises(UserError, match="regions.xlsx#south and regions.xlsx#north differ"):
        import_files(workspace, [tmp_path / "regions.xlsx"])
    head = "date,sku,qty,channel\n"
    files = [write(tmp_path, f"{c}.csv", f"{head}2024-01-01,A,{n},{c}\n") for c, n in (("north", 3), ("south", 4))]
    import_files(workspace, files)
    assert stored(workspace, DAYS) == [("A", "2024-01-01", 2, 7)]


def test_two_reports_of_sales_and_views_are_imported_at_once(workspace, tmp_path):
    head = "统计日期,商品ID,商品名称,浏览量,支付件数,支付金额\n"
    files = [write(tmp_path, f"report{d}.csv", head + f"2024-03-0{d},9,茶杯,40,2,50.00\n") for d in (1, 2)]
    assert add_up(import_files(workspace, files)) == {"read": 2, "kept": 2, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select count(*) from events") == [(80,)]


def test_without_a_count_of_orders_each_unit_of_a_total_stands_for_one(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "totals.csv", HEAD + "2024-01-02,A,5\n2024-01-03,A,0.4\n2024-01-04,A,-2\n")])
    assert "each unit counts as one order" in str(report.text())
    assert stored(workspace, "select order_count from orders order by ordered_at") == [(5,), (1,), (2,)]


def test_a_count_of_orders_that_is_given_is_taken(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "totals.csv", "date,sku,qty,orders\n2024-01-02,A,5,2\n")])
    assert "each unit counts as one order" not in str(report.text())
    assert stored(workspace, "select order_count from orders") == [(2,)]
