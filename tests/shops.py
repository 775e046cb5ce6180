"""A small made-up shop in a warehouse, with every table, for tests of what comes after the import."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from core import db
from core.config import Workspace
from core.schema import CANONICAL, IMPORTS

FIRST_DAY = date(2024, 1, 1)


def tables(products: int = 40, days: int = 500, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Canonical tables of a shop whose products differ in pace, season and launch."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i:03d}" for i in range(products)]
    themes = ["rose mug", "pine candle", "wool scarf", "tin robot", "paper lantern", "oak tray"]
    pace, phase = rng.gamma(1.2, 0.6, products), rng.uniform(0, 2 * np.pi, products)
    launch = np.where(rng.random(products) < 0.3, rng.integers(0, days, products), 0)
    customers = [f"c{i:03d}" for i in range(150)]
    country = dict(zip(customers, rng.choice(["GB", "DE", "FR"], len(customers), p=[0.6, 0.3, 0.1])))
    orders, events, reviews = [], [], []
    for day in range(days):
        stamp = pd.Timestamp(FIRST_DAY) + pd.Timedelta(days=day)
        mean = pace * np.exp(0.8 * np.sin(2 * np.pi * day / 364 + phase)) * (launch <= day)
        for i, n in enumerate(rng.poisson(mean)):
            for k in range(n):
                who = customers[rng.integers(len(customers))] if rng.random() < 0.8 else None
                units = int(rng.integers(1, 5)) if rng.random() > 0.03 else -1
                orders.append((stamp + pd.Timedelta(hours=int(rng.integers(8, 20))), ids[i], float(units), int(200 + 10 * i),
                               f"o{day}-{i}-{k}", 1, who, 0 if rng.random() < 0.9 else 30, "web", country.get(who)))
            for _ in range(rng.poisson(2 * mean[i])):
                events.append((stamp, ids[i], str(rng.choice(["view", "cart", "search_click", "ad_impression", "ad_click", "wishlist"])),
                               "v", None, None))
            if rng.random() < 0.02 * min(mean[i], 1):
                reviews.append((f"r{len(reviews)}", stamp, ids[i], float(rng.integers(1, 6)), None,
                                str(rng.choice(["lovely", "broken"])), None))
    span = [FIRST_DAY + timedelta(days=d) for d in range(days)]
    category = [themes[i % 6].split()[1] for i in range(products)]
    return {
        "products": pd.DataFrame({"product_id": ids, "title": [f"{themes[i % 6]} {i}" for i in range(products)], "category": category,
                                  "currency": "GBP", "launched_on": [FIRST_DAY + timedelta(days=int(d)) for d in launch]}),
        "orders": pd.DataFrame(orders, columns=CANONICAL["orders"].names),
        "events": pd.DataFrame(events, columns=CANONICAL["events"].names),
        "reviews": pd.DataFrame(reviews, columns=CANONICAL["reviews"].names),
        "customers": pd.DataFrame({"customer_id": customers, "attribute": "country", "value": [country[c] for c in customers]}),
        "stock": pd.DataFrame([(d, p, float(rng.integers(-1, 9)), 0.0) for d in span[::7] for p in ids], columns=CANONICAL["stock"].names),
        "promotions": pd.DataFrame([(ids[rng.integers(products)], d, d + timedelta(days=10), "sale", 0.2) for d in span[::20]],
                                   columns=CANONICAL["promotions"].names),
        "market": pd.DataFrame([(d, "search_interest", float(rng.integers(1, 100)), None, c)
                                for d in span[::7] for c in sorted(set(category))],
                               columns=CANONICAL["market"].names),
        "links": pd.DataFrame({"source": ids[:-1], "relation": "goes with", "target": ids[1:]}),
    }


def write(workspace: Workspace, shop: dict[str, pd.DataFrame], attribute: str = "country", touched: date = FIRST_DAY) -> Workspace:
    """The shop as a warehouse, as an import leaves it."""
    settings = workspace.settings().with_values("shop", segment_attribute=attribute, segment_min_orders=60)
    workspace.save_settings(settings)
    workspace.warehouse.unlink(missing_ok=True)
    with db.connect(workspace.warehouse) as con:
        for table in [*CANONICAL.values(), *IMPORTS.values()]:
            con.execute(table.ddl())
        for name, frame in shop.items():
            fill(con, name, frame)
        con.execute("insert into touched values ('orders', $day, 'test')", {"day": touched})
    return workspace


def fill(con, name: str, frame: pd.DataFrame) -> None:
    columns = ", ".join(frame.columns)
    con.register("frame", frame)
    con.execute(f"insert into {name} ({columns}) select {columns} from frame")
    con.unregister("frame")
