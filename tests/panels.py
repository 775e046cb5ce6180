"""A made-up panel in the files that the features step writes: small, seeded, with a known skill or with none."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core import db
from core.schema import CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS

FEATURES = (("month_on_month", "momentum", "times"), ("orders_28d", "demand", "orders"), ("year_ago_lift", "season", "times"))
WORDS = ("winter", "summer", "garden", "kitchen", "paper", "candle")


def write_panel(folder: Path, *, products: int = 80, origins: int = 60, seed: int = 0, shuffled: bool = False) -> Path:
    """A panel folder: weekly origins from 2020-01-05, segments `all` and `GB`, about one riser in eight.

    Risers follow momentum, season and a word of the text. shuffled: labels and outcomes are dealt out anew over the rows,
    so that nothing predicts them. The last four origins are not matured.
    """
    random = np.random.default_rng(seed)
    days = [date(2020, 1, 5) + timedelta(7 * k) for k in range(origins)]
    rows = [(p, t, s) for p in range(products) for t in range(origins) for s in range(2)]
    product, week, segment = (np.array(c) for c in zip(*rows))
    n = len(rows)
    trend, lift = random.normal(size=n), random.normal(size=n)
    pace = np.exp(random.normal(2.5, 0.8, products))[product]
    logit = -2.6 + 0.9 * trend + 0.7 * lift + 1.0 * (product % len(WORDS) == 0)
    rising = random.random(n) < 1 / (1 + np.exp(-logit))
    falling = ~rising & (random.random(n) < 0.1)
    n_base = random.poisson(2 * pace).astype(float)
    expected = pace * 1.1
    n_horizon = np.where(rising, np.ceil(expected * 1.6 + 5), random.poisson(pace)).astype(float)
    if shuffled:
        dealt = random.permutation(n)
        rising, falling, n_horizon = rising[dealt], falling[dealt], n_horizon[dealt]
    last = days[-1]
    matured = np.array([(last - days[t]).days >= 28 for t in week])

    def known(values, mask=matured):
        return pa.array(values, mask=~mask)

    columns = {
        "as_of": pa.array([days[t] for t in week], pa.date32()), "product_id": [f"p{p:03d}" for p in product],
        "segment": np.where(segment == 0, "all", "GB").astype(object), "month_on_month": np.exp(0.4 * trend).astype(np.float32),
        "orders_28d": (n_base / 2).astype(np.float32), "year_ago_lift": pa.array(np.exp(0.4 * lift).astype(np.float32), mask=week < 20),
        "n_base": n_base, "n_horizon": known(n_horizon), "expected": known(expected), "rising": known(rising),
        "falling": known(falling), "tail": known(np.where(rising, 0.01, 0.5)),
        "prior_a": np.full(n, 1.0), "prior_b": np.full(n, 20.0), "own_pace_orders": pace, "days_on_sale": (week * 7 + 10).astype(np.int32),
    }
    for w in DEMAND_WEEKS:
        columns[f"base_w{w}"] = (pace * w / 4 + 0.1 * w).astype(np.float32)
        seen = np.array([(last - days[t]).days >= 7 * w for t in week])
        columns[f"units_w{w}"] = known((n_horizon * w / 4).astype(np.float32), seen)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "panel.parquet")
    texts = [f"{WORDS[p % len(WORDS)]} thing number {p % 7}. maker. goods" for p in range(products)]
    pq.write_table(pa.table({"product_id": [f"p{p:03d}" for p in range(products)], "text": texts}), folder / "texts.parquet")
    (folder / "panel.json").write_text(json.dumps({
        "as_of": str(last), "first_day": str(days[0] - timedelta(364)), "signal": "orders", "origins": [str(d) for d in days],
        "segments": ["all", "GB"],
        "segment_attribute": "country",
        "features": [{"name": n, "driver": d, "unit": u, "meaning": n} for n, d, u in FEATURES], "horizon_days": 28,
        "code_version": "test", "settings": {}, "rows": n, "whole_units": True}), encoding="utf-8")
    return folder


def write_daily(warehouse: Path, *, products: int = 80, weeks: int = 90, until: date = date(2021, 2, 21), seed: int = 0) -> np.ndarray:
    """A warehouse with nothing but the daily aggregate, for the products of `write_panel`: (products, weeks) units as they were sold.

    The weeks end on `until` and the Sundays before it. Sold in two customer groups, on the first and on the last day of a week.
    """
    random = np.random.default_rng(seed)
    units = random.poisson(np.exp(random.normal(1.5, 0.8, products))[:, None], (products, weeks)).astype(float)
    p, w = np.nonzero(units)
    last = np.datetime64(until) - 7 * (weeks - 1 - w)
    half = np.floor(units[p, w] / 2)
    sold = pa.table({
        "product_id": [f"p{i:03d}" for i in np.concatenate([p, p])], "value": ["GB"] * len(p) + ["DE"] * len(p),
        "day": pa.array(np.concatenate([last - 6, last]), pa.date32()), "units": np.concatenate([half, units[p, w] - half]),
    })
    with db.connect(warehouse) as con:
        db.run(con, "features/daily_tables")
        con.register("sold", sold)
        con.execute("insert into daily (product_id, value, day, units) select product_id, value, day, units from sold")
        con.unregister("sold")
        con.execute(CANONICAL["products"].ddl())
        con.executemany("insert into products (product_id, title, category) values (?, 'thing', ?)",
                        [(f"p{i:03d}", ("lamps", "mugs", None)[i % 3]) for i in range(products)])
    return units


class Regression:
    """Stands in for the fusion model behind the same interface: logistic regression on the panel's numbers."""

    def __init__(self, panel, rows, settings, progress):
        progress("fit", 0.5, "half way", loss=0.2)
        self.seen = rows
        from sklearn.linear_model import LogisticRegression

        self.curve = LogisticRegression().fit(self.numbers(panel, rows), panel.rising[rows] > 0)

    @staticmethod
    def numbers(panel, rows):
        return np.log(np.maximum(np.nan_to_num(panel.x[rows], nan=1.0), 0.01))

    reads = ("momentum",)

    def predict(self, panel, rows, without=""):
        numbers = self.numbers(panel, rows)
        numbers[:, 0] *= without != "momentum"
        p = self.curve.predict_proba(numbers)[:, 1]
        demand = panel.base[rows][:, :, None] * (0.5 + np.arange(len(DEMAND_LEVELS)) / 8)
        return {"logit": np.log(p / (1 - p)), "rising": p, "falling": 0.1 * (1 - p), "demand": demand}
