"""A generated shop of 10,000 products and 100,000 customers with 3 million order lines, for the jobs on customers and lists.

    make(workspace)             its warehouse, near texts, half a year of logged forecasts, and the tables that `score` writes first
    context(workspace, opened)  what `score` hands to capabilities, with made-up forecasts

Customers have one of 20 tastes, each a few categories; products sell by Zipf's law; a fifth of the lines repeats an earlier purchase.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import ndtri

from core.capabilities.context import Context, LiveRows
from core.schema import ALL, CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, Table
from core.schema.arrow import arrow_schema
from core.storage import duckdb as db
from core.workspace import Workspace

LAST, DAYS = date(2026, 6, 28), 730
COUNTRIES = ("GB", "DE", "FR", "NL")
SEGMENTS = (ALL, *COUNTRIES)
CATEGORIES, TASTES, LIKED = 50, 20, 5
UPDATES, NEAR = 26, 10  # weekly updates in the forecast log; near products of each


@dataclass(frozen=True)
class Size:
    products: int = 10_000
    customers: int = 100_000
    lines: int = 3_000_000


SIZE = Size()


def make(workspace: Workspace, size: Size = SIZE, seed: int = 7) -> None:
    """Write the shop into an empty workspace."""
    from core.features import tables
    from core.storage import warehouse
    from core.storage.engine import open_engine

    random = np.random.default_rng(seed)
    workspace.create()
    rows = _orders(random, size)
    with db.connect(workspace.warehouse, memory_limit="4GB") as con:
        warehouse.complete(con)
        tables.create(con)
        for name, columns in (("orders", rows), *_others(random, size, rows).items()):
            con.register("given", _arrow(CANONICAL[name], columns))
            con.execute(f"insert into {name} by name select * from given")
    with open_engine(workspace.warehouse, "duckdb", workspace.cache) as engine:
        engine.table("features/order_lines", attribute="country")
        engine.view("features/review_texts")
        engine.replace_days("daily", None, "features/daily", from_day=date(1900, 1, 1), signal="orders", attribute="country", encoder="")
    workspace.panel.mkdir()
    pq.write_table(_neighbours(random, size), workspace.panel / "neighbours.parquet")
    (workspace.panel / "panel.json").write_text(json.dumps({"as_of": LAST.isoformat()}), encoding="utf-8")
    _log(workspace, random, size)
    _folder(workspace).mkdir()
    for name, table in _scored(random, size).items():
        pq.write_table(table, _folder(workspace) / f"{name}.parquet")


def _folder(workspace: Workspace) -> Path:
    return workspace.root / "scoring"


def context(workspace: Workspace, opened: ExitStack, size: Size = SIZE, seed: int = 8) -> Context:
    """Return a context over made-up forecasts. opened: closes the warehouse."""
    from core.models.calibrate import InterceptShift

    random = np.random.default_rng(seed)
    products = pa.array(_products(size))
    n = len(products) * len(SEGMENTS)
    live = LiveRows(
        SimpleNamespace(meta={"segment_attribute": "country", "as_of": LAST.isoformat()}),  # type: ignore[arg-type]  # a panel's facts
        np.arange(n),
        products.take(pa.array(np.repeat(np.arange(len(products)), len(SEGMENTS)))),
        pa.array(SEGMENTS * len(products)),
        np.tile(np.arange(len(SEGMENTS)) == 0, len(products)),
    )
    predicted = {"rising": random.beta(1, 8, n), "falling": random.beta(1, 8, n), "demand": _demand(random, n)}
    given = (workspace, workspace.settings(), live, predicted, LAST, "", None, InterceptShift(), _folder(workspace), "duckdb", opened)
    return Context(*given)  # type: ignore[arg-type]  # no model is read


def _products(size: Size) -> list[str]:
    return [f"P{k:05d}" for k in range(size.products)]


def _names(prefix: str, places: np.ndarray, count: int) -> pa.Array:
    return pa.array([f"{prefix}{k:06d}" for k in range(count)]).take(pa.array(places))


def _orders(random: np.random.Generator, size: Size) -> dict:
    """Return the columns of orders, with the places of customers and products as `who` and `what`."""
    orders = size.lines // 3
    activity = random.gamma(0.8, 1.0, size.customers) + 0.05
    customer = random.choice(size.customers, orders, p=activity / activity.sum())
    first = random.integers(-DAYS // 2, DAYS, size.customers).clip(0)
    day = first[customer] + (random.random(orders) * (DAYS - first[customer])).astype(int)
    order = np.sort(random.integers(0, orders, size.lines))
    who, when = customer[order], day[order]
    popular = 1 / np.arange(1, size.products + 1) ** 0.8
    category = random.integers(0, CATEGORIES, size.products)
    likes = np.array([random.choice(CATEGORIES, LIKED, replace=False) for _ in range(TASTES)])
    taste = random.integers(0, TASTES, size.customers)
    what = _drawn(random, popular, size.lines)
    for one in range(TASTES):
        liked = np.flatnonzero(random.random(size.lines) < 0.7)
        liked = liked[taste[who[liked]] == one]
        what[liked] = _drawn(random, popular * np.isin(category, likes[one]), len(liked))
    by_customer = np.lexsort((when, who))
    start = np.searchsorted(who[by_customer], np.arange(size.customers))[who[by_customer]]
    earlier = start + (random.random(size.lines) * (np.arange(size.lines) - start)).astype(int)
    again = random.random(size.lines) < 0.2
    what[by_customer[again]] = what[by_customer[earlier[again]]]
    price = (500 + 3_000 * random.random(size.products)).astype(int)
    at = np.datetime64(LAST) - np.timedelta64(DAYS - 1, "D") + when.astype("timedelta64[D]")
    return {
        "who": who,
        "what": what,
        "when": at,
        "category": category,
        "ordered_at": at.astype("datetime64[s]") + random.integers(0, 86_400, orders)[order].astype("timedelta64[s]"),
        "product_id": pa.array(_products(size)).take(pa.array(what)),
        "units": random.geometric(0.7, size.lines).astype(float),
        "unit_price_cents": price[what],
        "order_id": _names("O", order, orders),
        "order_count": np.ones(size.lines, int),
        "customer_id": _names("C", who, size.customers),
        "country": pa.array(COUNTRIES).take(pa.array(who % len(COUNTRIES))),
    }


def _drawn(random: np.random.Generator, weight: np.ndarray, count: int) -> np.ndarray:
    return np.searchsorted(np.cumsum(weight) / weight.sum(), random.random(count)).clip(max=len(weight) - 1)


def _others(random: np.random.Generator, size: Size, orders: dict) -> dict[str, dict]:
    """Return the columns of products, reviews of a fiftieth of the lines, weekly stock counts and three campaigns."""
    products, weeks = _products(size), DAYS // 7
    reviewed = random.choice(size.lines, size.lines // 50, replace=False)
    counted = np.repeat(np.arange(weeks), size.products)
    contacted = np.concatenate([random.choice(size.customers, size.customers // 5, replace=False) for _ in range(3)])
    campaign = np.repeat(np.arange(3), size.customers // 5)
    return {
        "products": {
            "product_id": products,
            "title": [f"Product {k}" for k in range(size.products)],
            "category": [f"Category {k}" for k in orders["category"]],
            "brand": [f"Brand {k % 200}" for k in range(size.products)],
            "supplier": [f"Supplier {k % 40}" for k in range(size.products)],
        },
        "reviews": {
            "review_id": [f"R{k}" for k in range(len(reviewed))],
            "created_at": (orders["when"][reviewed] + np.timedelta64(10, "D")).astype("datetime64[s]"),
            "product_id": orders["product_id"].take(pa.array(reviewed)),
            "customer_id": orders["customer_id"].take(pa.array(reviewed)),
            "rating": random.integers(1, 6, len(reviewed)).astype(float),
        },
        "stock": {
            "day": np.datetime64(LAST) - 7 * (weeks - 1 - counted).astype("timedelta64[D]"),
            "product_id": products * weeks,
            "on_hand": np.maximum(random.normal(60, 32, len(counted)).round(), 0),
        },
        "contacts": {
            "contacted_at": np.datetime64(LAST) - np.array([240, 150, 60])[campaign].astype("timedelta64[D]"),
            "customer_id": _names("C", contacted, size.customers),
            "campaign": pa.array(["Autumn", "Winter", "Spring"]).take(pa.array(campaign)),
            "channel": pa.repeat("mail", len(contacted)),
            "treated": random.random(len(contacted)) < 0.8,
        },
    }


def _neighbours(random: np.random.Generator, size: Size) -> pa.Table:
    """Return near texts, as in the panel's folder and the table `neighbours`."""
    near = random.integers(1, size.products, (size.products, NEAR))
    near = (np.arange(size.products)[:, None] + near) % size.products
    products = pa.array(_products(size))
    return pa.table(
        {
            "product_id": products.take(pa.array(np.repeat(np.arange(size.products), NEAR))),
            "rank": pa.array(np.tile(np.arange(1, NEAR + 1), size.products), pa.int32()),
            "neighbour_id": products.take(pa.array(near.ravel())),
            "similarity": np.sort(random.uniform(0.6, 0.97, near.shape))[:, ::-1].ravel(),
        }
    )


def _demand(random: np.random.Generator, n: int) -> np.ndarray:
    """Return (n, weeks, levels) quantiles of units."""
    pace, doubt = np.exp(random.normal(0.5, 1.0, n)), random.uniform(0.2, 0.9, n)
    return (pace[:, None] * DEMAND_WEEKS)[:, :, None] * np.exp(doubt[:, None, None] * ndtri(DEMAND_LEVELS))


def _judged() -> list[date]:
    return [LAST - timedelta(days=35 + 7 * k) for k in range(UPDATES)]


def _log(workspace: Workspace, random: np.random.Generator, size: Size) -> None:
    from core.schema.forecast_log import LOGGED_WEEKS
    from core.storage import forecast_log

    n = size.products * len(SEGMENTS)
    for day in _judged():
        forecasts = {
            "product_id": np.repeat(_products(size), len(SEGMENTS)),
            "segment": np.tile(SEGMENTS, size.products),
            "rising_probability": random.beta(1, 8, n),
            "falling_probability": random.beta(1, 8, n),
            "units": _demand(random, n)[:, DEMAND_WEEKS.index(LOGGED_WEEKS)],
        }
        at = datetime.combine(day, datetime.min.time())
        forecast_log.add(workspace, f"replay-{day:%Y%m%d}", forecasts, as_of=day, model="made up", published_at=at, facts={}, replay=True)


def _scored(random: np.random.Generator, size: Size) -> dict[str, pa.Table]:
    """Return what capabilities read of tables that are written before theirs."""
    from core.capabilities.registry import serving_tables

    ids, n = _products(size), size.products
    product, days = pa.array(ids), _judged()
    calls = pa.array(np.repeat(np.arange(n), len(days) * len(SEGMENTS)))
    rows = len(calls)
    drivers = ("orders", "reviews", "price", "ads", "text")
    each = n * len(SEGMENTS)
    return {
        "products": pa.table(
            {
                "product_id": ids,
                "title": [f"Product {k}" for k in range(n)],
                "category": [f"Category {k % CATEGORIES}" for k in range(n)],
                "brand": [f"Brand {k % 200}" for k in range(n)],
                "supplier": [f"Supplier {k % 40}" for k in range(n)],
                "price_cents": random.integers(500, 4_000, n),
                "unit_cost_cents": random.integers(200, 400, n),
            }
        ),
        "suggestions": pa.table({"product_id": ids, "on_hand": random.uniform(0, 90, n).round(), "cover_weeks": random.uniform(0, 12, n)}),
        "neighbours": _neighbours(random, size),
        "attributions": pa.table(
            {
                "product_id": product.take(pa.array(np.repeat(np.arange(n), len(SEGMENTS) * len(drivers)))),
                "segment": pa.array(np.tile(np.repeat(SEGMENTS, len(drivers)), n)),
                "driver": pa.array(np.tile(drivers, each)),
                "attribution": random.normal(0, 0.2, each * len(drivers)),
            }
        ),
        "track_calls": pa.table(
            {
                "as_of": pa.array(np.tile(np.repeat(np.array(days, "datetime64[D]"), len(SEGMENTS)), n)),
                "segment": pa.array(np.tile(SEGMENTS, n * len(days))),
                "product_id": product.take(calls),
                "counts_as": product.take(calls),
                "rising_probability": random.beta(1, 8, rows),
                "extra_units": random.normal(0, 3, rows),
            }
        ),
        "track_updates": pa.table(
            {
                "as_of": pa.array(days, pa.date32()),
                "published_at": pa.array([datetime.combine(day, datetime.min.time()) for day in days], _type(serving_tables())),
                "judged": [True] * len(days),
            }
        ),
    }


def _type(tables: dict[str, Table]) -> pa.DataType:
    return arrow_schema(tables["track_updates"]).field("published_at").type


def _arrow(table: Table, columns: dict) -> pa.Table:
    kept = [field for field in arrow_schema(table) if field.name in columns]
    arrays = [values if isinstance(values, pa.Array) else pa.array(values) for values in (columns[field.name] for field in kept)]
    return pa.table([values.cast(field.type) for values, field in zip(arrays, kept)], schema=pa.schema(kept))


if __name__ == "__main__":
    make(Workspace(Path(sys.argv[1])))
