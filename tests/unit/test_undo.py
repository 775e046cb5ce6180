"""Any import can be undone: the warehouse is then what it would be without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.importing import stored, write

from core.errors import UserError
from core.ingest import import_files, undo_import
from core.schema import CANONICAL
from core.storage import duckdb as db
from core.workspace import Workspace

ORDERS = "order_id,date,sku,qty,price,customer_id,country\n"
FILES = {
    "orders_1.csv": ORDERS + "".join(f"{n},2024-03-{n:02},A{n % 3},{n % 4 + 1},10,c{n % 5},Germany\n" for n in range(1, 20)),
    "orders_2.csv": ORDERS + "3,2024-03-21,A0,1,10,c3,Germany\n19,2024-03-19,A1,9,11,c4,France\n20,2024-03-20,B1,1,10,c1,France\n",
    "products.csv": "sku,title,category,price,currency\nA0,Mug,Kitchen,10,EUR\nA1,Tray,Kitchen,11,EUR\nB1,Lamp,Light,,EUR\n",
    "products_2.csv": "sku,title,category,price,currency\nA0,Big mug,,12,EUR\nC1,Vase,Home,5,USD\n",
    "customers.csv": "customer_id,tier\nc1,gold\nc2,silver\n",
    "reviews.csv": "product_id,review_date,rating\nA0,2024-03-05,5\nA0,2024-03-05,5\nA1,2024-03-06,2\n",
    "stock.csv": "date,sku,location,on_hand\n2024-03-19,A0,East,5\n2024-03-19,A0,West,7\n2024-03-19,A1,East,3\n",
    "purchase_orders.csv": "sku,due_date,quantity\nA0,2024-04-01,30\n",
    "totals.csv": "date,sku,qty,price\n2024-03-20,D1,5,3\n2024-03-20,D2,6,3\n2024-03-21,D1,2,3\n",
    "views.csv": "date,sku,views\n2024-03-20,A0,12\n2024-03-20,A1,3\n",
}


def contents(workspace: Workspace) -> dict[str, list]:
    """Everything that an import leaves, apart from its number and time."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        found = {t: con.execute(f"select * from {t} order by all").fetchall() for t in CANONICAL}
        found["stock_locations"] = con.execute("select * from stock_locations order by all").fetchall()
        found["facts"] = con.execute("select name, value from facts order by 1").fetchall()
        found["quarantine"] = con.execute("select file, table_name, line, reason from quarantine order by all").fetchall()
        found["imports"] = con.execute("select file, sha256, table_name, rows_read, rows_kept from imports order by all").fetchall()
        return found


def imported(folder: Path, files: list[str]) -> Workspace:
    workspace = Workspace(folder).create()
    for name in files:
        import_files(workspace, [write(folder.parent, name, FILES[name])])
    return workspace


@pytest.mark.parametrize("undone", list(range(len(FILES))))
def test_the_warehouse_is_what_it_would_be_without_the_import(tmp_path, undone):
    names = list(FILES)
    workspace = imported(tmp_path / "all", names)
    undo_import(workspace, str(undone + 1))
    after = contents(workspace)
    for key in ("facts", "imports"):
        after.pop(key)
    rest = [name for name in names if name != names[undone]]
    expected = contents(with_key_of(workspace, tmp_path / "rest", rest))
    assert after == {key: expected[key] for key in after}


def with_key_of(workspace: Workspace, folder: Path, files: list[str]) -> Workspace:
    """Import files into another workspace that has the same key of customers."""
    other = Workspace(folder).create()
    for key in workspace.root.glob("*key*"):
        (folder / key.name).write_bytes(key.read_bytes())
        (folder / key.name).chmod(0o600)
    for name in files:
        import_files(other, [write(folder.parent, name, FILES[name])])
    return other


def test_taking_everything_back_leaves_nothing_and_the_files_can_be_imported_again(tmp_path):
    workspace = imported(tmp_path / "shop", ["orders_1.csv", "products.csv"])
    before = contents(workspace)
    for number in ("2", "1"):
        undo_import(workspace, number)
    assert all(not rows for rows in contents(workspace).values())
    for name in ("orders_1.csv", "products.csv"):
        import_files(workspace, [tmp_path / name])
    assert contents(workspace) == before


def test_a_plan_of_an_undo_says_what_changes_and_changes_nothing(tmp_path):
    workspace = imported(tmp_path / "shop", ["orders_1.csv", "orders_2.csv"])
    before = contents(workspace)
    plan = undo_import(workspace, "2", dry_run=True)
    assert contents(workspace) == before
    assert str(plan.text()).startswith("Plan of undoing import 000002 of ") and "Nothing is written." in str(plan.text())
    assert "orders: 3 removed, 2 restored." in str(plan.text()) and "From 3 Mar 2024 to 21 Mar 2024." in str(plan.text())
    done = undo_import(workspace, "000002")
    assert done.tables == plan.tables
    days = stored(workspace, "select first_day::varchar from touched where import_id = '000002' and table_name = 'orders'")
    assert days == [("2024-03-03",)], "features change from the earliest day that an undo changes"


def test_an_import_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    workspace = imported(tmp_path / "shop", ["orders_1.csv"])
    with pytest.raises(UserError, match=r"There is no import 7. The latest imports are 000001 \(orders_1.csv\)"):
        undo_import(workspace, "7")


def test_what_an_earlier_version_imported_stays_when_a_newer_import_is_taken_back(tmp_path):
    workspace = imported(tmp_path / "shop", ["orders_1.csv"])
    with db.connect(workspace.warehouse) as con:  # earlier versions kept no journal
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where table_name = 'journal' or table_name like 'given_%'"
        ).fetchall():
            con.execute(f"drop table {table}")
    before = {t: rows for t, rows in contents(workspace).items() if t in CANONICAL}
    import_files(workspace, [write(tmp_path, "orders_2.csv", FILES["orders_2.csv"])])
    undo_import(workspace, "2")
    assert {t: rows for t, rows in contents(workspace).items() if t in CANONICAL} == before
    with pytest.raises(UserError, match="earlier version"):
        undo_import(workspace, "1")
