"""Write the forecast's tables: probabilities, demand, reasons, words, history, and facts about data and model.

Work is on whole arrays, in the panel's order (product, segment). Beyond the tables' records: `products` holds every product of the
warehouse, so that neighbours and history have names. `attributions` holds only drivers with data in some forecast, since all others are
exactly 0 (`quality` lists them as "absent").
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from core import __version__
from core.capabilities.context import Context, named, part
from core.capabilities.forecast import tables
from core.capabilities.forecast.facts import FEATURES
from core.errors import UserError
from core.features.outcomes import SEGMENT_RULES
from core.messages import msg
from core.schema import ALL, CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS, NOT_MISSED
from core.storage import facts, snapshots
from core.storage.state import now

HISTORY_WEEKS = 104
NEIGHBOURS = 10
EXPLAINED_IN_WORDS = 200  # top risers among all customers whose words are explained in advance; others on demand


def write(context: Context) -> None:
    """Write every table of the forecast."""
    from core.capabilities.forecast import whatif
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
    progress("score", 0.85, msg("What-if of price, promotion and stock"))
    whatif.write(context)
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
    except UserError:  # publishing repairs a broken pointer, so it must not block a new snapshot
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
    with_data = np.flatnonzero((attributions != 0).any(axis=0))
    context.write(
        tables.ATTRIBUTIONS,
        live.repeated(len(with_data))
        | {"driver": named(drivers, np.tile(with_data, len(live.rows))), "attribution": attributions[:, with_data].reshape(-1)},
    )

    features, all_customers = live.panel.features, np.flatnonzero(live.all)
    values = np.asarray(live.panel.x[live.rows[all_customers]], dtype=np.float64)
    row, feature = np.nonzero(np.isfinite(values))
    context.write(
        tables.FEATURE_VALUES,
        {
            "product_id": live.product.take(pa.array(all_customers[row])),
            "segment": pa.repeat(ALL, len(row)),
            "driver": named([f["driver"] for f in features], feature),
            "feature": named([f["name"] for f in features], feature),
            "value": values[row, feature],
        },
    )
    _write_segment_values(context)
    context.write(
        tables.GLOSSARY,
        {
            "feature": [f["name"] for f in features],
            "driver": [f["driver"] for f in features],
            "unit": [f["unit"] for f in features],
            "meaning": [f["meaning"] for f in features],
        },
    )
    return [d for d in DRIVERS if d not in {drivers[k] for k in with_data}]


def _write_segment_values(context: Context) -> None:
    """Write the values behind the facts of segments, segment by segment: pages ask for one at a time."""
    live, panel = context.live, context.live.panel
    others = np.flatnonzero(~live.all)
    others = others[np.argsort(panel.segment[live.rows[others]], kind="stable")]
    said = np.flatnonzero(np.isin(panel.feature_names, FEATURES))
    values = np.asarray(panel.x[live.rows[others]][:, said], dtype=np.float64)
    row, feature = np.nonzero(np.isfinite(values))
    context.write(
        tables.SEGMENT_VALUES,
        {
            "segment": live.segment.take(pa.array(others[row])),
            "product_id": live.product.take(pa.array(others[row])),
            "feature": named(panel.feature_names, said[feature]),
            "value": values[row, feature],
        },
    )


def _write_words(context: Context) -> None:
    """Write the words of the top risers among all customers."""
    from core.models.explain import word_explanations

    live, rising = context.live, context.predicted["rising"]
    all_customers = np.flatnonzero(live.all)
    top = np.sort(all_customers[np.argsort(-rising[all_customers], kind="stable")[:EXPLAINED_IN_WORDS]])
    found = word_explanations(context.model, live.panel, live.rows[top], part(context.progress, "words", 0.4, 0.8))
    explained = [(row, words) for row, words in zip(top, found) if words is not None]
    context.write(
        tables.TEXT_ATTRIBUTIONS,
        {
            "product_id": live.product.take(pa.array([row for row, words in explained for _ in words.values], pa.int64())),
            "position": [i for _, words in explained for i in range(len(words.values))],
            "text": pa.array([word for _, words in explained for word in words.feature_names], pa.string()),
            "attribution": [float(value) for _, words in explained for value in words.values],
        },
    )


def _write_from_warehouse(context: Context) -> None:
    engine, as_of = context.engine, context.as_of
    context.write(tables.PRODUCTS, engine.arrow("scoring/products", as_of=as_of, currency=context.settings.shop.currency))
    served = sorted(set(context.live.segment.to_pylist()))
    context.write(tables.HISTORY, engine.arrow("scoring/history", as_of=as_of, weeks=HISTORY_WEEKS, segments=served))
    context.write(tables.REVIEW_WEEKS, engine.arrow("scoring/review_weeks", as_of=as_of, weeks=HISTORY_WEEKS))
    engine.register("similar_products", context.workspace.need(context.workspace.panel / "neighbours.parquet", "features"))
    context.write(tables.NEIGHBOURS, engine.arrow("scoring/neighbours", most=NEIGHBOURS))


def _write_quality(context: Context, absent: list[str]) -> None:
    """Write what was imported, rejected or is missing, its last day, and the absent drivers."""
    quality = context.engine.rows("scoring/imports")
    imported = context.warehouse_tables
    lacking = {name: table for name, table in CANONICAL.items() if name not in NOT_MISSED and not imported[name]["rows"]}
    quality += [_noted("missing", name, str(table.adds)) for name, table in lacking.items()]
    quality += [_noted("freshness", name, t["last_day"].isoformat(), t["last_day"]) for name, t in imported.items() if t["last_day"]]
    quality += [_noted("absent", "", driver) for driver in absent]
    context.write(tables.QUALITY, {name: [row[name] for row in quality] for name in tables.QUALITY.names})


def _noted(kind: str, table: str, detail: str, last_day: date | None = None) -> dict:
    return dict.fromkeys(tables.QUALITY.names) | {"kind": kind, "table_name": table, "detail": detail, "last_day": last_day}


def _write_about_model(context: Context) -> None:
    """Write the model's metrics, how its forecasts since training came out, and the segments with their size in the base window."""
    live, metrics, shift = context.live, context.model.metrics, context.intercept_shift
    figures = {name: value for name, value in metrics.get("metrics", {}).items() if isinstance(value, (int, float)) and np.isfinite(value)}
    if shift.origins:
        figures |= {
            "level_shift": shift.shift,
            "level_origins": shift.origins,
            "level_said": shift.mean_forecast,
            "level_rose": shift.share_risen,
        }
    known = metrics.get("intervals", {})  # of the main figures; {} in a model of an older version
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
    """Return the rules of the forecasts: the labels of training, the panel's segments, the inputs of both, and what imports inferred."""
    panel, metrics = context.live.panel.meta, context.model.metrics
    built, trained = context.settings.as_dict() | panel.get("settings", {}), metrics.get("settings", {})
    return {
        "labels": metrics.get("data", {}).get("labels") or built["labels"],
        "shop": {name: built["shop"][name] for name in ("currency", "countries", *SEGMENT_RULES)},
        "facts": facts.values(facts.stored(context.engine.con)).get("shop", {}),
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
