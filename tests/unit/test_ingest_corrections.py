"""Files that say anew what is stored: corrected orders, a better mapping of the same file, and going back."""

from __future__ import annotations

import pytest
from fixtures.importing import ORDERS, add_up, stored, write

from core.errors import UserError
from core.ingest import import_files

HEAD = "ordered_at,product_id,units,unit_price,order_id\n"
LINES = "select order_id, product_id, units, unit_price_cents from orders order by all"
MAPPING = '[orders]\nordered_at = "ordered_at"\nproduct_id = "product_id"\nunits = "units"\n'


def test_a_corrected_export_takes_the_place_of_the_lines_that_it_tells_anew(workspace, tmp_path):
    first = HEAD + "2024-03-01 10:00,A1,2,4.50,o1\n2024-03-01 10:00,B2,1,19.00,o1\n2024-03-02 11:00,A1,1,4.50,o2\n"
    import_files(workspace, [write(tmp_path, "orders.csv", first)])
    newer = HEAD + "2024-03-01 10:00,A1,3,4.50,o1\n2024-03-01 10:00,B2,1,19.00,o1\n2024-03-02 11:05,A1,1,4.00,o2\n2024-03-03,A1,1,4.50,o3\n"
    report = import_files(workspace, [write(tmp_path, "newer.csv", newer)])
    assert add_up(report) == {"read": 4, "kept": 3, "dropped": 1, "quarantined": 0}
    assert "3 kept, 1 skipped, 0 rejected. 2 kept rows replace stored ones." in str(report.text())
    assert stored(workspace, LINES) == [("o1", "A1", 3, 450), ("o1", "B2", 1, 1900), ("o2", "A1", 1, 400), ("o3", "A1", 1, 450)]
    assert stored(workspace, "select first_day::varchar from touched order by import_id") == [("2024-03-01",), ("2024-03-01",)]


def test_an_order_that_goes_on_in_another_file_keeps_its_lines(workspace, tmp_path):
    one = write(tmp_path, "page1.csv", HEAD + "2024-03-01,A1,2,4.50,o1\n2024-03-01,A1,2,4.50,o2\n")
    two = write(tmp_path, "page2.csv", HEAD + "2024-03-01,A1,1,4.00,o2\n2024-03-01,B2,1,19.00,o2\n")
    import_files(workspace, [one, two], answers={"--same-orders": "both"})
    lines = [("o1", "A1", 2, 450), ("o2", "A1", 1, 400), ("o2", "A1", 2, 450), ("o2", "B2", 1, 1900)]
    assert stored(workspace, LINES) == lines
    import_files(workspace, [write(tmp_path, "page3.csv", HEAD + "2024-03-01,C3,1,1.00,o2\n")])
    assert stored(workspace, LINES) == [*lines, ("o2", "C3", 1, 100)]
    import_files(workspace, [one, two], answers={"--same-orders": "both"})
    assert stored(workspace, LINES) == lines


def test_receipt_numbers_that_start_anew_every_day_are_other_orders(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "monday.csv", HEAD + "2024-03-04,A1,2,4.50,1\n")])
    import_files(workspace, [write(tmp_path, "tuesday.csv", HEAD + "2024-03-05,A1,3,4.50,1\n")])
    assert stored(workspace, "select units from orders order by ordered_at") == [(2,), (3,)]


def test_a_better_mapping_of_the_same_orders_adds_no_line_twice(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", ORDERS)
    import_files(workspace, [file], mapping=write(tmp_path, "poor.toml", MAPPING + 'order_id = "order_id"\n'))
    better = write(tmp_path, "better.toml", MAPPING + 'order_id = "order_id"\nunit_price = "unit_price"\ncountry = "country"\n')
    assert add_up(import_files(workspace, [file], mapping=better)) == {"read": 3, "kept": 3, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select units, unit_price_cents, country from orders order by ordered_at, 1") == [
        (2, 450, "United Kingdom"),
        (-1, 450, "United Kingdom"),
        (1, 1900, "Germany"),
    ]


def test_another_reading_of_a_file_without_order_ids_is_refused_but_rows_that_are_fit_only_now_are_added(workspace, tmp_path):
    file = write(tmp_path, "sales.csv", "ordered_at,product_id,units,unit_price\n" + "2024-03-01,A1,2,4.5\n" * 2 + "March 2,B2,1,9\n")
    import_files(workspace, [file], mapping=write(tmp_path, "poor.toml", MAPPING))
    reads_more = MAPPING.replace('product_id = "product_id"', 'product_id = "product_id"\nchannel = "unit_price"')
    with pytest.raises(UserError) as error:
        import_files(workspace, [file], mapping=write(tmp_path, "better.toml", reads_more))
    assert str(error.value).startswith("2 rows of sales.csv differ") and "new workspace" in str(error.value.to_do)
    assert stored(workspace, "select count(*) from orders") == [(2,)]
    longer = write(
        tmp_path,
        "longer.toml",
        '[orders]\nproduct_id = "product_id"\nunits = "units"\nordered_at = {column = "ordered_at", values = {"March 2" = "2024-03-02"}}\n',
    )
    assert add_up(import_files(workspace, [file], mapping=longer)) == {"read": 3, "kept": 1, "dropped": 2, "quarantined": 0}


def test_a_file_that_was_imported_before_is_read_again_after_another_one_has_changed_what_it_says(workspace, tmp_path):
    lists = [write(tmp_path, f"products{n}.csv", f"sku,title,cost\nA1,Mug,{n}\n") for n in (5, 9)]
    cost = "select unit_cost_cents from products where product_id = 'A1'"
    import_files(workspace, lists)
    assert stored(workspace, cost) == [(900,)]
    assert add_up(import_files(workspace, lists[:1]))["kept"] == 1
    assert stored(workspace, cost) == [(500,)]
    assert import_files(workspace, lists[:1]).files[0].main.dropped == {"The same file was imported before.": 1}


def test_what_is_refused_of_a_file_is_kept_once_however_often_it_is_read(workspace, tmp_path):
    old = write(tmp_path, "orders.csv", HEAD + "2024-03-01,A1,2,4.50,o1\nsomeday,A1,2,4.50,o2\n")
    import_files(workspace, [old])
    import_files(workspace, [write(tmp_path, "newer.csv", HEAD + "2024-03-01,A1,3,4.50,o1\n")])
    assert add_up(import_files(workspace, [old])) == {"read": 2, "kept": 1, "dropped": 0, "quarantined": 1}
    assert stored(workspace, LINES) == [("o1", "A1", 2, 450)] and stored(workspace, "select line from quarantine") == [(3,)]


def test_a_folder_of_exports_is_not_read_anew_because_it_has_grown(workspace, tmp_path):
    files = [write(tmp_path, f"orders{d}.csv", HEAD + f"2024-03-0{d},A1,2,4.50,o1\n2024-03-0{d + 1},A1,1,4.50,o{d}\n") for d in (1, 2, 3)]
    import_files(workspace, files[:2])
    report = import_files(workspace, files)
    assert [f.main.dropped for f in report.files] == [{"The same file was imported before.": 2}] * 2 + [{}]


def test_importing_again_brings_back_the_prices_that_another_currency_left_out(workspace, tmp_path):
    products = write(tmp_path, "products.csv", "sku,title,price,currency\nA1,a,1.00,EUR\nA2,b,2.00,EUR\nA3,c,3.00,USD\n")
    lines = "2024-03-01,A1,1,1.00,EUR,o1\n2024-03-01,A3,1,3.00,USD,o2\n"
    orders = write(tmp_path, "orders.csv", "ordered_at,sku,qty,price,currency,order_id\n" + lines)
    prices = "select price_cents from products order by product_id"
    import_files(workspace, [products, orders])
    assert stored(workspace, prices) == [(100,), (200,), (None,)]
    in_dollars, in_euros = ("USD", [(None,), (None,), (300,)], [(None,), (300,)]), ("EUR", [(100,), (200,), (None,)], [(100,), (None,)])
    for currency, told, sold in (in_dollars, in_euros):
        workspace.save_settings(workspace.settings().with_values("shop", currency=currency))
        import_files(workspace, [products, orders])
        assert stored(workspace, prices) == told and workspace.settings().shop.currency == currency
        assert stored(workspace, "select unit_price_cents from orders order by order_id") == sold
        assert add_up(import_files(workspace, [products, orders]))["kept"] == 0


def test_a_review_that_gets_another_day_leaves_the_one_it_had(workspace, tmp_path):
    for day in ("2024-03-01", "2024-03-09"):
        import_files(workspace, [write(tmp_path, f"reviews{day}.csv", f"review_id,created_at,product_id,rating\nr1,{day},A1,5\n")])
    assert stored(workspace, "select created_at::date::varchar from reviews") == [("2024-03-09",)]
    assert stored(workspace, "select first_day::varchar from touched order by import_id") == [("2024-03-01",), ("2024-03-01",)]


DAYS = "select order_id, ordered_at::date::varchar, product_id, units from orders order by all"


def test_a_newer_export_takes_the_place_of_an_order_that_is_dated_anew_or_has_fewer_lines(workspace, tmp_path):
    lines = "2024-03-01,A1,2,4.50,o1\n2024-03-01,B2,1,19.00,o1\n2024-03-01,A1,1,4.50,o2\n2024-03-02,A1,1,4.50,o3\n"
    import_files(workspace, [write(tmp_path, "march.csv", HEAD + lines)])
    newer = "2024-03-01,A1,2,4.50,o1\n2024-03-05,A1,3,4.50,o2\n2024-03-02,A1,1,4.50,o3\n"
    import_files(workspace, [write(tmp_path, "newer.csv", HEAD + newer)])
    assert stored(workspace, DAYS) == [("o1", "2024-03-01", "A1", 2), ("o2", "2024-03-05", "A1", 3), ("o3", "2024-03-02", "A1", 1)]
    assert stored(workspace, "select first_day::varchar from touched order by import_id") == [("2024-03-01",), ("2024-03-01",)]


def test_an_order_that_only_gets_another_day_is_the_same_order(workspace, tmp_path):
    for day in ("2024-03-01", "2024-03-09"):
        import_files(workspace, [write(tmp_path, f"{day}.csv", HEAD + f"{day},A1,2,4.50,o1\n{day},B2,1,9.00,o1\n")])
    assert stored(workspace, DAYS) == [("o1", "2024-03-09", "A1", 2), ("o1", "2024-03-09", "B2", 1)]


def test_a_return_in_a_file_of_its_own_leaves_the_sale_and_stays_when_the_sales_come_again(workspace, tmp_path):
    sales = HEAD + "2024-03-01,A1,2,4.50,o1\n2024-03-02,A1,1,4.50,o2\n"
    import_files(workspace, [write(tmp_path, "sales.csv", sales)])
    import_files(workspace, [write(tmp_path, "week2.csv", HEAD + "2024-03-08,A1,-1,4.50,o1\n")])
    import_files(workspace, [write(tmp_path, "later.csv", sales + "2024-03-03,A1,1,4.50,o3\n")])
    assert stored(workspace, "select order_id, sum(units) from orders group by 1 order by 1") == [("o1", 1), ("o2", 1), ("o3", 1)]


def test_receipts_of_several_days_that_start_anew_are_corrected_day_by_day(workspace, tmp_path):
    days = [f"2024-03-0{day},A1,{day},4.50,{receipt}\n" for day in range(1, 5) for receipt in range(1, 4)]
    import_files(workspace, [write(tmp_path, "march.csv", HEAD + "".join(days))])
    import_files(workspace, [write(tmp_path, "again.csv", HEAD + days[0].replace(",1,4.50", ",9,4.50"))])
    assert stored(workspace, "select count(*), sum(units) from orders") == [(12, 3 * 10 + 8)]


def test_overlapping_exports_that_became_one_file_are_counted_once_and_equal_lines_of_an_order_as_many(workspace, tmp_path):
    lines = [f"2024-03-01,A1,1,4.50,o{n}\n" * 2 for n in range(20)]
    import_files(workspace, [write(tmp_path, "both.csv", HEAD + "".join(lines) + "".join(lines[-2:]))])
    assert stored(workspace, "select count(*) from orders") == [(40,)]


def test_a_file_with_rows_that_were_quarantined_can_be_imported_again(workspace, tmp_path, monkeypatch):
    from core.ingest.convert import row_checks

    file = write(tmp_path, "orders.csv", HEAD + "2024-03-01,A1,2,4.50,o1\n1989-03-01,A1,1,4.50,o2\n")
    assert add_up(import_files(workspace, [file]))["quarantined"] == 1
    monkeypatch.setattr(row_checks, "FIRST_DAY", row_checks.date(1980, 1, 1))  # the cause is gone
    assert add_up(import_files(workspace, [file]))["kept"] == 1
    assert stored(workspace, "select count(*) from orders") == [(2,)] and stored(workspace, "select count(*) from quarantine") == [(0,)]
    assert import_files(workspace, [file]).files[0].main.dropped == {"The same file was imported before.": 2}


PRODUCT = "select title, category, unit_cost_cents from products where product_id = 'A1'"


def test_what_a_newer_list_of_products_lacks_replaces_nothing(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "products.csv", "sku,title,category,cost\nA1,Walnut tray,Trays,8\n")])
    import_files(workspace, [write(tmp_path, "products_new.csv", "sku,category,cost\nA1,Wood,\n")])
    assert stored(workspace, PRODUCT) == [("Walnut tray", "Wood", 800)]


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_lists_of_products_the_newest_by_its_own_date_counts_whatever_the_order_of_imports(workspace, tmp_path, newest_first):
    old = write(tmp_path, "products_2024-01-01.csv", "sku,title,category,cost\nA1,Tray,Trays,8\n")
    new = write(tmp_path, "products_2024-02-01.csv", "sku,title,cost\nA1,Walnut tray,9\n")
    for file in [new, old] if newest_first else [old, new]:
        import_files(workspace, [file])
    assert stored(workspace, PRODUCT) == [("Walnut tray", "Trays", 900)]


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_rows_of_one_product_in_a_list_the_newest_by_its_own_date_counts(workspace, tmp_path, newest_first):
    rows = ["2024-01-01,A1,Tray,8\n", "2024-01-03,A1,Walnut tray,\n", "2024-01-02,A1,Tray,9\n"]
    lines = "".join(rows[::-1] if newest_first else rows)
    report = import_files(workspace, [write(tmp_path, "products.csv", "updated_at,sku,title,cost\n" + lines)])
    assert add_up(report) == {"read": 3, "kept": 1, "dropped": 2, "quarantined": 0}
    assert stored(workspace, "select title, unit_cost_cents, updated_at::date::varchar from products") == [
        ("Walnut tray", 900, "2024-01-03")
    ]


def test_equal_reviews_without_a_number_are_as_many_reviews_however_often_they_are_imported(workspace, tmp_path):
    reviews = "product_id,review_date,rating\n" + "A,2024-01-01,5\n" * 3 + "A,2024-01-02,4\n"
    for name in ("reviews.csv", "reviews_again.csv"):
        import_files(workspace, [write(tmp_path, name, reviews + ("A,2024-01-03,3\n" if "again" in name else ""))])
    assert stored(workspace, "select rating, count(*) from reviews group by 1 order by 1") == [(3, 1), (4, 1), (5, 3)]


def test_locations_that_come_in_files_of_their_own_add_up_and_a_total_is_no_location(workspace, tmp_path):
    head = "date,sku,location,on_hand\n"
    import_files(workspace, [write(tmp_path, "stock_east.csv", head + "2024-03-02,A1,East,5\n")])
    import_files(
        workspace, [write(tmp_path, "stock_west.csv", head + "2024-03-02,A1,West,7\n2024-03-02,A1,Total,7\n2024-03-02,B1,All,3\n")]
    )
    on_hand = "select product_id, on_hand from stock order by 1"
    assert stored(workspace, on_hand) == [("A1", 12), ("B1", 3)]
    import_files(workspace, [write(tmp_path, "stock_east2.csv", head + "2024-03-02,A1,East,4\n")])
    assert stored(workspace, on_hand) == [("A1", 11), ("B1", 3)]
