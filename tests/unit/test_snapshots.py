"""Publishing: whole or not at all, checked in full, served by one atomic flip; and exports that spreadsheets cannot run."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.model_folders import damage
from fixtures.tiny_snapshot import change, write_scored

from core.capabilities.registry import serving_tables
from core.errors import NotReady, UpswingError, UserError
from core.schema import FIRST_VERSION
from core.storage import audit, snapshots
from core.storage.export import write_table
from core.storage.queries import Serving
from core.storage.state import State

PUBLISH_AND_DIE = """
import os, signal, sys
from core.storage import snapshots
from core.workspace import Workspace
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
setattr(snapshots, sys.argv[2], die)
snapshots.publish(Workspace.at(sys.argv[1]))
"""


@pytest.fixture
def scored(workspace) -> Path:
    return write_scored(workspace)


def refused(workspace) -> str:
    """The message of a publish that must be refused and must change nothing."""
    before = snapshots.current(workspace), snapshots.history(workspace)
    with pytest.raises(UpswingError) as error:
        snapshots.publish(workspace)
    assert (snapshots.current(workspace), snapshots.history(workspace)) == before
    return str(error.value)


def test_a_published_snapshot_is_served_and_holds_what_was_scored(workspace, scored):
    snapshot_id = snapshots.publish(workspace)
    served = snapshots.current(workspace)
    assert served.id == snapshot_id == served.path.name
    assert (served.as_of, served.model) == ("2011-12-04", pq.read_table(scored / "meta.parquet")["model"][0].as_py())
    for name in serving_tables().keys() - {"meta"}:
        assert served.table(name).read_bytes() == (scored / f"{name}.parquet").read_bytes()
        assert served.manifest["tables"][name]["rows"] == pq.read_metadata(served.table(name)).num_rows
    assert pq.read_table(served.table("meta"))["snapshot"].to_pylist() == [snapshot_id]
    assert snapshots.check(served.path) == []
    assert (State(workspace).audit()[0].act, State(workspace).audit()[0].subject) == ("publish", snapshot_id)


def test_before_the_first_publish_nothing_is_served(workspace):
    assert snapshots.current(workspace) is None
    assert snapshots.history(workspace) == []
    with pytest.raises(NotReady, match="upswing score"):
        snapshots.publish(workspace)


@pytest.fixture
def unchecked(monkeypatch):
    """For tests that publish many times and look at what is kept, not at what is published."""
    monkeypatch.setattr(snapshots, "check", lambda *_: [])


def test_five_are_kept_and_the_served_one_is_never_removed(workspace, scored, unchecked):
    first = snapshots.publish(workspace)
    ids = [first] + [snapshots.publish(workspace) for _ in range(4)]
    snapshots.rollback(workspace, ids[1])
    for _ in range(3):
        ids.append(snapshots.publish(workspace))
    assert ids == sorted(set(ids)), "ids sort in the order of publishing"
    assert [s.id for s in snapshots.history(workspace)] == ids[:-6:-1]
    assert [p.name for p in sorted(workspace.snapshots.iterdir()) if p.is_dir()] == ids[-5:]


def test_the_served_one_is_kept_however_old(workspace, scored, unchecked, monkeypatch):
    ids = [snapshots.publish(workspace) for _ in range(2)]
    monkeypatch.setattr(snapshots, "_serve", lambda *_: None)  # so that the second stays served
    ids += [snapshots.publish(workspace) for _ in range(6)]
    assert snapshots.current(workspace).id == ids[1]
    assert [s.id for s in snapshots.history(workspace)] == [*ids[:-6:-1], ids[1]]


def test_ids_keep_their_order_when_the_clock_is_set_back(workspace, scored, monkeypatch):
    first = snapshots.publish(workspace)
    from datetime import datetime

    monkeypatch.setattr(snapshots, "now", lambda: datetime(2001, 1, 1))
    assert snapshots.publish(workspace) > first


def test_rollback_serves_an_earlier_snapshot_and_is_audited(workspace, scored):
    first, second = snapshots.publish(workspace), snapshots.publish(workspace)
    snapshots.rollback(workspace, first, reason="the new one looks odd", actor="ana")
    assert snapshots.current(workspace).id == first
    entry = State(workspace).audit()[0]
    assert (entry.act, entry.subject, entry.reason, entry.actor) == ("rollback", first, "the new one looks odd", "ana")
    snapshots.rollback(workspace, second)
    assert [s.id for s in snapshots.history(workspace) if s.current] == [second]


def test_what_a_job_publishes_is_recorded_under_the_name_of_whoever_asked_for_it(workspace, scored):
    with audit.publishing_for("dashboard"):
        snapshots.publish(workspace)
    snapshots.publish(workspace)
    assert [act.actor for act in audit.acts(workspace)] == ["dashboard", "command line"]


def test_rollback_to_what_is_not_there_or_damaged_changes_nothing(workspace, scored):
    first, second = snapshots.publish(workspace), snapshots.publish(workspace)
    for wrong in ("20010101-000000-000", "", "..", "../panel"):
        with pytest.raises(UserError, match="There is no snapshot"):
            snapshots.rollback(workspace, wrong)
    damage(workspace.snapshots / first / "demand.parquet")
    with pytest.raises(UserError, match="demand.*Only a sound snapshot can be served.*Serve another"):
        snapshots.rollback(workspace, first)
    assert snapshots.current(workspace).id == second


def test_a_pointer_to_nowhere_is_said_with_what_to_do(workspace, scored):
    snapshots.publish(workspace)
    workspace.current.write_text("20010101-000000-000\n")
    with pytest.raises(UserError, match="upswing rollback"):
        snapshots.current(workspace)


@pytest.mark.parametrize("moment", ["_write_meta", "check", "_serve"])
def test_killed_at_any_moment_the_old_snapshot_is_served_and_the_next_publish_cleans_up(workspace, scored, moment):
    old = snapshots.publish(workspace)
    killed = subprocess.run([sys.executable, "-c", PUBLISH_AND_DIE, str(workspace.root), moment])
    assert killed.returncode == -9
    assert snapshots.current(workspace).id == old
    assert snapshots.check(snapshots.current(workspace).path) == []
    new = snapshots.publish(workspace)
    assert snapshots.current(workspace).id == new
    assert all((folder / "manifest.json").exists() for folder in workspace.snapshots.iterdir() if folder.is_dir())


def test_killed_after_the_flip_the_new_snapshot_is_served(workspace, scored):
    old = snapshots.publish(workspace)
    subprocess.run([sys.executable, "-c", PUBLISH_AND_DIE, str(workspace.root), "_prune"])
    served = snapshots.current(workspace)
    assert served.id > old
    assert snapshots.check(served.path) == []


# ---- what is refused


def test_a_byte_that_changes_on_the_way_to_disk_is_refused(workspace, scored, monkeypatch):
    copy = snapshots._copy

    def bad_disk(source, target):
        noted = copy(source, target)
        if target.name == "attributions.parquet":
            damage(target)
        return noted

    monkeypatch.setattr(snapshots, "_copy", bad_disk)
    assert "The file of table attributions has changed since it was written" in refused(workspace)


def test_a_damaged_or_missing_file_of_a_snapshot_is_found(workspace, scored):
    snapshots.publish(workspace)
    folder = snapshots.current(workspace).path
    damage(folder / "history.parquet")
    (folder / "neighbours.parquet").unlink()
    assert [str(problem) for problem in snapshots.check(folder)] == [
        "The file of table history has changed since it was written: its SHA-256 differs.",
        "The file of table neighbours is missing.",
    ]


def test_a_snapshot_of_an_earlier_version_is_served_without_the_tables_that_were_added_since(workspace, scored, tmp_path):
    snapshots.publish(workspace)
    served = snapshots.current(workspace)
    added = [table.name for table in serving_tables().values() if not table.is_expected(FIRST_VERSION)]
    assert "deliveries" in added
    earlier = served.manifest | {
        "code_version": FIRST_VERSION,
        "tables": {name: told for name, told in served.manifest["tables"].items() if name not in added},
    }
    for name in added:
        served.table(name).unlink()
    assert "The file of table deliveries is missing." in [str(problem) for problem in snapshots.check(served.path)]
    (served.path / "manifest.json").write_text(json.dumps(earlier), encoding="utf-8")
    snapshots.rollback(workspace, served.id)
    assert Serving(served.path).ask("plan_deliveries").empty
    with pytest.raises(UserError, match="upswing score"):
        snapshots.export(workspace, "deliveries", tmp_path / "x.csv")


def test_a_missing_table_is_refused_by_name(workspace, scored):
    (scored / "suggestions.parquet").unlink()
    assert "suggestions are missing" in refused(workspace)


def test_a_file_that_is_no_parquet_is_refused_by_name(workspace, scored):
    (scored / "history.parquet").write_bytes(b"half a file")
    assert "history.parquet" in refused(workspace)


def test_attributions_that_do_not_add_up_are_refused_with_the_row(workspace, scored):
    attributions = pq.read_table(scored / "attributions.parquet")
    change(scored / "attributions.parquet", "attribution", {5: attributions["attribution"][5].as_py() + 2e-5})
    message = refused(workspace)
    assert "attributions of some forecasts do not sum to logit - base_logit" in message
    assert f"1 row: product_id {attributions['product_id'][5]}, segment {attributions['segment'][5]}" in message


def test_attributions_within_the_tolerance_are_published(workspace, scored):
    value = pq.read_table(scored / "attributions.parquet")["attribution"][5].as_py()
    change(scored / "attributions.parquet", "attribution", {5: value + 5e-6})
    assert snapshots.publish(workspace)


@pytest.mark.parametrize(
    ("table", "column", "values", "said"),
    [
        ("forecasts", "falling_probability", {0: 1.2}, "Some probabilities are outside 0 to 1."),
        ("forecasts", "previous_rising_probability", {0: -0.1}, "Some probabilities are outside 0 to 1."),
        ("forecasts", "rising_probability", {0: 0.5}, "not the logistic of their logit"),
        ("forecasts", "logit", {0: float("nan")}, "forecasts.logit is not finite in 1 row."),
        ("forecasts", "own_pace_orders", {0: None, 1: None}, "forecasts.own_pace_orders is missing in 2 rows."),
        ("forecasts", "segment", {0: "Germany"}, "Table forecasts has 2 rows with product_id, segment = P0000, Germany."),
        ("forecasts", "segment", {0: "Mars"}, "Some products have forecasts for segments and none for all customers."),
        ("forecasts", "segment", {1: "Mars"}, "Some forecasts name a segment that the segments table lacks."),
        ("forecasts", "product_id", {0: "P9", 1: "P9"}, "table_name forecasts, product_id P9"),
        ("demand", "units", {0: -1.0}, "Some demand quantiles are negative."),
        ("demand", "units", {0: 1e9}, "Some demand quantiles are below those of a lower level."),
        ("demand", "units", {0: 1e9}, "Some cumulative demand shrinks from one horizon to the next."),
        ("demand", "level", {0: 0.42}, "Some forecasts lack demand quantiles for a horizon or a level."),
        ("demand", "segment", {0: "Mars"}, "table_name demand, product_id P0000, segment Mars"),
        ("attributions", "driver", {0: "astrology"}, "table_name attributions, driver astrology"),
        ("feature_values", "product_id", {0: "P9"}, "table_name feature_values, product_id P9"),
        ("history", "product_id", {0: "P9"}, "table_name history, product_id P9"),
        ("suggestions", "product_id", {0: "P9"}, "table_name suggestions, product_id P9"),
        ("neighbours", "neighbour_id", {0: "P9"}, "table_name neighbours, product_id P9"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(workspace, table, column, values, said):
    scored = write_scored(workspace, products=14)
    change(scored / f"{table}.parquet", column, values)
    assert said in refused(workspace)


def test_a_table_of_another_shape_is_refused(workspace, scored):
    file = scored / "segments.parquet"
    table = pq.read_table(file)
    pq.write_table(table.drop_columns("products"), file)
    assert "Table segments lacks the columns products BIGINT." in refused(workspace)
    pq.write_table(table.set_column(2, "products", table["products"].cast(pa.int32())), file)
    assert "Table segments has unknown columns: products INTEGER." in refused(workspace)
    pq.write_table(table.slice(0, 0), file)
    assert "Some forecasts name a segment that the segments table lacks." in refused(workspace)


def test_all_problems_are_told_at_once(workspace, scored):
    change(scored / "forecasts.parquet", "own_pace_orders", {0: None})
    change(scored / "products.parquet", "title", {2: None})
    message = refused(workspace)
    assert "own_pace_orders is missing in 1 row." in message and "title is missing in 1 row." in message


def test_a_workspace_whose_path_looks_like_a_pattern_is_published(tmp_path):
    from core.workspace import Workspace

    workspace = Workspace(tmp_path / "sh[o]p* ünïcode's").create()
    write_scored(workspace)
    assert snapshots.check(workspace.snapshots / snapshots.publish(workspace)) == []


# ---- export

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1+1"]


@pytest.fixture
def dangerous(workspace, scored) -> snapshots.Snapshot:
    """A served snapshot whose titles are formulas, one of them Chinese."""
    change(scored / "products.parquet", "title", dict(enumerate(FORMULAS)))
    change(scored / "products.parquet", "description", {0: "圣诞红色木质驯鹿挂件"})
    snapshots.publish(workspace)
    return snapshots.current(workspace)


def test_a_csv_export_opens_in_excel_with_chinese_and_runs_no_formula(workspace, dangerous, tmp_path):
    out = tmp_path / "new folder" / "products.csv"
    assert snapshots.export(workspace, "products", out) == 6
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["title"] for row in rows] == [f"'{title}" for title in FORMULAS]
    assert rows[0]["description"] == "圣诞红色木质驯鹿挂件"


def test_a_number_stays_a_number_in_a_csv_export(tmp_path):
    write_table(pa.table({"change": [-0.5], "=name": ["x"]}), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines() == ["change,'=name", "-0.5,x"]


def test_an_xlsx_export_holds_text_never_a_formula(workspace, dangerous, tmp_path):
    out = tmp_path / "products.xlsx"
    snapshots.export(workspace, "products", out)
    rows = list(openpyxl.load_workbook(out).active.iter_rows())
    column = [cell.value for cell in rows[0]].index("title")
    cells = [row[column] for row in rows[1:]]
    assert [cell.value for cell in cells] == FORMULAS
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)


def test_control_characters_do_not_break_an_xlsx_export(tmp_path):
    write_table(pa.table({"title": ["a\x00b\x1fc"]}), tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A2"].value == "abc"


def test_text_that_becomes_a_formula_once_its_control_characters_are_dropped_stays_text(tmp_path):
    write_table(pa.table({"title": ["\x01=1+1", "\x0b@x"]}), tmp_path / "out.xlsx")
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "out.xlsx").active.iter_rows(min_row=2)]
    assert [(cell.value, cell.data_type, cell.quotePrefix) for cell in cells] == [("=1+1", "s", True), ("@x", "s", True)]


def test_a_parquet_export_is_the_table(workspace, dangerous, tmp_path):
    snapshots.export(workspace, "forecasts", tmp_path / "f.parquet")
    assert pq.read_table(tmp_path / "f.parquet").equals(pq.read_table(dangerous.table("forecasts")))


def test_an_export_that_cannot_be_is_refused_and_leaves_nothing(workspace, dangerous, tmp_path):
    with pytest.raises(UserError, match="must end in one of .csv"):
        snapshots.export(workspace, "products", tmp_path / "products.txt")
    with pytest.raises(UserError, match="Choose one of these tables"):
        snapshots.export(workspace, "customers", tmp_path / "customers.csv")
    with pytest.raises(UserError, match="Export the table as CSV or Parquet"):
        write_table(pa.table({"n": pa.nulls(1_048_576)}), tmp_path / "long.xlsx")
    assert not any(tmp_path.glob("*.csv")) and not any(tmp_path.glob("*.xlsx")) and not any(tmp_path.glob("*.txt"))


def test_an_export_before_the_first_snapshot_says_what_to_run(workspace, tmp_path):
    with pytest.raises(UserError, match="upswing run"):
        snapshots.export(workspace, "products", tmp_path / "p.csv")
    assert os.listdir(tmp_path) == ["shop"]
