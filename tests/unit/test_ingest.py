"""From files to canonical tables: counts that add up, imports that repeat, every kind of export."""

from __future__ import annotations

import datetime
import json

import openpyxl
import pytest
from fixtures.importing import ORDER_LINES, ORDERS, PRODUCTS, add_up, import_adds_up, notes, stored, write
from hypothesis import HealthCheck, given, settings

from core.errors import UserError
from core.ingest import import_files
from core.settings import ShopSettings
from core.storage import duckdb as db


def test_products_and_orders_of_canonical_names_need_no_mapping(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "products.csv", PRODUCTS), write(tmp_path, "orders.csv", ORDERS)])
    assert add_up(report) == {"read": 5, "kept": 5, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select product_id, title, price_cents from products order by 1") == [
        ("A1", "Red mug", 450),
        ("B2", "Blue lamp", 1900),
    ]
    assert stored(
        workspace, "select product_id, units, unit_price_cents, order_id, order_count from orders order by ordered_at, units"
    ) == [("A1", 2.0, 450, "o1", 1), ("A1", -1.0, 450, "o1", 1), ("B2", 1.0, 1900, "o2", 1)]
    assert stored(workspace, "select table_name, rows_read, rows_kept, first_day::varchar, last_day::varchar from imports order by 1") == [
        ("orders", 3, 3, "2024-03-01", "2024-03-02"),
        ("products", 2, 2, None, None),
    ]


def test_a_second_import_of_the_same_file_changes_nothing(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", ORDERS)
    import_files(workspace, [file])
    before = (
        workspace.warehouse.read_bytes(),
        stored(workspace, "select * from orders order by all"),
        stored(workspace, "select * from imports"),
    )
    again = import_files(workspace, [file])
    assert add_up(again) == {"read": 3, "kept": 0, "dropped": 3, "quarantined": 0}
    assert again.as_dict()["files"][0]["tables"]["orders"]["dropped_by_reason"] == {"The same file was imported before.": 3}
    assert (stored(workspace, "select * from orders order by all"), stored(workspace, "select * from imports")) == before[1:]


def test_a_newer_export_of_overlapping_dates_adds_only_what_is_new(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    newer = ORDERS + "2024-03-05 09:00,B2,3,18.00,o3,c2,Germany\n"
    report = import_files(workspace, [write(tmp_path, "orders_march.csv", newer)])
    assert add_up(report) == {"read": 4, "kept": 1, "dropped": 3, "quarantined": 0}
    assert stored(workspace, "select count(*), sum(units) from orders") == [(4, 5.0)]
    assert stored(workspace, "select first_day::varchar from touched where table_name = 'orders' order by import_id") == [
        ("2024-03-01",),
        ("2024-03-05",),
    ]


def test_equal_anonymous_lines_are_two_sales_and_an_overlapping_export_adds_none_twice(workspace, tmp_path):
    lines = "date,sku,qty\n2024-03-01 10:00,A1,1\n2024-03-01 10:00,A1,1\n2024-03-01 12:00,B2,1\n"
    first = import_files(workspace, [write(tmp_path, "sales.csv", lines)])
    assert add_up(first)["kept"] == 3
    more = lines + "2024-03-01 10:00,A1,1\n2024-03-02 12:00,B2,1\n"
    second = import_files(workspace, [write(tmp_path, "sales_newer.csv", more)])
    assert add_up(second) == {"read": 5, "kept": 2, "dropped": 3, "quarantined": 0}
    assert stored(workspace, "select product_id, count(*) from orders group by 1 order by 1") == [("A1", 3), ("B2", 2)]


def test_lines_of_one_order_that_are_equal_are_as_many_sales(workspace, tmp_path):
    twice = ORDERS + ORDERS.splitlines()[1] + "\n"
    report = import_files(workspace, [write(tmp_path, "orders.csv", twice)])
    assert add_up(report) == {"read": 4, "kept": 4, "dropped": 0, "quarantined": 0}


def test_an_order_that_an_overlapping_export_tells_again_counts_once(workspace, tmp_path):
    def order(number: int, *lines: tuple[str, int]) -> str:
        return "".join(f"2024-03-{number:02} 10:00,{sku},{units},4.50,o{number},c1,\n" for sku, units in lines)

    header = ORDERS.splitlines()[0] + "\n"
    march = [order(1, ("A1", 1), ("B2", 1)), order(2, ("A1", 1), ("A1", 1), ("B2", 3)), order(3, ("A1", 1)), order(4, ("B2", 2))]
    report = import_files(workspace, [write(tmp_path, "orders.csv", header + "".join(march + march[1:] + [order(5, ("A1", 1))]))])
    assert add_up(report) == {"read": 13, "kept": 8, "dropped": 5, "quarantined": 0}
    assert stored(workspace, "select order_id, count(*) from orders group by 1 order by 1") == [
        ("o1", 2),
        ("o2", 3),
        ("o3", 1),
        ("o4", 1),
        ("o5", 1),
    ]
    assert "1 row equals another one of its order and counts as one more sale." in notes(report, 0)


def test_an_order_in_two_parts_keeps_lines_that_both_parts_have(workspace, tmp_path):
    header, day = ORDERS.splitlines()[0] + "\n", "2024-03-01 10:00,{0},1,4.50,{1},c1,\n"
    rest = "".join(day.format(sku, f"o{number}") for number in range(2, 12) for sku in ("A1", "B2"))
    parts = day.format("A1", "o1") + day.format("B2", "o1"), day.format("A1", "o1") + day.format("C3", "o1")
    import_files(workspace, [write(tmp_path, "orders.csv", header + parts[0] + rest + parts[1])])
    assert stored(workspace, "select product_id, count(*) from orders where order_id = 'o1' group by 1 order by 1") == [
        ("A1", 2),
        ("B2", 1),
        ("C3", 1),
    ]


def test_a_file_that_ends_with_its_header_says_so_and_does_not_keep_the_others_out(workspace, tmp_path):
    files = [write(tmp_path, "quiet_day.csv", "order_id,date,sku,qty,country\n"), write(tmp_path, "orders.csv", ORDERS)]
    report = import_files(workspace, files)
    assert add_up(report) == {"read": 3, "kept": 3, "dropped": 0, "quarantined": 0}
    assert "The file has no rows below its header." in notes(report, 0) and "no rows" not in notes(report, 1)


def test_days_that_could_be_months_are_read_as_an_earlier_file_of_the_layout_shows(workspace, tmp_path):
    def days(name: str, *dates: str, **options) -> list[str]:
        rows = "".join(f"{d},{name},1\n" for d in dates)
        import_files(workspace, [write(tmp_path, f"{name}.csv", "date,sku,qty\n" + rows)], **options)
        read = stored(workspace, f"select cast(ordered_at as date)::varchar from orders where product_id = '{name}' order by 1")
        return [day for (day,) in read]

    assert days("january", *(f"1/{d}/2024" for d in range(1, 29))) == [f"2024-01-{d:02}" for d in range(1, 29)]
    assert days("february", "2/5/2024", "2/6/2024") == ["2024-02-05", "2024-02-06"]
    assert days("december", *(f"12/{d}/2023" for d in range(1, 13))) == [f"2023-12-{d:02}" for d in range(1, 13)]
    assert days("march", "2/3/2024", answers={"--date-format date": "dmy"}) == ["2024-03-02"]
    assert days("april", "2/4/2024") == ["2024-04-02"]


def test_ids_that_a_spreadsheet_has_rounded_are_quarantined_and_guarded_ones_are_read(workspace, tmp_path):
    lines = 'date,sku,qty,title\n2024-03-01,4.00638E+12,1,Mug\n2024-03-01,4.00638E+12,2,Lamp\n2024-03-02,="00123",3,Rug\n'
    report = import_files(workspace, [write(tmp_path, "orders.csv", lines), write(tmp_path, "products.csv", "sku,title\n00123,Wool rug\n")])
    assert add_up(report) == {"read": 4, "kept": 2, "dropped": 0, "quarantined": 2}
    assert stored(workspace, "select product_id, units from orders") == [("00123", 3)]
    assert stored(workspace, "select product_id, title from products") == [("00123", "Wool rug")]
    assert stored(workspace, "select line, value, reason from quarantine order by line") == [
        (n, None, "A spreadsheet has rounded an id.") for n in (2, 3)
    ]
    assert "Column 'sku': a spreadsheet has rounded the ids of 2 rows. Export ids as text." in notes(report, 0)


def test_a_discount_in_percent_is_quarantined_and_not_taken_for_cents(workspace, tmp_path):
    lines = "date,sku,qty,price,discount\n2024-03-01,A1,1,5.00,20%\n2024-03-01,B2,1,5.00,0.20\n2024-03-02,A1,1,5.00,\n"
    report = import_files(workspace, [write(tmp_path, "orders.csv", lines)])
    assert add_up(report) == {"read": 3, "kept": 2, "dropped": 0, "quarantined": 1}
    assert stored(workspace, "select product_id, discount_cents from orders order by ordered_at") == [("B2", 20), ("A1", None)]
    assert stored(workspace, "select line, reason from quarantine") == [(2, "A percentage where an amount is expected.")]
    promotions = write(tmp_path, "promotions.csv", "sku,starts_on,ends_on,discount\nA1,2024-03-01,2024-03-08,20%\n")
    import_files(workspace, [promotions])
    assert stored(workspace, "select discount from promotions") == [(0.2,)]


AGGREGATE = (
    "日期,商品名称,销量,单价,类目\n"
    "2024-03-01,青花瓷 茶杯,3,25.00,茶具\n"
    "2024-03-01,竹编  灯笼,1,80.00,灯饰\n"
    "2024-03-02,青花瓷 茶杯,5,25.00,茶具\n"
)


def test_an_export_of_totals_without_product_ids_takes_the_name_as_id(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "export.csv", AGGREGATE)])
    assert add_up(report)["kept"] == 3
    assert "read as totals" in str(report.text())
    assert stored(workspace, "select product_id, title, category from products order by 1") == [
        ("竹编 灯笼", "竹编 灯笼", "灯饰"),
        ("青花瓷 茶杯", "青花瓷 茶杯", "茶具"),
    ]
    assert stored(workspace, "select sum(units), sum(order_count), count(order_id) from orders") == [(9.0, 9, 0)]


def test_a_newer_export_of_totals_replaces_the_days_it_repeats(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "export.csv", AGGREGATE)])
    newer = (
        "日期,商品名称,销量,单价,类目\n2024-03-02,青花瓷 茶杯,7,25.00,茶具\n"
        "2024-03-03,青花瓷 茶杯,2,25.00,茶具\n2024-03-01,竹编 灯笼,1,80.00,灯饰\n"
    )
    report = import_files(workspace, [write(tmp_path, "export2.csv", newer)])
    assert add_up(report) == {"read": 3, "kept": 2, "dropped": 1, "quarantined": 0}
    assert stored(workspace, "select ordered_at::date::varchar, units from orders where product_id = '青花瓷 茶杯' order by 1") == [
        ("2024-03-01", 3.0),
        ("2024-03-02", 7.0),
        ("2024-03-03", 2.0),
    ]


def test_totals_may_say_how_many_orders_they_stand_for(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "daily.csv", "day,sku,units sold,orders\n2024-03-01,A1,9,4\n2024-03-02,A1,2,2\n")])
    assert stored(workspace, "select units, order_count from orders order by 1") == [(2.0, 2), (9.0, 4)]


def test_semicolons_decimal_commas_and_chinese_names_in_gb18030_import_through_a_mapping_of_ten_lines(workspace, tmp_path):
    text = (
        "下单日期;商品编码;商品名称;类目;数量;单价\n"
        "05.03.2024;001;陶瓷花瓶;家居;2;12,50\n"
        "17.03.2024;002;羊毛围巾;服饰;1.000;1.299,00\n"
        "18.03.2024;001;陶瓷花瓶;家居;x;12,50\n"
    )
    mapping = write(
        tmp_path,
        "shop.toml",
        '[orders]\nordered_at = "下单日期"\nproduct_id = "商品编码"\nunits = "数量"\nunit_price = "单价"\n'
        '[products]\nproduct_id = "商品编码"\ntitle = "商品名称"\ncategory = "类目"\n',
    )
    report = import_files(workspace, [write(tmp_path, "data.txt", text, "gb18030")], mapping=mapping)
    file = report.as_dict()["files"][0]
    assert (file["encoding"], file["delimiter"]) == ("gb18030", ";")
    assert add_up(report) == {"read": 3, "kept": 2, "dropped": 0, "quarantined": 1}
    assert stored(workspace, "select ordered_at::date::varchar, product_id, units, unit_price_cents from orders order by 1") == [
        ("2024-03-05", "001", 2.0, 1250),
        ("2024-03-17", "002", 1000.0, 129900),
    ]
    assert stored(workspace, "select * exclude (import_id) from quarantine") == [
        ("data.txt", "orders", 4, "units", "x", "The number cannot be read.")
    ]
    assert stored(workspace, "select product_id, title, category from products order by 1") == [
        ("001", "陶瓷花瓶", "家居"),
        ("002", "羊毛围巾", "服饰"),
    ]


def test_every_failing_row_is_quarantined_with_its_line_column_value_and_reason(workspace, tmp_path):
    rows = [
        "2024-03-01,A1,2,4.50",
        "someday,A1,1,4.50",
        "2024-03-01,,1,4.50",
        "2024-03-01,A1,0,4.50",
        "2024-03-01,A1,two,4.50",
        "1970-01-01,A1,1,4.50",
        "2999-01-01,A1,1,4.50",
        "2024-03-01,A1,1,-4.50",
        "2024-03-01,A1,1",
        ",A1,1,4.50",
    ]
    report = import_files(workspace, [write(tmp_path, "orders.csv", "ordered_at,product_id,units,unit_price\n" + "\n".join(rows) + "\n")])
    assert add_up(report) == {"read": 10, "kept": 1, "dropped": 0, "quarantined": 9}
    assert stored(workspace, "select line, column_name, value, reason from quarantine order by line") == [
        (3, "ordered_at", "someday", "The date cannot be read."),
        (4, "product_id", None, "The product id is missing."),
        (5, "units", "0", "The units are zero."),
        (6, "units", "two", "The number cannot be read."),
        (7, "ordered_at", "1970-01-01", "The date is before 1990."),
        (8, "ordered_at", "2999-01-01", "The date is in the future."),
        (9, "unit_price", "-4.50", "The price is below zero."),
        (10, None, None, "The row has fewer fields than the header."),
        (11, "ordered_at", None, "The date is missing."),
    ]


def test_a_product_that_is_sold_but_not_described_is_titled_by_its_id(workspace, tmp_path):
    report = import_files(
        workspace, [write(tmp_path, "products.csv", "product_id,title\nA1,Red mug\nB2,\n"), write(tmp_path, "orders.csv", ORDERS)]
    )
    assert stored(workspace, "select product_id, title from products order by 1") == [("A1", "Red mug"), ("B2", "B2")]
    assert "has no name. Its number is used as the name" in notes(report)
    import_files(workspace, [write(tmp_path, "more_products.csv", "product_id,title\nB2,Blue lamp\n")])
    assert stored(workspace, "select title from products where product_id = 'B2'") == [("Blue lamp",)]


def test_a_newer_list_of_products_replaces_only_the_columns_it_has(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "products.csv", PRODUCTS)])
    report = import_files(
        workspace, [write(tmp_path, "product_prices.csv", "product_id,title,price\nA1,Red mug,5.00\nB2,Blue lamp,19.00\n")]
    )
    assert add_up(report) == {"read": 2, "kept": 1, "dropped": 1, "quarantined": 0}
    assert stored(workspace, "select category, price_cents from products order by product_id") == [("kitchen", 500), ("lighting", 1900)]


def test_prices_in_another_currency_than_the_shops_are_left_out(workspace, tmp_path):
    text = "product_id,title,price,currency\nA1,a,1.00,EUR\nA2,b,2.00,EUR\nA3,c,3.00,usd\n"
    report = import_files(workspace, [write(tmp_path, "products.csv", text)])
    assert workspace.settings().shop.currency == "EUR"
    assert stored(workspace, "select product_id, price_cents, currency from products order by 1") == [
        ("A1", 100, "EUR"),
        ("A2", 200, "EUR"),
        ("A3", None, "USD"),
    ]
    assert "another currency" in notes(report)


def test_settings_that_a_person_wrote_are_not_changed_by_the_data(workspace, tmp_path):
    workspace.settings_file.write_text('[shop]\ncurrency = "GBP"\nsegment_attribute = "channel"\n')
    import_files(
        workspace,
        [write(tmp_path, "products.csv", "product_id,title,price,currency\nA1,a,1.00,EUR\n"), write(tmp_path, "orders.csv", ORDERS)],
    )
    assert (workspace.settings().shop.currency, workspace.settings().shop.segment_attribute) == ("GBP", "channel")


def test_countries_and_segments_are_taken_from_the_orders(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert workspace.settings().shop.segment_attribute == "country"
    assert workspace.settings().shop.countries == ("GB", "DE")


def test_holidays_are_of_the_country_whose_money_it_is_until_orders_say_a_country(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "products.csv", "product_id,title,price,currency\nA1,a,1.00,USD\n")])
    assert workspace.settings().shop.holiday_countries == ("US",) and "Public holidays are those of US." in notes(report)
    report = import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert workspace.settings().shop.holiday_countries == ("GB", "DE") and "Public holidays are those of GB, DE." in notes(report)


@pytest.mark.parametrize("currency", ["", "EUR", "XOF"])
def test_a_shop_whose_country_nothing_tells_has_no_holidays(currency):
    assert ShopSettings(currency=currency).holiday_countries == ()


def test_every_optional_table_is_checked_and_stored(workspace, tmp_path):
    files = [
        write(
            tmp_path,
            "events.csv",
            "occurred_at,product_id,kind,visitor_id\n2024-03-01 10:00:01,A1,pageview,v1\n2024-03-01 10:00:01,A1,view,v1\n"
            "2024-03-01 10:01,A1,scroll,v1\n",
        ),
        write(
            tmp_path,
            "reviews.jsonl",
            json.dumps({"review_id": 7, "created_at": "2024-03-02", "product_id": "A1", "rating": 5, "body": "ok"})
            + "\n"
            + json.dumps({"review_id": 8, "created_at": "2024-03-02", "product_id": "A1", "rating": 9, "body": "ok"})
            + "\nnonsense\n",
        ),
        write(tmp_path, "customers.csv", "customer_id,tier,age_band\nc1,gold,25-34\nc2,silver,\n"),
        write(tmp_path, "stock.csv", "day,product_id,on_hand\n2024-03-01,A1,5\n2024-03-02,A1,-3\n"),
        write(
            tmp_path,
            "promotions.csv",
            "product_id,starts_on,ends_on,discount\nA1,2024-03-01,2024-03-07,20%\nA1,2024-03-09,2024-03-08,0.1\n",
        ),
        write(tmp_path, "market.csv", "day,series,value,category\n2024-03-01,search_interest,61,kitchen\n"),
        write(tmp_path, "links.csv", "source,relation,target\nA1,complements,B2\n"),
    ]
    report = import_files(workspace, files)
    assert add_up(report) == {"read": 14, "kept": 9, "dropped": 1, "quarantined": 4}
    assert stored(workspace, "select reason from quarantine order by 1") == [
        ("The kind of event is unknown.",),
        ("The line is not a JSON object.",),
        ("The promotion ends before it starts.",),
        ("The rating is below 1 or above the highest rating (`rating_scale` in [options] of the mapping, 5 by default).",),
    ]
    assert stored(workspace, "select attribute, value from customers order by all") == [
        ("age_band", "25-34"),
        ("tier", "gold"),
        ("tier", "silver"),
    ]
    assert stored(workspace, "select discount from promotions") == [(0.2,)]
    assert stored(workspace, "select kind, count(*) from events group by 1") == [("view", 1)]


def test_a_report_of_daily_views_and_carts_stands_for_that_many_events(workspace, tmp_path):
    text = "日期,商品编码,浏览量,加购件数\n2024-03-01,A1,5,1\n2024-03-02,A1,0,0\n"
    first = import_files(workspace, [write(tmp_path, "traffic.csv", text)])
    assert add_up(first)["kept"] == 1
    assert stored(workspace, "select kind, count(*) from events group by 1 order by 1") == [("cart", 1), ("view", 5)]
    second = import_files(workspace, [write(tmp_path, "traffic2.csv", "日期,商品编码,浏览量,加购件数\n2024-03-01,A1,8,1\n")])
    assert add_up(second)["kept"] == 1
    assert stored(workspace, "select kind, count(*) from events group by 1 order by 1") == [("cart", 1), ("view", 8)]


def test_sales_and_views_of_one_report_feed_both_tables(workspace, tmp_path):
    text = "统计日期,商品ID,商品名称,浏览量,支付件数,支付金额\n2024-03-01,9,茶杯,40,2,50.00\n2024-03-02,9,茶杯,10,1,25.00\n"
    report = import_files(workspace, [write(tmp_path, "report.csv", text)])
    assert add_up(report) == {"read": 2, "kept": 2, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select units, unit_price_cents from orders order by 1") == [(1.0, 2500), (2.0, 2500)]
    assert stored(workspace, "select count(*) from events") == [(50,)]
    assert stored(workspace, "select title from products") == [("茶杯",)]


def test_cancelled_orders_by_status_are_set_aside_with_their_units(workspace, tmp_path):
    report = import_files(
        workspace,
        [write(tmp_path, "orders.csv", "order date,sku,qty,order id,status\n2024-03-01,A1,2,o1,paid\n2024-03-01,A1,3,o2,Cancelled\n")],
    )
    assert stored(workspace, "select order_id, units from orders order by 1") == [("o1", 2.0)]
    main = report.files[0].main
    assert [(one.name, one.rows, one.units) for one in main.aside_lines] == [("Cancelled", 1, 3.0)]
    assert {one.value: one.counts_as for one in main.states} == {"paid": "sale", "Cancelled": "not a sale"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDER_LINES)
def test_read_is_always_kept_plus_dropped_plus_quarantined(tmp_path_factory, lines):
    import_adds_up(tmp_path_factory.mktemp("identity"), lines)


def test_names_of_customers_columns_may_be_anything(workspace, tmp_path):
    text = 'customer_id,"it\'s ""odd""; drop table x; tier",Tier,tier\nc1,a,gold,silver\n'
    import_files(workspace, [write(tmp_path, "customers.csv", text)])
    assert stored(workspace, "select attribute, value from customers order by all") == [
        ("Tier", "gold"),
        ('it\'s "odd"; drop table x; tier', "a"),
        ("tier", "silver"),
    ]


def test_a_customer_whose_attributes_change_touches_the_days_of_his_orders_only(workspace, tmp_path):
    import_files(
        workspace, [write(tmp_path, "orders.csv", ORDERS), write(tmp_path, "customers.csv", "customer_id,tier\nc1,gold\nc2,gold\n")]
    )
    with db.connect(workspace.warehouse) as con:
        con.execute("delete from touched").fetchall()
    import_files(workspace, [write(tmp_path, "customers2.csv", "customer_id,tier\nc1,gold\nc2,silver\nc9,gold\n")])
    assert stored(workspace, "select table_name, first_day::varchar from touched") == [("customers", "2024-03-02")]


def test_a_file_of_which_no_row_is_fit_says_so(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "orders.csv", "date,sku,qty\nMarch,A1,1\nApril,A1,2\n")])
    assert add_up(report)["quarantined"] == 2
    assert "No row can be stored as orders." in notes(report, 0)


def test_a_workbook_with_orders_and_products_feeds_both(workspace, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Orders"
    for row in (
        ["Order date", "SKU", "Qty", "Price"],
        [datetime.datetime(2024, 3, 5), 1001, 2, 4.5],
        [datetime.datetime(2024, 3, 6), 1002, 1, "£3.20"],
    ):
        book.active.append(row)
    sheet = book.create_sheet("Products")
    for row in (["SKU", "Name"], [1001, "Mug"], [1002, "Lamp"]):
        sheet.append(row)
    book.save(tmp_path / "shop.xlsx")
    report = import_files(workspace, [tmp_path / "shop.xlsx"])
    assert [(f.file, f.main.table) for f in report.files] == [("shop.xlsx#Orders", "orders"), ("shop.xlsx#Products", "products")]
    assert stored(workspace, "select p.title, unit_price_cents from orders join products p using (product_id) order by 1") == [
        ("Lamp", 320),
        ("Mug", 450),
    ]
    assert add_up(import_files(workspace, [tmp_path / "shop.xlsx"])) == {"read": 4, "kept": 0, "dropped": 4, "quarantined": 0}


def test_day_and_month_are_decided_by_the_whole_column_and_asked_where_it_does_not_say(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", "date,sku,qty\n03/04/2024,A1,1\n03/25/2024,A1,2\n")])
    assert stored(workspace, "select ordered_at::date::varchar from orders order by 1") == [("2024-03-04",), ("2024-03-25",)]
    doubtful = write(tmp_path, "orders2.csv", "sku,date,qty,price\nB1,03/04/2024,1,5\n")
    with pytest.raises(UserError, match="--date-format date=dmy"):  # which is nearer to the stored days
        import_files(workspace, [doubtful])
    import_files(workspace, [doubtful], answers={"--date-format date": "dmy"})
    mapping = write(
        tmp_path, "m.toml", '[orders]\nordered_at = "date"\nproduct_id = "sku"\nunits = "qty"\n[options]\ndate_format = "mdy"\n'
    )
    import_files(workspace, [write(tmp_path, "orders3.csv", "date,sku,qty\n03/04/2024,C1,1\n")], mapping=mapping)
    assert stored(workspace, "select product_id, ordered_at::date::varchar from orders where product_id in ('B1', 'C1') order by 1") == [
        ("B1", "2024-04-03"),
        ("C1", "2024-03-04"),
    ]


def test_order_lines_in_another_currency_keep_their_units_and_lose_their_price_and_discount(workspace, tmp_path):
    text = (
        "date,sku,qty,price,discount,currency\n"
        "2024-03-01,A1,1,5.00,0.50,GBP\n2024-03-02,A1,2,6.00,0.60,GBP\n2024-03-03,A1,3,7.00,0.70,EUR\n"
    )
    import_files(workspace, [write(tmp_path, "orders.csv", text)])
    assert stored(workspace, "select units, unit_price_cents, discount_cents from orders order by 1") == [
        (1.0, 500, 50),
        (2.0, 600, 60),
        (3.0, None, None),
    ]


def test_the_report_for_programs_adds_up_in_every_file_and_table(workspace, tmp_path):
    text = "ordered_at,product_id,units,order_id\n2024-03-01,A1,1,o1\n2024-03-01,A1,1,o2\n2024-03-01,A1,1,o1\nbad,A1,1,o2\n"
    report = import_files(workspace, [write(tmp_path, "orders.csv", text), write(tmp_path, "products.csv", PRODUCTS)]).as_dict()
    assert report["totals"] == {"read": 6, "kept": 4, "dropped": 1, "quarantined": 1, "set_aside": 0}
    assert json.loads(json.dumps(report)) == report
    for file in report["files"]:
        for counts in file["tables"].values():
            assert counts["read"] == counts["kept"] + counts["dropped"] + counts["quarantined"] + counts["set_aside"]
            assert counts["dropped"] == sum(counts["dropped_by_reason"].values())
            assert counts["quarantined"] == sum(counts["quarantined_by_reason"].values())
