"""Small inputs that shops would really give, each with its right value: ../shared/cases/README.md has their table."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.importing import stored

from core.errors import UserError
from core.ingest import import_files
from core.storage.engine import open_engine

# ---- persons stay out


@pytest.mark.parametrize("people", [30, 300])
@pytest.mark.parametrize(
    ("language", "attributes", "outside"),
    [
        ("de", ["Ort", "age_band"], {"Vorname", "Nachname", "Strasse", "Telefon", "Kreditkarte", "IBAN"}),
        ("en", ["age_band", "city"], {"first_name", "last_name", "street", "phone", "card_number", "iban"}),
        ("zh", ["城市"], {"姓名", "手机号", "身份证号", "收货地址"}),
    ],
)
def test_a_list_of_customers_gives_places_and_age_bands_and_nothing_else(cases, workspace, language, people, attributes, outside):
    report = import_files(workspace, [cases / f"customers_{language}{people}.csv", cases / "orders_p.csv"])
    assert report.files[0].outside.keys() == outside
    assert [name for (name,) in stored(workspace, "select distinct attribute from customers order by 1")] == attributes
    assert stored(workspace, "select count(*), sum(units), count(distinct customer_id) from orders") == [(600, 600, 300)]
    assert stored(workspace, "select count(*) from customers where attribute in ('Ort', 'city', '城市')") == [(people,)]


def test_states_of_brazil_are_no_countries(cases, workspace):
    report = import_files(workspace, [cases / "mg.csv"])
    assert workspace.settings().shop.holiday_countries == ()
    assert "Codes such as RJ, SP are of states, not of countries." in str(report.text())
    assert stored(workspace, "select country, sum(units) from orders group by 1 order by 1") == [("MG", 1), ("RJ", 1), ("SP", 3)]


# ---- dates, numbers and files of every kind

DATED = (
    "amzmtr amzset amzus cnpm cnslash comp14 dayname ddmmyy de dmony dot ebay fr isoz magento persian rfc serial thai tshort tzname us2 wc "
    "yymmdd"
).split()
DAYS = "select strftime(ordered_at, '%Y-%m-%d'), product_id, units from orders order by 1, 2"


@pytest.mark.parametrize("style", DATED)
def test_dates_of_many_systems_are_read(cases, workspace, style):
    import_files(workspace, [cases / f"orders_d_{style}.csv"])
    assert stored(workspace, DAYS) == [("2024-03-13", "A0", 1), ("2024-03-14", "A1", 2)]


def test_days_are_those_of_the_offset_that_is_written(cases, workspace):
    import_files(workspace, [cases / "orders_d_shopifyiso.csv"], answers={"--time-zone": "America/New_York"})
    assert stored(workspace, DAYS) == [("2024-03-13", "A0", 1), ("2024-03-13", "A1", 2)]


def test_years_of_two_digits_in_front_are_read_by_evidence_of_the_column(cases, workspace):
    import_files(workspace, [cases / "orders_yymmdd.csv"], answers={"--each-row": "order-line"})
    assert stored(workspace, "select min(ordered_at)::date::varchar, max(ordered_at)::date::varchar, count(*) from orders") == [
        ("2024-03-01", "2024-04-15", 46)
    ]


@pytest.mark.parametrize(
    "file, rows",
    [
        ("orders_kw.csv", [("2023-12-18", 5), ("2023-12-25", 6), ("2024-01-01", 7)]),
        ("orders_yyyyww.csv", [("2023-12-18", 5), ("2023-12-25", 6), ("2024-01-01", 7)]),
        ("orders_yw.csv", [("2023-12-18", 5), ("2023-12-25", 6), ("2024-01-01", 7), ("2024-01-08", 4)]),
        ("orders_w53.csv", [("2020-12-21", 5), ("2020-12-28", 6), ("2021-01-04", 7)]),
    ],
)
def test_weeks_are_read_as_their_mondays(cases, workspace, file, rows):
    import_files(workspace, [cases / file])
    assert stored(workspace, "select ordered_at::date::varchar, units from orders order by 1") == rows


@pytest.mark.parametrize("file", ["orders_ym.csv", "orders_ym2.csv"])
def test_months_are_refused_with_what_to_export_instead(cases, workspace, file):
    with pytest.raises(UserError, match="Export them by day or week"):
        import_files(workspace, [cases / file])


@pytest.mark.parametrize("file", ["orders_swapped.xlsx", "orders_mixdates.xlsx", "orders_serialmix.csv"])
def test_dates_that_a_spreadsheet_may_have_turned_are_asked_about(cases, workspace, file):
    with pytest.raises(UserError, match="exchanged day and month.*--date-format Date="):
        import_files(workspace, [cases / file])


def test_a_spreadsheets_turned_days_can_be_turned_back(cases, workspace):
    import_files(workspace, [cases / "orders_swapped.xlsx"], answers={"--date-format Date": "dmy+swapped"})
    assert stored(workspace, "select min(ordered_at)::date::varchar, max(ordered_at)::date::varchar, count(*) from orders") == [
        ("2024-03-01", "2024-03-31", 31)
    ]


PRICES = "select product_id, units, unit_price_cents from orders order by ordered_at, product_id"


@pytest.mark.parametrize(
    "file, rows",
    [
        ("orders_arab.csv", [("A1", 2, 1050), ("B1", 3, 500)]),
        ("orders_fw.csv", [("A1", 2, 1050), ("B1", 3, 500)]),
        ("orders_u16.csv", [("A1", 2, 123450), ("B1", 1, 500)]),
        ("orders_bom.csv", [("SET1", 1, 1000), ("B1", 1, 500)]),
        ("orders_sep.csv", [("A1", 2, 1000), ("B1", 1, 550)]),
        ("orders_duphead.csv", [("A1", 2, 1000), ("B1", 1, 500)]),
        ("orders_mixdec.csv", [("A1", 2, 123450), ("B1", 1, 123450), ("B1", 1, 1250), ("A1", 1, 1250)]),
        ("orders_unittxt.csv", [("A1", 2, 1000), ("A1", 3, 1000), ("B1", 1, 1000)]),
        ("orders_1904.xlsx", [("A1", 2, 1000), ("B1", 1, 500)]),
        ("orders_twohead.xlsx", [("Tray", 2, 1000), ("Mug", 1, 500)]),
        ("sales_title.xlsx", [("A1", 2, 1000), ("B1", 1, 500)]),
        ("sales_title.csv", [("A1", 2, 1000), ("B1", 1, 500)]),
        ("orders_merged.xlsx", [("A1", 2, 1000), ("B1", 1, 500), ("C1", 1, 700), ("A1", 1, 1000)]),
        ("orders_hidden.xlsx", [("A1", 2, 1000), ("B1", 1, 500), ("A1", 1, 1000)]),
    ],
)
def test_numbers_and_files_of_every_kind_are_read(cases, workspace, file, rows):
    import_files(workspace, [cases / file])
    assert stored(workspace, PRICES) == rows


@pytest.mark.parametrize("file", ["orders_magento.xml", "orders_magento2.xls", "orders_report.xls"])
def test_markup_that_is_called_a_workbook_is_read(cases, workspace, file):
    import_files(workspace, [cases / file])
    assert stored(workspace, "select product_id, units from orders order by ordered_at limit 1") == [("A1", 2)]


def test_decimal_signs_that_nothing_shows_are_asked_about(cases, workspace):
    with pytest.raises(UserError, match="--decimal qty=, --decimal price=,"):
        import_files(workspace, [cases / "orders_amb.csv"])
    import_files(workspace, [cases / "orders_amb.csv"], answers={"--decimal qty": ".", "--decimal price": "."})
    assert stored(workspace, PRICES) == [("A1", 1, 125), ("B1", 2, 250)]


def test_a_barcode_scanned_as_a_quantity_is_quarantined(cases, workspace):
    import_files(workspace, [cases / "orders_bigqty.csv"])
    assert stored(workspace, "select count(*), sum(units) from orders") == [(50, 50)]


def test_ids_that_went_through_floats_are_those_of_the_products(cases, workspace):
    import_files(workspace, [cases / "orders_floatid.csv", cases / "products_floatid.csv"])
    assert stored(workspace, "select product_id, title from orders join products using (product_id) order by 1") == [
        ("123", "Tray"),
        ("456", "Mug"),
    ]


def test_numbers_of_products_that_differ_in_zeros_are_pointed_out(cases, workspace):
    report = import_files(workspace, [cases / "orders_zero.csv", cases / "products_zero.xlsx"])
    assert "00123 and 123 are two products" in "\n".join(map(str, report.notes))


@pytest.mark.parametrize("file, shares", [("promotions_y.csv", [0.2, 0.05, 0.15]), ("promotions_x.csv", [0.2, 0.15])])
def test_discounts_in_percent_are_shares(cases, workspace, file, shares):
    import_files(workspace, [cases / file])
    assert stored(workspace, "select discount from promotions order by product_id") == [(share,) for share in shares]


def test_a_replacement_character_does_not_change_the_encoding(cases, workspace):
    report = import_files(workspace, [cases / "ufffd.csv"])
    assert report.files[0].encoding == "utf-8"
    assert [body for (body,) in stored(workspace, "select body from reviews order by 1")] == ["It’s good", "bad \ufffd char", "it” ok"]


# ---- time and corrections

SOLD = "select product_id, count(*), sum(units) from orders group by 1 order by 1"

TIMES = [
    (["orders_lineid.csv"], SOLD, [("A1", 2, 2), ("B1", 1, 2)]),
    (["orders_exch.csv"], "select count(*), sum(units) from orders", [(3, 1)]),
    (
        ["orders_typo.csv"],
        "select min(ordered_at)::date::varchar, max(ordered_at)::date::varchar from orders",
        [("2024-03-01", "2024-03-02")],
    ),
    (["stars.csv"], "select rating, count(*) from reviews group by 1 order by 1", [(4, 1), (5, 3)]),
    (["stars2.csv"], "select rating, count(*) from reviews group by 1 order by 1", [(4, 1), (5, 3)]),
    (
        ["orders_tl.csv", "products_tl.csv"],
        "select title, category from products order by 1",
        [("Clay mug", "Mugs"), ("Walnut tray", "Trays")],
    ),
    (["orders_re4.csv", "orders_re5.csv"], "select ordered_at::date::varchar, units from orders", [("2024-03-02", 3)]),
    (["stock_wh.csv"], "select product_id, on_hand from stock", [("A1", 12)]),
    (["stock_wh.csv"], "select location, on_hand from stock_locations order by 1", [("East", 5), ("West", 7)]),
    (
        ["products_tl.csv", "orders_tl.csv"],
        "select title, category from products order by 1",
        [("Clay mug", "Mugs"), ("Walnut tray", "Trays")],
    ),
]


@pytest.mark.parametrize(("files", "query", "right"), TIMES)
def test_times_and_corrections_of_the_cases(workspace, cases, files, query, right):
    for file in files:
        import_files(workspace, [cases / file])
    assert stored(workspace, query) == right


@pytest.mark.parametrize(("answer", "right"), [("add", [("A1", 12), ("B1", 8)]), ("last", [("A1", 7), ("B1", 4)])])
def test_several_counts_of_a_product_and_day_without_a_location_are_asked_about(workspace, cases, answer, right):
    asked = import_files(workspace, [cases / "stock_dup.csv"], dry_run=True)
    assert [q.argument() for q in asked.open()] == ["--stock-rows add"]
    import_files(workspace, [cases / "stock_dup.csv"], answers={"--stock-rows": answer})
    assert stored(workspace, "select product_id, on_hand from stock order by 1") == right


def test_amounts_in_other_currencies_are_kept_aside_with_their_sums_and_converted_at_the_rates_that_the_shop_gives(workspace, cases):
    report = import_files(workspace, [cases / "orders_cur.csv"])
    lines = "select order_id, units, unit_price_cents from orders order by 1"
    assert stored(workspace, lines) == [("1", 1, 1000), ("2", 1, None), ("3", 2, 1000), ("4", 1, None)]
    assert stored(workspace, "select currency, units, cents from foreign_amounts order by 1") == [("JPY", 1, 160000), ("USD", 1, 1100)]
    assert "its amount of 1,600 JPY is kept aside" in str(report.text())
    workspace.save_settings(workspace.settings().with_values("shop", exchange_rates=("USD = 0.9", "JPY = 0.006")))
    import_files(workspace, [cases / "orders_cur.csv"])
    assert stored(workspace, lines) == [("1", 1, 1000), ("2", 1, 960), ("3", 2, 1000), ("4", 1, 990)]
    assert stored(workspace, "select count(*) from foreign_amounts") == [(0,)]


# ---- layouts, states, lines that are no products, meaning of amounts

UNITS = "select product_id, sum(units) from orders group by 1 order by 1"
MONEY = "select product_id, sum(units), sum(round(units * unit_price_cents))::bigint from orders group by 1 order by 1"
ON_HAND = "select product_id, on_hand from stock order by 1"

LAYOUTS = [
    ("shopify_rec.csv", "select order_id, product_id, units, country from orders order by all", [
        ("#1002", "M1", 1, "US"), ("#1002", "T1", 1, "US"), ("#1004", "T1", 2, "US")]),
    ("shopify_norec.csv", "select order_id, product_id, units, country from orders order by all", [
        ("#1002", "M1", 1, "US"), ("#1002", "T1", 1, "US"), ("#1004", "T1", 2, "US")]),
    ("amazon_week40.txt", "select sum(round(units * unit_price_cents))::bigint from orders", [(86_900,)]),
    ("amazon_all_orders.txt", MONEY, [("T-1", 4, 4800), ("T-2", 6, 5000)]),
    ("wc-orders-report-export.csv", UNITS, [("Blue mug", 3), ("Red mug", 1)]),
    ("wc_order_export.csv", MONEY, [("M1", 1, 500), ("T1", 2, 2000)]),
    ("orders_wideitems.csv", MONEY, [("Mug", 1, 500), ("Tray", 3, 3000)]),
    ("sales_by_product.csv", UNITS, [("A1", 3), ("B1", 3)]),
    ("sales_register.csv", MONEY, [("A1", 3, 3000), ("B1", 3, 1500)]),
    ("sales_order_item.csv", UNITS, [("MUG", 2), ("TEE-RED-M", 2)]),
    ("sale.order.csv", MONEY, [("[M1] Mug", 1, 500), ("[T1] Tray", 2, 2000)]),
    ("jd_订单.csv", MONEY, [("888", 2, 4000), ("889", 1, 1000)]),
    ("items-2024-03.csv", "select product_id, units, unit_price_cents from orders order by ordered_at", [
        ("L-1", 2, 400), ("L-1", -1, 450), ("B-1", 1, 100_300)]),
    ("EtsySoldOrderItems2024.csv", UNITS, [("5001", 1), ("A1", 2)]),
    ("eBay-OrdersReport-Mar-2024.csv", MONEY, [("A1", 2, 4000), ("B1", 1, 500)]),
    ("total_sales_over_time.csv", UNITS, [("A1", 1), ("B1", 3)]),
    ("DateRangeReport.csv", UNITS, [("A1", 1)]),
    ("products_export.csv", "select product_id, title, unit_cost_cents from products order by 1", [
        ("LAMP", "Old lamp", 2000), ("TEE-L", "Cotton tee", 900), ("TEE-M", "Cotton tee", 800), ("TEE-S", "Cotton tee", 800)]),
    ("purchase_orders_t.csv", "select product_id, due_on::varchar, units from deliveries order by 1", [
        ("A1", "2024-03-20", 30), ("B1", "2024-04-01", 10)]),
    ("stock_balance.csv", ON_HAND, [("A1", 20), ("B1", 30)]),
    ("fba_inventory.txt", ON_HAND, [("A1", 10)]),
    ("inventory_export_1.csv", ON_HAND, [("A1", 12), ("B1", 0)]),
    ("inventory_export_2.csv", ON_HAND, [("A1", 12), ("B1", 4)]),
    ("inventory_t3.csv", ON_HAND, [("A1", 20), ("B1", 30)]),
    ("stock_wh.csv", ON_HAND, [("A1", 12)]),
    ("wc-products-report.csv", ON_HAND, [("A1", 5), ("B1", 0)]),
    ("status.csv", UNITS, [("A", 1)]),
    ("orders_t2.csv", MONEY, [("A1", 2, 2000), ("B1", 1, 500)]),
    ("orders_tee.csv", UNITS, [("LAMP", 1), ("TEE-L", 1), ("TEE-M", 1), ("TEE-S", 2)]),
    ("orders_leap.csv", DAYS, [("2024-02-28", "A1", 1), ("2024-02-29", "A1", 1)]),  # 29/02/2023 and 31/04/2024 are no days
    ("orders_twodates.csv", DAYS, [("2024-03-01", "A1", 1), ("2024-03-02", "A1", 1)]),  # of the order, not of the row
    ("orders_negdisc.csv", "select units, discount_cents from orders order by 1", [(1, 0), (2, 300)]),
    ("orders_negprice.csv", "select order_id, units, unit_price_cents from orders order by 1", [
        ("1", 2, 1000), ("2", -1, 1000), ("3", -1, 1000)]),
    ("orders_quoted.csv", "select title from products order by 1", [
        ("'=HYPERLINK(\"x\")'",), ('Tray "XL", oak second line 🎁 <b>new</b>',)]),
    ("orders_ragged.csv", MONEY, [("B1", 1, 500), ("C1", 1, 500), ("D1", 1, 500)]),  # a row has a comma too many
    ("orders_rounded.csv", "select count(*) from orders", [(0,)]),  # a spreadsheet rounded the numbers of orders
    ("orders_months.xlsx", DAYS, [("2024-01-05", "A1", 2), ("2024-02-05", "A1", 3)]),  # a sheet a month and a pivot
    ("订单明细.csv", "select sum(units), count(unit_price_cents) from orders", [(4, 0)]),  # the amount is of the whole order
    ("reviews_x.csv", "select product_id, rating, created_at::date::varchar from reviews order by 1", [
        ("A1", 4, "2024-03-13"), ("B1", 3, "2024-03-13"), ("C1", 4, "2024-03-14"), ("D1", 5, "2024-03-14")]),
    *((file, "select product_id, rating from reviews order by 1", [("P1", 5), ("P2", 4)]) for file in (
        "dotted.csv", "dotted2.csv", "plainrev.csv")),
    *((file, UNITS, [("A1", 14), ("B1", 28)]) for file in ("sales_w10.csv", "sales_w10d.csv")),
    *((file, UNITS, [("A1", 6), ("B1", 5)]) for file in ("sales_wide.csv", "sales_wide2.csv", "sales_wide3.csv")),
    ("sales_wide4.csv", DAYS, [("2024-03-01", "A1", 1), ("2024-03-01", "B1", 4), ("2024-03-02", "A1", 2)]),
    # the other times are in words or below zero: their products are kept without
    ("products_lead.csv", "select product_id, lead_time_days from products where lead_time_days is not null", [("C1", 0)]),
    ("stock_txt.csv", ON_HAND, [("F1", 1200), ("G1", 12)]),  # `10+` and `In stock` are no counts
]  # fmt: skip


ANSWERS = {
    "amazon_all_orders.txt": {"--time-zone": "America/Los_Angeles"},  # its times have two offsets
    "stock_txt.csv": {"--decimal stock": "."},  # 1,200
}


@pytest.mark.parametrize(("file", "query", "right"), LAYOUTS, ids=[file for file, *_ in LAYOUTS])
def test_layouts_of_the_cases(workspace, cases, file, query, right):
    report = import_files(workspace, [cases / file], answers=ANSWERS.get(file, {}))
    totals = report.totals()
    assert totals["read"] == sum(totals[k] for k in ("kept", "dropped", "quarantined", "set_aside"))
    assert stored(workspace, query) == right


@pytest.mark.parametrize("file", ["amazon_2024H1.txt", "amazon_all2.txt", "amazon_all3.txt"])
def test_the_price_of_an_item_in_amazons_orders_is_its_lines_total(workspace, cases, file):
    rows = pd.read_csv(cases / file, sep="\t")
    sold = rows[rows["order-status"] != "Cancelled"]
    import_files(workspace, [cases / file], answers={"--time-zone": "America/Los_Angeles"})
    money = "select sum(units), sum(round(units * unit_price_cents))::bigint from orders"
    assert stored(workspace, money) == [(sold["quantity"].sum(), round(100 * sold["item-price"].sum()))]


def test_the_two_files_of_taobao_are_joined(workspace, cases):
    import_files(workspace, [cases / "ExportOrderList2024.csv", cases / "ExportOrderDetailList2024.csv"])
    assert stored(workspace, MONEY) == [("B1", 2, 4000), ("R1", 1, 1000)]


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        ("BusinessReport-2024-03-01.csv", "All orders"),
        ("amazon_settlement.txt", "All orders"),
        ("stock_ledger.csv", "Stock Balance"),
        ("stock_moves.csv", "Inventory > Reporting > Stock"),
        ("ExportOrderList3.csv", "ExportOrderDetailList"),
    ],
)
def test_reports_of_the_cases_that_cannot_serve_say_what_to_export(workspace, cases, file, advice):
    with pytest.raises(UserError, match=advice):
        import_files(workspace, [cases / file])


@pytest.mark.parametrize("file", ["counter.csv", "counter2.csv"])
def test_counters_of_the_cases_are_asked_about_and_read_as_differences(workspace, cases, file):
    with pytest.raises(UserError, match="--each-row running-total"):
        import_files(workspace, [cases / file])
    report = import_files(workspace, [cases / file], answers={"--each-row": "running-total"})
    assert report.totals() == {"read": 4, "kept": 2, "dropped": 0, "quarantined": 0, "set_aside": 2}
    sales = "select product_id, ordered_at::date::varchar, units, unit_price_cents from orders order by all"
    assert stored(workspace, sales) == [("A", "2024-01-02", 20, 1000), ("A", "2024-01-03", 10, 900)]
    assert stored(workspace, "select title, price_cents from products order by 1") == [("Cream", 900), ("Milk", 2000)]


def test_every_state_of_the_cases_is_counted_or_asked_about(workspace, cases):
    plan = import_files(workspace, [cases / "orders_status.csv"], dry_run=True)
    states = {one.value: one.counts_as for one in plan.files[0].main.states}
    asked = {q.name for q in plan.files[0].questions if q.flag == "--state"}
    no_sales = ["failed", "draft", "checkout-draft", "trash", "cancel", "closed", "fraud", "quotation", "unpaid", "rejected", "test"]
    no_sales += ["未付款", "(删除)等待付款", "storniert", "annulé", "cancelado", "отменён", "交易关闭", "已取消", "已关闭"]
    assert len(states) == 49 and [s for s in no_sales if states[s] != "not a sale"] == []
    assert [s for s in ("pending payment", "pending_payment", "等待买家付款", "on-hold", "holded") if states[s] != "pending"] == []
    assert asked == {"sent", "closed", "换货"}
    with pytest.raises(UserError, match="--state"):
        import_files(workspace, [cases / "orders_status.csv"])
    answers = {"--state sent": "not a sale", "--state closed": "not a sale", "--state 换货": "sale"}
    report = import_files(workspace, [cases / "orders_status.csv"], answers=answers)
    sold = sum(one.rows for one in report.files[0].main.states if one.counts_as == "sale")
    assert stored(workspace, "select count(*) from orders where units > 0") == [(sold,)]


def test_lines_of_the_cases_that_are_no_products_are_set_aside_and_brought_back(workspace, cases):
    report = import_files(workspace, [cases / "orders_nonprod.csv"])
    main = report.files[0].main
    assert report.totals()["set_aside"] == 29 and sum(one.units for one in main.aside_lines) == 29
    assert {one.name: one.cents for one in main.aside_lines}["Gift card $50"] == 1000
    import_files(workspace, [cases / "orders_nonprod.csv"], answers={"--keep Gift Card": "product"})
    assert stored(workspace, UNITS) == [("Gift Card", 1)]


def test_an_amount_that_may_be_of_the_whole_order_is_asked_about(workspace, cases):
    with pytest.raises(UserError, match="--amount total=order-total"):
        import_files(workspace, [cases / "orders_ordtotal.csv"])
    import_files(workspace, [cases / "orders_ordtotal.csv"], answers={"--amount total": "order-total"})
    assert stored(workspace, "select sum(units), count(unit_price_cents) from orders") == [(5, 0)]


def test_an_order_that_is_cancelled_later_is_taken_out(workspace, tmp_path):
    rows = "order_id,date,sku,qty,price,status\n1,2024-03-01,A,2,10,{}\n2,2024-03-02,A,1,10,paid\n"
    for name, state in (("first.csv", "paid"), ("later.csv", "cancelled")):
        (tmp_path / name).write_text(rows.format(state))
        import_files(workspace, [tmp_path / name])
    assert stored(workspace, UNITS) == [("A", 1)]


# ---- numbers that change, and kits


def test_one_number_with_two_titles_is_one_product_under_the_later_title(cases, workspace):
    import_files(workspace, [cases / "orders_rename.csv"])
    assert stored(workspace, "select product_id, title, sum(units) from orders join products using (product_id) group by all") == [
        ("A1", "New name", 4)
    ]


def test_variants_that_have_no_number_are_one_product_and_the_report_says_so(cases, workspace):
    report = import_files(workspace, [cases / "orders_variant.csv"])
    assert stored(workspace, "select product_id, sum(units), count(*) from orders group by 1") == [("Tee", 4, 3)]
    assert "Columns not read: size, colour" in str(report.text())


def test_a_list_of_bundles_makes_their_sales_demand_for_their_parts(cases, workspace):
    report = import_files(workspace, [cases / "orders_bom.csv", cases / "bundles.csv"])
    assert "Only kits have the parts A1." in str(report.text())
    with open_engine(workspace.warehouse, "duckdb", workspace.cache, read_only=True) as engine:
        sold = engine.con.execute("select product_id, units, units * unit_price_cents from orders order by 1, 2").fetchall()
    assert [(product, units, round(cents)) for product, units, cents in sold] == [("A1", 2, 667), ("B1", 1, 333), ("B1", 1, 500)]
    assert stored(workspace, "select product_id, units from orders order by 1") == [("B1", 1), ("SET1", 1)]
