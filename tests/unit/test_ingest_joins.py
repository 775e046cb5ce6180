"""Lists that belong together are joined by the id that both have: orders and their lines, products and the names of their categories."""

from __future__ import annotations

import pytest
from fixtures.importing import add_up, notes, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.workspace import Workspace

HEADS = """OrderID,CustomerID,OrderDate,ShipCountry,Status,Freight
10248,c1,1996-07-04,France,shipped,32.38
10249,c2,1996-07-05,Germany,cancelled,11.61
10250,c1,1996-07-08,France,shipped,65.83
"""
LINES = """OrderID,ProductID,UnitPrice,Quantity
10248,11,14,12
10248,42,9.8,10
10249,14,18.6,9
10250,11,14.4,5
"""
KEPT = "select order_id, ordered_at::date::varchar, product_id, units, unit_price_cents, country from orders order by all"
ONE_UNIT_A_ROW = "order_id,order_item_id,product_id,price,freight_value\n" + "".join(
    f"{order},{number},{product},{price},15.10\n"
    for order, number, product, price in (("10248", 1, "a", 14), ("10248", 2, "a", 14), ("10248", 3, "b", 9.8), ("10250", 1, "a", 14))
)


@pytest.fixture
def files(tmp_path):
    return [write(tmp_path, "orders.csv", HEADS), write(tmp_path, "order_details.csv", LINES)]


@pytest.mark.parametrize("order", (1, -1))
def test_orders_and_their_lines_are_joined_in_whatever_order_they_are_named(workspace, files, order):
    report = import_files(workspace, files[::order])
    assert add_up(report) == {"read": 4, "kept": 3, "dropped": 0, "quarantined": 0, "set_aside": 1}
    lines = next(f.main for f in report.files if f.main)
    assert [(one.name, one.rows, one.units, one.cents) for one in lines.aside_lines] == [("cancelled", 1, 9.0, 16740)]
    assert stored(workspace, KEPT) == [
        ("10248", "1996-07-04", "11", 12.0, 1400, "France"),
        ("10248", "1996-07-04", "42", 10.0, 980, "France"),
        ("10250", "1996-07-08", "11", 5.0, 1440, "France"),
    ]
    assert stored(workspace, "select count(distinct customer_id) from orders") == [(1,)]
    assert "The columns OrderDate, CustomerID, ShipCountry, Status come from orders.csv by OrderID" in notes(report)
    assert "Freight" not in notes(report) and "The file names no products" in notes(report)


def test_two_lists_say_what_one_list_would(workspace, tmp_path, files):
    one = Workspace.at(tmp_path / "one")
    heads = dict(line.split(",", 1) for line in HEADS.splitlines())
    import_files(one, [write(tmp_path, "all.csv", "\n".join(f"{line},{heads[line.split(',')[0]]}" for line in LINES.splitlines()) + "\n")])
    import_files(workspace, files)
    assert stored(workspace, KEPT) == stored(one, KEPT)


def test_the_same_lists_again_change_nothing_and_newer_ones_correct_and_add(workspace, tmp_path, files):
    import_files(workspace, files)
    assert add_up(import_files(workspace, files))["kept"] == 0
    newer = [
        write(tmp_path, "orders_new.csv", HEADS.replace("cancelled", "shipped") + "10251,c3,1996-07-09,Spain,shipped,1\n"),
        write(tmp_path, "order_details_new.csv", LINES + "10251,42,9.8,3\n"),
    ]
    assert add_up(import_files(workspace, newer))["kept"] == 2
    assert stored(workspace, "select order_id, units from orders where order_id in ('10249', '10251') order by 1") == [
        ("10249", 9.0),
        ("10251", 3.0),
    ]


def test_the_same_lines_are_read_anew_when_the_list_of_orders_has_changed(workspace, tmp_path, files):
    import_files(workspace, files)
    orders = write(tmp_path, "orders.csv", HEADS.replace("cancelled", "shipped"))
    assert add_up(import_files(workspace, [orders, files[1]]))["kept"] == 1
    assert stored(workspace, "select sum(units) from orders") == [(36.0,)]


def test_lists_of_several_years_are_read_together(workspace, tmp_path, files):
    more = [
        write(tmp_path, "orders_1997.csv", HEADS.replace("1996", "1997").replace("102", "202")),
        write(tmp_path, "order_details_1997.csv", LINES.replace("102", "202")),
    ]
    import_files(workspace, [*files, *more])
    assert stored(workspace, "select year(ordered_at), count(*) from orders group by 1 order by 1") == [(1996, 3), (1997, 3)]


def test_a_list_of_orders_may_call_their_id_a_bare_id(workspace, tmp_path, files):
    import_files(workspace, [write(tmp_path, "orders.csv", HEADS.replace("OrderID", "id")), files[1]])
    assert stored(workspace, "select count(*) from orders where country is not null") == [(3,)]


@pytest.mark.parametrize("which", (0, 1))
def test_one_of_the_two_lists_alone_is_refused_and_the_other_asked_for(workspace, files, which):
    with pytest.raises(UserError, match="import both together"):
        import_files(workspace, [files[which]])


def test_lines_of_an_order_that_no_list_knows_are_quarantined(workspace, tmp_path, files):
    report = import_files(workspace, [files[0], write(tmp_path, "order_details.csv", LINES + "10999,11,14,1\n")])
    assert add_up(report) == {"read": 5, "kept": 3, "dropped": 0, "quarantined": 1, "set_aside": 1}
    assert report.files[1].main.quarantined == {"The date is missing.": 1}
    assert "Column 'OrderID': 1 row has no match in orders.csv." in notes(report, 1)


def test_without_a_column_of_units_each_row_of_an_order_is_one_unit(workspace, tmp_path, files):
    report = import_files(workspace, [files[0], write(tmp_path, "order_items.csv", ONE_UNIT_A_ROW)])
    assert stored(workspace, "select order_id, product_id, units from orders order by all") == [
        ("10248", "a", 2.0),
        ("10248", "b", 1.0),
        ("10250", "a", 1.0),
    ]
    assert report.files[1].main.dropped == {"The row equals another one of its order and is counted in its units.": 1}
    assert "Each row is one unit" in notes(report, 1)


def test_a_column_that_could_be_of_units_is_not_passed_over(workspace, tmp_path, files):
    lines = ONE_UNIT_A_ROW.replace("freight_value", "menge").replace(",15.10", ",3")
    with pytest.raises(UserError, match="units"):
        import_files(workspace, [files[0], write(tmp_path, "order_items.csv", lines)])


def test_purchase_orders_and_returns_in_two_lists_are_no_sales(workspace, tmp_path):
    for name in ("purchase_order", "return"):
        with pytest.raises(UserError):
            import_files(workspace, [write(tmp_path, f"{name}s.csv", HEADS), write(tmp_path, f"{name}_lines.csv", LINES)])


def test_a_list_of_orders_adds_no_persons_data(workspace, tmp_path, files):
    heads = HEADS.replace("France", "ann@example.com").replace("Germany", "bob@example.com")
    report = import_files(workspace, [write(tmp_path, "orders.csv", heads), files[1]])
    assert stored(workspace, "select count(country) from orders") == [(0,)]
    assert str(report.files[1].outside["ShipCountry"]) == "e-mail addresses"


def test_a_mapping_says_the_same_with_a_lookup(workspace, tmp_path):
    mapping = write(
        tmp_path,
        "mine.toml",
        """
[lookup]
key = "nr"
columns = ["on", "who"]
[orders]
ordered_at = "on"
product_id = "what"
units = { constant = "1" }
order_id = "nr"
customer_id = "who"
""",
    )
    heads = write(tmp_path, "a.csv", "nr,on,who\n1,2024-05-01,ann\n2,2024-05-02,bob\n")
    lines = write(tmp_path, "b.csv", "nr,what\n1,mug\n1,mug\n2,lamp\n")
    report = import_files(workspace, [heads, lines], mapping=mapping)
    assert add_up(report)["read"] == 3
    assert stored(workspace, "select product_id, units, ordered_at::date::varchar from orders order by 1") == [
        ("lamp", 1.0, "2024-05-02"),
        ("mug", 2.0, "2024-05-01"),
    ]


def test_a_list_of_shipments_dates_no_orders_where_a_list_of_orders_is_there(workspace, tmp_path, files):
    shipped = write(tmp_path, "packets.csv", "OrderID,date,country\n10248,1996-09-09,Peru\n")
    report = import_files(workspace, [shipped, *files])
    assert [f.file for f in report.files if f.left_out] == ["packets.csv"]
    kept = stored(workspace, "select min(ordered_at)::date::varchar, count(*) filter (where country = 'Peru') from orders")
    assert kept == [("1996-07-04", 0)]


def test_a_later_list_of_orders_adds_no_persons_data_either(workspace, tmp_path, files):
    later = HEADS.replace("102", "202").replace("France", "ann@example.com").replace("Germany", "bob@example.com")
    more = [write(tmp_path, "orders_1997.csv", later), write(tmp_path, "lines_1997.csv", LINES.replace("102", "202"))]
    import_files(workspace, [*files, *more])
    assert stored(workspace, "select count(*), count(country) from orders") == [(6, 0)]


def test_lines_without_a_number_do_not_hinder_the_reading(workspace, tmp_path, files):
    report = import_files(workspace, [files[0], write(tmp_path, "order_items.csv", ONE_UNIT_A_ROW.replace("10250,1,", "10250,  ,"))])
    assert report.files[1].main.kept == 3


def test_a_review_of_an_order_is_of_the_product_it_had_if_it_had_only_one(workspace, tmp_path, files):
    rows = "review_id,order_id,review_score,review_creation_date\nr1,10249,5,1996-08-01\nr2,10248,1,1996-08-01\n"
    report = import_files(workspace, [write(tmp_path, "order_reviews.csv", rows), *files])
    assert stored(workspace, "select review_id, product_id, rating from reviews") == [("r1", "14", 5.0)]
    assert stored(workspace, "select count(*) from orders") == [(3,)]
    assert report.files[0].main.quarantined == {"The product id is missing.": 1}
    assert "where it has one value for it" in notes(report, 0)


def test_orders_whose_lines_say_all_of_them_are_left_out(workspace, tmp_path):
    orders = write(tmp_path, "orders.csv", "order_id,created_at\n1,2024-03-05\n")
    lines = write(tmp_path, "order_items.csv", "id,order_id,product_id,inventory_item_id,created_at,sale_price\n7,1,A,55,2024-03-05,9\n")
    report = import_files(workspace, [orders, lines])
    assert report.files[0].left_out and add_up(report) == {"read": 1, "kept": 1, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select order_id, product_id, units from orders") == [("1", "A", 1)]  # 55 is a number that counts nothing


def test_lines_of_customers_without_an_order_are_units_too(workspace, tmp_path):
    rows = "t_dat,customer_id,article_id,price,sales_channel_id\n2024-03-05,c,A,5,2\n2024-03-05,c,A,5,2\n2024-03-05,d,A,5,1\n"
    import_files(workspace, [write(tmp_path, "transactions.csv", rows)])
    assert stored(workspace, "select sum(units), count(*) from orders") == [(3.0, 3)]


PRODUCTS = "ProductID,ProductName,CategoryID,UnitPrice\n11,Queso,4,21\n42,Mee,5,14\n14,Tofu,,23.25\n"
CATEGORIES = "Id,CategoryName,Description\n4,Dairy,Cheeses\n5,Grains,Breads\n"


def test_products_get_the_names_of_their_categories(workspace, tmp_path):
    categories = write(tmp_path, "Categories.csv", CATEGORIES)
    import_files(workspace, [categories, write(tmp_path, "Products.csv", PRODUCTS)])
    assert stored(workspace, "select product_id, title, category from products order by 1") == [
        ("11", "Queso", "Dairy"),
        ("14", "Tofu", None),
        ("42", "Mee", "Grains"),
    ]


def test_a_list_of_categories_or_suppliers_is_no_list_of_products_or_customers(workspace, tmp_path):
    suppliers = "Id,CompanyName,ContactTitle,City\n1,Exotic,Manager,London\n2,Tokyo Traders,Manager,Tokyo\n"
    for name, text, expected in (
        ("Categories.csv", CATEGORIES, "lists categories"),
        ("Suppliers.csv", suppliers, "As suppliers"),
    ):
        with pytest.raises(UserError, match=expected):
            import_files(workspace, [write(tmp_path, name, text)])


SHOPIFY = """Name,Financial Status,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country
#1001,paid,EUR,2024-01-05 10:11:10 +0100,2,Red mug,10.00,MUG,DE
#1001,,,2024-01-05 10:11:10 +0100,1,Blue lamp,20.00,LAMP,
#1002,refunded,EUR,2024-01-07 09:11:10 +0100,1,Red mug,10.00,MUG,FR
#1002,,,2024-01-07 09:11:10 +0100,3,Blue lamp,20.00,LAMP,
"""


def test_what_stands_on_the_first_line_of_an_order_holds_for_its_others(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "orders_export.csv", SHOPIFY)])
    assert stored(workspace, "select order_id, product_id, units, country from orders order by all") == [
        ("#1001", "LAMP", 1.0, "DE"),
        ("#1001", "MUG", 2.0, "DE"),
    ]
    assert [(one.name, one.rows, one.units) for one in report.files[0].main.aside_lines] == [("refunded", 2, 4.0)]


def test_lines_that_say_only_order_and_product_are_of_a_unit_each_where_a_list_of_orders_dates_them(workspace, tmp_path):
    """As in dbt's jaffle shop: ids of no other use, a list of stores and one of what products are made of beside."""
    files = {
        "raw_orders.csv": "id,customer,ordered_at,store_id,subtotal\no1,c1,2018-09-01T09:39:00,s1,29\no2,c2,2018-09-02,s1,7\n",
        "raw_items.csv": "id,order_id,sku\ni1,o1,BEV\ni2,o1,BEV\ni3,o2,JAF\n",
        "raw_products.csv": "sku,name,type,price\nBEV,Coffee to go,beverage,700\nJAF,Nutella dream,jaffle,1100\n",
        "raw_stores.csv": "id,name,opened_at,tax_rate\ns1,Brooklyn,2018-09-01T00:00:00,0.06\n",
        "raw_supplies.csv": "id,name,cost,sku\n1,cup,7,BEV\n2,beans,90,BEV\n3,knife,7,JAF\n4,nutella,46,JAF\n",
    }
    report = import_files(workspace, [write(tmp_path, name, text) for name, text in files.items()])
    assert stored(workspace, "select product_id, order_id, units, customer_id is not null from orders order by all") == [
        ("BEV", "o1", 2.0, True),
        ("JAF", "o2", 1.0, True),
    ]
    assert stored(workspace, "select product_id, title from products order by 1") == [("BEV", "Coffee to go"), ("JAF", "Nutella dream")]
    assert {f.file for f in report.files if f.left_out} == {"raw_stores.csv", "raw_supplies.csv"}


def test_a_list_of_several_names_a_product_is_one_of_products_if_it_is_called_so(workspace, tmp_path):
    text = "sku,name\nA,Shirt S\nA,Shirt M\nB,Coat S\nB,Coat M\n"
    with pytest.raises(UserError, match='parts.csv has 4 names for 2 products.*add "products" to its name'):
        import_files(workspace, [write(tmp_path, "parts.csv", text)])
    assert import_files(workspace, [write(tmp_path, "products.csv", text)]).files[0].main.kept == 2
