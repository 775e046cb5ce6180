"""The planner's page at 20,000 products: python -m bench.planner WORKSPACE OUT.json

The snapshot is synthetic, from the tests' fixtures. Two things are timed: a whole plan on arrays
(core.capabilities.inventory.control.suggest, with packs, minimums and varying lead times), and reruns of the Inventory page with other
filters and products, as a planner makes them.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
from scipy.special import ndtri

REPOSITORY = Path(__file__).parents[1]
PRODUCTS, RERUNS = 20_000, 60
sys.path.insert(0, str(REPOSITORY / "tests"))


def plan_seconds() -> float:
    from core.capabilities.inventory.control import Rules, Terms, suggest
    from core.schema import DEMAND_LEVELS, DEMAND_WEEKS

    rng, weeks = np.random.default_rng(7), np.array(DEMAND_WEEKS, dtype=float)
    pace, doubt = np.exp(rng.normal(1, 1.2, PRODUCTS)), rng.uniform(0.2, 0.9, PRODUCTS)
    demand = (pace[:, None] * weeks)[:, :, None] * np.exp(doubt[:, None, None] * ndtri(DEMAND_LEVELS))
    terms = Terms.of(
        PRODUCTS,
        on_hand=np.floor(pace * rng.uniform(0, 8, PRODUCTS)),
        on_order=0.0,
        stock_age_days=1.0,
        lead_time_days=rng.integers(7, 60, PRODUCTS),
        lead_time_sd_days=rng.uniform(1, 6, PRODUCTS),
        moq=12.0,
        pack_size=6.0,
        unit_cost_cents=500.0,
        price_cents=1200.0,
    )
    started = time.perf_counter()
    suggest(demand, terms, Rules(), date(2026, 6, 28))
    return time.perf_counter() - started


def page_seconds() -> list[float]:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(REPOSITORY / "dashboard" / "app.py"), default_timeout=120)
    app.query_params["lang"] = "EN"
    app.run()
    app.switch_page("../pages/inventory.py")
    app.run()
    chance = random.Random(1)
    shown = next(each.value for each in app.dataframe if "planner_order_units" in each.value).product_id.tolist()
    acts = [
        lambda: app.multiselect(key="chosen").set_value([chance.choice(shown)]).run(),
        lambda: app.text_input(key="q").set_value(chance.choice(["mug", "lantern", "", "P01"])).run(),
        lambda: app.multiselect(key="supplier").set_value(chance.choice([[], ["木艺工坊"]])).run(),
        lambda: app.selectbox(key="problem").set_value(chance.choice([None, "cost missing"])).run(),
        lambda: app.run(),
    ]
    seconds = []
    for number in range(RERUNS):
        started = time.perf_counter()
        acts[number % len(acts)]()
        seconds.append(time.perf_counter() - started)
        if app.exception:
            raise SystemExit(f"the page failed: {app.exception[0].message}")
    return seconds


if __name__ == "__main__":
    from fixtures.serving import write_snapshot

    from core.workspace import Workspace

    logging.disable(logging.WARNING)  # outside a server Streamlit warns at every call
    workspace, out = Workspace.at(sys.argv[1]).create(), Path(sys.argv[2])
    os.environ["UPSWING_WORKSPACE"] = str(workspace.root)
    write_snapshot(workspace, products=PRODUCTS, planted=True)
    out.write_text(json.dumps({"plan_seconds": plan_seconds(), "page": page_seconds()}), encoding="utf-8")
