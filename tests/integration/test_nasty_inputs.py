"""Inputs made to mislead: each is read right or asked about, and never wrong in silence. The right values were worked out by hand."""

from __future__ import annotations

import pytest
from fixtures.importing import notes, stored, write

from core.errors import UserError
from core.ingest import import_files

LINE = "order_id,date,sku,qty,price\n"
BUNDLE = "order_id,date,sku,parent_sku,qty,price\n"
UNITS = "select product_id, sum(units) from orders group by 1 order by 1"
LINES = "select product_id, units, unit_price_cents from orders order by ordered_at, product_id"
MONEY = "select product_id, sum(units), sum(round(units * unit_price_cents))::bigint from orders group by 1 order by 1"

READ = {
    "units that came back have a column of their own": (
        "order_id,date,sku,qty,returned_qty,price\n1,2024-03-01,A,5,2,10\n2,2024-03-02,A,1,0,10\n", UNITS, [("A", 4)]),
    "refunded and cancelled units": (
        "order_id,date,sku,quantity,refunded quantity,cancelled quantity,price\n1,2024-03-01,A,5,2,1,10\n", UNITS, [("A", 2)]),
    "kinds of transactions": (
        "receipt,date,transaction type,sku,qty,total\n1,2024-03-01,Sale,A,2,20\n2,2024-03-03,Return,A,1,10\n3,2024-03-05,Void,A,1,10\n",
        MONEY, [("A", 1, 1000)]),
    "a bare type that says sale or refund": (
        "order_id,date,type,sku,qty,price\n1,2024-03-01,Sale,A,2,10\n2,2024-03-03,Refund,A,1,10\n", MONEY, [("A", 1, 1000)]),
    "a bare type of products": (
        "order_id,date,type,sku,qty,price\n1,2024-03-01,Mug,A,2,10\n2,2024-03-03,Tray,B,1,10\n",
        "select product_id, category from products order by 1", [("A", "Mug"), ("B", "Tray")]),
    "subtotals within orders, named beside a blank number": (
        "order_id,date,sku,title,qty,price\n1,2024-03-01,A,Cup,2,10\n1,2024-03-01,,Subtotal,2,20\n1,2024-03-01,,Shipping (DHL),1,4.90\n"
        "1,2024-03-01,,Rabatt 10%,1,-2\n2,2024-03-02,B,Plate,1,5\n2,2024-03-02,,Order total,1,9.90\n",
        MONEY, [("A", 2, 2000), ("B", 1, 500)]),
    "a flag of voided receipts": (
        "order_id,date,sku,qty,price,void\n1,2024-03-01,A,1,10,N\n2,2024-03-02,A,5,10,Y\n", UNITS, [("A", 1)]),
    "test orders": ("order_id,date,sku,qty,price,is_test\n1,2024-03-01,A,1,10,false\n2,2024-03-02,A,5,10,true\n", UNITS, [("A", 1)]),
    "a budget beside what was sold": (
        "date,sku,qty,scenario\n2024-03-01,A,5,Actual\n2024-03-01,A,7,Budget\n2024-03-02,A,6,Actual\n2024-03-02,A,8,Budget\n",
        UNITS, [("A", 11)]),
    "totals over channels": (
        "date,sku,channel,qty\n2024-03-01,A,web,5\n2024-03-01,A,store,2\n2024-03-01,A,All,7\n2024-03-02,A,web,1\n2024-03-02,A,All,1\n",
        UNITS, [("A", 8)]),
    "refunds of a positive quantity and an amount below zero": (
        "order_id,date,sku,qty,amount\n1,2024-03-01,A,2,20\n2,2024-03-02,A,1,-10\n", MONEY, [("A", 1, 1000)]),
    "the header once more in the middle": (LINE + "1,2024-03-01,A,2,10\n" + LINE + "2,2024-03-02,A,1,10\n", MONEY, [("A", 3, 3000)]),
    "lines below the table": (LINE + "1,2024-03-01,A,2,10\nRows: 1,,,,\nExported on 2024-03-05,,,,\n", MONEY, [("A", 2, 2000)]),
    "French states and spaces between thousands": (
        "Numéro de commande;Date de commande;Référence;Quantité;Prix unitaire;Statut\n1;01/03/2024;A;2;1\u202f234,50;Expédiée\n"
        "2;02/03/2024;A;1;10,00;Annulée\n3;13/03/2024;A;1;10,00;En attente de paiement\n4;14/03/2024;A;1;10,00;Remboursée\n",
        MONEY, [("A", 2, 246_900)]),
    "offers and purchases among kinds of documents": (
        "number,date,document_type,sku,qty,price\n1,2024-03-01,Quotation,A,20,10\n2,2024-03-02,Invoice,A,3,10\n"
        "3,2024-03-03,Credit note,A,1,10\n4,2024-03-04,Purchase Order,A,90,4\n5,2024-03-05,Pro forma invoice,A,7,10\n", UNITS, [("A", 2)]),
    "kinds of documents in Chinese": (
        "单据编号,单据日期,单据类型,商品编码,数量,单价\nBJ1,2024-03-01,报价单,A,20,10\nXS2,2024-03-01,销售单,A,3,10\nTH3,2024-03-02,销售退货单,A,1,10\n",
        UNITS, [("A", 2)]),
    "kinds of documents in a column of any name": (
        "number,date,vorgangskennung,sku,qty,price\n1,2024-03-01,Angebot,A,20,10\n2,2024-03-02,Rechnung,A,3,10\n"
        "3,2024-03-02,Gutschrift,A,1,10\n",
        UNITS, [("A", 2)]),
    "quotations that no order has followed yet": (
        "Quote Number,Order Number,Date,SKU,Qty,Price\nQ1,O1,2024-03-01,A,2,10\nQ2,,2024-03-02,A,50,10\n", UNITS, [("A", 2)]),
    "the number of a quotation that each order refers to": (
        "order_id,quote_id,date,sku,qty,price\n1,11,2024-03-01,A,2,10\n2,12,2024-03-02,A,5,10\n", UNITS, [("A", 7)]),
    "a currency in French, which begins like a quotation": (
        "order_id,date,sku,qty,price,devise\n1,2024-03-01,A,2,10,EUR\n", UNITS, [("A", 2)]),
    "a bundle with the price and its parts without": (
        BUNDLE + "1,2024-03-01,KIT,,1,50\n1,2024-03-01,A,KIT,1,0\n1,2024-03-01,B,KIT,2,0\n2,2024-03-02,A,,1,30\n",
        MONEY, [("A", 1, 3000), ("KIT", 1, 5000)]),
    "a bundle without a price and its parts with theirs": (
        BUNDLE + "1,2024-03-01,KIT,,1,0\n1,2024-03-01,A,KIT,1,30\n1,2024-03-01,B,KIT,2,10\n",
        MONEY, [("A", 1, 3000), ("B", 2, 2000)]),
    "both kinds of bundles in one file": (
        BUNDLE + "1,2024-03-01,KIT,,1,50\n1,2024-03-01,A,KIT,1,0\n2,2024-03-01,BOX,,1,0\n2,2024-03-01,B,BOX,2,7\n",
        MONEY, [("B", 2, 1400), ("KIT", 1, 5000)]),
    "bundles within bundles": (
        BUNDLE + "1,2024-03-01,KIT,,1,0\n1,2024-03-01,SET,KIT,1,40\n1,2024-03-01,A,SET,3,0\n1,2024-03-01,B,KIT,1,5\n",
        MONEY, [("B", 1, 500), ("SET", 1, 4000)]),
    "parts that name the number of a line": (
        "order_id,line_id,parent_line_id,date,sku,qty,price\n1,71,,2024-03-01,KIT,1,50\n1,72,71,2024-03-01,A,1,0\n"
        "2,73,,2024-03-02,A,1,30\n",
        MONEY, [("A", 1, 3000), ("KIT", 1, 5000)]),
    "parts that name the place of a line within its order": (
        "order_id,parent_line,date,sku,qty,price\n1,,2024-03-01,KIT,1,50\n1,1,2024-03-01,A,1,0\n2,,2024-03-02,A,1,30\n",
        MONEY, [("A", 1, 3000), ("KIT", 1, 5000)]),
    "parts of Chinese sets": (
        "订单编号,下单时间,商品编码,套装编码,数量,单价\n1,2024-03-01,KIT,,1,50\n1,2024-03-01,A,KIT,1,0\n1,2024-03-01,B,KIT,2,0\n",
        MONEY, [("KIT", 1, 5000)]),
    "a bundle that names itself on its own line": (
        "order_id,date,sku,bundle_sku,qty,price\n1,2024-03-01,KIT,KIT,1,50\n1,2024-03-01,A,KIT,1,0\n2,2024-03-02,A,,1,30\n",
        MONEY, [("A", 1, 3000), ("KIT", 1, 5000)]),
    "lines that say what they are": (
        "order_id,date,sku,line_type,qty,price\n1,2024-03-01,KIT,bundle,1,50\n1,2024-03-01,A,component,1,0\n2,2024-03-02,A,simple,1,30\n",
        MONEY, [("A", 1, 3000), ("KIT", 1, 5000)]),
    "a flag of parts": (
        "order_id,date,sku,is_bundle_component,qty,price\n1,2024-03-01,KIT,no,1,50\n1,2024-03-01,A,yes,1,0\n2,2024-03-02,A,no,1,30\n",
        MONEY, [("A", 1, 3000), ("KIT", 1, 5000)]),
    "variants whose parent is never sold": (
        BUNDLE + "1,2024-03-01,A-RED,A,1,50\n1,2024-03-01,A-BLUE,A,1,0\n2,2024-03-02,B-S,B,1,30\n",
        MONEY, [("A-BLUE", 1, 0), ("A-RED", 1, 5000), ("B-S", 1, 3000)]),
    "components that are a category of goods": (
        "order_id,date,sku,type,qty,price\n1,2024-03-01,CPU,Component,1,90\n1,2024-03-01,BAG,Bag,1,0\n2,2024-03-02,FAN,Component,1,0\n",
        UNITS, [("BAG", 1), ("CPU", 1), ("FAN", 1)]),
    "a Turkish capital": (
        "order_id,date,sku,qty,price,status\n1,2024-03-01,A,1,10,paid\n2,2024-03-02,A,5,10,İptal edildi\n", UNITS, [("A", 1)]),
}  # fmt: skip

ASKED = {
    "states in a script that no list has": ("order_id,date,sku,qty,price,status\n1,2024-03-01,A,1,10,ملغي\n", "--state"),
    "exchanges among sales": (
        "order_id,date,type,sku,qty,price\n1,2024-03-01,Sale,A,2,10\n2,2024-03-03,Refund,A,1,10\n3,2024-03-03,Swap,A,1,10\n",
        "--state Swap="),
    "days that may be months": (LINE + "1,03/04/2024,A,2,10\n2,05/04/2024,A,1,10\n", "--date-format date="),
    "a thousand or one": (LINE + '1,2024-03-01,A,"1,000",10\n2,2024-03-02,A,5,10\n', "--decimal qty="),
    "three columns of units": (
        "order_id,date,sku,booked qty,shipped qty,cancelled qty,price\n1,2024-03-01,A,5,3,2,10\n2,2024-03-02,A,1,1,0,10\n",
        "--column 'orders.units="),
    "sales of the year so far": ("date,sku,sales_to_date\n2024-03-01,A,100\n2024-03-02,A,105\n", "--each-row running-total"),
    "a forecast": ("date,sku,forecast_qty\n2027-03-01,A,5\n2027-03-02,A,6\n", "--column orders.units="),
    "quotations": ("quote_id,date,sku,qty,price\n1,2024-03-01,A,2,10\n", "lists quotations"),
    "quotations to customers": ("quote_id,date,sku,qty,price,customer_id\n1,2024-03-01,A,2,10,c1\n", "lists quotations"),
    "quotations whose number is a mere id": (
        "ID,Quotation To,Customer Name,Date,Valid Till,Status,Item Code (Items),Quantity (Items),Rate (Items)\n"
        "SAL-QTN-1,Customer,Acme,2024-03-01,2024-04-01,Open,A,2,10\nSAL-QTN-1,Customer,Acme,2024-03-01,2024-04-01,Open,B,3,10\n",
        "judging by its column 'Quotation To'"),
    "French quotations": ("N° devis;Date;Référence;Quantité;Prix unitaire\nD1;13/03/2024;A;2;10,00\n", "lists quotations"),
    "Chinese quotations": ("报价单号,日期,商品编码,数量,单价,客户编号\nBJ1,2024-03-01,A,2,10,c1\n", "lists quotations"),
    "offers with a last day": (
        "order_no,date,valid until,sku,qty,price\n1,2024-03-01,2024-04-01,A,2,10\n2,2024-03-02,2024-04-01,A,5,10\n", "lists quotations"),
    "numbers that begin like those of quotations": (
        "order_no,date,sku,qty,price\nQTN-1,2024-03-01,A,2,10\nSO-2,2024-03-02,A,2,10\n", "--state 'QTN=not a sale'"),
    "orders beside the invoices of the same goods": (
        "number,date,doc_type,sku,qty,price\n1,2024-03-01,Sales Order,A,2,10\n2,2024-03-02,Sales Invoice,A,2,10\n",
        "--state 'Sales Invoice=not a sale'"),
    "purchases from suppliers": (
        "po_number,date,sku,qty,unit cost,supplier\n1,2024-03-01,A,100,4,Acme\n", "lists purchases from suppliers"),
    "purchases that are called orders": (
        "order_no,date,sku,qty,unit cost,supplier\n1,2024-03-01,A,100,4,Acme\n", "lists purchases from suppliers"),
    "purchases with a day on which they are wanted": (
        "ID,Supplier,Date,Required By,Item Code (Items),Quantity (Items),Rate (Items)\nP1,Acme,2024-03-01,2024-03-09,A,100,4\n",
        "lists purchases from suppliers"),
    "a bundle and its parts that both have a price": (
        BUNDLE + "1,2024-03-01,KIT,,1,50\n1,2024-03-01,A,KIT,1,30\n1,2024-03-01,B,KIT,2,10\n", "--bundles whole"),
    "a bundle and its parts in a file without prices": (
        "order_id,date,sku,parent_sku,qty\n1,2024-03-01,KIT,,1\n1,2024-03-01,A,KIT,1\n", "--bundles whole"),
    "lines that share a bundle of which one has a price": (
        "order_id,date,sku,bundle_id,qty,price\n1,2024-03-01,KIT,b1,1,50\n1,2024-03-01,A,b1,1,0\n", "--bundles whole"),
    "sold bundles in columns of bundles and components": (
        "order_id,date,bundle_sku,component_sku,qty,price\n1,2024-03-01,KIT,A,1,50\n2,2024-03-02,KIT,B,1,20\n",
        "--column orders.product_id="),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_an_input_that_misleads_is_read_right(workspace, tmp_path, what):
    text, query, right = READ[what]
    import_files(workspace, [write(tmp_path, "export.csv", text)])
    assert stored(workspace, query) == right


@pytest.mark.parametrize("what", ASKED)
def test_an_input_that_cannot_say_is_asked_about_or_refused(workspace, tmp_path, what):
    text, flag = ASKED[what]
    with pytest.raises(UserError) as refusal:
        import_files(workspace, [write(tmp_path, "export.csv", text)])
    assert flag in str(refusal.value)


@pytest.mark.parametrize("name", ["quotations.csv", "Angebote 2024.csv", "sales_quotes.csv", "报价单.csv", "devis-mars.csv"])
def test_a_file_called_quotations_is_refused_until_a_person_says_that_it_holds_sales(workspace, tmp_path, name):
    file = write(tmp_path, name, LINE + "1,2024-03-01,A,2,10\n2,2024-03-02,A,1,10\n")
    with pytest.raises(UserError, match="lists quotations, judging by its name.*Export the orders or invoices instead"):
        import_files(workspace, [file])
    import_files(workspace, [file], answers={f"--leave-out {name}": "no"})
    assert stored(workspace, UNITS) == [("A", 3)]


def test_purchases_by_their_name_and_supplier_are_refused(workspace, tmp_path):
    file = write(tmp_path, "purchases.csv", "order_no,date,sku,qty,price,supplier\n1,2024-03-01,A,100,4,Acme\n")
    with pytest.raises(UserError, match="lists purchases from suppliers, judging by its name"):
        import_files(workspace, [file])


def test_quotations_beside_orders_are_set_aside_with_the_way_to_read_them(workspace, tmp_path):
    quotes = write(tmp_path, "quotes.csv", LINE + "1,2024-03-01,A,20,10\n")
    orders = write(tmp_path, "orders.csv", LINE + "2,2024-03-02,A,1,10\n")
    report = import_files(workspace, [quotes, orders])
    assert stored(workspace, UNITS) == [("A", 1)]
    assert "To change it: --leave-out quotes.csv=no" in str(report.text())


def test_what_is_set_aside_of_a_bundle_is_stated_and_one_flag_brings_it_back(workspace, tmp_path):
    file = write(tmp_path, "export.csv", BUNDLE + "1,2024-03-01,KIT,,1,50\n1,2024-03-01,A,KIT,1,0\n")
    report = import_files(workspace, [file], dry_run=True)
    assert "Set aside 1: The row is part of a bundle in another row." in str(report.text())
    assert "To change it: --bundles both" in str(report.text()) and report.files[0].unread == []
    import_files(workspace, [file], answers={"--bundles": "both"})
    assert stored(workspace, MONEY) == [("A", 1, 0), ("KIT", 1, 5000)]


@pytest.mark.parametrize(
    ("answer", "right"), [("whole", [("KIT", 1)]), ("parts", [("A", 1), ("B", 2)]), ("both", [("A", 1), ("B", 2), ("KIT", 1)])]
)
def test_a_bundle_and_its_parts_with_prices_count_as_a_person_says(workspace, tmp_path, answer, right):
    text = BUNDLE + "1,2024-03-01,KIT,,1,50\n1,2024-03-01,A,KIT,1,30\n1,2024-03-01,B,KIT,2,10\n"
    import_files(workspace, [write(tmp_path, "export.csv", text)], answers={"--bundles": answer})
    assert stored(workspace, UNITS) == right


def test_german_names_of_columns_are_asked_for_and_a_point_before_three_digits_too(workspace, cases):
    columns = ("orders.ordered_at = Datum", "orders.product_id = Artikelnummer", "orders.units = Menge", "orders.unit_price = Preis")
    with pytest.raises(UserError, match="--column orders.product_id=Artikelnummer"):
        import_files(workspace, [cases / "orders_deqty.csv"])
    import_files(workspace, [cases / "orders_deqty.csv"], columns=columns, answers={"--decimal Menge": ","})
    assert stored(workspace, LINES) == [("A1", 1000, 250), ("B1", 2500, 375), ("B1", 3, 375)]


def test_amounts_with_the_signs_of_two_currencies_are_not_added_up(workspace, tmp_path):
    text = LINE + "1,2024-03-01,A,2,$10.00\n2,2024-03-02,A,1,€9.00\n3,2024-03-03,A,1,$10.00\n"
    report = import_files(workspace, [write(tmp_path, "export.csv", text)])
    assert stored(workspace, MONEY) == [("A", 4, 3000)]
    assert stored(workspace, "select currency, cents from foreign_amounts") == [("EUR", 900)] and "1 row is in EUR" in notes(report)


def test_two_counts_of_stock_in_one_import_that_differ_are_refused(workspace, tmp_path):
    north = write(tmp_path, "stock_north.csv", "sku,on_hand,date\nA,5,2024-03-01\nB,1,2024-03-01\n")
    south = write(tmp_path, "stock_south.csv", "sku,on_hand,date\nA,7,2024-03-01\n")
    with pytest.raises(UserError, match="differ in 1 count: A on 1 Mar 2024"):
        import_files(workspace, [north, south])
    import_files(workspace, [north])
    import_files(workspace, [south])
    assert stored(workspace, "select product_id, on_hand from stock order by 1") == [("A", 7), ("B", 1)]


@pytest.fixture
def two_files(tmp_path):
    """Two exports with other lines of order 3, the older one first."""
    old = write(tmp_path, "jan.csv", LINE + "2,2024-01-31,A,1,10\n3,2024-01-31,B,1,5\n3,2024-01-31,A,1,10\n")
    return [old, write(tmp_path, "feb.csv", LINE + "3,2024-01-31,B,2,5\n4,2024-02-01,A,1,10\n")]


def test_an_order_that_two_files_of_an_import_have_otherwise_is_asked_about_and_the_newer_file_is_proposed(workspace, two_files):
    with pytest.raises(UserError, match="Which file is right.*--same-orders last"):
        import_files(workspace, two_files)
    with pytest.raises(UserError, match="--same-orders first"):
        import_files(workspace, two_files[::-1])


@pytest.mark.parametrize(("order", "answer", "b"), [(1, "last", 2), (-1, "first", 2), (1, "both", 3), (-1, "last", 1)])
def test_the_file_that_is_right_replaces_the_lines_of_the_other_one(workspace, two_files, order, answer, b):
    import_files(workspace, two_files[::order], answers={"--same-orders": answer})
    assert stored(workspace, "select sum(units) from orders where product_id = 'B'") == [(b,)]


def test_a_later_import_replaces_the_order_without_a_question(workspace, two_files):
    for file in two_files:
        import_files(workspace, [file])
    assert stored(workspace, UNITS) == [("A", 2), ("B", 2)]


def test_an_order_whose_products_are_spread_over_two_files_is_whole(workspace, tmp_path):
    files = [write(tmp_path, f"part{i}.csv", LINE + f"3,2024-01-31,{product},1,5\n") for i, product in enumerate("AB")]
    import_files(workspace, files)
    assert stored(workspace, UNITS) == [("A", 1), ("B", 1)]


def test_a_product_is_kept_without_a_cell_that_cannot_be_read(workspace, tmp_path):
    text = "sku,title,price,lead time,launch date\nA,Mug,4.50,soon,2024-01-01\nB,Lamp,-1,5,never\n,,1,5,2024-01-01\n"
    report = import_files(workspace, [write(tmp_path, "products.csv", text)])
    found = stored(workspace, "select product_id, price_cents, lead_time_days, launched_on is null from products order by 1")
    assert found == [("A", 450, None, False), ("B", None, 5, True)] and report.totals()["quarantined"] == 1
    assert "Kept with a warning: 1 row, without its value in column 'lead time' (line 2). The number cannot be read." in notes(report)
    assert "without its value in column 'price' (line 3). The price is below zero." in notes(report)


def test_totals_of_a_later_export_replace_the_days_that_both_have(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "w9.csv", "date,sku,qty,orders\n2024-03-01,A,5,3\n2024-03-02,A,6,4\n")])
    import_files(workspace, [write(tmp_path, "w10.csv", "date,sku,qty,orders\n2024-03-02,A,9,6\n2024-03-03,A,1,1\n")])
    assert stored(workspace, "select units, order_count from orders order by ordered_at") == [(5, 3), (9, 6), (1, 1)]


def test_a_column_of_remarks_in_place_of_states_is_pointed_out(workspace, tmp_path):
    rows = "".join(f"{i},2024-03-{1 + i % 28:02},A,1,10,left at door {i}\n" for i in range(301))
    report = import_files(workspace, [write(tmp_path, "export.csv", LINE.replace("price", "price,status") + rows)])
    assert "Column 'status' has more than 300 values and is not read as a status" in notes(report)


def test_prices_by_day_are_no_sales(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "products.csv", "sku,title,2024-01-01,2024-02-01\nA1,Tray,9,10\nB1,Mug,4,5\n")])
    assert stored(workspace, "select count(*) from orders") == [(0,)]


# ---- what a row is, where orders have no numbers

SEVERAL_UNITS = "date,sku,qty\n" + "".join(f"2024-{1 + i // 28:02}-{1 + i % 28:02},A{i % 9},{1 + i % 3}\n" for i in range(60))


def test_what_a_row_is_is_asked_where_the_number_of_orders_hangs_on_it(workspace, tmp_path):
    file = write(tmp_path, "export.csv", SEVERAL_UNITS)
    with pytest.raises(UserError, match="--each-row day-total"):
        import_files(workspace, [file])
    import_files(workspace, [file], answers={"--each-row": "order-line"})
    assert stored(workspace, "select sum(units), sum(order_count) from orders") == [(120, 60)]


@pytest.mark.parametrize(
    "rows",
    [
        SEVERAL_UNITS.replace(",A", " 10:30,A"),  # lines have times
        SEVERAL_UNITS.replace(",2\n", ",1\n").replace(",3\n", ",1\n"),  # each row is a unit either way
        SEVERAL_UNITS + SEVERAL_UNITS.partition("\n")[2].replace(",1\n", ",4\n"),  # products stand on a day twice
        "date,sku,qty\n"
        + "".join(f"2024-03-{1 + d:02},A{p},{1 + p % 3}\n" for d in range(10) for p in range(20)),  # every product once a day
        "date,sku,qty,orders\n" + "".join(f"2024-03-{1 + d:02},A,3,2\n" for d in range(25)),  # orders are counted
    ],
    ids=["times", "one unit a row", "repeated", "once a day", "counted"],
)
def test_what_a_row_is_is_not_asked_where_the_rows_show_it(workspace, tmp_path, rows):
    assert import_files(workspace, [write(tmp_path, "export.csv", rows)], dry_run=True).open() == []


def test_a_column_read_into_two_places_may_be_what_none_of_them_needs(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", "date,sku,Menge\n2024-03-05,A1,2\n")
    columns = ("orders.units = Menge", "orders.unit_price = Menge")
    asked = next(q for q in import_files(workspace, [file], columns=columns, dry_run=True).questions if q.flag == "--column")
    assert "is read as" in str(asked.about) and dict(asked.choices)["-"].template == "none of these"
    import_files(workspace, [file], columns=columns[:1], answers={"--column orders.unit_price": "-"})
    assert stored(workspace, "select units, unit_price_cents from orders") == [(2, None)]
