"""Purchases in a log of events are orders where no file tells of orders, and are left to that file where one does."""

from __future__ import annotations

import pytest
from fixtures.importing import add_up, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.storage import duckdb as db

LOG = """event_time,event_type,product_id,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,mug,4.50,u1,s1
2019-10-01 00:01:00 UTC,cart,mug,4.50,u1,s1
2019-10-01 00:02:00 UTC,purchase,mug,4.50,u1,s1
2019-10-01 00:02:00 UTC,purchase,lamp,19.00,u1,s1
2019-10-01 09:00:00 UTC,purchase,mug,4.50,u2,s2
2019-10-02 10:00:00 UTC,buy,mug,4.40,u1,s3
"""
ORDERS = "date,sku,qty,order_id\n2019-10-01 00:02,mug,1,o1\n"
IN_UTC = {"--time-zone": "UTC"}
LEFT = {"The row is a purchase, which files of orders have.": 4}


def test_purchases_in_a_log_are_orders(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "log.csv", LOG)], answers=IN_UTC)
    assert add_up(report) == {"read": 6, "kept": 2, "dropped": 4, "quarantined": 0}
    assert report.files[0].main.dropped == {"The row is a purchase and is stored as an order.": 4}
    assert stored(workspace, "select kind from events order by 1") == [("cart",), ("view",)]
    assert stored(workspace, "select ordered_at::varchar, product_id, units, unit_price_cents from orders order by all") == [
        ("2019-10-01 00:02:00", "lamp", 1.0, 1900),
        ("2019-10-01 00:02:00", "mug", 1.0, 450),
        ("2019-10-01 09:00:00", "mug", 1.0, 450),
        ("2019-10-02 10:00:00", "mug", 1.0, 440),
    ]


def test_what_somebody_buys_on_a_day_is_one_order_and_its_id_names_nobody(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "log.csv", LOG)], answers=IN_UTC)
    assert stored(workspace, "select count(distinct order_id), count(distinct customer_id) from orders") == [(3, 2)]
    ids = stored(workspace, "select order_id from orders")
    assert all(i.startswith("event:") and "u1" not in i.split("@")[0] and "s1" not in i for (i,) in ids)


def test_a_log_of_nobody_in_particular_has_an_order_a_moment(workspace, tmp_path):
    log = "timestamp,event,itemid\n1433221332117,view,a\n1433221333000,transaction,a\n1433221399000,transaction,a\n"
    import_files(workspace, [write(tmp_path, "events.csv", log)], answers=IN_UTC)
    assert stored(workspace, "select count(*), count(distinct order_id) from orders") == [(2, 2)]


def test_a_log_may_give_the_number_of_the_order_and_the_units(workspace, tmp_path):
    log = (
        "time,event,item_id,quantity,transactionid\n2024-05-01 10:00,view,a,,\n2024-05-01 10:01,purchase,a,3,t1\n"
        "2024-05-01 10:01,purchase,b,2,t1\n"
    )
    import_files(workspace, [write(tmp_path, "events.csv", log)])
    assert stored(workspace, "select order_id, product_id, units from orders order by all") == [
        ("event:t1", "a", 3.0),
        ("event:t1", "b", 2.0),
    ]


@pytest.mark.parametrize("order", (1, -1))
def test_a_file_of_orders_in_the_same_import_tells_them(workspace, tmp_path, order):
    files = [write(tmp_path, "log.csv", LOG), write(tmp_path, "orders.csv", ORDERS)][::order]
    report = import_files(workspace, files, answers=IN_UTC)
    assert [f.main.dropped for f in report.files][::order] == [LEFT, {}]
    assert stored(workspace, "select order_id from orders") == [("o1",)]


def test_orders_that_are_stored_tell_them_too(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert import_files(workspace, [write(tmp_path, "log.csv", LOG)], answers=IN_UTC).files[0].main.dropped == LEFT
    assert stored(workspace, "select order_id from orders") == [("o1",)]


def test_a_file_of_orders_after_a_log_that_told_them_is_refused(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "log.csv", LOG)], answers=IN_UTC)
    before = stored(workspace, "select * from orders order by all")
    with pytest.raises(UserError, match="4 purchases from logs of events are stored as orders"):
        import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert stored(workspace, "select * from orders order by all") == before


def test_the_same_log_again_changes_nothing_and_a_newer_one_adds(workspace, tmp_path):
    file = write(tmp_path, "log.csv", LOG)
    import_files(workspace, [file], answers=IN_UTC)
    before = stored(workspace, "select * from orders order by all")
    import_files(workspace, [file], answers=IN_UTC)
    assert stored(workspace, "select * from orders order by all") == before
    import_files(workspace, [write(tmp_path, "newer.csv", LOG + "2019-10-03 10:00:00 UTC,purchase,mug,4.50,u3,s9\n")])
    assert stored(workspace, "select count(*) from orders") == [(5,)] and stored(workspace, "select count(*) from events") == [(2,)]


def test_a_mapping_says_what_its_purchases_are_called(workspace, tmp_path):
    mapping = write(
        tmp_path,
        "codes.toml",
        '[events]\noccurred_at = "at"\nproduct_id = "what"\nkind = "code"\n[kinds]\nview = ["1"]\npurchase = ["4"]\n',
    )
    log = write(tmp_path, "a.csv", "at,what,code\n2024-05-01 10:00,mug,1\n2024-05-01 11:00,mug,4\n")
    import_files(workspace, [log], mapping=mapping)
    assert stored(workspace, "select product_id, units from orders") == [("mug", 1.0)]


def test_products_without_a_name_are_known_by_their_category_and_brand(workspace, tmp_path):
    log = "event_time,event_type,product_id,category_code,brand\n2019-10-01 00:00:00 UTC,purchase,7,electronics.phone,acme\n"
    import_files(workspace, [write(tmp_path, "log.csv", log)])
    assert stored(workspace, "select (select count(*) from orders), (select count(*) from events)") == [(1, 0)]
    assert stored(workspace, "select product_id, title, category, brand from products") == [("7", "7", "electronics.phone", "acme")]
    with db.connect(workspace.warehouse, read_only=True) as con:
        assert db.rows(con, "features/texts") == [{"product_id": "7", "text": "acme. electronics.phone"}]
    named = write(tmp_path, "products.csv", "product_id,title,category\n7,Red phone,Phones\n")
    import_files(workspace, [named])
    import_files(workspace, [write(tmp_path, "newer.csv", log.replace("2019", "2020"))])
    assert stored(workspace, "select title, category, brand from products") == [("Red phone", "Phones", "acme")]


def test_a_count_of_stock_is_still_no_list_of_products(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "inventory.csv", "sku,category,on_hand\nA,Toys,4\n")])
    assert stored(workspace, "select (select count(*) from stock), (select count(*) from products where category = 'Toys')") == [(1, 0)]
