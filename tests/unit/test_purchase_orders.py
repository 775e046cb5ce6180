"""Purchase orders: numbers, statuses, the audit log, their files, and what of them the plan counts as on order."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from core.capabilities.inventory import plan
from core.errors import UserError
from core.storage.state import Line, PurchaseOrder, State
from tests.unit.test_plan import AS_OF, basis, due, override, shop  # noqa: F401

LINES = (Line("P1", "Mug", 24.0, 250.0, date(2026, 7, 9)), Line("P2", "=Lamp", 6.5, None, date(2026, 7, 9)))
WORDS = {
    name: name.capitalize()
    for name in "number date supplier currency ship_to terms product_id title units unit_cost line_cost due_on total".split()
}


@pytest.fixture
def state(workspace) -> State:
    return State(workspace)


def drafted(state: State, supplier: str = "Mill", lines=LINES) -> PurchaseOrder:
    return state.create_order(supplier, lines, currency="GBP", ship_to="1 High St", terms="net 30", actor="ana")


def sent(product: str, units: float, due_on: date, sent_on: date, **more) -> PurchaseOrder:
    made = datetime.combine(sent_on, datetime.min.time())
    order = PurchaseOrder(
        "PO-2026-0001", "Mill", "GBP", "", "", "sent", "ana", made, made, sent_on, (Line(product, "", units, 1.0, due_on),)
    )
    return replace(order, **more)


def counted(orders, deliveries=(), figures=(), as_of=AS_OF) -> list[tuple]:
    frame = pd.DataFrame(list(deliveries), columns=["product_id", "due_in_days", "units"])
    lines = plan.on_the_way(orders, frame, dict(figures), as_of)
    return list(lines[["counted", "imported", "unsure"]].itertuples(index=False, name=None))


def test_numbers_count_up_within_the_year_and_every_change_is_in_the_audit_log(state):
    first, second = drafted(state), drafted(state)
    year = first.created_at.year
    assert (first.number, second.number) == (f"PO-{year}-0001", f"PO-{year}-0002")
    before = state.orders_version()
    state.set_order_status(first.number, "sent", "ben", on=date(2026, 7, 1))
    assert state.orders_version() > before
    latest = state.audit()[0]
    assert (latest.actor, latest.act, latest.subject) == ("ben", "purchase order", first.number)
    assert (latest.details["before"], latest.details["after"]) == ("draft", "sent")
    assert state.order(first.number).sent_on == date(2026, 7, 1) and state.order(second.number).status == "draft"


def test_an_order_is_received_in_parts_and_then_whole(state):
    number = drafted(state).number
    state.set_order_status(number, "sent", "ana")
    part = state.set_order_status(number, "partly received", "ana", received={"P1": 10.0})
    assert [line.open for line in part.lines] == [14, 6.5]
    whole = state.set_order_status(number, "received", "ana")
    assert [line.open for line in whole.lines] == [0, 0] and not whole.on_the_way


@pytest.mark.parametrize(
    ("status", "received"),
    [("draft", {}), ("confirmed", {}), ("received", {}), ("sold", {})],
    ids=["same", "skips", "skips two", "unknown"],
)
def test_a_status_follows_the_one_before(state, status, received):
    with pytest.raises(UserError, match="can only become one of"):
        state.set_order_status(drafted(state).number, status, "ana", received=received)


def test_more_than_was_ordered_cannot_arrive_and_an_order_has_lines(state):
    number = drafted(state).number
    state.set_order_status(number, "sent", "ana")
    with pytest.raises(UserError, match="from 0 to the 24"):
        state.set_order_status(number, "partly received", "ana", received={"P1": 25.0})
    with pytest.raises(UserError, match="at least one line"):
        drafted(state, lines=())


def test_its_files_have_number_date_currency_ship_to_and_terms_and_run_nothing(state):
    order = drafted(state)
    rows = list(csv.DictReader(io.StringIO(plan.order_file(order, WORDS, "csv").decode("utf-8-sig"))))
    assert [(r["Number"], r["Currency"], r["Ship_to"], r["Terms"], r["Units"]) for r in rows] == [
        (order.number, "GBP", "1 High St", "net 30", units) for units in ("24", "6.5")
    ]
    assert rows[1]["Title"] == "'=Lamp" and rows[0]["Line_cost"] == "60"
    sheet = load_workbook(io.BytesIO(plan.order_file(order, WORDS, "xlsx"))).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][:2] == ["Number", order.number] and cells[-1][0] == "Total" and cells[-1][4] == 60
    assert all(cell.data_type != "f" for row in sheet for cell in row)


def test_what_was_sent_after_the_data_counts_whole_and_what_the_files_have_counts_once():
    later, before = AS_OF + timedelta(days=1), AS_OF - timedelta(days=5)
    due_on = AS_OF + timedelta(days=10)
    assert counted([sent("P1", 20, due_on, later)], [("P1", 10, 20)]) == [(20, 0, False)]
    assert counted([sent("P1", 20, due_on, before)], [("P1", 12, 20)]) == [(0, 20, False)]
    assert counted([sent("P1", 20, due_on, before)], [("P1", 12, 15)]) == [(5, 15, True)]
    assert counted([sent("P1", 20, due_on, before)], [("P1", 40, 20)]) == [(20, 0, True)]  # another delivery
    assert counted([sent("P1", 20, due_on, before)], figures={"P1": 12.0}.items()) == [(8, 12, True)]
    two = [sent("P1", 20, due_on, before), sent("P1", 20, due_on, before, number="PO-2026-0002")]
    assert counted(two, [("P1", 10, 20)]) == [(0, 20, False), (20, 0, True)]  # one delivery is not two orders


def test_drafts_and_cancelled_orders_do_not_count_and_what_arrived_after_the_data_still_does():
    day = AS_OF + timedelta(days=1)
    order = sent("P1", 20, day, day)
    assert counted([replace(order, status=status) for status in ("draft", "cancelled")]) == []
    got = replace(order, status="received", lines=(replace(order.lines[0], received=20.0),))
    assert counted([got]) == [(20, 0, False)]  # the stock count of the data is older
    assert counted([got], as_of=day) == []


def test_a_sent_order_is_on_order_at_once_and_buys_a_planners_quantity(basis):
    product = due(basis, 0)
    row = basis.products.set_index("product_id").loc[product]
    units = row.suggested_order_units
    order = sent(product, units, AS_OF + timedelta(days=7), AS_OF + timedelta(days=1))
    after = plan.make(plan.replanned(basis, [], [order]), []).set_index("product_id").loc[product]
    assert after.inventory_position == pytest.approx(row.inventory_position + units) and after.suggested_order_units == 0
    own = override(product, "order_units", 5.0)
    assert plan.standing([own], []) == [own] and plan.standing([own], [order]) == ([] if order.created_at >= own.at else [own])
    untouched = plan.replanned(basis, [], [replace(order, status="draft")])
    np.testing.assert_array_equal(untouched.products.suggested_order_units, basis.products.suggested_order_units)
