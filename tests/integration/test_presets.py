"""The mappings that ship, on the real data they are for and on small files of the same shape."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from fixtures.importing import add_up, stored, told_once

from core.errors import UserError
from core.ingest import import_files
from core.ingest.recognise.mapping_file import load, presets


def test_every_preset_loads():
    assert presets() == ["amazon-reviews", "complete-journey", "generic", "uci-online-retail"]
    for name in presets():
        assert load(name, None).tables


@pytest.mark.whole
@pytest.mark.real_data
def test_uci_online_retail_is_counted_to_the_last_row(workspace, real_data):
    file = real_data / "uci_online_retail_ii" / "online_retail_II.parquet"
    report = import_files(workspace, [file], preset="uci-online-retail")
    orders = report.as_dict()["files"][0]["tables"]["orders"]
    assert add_up(report) == {"read": 1_067_370, "kept": 1_037_090, "dropped": 21_566, "quarantined": 2_673, "set_aside": 6_041}
    assert orders["dropped_by_reason"] == {"The file has the same row twice.": 21_566}
    assert orders["set_aside_by_reason"] == {
        "The row is not about a product but about postage, a fee, a discount, a voucher, a sample or a test.": 6_041,
    }
    assert orders["quarantined_by_reason"] == {
        "The price is not above zero: it is a stock adjustment or a sample, not a sale.": 2_673,
    }
    # The same from the file itself, counted another way.
    raw = pd.read_parquet(file)
    codes = r"POST|DOT|C2|C3|M|D|S|B|PADS|CRUK|BANK CHARGES|AMAZONFEE|ADJUST\d*|TEST\d+|GIFT(_.*)?|22016|23444|23702"
    raw = raw[~raw.Description.str.strip().str.lower().isin(["adjust", "adjustment", "test"])]
    raw = raw.assign(StockCode=raw.StockCode.str.strip().str.upper()).drop(columns=["Description", "sheet"])
    goods = raw[~raw.StockCode.str.fullmatch(codes) & ~((raw.Quantity > 0) & (raw.Price <= 0))]
    told = told_once(goods, "Invoice")
    assert (len(goods), len(told)) == (1_067_370 - 2_673 - 6_041, 1_037_090)
    returns = int(((told.Quantity < 0) | told.Invoice.str.startswith("C")).sum())
    assert stored(workspace, "select count(*) filter (where units < 0), count(*) from orders") == [(returns, len(told))]
    # One product a code, with a catalogue title: no clerk's remark wins.
    assert stored(workspace, "select count(*), count(distinct product_id), count(*) filter (where title = product_id) from products") == [
        (4_735, 4_735, 0)
    ]
    assert stored(workspace, "select title from products where product_id in ('85123A', '22423') order by product_id") == [
        ("REGENCY CAKESTAND 3 TIER",),
        ("WHITE HANGING HEART T-LIGHT HOLDER",),
    ]
    assert stored(
        workspace, "select count(*) from products where regexp_matches(title, '^(check|damage|lost|found|\\?|missing|wet|sold as)', 'i')"
    ) == [(0,)]
    assert stored(workspace, "select country, count(*) from orders group by 1 order by 2 desc limit 2")[0][0] == "United Kingdom"
    assert stored(workspace, "select count(*) from customers where attribute = 'country'") == [(5_869,)]
    assert workspace.settings().shop.segment_attribute == "country" and workspace.settings().shop.countries == ("GB",)
    again = import_files(workspace, [real_data / "uci_online_retail_ii" / "online_retail_II.parquet"], preset="uci-online-retail")
    assert add_up(again) == {"read": 1_067_370, "kept": 0, "dropped": 1_058_656, "quarantined": 2_673, "set_aside": 6_041}


def test_uci_first_edition_column_names_are_known_and_cancelled_lines_become_returns(workspace, tmp_path):
    (tmp_path / "online.csv").write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123a,WHITE HEART ,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
        "536366,85123A,WHITE  HEART,6,12/13/2010 8:28,2.55,17850,United Kingdom\n"
        "C536379,85123A,WHITE HEART,-1,12/14/2010 9:41,2.55,17850,United Kingdom\n"
        "536380,85123A,damaged,-9,12/14/2010 9:42,0,,United Kingdom\n"
        "536381,POST,POSTAGE,1,12/14/2010 9:43,18,12583,France\n"
        "536382,85123A,?,5,12/14/2010 9:43,0,,Unspecified\n"
    )
    report = import_files(workspace, [tmp_path / "online.csv"], preset="uci-online-retail")
    assert add_up(report) == {"read": 6, "kept": 4, "dropped": 0, "quarantined": 1, "set_aside": 1}
    assert stored(workspace, "select units, unit_price_cents from orders order by ordered_at") == [
        (6.0, 255),
        (6.0, 255),
        (-1.0, 255),
        (-9.0, 0),
    ]
    assert stored(workspace, "select product_id, title, price_cents from products") == [("85123A", "WHITE HEART", 255)]


@pytest.mark.whole
@pytest.mark.real_data
def test_complete_journey_is_rolled_up_to_product_types(workspace, real_data):
    folder = real_data / "complete_journey"
    names = ("transactions_sample_100k", "products", "demographics")
    report = import_files(workspace, [folder / f"{n}.parquet" for n in names], preset="complete-journey")
    totals = report.totals()
    assert totals["read"] == 100_000 + 92_331 + 801 and totals["read"] == sum(
        totals[what] for what in ("kept", "dropped", "quarantined", "set_aside")
    )
    ((lines, products),) = stored(workspace, "select count(*), count(distinct product_id) from orders")
    assert lines > 95_000 and 1_000 < products < 2_378
    assert stored(workspace, "select title, category, brand from products where product_id in ('BANANAS', 'PEANUT BUTTER') order by 1") == [
        ("BANANAS, TROPICAL FRUIT", "PRODUCE", "National"),
        ("PEANUT BUTTER, PNT BTR/JELLY/JAMS", "GROCERY", "National"),
    ]
    assert ("income",) in stored(workspace, "select distinct attribute from customers")
    assert (workspace.settings().shop.segment_attribute, workspace.settings().shop.currency) == ("income", "USD")


def test_complete_journey_promotions_of_a_week_become_a_range_of_days(workspace, tmp_path):
    (tmp_path / "products.csv").write_text(
        "product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n7,1,GROCERY,National,SOUP,TOMATO SOUP,1\n"
    )
    (tmp_path / "promotions.csv").write_text(
        "product_id,store_id,display_location,mailer_location,week\n7,1,9,0,2\n7,2,9,0,2\n7,1,0,A,2\n8,1,0,A,2\n"
    )
    report = import_files(workspace, [tmp_path / "promotions.csv", tmp_path / "products.csv"], preset="complete-journey")
    assert add_up(report) == {"read": 5, "kept": 3, "dropped": 1, "quarantined": 1}
    assert stored(workspace, "select product_id, starts_on::varchar, ends_on::varchar, kind from promotions order by kind") == [
        ("TOMATO SOUP", "2017-01-02", "2017-01-08", "display"),
        ("TOMATO SOUP", "2017-01-02", "2017-01-08", "mailer"),
    ]
    with pytest.raises(UserError, match="product_type"):
        import_files(workspace, [tmp_path / "promotions.csv"], preset="complete-journey")


def test_amazon_reviews_and_their_products(workspace, tmp_path):
    reviews = [
        {
            "rating": 5.0,
            "title": "Great",
            "text": "Soft.",
            "images": [],
            "asin": "B1",
            "parent_asin": "P1",
            "user_id": "U1",
            "timestamp": 1588687728923,
        },
        {
            "rating": 1.0,
            "title": "No",
            "text": "Hard.",
            "images": [],
            "asin": "B2",
            "parent_asin": "P1",
            "user_id": "U2",
            "timestamp": 1588687728924,
        },
        {
            "rating": 1.0,
            "title": "No",
            "text": "Hard.",
            "images": [],
            "asin": "B2",
            "parent_asin": "P1",
            "user_id": "U2",
            "timestamp": 1588687728924,
        },
    ]
    meta = [
        {
            "main_category": "Beauty",
            "title": "Hair brush",
            "features": [],
            "description": ["A brush", "for hair"],
            "price": "9.99",
            "store": "Acme",
            "parent_asin": "P1",
        }
    ]
    (tmp_path / "All_Beauty.jsonl").write_text("\n".join(json.dumps(r) for r in reviews))
    (tmp_path / "meta_All_Beauty.jsonl").write_text("\n".join(json.dumps(m) for m in meta))
    report = import_files(workspace, [tmp_path / "All_Beauty.jsonl", tmp_path / "meta_All_Beauty.jsonl"], preset="amazon-reviews")
    assert add_up(report) == {"read": 4, "kept": 3, "dropped": 1, "quarantined": 0}
    assert stored(workspace, "select product_id, rating, title, body, created_at::date::varchar from reviews order by rating") == [
        ("P1", 1.0, "No", "Hard.", "2020-05-05"),
        ("P1", 5.0, "Great", "Soft.", "2020-05-05"),
    ]
    assert stored(workspace, "select title, description, category, brand, price_cents from products") == [
        ("Hair brush", "A brush for hair", "Beauty", "Acme", 999)
    ]


@pytest.mark.parametrize(
    "header",
    [
        "order_date,sku,quantity,price",
        "Order Date;SKU;Qty;Unit Price",
        "下单日期,商品编码,数量,单价",
        "订单时间,货号,件数,成交价",
        "Date\tItem ID\tUnits Sold\tSelling price (EUR)",
    ],
)
def test_the_generic_preset_knows_the_usual_names(workspace, tmp_path, header):
    delimiter = next(d for d in ",;\t" if d in header)
    (tmp_path / "export.csv").write_text(header + "\n" + delimiter.join(["2024-03-05", "A", "2", "1.50"]) + "\n", encoding="utf-8")
    import_files(workspace, [tmp_path / "export.csv"])
    assert stored(workspace, "select product_id, units, unit_price_cents from orders") == [("A", 2.0, 150)]


@pytest.mark.parametrize(
    "text, found",
    [
        ("[ordrs]\na = 1\n", "Did you mean orders"),
        ("[orders]\nordered_on = 'a'\n", "Did you mean ordered_at"),
        ("[orders]\nordered_at = 'a'\n", "product_id"),
        ("[orders]\nordered_at = 3\nproduct_id='a'\nunits='b'\n", "ordered_at"),
        ("[options]\ndecmal = ','\n", "Did you mean decimal"),
        ("[options]\ndecimal = 'x'\n", "decimal"),
        ("[orders\n", "TOML"),
        ("[options]\ndecimal = ','\n", "a table such as"),
        ("[options]\nnon_products = ['(']\n", "regular expression"),
        ("options = 3\n", "a table"),
        ("[kinds]\nbuy = 'x'\n", "The kinds of events are"),
        ("[lookup]\nkey = 'a'\n", "the keys `key` and `columns`"),
        ("[orders]\nordered_at = {column = 'a', plus_days = 'x'}\n", "a whole number"),
        ("[orders]\nordered_at = {column = 'a', formt = 'x'}\n", "formt"),
        ("[options]\nnon_products = ['(?!a)b']\n", "regular expression"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_with_a_hint(tmp_path, text, found):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(UserError) as error:
        load(None, tmp_path / "m.toml")
    assert found in str(error.value)
