"""From a model and the latest rows of the panel to all serving tables, as Parquet in workspace/scored/.

`score` reads panel and warehouse, forecasts, explains, suggests, and swaps the finished folder in; publishing makes a snapshot
of it. Work is on whole arrays: rows of one (product, segment) stand together, in the panel's order (product, segment).

What the tables hold beyond the schema's comments:
- products: every product of the warehouse, so that neighbours and history have names; forecasts: those live at the latest as_of.
- feature_values: for the segment `all` only, and only values there are: a driver's part in a segment is told by its attribution.
- attributions: only of drivers that some forecast had data for; the others are exactly 0 and named in quality as "absent".
- suggestions: empty in a shop that has no order lines, since nothing says how many units sell.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core import __version__
from core.capabilities.inventory import control as inventory
from core.capabilities.registry import serving_tables
from core.errors import NotReady, UpswingError, UserError
from core.evaluation.baselines import WeeklyUnits
from core.messages import Message, msg, nmsg
from core.models import registry
from core.models.calibrate import Level
from core.progress import Progress, silent
from core.schema import ALL, CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS, LIKELY
from core.schema.arrow import arrow_schema
from core.settings import Settings
from core.storage import files, snapshots, warehouse
from core.storage.engine import Engine, open_engine
from core.storage.state import now
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.models.panel import Panel
    from core.models.predict import FittedModel

HISTORY_WEEKS = 104
NEIGHBOURS = 10
EXPLAINED_IN_WORDS = 200  # top risers over everyone whose words are explained ahead; others on demand
_ROW_GROUP = 50_000  # a page reads one product: small groups, sorted by product, are skipped by their statistics
SERVING = serving_tables()


@dataclass(frozen=True)
class Scored:
    """What a scoring made, as in scored.json. rows: serving table -> number of rows."""

    model: str
    as_of: str
    signal: str
    created_at: str
    rows: dict[str, int]

    def text(self) -> Message:
        return msg(
            "Scored with model {model} as of {day}: {forecasts} forecasts, {attributions} attributions, {words} words, "
            "order levels of {products} products.",
            model=self.model,
            day=date.fromisoformat(self.as_of),
            forecasts=self.rows["forecasts"],
            attributions=self.rows["attributions"],
            words=self.rows["text_attributions"],
            products=self.rows["suggestions"],
        )


@dataclass(frozen=True)
class _Live:
    """The rows that are forecast, n of them: products and segments by name, and row numbers of the panel."""

    panel: Panel
    rows: np.ndarray
    product: pa.Array
    segment: pa.Array
    all: np.ndarray  # (n,) bool: the segment is everyone

    @classmethod
    def of(cls, panel) -> _Live:
        rows = panel.latest()
        if not len(rows):
            raise NotReady(
                expected=msg("Forecasts need products with recent sales."),
                found=msg("No product sold recently before {day}.", day=date.fromisoformat(panel.meta["as_of"])),
                to_do=msg("Import newer data, then run `upswing features`."),
            )
        return cls(
            panel,
            rows,
            _named(panel.products, panel.product[rows]),
            _named(panel.segments, panel.segment[rows]),
            np.asarray(panel.all_rows[rows]),
        )

    def repeated(self, times: int) -> dict[str, pa.Array]:
        """product_id and segment, each row `times` times in a row."""
        places = pa.array(np.repeat(np.arange(len(self.rows), dtype=np.int32), times))
        return {"product_id": self.product.take(places), "segment": self.segment.take(places)}


def score(workspace: Workspace, model: str | None = None, progress: Progress = silent, *, engine: str = "duckdb") -> Scored:
    """Forecasts, explains and suggests for every live product and segment; writes workspace/scored/ whole or not at all.

    model: an id; None = the champion. engine: one of core.storage.engine.ENGINES. Raises NotReady where a step before is missing,
    UserError where the model's features are not the panel's or a setting can't be used.
    """
    from core.models.explain import driver_attributions

    settings = workspace.settings()
    progress("score", 0.0, msg("Opening the model and the panel"))
    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, model, panel)
    live = _Live.of(panel)
    as_of = date.fromisoformat(panel.meta["as_of"])
    with files.new_folder(workspace.root / "scored") as folder:
        tables = _Tables(folder)
        progress("score", 0.05, msg("Comparing earlier forecasts with sales since"))
        fitted, level = fitted.followed(panel) if settings.recipe.follow_level else (fitted, Level())
        progress("score", 0.1, nmsg("{count} forecast", "{count} forecasts", len(live.rows)))
        predicted = fitted.predict(panel, live.rows)
        attributions, base_logit = driver_attributions(fitted, panel, live.rows, _part(progress, "explain", 0.15, 0.4))
        _write_words(tables, live, fitted, predicted["rising"], _part(progress, "words", 0.4, 0.8))
        warehouse.complete_file(workspace.need(workspace.warehouse, "import FILE..."))
        with open_engine(workspace.warehouse, engine, workspace.cache, read_only=True) as running:
            _write_forecasts(tables, running, workspace, live, predicted, base_logit)
            absent = _write_explanations(tables, live, fitted.drivers, attributions)
            progress("score", 0.8, msg("History and similar products"))
            _write_from_warehouse(tables, running, workspace, live, as_of, settings)
            progress("score", 0.95, msg("Order suggestions"))
            sold = _write_quality(tables, running, absent)
            _write_suggestions(tables, running, live, predicted, as_of, settings, sold)
        _write_about_model(tables, live, fitted.metrics, level)
        created_at = now()
        _write_rules(tables, settings, model_id, fitted.metrics, panel.meta)
        _write_meta(tables, settings, model_id, as_of, panel.meta, created_at)
        scored = Scored(model_id, as_of.isoformat(), panel.meta["signal"], created_at.isoformat(), tables.rows)
        files.write_json(folder / "scored.json", asdict(scored))
    progress("score", 1.0)
    return scored


def explain_product(workspace: Workspace, product_id: str, progress: Progress = silent) -> dict:
    """The words of one product's text for the served model: what the worker's job "explain" answers with.

    {"product_id", "model", "words": [{"position", "text", "attribution"}, ...], "residual"}: for the segment `all`, on the logit
    scale; with the residual they sum to the text driver's attribution. Raises UserError for a product that is not live.
    """
    from core.models.explain import word_attributions

    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, None, panel)
    live = _Live.of(panel)
    found = live.rows[live.all & (np.asarray(live.product) == product_id)]
    if not len(found):
        raise UserError(
            expected=msg("Texts are explained for products with a forecast."),
            found=msg('Product "{product}" has no forecast.', product=product_id),
            to_do=msg("Choose a product from the Rising page."),
        )
    words = word_attributions(fitted, panel, found, progress)[0]
    listed = [{"position": i, "text": unit, "attribution": float(a)} for i, (unit, a) in enumerate(zip(words.units, words.attributions))]
    return {"product_id": product_id, "model": model_id, "words": listed, "residual": words.residual}


def open_panel(workspace: Workspace, progress: Progress = silent):
    """The panel with the latest rows: panel/latest/ where a rescore made one since the whole panel, which removes it, else the panel."""
    from core.models.panel import Panel

    workspace.need(workspace.panel / "panel.parquet", "features")
    latest = workspace.panel / "latest" / "panel.parquet"
    if latest.exists():
        for name in ("texts.parquet", "texts.json"):  # texts are written once, beside the whole panel
            if (workspace.panel / name).exists():
                shutil.copy2(workspace.panel / name, latest.parent)
        panel = Panel.open(latest.parent, workspace.cache / "latest", progress)
        return replace(panel, cache=workspace.cache)  # embeddings are shared
    return Panel.open(workspace.panel, workspace.cache, progress)


def load_model(workspace: Workspace, model: str | None, panel) -> tuple[str, FittedModel]:
    """The model of that id, else the champion, checked against the panel's features: (id, FittedModel)."""
    from core.models.predict import FittedModel

    chosen = model or registry.champion(workspace)
    if chosen is None:
        raise NotReady(
            expected=msg("Scoring needs a champion, the model whose forecasts are served."),
            found=msg("There is no champion yet."),
            to_do=msg("Run `upswing train`, then `upswing promote ID`."),
        )
    return chosen, FittedModel.load(registry.model(workspace, chosen).path, panel.features)


# ---- the tables


def _write_forecasts(tables, engine: Engine, workspace, live: _Live, predicted: dict, base_logit: np.ndarray) -> None:
    n, shape = len(live.rows), (len(DEMAND_WEEKS), len(DEMAND_LEVELS))
    tables.write(
        "forecasts",
        {
            "product_id": live.product,
            "segment": live.segment,
            "rising_probability": predicted["rising"],
            "falling_probability": predicted["falling"],
            "base_logit": np.broadcast_to(base_logit, n),
            "logit": predicted["logit"],
            "own_pace_orders": live.panel.own_pace_orders[live.rows],
            "previous_rising_probability": _previous(engine, workspace, live),
        },
    )
    weeks, levels = np.meshgrid(np.array(DEMAND_WEEKS, dtype=np.int32), np.array(DEMAND_LEVELS), indexing="ij")
    tables.write(
        "demand",
        live.repeated(shape[0] * shape[1])
        | {"weeks": np.tile(weeks.ravel(), n), "level": np.tile(levels.ravel(), n), "units": predicted["demand"].reshape(-1)},
    )


def _previous(engine: Engine, workspace: Workspace, live: _Live) -> pa.ChunkedArray:
    """What the served snapshot said of the same rows, null where it said nothing."""
    try:
        served = snapshots.current(workspace)
    except UserError:  # a broken pointer is mended by publishing, so it must not keep a new snapshot from being made
        served = None
    if served is None:
        return pa.chunked_array([pa.nulls(len(live.rows), pa.float64())])
    engine.register("forecast_rows", pa.table({"place": np.arange(len(live.rows)), "product_id": live.product, "segment": live.segment}))
    engine.register("served_forecasts", served.table("forecasts"))
    return engine.arrow("scoring/previous")["rising_probability"]


def _write_explanations(tables, live: _Live, drivers: tuple[str, ...], attributions: np.ndarray) -> list[str]:
    """Attributions of every forecast and the values behind them over everyone; gives the drivers that no forecast had data for."""
    some = np.flatnonzero((attributions != 0).any(axis=0))
    tables.write(
        "attributions",
        live.repeated(len(some))
        | {"driver": _named(drivers, np.tile(some, len(live.rows))), "attribution": attributions[:, some].reshape(-1)},
    )

    features, everyone = live.panel.features, np.flatnonzero(live.all)
    values = np.asarray(live.panel.x[live.rows[everyone]], dtype=np.float64)
    row, feature = np.nonzero(np.isfinite(values))
    tables.write(
        "feature_values",
        {
            "product_id": live.product.take(pa.array(everyone[row])),
            "segment": pa.repeat(ALL, len(row)),
            "driver": _named([f["driver"] for f in features], feature),
            "feature": _named([f["name"] for f in features], feature),
            "value": values[row, feature],
        },
    )
    tables.write(
        "glossary",
        {
            "feature": [f["name"] for f in features],
            "driver": [f["driver"] for f in features],
            "unit": [f["unit"] for f in features],
            "meaning": [f["meaning"] for f in features],
        },
    )
    return [d for d in DRIVERS if d not in {drivers[k] for k in some}]


def _write_words(tables, live: _Live, fitted, rising: np.ndarray, progress: Progress) -> None:
    """The words of the top risers over everyone."""
    from core.models.explain import word_attributions

    everyone = np.flatnonzero(live.all)
    top = np.sort(everyone[np.argsort(-rising[everyone], kind="stable")[:EXPLAINED_IN_WORDS]])
    explained = word_attributions(fitted, live.panel, live.rows[top], progress)
    counts = [len(words.units) for words in explained]
    tables.write(
        "text_attributions",
        {
            "product_id": live.product.take(pa.array(np.repeat(top, counts))),
            "position": [i for count in counts for i in range(count)],
            "text": pa.array([unit for words in explained for unit in words.units], pa.string()),
            "attribution": np.concatenate([words.attributions for words in explained]),
        },
    )


def _write_from_warehouse(tables, engine: Engine, workspace, live: _Live, as_of: date, settings: Settings) -> None:
    engine.register("live", pa.table({"place": np.arange(int(live.all.sum())), "product_id": live.product.filter(pa.array(live.all))}))
    tables.write("products", engine.arrow("scoring/products", as_of=as_of, currency=settings.shop.currency))
    served = sorted(set(live.segment.to_pylist()))
    tables.write("history", engine.arrow("scoring/history", as_of=as_of, weeks=HISTORY_WEEKS, segments=served))
    engine.register("similar_products", workspace.need(workspace.panel / "neighbours.parquet", "features"))
    tables.write("neighbours", engine.arrow("scoring/neighbours", most=NEIGHBOURS))
    tables.write("suppliers", engine.arrow("scoring/suppliers"))


def _write_suggestions(tables, engine: Engine, live: _Live, predicted: dict, as_of: date, settings: Settings, sold: bool) -> None:
    """Order suggestions for every live product, from everyone's demand."""
    if not sold:
        for name in ("planning", "deliveries", "suggestions", "problems", "markdowns"):
            tables.write(name, {c.name: [] for c in SERVING[name].columns})
        return
    of = np.asarray(live.panel.product)[live.rows[live.all]]
    weekly = WeeklyUnits.query(engine, live.panel.products, as_of).units[of]
    due = engine.arrow("scoring/deliveries", as_of=as_of)
    terms, rules = _terms(engine, as_of, settings, weekly, due)
    products = live.product.filter(pa.array(live.all))
    demand = predicted["demand"][live.all]
    suggested = inventory.suggest(demand, terms, rules, as_of)
    tables.write("planning", {"product_id": products} | {f.name: getattr(terms, f.name) for f in fields(terms)})
    tables.write("deliveries", due)
    tables.write("suggestions", {"product_id": products} | {f.name: getattr(suggested, f.name) for f in fields(suggested)})
    named = [(name, np.flatnonzero(has)) for name, has in terms.problems(rules).items()]
    tables.write(
        "problems",
        {
            "product_id": products.take(pa.array(np.concatenate([rows for _, rows in named]))),
            "problem": np.repeat([name for name, _ in named], [len(rows) for _, rows in named]),
        },
    )
    surplus = np.flatnonzero((predicted["falling"][live.all] >= LIKELY) & (suggested.excess_units > 0))
    response, category = _price_response(engine, products, as_of)
    own = category[surplus]
    share, clear_by = inventory.markdowns(
        demand[surplus], suggested.inventory_position[surplus], np.where(response.supported, response.elasticity, np.nan)[own], as_of
    )
    tables.write(
        "markdowns",
        {
            "product_id": products.take(pa.array(surplus)),
            "markdown_share": share,
            "clear_by": clear_by,
            "elasticity": response.elasticity[own],
            "elasticity_error": response.error[own],
        },
    )


def _terms(engine: Engine, as_of: date, settings: Settings, weekly: np.ndarray, due: pa.Table) -> tuple[inventory.Terms, inventory.Rules]:
    """What is known of the products in table live; where there are open deliveries, they say what is on order instead of the stock file.

    weekly (n, weeks), oldest first: the units that were wanted of each; due: what scoring/deliveries.sql says.
    """
    known = engine.arrow("scoring/planning", as_of=as_of)
    given = {name: known[name].to_numpy().astype(np.float64) for name in known.column_names}
    terms, rules = inventory.Terms.of(len(known), **given, **inventory.peaks(weekly)), inventory.Rules.of(settings.inventory)
    return terms.receiving(*(due[name].to_numpy() for name in ("product", "due_in_days", "units")), rules, as_of), rules


def _price_response(engine: Engine, products: pa.Array, as_of: date) -> tuple[inventory.PriceResponse, np.ndarray]:
    """The price response of each category, and the category of each product in table live; those without one are one together."""
    known = {row["product_id"]: row["category"] for row in engine.rows("scoring/categories")}
    names, category = np.unique([known.get(p, "") for p in products.to_pylist()], return_inverse=True)
    weeks = engine.arrow("scoring/price_weeks", as_of=as_of, weeks=HISTORY_WEEKS)
    columns = [weeks[name].to_numpy() for name in ("product", "week", "orders", "price_cents")]
    return inventory.price_response(*columns, category, len(names)), category


def _write_quality(tables, engine: Engine, absent: list[str]) -> bool:
    """What was imported, rejected, is missing, how fresh it is, which drivers are absent; gives whether anything was ever sold."""
    quality = engine.rows("scoring/imports")
    there = {t["table_name"]: t for t in engine.rows("scoring/tables")}
    quality += [_noted("missing", name, str(table.adds)) for name, table in CANONICAL.items() if not there[name]["rows"]]
    quality += [_noted("freshness", name, t["last_day"].isoformat(), t["last_day"]) for name, t in there.items() if t["last_day"]]
    quality += [_noted("absent", "", driver) for driver in absent]
    tables.write("quality", {c.name: [row[c.name] for row in quality] for c in SERVING["quality"].columns})
    return there["orders"]["rows"] > 0


def _noted(kind: str, table: str, detail: str, last_day: date | None = None) -> dict:
    return dict.fromkeys(SERVING["quality"].names) | {"kind": kind, "table_name": table, "detail": detail, "last_day": last_day}


def _write_about_model(tables, live: _Live, metrics: dict, level: Level) -> None:
    """The model's own figures, what came of its forecasts since training, and the segments with their size in the base window."""
    figures = {name: value for name, value in metrics.get("metrics", {}).items() if isinstance(value, (int, float)) and np.isfinite(value)}
    if level.origins:
        figures |= {f"level_{name}": value for name, value in asdict(level).items()}
    known = metrics.get("intervals", {})  # of the main figures, and of none in a model that was trained before there were any
    low, high = zip(*(known.get(name, (None, None)) for name in figures)) if figures else ((), ())
    tables.write(
        "metrics",
        {
            "metric": list(figures),
            "slice": [ALL] * len(figures),
            "value": [float(v) for v in figures.values()],
            "low": list(low),
            "high": list(high),
        },
    )
    bins = metrics.get("calibration", [])
    tables.write("calibration", {name: [b[name] for b in bins] for name in ("predicted", "observed", "rows")})
    panel, of = live.panel, live.panel.segment[live.rows]
    present = np.unique(of)
    orders = np.bincount(of, weights=panel.n_base[live.rows], minlength=len(panel.segments))
    products = np.bincount(of, minlength=len(panel.segments))
    tables.write("segments", {"segment": _named(panel.segments, present), "orders_base": orders[present], "products": products[present]})


def _write_rules(tables, settings: Settings, model_id: str, metrics: dict, panel: dict) -> None:
    """What the forecasts and suggestions mean: the labels that the model learnt, the segments of the panel, and the inventory rules."""
    built, trained = settings.as_dict() | panel.get("settings", {}), metrics.get("settings", {})
    sections = {
        "labels": metrics.get("data", {}).get("labels") or built["labels"],
        "shop": {name: built["shop"][name] for name in ("segment_attribute", "segment_min_orders", "max_segments")},
        "inventory": asdict(inventory.Rules.of(settings.inventory)),
        "versions": {"code": __version__, "model": model_id, "encoder": trained.get("encoder", ""), "tuning": trained.get("tuning", "")},
        "made_from": panel.get("fingerprint", {}),
    }
    rules = [(section, name, json.dumps(value)) for section, values in sections.items() for name, value in values.items()]
    tables.write("rules", dict(zip(SERVING["rules"].names, zip(*rules))))


def _write_meta(tables, settings: Settings, model_id: str, as_of: date, panel: dict, created_at) -> None:
    """One row; publishing fills in the snapshot's id, its time and the row counts."""
    tables.write(
        "meta",
        {
            "snapshot": [""],
            "model": [model_id],
            "as_of": [as_of],
            "code_version": [__version__],
            "created_at": [created_at],
            "shop": [settings.shop.name],
            "currency": [settings.shop.currency],
            "signal": [panel["signal"]],
            "segment_attribute": [panel["segment_attribute"] or ""],
            "row_counts": [json.dumps(tables.rows)],
        },
    )


# ---- helpers


class _Tables:
    """Writes serving tables into a folder, each in exactly its schema's columns and types."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.rows: dict[str, int] = {}

    def write(self, name: str, columns: dict | pa.Table) -> None:
        schema, arrays = arrow_schema(SERVING[name]), []
        for column in SERVING[name].columns:
            values = columns[column.name]
            if not isinstance(values, (pa.Array, pa.ChunkedArray)):
                values = pa.array(values, from_pandas=True)  # NaN and NaT become null
            values = values.cast(schema.field(column.name).type)
            if column.required and values.null_count:
                raise UpswingError(msg("{column} is missing in {rows} rows.", column=f"{name}.{column.name}", rows=values.null_count))
            arrays.append(values)
        table = pa.Table.from_arrays(arrays, schema=schema)
        pq.write_table(table, self.folder / f"{name}.parquet", row_group_size=_ROW_GROUP, compression="zstd")
        self.rows[name] = table.num_rows


def _named(names, places: np.ndarray) -> pa.Array:
    """Text by place in a list of names, without a Python string a row."""
    return pa.array(list(names), pa.string()).take(pa.array(np.asarray(places, dtype=np.int32)))


def _part(progress: Progress, inside: str, start: float, end: float) -> Progress:
    """A progress that fills start..end of the step as the work's own step `inside` goes on; other steps of it only speak."""
    furthest = start

    def passed_on(step: str, done: float, message: Message | str = "", **figures: float) -> None:
        nonlocal furthest
        if step == inside:
            furthest = max(furthest, start + (end - start) * done)
        progress("score", furthest, message, **figures)

    return passed_on
