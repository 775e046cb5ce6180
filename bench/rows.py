"""The rows of the table, in the order in which they build on each other. Each is one function: Bench -> Result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.demo import measure_demo
from bench.measure import PYTHON, REPOSITORY, Failed, Run, run, say, upswing
from bench.results import Limit, Result

PRESET = "uci-online-retail"
FILE = Path("uci_online_retail_ii") / "online_retail_II.parquet"
SAMPLE = REPOSITORY / "sample_data" / "files"
AUTUMN = ("--train-until", "2011-07-31", "--test-from", "2011-09-04", "--test-until", "2011-11-06")
RESCORE = "from core.config import Workspace; from core.pipeline import rescore; print(rescore(Workspace.at()))"


@dataclass(frozen=True)
class Bench:
    """data: folder of the real data. work: where workspaces are made. thin: keep one product in so many (1 = all of them)."""

    data: Path
    work: Path
    thin: int = 1
    batches: int = 200
    reruns: int = 25

    def log(self, name: str) -> Path:
        return self.work / "logs" / f"{name}.log"

    @property
    def imported(self) -> Path:
        """A workspace after import, kept as it is."""
        return self.work / "imported"

    @property
    def shop(self) -> Path:
        """The workspace that panel, training, publishing and pages are measured on."""
        return self.work / "shop"

    def source(self) -> Path:
        """The file to import: the whole one, or a thinned copy for a dry run."""
        whole = self.data / FILE
        if not whole.exists():
            raise Failed(f"no {whole}; name the folder of the real data with --data")
        return whole if self.thin == 1 else _filtered(whole, self.work / f"thin-{self.thin}.parquet", thin=self.thin)


def imports(bench: Bench) -> Result:
    shutil.rmtree(bench.imported, ignore_errors=True)
    done = upswing(bench.imported, bench.log("import"), "import", bench.source(), "--preset", PRESET)
    return Result("import", "import UCI Online Retail II", _taken(done), (Limit("seconds", 15, "s"), Limit("peak_gib", 1.5, "GiB")))


def panel(bench: Bench) -> Result:
    _need(bench.imported / "warehouse.duckdb", "import")
    shutil.rmtree(bench.shop, ignore_errors=True)
    shutil.copytree(bench.imported, bench.shop)
    done = upswing(bench.shop, bench.log("panel"), "features")
    facts = json.loads((bench.shop / "panel" / "panel.json").read_text(encoding="utf-8"))
    figures = _taken(done) | {"rows": facts["rows"], "origins": len(facts["origins"]), "segments": len(facts["segments"])}
    return Result("panel", "its panel (weekly origins, all + segments) and labels", figures,
                  (Limit("seconds", 60, "s"), Limit("peak_gib", 3, "GiB")), ("Texts are encoded in it, nothing cached before.",))


def train_frozen(bench: Bench) -> Result:
    return _train(bench, "train_frozen", "frozen training on it", (), 240)


def train_last3(bench: Bench) -> Result:
    return _train(bench, "train_last3", "last-3-layers training on it", ("--tuning", "last-3"), 720)


def _train(bench: Bench, name: str, what: str, words: tuple[str, ...], seconds: float) -> Result:
    _need(bench.shop / "panel" / "panel.json", "panel")
    before = _models(bench.shop)
    done = upswing(bench.shop, bench.log(name), "train", *words)
    (model,) = _models(bench.shop) - before
    learnt = json.loads((bench.shop / "models" / model / "metrics.json").read_text(encoding="utf-8"))
    figures = _taken(done) | {"epochs": learnt["epochs"]}
    return Result(name, what, figures, (Limit("seconds", seconds, "s"), Limit("peak_gib", 5, "GiB")))


def tuned_epoch(bench: Bench) -> Result:
    _need(bench.shop / "panel" / "panel.json", "panel")
    out = bench.work / "epoch.json"
    run([PYTHON, "-m", "bench.epoch", out, bench.batches, 128], bench.log("tuned_epoch"), bench.shop)
    figures = json.loads(out.read_text(encoding="utf-8"))
    note = (f"Ours is a whole epoch; every row's from {figures['batches_every_row']} batches in the same process, extrapolated by rows. Last 3 layers learn on both sides; every row's "
            "side runs the whole encoder for each row. What the layers below say about each text is computed once a training, outside the epoch.")
    return Result("tuned_epoch", "tuned epoch against encoding every row", figures, (Limit("times_faster", 40, "times", at_least=True),), (note,))


def publish(bench: Bench) -> Result:
    """Score (with its explanations) and publish, as two commands."""
    upswing(bench.shop, bench.log("promote"), "promote", _frozen_model(bench.shop))
    scored = upswing(bench.shop, bench.log("score"), "score")
    published = upswing(bench.shop, bench.log("publish"), "publish")
    meta = _meta(bench.shop)
    figures = {"seconds": scored.seconds + published.seconds, "score_and_explain_seconds": scored.seconds, "publish_seconds": published.seconds,
               "peak_gib": max(scored.peak_gib, published.peak_gib), "forecasts": meta["forecasts"], "products": meta["products"]}
    return Result("publish", "score + explain + publish all live products and segments", figures, (Limit("seconds", 60, "s"),),
                  ("Two commands, both start-ups included.",))


def new_day(bench: Bench) -> Result:
    """The shop as it stood a day earlier, then its next export: import it, then extend, rescore and publish in one process."""
    model, whole, shop = _frozen_model(bench.shop), bench.source(), bench.work / "yesterday"
    shutil.rmtree(shop, ignore_errors=True)
    cut = _filtered(whole, bench.work / "without-last-day.parquet", days_cut=1)
    say("  preparing the shop as of the day before (not measured)")
    for words in (("import", cut, "--preset", PRESET), ("features",)):
        upswing(shop, bench.log(f"yesterday-{words[0]}"), *words)
    shutil.copytree(bench.shop / "models" / model, shop / "models" / model)
    for words in (("promote", model), ("score",), ("publish",)):
        upswing(shop, bench.log(f"yesterday-{words[0]}"), *words)
    before = _snapshot(shop)
    say("  measuring")
    imported = upswing(shop, bench.log("new_day-import"), "import", whole, "--preset", PRESET)
    rescored = run([PYTHON, "-c", RESCORE], bench.log("new_day-rescore"), shop)
    if _snapshot(shop) == before:
        raise Failed("the new day led to no new snapshot")
    figures = {"seconds": rescored.seconds, "peak_gib": rescored.peak_gib, "import_seconds": imported.seconds,
               "with_import_seconds": rescored.seconds + imported.seconds}
    return Result("new_day", "a new day of data: extend aggregates, rescore, publish", figures, (Limit("seconds", 20, "s"),),
                  ("The new day comes in a full export of all 1.07 million rows, whose import is timed apart (import_seconds); extending the daily "
                   "aggregate, the newest rows' features, scores, explanations and the snapshot are one process, start-up included.",))


def pages(bench: Bench) -> Result:
    _need(bench.shop / "CURRENT", "publish")
    out = bench.work / "pages.json"
    run([PYTHON, "-m", "bench.pages", out, bench.reruns], bench.log("pages"), bench.shop)
    seconds = json.loads(out.read_text(encoding="utf-8"))
    figures = {"slowest_page_p95_ms": max(_p95(s) for s in seconds.values()) * 1000}
    figures |= {f"{page}_p95_ms": _p95(s) * 1000 for page, s in seconds.items()}
    note = f"The script's run time by AppTest, {bench.reruns} reruns a page, caches warm; the browser's drawing is not in it."
    return Result("pages", "a page's rerun with that snapshot, p95", figures, (Limit("slowest_page_p95_ms", 300, "ms"),), (note,))


def demo(bench: Bench) -> Result:
    figures, notes = measure_demo(bench.work / "demo", bench.log("demo"))
    return Result("demo", "`make demo` to first page, downloads apart; second start", figures,
                  (Limit("first_page_seconds", 240, "s"), Limit("second_start_seconds", 10, "s")), notes)


def uci_backtest(bench: Bench) -> Result:
    """Must show 5 of the first release: autumn 2011 beside LightGBM on the same features, without and with text."""
    _need(bench.shop / "panel" / "panel.json", "panel")
    out = bench.work / "uci-autumn"
    done = upswing(bench.shop, bench.log("uci_backtest"), "backtest", "--out", out, *AUTUMN)
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    whole = _kept(report)["metrics"]
    value = {learner: {m: f["value"] for m, f in figures.items()} for learner, figures in whole.items()}
    rivals = [value[name] for name in ("lightgbm", "lightgbm_text")]
    figures = _taken(done) | {
        "brier_skill": value["model"]["brier_skill"], "average_precision": value["model"]["average_precision"],
        "precision_at_50": value["model"]["precision_at_50"], "ece": value["model"]["ece"],
        "brier_skill_lead": value["model"]["brier_skill"] - max(r["brier_skill"] for r in rivals),
        "average_precision_ratio": value["model"]["average_precision"] / max(r["average_precision"] for r in rivals),
    }
    return Result("uci_backtest", "Backtest on UCI, autumn 2011", figures,
                  (Limit("brier_skill_lead", 0.0, "", at_least=True), Limit("average_precision_ratio", 0.97, "", at_least=True)),
                  ("Lead and ratio are against the better of LightGBM on the same features and on features + TF-IDF text, on segment all.",),
                  {"backtest": _kept(report)})


KEPT = ("average_precision", "brier_skill", "precision_at_50", "ece", "wql_4w", "mase_4w", "bias_4w", "coverage_50_4w", "coverage_80_4w", "coverage_95_4w")
TREES = ("lightgbm", "lightgbm_text", "lightgbm_encoder", "lightgbm_searched")


def uci_blocks(bench: Bench) -> Result:
    """The model earns its place: three blocks over the last year of UCI, beside trees searched for as long as the model learns."""
    _need(bench.shop / "panel" / "panel.json", "panel")
    return _blocks(bench, "uci_blocks", "Backtest on UCI, three blocks", bench.shop)


def _blocks(bench: Bench, name: str, what: str, workspace: Path) -> Result:
    """Ratios are of the model to the best tree in that metric; leads are differences with the ends of their 95% interval."""
    out = bench.work / name.replace("_", "-")
    done = upswing(workspace, bench.log(name), "backtest", "--out", out)
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))

    def value(learner: str, metric: str, part: str = "all") -> float:
        return report["metrics"][learner][part][metric]["value"]

    def best(metric: str, part: str = "all") -> str:
        return max((t for t in TREES if part in report["metrics"].get(t, {})), key=lambda t: value(t, metric, part))

    young, rival = "under 8 weeks on sale", best("average_precision")
    lead = report["differences"][rival]["all"]["average_precision"]
    text = report["ablation"].get("text", {})
    figures = _taken(done) | {
        "average_precision_ratio": value("model", "average_precision") / value(rival, "average_precision"),
        "average_precision_lead": lead["value"], "average_precision_lead_low": lead["low"],
        "brier_skill_ratio": value("model", "brier_skill") / value(best("brier_skill"), "brier_skill"),
        "precision_at_50_lead": value("model", "precision_at_50") - value(best("precision_at_50"), "precision_at_50"),
        "young_average_precision_ratio": value("model", "average_precision", young) / value(best("average_precision", young), "average_precision", young),
        "ece": value("model", "ece"),
        "least_text_adds_in_a_block_high": min(figures["average_precision"]["high"] for part, figures in text.items() if part != "all"),
    }
    rivals = [n for n in report["metrics"] if n != "model" and "wql_4w" in report["metrics"][n].get("demand sample", {})]
    sampled = {n: value(n, "wql_4w", "demand sample") for n in rivals}
    figures |= {"wql_4w_ratio": value("model", "wql_4w", "demand sample") / min(sampled.values()), "coverage_80_4w": value("model", "coverage_80_4w")}
    limits = (Limit("average_precision_ratio", 1.05, "", at_least=True), Limit("average_precision_lead_low", 0.0, "", at_least=True),
              Limit("brier_skill_ratio", 1.10, "", at_least=True), Limit("precision_at_50_lead", 0.0, "", at_least=True),
              Limit("young_average_precision_ratio", 1.10, "", at_least=True), Limit("ece", 0.015, ""), Limit("wql_4w_ratio", 0.95, ""),
              Limit("least_text_adds_in_a_block_high", 0.0, "", at_least=True))
    parts = [part for part in report["slices"] if not part.startswith(("segment ", "category "))]
    kept = _kept(report) | {"left_out": report["left_out"], "ablation": report["ablation"], "by_slice": {
        part: {learner: {m: found[part][m] for m in KEPT if m in found[part]} for learner, found in report["metrics"].items() if part in found}
        for part in parts}}
    return Result(name, what, figures, limits, (f"Against the best of {', '.join(TREES)} in each metric, segment all; demand on its sample.",),
                  {"backtest": kept})


def sample_truth(bench: Bench) -> Result:
    """Must show of "the truth on the sample": the reasons given for called rises against the planted causes."""
    shop, out = bench.work / "sample", bench.work / "truth.json"
    shutil.rmtree(shop, ignore_errors=True)
    upswing(shop, bench.log("sample-import"), "import", *sorted(SAMPLE.iterdir()))
    upswing(shop, bench.log("sample-features"), "features")
    done = run([PYTHON, "-m", "bench.truth", out], bench.log("sample_truth"), shop)
    found = json.loads(out.read_text(encoding="utf-8"))
    figures = _taken(done)
    for definition, thresholds in found["counts"].items():
        for at_least, kinds in thresholds.items():
            count = kinds["all"]
            figures |= {f"{definition}_{at_least}_in_top_two": count["in_top_two"] / max(count["called"], 1),
                        f"{definition}_{at_least}_on_top": count["top"] / max(count["called"], 1),
                        f"{definition}_{at_least}_called": count["called"], f"{definition}_{at_least}_rises": count["rises"]}
    return Result("sample_truth", "Planted causes among the reasons for called rises", figures,
                  (Limit("strict_0.25_in_top_two", 0.9, "", at_least=True),),
                  ("The share of the rises called with at least 0.25 (0.5); bench/truth.py says what strict and fair count.",), {"truth": found})


def tuning(bench: Bench) -> Result:
    """The ways for the encoder to learn, on the sample, where a quarter of the titles is Chinese."""
    shop, out = bench.work / "sample", bench.work / "tuning.json"
    if not (shop / "panel" / "panel.json").exists():
        upswing(shop, bench.log("sample-import"), "import", *sorted(SAMPLE.iterdir()))
        upswing(shop, bench.log("sample-features"), "features")
    done = run([PYTHON, "-m", "bench.tuning", out, bench.thin], bench.log("tuning"), shop)
    modes = json.loads(out.read_text(encoding="utf-8"))
    best = max(modes, key=lambda mode: mode["average_precision"])
    figures = _taken(done) | {f"average_precision_{mode['mode']}": mode["average_precision"] for mode in modes}
    return Result("tuning", "Ways for the encoder to learn, on the sample", figures, (),
                  (f"One block, segment all, one seed, no refit: bench/tuning.py. Highest average precision: {best['mode']}.",),
                  {"tuning": modes})


# name -> (how to measure it, its file in bench/results)
ROWS: dict[str, tuple[Callable[[Bench], Result], str]] = {
    "import": (imports, "import"), "panel": (panel, "panel"), "train_frozen": (train_frozen, "train-frozen"),
    "train_last3": (train_last3, "train-last3"), "tuned_epoch": (tuned_epoch, "tuned-epoch"), "publish": (publish, "publish"),
    "new_day": (new_day, "new-day"), "pages": (pages, "pages"), "demo": (demo, "demo"), "uci_backtest": (uci_backtest, "uci-autumn"),
    "uci_blocks": (uci_blocks, "uci-blocks"),
    "sample_truth": (sample_truth, "sample-truth"), "tuning": (tuning, "tuning"),
}


def _kept(report: dict) -> dict:
    """Of a backtest's metrics.json, what stands for segment all."""
    def whole(name: str) -> dict:
        return {learner: slices["all"] for learner, slices in report[name].items() if "all" in slices}

    return {"blocks": report["blocks"], "learners": report["learners"], "slices": {"all": report["slices"]["all"]}, "metrics": whole("metrics"),
            "differences": whole("differences"), "best": report["best"]["all"], "settings": report["settings"]}


def _taken(done: Run) -> dict[str, float]:
    return {"seconds": done.seconds, "peak_gib": done.peak_gib}


def _need(path: Path, row: str) -> None:
    if not path.exists():
        raise Failed(f"this needs row `{row}` first: python -m bench {row} ...")


def _models(workspace: Path) -> set[str]:
    return {manifest.parent.name for manifest in (workspace / "models").glob("*/manifest.json")}


def _frozen_model(workspace: Path) -> str:
    """The newest model whose encoder was not tuned: what a shop serves by default."""
    frozen = [m for m in _models(workspace) if json.loads((workspace / "models" / m / "config.json").read_text())["settings"]["tuning"] == "frozen"]
    if not frozen:
        raise Failed("this needs row `train_frozen` first: python -m bench train_frozen ...")
    return max(frozen)


def _snapshot(workspace: Path) -> str:
    return (workspace / "CURRENT").read_text(encoding="utf-8").strip()


def _meta(workspace: Path) -> dict:
    """Row counts of the published snapshot, by table."""
    import pyarrow.parquet as pq

    return {file.stem: pq.read_metadata(file).num_rows for file in (workspace / "snapshots" / _snapshot(workspace)).glob("*.parquet")}


def _p95(seconds: list[float]) -> float:
    """The 95th percentile by the nearest rank: a rerun that really happened."""
    return sorted(seconds)[-(-95 * len(seconds) // 100) - 1]


def _filtered(source: Path, out: Path, thin: int = 1, days_cut: int = 0) -> Path:
    """A smaller copy, made in a process of its own."""
    out.parent.mkdir(parents=True, exist_ok=True)
    run([PYTHON, "-m", "bench.thin", source, out, thin, days_cut], out.with_suffix(".log"))
    return out
