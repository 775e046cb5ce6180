"""What planning needs from a shop's files: order limits of products, suppliers with their order days, and open deliveries."""

from __future__ import annotations

import pytest
from fixtures.importing import ORDERS, PRODUCTS, add_up, notes, stored, write

from core import doctor
from core.ingest import import_files
from core.ingest.convert.dates import weekdays_sql
from core.storage import duckdb as db
from core.workspace import Workspace

STOCK = "select cast(day as varchar), product_id, on_hand from stock order by all"


def reasons(workspace: Workspace) -> list[tuple]:
    return stored(workspace, "select value, reason from quarantine order by line")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon Thu", "1,4"),
        ("thursday & Monday", "1,4"),
        ("1,4", "1,4"),
        ("4/1", "1,4"),
        ("3.0", "3"),
        ("Mon-Fri", "1,2,3,4,5"),
        ("Sat to Mon", "1,6,7"),
        ("daily", "1,2,3,4,5,6,7"),
        ("周一、周四", "1,4"),
        ("每周三", "3"),
        ("星期一至星期三", "1,2,3"),
        ("礼拜天", "7"),
        ("工作日", "1,2,3,4,5"),
        ("Tues./Thurs.", "2,4"),
        ("soon", None),
        ("8", None),
        ("Mon or so", None),
    ],
)
def test_order_days_are_read_as_people_write_them(text, days):
    with db.connect() as con:
        assert con.execute(f"select {weekdays_sql('$text')}", {"text": text}).fetchone() == (days,)


def test_limits_of_an_order_are_kept_as_they_are_and_left_blank_where_they_cannot_be_read(workspace, tmp_path):
    text = "sku,title,max order,shelf life (days)\nA,Mug,0,-3\nB,Lamp,12,90\nC,Rug,many,\n"
    report = import_files(workspace, [write(tmp_path, "products.csv", text)])
    limits = stored(workspace, "select product_id, max_order, shelf_life_days from products order by 1")
    assert limits == [("A", 0, -3), ("B", 12, 90), ("C", None, None)]
    assert "Kept with a warning: 1 row, without its value in column 'max order' (line 4)" in notes(report)


def test_suppliers_are_read_under_english_and_chinese_names(workspace, tmp_path):
    english = "Supplier,Order days,Minimum order value,Lead time,Lead time sd\nHarbour & Sons,Mon Thu,£250.00,14,3\nLane,,,,\n"
    chinese = "供应商,订货日,起订金额,交货期\n木艺工坊,周二,1200.5,30\n"
    import_files(workspace, [write(tmp_path, "suppliers.csv", english), write(tmp_path, "供应商.csv", chinese)])
    assert stored(workspace, "select * exclude (currency) from suppliers order by lead_time_days nulls first") == [
        ("Lane", None, None, None, None),
        ("Harbour & Sons", "1,4", 25_000, 14, 3),
        ("木艺工坊", "2", 120_050, 30, None),
    ]


def test_a_supplier_whose_terms_cannot_be_read_is_quarantined_with_the_reason(workspace, tmp_path):
    text = "supplier,order_days,min_order,lead_time\nA,whenever,10,5\n,Mon,10,5\nC,Mon,-1,5\nD,Mon,10,-5\nE,Mon,10,5\n"
    report = import_files(workspace, [write(tmp_path, "suppliers.csv", text)])
    assert add_up(report) == {"read": 5, "kept": 1, "dropped": 0, "quarantined": 4}
    assert reasons(workspace) == [
        ("whenever", "The order days cannot be read."),
        (None, "The supplier is missing."),
        ("-1", "The minimum order is below zero."),
        ("-5", "The lead time is below zero."),
    ]


def test_minimum_orders_in_another_currency_are_left_out_and_do_not_set_the_shops(workspace, tmp_path):
    suppliers = write(tmp_path, "suppliers.csv", "supplier,min_order,currency\nA,500,CNY\nB,300,CNY\nC,200,GBP\n")
    report = import_files(workspace, [suppliers, write(tmp_path, "orders.csv", ORDERS.replace("4.50", "£4.50"))])
    assert workspace.settings().shop.currency == "GBP"
    assert stored(workspace, "select supplier, min_order_cents from suppliers order by 1") == [("A", None), ("B", None), ("C", 20_000)]
    assert "2 suppliers have minimum orders in another currency than GBP" in str(report.text())


def test_a_products_file_that_names_suppliers_and_lead_times_is_still_one_of_products(workspace, tmp_path):
    text = "sku,title,supplier,lead_time\nA,Mug,Harbour,14\n"
    files = [write(tmp_path, "catalogue_by_supplier.csv", text), write(tmp_path, "export.csv", text + "B,Rug,Lane,9\n")]
    report = import_files(workspace, files)
    assert [f.main.table for f in report.files] == ["products", "products"]


def test_open_purchase_orders_are_deliveries_and_no_sales(workspace, tmp_path):
    english = "PO number,SKU,Order date,ETA,Qty\nP1,A1,2024-03-01,2024-04-02,12\nP2,A1,2024-03-01,2031-04-02,12\n"
    chinese = "采购单号,商品编码,预计到货日期,数量\nP3,B2,2024-04-05,6\n"
    report = import_files(workspace, [write(tmp_path, "purchase_orders.csv", english), write(tmp_path, "采购单.csv", chinese)])
    assert [f.main.table for f in report.files] == ["deliveries", "deliveries"]
    assert stored(workspace, "select product_id, cast(due_on as varchar), units, order_id from deliveries order by order_id") == [
        ("A1", "2024-04-02", 12, "P1"),
        ("B2", "2024-04-05", 6, "P3"),
    ]
    assert reasons(workspace) == [("2031-04-02", "The date is in the future.")] and stored(workspace, "select count(*) from orders") == [
        (0,)
    ]
    sales = "order_date,sku,qty,delivery_date\n2024-03-01,A1,2,2024-03-04\n"
    assert import_files(workspace, [write(tmp_path, "shipped.csv", sales)]).files[0].main.table == "orders"


def test_deliveries_without_units_or_a_day_are_quarantined(workspace, tmp_path):
    text = "product_id,due_on,units\nA,2024-04-02,0\nA,,5\n,2024-04-02,5\nA,tomorrow,5\nA,2024-04-02,5\nA,2024-04-02,5\n"
    report = import_files(workspace, [write(tmp_path, "deliveries.csv", text)])
    assert add_up(report) == {"read": 6, "kept": 1, "dropped": 1, "quarantined": 4}
    assert reasons(workspace) == [
        ("0", "The units are not above zero."),
        (None, "The date is missing."),
        (None, "The product id is missing."),
        ("tomorrow", "The date cannot be read."),
    ]


def test_a_newer_list_of_deliveries_takes_the_place_of_the_one_before(workspace, tmp_path):
    head = "product_id,due_on,units\n"
    import_files(workspace, [write(tmp_path, "deliveries.csv", head + "A,2024-04-02,5\nB,2024-04-09,5\n")])
    both = [write(tmp_path, "deliveries-1.csv", head + "B,2024-04-10,5\n"), write(tmp_path, "deliveries-2.csv", head + "C,2024-04-12,7\n")]
    assert add_up(import_files(workspace, both)) == {"read": 2, "kept": 2, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select product_id, units from deliveries order by 1") == [("B", 5), ("C", 7)]
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])  # says nothing of deliveries
    assert stored(workspace, "select count(*) from deliveries") == [(2,)]
    import_files(workspace, [tmp_path / "deliveries.csv"])  # the first list once more
    assert stored(workspace, "select product_id, units from deliveries order by 1") == [("A", 5), ("B", 5)]
    import_files(workspace, [write(tmp_path, "deliveries.csv", head)])  # nothing is on its way
    assert stored(workspace, "select count(*) from deliveries") == [(0,)]


def test_deliveries_of_which_no_row_can_be_read_leave_the_list_before_as_it_is(workspace, tmp_path):
    head = "product_id,due_on,units\n"
    import_files(workspace, [write(tmp_path, "deliveries.csv", head + "A,2024-04-02,5\n")])
    unreadable = write(tmp_path, "deliveries2.csv", head + "A,soon,5\n")
    report = import_files(workspace, [unreadable])
    assert add_up(report)["quarantined"] == 1 and "No row can be stored as deliveries" in str(report.text())
    assert stored(workspace, "select product_id, units from deliveries") == [("A", 5)]
    import_files(workspace, [unreadable, write(tmp_path, "deliveries3.csv", head + "B,2024-04-09,7\n")])
    assert stored(workspace, "select product_id, units from deliveries") == [("B", 7)]


@pytest.fixture
def old(workspace, tmp_path) -> Workspace:
    """A warehouse from before suppliers, deliveries and order limits."""
    import_files(workspace, [write(tmp_path, "products.csv", PRODUCTS), write(tmp_path, "orders.csv", ORDERS)])
    with db.connect(workspace.warehouse) as con:
        for change in (
            "drop table suppliers",
            "drop table deliveries",
            "alter table products drop column max_order",
            "alter table products drop column shelf_life_days",
        ):
            con.execute(change)
    return workspace


def test_an_old_warehouse_is_sound_and_can_be_imported_into(old, tmp_path):
    assert [f.detail for f in doctor.examine(old) if not f.ok] == []
    before = stored(old, "select * from products order by 1")
    files = [
        write(tmp_path, "more.csv", "sku,title,max_order\nC3,Rug,40\n"),
        write(tmp_path, "deliveries.csv", "sku,eta,qty\nA1,2024-04-02,5\n"),
    ]
    assert add_up(import_files(old, files, dry_run=True))["kept"] == 2
    assert stored(old, "select * from products order by 1") == before
    import_files(old, files)
    assert stored(old, "select product_id, max_order from products order by 1") == [("A1", None), ("B2", None), ("C3", 40)]
    assert stored(old, "select product_id, units from deliveries") == [("A1", 5)]


def test_an_old_warehouse_that_is_only_read_gains_what_it_lacks_and_keeps_its_rows(old):
    from core.storage import warehouse

    before = stored(old, "select * from products order by 1")
    warehouse.complete_file(old.warehouse)
    assert stored(old, "select * exclude (max_order, shelf_life_days) from products order by 1") == before
    assert stored(old, "select count(*) from suppliers") == stored(old, "select count(*) from deliveries") == [(0,)]
    whole = old.warehouse.stat().st_mtime_ns
    warehouse.complete_file(old.warehouse)
    assert old.warehouse.stat().st_mtime_ns == whole


# ---- stock


def test_stock_of_several_places_is_added_up(workspace, tmp_path):
    text = "date,sku,location,on_hand\n2024-01-01,A,Berlin,90\n2024-01-01,A,Paris,7\n2024-01-01,A,Berlin,100\n2024-01-02,A,Berlin,4\n"
    file = write(tmp_path, "stock.csv", text)
    report = import_files(workspace, [file])
    assert add_up(report) == {"read": 4, "kept": 3, "dropped": 1, "quarantined": 0}  # Berlin was counted anew
    assert stored(workspace, "select on_hand from stock order by day") == [(107,), (4,)]
    later = import_files(workspace, [write(tmp_path, "stock2.csv", text.replace("Paris,7", "Paris,8"))])
    assert add_up(later) == {"read": 4, "kept": 2, "dropped": 2, "quarantined": 0}
    assert stored(workspace, "select on_hand from stock order by day") == [(108,), (4,)]


def test_a_count_below_zero_takes_the_place_of_the_older_count(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "stock.csv", "date,sku,on_hand\n2024-01-01,A,50\n2024-01-08,A,-3\n")])
    assert stored(workspace, "select on_hand from stock order by day") == [(50,), (-3,)]  # which the plan names as a problem


def test_stock_that_does_not_say_its_day_is_of_the_last_day_of_sales(workspace, tmp_path):
    stock = write(tmp_path, "inventory.csv", "sku,quantity\nA,5\n")
    report = import_files(workspace, [stock, write(tmp_path, "orders.csv", "date,sku,qty\n2024-03-05,A,1\n2024-03-07,B,2\n")])
    assert stored(workspace, STOCK) == [("2024-03-07", "A", 5)]
    assert "the end of 7 Mar 2024, the last day of sales" in notes(report)
    import_files(workspace, [stock, write(tmp_path, "later.csv", "date,sku,qty\n2024-03-14,A,1\n")])  # the very same count, a week later
    assert stored(workspace, STOCK) == [("2024-03-07", "A", 5), ("2024-03-14", "A", 5)]


def test_the_day_of_stock_may_stand_in_the_name_of_its_file(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "库存_20241231.csv", "sku,quantity\nA,5\n")])
    assert stored(workspace, STOCK) == [("2024-12-31", "A", 5)]


def test_stock_without_a_day_and_without_sales_is_of_today(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "inventory.csv", "sku,quantity\nA,5\n")])
    assert stored(workspace, "select day = current_date, product_id, on_hand from stock") == [(True, "A", 5)]


def test_a_list_of_products_may_say_what_is_there(workspace, tmp_path):
    sales = write(tmp_path, "orders.csv", "date,sku,qty\n2024-03-05,A,1\n")
    products = write(tmp_path, "products.csv", "sku,name,price,units in stock\nA,Mug,4,12\nB,Jug,9,\n")
    report = import_files(workspace, [products, sales])
    assert stored(workspace, STOCK) == [("2024-03-05", "A", 12)]
    assert stored(workspace, "select product_id, title from products order by all") == [("A", "Mug"), ("B", "Jug")]
    assert add_up(report) == {"read": 3, "kept": 3, "dropped": 0, "quarantined": 0}


def test_a_mapping_says_the_day_of_stock_itself(workspace, tmp_path):
    mapping = write(tmp_path, "m.toml", '[stock]\nday = { constant = "2024-12-30" }\nproduct_id = "sku"\non_hand = "quantity"\n')
    import_files(workspace, [write(tmp_path, "inventory.csv", "sku,quantity\nA,5\n")], mapping=mapping)
    assert stored(workspace, STOCK) == [("2024-12-30", "A", 5)]
