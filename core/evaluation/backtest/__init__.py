"""Backtests: forecasts of the model and of baselines at past origins, all trained on the same rows.

Every learner is refitted for each block on earlier origins only, `horizon_days` before the first test origin. It is trained on the panel as
it was known on that day: labels and demand that need later days are missing, so neither the 28-day label nor 13-week demand leaks into
the test.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import __version__
from core.errors import UserError
from core.evaluation.backtest.ablations import choose_ablations
from core.evaluation.backtest.blocks import Block, as_date, plan, select_blocks
from core.evaluation.backtest.demand import demand_forecasts, left_out, scales
from core.evaluation.backtest.judgement import MODEL, Evidence, judge
from core.evaluation.backtest.page import FILES, page
from core.evaluation.backtest.report import table
from core.evaluation.backtest.tables import write_demand, write_predictions
from core.evaluation.baselines import BASELINES, DEMAND_BASELINES, WeeklyUnits
from core.messages import LOCALES, Message, lines, msg
from core.models.calibrate import recalibrate_intercept, sigmoid
from core.progress import Progress, silent, step_label
from core.schema import ALL, DEMAND_WEEKS
from core.settings import Settings
from core.storage import disk, files, product_numbers
from core.storage import duckdb as db
from core.workspace import Workspace

MODEL_SHARE = 0.4  # approximate share of a block's time that the model takes
# Fits a model: (panel, rows, settings, progress) -> an object with .predict(panel, rows, without=DRIVER) and .reads, as
# core.models.predict.FittedModel
FitModel = Callable[[Any, np.ndarray, Settings, Progress], Any]


@dataclass(frozen=True)
class BacktestReport:
    """The folder of the backtest files, and the content of metrics.json."""

    out: Path
    metrics: dict

    def summary(self) -> dict:
        """Return the learners for the Model page, the best ranking first, with main figures and the verdict on the model's lead."""
        found, metrics = self.metrics, ("average_precision", "brier_skill", "precision_at_50", "ece")
        learners = [
            {
                "learner": name,
                "title": found["learners"][name],
                "verdict": found["differences"].get(name, {}).get(ALL, {}).get("average_precision", {}).get("verdict"),
                **{m: slices[ALL].get(m) for m in metrics},
            }
            for name, slices in found["metrics"].items()
            if "average_precision" in slices.get(ALL, {})
        ]
        learners.sort(key=lambda each: -(each["average_precision"]["value"] or 0.0))
        return {"blocks": [[b["test_from"], b["test_until"]] for b in found["blocks"]], "learners": learners}

    def text(self) -> Message:
        """Return the main figures for the terminal."""
        return lines(*table(self.metrics), msg("Predictions, demand, metrics and the report are in {folder}.", folder=str(self.out)))


def backtest(
    workspace: Workspace,
    out: Path,
    *,
    train_until: str | date | None = None,
    test_from: str | date | None = None,
    test_until: str | date | None = None,
    blocks: tuple[int, ...] = (),
    switches: tuple[str, ...] | None = None,
    baselines: tuple[str, ...] | None = None,
    progress: Progress = silent,
    fit: FitModel | None = None,
) -> BacktestReport:
    """Refit and evaluate the model and every baseline; write the backtest files into the folder `out`.

    Without dates: up to three blocks of eight weekly origins over the last year. With dates: one block
    (core.evaluation.backtest.blocks.plan). Origins before the setting `since` are left out, as in `upswing tune`.

    blocks     numbers of the blocks to run, () = all
    switches   names of the ablations to run (core.evaluation.backtest.ablations), () = all, None = none
    baselines  names of the baselines to run, None = all
    fit        replaces the fusion model

    Raises UserError where history is too short, the embargo is broken or a name is unknown, and NotReady without a panel.
    """
    settings = workspace.settings()
    ablations = choose_ablations(switches, settings)
    baselines_to_run = _baselines(baselines)
    workspace.need(workspace.panel / "panel.json", "features")
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise UserError(
            expected=msg("A backtest is written into a folder."),
            found=msg("{path} is a file.", path=str(out)),
            to_do=msg("Choose another --out."),
        )
    dates = [as_date(train_until, "--train-until"), as_date(test_from, "--test-from"), as_date(test_until, "--test-until")]

    from core.models.panel import Panel

    started = time.monotonic()
    panel = Panel.open(workspace.panel, workspace.cache)
    since = np.datetime64(as_date(settings.model.since or "0001-01-01", "model.since"), "D")
    labelled = np.isfinite(panel.rising) & (panel.as_of >= since)
    horizon = settings.labels.horizon_days
    tested = select_blocks(plan([d.astype(date) for d in np.unique(panel.as_of[labelled & panel.all_rows])], horizon, *dates), blocks)
    categories = _categories(workspace, panel.products)
    weekly = WeeklyUnits.read(workspace.need(workspace.warehouse, "import FILE..."), panel.products, max(b.test[-1] for b in tested))

    with disk.reported(out):
        out.mkdir(parents=True, exist_ok=True)
    parts: list[Evidence] = []
    described: list[dict[str, Any]] = []
    for number, block in enumerate(tested):
        train = np.flatnonzero(labelled & (panel.as_of <= np.datetime64(block.train_until)))
        test = np.flatnonzero(labelled & np.isin(panel.as_of, np.array(block.test, dtype="datetime64[D]")))
        test = test[np.lexsort((panel.segment[test], panel.product[test], panel.as_of[test]))]

        def report_progress(step: str, done: float, message: Message | str = "", number=number, **figures: float) -> None:
            progress(
                "backtest",
                (number + min(max(done, 0.0), 1.0)) / len(tested),
                msg("Block {block} of {blocks} · {work}", block=number + 1, blocks=len(tested), work=message or step_label(step)),
                **figures,
            )

        evidence, seconds = _run_block(
            panel, weekly, categories, block, train, test, settings, fit or fit_model, ablations, baselines_to_run, report_progress
        )
        parts.append(evidence)
        described.append(
            {
                "block": block.number,
                "train_from": str(panel.as_of[train].min()),
                "train_until": str(panel.as_of[train].max()),
                "test_from": str(block.test[0]),
                "test_until": str(block.test[-1]),
                "test_origins": len(block.test),
                "embargo_days": (block.test[0] - block.train_until).days,
                "train_rows": len(train),
                "test_rows": len(test),
                "seconds": seconds,
            }
        )
    evidence, lacking = Evidence.concatenate(parts), left_out(baselines_to_run)
    files.write_with(out / "predictions.parquet", lambda file: write_predictions(file, evidence))
    files.write_with(out / "demand.parquet", lambda file: write_demand(file, evidence))
    report = {
        "shop": settings.shop.name,
        "created_at": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        "code_version": __version__,
        "horizon_days": horizon,
        "settings": settings.as_dict(),
        "blocks": described,
        "learners": {MODEL: "Upswing", **{b.name: str(b.title) for b in baselines_to_run if b.name not in lacking}},
        "left_out": lacking,
        "switch_settings": {
            name: {
                "setting": f"{s.section}.{s.field}",
                "is": s.setting(settings),
                "instead": s.alternative(settings),
                "meaning": str(s.meaning),
                "seconds": round(sum(b["seconds"][f"switch {name}"] for b in described), 1),
            }
            for name, (s, _) in ablations.items()
        },
        **judge(evidence, progress),
    }
    report["seconds"] = round(time.monotonic() - started, 1)
    written = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    files.write_text(out / "metrics.json", written)
    for language in LOCALES:
        files.write_text(out / FILES[language], page(report, evidence, language))
    return BacktestReport(out, json.loads(written))


def _baselines(names: tuple[str, ...] | None) -> tuple:
    """Return the rising and demand baselines with these names. Raises UserError for an unknown name."""
    every: dict[str, Any] = {b.name: b for b in BASELINES} | {b.name: b for b in DEMAND_BASELINES}
    unknown = [name for name in names or () if name not in every]
    if unknown:
        raise UserError(
            expected=msg("The baselines are {names}.", names=list(every)),
            found=msg("Unknown baselines are given: {names}.", names=unknown),
            to_do=msg("Choose among these, or leave the option out to run all."),
        )
    return tuple(every.values()) if names is None else tuple(b for b in every.values() if b.name in names)


def _categories(workspace: Workspace, products: list[str]) -> np.ndarray:
    """Return (products,) names of categories, None = unknown."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        product_numbers.read_through(con)
        known = {row["product_id"]: row["category"] for row in db.rows(con, "scoring/categories")}
    # One more entry, so that numpy does not convert the names to text.
    return np.array([known.get(p) for p in products] + [None], dtype=object)[:-1]


def fit_model(panel, rows: np.ndarray, settings: Settings, progress: Progress):
    """Fit the fusion model."""
    from core.models.train import fit

    return fit(panel, rows, settings.model, recipe=settings.recipe, progress=progress)


def as_known(panel, day: date, horizon_days: int):
    """Return the panel as it was known at the end of `day`: whatever needs later days is missing. Features never look past their origin."""
    last = np.datetime64(day, "D")
    matured = panel.as_of + np.timedelta64(horizon_days, "D") <= last
    ends = panel.as_of[:, None] + np.array(DEMAND_WEEKS) * np.timedelta64(7, "D")
    hidden = {name: np.where(matured, getattr(panel, name), np.nan) for name in ("rising", "falling", "n_horizon", "expected", "tail")}
    return replace(panel, **hidden, units=np.where(ends <= last, panel.units, np.nan).astype(np.float32))


def _run_block(
    panel,
    weekly: WeeklyUnits,
    categories: np.ndarray,
    block: Block,
    train: np.ndarray,
    test: np.ndarray,
    settings: Settings,
    fit: FitModel,
    ablations: dict,
    baselines_to_run: tuple,
    progress: Progress,
) -> tuple[Evidence, dict[str, float]]:
    """Return the evidence of one block, and the seconds that each learner took."""
    known = as_known(panel, block.test[0], settings.labels.horizon_days)
    seconds: dict[str, float] = {}
    finished, each = 0.0, 1 / (1 / MODEL_SHARE + len(ablations))  # shares of the block: done so far, and of one fit of the model

    def report_progress(step: str, done: float, message: Message | str = "", **figures: float) -> None:
        progress(step, finished + each * done, message, **figures)

    started = time.monotonic()
    model = fit(known, train, settings, report_progress)
    took = time.monotonic() - started
    shift = intercept_shifts(model, panel, block, test, settings)
    predicted = model.predict(panel, test)
    seconds[MODEL] = round(time.monotonic() - started, 2)
    all_customers = np.flatnonzero(panel.all_rows[test])
    without = {driver: np.full(len(test), np.nan) for driver in model.reads}
    for driver, p in without.items():
        p[all_customers] = shift_probability(model.predict(panel, test[all_customers], without=driver)["rising"], shift[all_customers])
    finished += each

    switched = {}
    for name, (_ablation, other) in ablations.items():
        progress(f"switch {name}", finished, msg("Training without {ablation}", ablation=name))
        retrained_at = time.monotonic()
        switched[name] = np.full(len(test), np.nan)
        retrained = fit(known, train, other, report_progress)
        switched[name][all_customers] = shift_probability(
            retrained.predict(panel, test[all_customers])["rising"], intercept_shifts(retrained, panel, block, test[all_customers], other)
        )
        seconds[f"switch {name}"] = round(time.monotonic() - retrained_at, 2)
        finished += each

    rising = {}
    present = [b for b in baselines_to_run if not b.missing()]
    share = (1 - finished) / max(1, len(present))  # approximate share of the block's time per baseline
    for baseline in (b for b in present if b in BASELINES):
        progress(baseline.name, finished, baseline.title)
        started = time.monotonic()
        train_rows, wanted = (train[panel.all_rows[train]], all_customers) if not baseline.every_segment else (train, np.arange(len(test)))
        rising[baseline.name] = np.full(len(test), np.nan)
        rising[baseline.name][wanted] = baseline.fit(known, train_rows, took)(panel, test[wanted])
        seconds[baseline.name] = round(time.monotonic() - started, 2)
        finished += share
    demand, sampled, taken = demand_forecasts(
        panel,
        known,
        train,
        test,
        weekly,
        [b for b in present if b in DEMAND_BASELINES],
        lambda title, part: progress("demand", finished + (1 - finished) * part, title),
    )
    seconds |= taken
    return Evidence(
        block=np.full(len(test), block.number, dtype=np.int32),
        origin=panel.as_of[test],
        product=np.array(panel.products, dtype=object)[panel.product[test]],
        segment=np.array(panel.segments, dtype=object)[panel.segment[test]],
        y=panel.rising[test],
        fell=panel.falling[test],
        n_base=panel.n_base[test],
        n_horizon=panel.n_horizon[test],
        expected=panel.expected[test],
        days_on_sale=panel.days_on_sale[test],
        actual=panel.units[test],
        text=np.array(panel.texts, dtype=object)[panel.product[test]],
        category=categories[panel.product[test]],
        scale=scales(panel, test, weekly),
        sampled=sampled,
        falling=np.asarray(predicted["falling"], dtype=float),
        rising={MODEL: shift_probability(predicted["rising"], shift), **rising},
        without=without,
        switched=switched,
        demand={MODEL: np.asarray(predicted["demand"], dtype=np.float32), **demand},
    ), seconds


def intercept_shifts(model, panel, block: Block, test: np.ndarray, settings: Settings) -> np.ndarray:
    """Return (n,) the intercept shift of each test row's logit, recalibrated on the forecasts known by its origin."""
    shift = np.zeros(len(test))
    if not settings.recipe.follow_level:
        return shift
    ends = panel.as_of + np.timedelta64(settings.labels.horizon_days, "D")
    since = np.flatnonzero(
        panel.all_rows
        & np.isfinite(panel.rising)
        & (panel.as_of > np.datetime64(block.train_until))
        & (ends <= np.datetime64(block.test[-1]))
    )
    if len(since):
        logit = _logit(model.predict(panel, since)["rising"])
        for origin in np.unique(panel.as_of[test]):
            known = ends[since] <= origin
            moved = recalibrate_intercept(logit[known], panel.rising[since[known]], panel.as_of[since[known]], settings.labels.horizon_days)
            shift[panel.as_of[test] == origin] = moved.shift
    return shift


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(np.asarray(p, dtype=float), 1e-9, 1 - 1e-9)
    return np.log(p) - np.log1p(-p)


def shift_probability(p: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return probabilities with shifted logits; those with a shift of 0 keep every bit."""
    return np.where(shift == 0, p, sigmoid(_logit(p) + shift))
