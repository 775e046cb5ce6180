"""The rows on action results: intervals and powers of simulated actions in a shop's own past.

python -m bench.paid WORKSPACE OUT.json

An action takes 10 to 40 products at a random day: best sellers of the last 4 weeks, any of the 150 best, or, of the 200 best, those that
rise. It lasts 2, 4 or 8 weeks and holds out 20 to 50% of them. Its effect is planted: none, 20, 50 or 100% more units, each product's own
around that (standard deviation: a fifth of it), as Poisson draws on top of what really sold. An interval is right where it holds the
extra units that were planted.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, journey, need, sample, taken, uci

ACTIONS = 1_000
LENGTHS, COUNTS, SHARES, CHANGES = (2, 4, 8), (10, 20, 40), (0.2, 0.3, 0.5), (0.0, 0.2, 0.5, 1.0)
BINS = (0.0, 0.2, 0.5, 1.01)  # of the power that was said
LIMITS = (
    Limit("coverage", 0.93, "", at_least=True),
    Limit("coverage", 0.97, ""),
    Limit("coverage_twins", 0.93, "", at_least=True),
    Limit("coverage_twins", 0.97, ""),
    Limit("power_gap", 0.05, ""),
)


def uci_paid(bench: Bench) -> Result:
    return _row(bench, "uci_paid", "Action results on UCI", uci(bench))


def journey_paid(bench: Bench) -> Result:
    return _row(bench, "journey_paid", "Action results on The Complete Journey", journey(bench))


def sample_paid(bench: Bench) -> Result:
    return _row(bench, "sample_paid", "Action results on the sample shop", sample(bench))


def _row(bench: Bench, name: str, what: str, workspace: Path) -> Result:
    need(workspace / "panel" / "panel.json", "panel")
    out = bench.work / f"{name}.json"
    done = run([PYTHON, "-m", "bench.paid", workspace, out], bench.log(name))
    note = f"{ACTIONS:,} simulated actions in the shop's past; power_gap: mean power said less the share of effects seen. bench/paid.py."
    return Result(name, what, taken(done) | json.loads(out.read_text(encoding="utf-8")), LIMITS, (note,))


def measured(units: np.ndarray, actions: int = ACTIONS) -> dict:
    """Return the figures of a row. units: (products, days)."""
    from core.capabilities.action_results import hold_out, twins

    random, found, twin, powers = np.random.default_rng(24), [], [], []
    everything = np.arange(len(units))
    for case in range(actions):
        weeks = int(random.choice(LENGTHS))
        start = int(random.integers(twins.DAYS_BEFORE + 126, units.shape[1] - 7 * weeks))
        chosen = _chosen(random, units, start, int(random.choice(COUNTS)))
        held = max(round(random.choice(SHARES) * len(chosen)), 1)
        done = random.permutation(np.arange(len(chosen)) >= held)
        planted = random.choice(CHANGES)
        own = np.maximum(planted * (1 + 0.2 * random.normal(size=len(chosen))), 0)[:, None]
        real = units[chosen, start : start + 7 * weeks]
        extra = random.poisson(own * real)
        sold, usual = real.sum(1), units[chosen, start - 56 : start].sum(1) * weeks / 8
        change = hold_out.change(sold + extra.sum(1) * done, usual, done, case)
        _estimate, low, high = change.extra(float((sold + extra.sum(1))[done].sum()))
        found.append((low <= extra[done].sum() <= high, np.log1p(change.high) - np.log1p(max(change.low, -0.98))))
        if planted:
            said = _said(hold_out, units, start, chosen, held, weeks, planted, case)
            powers += [(said, change.low > 0)] if said is not None else []
        units[chosen, start : start + 7 * weeks] += extra
        change = twins.change(twins.Sales(units, np.full(len(units), -1)), chosen, np.setdiff1d(everything, chosen), start, 7 * weeks, case)
        total = float(units[chosen, start : start + 7 * weeks].sum())
        units[chosen, start : start + 7 * weeks] -= extra
        if change is not None:
            _estimate, low, high = change.extra(total)
            twin.append(low <= extra.sum() <= high)
    power = np.array(powers, float)
    figures = {
        "actions": len(found),
        "coverage": float(np.mean([hit for hit, _ in found])),
        "median_width": float(np.median([width for _, width in found])),
        "coverage_twins": float(np.mean(twin)),
        "power_said": float(power[:, 0].mean()),
        "power_seen": float(power[:, 1].mean()),
        "power_gap": float(abs(power[:, 0].mean() - power[:, 1].mean())),
    }
    for low, high in zip(BINS, BINS[1:]):
        here = power[(power[:, 0] >= low) & (power[:, 0] < high)]
        if len(here):
            name = f"power_from_{low:g}"
            figures |= {f"{name}_cases": len(here), f"{name}_said": float(here[:, 0].mean()), f"{name}_seen": float(here[:, 1].mean())}
    return figures


def _chosen(random, units: np.ndarray, start: int, count: int) -> np.ndarray:
    month, eight = units[:, start - 28 : start].sum(1), units[:, start - 56 : start].sum(1)
    best = np.argsort(-month, kind="stable")
    way = random.choice(["best", "any", "rising"])
    if way == "rising":
        best = np.argsort(-eight, kind="stable")[:200]
        return best[np.argsort(-(4 * units[best, start - 14 : start].sum(1) + 8) / (eight[best] + 8), kind="stable")[:count]]
    return best[:count] if way == "best" else random.choice(best[:150], count, replace=False)


def _said(hold_out, units, start: int, chosen, held: int, weeks: int, planted: float, seed: int) -> float | None:
    """Return the power that page Feature says: of the last 52 weeks of the best sellers and the chosen products."""
    past = units[:, start % 7 : start].reshape(len(units), -1, 7).sum(2)[:, -52:]
    pool = np.union1d(np.argsort(-past.sum(1), kind="stable")[:400], chosen)
    found = hold_out.power(past[pool], np.searchsorted(pool, chosen), held, weeks, (planted,), seed)
    return found[planted] if found else None


def daily_units(workspace: Path) -> np.ndarray:
    """Return (products, days) the units that a shop sold."""
    import pyarrow as pa

    from core.storage.engine import open_engine
    from core.workspace import Workspace

    shop = Workspace(workspace)
    with open_engine(shop.warehouse, "duckdb", shop.cache, read_only=True) as engine:
        rows = engine.arrow("scoring/action_units", segment="all", segments=[], first=date.min, last=date.max)
    product = rows["product_id"].combine_chunks().dictionary_encode()
    day = rows["day"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    units = np.zeros((len(product.dictionary), day.max() - day.min() + 1))
    units[product.indices.to_numpy(), day - day.min()] = rows["units"].to_numpy()
    return units


if __name__ == "__main__":
    import sys

    Path(sys.argv[2]).write_text(json.dumps(measured(daily_units(Path(sys.argv[1]))), indent=1), encoding="utf-8")
