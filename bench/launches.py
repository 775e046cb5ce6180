"""The rows on launches: potentials of past launches beside the recent mean of their category and the count of their first week.

python -m bench.launches WORKSPACE OUT.json
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, journey, need, sample, taken, uci

SAMPLES = 1_000  # of launches, for the intervals
TIMES = 2  # the category's correlation that the one before the first sale has to reach
LIMITS = (Limit("day_0_lead_over_twice_category", 0.0, "", at_least=True), Limit("day_7_lead_over_count", 0.0, "", at_least=True))


def uci_launches(bench: Bench) -> Result:
    return _row(bench, "uci_launches", "Launches on UCI", uci(bench))


def journey_launches(bench: Bench) -> Result:
    return _row(bench, "journey_launches", "Launches on The Complete Journey", journey(bench))


def sample_launches(bench: Bench) -> Result:
    return _row(bench, "sample_launches", "Launches on the sample shop", sample(bench))


def _row(bench: Bench, name: str, what: str, workspace: Path) -> Result:
    need(workspace / "panel" / "panel.json", "panel")
    out = bench.work / f"{name}.json"
    done = run([PYTHON, "-m", "bench.launches", workspace, out], bench.log(name))
    found = json.loads(out.read_text(encoding="utf-8"))
    note = (
        "Spearman correlation of the forecast with the units of the first 8 weeks, by blocks of 8 weeks of launches, each forecast from "
        "launches that were over before it; 95% intervals by resampling launches. 0 is a forecast that ranks nothing."
    )
    return Result(name, what, taken(done) | found["figures"], LIMITS, (note,))


def measured(workspace: Path) -> dict:
    """Measure past launches before their first sale and 1, 2 and 4 weeks after it, and once more without prices."""
    from core.capabilities.launches.check import AGES, blocks, check
    from core.capabilities.launches.potential import SPAN

    launches, without, category, now = _read(workspace)
    figures: dict[str, float] = {"launches_ever": len(launches.past(now))}
    found = blocks(launches, category, now)
    for age in AGES:
        one = check(found[age])
        if not one.launches:
            continue
        day = f"day_{7 * age}"
        figures |= {"launches": one.launches, "blocks": len(found[age]), f"{day}_spearman": one.spearman, f"{day}_inside": one.inside}
        figures[f"{day}_{'count' if age else 'category'}"] = one.spearman_simple
        times, lead = (1, "lead_over_count") if age else (TIMES, "lead_over_twice_category")
        low, high = np.quantile(_leads(found[age], times), (0.025, 0.975))
        figures |= {f"{day}_{lead}": one.spearman - times * one.spearman_simple, f"{day}_lead_low": low, f"{day}_lead_high": high}
        figures |= {f"{day}_pushed": one.pushed} | ({} if one.pushed_best is None else {f"{day}_pushed_best": one.pushed_best})
        width = np.concatenate([part.units[:, 2] - part.units[:, 0] for part in found[age]]).mean()
        figures[f"{day}_range_to_units"] = width / np.concatenate([part.sold for part in found[age]]).mean()
    if found[0]:
        figures["day_0_spearman_without_prices"] = check(blocks(without, category, now)[0]).spearman
    figures["weeks"] = now - SPAN
    return {"figures": figures}


def _leads(parts: list, times: float) -> np.ndarray:
    """Return (samples,) leads over the simple rule, each from as many launches of every block, drawn with replacement."""
    from core.capabilities.launches.check import spearman

    rng, sizes = np.random.default_rng(7), [len(part.sold) for part in parts]
    found = []
    for _ in range(SAMPLES):
        leads = []
        for part in parts:
            drawn = rng.integers(0, len(part.sold), len(part.sold))
            ours, simple = (spearman(values[drawn], part.sold[drawn]) for values in (part.units[:, 1], part.simple))
            leads.append(ours - times * simple)
        found.append(np.average(leads, weights=sizes))
    return np.array(found)


def _read(workspace: Path):
    """Return the launches, the same without prices, (products,) numbers of categories, and the first week that is not over."""
    import pandas as pd

    from core.capabilities.launches.compute import read_launches
    from core.capabilities.launches.potential import Launches, likeness
    from core.storage.engine import open_engine
    from core.workspace import Workspace

    shop = Workspace(workspace)
    panel = json.loads((shop.panel / "panel.json").read_text(encoding="utf-8"))
    with open_engine(shop.warehouse, "duckdb", shop.cache, read_only=True) as engine:
        engine.table("features/order_lines", attribute="")
        launches, similar, listed = read_launches(engine, pd.Timestamp(panel["as_of"]).date(), shop.panel / "neighbours.parquet")
    category, brand = (np.unique(listed[name], return_inverse=True)[1] for name in ("category", "brand"))
    like = likeness(similar, category, brand, np.full(len(listed), np.nan))
    without = Launches(launches.units, like, launches.first, launches.launched)
    return launches, without, category, launches.units.shape[1]


if __name__ == "__main__":
    import sys

    Path(sys.argv[2]).write_text(json.dumps(measured(Path(sys.argv[1])), indent=1), encoding="utf-8")
