"""Exports as they come: several files of which some are of no use, blank ids, several ids, names that mislead."""

from __future__ import annotations

import pytest
from fixtures.importing import add_up, notes, stored, write

from core.errors import UserError
from core.ingest import import_files

SALES = "order_id,date,sku,qty,price\n1,2024-03-05,A,2,9\n2,2024-03-06,B,1,4\n"
OF_NO_USE = {
    "calendar.csv": "date,weekday\n2024-03-05,Tue\n",
    "stores.csv": "id,name,latitude,longitude\n1,Berlin,52.5,13.4\n",
    "payments.csv": "order_id,payment_value\n1,18\n",
    "oil.csv": "date,price_of_oil\n2024-03-05,80\n",
}


@pytest.mark.parametrize("name", OF_NO_USE)
def test_a_file_that_fits_no_table_is_left_out_of_several_and_named(workspace, tmp_path, name):
    report = import_files(workspace, [write(tmp_path, name, OF_NO_USE[name]), write(tmp_path, "orders.csv", SALES)])
    assert [f.file for f in report.files if f.left_out] == [name]
    assert f"Skipped: {name}." in str(report.text())
    assert add_up(report) == {"read": 2, "kept": 2, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select count(*) from products where product_id = '1'") == [(0,)]


@pytest.mark.parametrize("name", OF_NO_USE)
def test_a_file_that_fits_no_table_is_refused_where_nothing_else_is_read(workspace, tmp_path, name):
    with pytest.raises(UserError, match=f"{name} has the columns"):
        import_files(workspace, [write(tmp_path, name, OF_NO_USE[name])])
    assert not workspace.warehouse.exists()


@pytest.mark.parametrize(
    "text",
    [
        "order_id,date,sku,menge\n1,2024-03-05,A,2\n",
        "wann,sku,qty\n2024-03-05,A,2\n",
        "date,artikel,qty\n2024-03-05,A,2\n",
        "sku,date,menge\nA,2024-03-05,2\n",
    ],
)
def test_sales_of_which_a_column_is_unknown_are_never_left_out(workspace, tmp_path, text):
    with pytest.raises(UserError, match="more.csv has the columns .* As orders"):
        import_files(workspace, [write(tmp_path, "more.csv", text), write(tmp_path, "orders.csv", SALES)])
    assert not workspace.warehouse.exists()


def test_two_files_whose_names_begin_alike_keep_their_names(workspace, tmp_path):
    names = ["f8ab700cb7a0-sales.csv", "0123456789ab-sales.csv"]
    report = import_files(workspace, [write(tmp_path, name, SALES.replace("1,", f"{n},")) for n, name in enumerate(names)])
    assert [f.file for f in report.files] == names
    assert stored(workspace, "select distinct file from imports order by 1") == [("0123456789ab-sales.csv",), ("f8ab700cb7a0-sales.csv",)]


def test_a_mapping_knows_a_file_by_its_whole_name(workspace, tmp_path):
    mapping = write(tmp_path, "m.toml", '[orders]\nfiles = "sales*"\nordered_at = "date"\nproduct_id = "sku"\nunits = "qty"\n')
    assert import_files(workspace, [write(tmp_path, "sales.csv", SALES)], mapping=mapping).files[0].main.kept == 2
    with pytest.raises(UserError, match="No table of the mapping m is meant for f8ab700cb7a0-sales.csv"):
        import_files(workspace, [write(tmp_path, "f8ab700cb7a0-sales.csv", SALES)], mapping=mapping)


def test_sales_whose_units_are_unknown_are_no_list_of_products(workspace, tmp_path):
    with pytest.raises(UserError, match="As orders, it needs columns for units"):
        import_files(workspace, [write(tmp_path, "export.csv", "Order Id,order date (Orders),Product Name,Menge\n1,2024-03-05,Mug,2\n")])


def test_items_that_were_bought_are_sales_whatever_the_name_of_their_file(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "items.csv", SALES)])
    assert report.files[0].main.table == "orders" and report.files[0].main.kept == 2


def test_where_an_id_is_blank_the_next_column_that_tells_products_apart_stands_in(workspace, tmp_path):
    rows = "Date,Transaction ID,SKU,Item,Qty\n2024-03-05,1,,Mug,2\n2024-03-05,2,J1,Jug,1\n2024-03-06,3,,Mug,1\n2024-03-06,4,,,1\n"
    report = import_files(workspace, [write(tmp_path, "sales.csv", rows)])
    assert stored(workspace, "select product_id, sum(units) from orders group by all order by all") == [("J1", 1.0), ("Mug", 3.0)]
    assert stored(workspace, "select product_id, title from products order by all") == [("J1", "Jug"), ("Mug", "Mug")]
    assert report.files[0].main.quarantined == {"The product id is missing.": 1}
    assert "SKU, or if blank Item -> product_id" in str(report.text())


@pytest.mark.parametrize("header", ["product_code,article_id,name", "sku,id,name"])
def test_sales_and_the_list_of_products_meet_by_the_id_that_both_have(workspace, tmp_path, header):
    sold_by = "article_id" if "article_id" in header else "product_id"
    sales = write(tmp_path, "sales.csv", f"date,{sold_by},qty\n2024-03-05,7,2\n")
    import_files(workspace, [write(tmp_path, "products.csv", f"{header}\nX,7,Mug\n"), sales])
    assert stored(workspace, "select product_id, title, units from orders join products using (product_id)") == [("7", "Mug", 2.0)]
    assert stored(workspace, "select count(*) from products") == [(1,)]


def test_sales_take_the_id_of_theirs_that_the_list_of_products_has(workspace, tmp_path):
    sales = write(tmp_path, "sales.csv", "date,product_id,sku,qty\n2024-03-05,900,A,2\n")
    import_files(workspace, [write(tmp_path, "products.csv", "sku,name\nA,Mug\n"), sales])
    assert stored(workspace, "select product_id, title, units from orders join products using (product_id)") == [("A", "Mug", 2.0)]


def test_later_sales_are_told_apart_by_the_ids_that_the_shop_has(workspace, tmp_path):
    sales = [write(tmp_path, f"sales{day}.csv", f"date,product_id,sku,qty\n2024-03-0{day},900,A,2\n") for day in (5, 6)]
    import_files(workspace, [write(tmp_path, "products.csv", "sku,name\nA,Mug\n"), sales[0]])
    import_files(workspace, [sales[1]])  # without the list
    assert stored(workspace, "select product_id, sum(units) from orders group by all") == [("A", 4.0)]


def test_the_name_of_an_order_is_never_taken_for_a_product(workspace, tmp_path):
    rows = "Name,Created at,Lineitem name,Lineitem quantity,Lineitem price,Lineitem sku\n#1,2024-03-05,Mug,1,9,\n"
    sales = write(tmp_path, "orders_export.csv", rows)
    import_files(workspace, [write(tmp_path, "products.csv", "Handle,Name,Variant SKU\nmug,Mug,\n"), sales])
    assert stored(workspace, "select product_id, order_id from orders") == [("Mug", "#1")]


def test_products_told_by_lines_of_sales_have_the_ids_of_the_sales(workspace, tmp_path):
    rows = "Date,Order ID,Id,Lineitem sku,Lineitem name,Lineitem quantity\n2024-03-05,1,91,,Mug,1\n2024-03-06,2,92,J,Jug,1\n"
    import_files(workspace, [write(tmp_path, "orders.csv", rows)])  # the bare id is the order's
    assert stored(workspace, "select product_id, title from products order by all") == [("J", "Jug"), ("Mug", "Mug")]


def test_where_a_category_or_price_is_blank_another_column_of_it_stands_in(workspace, tmp_path):
    rows = "SKU,Title,Product Category,Type,Sale price,Regular price\nA,Mug,,Kitchen,,4\nB,Jug,Bar,Kitchen,3,5\n"
    import_files(workspace, [write(tmp_path, "products.csv", rows)])
    kept = stored(workspace, "select product_id, category, price_cents from products order by all")
    assert kept == [("A", "Kitchen", 400), ("B", "Bar", 300)]


def test_names_that_differ_from_line_to_line_are_not_those_of_the_product(workspace, tmp_path):
    rows = "Date,Name,Product/Service,Qty\n" + "".join(f"2024-03-{1 + i % 28:02},Person {i},P{i % 3},1\n" for i in range(60))
    import_files(workspace, [write(tmp_path, "sales.csv", rows)])
    assert stored(workspace, "select product_id, title from products order by all") == [(f"P{i}", f"P{i}") for i in range(3)]


def test_an_iso_week_is_its_monday(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "sales.csv", "week,sku,qty\n2024-W09,A,3\n2024-W10,A,1\n")])
    assert stored(workspace, "select ordered_at::date::varchar, units from orders order by 1") == [("2024-02-26", 3.0), ("2024-03-04", 1.0)]


def test_the_number_of_a_week_is_no_day(workspace, tmp_path):
    rows = "week,sku,qty,transaction_timestamp\n10,A,1,2017-03-05 11:30:00\n11,A,2,2017-03-12 11:30:00\n"
    import_files(workspace, [write(tmp_path, "sales.csv", rows)])
    assert stored(workspace, "select ordered_at::date::varchar, units from orders order by all") == [("2017-03-05", 1), ("2017-03-12", 2)]
    with pytest.raises(UserError, match="As orders, it needs columns for ordered_at"):
        import_files(workspace, [write(tmp_path, "numbers.csv", "week,sku,qty\n10,A,1\n11,A,2\n")])
    import_files(workspace, [write(tmp_path, "weekly.csv", "week,sku,qty\n2017-03-20,A,1\n")])


def test_what_customers_did_is_no_list_of_customers(workspace, tmp_path):
    acts = "household_id,coupon,redemption_date\n" + "".join(f"{i % 3},c{i},2017-03-{i + 1:02}\n" for i in range(9))
    report = import_files(workspace, [write(tmp_path, "redemptions.csv", acts), write(tmp_path, "orders.csv", SALES)])
    assert str(report.files[0].left_out) == "It looks like a list of customers but repeats most of them."
    assert stored(workspace, "select count(*) from customers") == [(0,)]


def test_sessions_are_no_list_of_customers_though_the_first_thousands_are_of_others(workspace, tmp_path):
    sessions = "user_id,start,bounced\n" + "".join(f"c{i % 5_000},2024-03-05 10:00,{i % 2}\n" for i in range(15_000))
    files = [write(tmp_path, f"{name}.csv", sessions) for name in ("web", "sessions", "user_sessions")]
    report = import_files(workspace, [*files, write(tmp_path, "orders.csv", SALES)])
    assert all(f.left_out for f in report.files if f.file != "orders.csv") and stored(workspace, "select count(*) from customers") == [(0,)]


def test_segments_are_made_by_what_calls_itself_a_group_before_numbers_and_flags(workspace, tmp_path):
    rows = "".join(f"c{i},{i % 2},{'LOYAL' if i % 3 else 'NEW'},{i % 4}\n" for i in range(30))
    customers = "customer_id,bought,rfm_segment,visits\n" + rows
    import_files(workspace, [write(tmp_path, "customers.csv", customers), write(tmp_path, "orders.csv", SALES)])
    assert workspace.settings().shop.segment_attribute == "rfm_segment"


def test_postage_is_no_product(workspace, tmp_path):
    rows = "date,item,qty\n2024-03-05,Mug,2\n2024-03-05,Shipping fee,1\n2024-03-05,运费,1\n2024-03-05,Shipping box,1\n"
    report = import_files(workspace, [write(tmp_path, "sales.csv", rows)])
    assert stored(workspace, "select product_id from products order by all") == [("Mug",), ("Shipping box",)]
    assert [(one.name, one.units) for one in report.files[0].main.aside_lines] == [("Shipping fee", 1.0), ("运费", 1.0)]


def test_ages_are_no_groups_of_customers(workspace, tmp_path):
    people = "customer_id,age,club\n" + "".join(f"{i},{20 + i % 40},{'yes' if i % 3 else 'no'}\n" for i in range(200))
    orders = write(tmp_path, "orders.csv", "date,sku,qty,customer_id\n2024-03-05,A,1,7\n")
    import_files(workspace, [write(tmp_path, "customers.csv", people), orders])
    assert workspace.settings().shop.segment_attribute == "club"


TILL = """,id,date,time,name,size,type,price
1,2015-01,2015-01-01,11:38,hawaiian,M,classic,13.25
2,2015-02,2015-01-01,11:57,bbq,M,veggie,16.00
3,2015-02,2015-01-01,11:57,hawaiian,M,classic,13.25
4,2015-03,2015-01-02,12:12,bbq,M,veggie,16.00
5,2015-03,2015-01-02,12:12,bbq,M,veggie,16.00
"""


@pytest.mark.parametrize("numbered", (True, False))
def test_a_bare_id_beside_several_names_numbers_orders_of_a_unit_a_row(workspace, tmp_path, numbered):
    rows = TILL if numbered else "".join(line.split(",", 1)[1] for line in TILL.splitlines(keepends=True))
    report = import_files(workspace, [write(tmp_path, "pizzaplace.csv", rows)])
    sales = "select order_id, ordered_at::date::varchar, product_id, units, unit_price_cents from orders order by all"
    assert stored(workspace, sales) == [
        ("2015-01", "2015-01-01", "hawaiian", 1, 1325),
        ("2015-02", "2015-01-01", "bbq", 1, 1600),
        ("2015-02", "2015-01-01", "hawaiian", 1, 1325),
        ("2015-03", "2015-01-02", "bbq", 2, 1600),
    ]
    assert stored(workspace, "select product_id, title, category from products order by all") == [
        ("bbq", "bbq", "veggie"),
        ("hawaiian", "hawaiian", "classic"),
    ]
    assert "Each row is one unit" in notes(report, 0)


def test_a_dated_list_with_a_name_to_each_id_is_one_of_products(workspace, tmp_path):
    rows = "id,date,name,price\n" + "".join(f"{i},2015-01-0{i},thing {i % 3},{i}\n" for i in range(1, 8))
    report = import_files(workspace, [write(tmp_path, "export.csv", rows)])
    assert report.files[0].main.table == "products" and add_up(report)["kept"] == 7
