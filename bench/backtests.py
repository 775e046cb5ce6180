"""The rows on the model: backtests with baselines, and ablations of drivers and settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.measure import upswing
from bench.results import Limit, Result
from bench.shops import Bench, journey, need, sample, taken, uci
from core.evaluation.baselines import BASELINES, DEMAND_BASELINES

AUTUMN = ("--train-until", "2011-07-31", "--test-from", "2011-09-04", "--test-until", "2011-11-06")
KEPT = (
    "average_precision",
    "brier_skill",
    "precision_at_50",
    "ece",
    "wql_4w",
    "wql_13w",
    "mase_4w",
    "bias_4w",
    "coverage_50_4w",
    "coverage_80_4w",
    "coverage_95_4w",
)
TREES = ("lightgbm", "lightgbm_text", "lightgbm_encoder", "lightgbm_searched")
YOUNG = "under 8 weeks on sale"
# Requirements on UCI, and on every other data set: not behind by more than the interval, whose better end must reach 0.
EARNED = (
    Limit("average_precision_ratio", 1.05, "", at_least=True),
    Limit("average_precision_lead_low", 0.0, "", at_least=True),
    Limit("brier_skill_ratio", 1.10, "", at_least=True),
    Limit("precision_at_50_lead", 0.0, "", at_least=True),
    Limit("young_average_precision_ratio", 1.10, "", at_least=True),
    Limit("least_text_adds_in_a_block_high", 0.0, "", at_least=True),
    Limit("ece", 0.015, ""),
    Limit("worst_segment_ece", 0.03, ""),
)
DEMAND_EARNED = (
    Limit("wql_4w_ratio", 0.95, ""),
    Limit("coverage_80_4w", 0.78, "", at_least=True),
    Limit("coverage_80_4w", 0.82, ""),
    Limit("lowest_band_coverage_80_4w", 0.75, "", at_least=True),
    Limit("highest_band_coverage_80_4w", 0.85, ""),
    Limit("crossing_forecasts", 0, ""),
)
NOT_BEHIND = (
    Limit("average_precision_lead_high", 0.0, "", at_least=True),
    Limit("brier_skill_lead_high", 0.0, "", at_least=True),
    Limit("precision_at_50_lead_high", 0.0, "", at_least=True),
    Limit("wql_4w_lead_low", 0.0, ""),
)


def uci_backtest(bench: Bench) -> Result:
    """Backtest autumn 2011 against LightGBM on the same features, without and with text."""
    need(bench.shop / "panel" / "panel.json", "panel")
    out = bench.work / "uci-autumn"
    done = upswing(bench.shop, bench.log("uci_backtest"), "backtest", "--out", out, *AUTUMN)
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    whole = _kept(report)["metrics"]
    value = {learner: {m: f["value"] for m, f in figures.items()} for learner, figures in whole.items()}
    rivals = [value[name] for name in ("lightgbm", "lightgbm_text")]
    figures = taken(done) | {
        "brier_skill": value["model"]["brier_skill"],
        "average_precision": value["model"]["average_precision"],
        "precision_at_50": value["model"]["precision_at_50"],
        "ece": value["model"]["ece"],
        "brier_skill_lead": value["model"]["brier_skill"] - max(r["brier_skill"] for r in rivals),
        "average_precision_ratio": value["model"]["average_precision"] / max(r["average_precision"] for r in rivals),
    }
    return Result(
        "uci_backtest",
        "Backtest on UCI, autumn 2011",
        figures,
        (Limit("brier_skill_lead", 0.0, "", at_least=True), Limit("average_precision_ratio", 0.97, "", at_least=True)),
        ("Lead and ratio compare with the better of LightGBM on the same features and on features + TF-IDF text, all customers.",),
        {"backtest": _kept(report)},
    )


def uci_blocks(bench: Bench) -> Result:
    """Backtest three blocks over the last year of UCI, with trees that are searched for as long as the model trains."""
    return _blocks(bench, "uci_blocks", "Backtest on UCI, three blocks", uci(bench), EARNED, BASELINES)


def uci_demand(bench: Bench) -> Result:
    """Backtest the same blocks with the demand baselines."""
    return _blocks(bench, "uci_demand", "Demand on UCI, three blocks", uci(bench), DEMAND_EARNED, DEMAND_BASELINES)


def journey_blocks(bench: Bench) -> Result:
    return _blocks(bench, "journey_blocks", "Backtest on The Complete Journey, by product types", journey(bench), NOT_BEHIND)


def sample_blocks(bench: Bench) -> Result:
    return _blocks(bench, "sample_blocks", "Backtest on the sample shop", sample(bench), NOT_BEHIND)


def _blocks(bench: Bench, name: str, what: str, workspace: Path, limits: tuple[Limit, ...], baselines: tuple = ()) -> Result:
    """Backtest as many blocks as the history allows. baselines: () = all.

    Ratios and leads compare the model with the best trees in each metric; low and high are the ends of the lead's 95% interval. Demand is
    compared with the best demand baseline, on the sample that all forecast.
    """
    out = bench.work / name.replace("_", "-")
    done = upswing(
        workspace,
        bench.log(name),
        "backtest",
        "--out",
        out,
        *(["--baselines", ",".join(b.name for b in baselines)] if baselines else []),
        *bench.chosen(),
    )
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    slices = report["slices"]
    pairs = {
        "average_precision": "all",
        "brier_skill": "all",
        "precision_at_50": "all",
        "young_average_precision": YOUNG,
        "wql_4w": "demand sample",
        "wql_13w": "demand sample",
    }
    figures = taken(done) | {"blocks": len(report["blocks"])}
    for figure, part in pairs.items():
        figures |= _against(report, figure, figure.removeprefix("young_"), part)
    ece = {part: report["metrics"]["model"].get(part, {}).get("ece", {}).get("value") for part in slices}
    bands = [
        found["coverage_80_4w"]["value"]
        for part, found in report["metrics"]["model"].items()
        if part.endswith("in the base window") and found.get("coverage_80_4w")
    ]
    segments = [value for part, value in ece.items() if part.startswith("segment ") and value is not None]
    text = [found["average_precision"]["high"] for part, found in report["ablation"].get("text", {}).items() if part.startswith("block ")]
    figures |= {
        "ece": ece["all"],
        "worst_segment_ece": max(segments, default=None),
        "coverage_80_4w": report["metrics"]["model"]["all"].get("coverage_80_4w", {}).get("value"),
        "lowest_band_coverage_80_4w": min(bands, default=None),
        "highest_band_coverage_80_4w": max(bands, default=None),
        "crossing_forecasts": crossing(out / "demand.parquet"),
        "least_text_adds_in_a_block_high": min(text, default=None),
    }
    by_slice = {
        part: {
            learner: {m: found[part][m] for m in KEPT if m in found[part]} for learner, found in report["metrics"].items() if part in found
        }
        for part in slices
        if not part.startswith(("segment ", "category "))
    }
    note = f"Compared with the best of {', '.join(TREES)} in each metric, all customers; demand with every demand baseline, on its sample."
    kept = _kept(report) | {"left_out": report["left_out"], "ablation": report["ablation"], "by_slice": by_slice}
    return Result(name, what, figures, limits, (note,), {"backtest": kept})


def _against(report: dict, figure: str, metric: str, part: str) -> dict[str, float | None]:
    """Return FIGURE_ratio, _lead, _lead_low and _lead_high of the model to its best rival in this slice; {} where none is measured."""
    lower = metric.startswith("wql")
    found = {n: s[part][metric]["value"] for n, s in report["metrics"].items() if s.get(part, {}).get(metric, {}).get("value") is not None}
    rivals = {n: value for n, value in found.items() if (n != "model" if lower else n in TREES)}
    if not rivals or "model" not in found:
        return {}
    best = (min if lower else max)(rivals, key=lambda n: rivals[n])
    lead = report["differences"][best][part][metric]
    return {
        f"{figure}_ratio": found["model"] / rivals[best] if rivals[best] > 0 else None,
        f"{figure}_lead": lead["value"],
        f"{figure}_lead_low": lead["low"],
        f"{figure}_lead_high": lead["high"],
    }


LATER = {"newer_switches": ("follow-level", "trees-members"), "text_days": ("text-days",)}  # ablations with recorded rows of their own


def switch_rows() -> dict[str, tuple[Callable[[Bench], Result], str]]:
    """Return the ablation rows of each data set, and of the newer ablations alone, as in rows.ROWS.

    README.md shows all of them together, each with its latest measurement.
    """

    def row(name: str, data: str, shop: Callable[[Bench], Path], names: tuple[str, ...]) -> Callable[[Bench], Result]:
        return lambda bench: _switches(replace(bench, switches=",".join(names) or bench.switches), name, data, shop(bench))

    shops = {"uci": ("UCI", uci), "journey": ("Complete Journey", journey), "sample": ("sample", sample)}
    return {
        f"{shop}_{which}": (row(f"{shop}_{which}", *of, names), f"{shop}_{which}".replace("_", "-"))
        for which, names in {"switches": (), **LATER}.items()
        for shop, of in shops.items()
    }


def _switches(bench: Bench, name: str, data: str, workspace: Path) -> Result:
    out = bench.work / name.replace("_", "-")
    done = upswing(
        workspace,
        bench.log(name),
        "backtest",
        "--out",
        out,
        "--switches",
        *([bench.switches] if bench.switches else []),
        "--baselines",
        "",
        *bench.chosen(),
    )
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    model = {m: report["metrics"]["model"]["all"][m]["value"] for m in ("average_precision", "brier_skill")}
    ablation = {
        "data": data,
        "drivers": report["ablation"],
        "switches": report["switches"],
        "switch_settings": report["switch_settings"],
        "blocks": report["blocks"],
        "settings": report["settings"],
    }
    return Result(
        name,
        f"Ablations by driver and setting on {data}",
        taken(done) | {"blocks": len(report["blocks"])} | model,
        (),
        ("The model minus itself without the driver, or minus itself retrained with the setting changed.",),
        {"ablation": ablation},
    )


def crossing(demand: Path) -> int:
    """Count the test rows of a backtest's demand.parquet whose quantiles fall with the level or with the weeks."""
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(demand, columns=["weeks", "level", "quantile"])
    weeks, levels = (len(table[name].unique()) for name in ("weeks", "level"))
    q = table["quantile"].to_numpy().reshape(-1, weeks, levels)  # rows in the order of test row, weeks, level
    return int(((np.diff(q, axis=1) < 0).any(axis=(1, 2)) | (np.diff(q, axis=2) < 0).any(axis=(1, 2))).sum())


def _kept(report: dict) -> dict:
    """Return the parts of a backtest's metrics.json for segment all."""

    def whole(name: str) -> dict:
        return {learner: slices["all"] for learner, slices in report[name].items() if "all" in slices}

    return {
        "blocks": report["blocks"],
        "learners": report["learners"],
        "slices": {"all": report["slices"]["all"]},
        "metrics": whole("metrics"),
        "differences": whole("differences"),
        "best": report["best"]["all"],
        "settings": report["settings"],
    }
