"""What a file is where its names leave it open, told by its rows: sales without a column of units, money or shares, a log or a list."""

from __future__ import annotations

import pytest
from fixtures.importing import add_up, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.ingest.answers import OpenQuestions

SALES = "select product_id, sum(units), count(*) from orders group by 1 order by 1"
DAYS = "".join(f"2024-03-0{day},1,{item},{day + len(item)}\n" for day in range(1, 7) for item in ("mug", "lamp"))


def test_whether_whole_numbers_called_sales_are_units_is_asked_where_the_file_has_no_price(workspace, tmp_path):
    file = write(tmp_path, "train.csv", "date,store,item,sales\n" + DAYS)
    with pytest.raises(OpenQuestions, match="--column orders.units=sales"):
        import_files(workspace, [file])
    report = import_files(workspace, [file], columns=("orders.units = sales",))
    assert stored(workspace, SALES) == [("lamp", 45.0, 6), ("mug", 39.0, 6)] and not report.open()


def test_one_amount_with_cents_anywhere_in_the_file_shows_that_sales_are_money(workspace, tmp_path):
    rows = "".join(f"2024-03-{1 + n % 28:02},{n % 7},12\n" for n in range(3000)) + "2024-03-05,1,12.50\n"
    with pytest.raises(UserError, match="As orders, it needs columns for units"):
        import_files(workspace, [write(tmp_path, "train.csv", "date,item,sales\n" + rows)])


@pytest.mark.parametrize("other, asked", [("3", True), ("2", False)])
def test_two_columns_of_units_are_asked_about_where_they_differ(workspace, tmp_path, other, asked):
    rows = "".join(f"{n},2024-03-05,A,2,{other}\n" for n in range(9))
    plan = import_files(workspace, [write(tmp_path, "orders.csv", "order_id,date,sku,quantity,units_sold\n" + rows)], dry_run=True)
    assert [q.argument() for q in plan.open()] == ["--column orders.units=quantity"] * asked


def test_a_quantity_in_parts_of_a_unit_is_not_passed_over_wherever_it_stands(workspace, tmp_path):
    rows = "".join(f"{n},2024-03-05,A{n % 7},9.90,{'' if n < 2500 else '0.5'}\n" for n in range(3000))
    with pytest.raises(UserError, match="it needs columns for units"):
        import_files(workspace, [write(tmp_path, "orders.csv", "order_id,date,sku,price,gewicht\n" + rows)])


def test_a_blank_column_takes_the_place_of_no_other(workspace, tmp_path):
    rows = "order_number,invoice,date,sku,qty\n,I1,2024-03-05,A,1\n,I1,2024-03-05,B,1\n,I2,2024-03-06,A,1\n"
    import_files(workspace, [write(tmp_path, "orders.csv", rows)])
    assert stored(workspace, "select order_id, sum(units) from orders group by 1 order by 1") == [("I1", 2.0), ("I2", 1.0)]


def test_the_report_shows_the_evidence_for_a_column_that_its_name_leaves_open(workspace, tmp_path):
    rows = "".join(f"{n // 2},2024-03-05,Mug {n % 4},9.90\n" for n in range(8))
    report = import_files(workspace, [write(tmp_path, "export.csv", "id,date,name,price\n" + rows)])
    assert "id (its values are on lines of several products, like order numbers) -> order_id" in str(report.text())


@pytest.mark.parametrize("head, cell", [("sales", "12.50"), ("sales,currency", "12,USD"), ("sales,price", "12,4")])
def test_sales_that_may_be_money_are_no_units_and_no_list_of_products_either(workspace, tmp_path, head, cell):
    rows = f"date,item,{head}\n" + "".join(f"2024-03-0{day},{item},{cell}\n" for day in range(1, 7) for item in ("mug", "lamp"))
    with pytest.raises(UserError, match="train.csv has the columns .* As orders, it needs columns for units"):
        import_files(workspace, [write(tmp_path, "train.csv", rows)])
    assert not workspace.warehouse.exists()


@pytest.mark.parametrize("file", ["train.csv", "sales.csv"])
def test_the_same_products_on_several_days_are_no_list_of_products(workspace, tmp_path, file):
    with pytest.raises(UserError, match=f"{file} has the columns .* As orders, it needs columns for units"):
        import_files(workspace, [write(tmp_path, file, "date,store,item,menge\n" + DAYS)])


def test_a_list_of_products_may_have_a_day_and_several_rows_of_a_style(workspace, tmp_path):
    rows = "sku,title,size,date\n" + "".join(f"{sku},Shirt {sku},{size},2024-03-0{sku}\n" for sku in (1, 2, 3) for size in "SML")
    report = import_files(workspace, [write(tmp_path, "export.csv", rows)])
    assert report.files[0].main.table == "products" and report.files[0].main.kept == 3


def test_the_lines_of_a_till_without_prices_are_of_a_unit_each(workspace, tmp_path):
    rows = "".join(f"{t},{item},30-10-2016 09:{t}0,morning\n" for t in (1, 2, 3) for item in ("Bread", "Tea", "Tea"))
    report = import_files(workspace, [write(tmp_path, "bread basket.csv", "Transaction,Item,date_time,period\n" + rows)])
    assert stored(workspace, SALES) == [("Bread", 3.0, 3), ("Tea", 6.0, 3)]
    assert add_up(report)["kept"] + add_up(report)["dropped"] == 9


def test_what_visitors_did_with_items_is_a_log_whatever_its_file_is_called(workspace, tmp_path):
    rows = (
        "event_date,event_timestamp,event_name,user_pseudo_id,item_id,item_name,price,quantity\n"
        "20240305,1709649000000000,view_item,7,A,Mug,4.5,1\n20240305,1709649060000000,begin_checkout,7,A,Mug,4.5,1\n"
        "20240305,1709649120000000,purchase,7,A,Mug,4.5,2\n20240305,1709652720000000,purchase,8,A,Mug,4.5,2\n"
    )
    report = import_files(workspace, [write(tmp_path, "ga4_items.csv", rows)])
    assert report.files[0].main.dropped == {
        "No forecast uses this kind of event.": 1,
        "The row is a purchase and is stored as an order.": 2,
    }
    assert stored(workspace, "select kind, cast(occurred_at as varchar) from events") == [("view", "2024-03-05 14:30:00")]
    assert stored(workspace, SALES) == [("A", 4.0, 2)]
    assert stored(workspace, "select count(distinct customer_id), count(distinct order_id) from orders") == [(2, 2)]


def test_what_users_did_is_no_list_of_users_whatever_its_file_is_called(workspace, tmp_path):
    rows = "".join(f"{user},7,{kind},2014-12-06 0{user}\n" for user in (1, 2) for kind in ("pv", "buy"))
    import_files(workspace, [write(tmp_path, "train_user.csv", "user_id,item_id,behavior_type,time\n" + rows)])
    assert stored(workspace, "select kind, cast(occurred_at as varchar) from events order by all") == [
        ("view", "2014-12-06 01:00:00"),
        ("view", "2014-12-06 02:00:00"),
    ]
    assert stored(workspace, SALES) == [("7", 2.0, 2)] and stored(workspace, "select count(*) from customers") == [(0,)]


def test_a_column_of_noughts_counts_no_units(workspace, tmp_path):
    rows = "order_number,create_time,seller_sku,unit_price,points\n1,2024-03-05 10:00,A,9,0\n1,2024-03-05 10:00,A,9,0\n"
    import_files(workspace, [write(tmp_path, "orders.csv", rows)])
    assert stored(workspace, "select sum(units) from orders") == [(2.0,)]


def test_what_visits_bought_is_no_customers(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "log.csv", "time,event,item_id,session_id\n2024-03-05 10:00,purchase,A,s1\n")])
    assert stored(workspace, "select customer_id from orders") == [(None,)]


def lines(price) -> str:
    """Order lines of one to three units of five products, with what `price` says of them."""
    rows = [(n, f"P{n % 5}", 1 + n % 3, 5 + n % 5) for n in range(60)]
    told = (f"{n},2024-03-{1 + n % 28:02d},{sku},{units},{price(units, each)}\n" for n, sku, units, each in rows)
    return "order_id,date,sku,qty,price\n" + "".join(told)


def test_whether_a_price_that_grows_with_the_units_is_the_total_of_the_line_is_asked(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", lines(lambda units, each: units * each))
    with pytest.raises(UserError, match="--amount price=line-total"):
        import_files(workspace, [file])
    import_files(workspace, [file], answers={"--amount price": "line-total"})
    other = "select count(*) from orders where unit_price_cents <> 100 * (5 + cast(right(product_id, 1) as int))"
    assert stored(workspace, other) == [(0,)]
    assert stored(workspace, "select count(price_cents) from products") == [(0,)]


@pytest.mark.parametrize(
    "price", [lambda units, each: each, lambda units, each: each + units, lambda units, each: units * each if each > 6 else each]
)
def test_prices_that_do_not_clearly_grow_with_the_units_are_those_of_a_unit(workspace, tmp_path, price):
    report = import_files(workspace, [write(tmp_path, "orders.csv", lines(price))])
    assert not report.files[0].questions
    assert stored(workspace, "select max(unit_price_cents) from orders")[0][0] == 100 * max(price(1 + n % 3, 5 + n % 5) for n in range(60))


def test_a_mapping_that_names_the_price_means_it(workspace, tmp_path):
    said = '[orders]\nordered_at = "date"\nproduct_id = "sku"\nunits = "qty"\nunit_price = "price"\norder_id = "order_id"\n'
    mapping = write(tmp_path, "m.toml", said)
    import_files(workspace, [write(tmp_path, "orders.csv", lines(lambda units, each: units * each))], mapping=mapping)
    assert stored(workspace, "select max(unit_price_cents) from orders") == [(2700,)]


@pytest.mark.parametrize("values, read", [(("0.2", "0", "0.15"), False), (("0.2", "0", "1.5"), True), (("0", "0", "1"), True)])
def test_a_discount_between_zero_and_one_is_a_share_and_no_money(workspace, tmp_path, values, read):
    rows = "".join(f"{n},2024-03-05,A,1,9,{value}\n" for n, value in enumerate(values * 10))
    report = import_files(workspace, [write(tmp_path, "orders.csv", "order_id,date,sku,qty,price,discount\n" + rows)])
    assert ("Column 'discount' is not read" in str(report.text())) is not read
    assert (stored(workspace, "select sum(discount_cents) from orders")[0][0] is not None) is read


def mailed(goods: list[tuple[str, str]]) -> str:
    """Order lines of these ids and names, each of another buyer."""
    lines = (f"{n},2024-03-05 10:00:{n:02d},b{n}@x.com,{sku},{name},1\n" for n, (sku, name) in enumerate(goods))
    return "order_id,created_at,customer_email,sku,name,qty\n" + "".join(lines)


def test_a_name_that_all_lines_of_a_product_share_is_the_products_though_mails_stand_beside(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", mailed([("A", "Mug"), ("B", "Lamp")] * 4))])
    assert stored(workspace, "select product_id, title from products order by 1") == [("A", "Mug"), ("B", "Lamp")]


def test_a_name_that_may_be_the_buyers_is_not_read_and_keeps_no_sale_out(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "orders.csv", mailed([("A", "Ann Lee"), ("B", "Bo Wu")]))])
    assert stored(workspace, "select product_id, title from products order by 1") == [("A", "A"), ("B", "B")]
    assert add_up(report)["kept"] == 2 and str(report.files[0].outside["name"]) == "names of people"


def test_a_file_without_a_line_of_names_says_so(workspace, tmp_path):
    with pytest.raises(UserError, match=r"The first line of log.csv has 1, 268318, 2520377, pv, 1511544070, which look like values"):
        import_files(workspace, [write(tmp_path, "log.csv", "1,268318,2520377,pv,1511544070\n1,268319,2520377,buy,1511544071\n")])
