"""What an import refuses, and that one which is tried, refused, stopped or killed changes nothing."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import openpyxl
import pytest
from fixtures.importing import ORDERS, add_up, stored, write

from core.errors import Cancelled, UserError
from core.ingest import import_files
from core.workspace import Workspace


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path):
    workspace = Workspace(tmp_path / "untouched")
    report = import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)], dry_run=True)
    assert not workspace.root.exists()
    text = str(report.text())
    for part in (
        "Nothing is written",
        "ordered_at -> ordered_at (date like 2024-03-05 14:30)",
        "customer_id -> customer_id (pseudonym)",
        "3 would be kept",
    ):
        assert part in text


def test_a_dry_run_knows_what_the_warehouse_has(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    before = workspace.warehouse.read_bytes()
    report = import_files(workspace, [write(tmp_path, "newer.csv", ORDERS + "2024-03-05 09:00,B2,3,18.00,o3,c2,Germany\n")], dry_run=True)
    assert add_up(report) == {"read": 4, "kept": 1, "dropped": 3, "quarantined": 0}
    assert workspace.warehouse.read_bytes() == before


def test_an_import_that_is_stopped_leaves_the_warehouse_as_it_was(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    before = stored(workspace, "select * from orders order by all")

    def stop(step, done, message="", **figures):
        if "storing" in str(message) and "second" in str(message):
            raise Cancelled

    files = [
        write(tmp_path, "first.csv", "date,sku,qty\n2024-04-01,A1,1\n"),
        write(tmp_path, "second.csv", "date,sku,qty\n2024-04-02,A1,1\n"),
    ]
    with pytest.raises(Cancelled):
        import_files(workspace, files, progress=stop)
    assert stored(workspace, "select * from orders order by all") == before
    assert stored(workspace, "select count(*) from imports where file <> 'orders.csv'") == [(0,)]


def test_a_first_import_that_fails_leaves_no_warehouse(workspace, tmp_path):
    def stop(step, done, message="", **figures):
        if "storing" in str(message):
            raise Cancelled

    with pytest.raises(Cancelled):
        import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)], progress=stop)
    assert not workspace.warehouse.exists()
    assert add_up(import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)]))["kept"] == 3


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("weather.csv", "station,temperature\nX,1\n", "it needs columns"),
        ("orders.csv", "ordered_at,product_id\n2024-01-01,A\n", "units"),
        ("empty.csv", "", "needs at least one row"),
        ("blank.csv", "\n \n", "needs at least one row"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_saying_what_was_expected_and_found(workspace, tmp_path, name, text, expected):
    with pytest.raises(UserError) as error:
        import_files(workspace, [write(tmp_path, name, text)])
    assert expected in str(error.value.expected)
    assert not workspace.warehouse.exists()


def test_the_refusal_names_aliases_columns_and_the_flags_to_answer_with(workspace, tmp_path):
    with pytest.raises(UserError) as error:
        import_files(workspace, [write(tmp_path, "orders.csv", "when,what,how many\n1,2,3\n")])
    message = str(error.value)
    for part in ("下单日期", "ordered_at", "when, what, how many", '--column orders.ordered_at="..."', '--column orders.units="..."'):
        assert part in message


def test_sales_whose_units_nobody_knows_by_name_are_not_taken_for_customers(workspace, tmp_path):
    till = "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PRODUCT_ID,AMOUNT,SALES_PRICE\n11/1/2000,c1,45-49,4710199010372,2,30\n"
    with pytest.raises(UserError) as error:
        import_files(workspace, [write(tmp_path, "till.csv", till)])
    assert "As orders, it needs columns for units" in str(error.value.expected) and "PRODUCT_ID, AMOUNT" in str(error.value.found)
    assert not workspace.warehouse.exists()
    report = import_files(workspace, [write(tmp_path, "crm.csv", "customer_id,name,age_group\nc1,Ann,45-49\n")])
    assert report.files[0].main.table == "customers" and stored(workspace, "select attribute, value from customers") == [
        ("age_group", "45-49")
    ]


def test_a_zip_archive_of_files_is_refused_and_a_workbook_called_zip_is_read(workspace, tmp_path):
    with zipfile.ZipFile(tmp_path / "month.zip", "w") as archive:
        archive.writestr("orders.csv", ORDERS)
    with pytest.raises(UserError, match="unpack it"):
        import_files(workspace, [tmp_path / "month.zip"])
    book = openpyxl.Workbook()
    for row in (["Order date", "SKU", "Qty"], ["2024-03-05", "A1", 2]):
        book.active.append(row)
    book.save(tmp_path / "orders.zip")
    assert add_up(import_files(workspace, [tmp_path / "orders.zip"]))["kept"] == 1


def test_damaged_missing_and_binary_files_are_refused(workspace, tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    (tmp_path / "b.csv").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "c.csv.gz").write_bytes(b"\x1f\x8b\x08\x00garbage")
    (tmp_path / "d.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "e.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50)
    for name in ("a.parquet", "b.csv", "c.csv.gz", "d.xlsx", "e.xls", "missing.csv"):
        with pytest.raises(UserError):
            import_files(workspace, [tmp_path / name])


def test_an_unknown_preset_and_columns_that_do_not_exist_are_refused_with_near_matches(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", ORDERS)
    with pytest.raises(UserError, match="generic"):
        import_files(workspace, [file], preset="shopfy")
    mapping = write(tmp_path, "m.toml", '[orders]\nordered_at = "ordered"\nproduct_id = "product_id"\nunits = "unit"\n')
    with pytest.raises(UserError) as error:
        import_files(workspace, [file], mapping=mapping)
    assert "unit -> units" in str(error.value) and "ordered -> ordered_at" in str(error.value)


def test_a_killed_import_leaves_the_warehouse_as_it_was_and_the_next_one_works(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    before = stored(workspace, "select * from orders order by all")
    write(tmp_path, "march.csv", "date,sku,qty\n2024-03-03,A1,1\n")
    script = (
        "import os, sys; from pathlib import Path; from core.workspace import Workspace; from core.ingest import importing\n"
        "importing._finish = lambda *a: os._exit(9)\n"
        "importing.import_files(Workspace(Path(sys.argv[1])), [Path(sys.argv[2])])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(workspace.root), str(tmp_path / "march.csv")], check=False)
    assert killed.returncode == 9
    assert stored(workspace, "select * from orders order by all") == before
    assert add_up(import_files(workspace, [tmp_path / "march.csv"]))["kept"] == 1


def test_two_imports_at_once_are_told_apart(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    holder = (
        "import sys\nfrom core.storage import duckdb as db\n"
        "with db.connect(sys.argv[1]):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(workspace.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="Another Upswing process"):
            import_files(workspace, [write(tmp_path, "april.csv", "date,sku,qty\n2024-04-01,A1,1\n")])
        process.stdin.close()


@pytest.mark.parametrize("name", ["inventory_2024.csv", "stock_levels.csv", "库存.csv"])
def test_quantities_in_a_file_named_after_stock_are_stock_and_no_sales(workspace, tmp_path, name):
    text = ("date,sku,quantity" if name.isascii() else "日期,商品编码,数量") + "\n2024-01-01,A,500\n2024-01-02,A,498\n"
    report = import_files(workspace, [write(tmp_path, name, text), write(tmp_path, "stocktake_sales.csv", text.replace("A", "B"))])
    assert [f.main.table for f in report.files] == ["stock", "orders"]
    assert stored(workspace, "select product_id, on_hand from stock order by day") == [("A", 500), ("A", 498)]
    assert stored(workspace, "select distinct product_id from orders") == [("B",)]


@pytest.mark.parametrize(
    "name, header, missing",
    [
        ("purchase_orders.csv", "po,order_date,sku,product_name,qty", "As deliveries, it needs columns for due_on"),
        ("采购订单.csv", "采购单号,下单日期,商品编码,商品名称,数量", "As deliveries, it needs columns for due_on"),
        ("inventory.csv", "sku,created_at,sku_2,title,sold", "As stock, it needs columns for day"),
        ("promotions.csv", "id,date,sku,name,quantity", "As promotions, it needs columns for starts_on"),
        ("returns.csv", "order_id,date,sku,name,quantity", "Returned units are below zero"),
        ("order_refunds.csv", "order_id,date,sku,name,quantity", "Returned units are below zero"),
        ("退货订单.csv", "订单号,下单日期,商品编码,商品名称,数量", "Returned units are below zero"),
    ],
)
def test_a_file_named_after_anything_but_sales_is_not_read_as_sales(workspace, tmp_path, name, header, missing):
    with pytest.raises(UserError) as error:
        import_files(workspace, [write(tmp_path, name, header + "\n7,2024-03-05,A,Mug,2\n")])
    assert str(error.value.expected).startswith(missing)
    assert not workspace.warehouse.exists()


def test_what_the_refusal_of_returns_says_to_do_takes_them_back(workspace, tmp_path):
    mapping = write(
        tmp_path,
        "returns.toml",
        '[orders]\nordered_at = "date"\nproduct_id = "sku"\nunits = "qty"\n'
        'status = { constant = "returned" }\n[options]\ncancelled_status = ["returned"]\n',
    )
    import_files(workspace, [write(tmp_path, "returns.csv", "date,sku,qty\n2024-03-05,A,2\n")], mapping=mapping)
    assert stored(workspace, "select units from orders") == [(-2,)]


@pytest.mark.parametrize("name", ["incoming_orders.csv", "sales_by_supplier.csv", "product_performance.csv", "customers.csv"])
def test_sales_under_other_names_are_still_sales(workspace, tmp_path, name):
    report = import_files(workspace, [write(tmp_path, name, "date,sku,qty\n2024-03-05,A,2\n")])
    assert report.files[0].main.table == "orders"


def test_a_sheet_is_what_its_title_says_and_a_lone_one_what_its_workbook_is_called(workspace, tmp_path):
    def workbook(name: str, *titles: str):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title in titles:
            for row in (["date", "sku", "qty", "eta"], ["2024-03-05", title, 2, "2024-03-09"]):
                (book[title] if title in book.sheetnames else book.create_sheet(title)).append(row)
        book.save(tmp_path / name)
        return [f.main.table for f in import_files(workspace, [tmp_path / name]).files]

    assert workbook("sales.xlsx", "Inventory", "January") == ["stock", "orders"]
    assert workbook("purchase_orders.xlsx", "Orders") == ["deliveries"]
    assert workbook("export.xlsx", "Stock") == ["stock"]


def test_sales_whose_date_has_an_unheard_name_are_no_list_of_products(workspace, tmp_path):
    with pytest.raises(UserError, match=r"sales\.csv has the columns .* As orders, it needs columns for ordered_at"):
        import_files(workspace, [write(tmp_path, "sales.csv", "fiscal period,item,units sold\n2024-03-05,A,2\n")])
    report = import_files(workspace, [write(tmp_path, "sales.csv", "week starting,item,units sold\n2024-03-05,A,2\n")])
    assert report.files[0].main.table == "orders"
