"""JSON of orders with lists of their lines, as the interfaces of shop systems give it: a row a line, states and refunds included."""

from __future__ import annotations

import json

import pytest
from fixtures.importing import stored, write

from core.errors import UserError
from core.ingest import import_files
from core.ingest.readers import json_objects
from core.ingest.readers.files import open_sources

LINES = "select order_id, product_id, units, unit_price_cents from orders order by all"
UNITS = "select product_id, sum(units) from orders group by 1 order by 1"


def shopify(number: int, *lines: tuple, state: str = "paid", **more) -> dict:
    """An order of Shopify with (sku, quantity, price) a line."""
    items = [
        {
            "id": 10 * number + i,
            "sku": sku,
            "name": f"Name {sku}",
            "quantity": qty,
            "price": price,
            "tax_lines": [{"rate": 0.1, "price": "1"}],
        }
        for i, (sku, qty, price) in enumerate(lines)
    ]
    return {
        "id": number,
        "name": f"#{number}",
        "created_at": f"2024-03-0{number}T10:00:00-05:00",
        "currency": "USD",
        "total_price": "999.00",
        "financial_status": state,
        "customer": {"email": f"x{number}@example.com", "first_name": "Ann"},
        "shipping_lines": [{"title": "Post", "price": "4.00"}],
        "line_items": items,
    } | more


def woo(number: int, *lines: tuple, state: str = "completed", **more) -> dict:
    """An order of WooCommerce with (sku, quantity, total) a line."""
    items = [
        {"id": 10 * number + i, "name": f"Name {sku}", "sku": sku, "quantity": qty, "total": total, "meta_data": []}
        for i, (sku, qty, total) in enumerate(lines)
    ]
    return {
        "id": number,
        "number": str(number),
        "status": state,
        "currency": "EUR",
        "date_created": f"2024-03-0{number}T10:00:00",
        "customer_id": 0,
        "billing": {"first_name": "Ann", "country": "DE"},
        "shipping": {"country": ""},
        "line_items": items,
        "fee_lines": [],
    } | more


def imported(workspace, tmp_path, document, name: str = "orders.json", **settings):
    report = import_files(workspace, [write(tmp_path, name, document if isinstance(document, str) else json.dumps(document))], **settings)
    totals = report.totals()
    assert totals["read"] == sum(totals[k] for k in ("kept", "dropped", "quarantined", "set_aside"))
    return report


def test_orders_of_shopify_are_read_a_row_a_line_and_only_what_was_sold(workspace, tmp_path):
    orders = [
        shopify(1, ("A", 2, "4.50"), ("", 1, "3.00")),
        shopify(2, ("A", 5, "4.50"), state="refunded"),
        shopify(3, ("A", 7, "4.50"), cancelled_at="2024-03-04T10:00:00-05:00"),
        shopify(4, ("B", 1, "9.00"), state="pending"),
        shopify(5, ("B", 3, "9.00"), test=True),
    ]
    report = imported(workspace, tmp_path, {"orders": orders})
    assert report.totals()["set_aside"] == 4
    assert stored(workspace, LINES) == [("#1", "A", 2, 450), ("#1", "Name", 1, 300)]
    assert report.files[0].layout_key == "shopify-orders-json" and report.shop["currency"] == "USD"


def test_units_that_a_refund_names_are_not_sold(workspace, tmp_path):
    back = [{"refund_line_items": [{"line_item_id": 10, "quantity": 2, "line_item": {"quantity": 5}}]}]
    order = shopify(1, ("A", 5, "1.00"), ("B", 1, "2.00"), state="partially_refunded", refunds=back)
    imported(workspace, tmp_path, {"orders": [order]})
    assert stored(workspace, UNITS) == [("A", 3), ("B", 1)]


def test_orders_of_woocommerce_are_read_a_row_a_line(workspace, tmp_path):
    orders = [woo(1, ("A", 2, "9.00"), ("B", 1, "3.00")), woo(2, ("A", 4, "18.00"), state="cancelled"), woo(3, ("A", 1, "4.50"))]
    imported(workspace, tmp_path, orders)
    assert stored(workspace, LINES) == [("1", "A", 2, 450), ("1", "B", 1, 300), ("3", "A", 1, 450)]
    assert stored(workspace, "select distinct country, customer_id from orders") == [("DE", None)]  # 0 is no customer


def test_what_is_left_of_a_line_after_edits_and_refunds_is_what_was_sold(workspace, tmp_path):
    """`current_quantity` is less what was refunded and what was taken out of the order, which no refund names."""
    back = [{"refund_line_items": [{"line_item_id": 10, "quantity": 1}]}, {"refund_line_items": [], "note": "postage"}]
    order = shopify(1, ("A", 5, "1.00"), ("B", 2, "2.00"), ("C", 3, "1.00"), state="partially_refunded", refunds=back)
    for line, left in zip(order["line_items"], (4, 0, 3)):
        line["current_quantity"] = left
    report = imported(workspace, tmp_path, [order])
    assert stored(workspace, UNITS) == [("A", 4), ("C", 3)] and report.totals()["set_aside"] == 1


def test_a_refund_that_names_no_lines_is_asked_about(workspace, tmp_path):
    orders = [woo(1, ("A", 2, "9.00"), refunds=[{"id": 5, "total": "-4.50"}]), woo(2, ("A", 1, "4.50"))]
    with pytest.raises(UserError, match="--state part-refunded=sale"):
        imported(workspace, tmp_path, orders)
    imported(workspace, tmp_path, orders, answers={"--state part-refunded": "not a sale"})
    assert stored(workspace, UNITS) == [("A", 1)]


def test_a_refund_of_an_order_that_is_no_sale_anyway_is_not_asked_about(workspace, tmp_path):
    orders = [woo(1, ("A", 2, "9.00"), state="refunded", refunds=[{"id": 5, "total": "-9.00"}]), woo(2, ("A", 1, "4.50"))]
    imported(workspace, tmp_path, orders)
    assert stored(workspace, UNITS) == [("A", 1)]


def test_orders_of_a_system_that_nobody_knows_are_read_by_the_names_of_their_fields(workspace, tmp_path):
    orders = [
        {
            "orderNumber": f"N{day}",
            "createdAt": f"2024-03-0{day}",
            "status": "paid" if day < 3 else "cancelled",
            "buyer": {"city": "Bonn"},
            "positions": [{"sku": "A", "qty": day, "unitPrice": 2.5}, {"sku": "B", "qty": 1, "unitPrice": 1}],
            "tags": ["x", "y"],
        }
        for day in (1, 2, 3)
    ]
    imported(workspace, tmp_path, {"count": 3, "data": orders})
    assert stored(workspace, LINES) == [("N1", "A", 1, 250), ("N1", "B", 1, 100), ("N2", "A", 2, 250), ("N2", "B", 1, 100)]


ORDERS = [shopify(1, ("A", 2, "4.50"), ("B", 1, "3.00")), shopify(2, ("A", 1, "4.50"))]
FORMS = {
    "one line": json.dumps({"orders": ORDERS}),
    "indented": json.dumps({"orders": ORDERS}, indent=1),
    "with a count": json.dumps({"count": 2, "orders": ORDERS, "meta": {"page": 1}}),
    "pages, one a line": "\n".join(json.dumps({"orders": [one]}) for one in ORDERS),
    "one order a line": "\n".join(map(json.dumps, ORDERS)),
    "an array": json.dumps(ORDERS),
    "with a mark": "\ufeff" + json.dumps({"orders": ORDERS}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_same_orders_gives_the_same_rows(workspace, tmp_path, form):
    imported(workspace, tmp_path, FORMS[form])
    assert stored(workspace, LINES) == [("#1", "A", 2, 450), ("#1", "B", 1, 300), ("#2", "A", 1, 450)]


@pytest.mark.parametrize("form", ["one line", "indented"])
def test_a_list_too_long_to_be_read_at_once_is_streamed(workspace, tmp_path, monkeypatch, form):
    monkeypatch.setattr(json_objects, "_CHUNK", 50)
    monkeypatch.setattr(json_objects, "LONGEST_LINE", 900)
    imported(workspace, tmp_path, FORMS[form])
    assert stored(workspace, UNITS) == [("A", 3), ("B", 1)]


def test_one_order_is_an_order_and_not_a_list_of_its_lines(workspace, tmp_path):
    imported(workspace, tmp_path, ORDERS[0])
    assert stored(workspace, LINES) == [("#1", "A", 2, 450), ("#1", "B", 1, 300)]


def test_an_order_without_lines_is_one_row_that_cannot_be_read(workspace, tmp_path):
    report = imported(workspace, tmp_path, [*ORDERS, shopify(3)])
    assert report.totals()["quarantined"] == 1 and stored(workspace, UNITS) == [("A", 3), ("B", 1)]


def test_no_field_about_persons_is_read(workspace, tmp_path):
    report = imported(workspace, tmp_path, ORDERS)
    assert "order.customer.first_name" in report.files[0].outside
    assert "Ann" not in str(stored(workspace, "select * from orders"))


def test_lists_within_records_that_hold_no_lines_stay_one_row(tmp_path):
    reviews = [{"asin": "A", "rating": 5, "images": [{"url": "a"}, {"url": "b"}]}, {"asin": "B", "rating": 4, "images": []}]
    with open_sources(write(tmp_path, "reviews.json", json.dumps(reviews))) as (source,):
        assert source.columns == ["asin", "rating", "images"] and source.sample(["asin"]).num_rows == 2


@pytest.mark.parametrize(
    ("document", "found", "to_do"),
    [
        ({"data": {"orders": {"edges": [{"node": {"id": 1}}]}}}, "no list of records", "order lines as CSV"),
        ({"orders": [{"id": 1}], "customers": [{"id": 2}]}, "several lists of records: orders, customers", "file of its own"),
        ([{"id": 1, "sent": [{"sku": "A", "qty": 1}], "back": [{"sku": "A", "qty": 1}]}], "several lists with quantities", "CSV"),
        ({"orders": []}, "has no JSON object", "Export"),
    ],
)
def test_json_that_cannot_be_read_says_what_to_export(workspace, tmp_path, document, found, to_do):
    with pytest.raises(UserError) as error:
        imported(workspace, tmp_path, document)
    assert found in str(error.value.found) and to_do in str(error.value.to_do)
