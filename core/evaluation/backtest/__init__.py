"""The truth about the model: what it would have said at past origins, beside baselines that learnt from the same rows.

Every learner is refitted for each block on earlier origins alone, `horizon_days` before the first test origin. The panel
that it learns from is shown as it was known on that day: every label and every demand figure that needed later days is
missing, so neither the 28-day label nor a 13-week demand can look into the test.
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
from core.evaluation.backtest.ablations import chosen
from core.evaluation.backtest.blocks import Block, as_date, plan, some
from core.evaluation.backtest.demand import demand_forecasts, left_out, scales
from core.evaluation.backtest.judgement import MODEL, Evidence, judge
from core.evaluation.backtest.page import FILES, page
from core.evaluation.backtest.report import table
from core.evaluation.baselines import BASELINES, DEMAND_BASELINES, WeeklyUnits
from core.messages import LOCALES, Message, lines, msg
from core.models.calibrate import follow, sigmoid
from core.progress import Progress, silent, step_label
from core.schema import ALL, DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import Settings
from core.storage import disk, files
from core.storage import duckdb as db
from core.workspace import Workspace

MODEL_SHARE = 0.4  # of a block's time that the model takes, about
# learn(panel, rows, settings, progress) -> an object with .predict(panel, rows, without=DRIVER) and .reads, as
# core.models.candidate.FittedModel
Learn = Callable[[Any, np.ndarray, Settings, Progress], Any]


@dataclass(frozen=True)
class BacktestReport:
    """Where the files are and what metrics.json holds."""

    out: Path
    metrics: dict

    def summary(self) -> dict:
        """What the Model page shows: learners from the best ranking down, each with main figures and the verdict on the model's lead."""
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
    learn: Learn | None = None,
) -> BacktestReport:
    """Refits and judges the model and every baseline; writes the backtest files of DESIGN section 8 into `out`.

    Without dates: up to three blocks of eight weekly origins over the last year. With dates: one block (see
    core.evaluation.backtest.blocks.plan). Origins before the setting `since` are none, as in `upswing tune`. `blocks` takes some of the
    blocks by
    number, () all. `switches` are those to refit the model without (see core.evaluation.backtest.ablations), () all of them, None none.
    `baselines`
    are the names of those to run, None all. `learn` stands in for the fusion model. Raises UserError where history is too short, the
    embargo is broken or a name unknown, NotReady without a panel.
    """
    settings = workspace.settings()
    flipped = chosen(switches, settings)
    running = _baselines(baselines)
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
    tested = some(plan([d.astype(date) for d in np.unique(panel.as_of[labelled & panel.all_rows])], horizon, *dates), blocks)
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

        def tell(step: str, done: float, message: Message | str = "", number=number, **figures: float) -> None:
            progress(
                "backtest",
                (number + min(max(done, 0.0), 1.0)) / len(tested),
                msg("Block {block} of {blocks} · {work}", block=number + 1, blocks=len(tested), work=message or step_label(step)),
                **figures,
            )

        evidence, seconds = _run_block(panel, weekly, categories, block, train, test, settings, learn or fusion, flipped, running, tell)
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
    evidence, lacking = Evidence.joined(parts), left_out(running)
    files.write_with(out / "predictions.parquet", lambda file: _write_predictions(file, evidence))
    files.write_with(out / "demand.parquet", lambda file: _write_demand(file, evidence))
    report = {
        "shop": settings.shop.name,
        "created_at": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        "code_version": __version__,
        "horizon_days": horizon,
        "settings": settings.as_dict(),
        "blocks": described,
        "learners": {MODEL: "Upswing", **{b.name: str(b.title) for b in running if b.name not in lacking}},
        "left_out": lacking,
        "switch_settings": {
            name: {
                "setting": f"{s.section}.{s.field}",
                "is": s.setting(settings),
                "instead": s.other(settings),
                "meaning": str(s.meaning),
                "seconds": round(sum(b["seconds"][f"switch {name}"] for b in described), 1),
            }
            for name, (s, _) in flipped.items()
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
    """The baselines of both kinds that these names choose."""
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
    """(products,) names, None = unknown."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        known = {row["product_id"]: row["category"] for row in db.rows(con, "scoring/categories")}
    return np.array([known.get(p) for p in products] + [None], dtype=object)[:-1]  # one more, lest numpy makes text of it


def fusion(panel, rows: np.ndarray, settings: Settings, progress: Progress):
    """The model itself, as a Learn."""
    from core.models.train import fit

    return fit(panel, rows, settings.model, recipe=settings.recipe, progress=progress)


def as_known(panel, day: date, horizon_days: int):
    """The panel as it was known at the end of `day`: what needs later days is missing. Features are as of their origin anyway."""
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
    learn: Learn,
    flipped: dict,
    running: tuple,
    progress: Progress,
) -> tuple[Evidence, dict[str, float]]:
    """The evidence of one block, and the seconds that each learner took."""
    known = as_known(panel, block.test[0], settings.labels.horizon_days)
    seconds: dict[str, float] = {}
    finished, each = 0.0, 1 / (1 / MODEL_SHARE + len(flipped))  # of the block: what is done, what one fit of the model takes

    def tell(step: str, done: float, message: Message | str = "", **figures: float) -> None:
        progress(step, finished + each * done, message, **figures)

    started = time.monotonic()
    model = learn(known, train, settings, tell)
    took = time.monotonic() - started
    shift = _shifts(model, panel, block, test, settings)
    predicted = model.predict(panel, test)
    seconds[MODEL] = round(time.monotonic() - started, 2)
    everyone = np.flatnonzero(panel.all_rows[test])
    without = {driver: np.full(len(test), np.nan) for driver in model.reads}
    for driver, p in without.items():
        p[everyone] = _moved(model.predict(panel, test[everyone], without=driver)["rising"], shift[everyone])
    finished += each

    switched = {}
    for name, (_switch, other) in flipped.items():
        progress(f"switch {name}", finished, msg("Training without {ablation}", ablation=name))
        again = time.monotonic()
        switched[name] = np.full(len(test), np.nan)
        instead = learn(known, train, other, tell)
        switched[name][everyone] = _moved(
            instead.predict(panel, test[everyone])["rising"], _shifts(instead, panel, block, test[everyone], other)
        )
        seconds[f"switch {name}"] = round(time.monotonic() - again, 2)
        finished += each

    rising = {}
    present = [b for b in running if not b.missing()]
    share = (1 - finished) / max(1, len(present))  # of the block's time that a baseline takes, about
    for baseline in (b for b in present if b in BASELINES):
        progress(baseline.name, finished, baseline.title)
        started = time.monotonic()
        every = baseline.every_segment
        learnt, asked = (train, np.arange(len(test))) if every else (train[panel.all_rows[train]], np.flatnonzero(panel.all_rows[test]))
        rising[baseline.name] = np.full(len(test), np.nan)
        rising[baseline.name][asked] = baseline.learn(known, learnt, took)(panel, test[asked])
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
        rising={MODEL: _moved(predicted["rising"], shift), **rising},
        without=without,
        switched=switched,
        demand={MODEL: np.asarray(predicted["demand"], dtype=np.float32), **demand},
    ), seconds


def _shifts(model, panel, block: Block, test: np.ndarray, settings: Settings) -> np.ndarray:
    """(n,) how far the level of each test row's logit had moved at its origin, as the forecasts since training had come out by then."""
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
            level = follow(logit[known], panel.rising[since[known]], panel.as_of[since[known]], settings.labels.horizon_days)
            shift[panel.as_of[test] == origin] = level.shift
    return shift


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(np.asarray(p, dtype=float), 1e-9, 1 - 1e-9)
    return np.log(p) - np.log1p(-p)


def _moved(p: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Chances with their logits moved; to the last bit as they are where nothing moves."""
    return np.where(shift == 0, p, sigmoid(_logit(p) + shift))


def _write_predictions(path: Path, evidence: Evidence) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table(
            {
                "block": evidence.block,
                "origin": evidence.origin,
                "product_id": pa.array(evidence.product, pa.string()),
                "segment": pa.array(evidence.segment, pa.string()),
                "rising_probability": evidence.rising[MODEL],
                "falling_probability": evidence.falling,
                "rising": evidence.y > 0,
                "falling": evidence.fell > 0,
                "n_base": evidence.n_base,
                "n_horizon": evidence.n_horizon,
                "expected": evidence.expected,
                "days_on_sale": evidence.days_on_sale,
            }
        ),
        path,
        compression="zstd",
    )


def _write_demand(path: Path, evidence: Evidence, rows_a_group: int = 20_000) -> None:
    """One row a (test row, weeks, level); actual is null where the weeks have not passed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape = (len(DEMAND_WEEKS), len(DEMAND_LEVELS))
    schema = pa.schema(
        [
            ("block", pa.int32()),
            ("origin", pa.date32()),
            ("product_id", pa.string()),
            ("segment", pa.string()),
            ("weeks", pa.int32()),
            ("level", pa.float64()),
            ("quantile", pa.float64()),
            ("actual", pa.float64()),
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(evidence.y), rows_a_group):
            cut = slice(start, start + rows_a_group)
            n = len(evidence.y[cut])
            actual = np.repeat(evidence.actual[cut].astype(float), shape[1])
            each = {
                name: np.repeat(getattr(evidence, name)[cut], shape[0] * shape[1]) for name in ("block", "origin", "product", "segment")
            }
            writer.write_table(
                pa.table(
                    {
                        "block": each["block"],
                        "origin": pa.array(each["origin"], pa.date32()),
                        "product_id": each["product"],
                        "segment": each["segment"],
                        "weeks": np.tile(np.repeat(np.array(DEMAND_WEEKS, dtype=np.int32), shape[1]), n),
                        "level": np.tile(DEMAND_LEVELS, n * shape[0]),
                        "quantile": evidence.demand[MODEL][cut].astype(float).ravel(),
                        "actual": pa.array(actual, mask=~np.isfinite(actual)),
                    },
                    schema=schema,
                )
            )
