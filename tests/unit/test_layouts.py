"""One small shop written in the layouts of known systems and published data sets: read to the last unit, or refused, and never lost."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import numpy as np
import pytest
from fixtures.importing import stored

from core.errors import UserError
from core.ingest import import_files

PRODUCTS = [
    (f"{100 + i}", title, category, 3.25 + 4 * i)
    for i, (title, category) in enumerate(
        [
            ("Red mug", "Kitchen"),
            ("Blue mug", "Kitchen"),
            ("Oak table", "Living"),
            ("Floor lamp", "Living"),
            ("Wool scarf", "Fashion"),
            ("Silk scarf", "Fashion"),
        ]
    )
]
BEGIN = datetime(2023, 6, 1)


def sales() -> list[dict]:
    """Order lines: 80 orders over 40 days of 1 to 3 products and 1 to 3 units each, by 30 customers."""
    random, lines = np.random.default_rng(5), []
    for order in range(80):
        moment = BEGIN + timedelta(days=order // 2, hours=9 + order % 2, minutes=int(random.integers(60)), seconds=int(random.integers(60)))
        customer = 1 + int(random.integers(30))
        for product in random.choice(len(PRODUCTS), int(random.integers(1, 4)), replace=False):
            sku, title, category, price = PRODUCTS[product]
            units = int(random.integers(1, 4))
            lines.append(
                {
                    "n": len(lines) + 1,
                    "order": 5000 + order,
                    "customer": customer,
                    "sku": sku,
                    "title": title,
                    "category": category,
                    "units": units,
                    "price": f"{price:.2f}",
                    "total": f"{units * price:.2f}",
                    "t": moment,
                    "unix": int(moment.timestamp()),
                    "day": f"{moment:%Y-%m-%d}",
                    "iso": f"{moment:%Y-%m-%d %H:%M:%S}",
                    "mdy": f"{moment.month}/{moment.day}/{moment.year}",
                    "dmy": f"{moment:%d/%m/%Y}",
                    "clock": f"{moment:%H:%M:%S}",
                }
            )
    return lines


LINES = sales()
UNITS = [line for line in LINES for _ in range(line["units"])]
# name of the file -> header: what stands below it, written from a line of sales
LINES_OF = {  # a row a line of an order
    "Sample - Superstore.csv": {
        "Row ID": "{n}",
        "Order ID": "CA-{order}",
        "Order Date": "{mdy}",
        "Ship Date": "{mdy}",
        "Customer ID": "CG-{customer}",
        "Customer Name": "Ann",
        "Segment": "Consumer",
        "Country": "United States",
        "Region": "South",
        "Product ID": "{sku}",
        "Category": "{category}",
        "Product Name": "{title}",
        "Sales": "{total}",
        "Quantity": "{units}",
        "Discount": "0.2",
        "Profit": "1.5",
    },
    "data.csv": {
        "InvoiceNo": "{order}",
        "StockCode": "{sku}",
        "Description": "{title}",
        "Quantity": "{units}",
        "InvoiceDate": "{mdy} {t:%H:%M}",
        "UnitPrice": "{price}",
        "CustomerID": "{customer}.0",
        "Country": "United Kingdom",
    },
    "Sales Transaction v.4a.csv": {
        "TransactionNo": "{order}",
        "Date": "{mdy}",
        "ProductNo": "{sku}",
        "ProductName": "{title}",
        "Price": "{price}",
        "Quantity": "{units}",
        "CustomerNo": "{customer}",
        "Country": "United Kingdom",
    },
    "Coffee Shop Sales.csv": {
        "transaction_id": "{n}",
        "transaction_date": "{dmy}",
        "transaction_time": "{clock}",
        "transaction_qty": "{units}",
        "store_id": "5",
        "store_location": "Astoria",
        "product_id": "{sku}",
        "unit_price": "{price}",
        "product_category": "{category}",
        "product_detail": "{title}",
    },
    "Adidas US Sales.csv": {
        "Retailer": "Foot Locker",
        "Invoice Date": "{mdy}",
        "Region": "Northeast",
        "Product": "{title}",
        "Price per Unit": "${price} ",
        "Units Sold": "{units}",
        "Total Sales": "${total}",
        "Sales Method": "Online",
    },
    "Amazon Sale Report.csv": {
        "index": "{n}",
        "Order ID": "405-{order}",
        "Date": "{t:%m-%d-%y}",
        "Status": "Shipped",
        "Sales Channel ": "Amazon.in",
        "SKU": "{sku}",
        "Category": "{category}",
        "ASIN": "B0{sku}",
        "Qty": "{units}",
        "currency": "INR",
        "Amount": "{total}",
        "ship-country": "IN",
    },
    "49284100.txt": {  # Amazon's report of all orders: item-price is the line's
        "amazon-order-id": "114-{order}",
        "purchase-date": "{t:%Y-%m-%dT%H:%M:%S}+00:00",
        "order-status": "Shipped",
        "sales-channel": "Amazon.com",
        "product-name": "{title}",
        "sku": "{sku}",
        "asin": "B0{sku}",
        "quantity": "{units}",
        "currency": "USD",
        "item-price": "{total}",
        "item-tax": "0.0",
        "ship-country": "US",
    },
    "AdventureWorks_Sales.csv": {
        "OrderDate": "{mdy}",
        "StockDate": "1/1/2023",
        "OrderNumber": "SO{order}",
        "ProductKey": "{sku}",
        "CustomerKey": "{customer}",
        "TerritoryKey": "1",
        "OrderLineItem": "1",
        "OrderQuantity": "{units}",
    },
    "EtsySoldOrderItems2023.csv": {
        "Sale Date": "{t:%m/%d/%y}",
        "Item Name": "{title}",
        "Buyer": "b{customer}",
        "Quantity": "{units}",
        "Price": "{price}",
        "Discount Amount": "0.00",
        "Order Shipping": "4.00",
        "Item Total": "{total}",
        "Currency": "USD",
        "Transaction ID": "90{n}",
        "Ship Name": "n",
        "Ship Country": "United States",
        "Order ID": "{order}",
        "SKU": "{sku}",
    },
    "eBay-OrdersReport.csv": {
        "Sales record number": "{n}",
        "Order number": "12-{order}",
        "Buyer username": "b{customer}",
        "Item number": "{sku}",
        "Item title": "{title}",
        "Quantity": "{units}",
        "Sold for": "£{price}",
        "Total price": "£{total}",
        "Sale date": "{t:%d-%b-%y}",
    },
    "items-2023.csv": {  # Square
        "Date": "{t:%m/%d/%y}",
        "Time": "{clock}",
        "Category": "{category}",
        "Item": "{title}",
        "Qty": "{units}.0",
        "SKU": "{sku}",
        "Gross Sales": "${total}",
        "Discounts": "$0.00",
        "Net Sales": "${total}",
        "Transaction ID": "T{order}",
        "Event Type": "Payment",
        "Location": "Main",
        "Customer ID": "K{customer}",
    },
    "orders-2023.csv": {  # WooCommerce
        "Order Number": "{order}",
        "Order Status": "Completed",
        "Order Date": "{iso}",
        "Email (Billing)": "a{customer}@example.com",
        "Country Code (Billing)": "GB",
        "SKU": "{sku}",
        "Item Name": "{title}",
        "Quantity (- Refund)": "{units}",
        "Item Cost": "{price}",
    },
    "sales_order_items.csv": {  # Magento
        "increment_id": "{order}",
        "created_at": "{iso}",
        "status": "complete",
        "customer_email": "a{customer}@example.com",
        "sku": "{sku}",
        "name": "{title}",
        "qty_ordered": "{units}.0000",
        "price": "{price}00",
        "row_total": "{total}",
        "base_currency_code": "EUR",
    },
    "Order.all.2023.csv": {  # Shopee
        "Order ID": "23{order}",
        "Order Status": "Completed",
        "Order Creation Date": "{iso}",
        "SKU Reference No.": "{sku}",
        "Product Name": "{title}",
        "Deal Price": "{price}",
        "Quantity": "{units}",
        "Returned quantity": "0",
        "Product Subtotal": "{total}",
        "Username (Buyer)": "u{customer}",
        "Country": "Philippines",
    },
    "All order-2023.csv": {  # TikTok Shop
        "Order ID": "57{order}\t",
        "Order Status": "Completed",
        "Seller SKU": "{sku}",
        "Product Name": "{title}",
        "Quantity": "{units}",
        "Sku Quantity of return": "0",
        "SKU Unit Original Price": "GBP {price}",
        "SKU Subtotal After Discount": "GBP {total}",
        "Created Time": "{dmy} {clock}\t",
        "Buyer Username": "u{customer}",
        "Country": "UK",
    },
    "Orders.csv": {  # Wix
        "Order number": "{order}",
        "Date created": "{t:%b} {t.day}, {t.year}",
        "Total order quantity": "9",
        "Contact email": "a{customer}@example.com",
        "Item": "{title}",
        "SKU": "{sku}",
        "Qty": "{units}",
        "Quantity refunded": "0",
        "Price": "{price}",
        "Currency": "GBP",
        "Payment status": "Paid",
    },
    "ExportOrderDetailList.csv": {  # Taobao
        "子订单编号": "88{n}",
        "主订单编号": "77{order}",
        "买家会员名": "用户{customer}",
        "宝贝标题": "{title}",
        "价格": "{price}",
        "购买数量": "{units}",
        "订单状态": "交易成功",
        "商家编码": "{sku}",
        "买家应付货款": "{total}",
        "订单创建时间": "{iso}",
    },
    "orders_export.csv": {  # Pinduoduo
        "商品": "{title}",
        "订单号": "2306-{order}",
        "订单状态": "已收货",
        "商品总价(元)": "{total}",
        "商品数量(件)": "{units}",
        "支付时间": "{iso}",
        "商品id": "{sku}",
        "样式ID": "9",
        "售后状态": "无售后",
    },
    "jd_orders.csv": {
        "订单号": "{order}",
        "商品ID": "{sku}",
        "商品名称": "{title}",
        "订购数量": "{units}",
        "下单时间": "{iso}",
        "京东价": "{price}",
        "订单金额": "{total}",
        "订单状态": "完成",
        "下单帐号": "jd_{customer}",
        "客户姓名": "张三",
    },
    "1690000000.csv": {  # Douyin
        "主订单编号": "'{order}",
        "子订单编号": "'{n}",
        "选购商品": "{title}",
        "商品数量": "{units}",
        "商品ID": "{sku}",
        "商品单价": "{price}",
        "订单应付金额": "{total}",
        "订单提交时间": "{iso}\t",
        "订单状态": "已完成",
    },
}
UNITS_OF = {  # a row a unit
    "transactions_train.csv": {  # H&M
        "t_dat": "{day}",
        "customer_id": "c{customer:040}",
        "article_id": "0{sku}",
        "price": "{price}",
        "sales_channel_id": "2",
    },
    "lazada.csv": {
        "orderItemId": "{n}",
        "sellerSku": "{sku}",
        "createTime": "{t:%d %b %Y %H:%M}",
        "orderNumber": "{order}",
        "customerName": "J",
        "itemName": "{title}",
        "paidPrice": "{price}",
        "unitPrice": "{price}",
        "sellerDiscountTotal": "0",
        "status": "delivered",
    },
    "bread basket.csv": {"Transaction": "{order}", "Item": "{title}", "date_time": "{t:%d-%m-%Y %H:%M}", "period_day": "morning"},
    "pizzas.csv": {
        "id": "{order}",
        "date": "{day}",
        "time": "{clock}",
        "name": "{title}",
        "size": "M",
        "type": "{category}",
        "price": "{price}",
    },
}
LOGS_OF = {  # a row an event: each line is looked at, put into the cart, taken out of it and bought
    "2019-Oct.csv": {  # REES46
        "event_time": "{iso} UTC",
        "event_type": "{event}",
        "product_id": "{sku}",
        "category_code": "{category}",
        "brand": "acme",
        "price": "{price}",
        "user_id": "{customer}",
        "user_session": "s{order}",
    },
    "ga4_items.csv": {
        "event_date": "{t:%Y%m%d}",
        "event_timestamp": "{unix}000000",
        "event_name": "{event}",
        "user_pseudo_id": "{customer}",
        "item_id": "{sku}",
        "item_name": "{title}",
        "price": "{price}",
        "quantity": "1",
    },
    "train_user.csv": {  # Tianchi, with names for its numbers
        "user_id": "{customer}",
        "item_id": "{sku}",
        "behavior_type": "{event}",
        "item_category": "4076",
        "time": "{t:%Y-%m-%d %H}",
    },
}
REFUSED = {  # where the columns have names, they are asked for
    "ta_feng.csv": {
        "TRANSACTION_DT": "{mdy}",
        "CUSTOMER_ID": "{customer}",
        "PRODUCT_ID": "{sku}",
        "AMOUNT": "{units}",
        "SALES_PRICE": "{total}",
    },
    "bike_sales_sample.csv": {
        "order_id": "{order}",
        "order_line": "1",
        "order_date": "{day}",
        "quantity": "{units}",
        "price": "{price}",
        "total_price": "{total}",
        "model": "{title}",
        "category_1": "{category}",
        "bikeshop_name": "Ithaca",
        "state": "NY",
    },
    "supermarket_sales.csv": {
        "Invoice ID": "{n}",
        "Branch": "A",
        "Product line": "{category}",
        "Unit price": "{price}",
        "Quantity": "{units}",
        "Date": "{mdy}",
    },
    "Iowa_Liquor_Sales.csv": {
        "Invoice/Item Number": "INV-{n}",
        "Date": "{mdy}",
        "Item Number": "{sku}",
        "Item Description": "{title}",
        "Bottles Sold": "{units}",
        "Sale (Dollars)": "{total}",
    },
    "bestellungen.csv": {"Bestellnummer": "{order}", "Bestelldatum": "{dmy}", "Artikelnummer": "{sku}", "Menge": "{units}"},
    "UserBehavior.csv": {"1": "{customer}", "2268318": "{sku}", "2520377": "4756105", "pv": "buy", "1511544070": "{unix}"},  # no names
}


def written(folder, name: str, layout: dict[str, str], lines: list[dict]):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([list(layout), *([cell.format(**line) for cell in layout.values()] for line in lines)])
    (folder / name).write_text(text.getvalue(), encoding="utf-8")
    return folder / name


def expected(layout: dict[str, str]) -> tuple:
    """(units, products, cents) of the shop as far as a layout says them."""
    says = " ".join(layout.values())
    money = round(100 * sum(float(line["total"]) for line in LINES)) if "{price}" in says or "{total}" in says else None
    return sum(line["units"] for line in LINES), len(PRODUCTS), money


def read(workspace) -> tuple:
    sums = "select sum(units), count(distinct product_id), sum(units * unit_price_cents) from orders"
    units, products, cents = stored(workspace, sums)[0]
    return units, products, None if cents is None else round(cents)


IN_UTC = {"49284100.txt": {"--time-zone": "UTC"}}  # of a shop in the United States, whose zone is asked


@pytest.mark.parametrize("name", LINES_OF)
def test_order_lines_of_this_layout_are_read_to_the_last_unit_and_cent(workspace, tmp_path, name):
    import_files(workspace, [written(tmp_path, name, LINES_OF[name], LINES)], answers=IN_UTC.get(name))
    assert read(workspace) == expected(LINES_OF[name])
    if any("{order}" in cell for cell in LINES_OF[name].values()):
        orders = len(LINES) if name == "Coffee Shop Sales.csv" else 80  # whose number is the line's
        assert stored(workspace, "select count(distinct order_id) from orders") == [(orders,)]
    if any("{customer}" in cell for cell in LINES_OF[name].values()):
        assert stored(workspace, "select count(distinct customer_id) from orders") == [(len({line["customer"] for line in LINES}),)]
    if any("{title}" in cell for cell in LINES_OF[name].values()):
        assert stored(workspace, "select title from products order by 1") == sorted((title,) for _, title, _, _ in PRODUCTS)


@pytest.mark.parametrize("name", UNITS_OF)
def test_rows_of_a_unit_of_this_layout_are_all_counted(workspace, tmp_path, name):
    numbered = [line | {"n": n} for n, line in enumerate(UNITS, 1)]
    import_files(workspace, [written(tmp_path, name, UNITS_OF[name], numbered)])
    assert read(workspace) == expected(UNITS_OF[name])


@pytest.mark.parametrize("name", LOGS_OF)
def test_a_log_of_this_layout_tells_views_carts_and_purchases_apart(workspace, tmp_path, name):
    events = [line | {"event": event} for line in LINES for event in ("view", "cart", "remove_from_cart", "purchase")]
    report = import_files(workspace, [written(tmp_path, name, LOGS_OF[name], events)])
    assert stored(workspace, "select kind, count(*) from events group by 1 order by 1") == [("cart", len(LINES)), ("view", len(LINES))]
    assert stored(workspace, "select sum(units) from orders") == [(len(LINES),)]
    assert report.totals()["quarantined"] == 0 and report.files[0].main.dropped["No forecast uses this kind of event."] == len(LINES)


@pytest.mark.parametrize("name", REFUSED)
def test_what_this_layout_does_not_say_is_asked_for_and_nothing_is_stored(workspace, tmp_path, name):
    with pytest.raises(UserError, match=name) as error:
        import_files(workspace, [written(tmp_path, name, REFUSED[name], LINES)])
    assert not workspace.warehouse.exists()
    if name != "UserBehavior.csv":
        assert next(iter(error.value.ask["tables"])) == "orders" and error.value.ask["tables"]["orders"]["needed"]


NAMED = {
    "ta_feng.csv": ("orders.units = AMOUNT", "orders.line_total = SALES_PRICE"),
    "bestellungen.csv": (
        "orders.order_id = Bestellnummer",
        "orders.ordered_at = Bestelldatum",
        "orders.product_id = Artikelnummer",
        "orders.units = Menge",
    ),
    "Iowa_Liquor_Sales.csv": ("orders.units = Bottles Sold", "orders.line_total = Sale (Dollars)"),
    "bike_sales_sample.csv": ("orders.product_id = model",),
    "supermarket_sales.csv": ("orders.product_id = Product line",),
}


@pytest.mark.parametrize("name", NAMED)
def test_with_its_columns_named_this_layout_is_read_to_the_last_unit_and_cent(workspace, tmp_path, name):
    import_files(workspace, [written(tmp_path, name, REFUSED[name], LINES)], columns=NAMED[name])
    units, products, cents = expected(REFUSED[name])
    categories = len({category for _, _, category, _ in PRODUCTS})
    assert read(workspace) == (units, categories if name == "supermarket_sales.csv" else products, cents)
    if name == "bike_sales_sample.csv":
        assert stored(workspace, "select title, category from products order by 1") == sorted((title, of) for _, title, of, _ in PRODUCTS)


def test_types_behind_the_names_of_columns_are_no_part_of_them(workspace, tmp_path):
    """RecBole's atomic files: ratings, items and users, their names with types, split at tabs."""
    files = [
        written(
            tmp_path,
            "shop.inter",
            {"user_id:token": "{customer}", "item_id:token": "{sku}", "rating:float": "4", "timestamp:float": "{unix}"},
            LINES,
        ),
        written(
            tmp_path,
            "shop.item",
            {"item_id:token": "{sku}", "movie_title:token_seq": "{title}", "category:token": "{category}"},
            {line["sku"]: line for line in LINES}.values(),
        ),
        written(
            tmp_path, "shop.user", {"user_id:token": "{customer}", "gender:token": "F"}, {line["customer"]: line for line in LINES}.values()
        ),
    ]
    for file in files:
        file.write_text(file.read_text(encoding="utf-8").replace(",", "\t"), encoding="utf-8")
    import_files(workspace, files)
    assert stored(workspace, "select count(*), count(distinct product_id) from reviews") == [(len(LINES), len(PRODUCTS))]
    assert stored(workspace, "select title, category from products order by 1") == sorted((title, of) for _, title, of, _ in PRODUCTS)
    assert stored(workspace, "select distinct attribute from customers") == [("gender",)]


def test_totals_a_day_called_sales_are_units(workspace, tmp_path):
    """Kaggle's store item demand, once a person has said that its sales are units."""
    days: dict[tuple, int] = {}
    for line in LINES:
        days[line["day"], line["sku"]] = days.get((line["day"], line["sku"]), 0) + line["units"]
    rows = [{"day": day, "sku": sku, "units": units} for (day, sku), units in days.items()]
    layout = {"date": "{day}", "store": "1", "item": "{sku}", "sales": "{units}"}
    import_files(workspace, [written(tmp_path, "train.csv", layout, rows)], columns=("orders.units = sales",))
    assert read(workspace) == expected(layout)
