"""The plan with the planner's hand on it, the files it leaves the house as, and what hindsight says."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import COSTLESS, NASTY, write_snapshot
from openpyxl import load_workbook

from core import cli
from core.capabilities.inventory import plan
from core.capabilities.inventory.control import ORDER_NOW, PROBLEMS, Rules
from core.errors import UserError
from core.storage.queries import Serving
from core.storage.state import Override, State
from core.workspace import Workspace

AS_OF = date(2011, 12, 4)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("plan"))
    write_snapshot(workspace, products=120, weeks=60)
    return workspace


@pytest.fixture(scope="module")
def basis(shop) -> plan.Basis:
    return plan.read(Serving(next(shop.snapshots.iterdir())), Rules())


def override(name: str, field: str, value, *, scope: str = "product", number: int = 1, until: date = AS_OF, **more) -> Override:
    given = {
        "before": None,
        "reason": "other",
        "comment": "",
        "actor": "ana",
        "at": datetime(2011, 12, 4, 9),
        "expires_on": until,
        "ended_at": None,
        "ended_by": None,
        "basis": {},
    }
    return Override(id=number, scope=scope, name=name, field=field, value=value, **given | more)


def planned(basis: plan.Basis, *overrides: Override) -> pd.DataFrame:
    return plan.make(plan.replanned(basis, overrides), overrides).set_index("product_id")


def due(basis: plan.Basis, at: int = 0) -> str:
    """The product that loses most by waiting, or the next ones."""
    return plan.select(plan.make(basis, []), status=ORDER_NOW).product_id.iloc[at]


def test_without_overrides_the_plan_is_the_snapshots_most_lost_by_waiting_first(basis):
    frame = plan.make(basis, [])
    suggested = basis.products.set_index("product_id").suggested_order_units
    assert frame.order_units.to_numpy() == pytest.approx(suggested[frame.product_id].to_numpy(), nan_ok=True)
    assert frame.lost_margin_cents.dropna().is_monotonic_decreasing and (frame.changed == "").all()


def test_a_planners_quantity_goes_out_instead_and_tells_its_fill_rate(basis):
    first = due(basis)
    before, after = planned(basis).loc[first], planned(basis, override(first, "order_units", 6.0, comment="trial")).loc[first]
    assert (after.order_units, after.packs, after.line_cost_cents) == (6, 1, 6 * after.unit_cost_cents)
    assert (after.changed_by, after.reason, after.comment, after.changed) == ("ana", "other", "trial", "order_units")
    assert after.fill_rate < before.fill_rate and after.lost_margin_cents == before.lost_margin_cents


def test_the_fill_rate_of_the_suggested_quantity_is_the_suggestions_own(basis):
    first = due(basis)
    before = planned(basis).loc[first]
    after = planned(basis, override(first, "order_units", before.suggested_order_units)).loc[first]
    assert after.fill_rate == pytest.approx(before.fill_rate)


def test_a_snoozed_product_leaves_todays_order_until_its_day(basis):
    first = due(basis)
    asleep = override(first, "snooze_until", "2011-12-06", until=date(2011, 12, 5))
    row = planned(basis, asleep).loc[first]
    assert (row.status, row.order_units, row.snooze_until) == (plan.SNOOZED, 0, pd.Timestamp(2011, 12, 6))
    assert not asleep.holds(date(2011, 12, 6))


def test_an_expired_or_ended_override_changes_nothing(basis):
    first = due(basis)
    for gone in (
        override(first, "order_units", 999.0, until=AS_OF - timedelta(days=1)),
        override(first, "order_units", 999.0, ended_at=datetime(2011, 12, 4, 10)),
    ):
        pd.testing.assert_frame_equal(planned(basis, gone), planned(basis))


def test_the_narrower_scope_goes_before_the_wider(basis):
    row = planned(basis).loc[due(basis)]
    wide = override(row.abc, "service_level", 0.8, scope="class")
    middle = override(row.supplier, "service_level", 0.9, scope="supplier", number=2)
    narrow = override(row.name, "service_level", 0.99, number=3)
    for given, expected in (((wide,), 0.8), ((wide, middle), 0.9), ((narrow, middle, wide), 0.99)):
        assert planned(basis, *given).loc[row.name].service_level == expected


def test_only_products_under_changed_terms_are_planned_again(basis):
    row = planned(basis).loc[due(basis)]
    before, after = planned(basis), planned(basis, override(row.supplier, "lead_time_days", 56.0, scope="supplier"))
    theirs = before.supplier == row.supplier
    assert (after[after.supplier == row.supplier].lead_time_days == 56).all()
    assert (after.loc[before.index[theirs], "reorder_point"] > before[theirs].reorder_point).all()
    others = before.index[~theirs]
    pd.testing.assert_frame_equal(after.loc[others], before.loc[others], check_dtype=False)


def test_what_is_on_order_counts_towards_an_order_of_today_where_the_lead_time_is_long_enough_to_wait_for_it(basis):
    waiting = planned(basis).query("on_order_later == 24 and suggested_order_units > 0").iloc[0]
    shorter, longer = (planned(basis, override(waiting.name, "lead_time_days", days)).loc[waiting.name] for days in (45.0, 60.0))
    assert (shorter.on_order, shorter.on_order_later, shorter.inventory_position) == (0, 24, waiting.on_hand)
    assert (longer.on_order, longer.on_order_later, longer.inventory_position) == (24, 0, waiting.on_hand + 24)
    assert longer.order_units == 6 * (np.floor((longer.reorder_point - waiting.on_hand - 24) / 6) + 1)


def test_a_snapshot_from_before_deliveries_were_served_keeps_its_split_of_what_is_on_order(tmp_path):
    folder = write_snapshot(Workspace(tmp_path), products=30, weeks=9, stock_known=1.0)
    (folder / "deliveries.parquet").unlink()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["tables"]["deliveries"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    basis = plan.read(Serving(folder), Rules())
    row = planned(basis, override("P0007", "lead_time_days", 90.0)).loc["P0007"]
    assert (row.on_order, row.on_order_later) == (0, 24)


def test_planning_again_by_the_same_terms_gives_the_snapshots_figures(basis):
    # Class by class with the rules' own level: everything is planned again, and nothing may move.
    same = [override(c, "service_level", 0.95, scope="class", number=i) for i, c in enumerate(plan.CLASSES)]
    again, before = planned(basis, *same), planned(basis)
    pd.testing.assert_frame_equal(again.drop(columns="changed"), before.drop(columns="changed"), check_dtype=False)


def test_the_shops_target_keeps_each_products_own_level_when_only_some_are_planned_again(shop):
    serving = Serving(next(shop.snapshots.iterdir()))
    basis = plan.read(serving, Rules(target="shop"))
    row = planned(basis).loc[due(basis)]
    again, before = planned(basis, override(row.supplier, "review_days", 7.0, scope="supplier")), planned(basis)
    assert before.reorder_point.nunique() > 9
    pd.testing.assert_series_equal(again.service_level, before.service_level)
    pd.testing.assert_series_equal(again.reorder_point, before.reorder_point)
    raised = planned(basis, override(row.name, "service_level", 0.999)).loc[row.name]
    assert raised.service_level == 0.999 and raised.reorder_point > row.reorder_point


def test_a_change_that_makes_a_product_due_which_cannot_be_ordered_leaves_its_money_unknown_where_all_others_are_known(tmp_path):
    def planning(terms: pd.DataFrame) -> pd.DataFrame:
        return terms.assign(pack_size=terms.pack_size.where(terms.product_id != "P0000", 0.0))

    folder = write_snapshot(Workspace(tmp_path), products=30, weeks=9, stock_known=1.0, planning=planning)
    basis = plan.read(Serving(folder), Rules())
    assert basis.products.order_cost_cents.notna().all()
    row = planned(basis, override("P0000", "lead_time_days", 180.0)).loc["P0000"]
    assert row.status == "pack size not usable" and np.isnan(row.order_units) and np.isnan(row.order_cost_cents)


def test_filters_narrow_together_and_the_search_takes_the_text_as_it_stands(basis):
    frame = plan.make(basis, [])
    found = plan.select(frame, status=ORDER_NOW, suppliers=["木艺工坊"], classes=["A", "B"], search="MUG")
    assert len(found) and set(found.supplier) == {"木艺工坊"} and set(found.abc) <= {"A", "B"}
    assert found.title.str.lower().str.contains("mug").all()
    assert len(plan.select(frame, search="%")) == 0
    assert list(plan.select(frame, search="p0007").product_id) == ["P0007"]


def test_what_only_the_planner_orders_is_among_what_to_order(basis):
    frame = planned(basis)
    enough = frame.index[frame.status == "enough"][0]
    found = plan.select(planned(basis, override(enough, "order_units", 6.0)).reset_index(), status=ORDER_NOW)
    assert enough in set(found.product_id)


def test_a_is_most_of_the_margin_and_what_does_not_sell_is_z(basis):
    frame = planned(basis)
    margin = (frame.price_cents - frame.unit_cost_cents) * frame.expected_units
    assert margin[frame.abc == "A"].sum() > 0.7 * margin.sum() and (frame.abc == "A").mean() < 0.6
    assert set(plan.table.xyz(np.zeros((2, 5, 9)))) == {"Z"}


# ---- out of the door


WORDS = {
    "summary": "Summary",
    "no supplier": "No supplier",
    "supplier": "Supplier",
    "lines": "Order lines",
    "units": "Units",
    "cost": "Cost",
    "total": "Total",
    "list": "Plan",
}


def test_a_workbook_has_a_sheet_for_each_supplier_and_for_none_with_the_plans_numbers_and_no_formula(basis):
    nasty = {due(basis, 0): "=1+1", due(basis, 1): "@SUM(A1)", due(basis, 2): "+44 20"}
    frame = plan.make(basis, []).assign(title=lambda f: f.product_id.map(nasty).fillna(f.title))
    frame.loc[frame.product_id == due(basis, 3), "supplier"] = None
    given = plan.order_columns(["product_id = =Article", "title", "order_units", "line_cost"])
    columns = {name: heading or name for name, heading in given.items()}
    book = load_workbook(io.BytesIO(plan.orders_workbook(frame, columns, [("Forecast version", "s1"), ("Filter", "=a")], WORDS)))
    assert book.sheetnames == ["Summary", *plan.by_supplier(frame).supplier.fillna(WORDS["no supplier"])]
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    rows = [row for sheet in book.worksheets[1:] for row in sheet.iter_rows(min_row=2, values_only=True)]
    ordered = frame[frame.order_units > 0].set_index("product_id")
    assert {r[0] for r in rows} == set(ordered.index) and {r[1] for r in rows} >= set(nasty.values())
    for article, _title, units, cost in rows:
        assert units == ordered.order_units[article] and cost == pytest.approx(ordered.line_cost_cents[article] / 100)
    assert [c.value for c in book["Summary"][book["Summary"].max_row]][:3] == ["Total", len(ordered), ordered.order_units.sum()]


def test_what_nobody_knows_the_cost_of_costs_nothing_known_by_supplier_and_in_the_workbook(tmp_path):
    frame = plan.make(plan.read(Serving(write_snapshot(Workspace(tmp_path), weeks=9, stock_known=1.0, **COSTLESS)), Rules()), [])
    totals = plan.by_supplier(frame)
    assert (totals.units > 0).all() and totals[["line_cost_cents", "lost_margin_cents", "missing_cents"]].isna().all(axis=None)
    book = load_workbook(io.BytesIO(plan.orders_workbook(frame, {"product_id": "x"}, [], WORDS)))
    assert [row[3] for row in book["Summary"].iter_rows(min_row=3, values_only=True)] == [None] * (len(totals) + 1)


def test_one_known_cost_is_a_suppliers_total_and_none_is_nothing_where_nothing_goes_out(basis):
    frame = plan.make(basis, []).query("order_units > 0")
    priced = frame.assign(line_cost_cents=frame.line_cost_cents.where(frame.product_id == due(basis)))
    assert plan.by_supplier(priced).line_cost_cents.tolist()[0] == priced.line_cost_cents.max()
    assert plan.by_supplier(frame[:0]).empty and plan.total(frame[:0].line_cost_cents) == 0


def test_the_orders_as_csv_open_in_excel_and_run_nothing(basis):
    frame = plan.make(basis, []).assign(title="=cmd|' /C calc'!A0")
    content = plan.orders_csv(frame, {"product_id": "product_id", "title": "title", "order_units": "units"})
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + (frame.order_units > 0).sum()
    assert all(",'=cmd|' /C calc'!A0," in line for line in lines[1:])


def test_what_is_not_known_is_an_empty_cell(tmp_path):
    folder = write_snapshot(Workspace(tmp_path), products=30, weeks=9, stock_known=1.0, planted=True)
    frame = plan.make(plan.read(Serving(folder), Rules()), [])
    number = list(PROBLEMS).index("cost missing")
    columns = dict.fromkeys(["product_id", "order_units", "unit_cost", "line_cost", "snooze_until", "reason"], "x")
    (line,) = [line for line in plan.orders_csv(frame, columns).decode("utf-8-sig").splitlines() if line.startswith(f"P{number:04d}")]
    assert line.split(",")[1] != "0" and line.split(",")[2:] == ["", "", "", ""]


@pytest.mark.parametrize("given", [["units"], [], ["= Article"]])
def test_a_template_with_columns_nobody_knows_is_refused(given):
    with pytest.raises(UserError, match="order_columns may name product_id"):
        plan.order_columns(given)


def test_the_command_line_exports_the_same_plan(shop, basis, tmp_path, capsys):
    state = State(shop)
    made = state.set_override("product", due(basis), "order_units", 6, reason="budget", actor="ana", expires_on=AS_OF)
    out = tmp_path / "plan.parquet"
    assert cli.main(["export", "plan", "--workspace", str(shop.root), "--out", str(out)]) == 0
    state.end_override(made.id, "ana")
    written, expected = pd.read_parquet(out).set_index("product_id"), planned(basis, made)
    assert list(written.order_units.dropna()) == list(expected.order_units.dropna()) and written.reason[made.name] == "budget"
    assert len(written) == 120 and set(NASTY) <= set(written.title)


# ---- hindsight


def weekly(units: list[float], last: date, product: str = "P1") -> pd.DataFrame:
    ends = [pd.Timestamp(last) - pd.Timedelta(weeks=len(units) - 1 - i) for i in range(len(units))]
    return pd.DataFrame({"product_id": product, "week": ends, "units": units})


def row(**more) -> pd.Series:
    known = {"wait_days": 0.0, "lead_time_days": 14.0, "review_days": 7.0, "inventory_position": 20.0, "suggested_order_units": 30.0}
    return pd.Series(known | more)


def test_naive_is_what_sold_in_the_same_weeks_a_year_before_less_the_stock():
    sales = weekly([5.0] * 11 + [40.0, 0.0, 0.0] + [5.0] * 49, AS_OF)
    assert sales.week.iloc[10].date() == AS_OF - timedelta(days=364)
    assert plan.remembered(row(), sales, AS_OF)["naive"] == 20
    assert plan.remembered(row(), sales.tail(8), AS_OF)["naive"] == 0  # no year: the last 21 days, 15 units, which the stock covers
    assert plan.remembered(row(inventory_position=None), sales, AS_OF)["naive"] is None


def test_hindsight_compares_naive_model_and_planner_with_what_was_needed():
    known = plan.remembered(row(), weekly([10.0] * 60, AS_OF), AS_OF)
    made = override("P1", "order_units", 45.0, basis=known)
    later = weekly([10.0] * 57 + [20.0, 20.0, 20.0], AS_OF + timedelta(days=21))
    found = plan.hindsight([made], later, AS_OF + timedelta(days=21))
    assert found[["naive", "suggested", "planner", "needed"]].values.tolist() == [[10, 30, 45, 40]]
    assert plan.errors(found) == {"naive": 30, "suggested": 10, "planner": 5}
    assert plan.hindsight([made], later.iloc[:-1], AS_OF + timedelta(days=14)).empty  # its time is not over


def test_of_two_quantities_of_one_day_the_last_counts_and_one_taken_back_does_not():
    known = plan.remembered(row(), weekly([10.0] * 60, AS_OF), AS_OF)
    later, on = weekly([10.0] * 63, AS_OF + timedelta(days=21)), AS_OF + timedelta(days=21)
    noon = datetime(2011, 12, 4, 12)
    first = override("P1", "order_units", 45.0, basis=known, ended_at=noon, ended_by="ben")
    second = override("P1", "order_units", 12.0, basis=known, at=noon, actor="ben", number=2)
    assert plan.hindsight([first, second], later, on).planner.tolist() == [12]
    assert plan.hindsight([first], later, on).empty
