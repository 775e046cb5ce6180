"""The benchmarks measure what they say, and their table says what was measured."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.commands import parsed
from fixtures.panels import Regression, write_daily, write_panel

import core.evaluation.metrics
from bench import backtests, results, shops
from bench.backtests import DEMAND_EARNED, EARNED, NOT_BEHIND
from bench.measure import REPOSITORY, Failed, Run, machine, run, stamp
from bench.results import Limit, Result
from bench.rows import ROWS
from bench.sessions import p95
from bench.shops import Bench
from bench.subsample import subsample, subsample_panel
from core.evaluation.backtest import backtest, judgement
from core.evaluation.baselines import rising
from core.workspace import Workspace

STAMP = {"measured_at": "2026-01-02 03:04 UTC", "load_before": 0.5, "commit": "abc1234"}


def test_a_run_is_measured_with_its_time_and_memory_children_included(tmp_path):
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(200 * 2**20)'])"
    done = run([sys.executable, "-c", code], tmp_path / "log")
    assert 0.19 < done.peak_gib < 0.3 and done.seconds > 0
    mine = bytearray(100 * 2**20)  # what this process holds is not counted into what it starts
    small = run([sys.executable, "-c", "print('hello')"], tmp_path / "log")
    assert small.output == "hello\n" and small.peak_gib < 0.05 < len(mine) / 2**30


def test_a_run_that_fails_says_what_it_said(tmp_path):
    with pytest.raises(Failed, match="no such shop"):
        run([sys.executable, "-c", "raise SystemExit('no such shop')"], tmp_path / "log")


def test_a_figure_keeps_its_limit_only_if_it_was_measured():
    at_most, at_least = Limit("seconds", 10, "s"), Limit("times_faster", 40, "times", at_least=True)
    assert at_most.passes({"seconds": 10}) and not at_most.passes({"seconds": 10.1}) and not at_most.passes({})
    assert at_least.passes({"times_faster": 40}) and not at_least.passes({"times_faster": 39.9})
    assert not Result("x", "x", {"seconds": 5}, (at_most, at_least)).passed


def test_the_table_says_limit_figure_and_miss_as_they_are(tmp_path):
    kept = Result("import", "import it", {"seconds": 12.34, "peak_gib": 1.234}, (Limit("seconds", 15, "s"), Limit("peak_gib", 1.5, "GiB")))
    missed = Result("pages", "a page", {"p95_ms": 612.4}, (Limit("p95_ms", 300, "ms"),), ("AppTest.",))
    for result in (missed, kept):
        results.write(tmp_path, result.name, result, {"cores": 2}, STAMP)
    text = results.readme(tmp_path, ["import", "panel", "pages"])
    assert text == (tmp_path / "README.md").read_text()
    lines = text.splitlines()
    assert "| import it: seconds | at most 15.0 s | 12.3 s | met | 2026-01-02 03:04 UTC, abc1234 |" in lines
    assert "| ... peak gib | at most 1.50 GiB | 1.23 GiB | met |  |" in lines
    assert "| a page: p95 ms | at most 300 ms | 612 ms | **missed** | 2026-01-02 03:04 UTC, abc1234 |" in lines
    assert "Not measured yet: panel." in lines and "- cores: 2" in lines
    assert json.loads((tmp_path / "pages.json").read_text())["passed"] is False


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (9.87, "s", "9.9 s"),
        (100, "s", "100 s"),
        (245.7, "s", "4 min 05 s"),
        (299.6, "ms", "300 ms"),
        (0.705, "GiB", "0.70 GiB"),
        (62.4, "times", "62.4 times"),
        (0.0123, "", "0.012"),
    ],
)
def test_a_figure_is_written_as_a_person_would(value, unit, text):
    assert results.shown(value, unit) == text


def test_the_ways_for_the_encoder_to_learn_stand_in_a_table_with_what_they_cost(tmp_path):
    mode = {
        "average_precision": 0.5,
        "brier_skill": 0.25,
        "precision_at_50": 0.6,
        "ece": 0.01,
        "epochs": 4,
        "seconds": 61.0,
        "processor_seconds": 42.4,
    }
    read = {"pieces": 3, "perplexity_before": 171.6, "perplexity_after": 34.04}
    modes = [mode | {"mode": "lora-8", "learning_parameters": 73728}, mode | read | {"mode": "pretrained", "learning_parameters": 0}]
    results.write(tmp_path, "tuning", Result("tuning", "Ways to learn", {}, (), (), {"tuning": modes}), {"cores": 2}, STAMP)
    text = results.readme(tmp_path, ["tuning"])
    assert "| lora-8 | 0.500 | 0.250 | 0.600 | 0.010 | 4 | 61 | 42 | 73,728 |" in text
    assert "Pretraining: 3 new word pieces; perplexity of held-out texts 171.6 before, 34.0 after." in text


def test_recorded_results_belong_to_rows_and_the_readme_is_made_from_them(tmp_path):
    recorded = REPOSITORY / "bench" / "results"
    files = sorted(recorded.glob("*.json"))
    if not files:
        pytest.skip("nothing has been recorded yet")
    for file in files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
        assert ROWS[json.loads(file.read_text())["name"]][1] == file.stem
    assert results.readme(tmp_path, list(ROWS)) == (recorded / "README.md").read_text()


def test_the_95th_percentile_is_a_rerun_that_happened():
    assert p95([float(i) for i in range(1, 21)]) == 19 and p95([3.0]) == 3 and p95([1.0, 2.0]) == 2


@pytest.fixture
def backtested(tmp_path, monkeypatch) -> Bench:
    """A bench whose sample shop is a made-up panel, and whose backtests run in this process with a stub and few baselines."""
    workspace = Workspace(tmp_path / "sample").create()
    write_panel(workspace.panel, products=40)
    write_daily(workspace.warehouse, products=40)

    def upswing(root, log, *words):
        _, asked = parsed([str(word) for word in words])
        given = {} if asked["switches"] is None else {"switches": tuple(asked["switches"].split(",")) if asked["switches"] else ()}
        baselines = ("lightgbm", "lightgbm_text", "seasonal_naive") if asked["baselines"] is None else ()
        blocks = tuple(int(b) for b in asked["blocks"].split(",") if b)
        backtest(Workspace(root), Path(asked["out"]), blocks=blocks, baselines=baselines, fit=Regression, **given)
        return Run(12.0, 0.5, "")

    monkeypatch.setattr(backtests, "upswing", upswing)
    monkeypatch.setattr(shops, "_made", lambda *_: workspace.root)
    monkeypatch.setattr(rising, "TREES", 20)
    monkeypatch.setattr(core.evaluation.metrics, "REPLICATES", 10)
    monkeypatch.setattr(judgement, "SLICE_REPLICATES", 10)
    return Bench(tmp_path, tmp_path)


def test_a_row_of_blocks_holds_the_model_against_the_best_tree_and_the_best_demand_baseline(backtested):
    result = ROWS["sample_blocks"][0](backtested)
    figures, report = result.figures, json.loads((backtested.work / "sample-blocks" / "metrics.json").read_text())
    value = {n: report["metrics"][n]["all"]["average_precision"]["value"] for n in ("model", "lightgbm", "lightgbm_text")}
    assert figures["average_precision_ratio"] == pytest.approx(value["model"] / max(value["lightgbm"], value["lightgbm_text"]))
    assert figures["average_precision_lead_low"] <= figures["average_precision_lead"] <= figures["average_precision_lead_high"]
    wql = {n: report["metrics"][n]["demand sample"]["wql_4w"]["value"] for n in ("model", "seasonal_naive")}
    assert figures["wql_4w_ratio"] == pytest.approx(wql["model"] / wql["seasonal_naive"])
    assert figures["blocks"] == len(report["blocks"]) == 3 and figures["crossing_forecasts"] == 0
    assert figures["worst_segment_ece"] == report["metrics"]["model"]["segment GB"]["ece"]["value"]
    not_here = {"least_text_adds_in_a_block_high", "young_average_precision_ratio"}  # the stub reads no text, and no product is young
    assert {limit.figure for limit in (*EARNED, *DEMAND_EARNED, *NOT_BEHIND)} - not_here <= set(figures)
    written = results.write(backtested.work / "results", "sample-blocks", result, {"cores": 2}, STAMP)
    assert "Upswing minus LightGBM" in results.readme(written.parent, list(ROWS))


def test_rows_of_switches_stand_side_by_side_with_every_driver(backtested):
    bench = Bench(backtested.data, backtested.work, blocks="2", switches="members,objective")
    result = ROWS["sample_switches"][0](bench)
    assert set(result.more["ablation"]["switches"]) == {"members", "objective"} and result.figures["blocks"] == 1
    for name, data in (("sample_switches", "sample"), ("uci_switches", "UCI")):
        other = replace(result, name=name, more={"ablation": result.more["ablation"] | {"data": data}})
        results.write(bench.work / "results", ROWS[name][1], other, {"cores": 2}, STAMP)
    lines = results.readme(bench.work / "results", list(ROWS)).splitlines()
    assert "| | UCI: average precision | UCI: Brier skill | sample: average precision | sample: Brier skill |" in lines
    momentum = next(line for line in lines if line.startswith("| driver momentum"))
    assert momentum.count("+0.") >= 4 and momentum.count("[") == 4
    assert any(line.startswith("| `recipe.members` 2 instead of 1: a single network | +0.000 [+0.000, +0.000]") for line in lines)


def test_what_was_measured_last_of_a_driver_or_switch_stands_in_the_table_beside_what_was_measured_before(tmp_path):
    def one(value: float) -> dict:
        return {"all": {m: {"value": value, "low": 0.0, "high": 1.0} for m in ("average_precision", "brier_skill")}}

    block = {"test_from": "2011-09-18", "test_until": "2011-11-06"}
    setting = {"setting": "recipe.x", "is": 2, "instead": 1, "meaning": "one alone"}
    for name, when, driver, switches in (
        ("sample_newer_switches", "2026-11-27 09:00 UTC", 0.2, {"b": one(0.4)}),
        ("sample_switches", "2026-11-26 09:00 UTC", 0.1, {"a": one(0.3), "b": one(0.5)}),
    ):
        ablation = {
            "data": "sample",
            "drivers": {"text": one(driver)},
            "switches": switches,
            "blocks": [block],
            "switch_settings": {switch: setting | {"meaning": switch} for switch in switches},
        }
        result = results.Result(name, "", {}, (), (), {"ablation": ablation})
        results.write(tmp_path, ROWS[name][1], result, {}, STAMP | {"measured_at": when})
    lines = [line for line in results.readme(tmp_path, list(ROWS)).splitlines() if line.startswith(("| driver", "| `"))]
    assert [line.split(" | ")[1][:6] for line in lines] == ["+0.200", "+0.300", "+0.400"]


def test_forecasts_that_cross_are_counted(tmp_path):
    rising_rows = np.arange(6, dtype=float).reshape(1, 2, 3)
    crossed = rising_rows.copy()
    crossed[0, 1, 2] = 1.0
    q = np.concatenate([rising_rows, crossed, rising_rows])
    table = {"weeks": np.tile(np.repeat([1, 2], 3), 3), "level": np.tile([0.1, 0.5, 0.9], 6), "quantile": q.ravel()}
    pq.write_table(pa.table(table), tmp_path / "d")
    assert backtests.crossing(tmp_path / "d") == 1


def test_a_thinner_panel_keeps_whole_products_with_their_texts(tmp_path):
    write_panel(tmp_path, products=40)
    whole = pq.read_table(tmp_path / "panel.parquet").num_rows
    subsample_panel(tmp_path, 4)
    kept, texts = (set(pq.read_table(tmp_path / f"{name}.parquet")["product_id"].to_pylist()) for name in ("panel", "texts"))
    assert kept == texts and 3 <= len(kept) <= 20
    assert pq.read_table(tmp_path / "panel.parquet").num_rows == whole * len(kept) // 40


def test_the_machine_is_described_without_its_paths():
    told = machine() | stamp()
    assert told["cores"] >= 1 and told["memory_gib"] > 0 and told["cpu"]
    assert not any(str(Path.home()) in str(v) or str(REPOSITORY) in str(v) for v in told.values())


def test_a_thinner_file_keeps_whole_products_and_loses_whole_days(tmp_path):
    rows = 600
    table = pa.table(
        {
            "StockCode": [f"c{i % 60}" for i in range(rows)],
            "InvoiceDate": pa.array([datetime(2011, 12, 1 + i // 200, i % 24) for i in range(rows)], pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "all.parquet")
    subsample(tmp_path / "all.parquet", tmp_path / "few.parquet", 5, 1)
    kept = pq.read_table(tmp_path / "few.parquet").to_pylist()
    codes = {r["StockCode"] for r in kept}
    assert 3 <= len(codes) <= 25
    assert {r["InvoiceDate"].day for r in kept} == {1, 2}
    assert len(kept) == sum(r["StockCode"] in codes and r["InvoiceDate"].day < 3 for r in table.to_pylist())
