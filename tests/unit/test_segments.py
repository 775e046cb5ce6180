"""Segments are groups of customers: large enough in orders, and never fewer than ten customers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from core.schema import CANONICAL
from core.storage import duckdb as db

AS_OF = datetime(2026, 3, 1)
RULES = {"attribute": "country", "signal": "orders", "min_orders": 20, "min_customers": 10, "max_segments": 12, "base_days": 56}


def order(country: str, customer: str | None, order_id: str | None, before: int = 1, orders: int = 1) -> tuple:
    values = {"ordered_at": AS_OF - timedelta(days=before), "product_id": "A", "units": 1.0, "order_id": order_id}
    values |= {"order_count": orders, "customer_id": customer, "country": country}
    return tuple(values.get(name) for name in CANONICAL["orders"].names)


def of_customers(country: str, customers: int, orders: int = 30) -> list[tuple]:
    return [order(country, f"{country}{i % customers}", f"{country}-{i}") for i in range(orders)]


def guests(country: str, orders: int = 30) -> list[tuple]:
    return [order(country, None, f"{country}-{i}") for i in range(orders)]


def segments(orders: list[tuple], **rules) -> dict[str, str]:
    """Return the segment of each country, those of all customers left out."""
    with db.connect() as con:
        for table in CANONICAL.values():
            con.execute(table.ddl())
        con.executemany(f"insert into orders values ({', '.join('?' * len(CANONICAL['orders'].names))})", orders)
        con.execute(
            "create table daily as select product_id, cast(ordered_at as date) as day, country as value, "
            "cast(sum(order_count) as double) as interest from orders group by all"
        )
        engine = db.DuckDB(con)
        engine.register("every_origin", pa.table({"as_of": pa.array([AS_OF.date()], pa.date32())}))
        return {row["value"]: row["segment"] for row in engine.rows("features/segment_of", **(RULES | rules))}


def test_a_group_of_nine_customers_is_no_segment_however_much_it_orders():
    found = segments(of_customers("GB", 40, 60) + of_customers("IE", 9, 300) + of_customers("DE", 10))
    assert found == {"GB": "GB", "DE": "DE"}, "nine customers would be 'other', and that needs ten customers too"


def test_small_groups_are_one_segment_together_where_they_have_enough_customers():
    assert segments(of_customers("GB", 40, 60) + of_customers("IE", 9) + of_customers("FR", 9)) == {
        "GB": "GB",
        "IE": "other",
        "FR": "other",
    }


def test_orders_without_customers_count_as_one_customer_each():
    found = segments(of_customers("GB", 40, 60) + guests("DE") + guests("IE", 9), min_orders=5)
    assert found == {"GB": "GB", "DE": "DE"}


def test_sums_without_orders_count_the_orders_that_they_stand_for():
    rows = (
        [order("GB", None, None, before=d, orders=30) for d in range(3)]
        + [order("DE", None, None, orders=20)]
        + [order("IE", None, None, orders=9)]
    )
    assert segments(rows, min_orders=5) == {"GB": "GB", "DE": "DE"}


def test_customers_from_before_the_base_window_do_not_count():
    old = [order("DE", f"old{i}", f"old-{i}", before=60) for i in range(40)]
    assert "DE" not in segments(of_customers("GB", 40, 60) + old + of_customers("DE", 5))


@pytest.mark.parametrize("minimum, kept", [(12, True), (13, False)])
def test_the_number_of_customers_is_a_setting(minimum, kept):
    assert ("DE" in segments(of_customers("GB", 40, 60) + of_customers("DE", 12), min_customers=minimum)) is kept
