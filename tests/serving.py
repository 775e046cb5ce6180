"""A made-up but consistent snapshot, so that queries and pages are tested without import, training or scoring.

    python tests/serving.py DIR [PRODUCTS]      writes one into a workspace to look at
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import inventory
from core.config import Workspace
from core.schema import ALL, CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS, SERVING
from core.state import State

ARROW = {"VARCHAR": pa.string(), "DOUBLE": pa.float64(), "BIGINT": pa.int64(), "INTEGER": pa.int32(), "DATE": pa.date32(),
         "TIMESTAMP": pa.timestamp("us"), "BOOLEAN": pa.bool_()}
SCORES = {-0.674: 0.25, 0.0: 0.5, 0.674: 0.75, -1.96: 0.025, -1.282: 0.1, 1.282: 0.9, 1.645: 0.95, 1.96: 0.975, 2.326: 0.99}
MODEL = "20111204-a1b2c3"
THINGS = ("lantern", "mug", "cushion", "advent calendar", "bird feeder", "lunch bag", "doormat", "tea towel", "jam jar", "wreath",
          "hot water bottle", "picnic rug")
KINDS = ("Red retrospot", "Vintage", "Scandinavian", "Hand-painted", "Woodland", "Paisley", "Ivory", "Blue polkadot")
CATEGORIES = {"lantern": "Lighting", "mug": "Kitchen", "cushion": "Textiles", "advent calendar": "Seasonal", "bird feeder": "Garden",
              "lunch bag": "Kitchen", "doormat": "Textiles", "tea towel": "Kitchen", "jam jar": "Kitchen", "wreath": "Seasonal",
              "hot water bottle": "Textiles", "picnic rug": "Garden"}
# Titles that break pages which forget to escape: HTML, Markdown, directives, money signs, another script.
NASTY = ("<b>Bold</b> & <script>alert(1)</script> mug", "**Star** [link](http://x) :red[tin] $5 $6 :material/home: `x`",
         "圣诞红色木质驯鹿挂件", "Very long title that goes on and on about a retrospot picnic hamper with twelve pieces and a lid of willow")
FEATURES = (  # feature, driver, unit, meaning
    ("text_length", "text", "words", "words in title and description"),
    ("rating_mean_90d", "reviews", "stars", "mean rating of the last 90 days"),
    ("orders_7d", "demand", "orders", "orders of the last 7 days"),
    ("orders_28d", "demand", "orders", "orders of the last 28 days"),
    ("momentum_4w", "momentum", "times", "orders of the last 4 weeks against the 4 before"),
    ("repeat_share", "audience", "share", "share of buyers who bought it before"),
    ("views_7d", "attention", "views", "views of the last 7 days"),
    ("price_to_usual", "price", "times", "price against its usual price"),
    ("promotion_days_28d", "promotion", "days", "days on promotion in the next 28"),
    ("own_lift_year_ago", "season", "times", "its own lift in the same weeks a year ago"),
    ("shop_growth", "market", "times", "growth of the whole shop"),
    ("days_on_sale", "newness", "days", "days since its first sale"),
    ("neighbour_lift", "graph", "times", "lift of the 20 nearest products"),
    ("segment_share", "segment", "share", "share of the segment in its orders"),
)


def write_snapshot(workspace: Workspace | Path, products: int = 60, seed: int = 1, *, as_of: date = date(2011, 12, 4), weeks: int = 60,
                   segments: tuple[str, ...] = (ALL, "United Kingdom", "Germany", "France"), snapshot: str = "20111204-1",
                   stock_known: float = 0.8, categories: bool = True, previous: bool = True, reviews: bool = True,
                   currency: str = "GBP", current: bool = True, planted: bool = False, **altered) -> Path:
    """Writes snapshots/<snapshot>/ with every serving table of core/schema.py, and CURRENT; returns the folder.

    stock_known  share of products whose stock is known (0: a shop without stock files)
    categories   False: a shop whose products file names no category
    previous     False: the shop's first snapshot, with nothing to compare with
    reviews      False: the reviews driver is absent
    planted      True: the first products have one problem of their planning data each, in the order of core.inventory.PROBLEMS
    altered      a table's name: what makes another frame of its frame
    """
    workspace = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    rng = np.random.default_rng(seed)
    tables = _tables(rng, products, as_of, weeks, segments, snapshot, stock_known, categories, previous, reviews, currency, planted)
    folder = workspace.create().snapshots / snapshot
    folder.mkdir(parents=True, exist_ok=True)
    listed = {}
    for name, alter in altered.items():
        tables[name] = alter(tables[name])
    for name, frame in tables.items():
        file = folder / f"{name}.parquet"
        pq.write_table(_arrow(name, frame), file)
        listed[name] = {"rows": len(frame), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest = {"snapshot": snapshot, "model": MODEL, "as_of": as_of.isoformat(), "code_version": "0.1.0",
                "created_at": "2011-12-05T06:30:00", "tables": listed}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    if current:
        workspace.current.write_text(snapshot + "\n", encoding="utf-8")
    return folder


def write_models(workspace: Workspace, candidates: int = 1) -> list[str]:
    """Folders of a model in use (the snapshot's) and of candidates, as the Model page reads them; gives the candidates' ids."""
    ids = [MODEL] + [f"2012010{i + 1}-d4e5f6" for i in range(candidates)]
    for i, model in enumerate(ids):
        folder = workspace.models / model
        folder.mkdir(parents=True)
        figures = {"precision_at_50": 0.68 + 0.03 * i, "brier_skill": 0.25 + 0.02 * i, "average_precision": 0.47 - 0.01 * i, "ece": 0.012}
        curves = [{"epoch": e + 1, "train_loss": 0.21 * 0.86 ** e + 0.11,
                   "valid_loss": 0.2 * 0.9 ** e + 0.13 + 0.001 * e,
                   "valid_average_precision": figures["average_precision"] - 0.15 * 0.6 ** e} for e in range(9)]
        settings = {"encoder": "minilm", "tuning": "last-3" if i else "frozen", "since": "", "seed": 7, "max_epochs": 12}
        net = {"columns": {"demand": [0], "momentum": [1]}, "text_width": 384, "hidden": 64}
        files = {"config.json": {"settings": settings, "model": net},
                 "features.json": [{"name": n, "driver": d} for n, d in (("orders_7d", "demand"), ("views_7d", "attention"))],
                 "metrics.json": {
                     "model": model, "metrics": figures | {"base_rate": 0.071}, "curves": curves, "settings": settings, "epochs": 9,
                     "intervals": {k: [0.9 * v, 1.1 * v] for k, v in figures.items()}, "recipe": {"learning_rate": 0.002},
                     "calibration": [{"predicted": p, "observed": 0.96 * p, "rows": 400} for p in (0.02, 0.05, 0.1, 0.3, 0.7)],
                     "origins": {"learn": {"first": "2010-04-04", "last": "2011-08-14", "count": 72},
                                 "validate": {"first": "2011-09-11", "last": "2011-10-30", "count": 8}, "refit_on_all": True},
                     "rows": {"learn": 210_000, "validate": 24_000}, "panel_as_of": "2011-12-04", "seconds": 131.0,
                     "data": {"shop": "Harbour gifts", "signal": "orders", "products": 3000, "horizon_days": 28, "code_version": "0.1.0",
                              "tables": {"products": 3000, "orders": 900_000}, "segments": ["all", "Germany"],
                              "segment_attribute": "country"},
                 }}
        for name, content in files.items():
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
        hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
        (folder / "manifest.json").write_text(json.dumps(hashes), encoding="utf-8")
    State(workspace).set_champion(MODEL, "the first model", "upswing")
    return ids[1:]


def _tables(
    rng, n, as_of, weeks, segments, snapshot, stock_known, categories, previous, reviews, currency, planted
) -> dict[str, pd.DataFrame]:
    things = [THINGS[i % len(THINGS)] for i in range(n)]
    titles = [f"{KINDS[(i // len(THINGS)) % len(KINDS)]} {thing}" + (f" no. {i}" if i >= 96 else "") for i, thing in enumerate(things)]
    titles[:len(NASTY)] = NASTY[:n]
    ids = [f"P{i:04d}" for i in range(n)]
    pace = np.exp(rng.normal(2.2, 1.1, n))  # orders in 28 days, heavy-tailed
    price = np.round(np.exp(rng.normal(1.7, 0.7, n)), 2)
    days_on_sale = rng.integers(8, weeks * 7, n)
    share = np.array([1.0] + list(np.linspace(0.6, 0.02, max(len(segments) - 1, 1))))[:len(segments)]

    base_logit = np.log(0.07 / 0.93)
    drivers = [d for d in DRIVERS if reviews or d != "reviews"]
    k, s = len(drivers), len(segments)
    heat = np.abs(rng.normal(0, 1, n)) ** 2 * 0.35  # a few products are hot, most are quiet
    contribution = rng.normal(0, 0.22, (n, s, k)) + heat[:, None, None] * rng.dirichlet(np.ones(k) * 0.5, n)[:, None, :] * 2.2
    contribution -= 0.04
    if "segment" in drivers:
        contribution[:, 0, drivers.index("segment")] = rng.normal(0, 0.02, n)
    logit = base_logit + contribution.sum(axis=2)
    rising = 1 / (1 + np.exp(-logit))
    falling = np.clip(0.12 * (1 - rising) ** 3 + np.abs(rng.normal(0, 0.1, (n, s))) * (1 - rising), 0, 0.97)

    product = np.repeat(ids, s)
    segment = np.tile(segments, n)
    forecasts = pd.DataFrame({
        "product_id": product, "segment": segment, "rising_probability": rising.ravel(), "falling_probability": falling.ravel(),
        "base_logit": base_logit, "logit": logit.ravel(), "own_pace_orders": (pace[:, None] * share).ravel(),
        "previous_rising_probability": np.clip(rising + rng.normal(0, 0.07, (n, s)), 0.01, 0.99).ravel() if previous else np.nan,
    })
    attributions = pd.DataFrame({"product_id": np.repeat(product, k), "segment": np.repeat(segment, k), "driver": np.tile(drivers, n * s),
                                 "attribution": contribution.ravel()})

    units_an_order = 1 + rng.gamma(2, 0.6, n)
    uplift = 1 + 1.3 * rising
    spread = 0.25 + 0.25 / np.sqrt(1 + pace)
    cumulative = {w: (pace[:, None] * share * uplift * units_an_order[:, None]) * w / 4 for w in DEMAND_WEEKS}
    scores = {level: score for score, level in SCORES.items()}
    demand = pd.concat([
        pd.DataFrame({"product_id": product, "segment": segment, "weeks": w, "level": level,
                      "units": (cumulative[w] * np.exp(scores[level] * spread[:, None])).ravel()})
        for w in DEMAND_WEEKS for level in DEMAND_LEVELS], ignore_index=True)

    week = [as_of - timedelta(days=7 * (weeks - 1 - i)) for i in range(weeks)]  # a week is named after its last day
    wave = 1 + 0.3 * np.sin(np.arange(weeks) / weeks * 2 * np.pi + rng.uniform(0, 6, n)[:, None])
    ramp = 1 + (heat / 2)[:, None] * np.clip((np.arange(weeks) - weeks + 8) / 8, 0, 1)
    alive = np.arange(weeks) >= weeks - np.ceil(days_on_sale / 7)[:, None]
    expected = (pace[:, None] / 4 * wave * ramp * alive)[:, None, :] * share[:, None]
    orders = rng.poisson(expected).astype(float)
    on_hand_now = np.where(np.arange(n) < n * stock_known, np.round(pace * units_an_order * rng.uniform(0.1, 3, n)), np.nan)
    on_hand_now[5:7] *= 60  # far too much: one to mark down, one that nobody knows a price response of
    history = pd.DataFrame({
        "product_id": np.repeat(ids, s * weeks), "segment": np.tile(np.repeat(segments, weeks), n), "week": np.tile(week, n * s),
        "units": (orders * units_an_order[:, None, None]).round().ravel(), "lost_units": _lost(expected, units_an_order).ravel(),
        "orders": orders.ravel(),
        "views": (orders * 22 + rng.poisson(3, orders.shape)).ravel(), "price": np.repeat(price, s * weeks),
        "on_hand": np.repeat(on_hand_now, s * weeks) + np.tile(np.arange(weeks)[::-1], n * s)})
    history = history[np.repeat(alive[:, None, :], s, axis=1).ravel()].reset_index(drop=True)

    cost = np.round(price * 45).astype(int)
    ordered = np.arange(n) % 7 == 0
    deliveries = pd.DataFrame({"product_id": np.array(ids)[ordered], "due_on": as_of + timedelta(days=60), "units": 24.0})
    terms = inventory.Terms.of(
        n, on_hand=on_hand_now, on_order=np.where(np.isnan(on_hand_now) & ~ordered, np.nan, 0.0), stock_age_days=0.0,
        lead_time_days=np.where(np.arange(n) % 3 == 0, np.nan, 14.0), lead_time_sd_days=3.0, moq=6.0, pack_size=6.0,
        unit_cost_cents=cost, price_cents=np.round(price * 100), order_days=np.where(np.arange(n) % 2, 24, np.nan),
        on_order_later=np.where(ordered, 24.0, np.nan), on_order_overdue=np.where(ordered, 0.0, np.nan))
    terms = _with_problems(terms) if planted else terms
    rules = inventory.Rules()
    everyone = demand[demand.segment == ALL].units.to_numpy().reshape(len(DEMAND_WEEKS), len(DEMAND_LEVELS), n).transpose(2, 0, 1)
    suggestions = pd.DataFrame({"product_id": ids} | vars(inventory.suggest(everyone, terms, rules, as_of)))
    planning = pd.DataFrame({"product_id": ids} | vars(terms))
    problems = pd.DataFrame([(product, name) for name, has in terms.problems(rules).items() for product in np.array(ids)[has]],
                            columns=["product_id", "problem"])

    surplus = np.flatnonzero(suggestions.excess_units > 0)
    elasticity = np.where(surplus % 2, -1.6, np.nan)  # every second category has no price response
    cut, clear_by = inventory.markdowns(everyone[surplus], suggestions.inventory_position.to_numpy()[surplus], elasticity, as_of)
    markdowns = pd.DataFrame({"product_id": np.array(ids)[surplus], "markdown_share": cut, "clear_by": clear_by, "elasticity": elasticity,
                              "elasticity_error": np.where(surplus % 2, 0.3, np.nan)})
    suppliers = pd.DataFrame([("Harbour & Sons", "2,4", 25_000_000), ("木艺工坊", None, None)], columns=list(SERVING["suppliers"].names))

    recent = history[(history.segment == ALL) & (history.week > as_of - timedelta(days=28))].groupby("product_id")[["orders",
                                                                                                                    "units"]].sum()
    recent = recent.reindex(ids).fillna(0.0)
    products = pd.DataFrame({
        "product_id": ids, "title": titles, "description": [f"{t}, boxed" for t in titles],
        "category": [CATEGORIES[t] if categories else None for t in things], "brand": ["Northwind" if i % 4 else None for i in range(n)],
        "supplier": ["Harbour & Sons" if i % 2 else "木艺工坊" for i in range(n)], "price_cents": (price * 100).astype(int),
        "unit_cost_cents": cost, "currency": currency, "launched_on": None, "lead_time_days": 14.0, "lead_time_sd_days": 3.0, "moq": 6.0,
        "pack_size": 6.0, "image": None, "first_sold_on": [as_of - timedelta(days=int(d)) for d in days_on_sale],
        "days_on_sale": days_on_sale, "orders_28d": recent.orders.to_numpy(), "units_28d": recent.units.to_numpy(),
        "revenue_28d_cents": (recent.units.to_numpy() * price * 100).astype(int)})

    given = [f for f in FEATURES if f[1] in drivers]
    values = {"share": rng.uniform(0, 0.6, n), "stars": rng.uniform(2.5, 5, n), "times": np.exp(rng.normal(0, 0.5, n)),
              "days": days_on_sale.astype(float)}
    feature_values = pd.concat([
        pd.DataFrame({"product_id": ids, "segment": ALL, "driver": driver, "feature": feature,
                      "value": values.get(unit, np.round(pace * rng.uniform(0.5, 2, n)))})
        for feature, driver, unit, _ in given], ignore_index=True)
    words = [(i, at, word) for i, title in zip(ids, titles) for at, word in enumerate(title.split())]
    text = pd.DataFrame(words, columns=["product_id", "position", "text"])
    text["attribution"] = rng.normal(0, 0.3, len(text))

    near = [(ids[i], r + 1, ids[j], 0.95 - 0.05 * r) for i in range(n)
            for r, j in enumerate([j for j in range(i, i + len(THINGS) * 5 + 1, len(THINGS)) if j != i and j < n])]
    last = as_of - timedelta(days=weeks * 7)
    quality = pd.DataFrame([
        ("import", "orders", "orders-2011.csv", 120_450, 118_002, 1_420, 1_028, last, as_of, "uci-online-retail"),
        ("import", "products", "catalogue.xlsx", n + 3, n, 2, 1, None, None, "generic"),
        ("rejected", "orders", "orders-2011.csv", None, None, None, 700, None, None, "not a product: postage, fees, manual"),
        ("rejected", "orders", "orders-2011.csv", None, None, None, 328, None, None, "date is in the future"),
        ("rejected", "products", "catalogue.xlsx", None, None, None, 1, None, None, "title is missing"),
        ("freshness", "orders", None, None, None, None, None, None, as_of, as_of.isoformat()),
        ("freshness", "stock", None, None, None, None, None, None, as_of - timedelta(days=9), (as_of - timedelta(days=9)).isoformat()),
        *[("missing", t, None, None, None, None, None, None, None, CANONICAL[t].adds) for t in ("promotions", "market", "links")],
        *[("absent", "", None, None, None, None, None, None, None, d) for d in DRIVERS if d not in drivers],
    ], columns=list(SERVING["quality"].names))
    metrics = pd.DataFrame([
        ("average_precision", ALL, 0.47, 0.43, 0.51), ("brier_skill", ALL, 0.25, 0.21, 0.29), ("precision_at_50", ALL, 0.68, 0.6, 0.75),
        ("ece", ALL, 0.012, 0.008, 0.018), ("brier", ALL, 0.051, 0.047, 0.055), ("base_rate", ALL, 0.071, None, None),
        ("coverage_80", ALL, 0.81, 0.79, 0.83), ("wape_4w", ALL, 0.42, 0.4, 0.44)], columns=list(SERVING["metrics"].names))
    predicted = np.linspace(0.03, 0.9, 10)
    tables = {
        "products": products, "forecasts": forecasts, "demand": demand, "attributions": attributions, "feature_values": feature_values,
        "text_attributions": text, "history": history, "suggestions": suggestions, "planning": planning, "problems": problems,
        "deliveries": deliveries, "suppliers": suppliers, "markdowns": markdowns, "quality": quality, "metrics": metrics,
        "neighbours": pd.DataFrame(near, columns=list(SERVING["neighbours"].names)),
        "calibration": pd.DataFrame({"predicted": predicted, "observed": np.clip(predicted + rng.normal(0, 0.03, 10), 0, 1),
                                     "rows": np.geomspace(4000, 30, 10).astype(int)}),
        "segments": pd.DataFrame({"segment": segments, "orders_base": 2 * pace.sum() * share, "products": n}),
        "glossary": pd.DataFrame(given, columns=list(SERVING["glossary"].names)),
    }
    tables["meta"] = pd.DataFrame([(snapshot, MODEL, as_of, "0.1.0", datetime(2011, 12, 5, 6, 30), "Harbour gifts", currency,
                                    "orders", "country" if len(segments) > 1 else "", json.dumps({k: len(v) for k, v in tables.items()}))],
                                  columns=list(SERVING["meta"].names))
    return tables


COSTLESS = {  # for `write_snapshot`: a shop of which no cost is known
    "planning": lambda terms: terms.assign(unit_cost_cents=np.nan),
    "suggestions": lambda plan: plan.assign(order_cost_cents=None, lost_margin_cents=None, excess_cost_cents=None),
}


def _with_problems(terms: inventory.Terms) -> inventory.Terms:
    """The same with each of core.inventory.PROBLEMS planted in one product, in order, and nothing else wrong with these products."""
    wrong = [{"on_hand": np.nan}, {"stock_age_days": 15.0}, {"on_hand": -3.0}, {"pack_size": 0.0}, {"moq": 60.0, "max_order": 12.0},
             {"lead_time_days": np.nan}, {"lead_time_days": 0.0}, {"unit_cost_cents": np.nan}, {"unit_cost_cents": 1e6},
             {"shelf_life_days": 3.0}, {"on_order_overdue": 6.0}]
    fine = {"on_hand": 0.0, "stock_age_days": 0.0, "lead_time_days": 14.0, "pack_size": 6.0, "moq": 6.0}  # nothing left: an order is due
    values = {name: array.copy() for name, array in vars(terms).items()}
    for row, planted in enumerate(wrong):
        for name, value in (fine | planted).items():
            values[name][row] = value
    return inventory.Terms(**values)


def _lost(expected: np.ndarray, units_an_order: np.ndarray) -> np.ndarray:
    """Units lost a product, segment and week: every fourth product was out of stock for half of the sixth week from the end."""
    lost = np.zeros_like(expected)
    lost[::4, :, -6:-5] = 0.5 * expected[::4, :, -6:-5] * units_an_order[::4, None, None]
    return lost


def _nullable(numbers: np.ndarray) -> pd.Series:
    return pd.Series(np.round(numbers), dtype="Float64").astype("Int64")


def _arrow(name: str, frame: pd.DataFrame) -> pa.Table:
    columns = SERVING[name].columns
    if tuple(frame.columns) != SERVING[name].names:
        raise ValueError(f"{name}: columns {list(frame.columns)} are not the schema's {SERVING[name].names}")
    schema = pa.schema([pa.field(c.name, ARROW[c.type], nullable=not c.required) for c in columns])
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


if __name__ == "__main__":
    print(write_snapshot(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60))
    print(*write_models(Workspace(Path(sys.argv[1]))))
