"""Write the forecast's tables: chances, demand, reasons, words, history, and what is known about data and model.

Work is on whole arrays: rows of one (product, segment) are adjacent, in the panel's order (product, segment). Beyond what the tables'
records say: `products` holds every product of the warehouse, so that neighbours and history have names; `attributions` holds only
drivers that some forecast had data for, since all others are exactly 0 (`quality` names them as "absent").
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import numpy as np
import pyarrow as pa

from core import __version__
from core.capabilities.context import Context, named, part
from core.capabilities.forecast import tables
from core.errors import UserError
from core.messages import msg
from core.schema import ALL, CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS
from core.storage import snapshots
from core.storage.state import now

HISTORY_WEEKS = 104
NEIGHBOURS = 10
EXPLAINED_IN_WORDS = 200  # top risers among all customers whose words are explained ahead; others on demand


def write(context: Context) -> None:
    """Write every table of the forecast."""
    from core.models.explain import driver_attributions

    progress = context.progress
    attributions, base_logit = driver_attributions(
        context.model, context.live.panel, context.live.rows, part(progress, "explain", 0.15, 0.4)
    )
    _write_words(context)
    _write_forecasts(context, base_logit)
    absent = _write_explanations(context, attributions)
    progress("score", 0.8, msg("History and similar products"))
    _write_from_warehouse(context)
    _write_quality(context, absent)
    _write_about_model(context)
    _write_meta(context)


def _write_forecasts(context: Context, base_logit: np.ndarray) -> None:
    live, predicted = context.live, context.predicted
    n, shape = len(live.rows), (len(DEMAND_WEEKS), len(DEMAND_LEVELS))
    context.write(
        tables.FORECASTS,
        {
            "product_id": live.product,
            "segment": live.segment,
            "rising_probability": predicted["rising"],
            "falling_probability": predicted["falling"],
            "base_logit": np.broadcast_to(base_logit, n),
            "logit": predicted["logit"],
            "own_pace_orders": live.panel.own_pace_orders[live.rows],
            "previous_rising_probability": _previous(context),
        },
    )
    weeks, levels = np.meshgrid(np.array(DEMAND_WEEKS, dtype=np.int32), np.array(DEMAND_LEVELS), indexing="ij")
    context.write(
        tables.DEMAND,
        live.repeated(shape[0] * shape[1])
        | {"weeks": np.tile(weeks.ravel(), n), "level": np.tile(levels.ravel(), n), "units": predicted["demand"].reshape(-1)},
    )


def _previous(context: Context) -> pa.ChunkedArray:
    """Return the served snapshot's probabilities for the same rows, null where it has none."""
    live = context.live
    try:
        served = snapshots.current(context.workspace)
    except UserError:  # a broken pointer is mended by publishing, so it must not keep a new snapshot from being made
        served = None
    if served is None:
        return pa.chunked_array([pa.nulls(len(live.rows), pa.float64())])
    engine = context.engine
    engine.register("forecast_rows", pa.table({"place": np.arange(len(live.rows)), "product_id": live.product, "segment": live.segment}))
    engine.register("served_forecasts", served.table("forecasts"))
    return engine.arrow("scoring/previous")["rising_probability"]


def _write_explanations(context: Context, attributions: np.ndarray) -> list[str]:
    """Write attributions of every forecast and the values behind those of all customers; return the drivers without any data."""
    live, drivers = context.live, context.model.drivers
    some = np.flatnonzero((attributions != 0).any(axis=0))
    context.write(
        tables.ATTRIBUTIONS,
        live.repeated(len(some))
        | {"driver": named(drivers, np.tile(some, len(live.rows))), "attribution": attributions[:, some].reshape(-1)},
    )

    features, everyone = live.panel.features, np.flatnonzero(live.all)
    values = np.asarray(live.panel.x[live.rows[everyone]], dtype=np.float64)
    row, feature = np.nonzero(np.isfinite(values))
    context.write(
        tables.FEATURE_VALUES,
        {
            "product_id": live.product.take(pa.array(everyone[row])),
            "segment": pa.repeat(ALL, len(row)),
            "driver": named([f["driver"] for f in features], feature),
            "feature": named([f["name"] for f in features], feature),
            "value": values[row, feature],
        },
    )
    context.write(
        tables.GLOSSARY,
        {
            "feature": [f["name"] for f in features],
            "driver": [f["driver"] for f in features],
            "unit": [f["unit"] for f in features],
            "meaning": [f["meaning"] for f in features],
        },
    )
    return [d for d in DRIVERS if d not in {drivers[k] for k in some}]


def _write_words(context: Context) -> None:
    """Write the words of the top risers among all customers."""
    from core.models.explain import word_attributions

    live, rising = context.live, context.predicted["rising"]
    everyone = np.flatnonzero(live.all)
    top = np.sort(everyone[np.argsort(-rising[everyone], kind="stable")[:EXPLAINED_IN_WORDS]])
    explained = word_attributions(context.model, live.panel, live.rows[top], part(context.progress, "words", 0.4, 0.8))
    counts = [len(words.units) for words in explained]
    context.write(
        tables.TEXT_ATTRIBUTIONS,
        {
            "product_id": live.product.take(pa.array(np.repeat(top, counts))),
            "position": [i for count in counts for i in range(count)],
            "text": pa.array([unit for words in explained for unit in words.units], pa.string()),
            "attribution": np.concatenate([words.attributions for words in explained]),
        },
    )


def _write_from_warehouse(context: Context) -> None:
    engine, as_of = context.engine, context.as_of
    context.write(tables.PRODUCTS, engine.arrow("scoring/products", as_of=as_of, currency=context.settings.shop.currency))
    served = sorted(set(context.live.segment.to_pylist()))
    context.write(tables.HISTORY, engine.arrow("scoring/history", as_of=as_of, weeks=HISTORY_WEEKS, segments=served))
    engine.register("similar_products", context.workspace.need(context.workspace.panel / "neighbours.parquet", "features"))
    context.write(tables.NEIGHBOURS, engine.arrow("scoring/neighbours", most=NEIGHBOURS))


def _write_quality(context: Context, absent: list[str]) -> None:
    """Write what was imported, rejected or is missing, how fresh it is, and which drivers are absent."""
    quality = context.engine.rows("scoring/imports")
    there = context.warehouse_tables
    quality += [_noted("missing", name, str(table.adds)) for name, table in CANONICAL.items() if not there[name]["rows"]]
    quality += [_noted("freshness", name, t["last_day"].isoformat(), t["last_day"]) for name, t in there.items() if t["last_day"]]
    quality += [_noted("absent", "", driver) for driver in absent]
    context.write(tables.QUALITY, {name: [row[name] for row in quality] for name in tables.QUALITY.names})


def _noted(kind: str, table: str, detail: str, last_day: date | None = None) -> dict:
    return dict.fromkeys(tables.QUALITY.names) | {"kind": kind, "table_name": table, "detail": detail, "last_day": last_day}


def _write_about_model(context: Context) -> None:
    """Write the model's metrics, how its forecasts since training came out, and the segments with their size in the base window."""
    live, metrics, level = context.live, context.model.metrics, context.level
    figures = {name: value for name, value in metrics.get("metrics", {}).items() if isinstance(value, (int, float)) and np.isfinite(value)}
    if level.origins:
        figures |= {f"level_{name}": value for name, value in asdict(level).items()}
    known = metrics.get("intervals", {})  # of the main figures, and of none in a model that was trained before there were any
    low, high = zip(*(known.get(name, (None, None)) for name in figures)) if figures else ((), ())
    context.write(
        tables.METRICS,
        {
            "metric": list(figures),
            "slice": [ALL] * len(figures),
            "value": [float(v) for v in figures.values()],
            "low": list(low),
            "high": list(high),
        },
    )
    bins = metrics.get("calibration", [])
    context.write(tables.CALIBRATION, {name: [b[name] for b in bins] for name in ("predicted", "observed", "rows")})
    panel, of = live.panel, live.panel.segment[live.rows]
    present = np.unique(of)
    orders = np.bincount(of, weights=panel.n_base[live.rows], minlength=len(panel.segments))
    products = np.bincount(of, minlength=len(panel.segments))
    context.write(
        tables.SEGMENTS, {"segment": named(panel.segments, present), "orders_base": orders[present], "products": products[present]}
    )


def rules(context: Context) -> dict[str, dict]:
    """Return what the forecasts mean: the labels that the model learnt, the panel's segments, and what both were made from."""
    panel, metrics = context.live.panel.meta, context.model.metrics
    built, trained = context.settings.as_dict() | panel.get("settings", {}), metrics.get("settings", {})
    return {
        "labels": metrics.get("data", {}).get("labels") or built["labels"],
        "shop": {
            name: built["shop"][name] for name in ("segment_attribute", "segment_min_orders", "segment_min_customers", "max_segments")
        },
        "versions": {
            "code": __version__,
            "model": context.model_id,
            "encoder": trained.get("encoder", ""),
            "tuning": trained.get("tuning", ""),
        },
        "made_from": panel.get("fingerprint", {}),
    }


def _write_meta(context: Context) -> None:
    """Write one row; publishing fills in the snapshot's id, its time and the row counts."""
    panel, shop = context.live.panel.meta, context.settings.shop
    context.write(
        tables.META,
        {
            "snapshot": [""],
            "model": [context.model_id],
            "as_of": [context.as_of],
            "code_version": [__version__],
            "created_at": [now()],
            "shop": [shop.name],
            "currency": [shop.currency],
            "signal": [panel["signal"]],
            "segment_attribute": [panel["segment_attribute"] or ""],
            "row_counts": [""],
        },
    )
