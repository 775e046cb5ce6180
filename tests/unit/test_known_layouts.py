"""Every layout that ships, on a small made file: recognised by its columns and read to the last unit and cent."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from fixtures.importing import add_up, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.ingest.names import by_plain
from core.ingest.readers.files import open_sources
from core.ingest.recognise.known_layouts import recognise, shipped

SALES = "select product_id, sum(units), sum(round(units * unit_price_cents))::bigint from orders group by 1 order by 1"
STOCK = "select product_id, on_hand from stock order by 1"
TITLES = "select product_id, title from products order by 1"
DUE = "select product_id, due_on::varchar, units from deliveries order by all"

# layout -> (files: name -> text, query, rows that it gives)
READ = {
    "shopify-orders": (
        {
            "o.csv": "Name,Email,Financial Status,Created at,Currency,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,"
            "Receipt Number\n"
            "#1,a,paid,2024-03-01 10:00:00 -0800,USD,2,Tray,20.00,T1,\n#1,a,,2024-03-01 10:00:00 -0800,,1,Mug,10.00,,\n"
            "#2,b,voided,2024-03-02 10:00:00 -0800,USD,3,Tray,20.00,T1,\n"
        },
        SALES,
        [("Mug", 1, 1000), ("T1", 2, 4000)],
    ),
    "shopify-orders-json": (
        {
            "o.json": '{"orders": [{"id": 7, "name": "#1", "created_at": "2024-03-01T10:00:00-08:00", "currency": "USD", '
            '"financial_status": "paid", "line_items": [{"id": 1, "sku": "T1", "name": "Tray", "quantity": 2, "price": "20.00"}, '
            '{"id": 2, "sku": null, "name": "Mug", "quantity": 1, "price": "10.00"}]}, {"id": 8, "name": "#2", '
            '"created_at": "2024-03-02T10:00:00-08:00", "currency": "USD", "financial_status": "voided", '
            '"line_items": [{"id": 3, "sku": "T1", "name": "Tray", "quantity": 3, "price": "20.00"}]}]}'
        },
        SALES,
        [("Mug", 1, 1000), ("T1", 2, 4000)],
    ),
    "woocommerce-orders-json": (
        {
            "o.json": '[{"id": 7, "number": "7", "status": "completed", "currency": "EUR", "date_created": "2024-03-01T10:00:00", '
            '"line_items": [{"id": 1, "name": "Tray", "sku": "T1", "quantity": 2, "total": "40.00", "price": 20}, '
            '{"id": 2, "name": "Mug", "sku": "", "quantity": 1, "total": "10.00", "price": 10}]}, {"id": 8, "number": "8", '
            '"status": "failed", "currency": "EUR", "date_created": "2024-03-02T10:00:00", '
            '"line_items": [{"id": 3, "name": "Tray", "sku": "T1", "quantity": 3, "total": "60.00", "price": 20}]}]'
        },
        SALES,
        [("Mug", 1, 1000), ("T1", 2, 4000)],
    ),
    "squarespace-orders": (
        {
            "o.csv": "Order ID,Email,Financial Status,Created at,Currency,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
            "1,a,PAID,2024-03-01 10:00:00 -0500,USD,2,Tray,20.00,T1\n1,,,,,1,Mug,10.00,M1\n2,b,REFUNDED,2024-03-02 10:00:00 -0500,"
            "USD,3,Tray,20,T1\n"
        },
        SALES,
        [("M1", 1, 1000), ("T1", 2, 4000)],
    ),
    "shopify-products": (
        {
            "p.csv": "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Cost per item\n"
            "tee,Tee,<p>Soft</p>,V,Tops,Size,S,TEE-S,20,http://x/1.jpg,8\ntee,,,,,,M,TEE-M,20,,9\ntee,,,,,,,,,http://x/2.jpg,\n"
        },
        "select product_id, title, category, unit_cost_cents from products order by 1",
        [("TEE-M", "Tee", "Tops", 900), ("TEE-S", "Tee", "Tops", 800)],
    ),
    "shopify-inventory": (
        {
            "i.csv": "Handle,Title,SKU,Location,Incoming (not editable),Available (not editable),On hand (current)\n"
            "tee,Tee,A1,Shop A,2,4,5\ntee,,A1,Shop B,0,7,7\nmug,Mug,B1,Shop A,0,not stocked,not stocked\n"
        },
        "select product_id, on_hand, on_order from stock order by 1",
        [("A1", 12, 2), ("B1", 0, 0)],
    ),
    "shopify-inventory-by-location": (
        {"i.csv": "Handle,Title,Option1 Name,SKU,HS Code,COO,Shop A,Shop B\ntee,Tee,Size,A1,,,5,7\nmug,Mug,Title,B1,,,4,not stocked\n"},
        STOCK,
        [("A1", 12), ("B1", 4)],
    ),
    "shopify-sales-over-time": (
        {
            "s.csv": "Day,Product title,Product variant SKU,Net items sold,Gross sales,Net sales,Total sales\n"
            "2024-03-01,Tee,A1,2,40.00,36.00,39.00\n2024-03-02,Tee,A1,-1,0.00,-18.00,-19.50\n"
        },
        SALES,
        [("A1", 1, 1800)],
    ),
    "woocommerce-order-items": (
        {
            "o.csv": "Order Number,Order Status,Order Date,Email (Billing),SKU,Item Name,Quantity (- Refund),Item Cost\n"
            "1,Completed,2024-03-01 10:00,a,A1,Tray,2,10\n1,Completed,2024-03-01 10:00,a,,Mug,1,5\n2,Failed,2024-03-02 10:00,b,A1,"
            "Tray,4,10\n"
        },
        SALES,
        [("A1", 2, 2000), ("Mug", 1, 500)],
    ),
    "woocommerce-line-items": (
        {
            "o.csv": "order_id,order_date,status,customer_email,line_item_1,line_item_2\n"
            "1,2024-03-01 10:00,completed,a,name:Tray|product_id:11|sku:T1|quantity:2|total:20.00,"
            "name:Mug|product_id:12|sku:|quantity:1|total:5\n"
            "2,2024-03-02 10:00,failed,b,name:Tray|product_id:11|sku:T1|quantity:1|total:10.00,\n"
        },
        SALES,
        [("Mug", 1, 500), ("T1", 2, 2000)],
    ),
    "woocommerce-orders-report": (
        {
            "o.csv": 'Date,"Order #",Status,Product(s),"Items sold","N. Revenue"\n'
            '2024-03-01 10:00:00,101,Completed,"2× Blue mug, 1× Cup, large",3,30\n2024-03-02 10:00:00,102,"On hold","5× Blue mug",5,50\n'
        },
        "select product_id, sum(units) from orders group by 1 order by 1",
        [("Blue mug", 2), ("Cup, large", 1)],
    ),
    "woocommerce-products-report": (
        {
            "p.csv": '"Product title",SKU,"Items sold","N. Revenue",Orders,Category,Status,Stock\nTee,A1,20,400,18,Tops,'
            '"In stock",5\nMug,B1,3,9,3,Cups,x,0\n'
        },
        STOCK,
        [("A1", 5), ("B1", 0)],
    ),
    "woocommerce-products": (
        {
            "p.csv": "ID,Type,SKU,Name,Description,In stock?,Stock,Regular price,Categories\n7,simple,A1,Tray,Oak,1,5,10,"
            "Kitchen\n8,simple,,Mug,,1,6,5,Kitchen\n"
        },
        "select product_id, title, price_cents, on_hand from products join stock using (product_id) order by 1",
        [("8", "Mug", 500, 6), ("A1", "Tray", 1000, 5)],
    ),
    "magento-order-items": (
        {
            "o.csv": "item_id,order_id,parent_item_id,created_at,sku,name,qty_ordered,qty_canceled,qty_refunded,price,row_total\n"
            "1,100,,2024-03-01 10:00:00,TEE-M,Tee,2,0,0,20,40\n2,100,1,2024-03-01 10:00:00,TEE-M,Tee M,2,0,0,0,0\n"
            "3,101,,2024-03-02 10:00:00,MUG,Mug,5,5,0,5,25\n4,102,,2024-03-03 10:00:00,MUG,Mug,3,0,1,5,15\n"
        },
        SALES,
        [("MUG", 2, 1000), ("TEE-M", 2, 4000)],
    ),
    "magento-products": (
        {
            "p.csv": "sku,attribute_set_code,product_type,categories,product_websites,name,description,price,qty\nA1,Default,"
            "simple,Kitchen,base,Tray,Oak,10,5\n"
        },
        "select product_id, title, price_cents, on_hand from products join stock using (product_id)",
        [("A1", "Tray", 1000, 5)],
    ),
    "prestashop-order-detail": (
        {
            "d.csv": "id_order,product_id,product_reference,product_name,product_quantity,product_quantity_refunded,unit_price_tax_incl\n"
            "1,5,A1,Tray,3,1,10\n2,5,A1,Tray,4,0,10\n",
            "h.csv": "id_order,reference,id_customer,current_state,date_add\n1,XK,7,5,2024-03-01 10:00:00\n2,XL,8,6,2024-03-02 10:00:00\n",
        },
        SALES,
        [("A1", 2, 2000)],
    ),
    "wix-orders": (
        {
            "o.csv": "Order number,Date created,Total order quantity,Contact email,Item,SKU,Qty,Quantity refunded,Price,Currency,"
            "Payment status\n"
            '1,"Mar 1, 2024",3,a,Tray,A1,3,1,10,GBP,Paid\n2,"Mar 2, 2024",1,b,Mug,,1,0,5,GBP,Unpaid\n3,"Mar 3, 2024",1,b,Mug,,1,0,'
            "5,GBP,Paid\n"
        },
        SALES,
        [("A1", 2, 2000), ("Mug", 1, 500)],
    ),
    "etsy-order-items": (
        {
            "o.csv": "Sale Date,Item Name,Buyer,Quantity,Price,Discount Amount,Order Shipping,Item Total,Currency,Transaction ID,"
            "Listing ID,Ship Country,Order ID,SKU\n"
            "03/01/24,Tee,b1,2,20.00,4.00,3,36.00,USD,9001,5001,United States,7001,A1\n03/13/24,Tee,b2,1,20.00,0,3,20.00,USD,9002,"
            "5001,Canada,7002,\n"
        },
        SALES,
        [("5001", 1, 2000), ("A1", 2, 4000)],
    ),
    "ebay-orders": (
        {
            "o.csv": "Sales Record Number,Order Number,Buyer Username,Item Number,Item Title,Custom Label,Quantity,Sold For,"
            "Total Price,Sale Date\n"
            "101,01-1,b1,3301,Tee,A1,2,$20.00,$43.00,13-Mar-24\n102,01-2,b2,3302,Mug,,1,$5.00,$8.00,14-Mar-24\n"
        },
        SALES,
        [("3302", 1, 500), ("A1", 2, 4000)],
    ),
    "amazon-all-orders": (
        {
            "o.txt": "amazon-order-id\tpurchase-date\torder-status\tsku\tproduct-name\tquantity\tcurrency\titem-price\n"
            "1\t2024-03-01T10:00:00+00:00\tShipped\tA\tTray\t2\tUSD\t24.00\n2\t2024-03-02T10:00:00+00:00\tCancelled\tA\tTray\t0\t\t\n"
            "3\t2024-03-03T10:00:00+00:00\tPending\tA\tTray\t2\tUSD\t24.00\n"
        },
        SALES,
        [("A", 2, 2400)],
    ),
    "amazon-fba-inventory": (
        {
            "i.txt": "sku\tasin\tproduct-name\tafn-warehouse-quantity\tafn-fulfillable-quantity\tafn-inbound-shipped-quantity"
            "\nA1\tB01\tTee\t12\t10\t18\n"
        },
        "select product_id, on_hand, on_order from stock",
        [("A1", 10, 18)],
    ),
    "amazon-date-range": (
        {
            "r.csv": "date/time,settlement id,type,order id,sku,description,quantity,marketplace,product sales,total\n"
            "2024-03-01 12:10,99,Order,1,A1,Tee,2,amazon.com,40.00,34\n2024-03-02 12:10,99,Refund,1,A1,Tee,1,amazon.com,-20.00,-17\n"
            "2024-03-02 13:10,99,Service Fee,,,Subscription,,amazon.com,0,-39.99\n"
        },
        SALES,
        [("A1", 1, 2000)],
    ),
    "square-items": (
        {
            "i.csv": "Date,Time,Category,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Transaction ID,Event Type,Location,Customer ID\n"
            "03/13/24,18:01:02,Drinks,Latte,2,L-1,$9.00,-$1.00,$8.00,TX1,Payment,Main,\n03/14/24,09:01:02,Drinks,Latte,1,L-1,"
            "-$4.50,$0.00,-$4.50,TX2,Refund,Main,\n"
        },
        "select product_id, units, unit_price_cents from orders order by ordered_at",
        [("L-1", 2, 400), ("L-1", -1, 450)],
    ),
    "odoo-sale-orders": (
        {
            "o.csv": "Order Reference,Order Date,Customer,Status,Order Lines/Product,Order Lines/Quantity,Order Lines/Unit Price\n"
            "S1,2024-03-01 10:00:00,Acme,Sales Order,[T1] Tray,2,10\n,,,,[M1] Mug,1,5\nS2,2024-03-02 10:00:00,Beta,Quotation,"
            "[T1] Tray,50,10\n"
        },
        SALES,
        [("[M1] Mug", 1, 500), ("[T1] Tray", 2, 2000)],
    ),
    "odoo-quants": (
        {"q.csv": "Location,Product,Quantity,Reserved Quantity\nWH/Stock,[T1] Tray,20,2\nWH2/Stock,[T1] Tray,5,0\n"},
        STOCK,
        [("[T1] Tray", 25)],
    ),
    "odoo-purchase-lines": (
        {
            "p.csv": "Order Reference,Vendor,Status,Order Lines/Product,Order Lines/Quantity,Order Lines/Received Qty,"
            "Order Lines/Expected Arrival\n"
            "P1,V,Purchase Order,[T1] Tray,50,20,2024-03-20\n,,,[M1] Mug,10,10,2024-03-20\nP2,V,RFQ,[T1] Tray,9,0,2024-04-01\n"
        },
        DUE,
        [("[T1] Tray", "2024-03-20", 30)],
    ),
    "erpnext-purchase-orders": (
        {
            "p.csv": "Date,Required By,Purchase Order,Status,Supplier,Item Code,Qty,Received Qty,Pending Qty,Amount\n"
            "2024-03-01,2024-03-20,PO-1,To Receive and Bill,V,A1,50,20,30,500\n"
            "2024-03-01,2024-03-20,PO-1,To Receive and Bill,V,B1,10,10,0,100\n"
            "2024-03-02,2024-04-01,PO-2,Completed,V,A1,5,5,0,50\n"
        },
        DUE,
        [("A1", "2024-03-20", 30)],
    ),
    "erpnext-sales-register": (
        {
            "s.csv": "Item Code,Item Name,Item Group,Invoice,Posting Date,Customer,Stock Qty,Rate,Amount\n"
            "A1,Tray,K,SI-1,2024-03-01,c,2,10,20\nB1,Mug,K,SI-1,2024-03-01,c,3,5,15\nTotal,,,,,,5,,35\n"
        },
        SALES,
        [("A1", 2, 2000), ("B1", 3, 1500)],
    ),
    "erpnext-stock-balance": (
        {"b.csv": "Item,Warehouse,Balance Qty\nA1,Main,20\nB1,Main,30\nTotal,,50\n"},
        STOCK,
        [("A1", 20), ("B1", 30)],
    ),
    "erpnext-stock-balance-full": (
        {"b.csv": "Item,Item Name,Warehouse,Opening Qty,In Qty,Out Qty,Balance Qty\nA1,Tray,Main,1,20,1,20\nA1,Tray,Shop,0,5,0,5\n"},
        STOCK,
        [("A1", 25)],
    ),
    "taobao-order-details": (
        {
            "d.csv": "订单编号,标题,价格,购买数量,外部系统编号,商品属性,订单状态,商家编码\n"
            '="1001",蓝杯,20.00,2,B1,蓝,交易成功,B1\n="1002",蓝杯,10.00,1,B1,蓝,等待买家付款,B1\n="1003",蓝杯,10.00,2,B1,蓝,交易关闭,B1\n',
            "l.csv": "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,宝贝标题,宝贝总数量\n"
            '="1001",甲,50.00,交易成功,2024-03-01 10:00:00,蓝杯,2\n="1002",乙,10.00,等待买家付款,'
            '2024-03-02 10:00:00,蓝杯,1\n="1003",丙,20,交易关闭,'
            "2024-03-03 10:00:00,蓝杯,2\n",
        },
        SALES,
        [("B1", 2, 4000)],
    ),
    "taobao-item-list": (
        {
            "d.csv": "子订单编号,主订单编号,买家会员名,标题,价格,购买数量,订单状态,商家编码,退款状态,订单创建时间\n"
            "1,77,甲,蓝杯,20,2,交易成功,B1,没有申请退款,2024-03-01 10:00:00\n2,77,甲,红杯,10,1,交易成功,R1,退款成功,2024-03-01 10:00:00\n"
        },
        SALES,
        [("B1", 2, 4000)],
    ),
    "jd-orders": (
        {
            "o.csv": "订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,订单状态,下单帐号\n"
            '="1",="888",杯,2,2024-03-01 10:00:00,20,50,完成,u\n="1",="889",盘,1,2024-03-01 10:00:00,10,50,完成,u\n'
            '="2",="888",杯,1,2024-03-02 10:00:00,20,20,(删除)等待付款,v\n'
        },
        SALES,
        [("888", 2, 4000), ("889", 1, 1000)],
    ),
    "pinduoduo-orders": (
        {
            "o.csv": "商品,订单号,订单状态,商品总价(元),商品数量(件),支付时间,商品id,售后状态\n"
            '杯,1,已收货,40,2,2024-03-01 10:00:00,888,无售后\n杯,2,"已取消，退款成功",20,1,2024-03-02 10:00:00,888,退款成功\n'
        },
        SALES,
        [("888", 2, 4000)],
    ),
    "douyin-orders": (
        {
            "o.csv": "主订单编号,子订单编号,选购商品,商品数量,商品ID,商品单价,订单应付金额,订单提交时间,订单状态\n"
            "1,11,杯,2,888,20,40,2024-03-01 10:00:00,已完成\n2,12,杯,1,888,20,20,2024-03-02 10:00:00,已关闭\n"
        },
        SALES,
        [("888", 2, 4000)],
    ),
    "olist-order-items": (
        {
            "i.csv": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n"
            "1,1,A,s,2018-03-09,10,2\n1,2,A,s,2018-03-09,10,2\n2,1,A,s,2018-03-09,10,2\n",
            "o.csv": "order_id,customer_id,order_status,order_purchase_timestamp,order_estimated_delivery_date\n"
            "1,c,delivered,2018-03-01 10:00:00,2018-03-20\n2,d,canceled,2018-03-02 10:00:00,2018-03-20\n",
        },
        SALES,
        [("A", 2, 2000)],
    ),
    "retailrocket-events": (
        {"e.csv": "timestamp,visitorid,event,itemid,transactionid\n1433246400117,7,view,A,\n1433246400999,7,transaction,A,4\n"},
        "select (select count(*) from events), sum(units) from orders",
        [(1, 1)],
    ),
    "rees46-events": (
        {
            "e.csv": "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
            "2019-10-01 12:00:00 UTC,view,A,2,kitchen,acme,10,7,s\n2019-10-01 12:01:00 UTC,purchase,A,2,kitchen,acme,10,7,s\n"
        },
        "select (select count(*) from events), sum(units) from orders",
        [(1, 1)],
    ),
    "complete-journey-transactions": (
        {
            "t.csv": "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,transaction_timestamp\n"
            "1,2,3,7,2,4.00,0,2017-03-01 10:00:00\n1,2,4,8,1,1.00,0,2017-03-02 10:00:00\n",
            "p.csv": "product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n7,1,GROCERY,"
            "National,SOUP,TOMATO SOUP,1\n"
            "8,1,GROCERY,National,SOUP,TOMATO SOUP,2\n",
        },
        SALES,
        [("TOMATO SOUP", 3, 500)],
    ),
    "m5-sales": (
        {
            "sales_train_validation.csv": "id,item_id,dept_id,cat_id,store_id,state_id," + ",".join(f"d_{n}" for n in range(1, 9)) + "\n"
            "A_1,A,F1,FOODS,CA_1,CA,1,0,2,0,0,0,0,4\n",
            "calendar.csv": "date,wm_yr_wk,weekday,d\n"
            + "".join(f"2011-01-{28 + n if n < 4 else 0},1,x,d_{n}\n" for n in range(1, 4))
            + "".join(f"2011-02-0{n - 3},1,x,d_{n}\n" for n in range(4, 9)),
        },
        "select product_id, sum(units) from orders group by 1",
        [("A", 7)],
    ),
    "uci-online-retail": (
        {
            "o.csv": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            "1,85123a,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\nC2,85123A,HEART,-1,12/14/2010 9:41,2.55,17850,United Kingdom\n"
            "3,POST,POSTAGE,1,12/14/2010 9:43,18,12583,France\n"
        },
        SALES,
        [("85123A", 5, 1275)],
    ),
    "amazon-reviews": (
        {"r.csv": "rating,title,text,parent_asin,user_id,timestamp\n5,Good,Fine tray,A,u,1588687728923\n"},
        "select product_id, rating from reviews",
        [("A", 5)],
    ),
    "complete-journey-promotions": (
        {
            "r.csv": "product_id,store_id,display_location,mailer_location,week\n7,1,9,0,2\n",
            "p.csv": "product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n7,1,GROCERY,"
            "National,SOUP,TOMATO SOUP,1\n",
        },
        "select product_id, starts_on::varchar, ends_on::varchar, kind from promotions",
        [("TOMATO SOUP", "2017-01-02", "2017-01-08", "display")],
    ),
    "complete-journey-demographics": (
        {
            "d.csv": "household_id,age,income,home_ownership,marital_status,household_size,kids_count\n1,25-34,50-74K,Renter,Single,1,0\n",
        },
        "select value from customers where attribute = 'income'",
        [("50-74K",)],
    ),
}
READ["complete-journey-products"] = (
    {"p.csv": READ["complete-journey-transactions"][0]["p.csv"]},
    TITLES,
    [("TOMATO SOUP", "TOMATO SOUP, SOUP")],
)

OTHER_LANGUAGES = {  # layouts whose reports have the names of their columns in the seller's language
    "ebay-orders": (
        {
            "o.csv": "Verkaufsprotokollnummer;Bestellnummer;Artikelnummer;Angebotstitel;Bestandseinheit;Anzahl;Verkauft für;"
            "Gesamtbetrag;Verkauft am\n"
            "101;01-1;;;;3;25,00 €;25,00 €;10-Dez-25\n101;01-1;3301;Hemd;A1;2;10,00 €;;10-Dez-25\n"
            "101;01-1;3302;Tasse;;1;5,00 €;;10-Dez-25\n"
            "102;01-2;3302;Tasse;;1;5,00 €;5,00 €;13-Mär-26\n"
        },
        SALES,
        [("3302", 2, 1000), ("A1", 2, 2000)],
    ),
}

REFUSED = {  # layouts of reports that cannot serve -> (header, what to export instead)
    "woocommerce-revenue-report": ("Date,Orders,Gross sales,Returns,Coupons,Net sales,Taxes,Shipping,Total sales", "Analytics > Orders"),
    "magento-orders-grid": (
        "ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base),Grand Total (Purchased),Status",
        "sales_order_item",
    ),
    "prestashop-orders": ("ID,Reference,New client,Delivery,Customer,Total,Payment,Status,Date", "SQL manager"),
    "etsy-orders": ("Sale Date,Order ID,Buyer User ID,Number of Items,Order Value,Order Total", "Order Items"),
    "amazon-business-report": ("(Parent) ASIN,(Child) ASIN,Title,Sessions,Page Views,Units Ordered,Ordered Product Sales", "All orders"),
    "amazon-settlement": (
        "settlement-id,deposit-date,transaction-type,order-id,amount-type,amount-description,amount,posted-date,sku,quantity-purchased",
        "All orders",
    ),
    "odoo-stock-moves": ("Date,Reference,Product,From,To,Quantity", "Inventory > Reporting > Stock"),
    "erpnext-stock-ledger": ("Date,Item Code,In Qty,Out Qty,Balance Qty,Warehouse,Voucher Type", "Stock Balance"),
    "taobao-order-list": ("订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间", "ExportOrderDetailList"),
    "olist-orders": ("order_id,customer_id,order_status,order_purchase_timestamp,order_estimated_delivery_date", "olist_order_items"),
    "instacart-order-products": ("order_id,product_id,add_to_cart_order,reordered", "Skip the file"),
}


@pytest.mark.parametrize(("layout", "made"), [*READ.items(), *OTHER_LANGUAGES.items()])
def test_a_file_of_this_layout_is_read_to_the_last_unit_and_cent(workspace, tmp_path, layout, made):
    files, query, rows = made
    report = import_files(workspace, [write(tmp_path, name, text) for name, text in files.items()])
    add_up(report)
    assert report.files[[p.file for p in report.files].index(next(iter(files)))].layout_key == layout
    assert stored(workspace, query) == rows


@pytest.mark.parametrize("layout", REFUSED)
def test_a_report_that_cannot_serve_says_which_one_to_export_instead(workspace, tmp_path, layout):
    header, instead = REFUSED[layout]
    row = ",".join("1" for _ in header.split(","))
    with pytest.raises(UserError, match=instead):
        import_files(workspace, [write(tmp_path, "report.csv", f"{header}\n{row}\n")])


@pytest.mark.parametrize("layout", REFUSED)
def test_a_report_that_cannot_serve_does_not_stop_the_others(workspace, tmp_path, layout):
    header, _ = REFUSED[layout]
    report = write(tmp_path, "report.csv", f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    done = import_files(workspace, [report, write(tmp_path, "orders.csv", "date,sku,qty\n2024-03-01,A1,2\n")])
    assert [f.file for f in done.files if f.left_out] == ["report.csv"] and stored(workspace, "select sum(units) from orders") == [(2.0,)]


def test_every_layout_has_a_made_file():
    assert sorted(m.name for m in shipped()) == sorted([*READ, *REFUSED])


@pytest.mark.parametrize("layout", shipped(), ids=lambda m: m.name)
def test_every_layout_cites_a_page_or_a_file_of_public_code(layout):
    assert layout.layout.sources
    for address in map(urlsplit, layout.layout.sources):
        path = [part for part in address.path.split("/") if part]
        assert address.scheme == "https" and path, f"{address.geturl()} is a whole site"
        assert address.netloc != "github.com" or len(path) > 2, f"{address.geturl()} names no file"


def columns_of(tmp_path, file: str, text: str) -> list[str]:
    if not file.endswith(".json"):
        return [c.strip('"') for c in text.splitlines()[0].replace("\t", ",").split(",")]
    with open_sources(write(tmp_path, file, text)) as (source,):
        return source.columns


def test_no_layout_is_taken_for_another(tmp_path):
    headers = {name: next(iter(files.items())) for name, (files, _, _) in READ.items()}
    headers |= {name: ("report.csv", header) for name, (header, _) in REFUSED.items()}
    wrong = {}
    for name, (file, text) in headers.items():
        columns = columns_of(tmp_path, file, text)
        columns += ["date", "quantity"] * (name == "m5-sales")
        found, _ = recognise(columns, shipped())
        if found is None or found.name != name:
            wrong[name] = found and found.name
    assert not wrong


def test_a_shop_describes_a_layout_of_its_own_in_the_workspace(workspace, tmp_path):
    workspace.layouts.mkdir(parents=True)
    (workspace.layouts / "till.toml").write_text(
        '[layout]\nsystem = "Our till"\nreport = "day"\nheader = ["Bon", "Artikelcode", "Stk"]\n'
        '[[states]]\ncolumn = "Art"\nvalues = { "V" = "sale", "R" = "return" }\n'
        '[orders]\nordered_at = "Tag"\nproduct_id = "Artikelcode"\nunits = "Stk"\norder_id = "Bon"\n',
        encoding="utf-8",
    )
    report = import_files(workspace, [write(tmp_path, "x.csv", "Bon,Tag,Artikelcode,Stk,Art\n1,2024-03-01,A,3,V\n2,2024-03-02,A,1,R\n")])
    assert report.files[0].layout_key == "till" and "Our till" in str(report.text())
    assert stored(workspace, "select sum(units) from orders") == [(2.0,)]


def test_a_layout_is_recognised_whatever_the_file_is_called_and_however_its_names_are_written():
    columns = ["AMAZON ORDER ID", "purchase_date", "Order Status", "SKU", "Quantity", "Item Price"]
    assert recognise(columns, shipped())[0].name == "amazon-all-orders" and len(by_plain(columns)) == 6
