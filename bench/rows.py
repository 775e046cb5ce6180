"""The rows of the table, in the order in which they depend on each other. Each is one function: Bench -> Result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from bench.api import api
from bench.at_risk import journey_at_risk, sample_at_risk, uci_at_risk
from bench.backtests import journey_blocks, sample_blocks, switch_rows, uci_backtest, uci_blocks, uci_demand
from bench.demo import measure_demo
from bench.feature import feature_rows
from bench.launches import journey_launches, sample_launches, uci_launches
from bench.lists import lists
from bench.measure import PYTHON, Failed, run, say, upswing
from bench.off_policy import simulated_off_policy
from bench.paid import journey_paid, sample_paid, uci_paid
from bench.recommendations import journey_recommendations, sample_recommendations, uci_recommendations
from bench.results import Limit, Result
from bench.sessions import p95
from bench.shops import UCI_PRESET, Bench, filtered, need, sample, taken
from bench.simulations import sample_simulation, uci_simulation
from bench.uplift import sample_uplift

RESCORE = "from core.workspace import Workspace; from core.jobs.pipeline import rescore; print(rescore(Workspace.at()))"


def imports(bench: Bench) -> Result:
    shutil.rmtree(bench.imported, ignore_errors=True)
    done = upswing(bench.imported, bench.log("import"), "import", bench.source(), "--preset", UCI_PRESET)
    return Result("import", "import UCI Online Retail II", taken(done), (Limit("seconds", 15, "s"), Limit("peak_gib", 1.5, "GiB")))


def panel(bench: Bench) -> Result:
    need(bench.imported / "warehouse.duckdb", "import")
    shutil.rmtree(bench.shop, ignore_errors=True)
    shutil.copytree(bench.imported, bench.shop)
    done = upswing(bench.shop, bench.log("panel"), "features")
    facts = json.loads((bench.shop / "panel" / "panel.json").read_text(encoding="utf-8"))
    figures = taken(done) | {"rows": facts["rows"], "origins": len(facts["origins"]), "segments": len(facts["segments"])}
    return Result(
        "panel",
        "features: the panel (weekly origins, all customers and segments) with labels",
        figures,
        (Limit("seconds", 60, "s"), Limit("peak_gib", 3, "GiB")),
        ("Includes encoding of all texts, without a cache.",),
    )


def train_frozen(bench: Bench) -> Result:
    return _train(bench, "train_frozen", "training with a frozen encoder", (), 240)


def train_last3(bench: Bench) -> Result:
    return _train(bench, "train_last3", "training with the encoder's last 3 layers tuned", ("--tuning", "last-3"), 720)


def _train(bench: Bench, name: str, what: str, words: tuple[str, ...], seconds: float) -> Result:
    need(bench.shop / "panel" / "panel.json", "panel")
    before = _models(bench.shop)
    done = upswing(bench.shop, bench.log(name), "train", *words)
    (model,) = _models(bench.shop) - before
    trained = json.loads((bench.shop / "models" / model / "metrics.json").read_text(encoding="utf-8"))
    figures = taken(done) | {"epochs": trained["epochs"]}
    return Result(name, what, figures, (Limit("seconds", seconds, "s"), Limit("peak_gib", 5, "GiB")))


def tuned_epoch(bench: Bench) -> Result:
    need(bench.shop / "panel" / "panel.json", "panel")
    out = bench.work / "epoch.json"
    run([PYTHON, "-m", "bench.epoch", out, bench.batches, 128], bench.log("tuned_epoch"), bench.shop)
    figures = json.loads(out.read_text(encoding="utf-8"))
    note = (
        f"Upswing's way is a whole epoch; encoding every row is extrapolated from {figures['batches_every_row']} batches in the same "
        "process. Both train the last 3 layers; encoding every row runs the whole encoder for each row. The outputs of the lower layers "
        "are computed once per training, outside the epoch."
    )
    return Result(
        "tuned_epoch",
        "an epoch that tunes the encoder, compared with encoding every row",
        figures,
        (Limit("times_faster", 40, "times", at_least=True),),
        (note,),
    )


def publish(bench: Bench) -> Result:
    """Score (with its explanations) and publish, as two commands."""
    upswing(bench.shop, bench.log("promote"), "promote", _frozen_model(bench.shop))
    scored = upswing(bench.shop, bench.log("score"), "score")
    published = upswing(bench.shop, bench.log("publish"), "publish")
    meta = _meta(bench.shop)
    figures = {
        "seconds": scored.seconds + published.seconds,
        "score_and_explain_seconds": scored.seconds,
        "publish_seconds": published.seconds,
        "peak_gib": max(scored.peak_gib, published.peak_gib),
        "forecasts": meta["forecasts"],
        "products": meta["products"],
    }
    return Result(
        "publish",
        "score + explain + publish all live products and segments",
        figures,
        (Limit("seconds", 60, "s"),),
        ("Two commands, including both start-ups.",),
    )


def new_day(bench: Bench) -> Result:
    """Prepare the shop as of the day before; then import its next export, and extend, rescore and publish in one process."""
    model, whole, shop = _frozen_model(bench.shop), bench.source(), bench.work / "yesterday"
    shutil.rmtree(shop, ignore_errors=True)
    cut = filtered(whole, bench.work / "without-last-day.parquet", days_cut=1)
    say("  preparing the shop as of the day before (not measured)")
    for words in (("import", cut, "--preset", UCI_PRESET), ("features",)):
        upswing(shop, bench.log(f"yesterday-{words[0]}"), *words)
    shutil.copytree(bench.shop / "models" / model, shop / "models" / model)
    for words in (("promote", model), ("score",), ("publish",)):
        upswing(shop, bench.log(f"yesterday-{words[0]}"), *words)
    before = _snapshot(shop)
    say("  measuring")
    imported = upswing(shop, bench.log("new_day-import"), "import", whole, "--preset", UCI_PRESET)
    rescored = run([PYTHON, "-c", RESCORE], bench.log("new_day-rescore"), shop)
    if _snapshot(shop) == before:
        raise Failed("the new day led to no new snapshot")
    figures = {
        "seconds": rescored.seconds,
        "peak_gib": rescored.peak_gib,
        "import_seconds": imported.seconds,
        "with_import_seconds": rescored.seconds + imported.seconds,
    }
    return Result(
        "new_day",
        "a new day of data: extend aggregates, rescore, publish",
        figures,
        (Limit("seconds", 20, "s"),),
        (
            "The new day comes in a full export of all 1.07 million rows, whose import is measured separately (import_seconds). "
            "One process, including start-up, extends the daily aggregate, computes the newest rows' features, scores, explains and "
            "publishes.",
        ),
    )


def pages(bench: Bench) -> Result:
    need(bench.shop / "CURRENT", "publish")
    out = bench.work / "pages.json"
    run([PYTHON, "-m", "bench.pages", out, bench.reruns], bench.log("pages"), bench.shop)
    seconds = json.loads(out.read_text(encoding="utf-8"))
    figures = {"slowest_page_p95_ms": max(p95(s) for s in seconds.values()) * 1000}
    figures |= {f"{page}_p95_ms": p95(s) * 1000 for page, s in seconds.items()}
    note = f"Run time of the script by AppTest, {bench.reruns} reruns per page with warm caches, without drawing in the browser."
    return Result(
        "pages", "rerun of a page with that snapshot, 95th percentile", figures, (Limit("slowest_page_p95_ms", 300, "ms"),), (note,)
    )


def browser(bench: Bench) -> Result:
    """Click through a served shop of 20,000 products in Chromium, beside an empty Streamlit application of the same run."""
    out = bench.work / "browser.json"
    run([PYTHON, "-m", "bench.browser", out], bench.log("browser"))
    return browser_result(json.loads(out.read_text(encoding="utf-8")))


def browser_result(found: dict) -> Result:
    """Return the row of what bench.browser measured."""
    slowest, server = max(found["click_seconds"].values()), found["server"]
    figures = {
        "slowest_click_seconds": slowest,
        "slowest_click_times_empty": slowest / found["empty_seconds"],
        "pages_not_drawn": len(found["late"]),
        "first_load_seconds": found["first_load_seconds"],
        "server_p95_ms": server["p95_seconds"] * 1000,
        "session_mebibytes": server["session_mebibytes"],
    }
    limits = (
        Limit("slowest_click_seconds", 0.6, "s"),
        Limit("slowest_click_times_empty", 2.5, "times"),
        Limit("pages_not_drawn", 0, ""),
        Limit("server_p95_ms", 150, "ms"),
        Limit("session_mebibytes", 15, "MiB"),
    )
    notes = (
        "Median of 5 clicks a page, from the click until the page has been run and drawn.",
        "Server: from a click to the page's last message, of 20 sessions that open pages at random and read each for 2 to 8 s.",
        "Memory: the server's growth by 20 sessions that have opened a page.",
    )
    return Result("browser", "20,000 products in Chromium: from a click to a drawn page", figures, limits, notes, {"browser": found})


def planner(bench: Bench) -> Result:
    """Plan 20,000 products and rerun their page."""
    shop, out = bench.work / "planner", bench.work / "planner.json"
    shutil.rmtree(shop, ignore_errors=True)
    run([PYTHON, "-m", "bench.planner", shop, out], bench.log("planner"))
    found = json.loads(out.read_text(encoding="utf-8"))
    figures = {"plan_seconds": found["plan_seconds"], "page_p95_ms": p95(found["page"]) * 1000}
    return Result(
        "planner",
        "20,000 products: the whole plan; rerun of the Inventory page, 95th percentile",
        figures,
        (Limit("plan_seconds", 10, "s"), Limit("page_p95_ms", 300, "ms")),
        (f"{len(found['page'])} reruns by AppTest with varying filters and products, without drawing in the browser.",),
    )


def demo(bench: Bench) -> Result:
    figures, notes = measure_demo(bench.work / "demo", bench.log("demo"))
    return Result(
        "demo",
        "`make demo` to the first page, without downloads; second start",
        figures,
        (Limit("first_page_seconds", 240, "s"), Limit("second_start_seconds", 10, "s")),
        notes,
    )


def sample_truth(bench: Bench) -> Result:
    """Compare the reasons of forecast rises with the planted causes."""
    shop, out = sample(bench), bench.work / "truth.json"
    done = run([PYTHON, "-m", "bench.truth", out], bench.log("sample_truth"), shop)
    found = json.loads(out.read_text(encoding="utf-8"))
    figures = taken(done)
    for definition, thresholds in found["counts"].items():
        for at_least, kinds in thresholds.items():
            count = kinds["all"]
            figures |= {
                f"{definition}_{at_least}_in_top_two": count["in_top_two"] / max(count["called"], 1),
                f"{definition}_{at_least}_largest": count["largest"] / max(count["called"], 1),
                f"{definition}_{at_least}_on_top": count["top"] / max(count["called"], 1),
                f"{definition}_{at_least}_called": count["called"],
                f"{definition}_{at_least}_rises": count["rises"],
            }
    return Result(
        "sample_truth",
        "Planted causes among the reasons of forecast rises",
        figures,
        (Limit("strict_0.25_in_top_two", 0.9, "", at_least=True),),
        ("Share of the rises with a forecast of at least 0.25 (0.5); bench/truth.py defines strict and fair.",),
        {"truth": found},
    )


def sample_stockouts(bench: Bench) -> Result:
    """Compare estimated demand during stock-outs with the planted hidden demand."""
    shop, out = sample(bench), bench.work / "stockouts.json"
    run([PYTHON, "-m", "bench.stockouts", out], bench.log("sample_stockouts"), shop)
    figures = json.loads(out.read_text(encoding="utf-8"))
    return Result(
        "sample_stockouts",
        "Estimated demand during stock-outs / planted demand",
        figures,
        (Limit("estimated_to_planted", 0.85, "", at_least=True), Limit("estimated_to_planted", 1.15, "")),
        ("Sums over the planted stock-outs that a stock record shows; bench/stockouts.py defines the figures.",),
    )


def tuning(bench: Bench) -> Result:
    """Compare the tuning modes of the encoder on the sample, where a quarter of the titles is Chinese."""
    shop, out = sample(bench), bench.work / "tuning.json"
    done = run([PYTHON, "-m", "bench.tuning", out, bench.thin], bench.log("tuning"), shop)
    modes = json.loads(out.read_text(encoding="utf-8"))
    best = max(modes, key=lambda mode: mode["average_precision"])
    figures = taken(done) | {f"average_precision_{mode['mode']}": mode["average_precision"] for mode in modes}
    return Result(
        "tuning",
        "Tuning modes of the encoder, on the sample",
        figures,
        (),
        (f"One block, all customers, one seed, no refit: bench/tuning.py. Highest average precision: {best['mode']}.",),
        {"tuning": modes},
    )


def gpu(bench: Bench) -> Result:
    """Measure documents per second, where there is a GPU."""
    from bench.gpu import measure  # imports torch, which other rows leave to separate processes

    return measure()


# name -> (how to measure it, its file in bench/results)
ROWS: dict[str, tuple[Callable[[Bench], Result], str]] = {
    "import": (imports, "import"),
    "panel": (panel, "panel"),
    "train_frozen": (train_frozen, "train-frozen"),
    "train_last3": (train_last3, "train-last3"),
    "tuned_epoch": (tuned_epoch, "tuned-epoch"),
    "publish": (publish, "publish"),
    "new_day": (new_day, "new-day"),
    "pages": (pages, "pages"),
    "browser": (browser, "browser"),
    "api": (api, "api"),
    "lists": (lists, "lists"),
    "planner": (planner, "planner"),
    "demo": (demo, "demo"),
    "uci_backtest": (uci_backtest, "uci-autumn"),
    "uci_blocks": (uci_blocks, "uci-blocks"),
    "uci_demand": (uci_demand, "uci-demand"),
    "journey_blocks": (journey_blocks, "journey-blocks"),
    "sample_blocks": (sample_blocks, "sample-blocks"),
    **switch_rows(),
    "uci_recommendations": (uci_recommendations, "uci-recommendations"),
    "journey_recommendations": (journey_recommendations, "journey-recommendations"),
    "sample_recommendations": (sample_recommendations, "sample-recommendations"),
    "uci_at_risk": (uci_at_risk, "uci-at-risk"),
    "journey_at_risk": (journey_at_risk, "journey-at-risk"),
    "sample_at_risk": (sample_at_risk, "sample-at-risk"),
    "uci_launches": (uci_launches, "uci-launches"),
    "journey_launches": (journey_launches, "journey-launches"),
    "sample_launches": (sample_launches, "sample-launches"),
    **feature_rows(),
    "uci_paid": (uci_paid, "uci-paid"),
    "journey_paid": (journey_paid, "journey-paid"),
    "sample_paid": (sample_paid, "sample-paid"),
    "simulated_off_policy": (simulated_off_policy, "simulated-off-policy"),
    "sample_uplift": (sample_uplift, "sample-uplift"),
    "sample_truth": (sample_truth, "sample-truth"),
    "tuning": (tuning, "tuning"),
    "sample_stockouts": (sample_stockouts, "sample-stockouts"),
    "uci_simulation": (uci_simulation, "uci-simulation"),
    "sample_simulation": (sample_simulation, "sample-simulation"),
    "gpu": (gpu, "gpu"),
}


def _models(workspace: Path) -> set[str]:
    return {manifest.parent.name for manifest in (workspace / "models").glob("*/manifest.json")}


def _frozen_model(workspace: Path) -> str:
    """Return the newest model with a frozen encoder, which a shop serves by default."""
    frozen = [
        m
        for m in _models(workspace)
        if json.loads((workspace / "models" / m / "config.json").read_text())["settings"]["tuning"] == "frozen"
    ]
    if not frozen:
        raise Failed("this needs row `train_frozen` first: python -m bench train_frozen ...")
    return max(frozen)


def _snapshot(workspace: Path) -> str:
    return (workspace / "CURRENT").read_text(encoding="utf-8").strip()


def _meta(workspace: Path) -> dict:
    """Return the row counts of the published snapshot, by table."""
    import pyarrow.parquet as pq

    return {file.stem: pq.read_metadata(file).num_rows for file in (workspace / "snapshots" / _snapshot(workspace)).glob("*.parquet")}
