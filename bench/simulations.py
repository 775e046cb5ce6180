"""The rows on ordering: a year of a shop, replayed under several policies."""

from __future__ import annotations

import json
from pathlib import Path

from bench.measure import upswing
from bench.results import Limit, Result
from bench.shops import Bench, sample, taken, uci

PROMISED = (0.9, 0.95, 0.98)


def uci_simulation(bench: Bench) -> Result:
    """Simulate UCI with lead times of 2 to 6 weeks per product and weekly reviews; compare stock at an achieved fill rate of 95%."""
    done, found = _simulated(bench, "uci_simulation", uci(bench), "--lead-times", "14-42", "--target", "shop")
    saving = found["saving"]
    got_there = {name: each["saving"] for name, each in saving.items() if each["saving"] is not None}
    least = min(got_there, key=got_there.get)
    figures = taken(done) | {"products": found["products"], "policies": len(found["policies"]), "replay_seconds": found["replay_seconds"]}
    figures |= {
        f"saving_over_{name}{end}": each[key]
        for name, each in saving.items()
        for end, key in (("", "saving"), ("_low", "low"), ("_high", "high"))
    }
    figures |= {"saving_over_best": saving[least]["saving"], "saving_over_best_low": saving[least]["low"]}
    return Result(
        "uci_simulation",
        "Stock for a fill rate of 95%: UCI, a year, lead times of 2 to 6 weeks",
        figures,
        (
            Limit("saving_over_twelve_week_mean", 0.15, "", at_least=True),
            Limit("saving_over_best", 0.05, "", at_least=True),
            Limit("replay_seconds", 60, "s"),
        ),
        (
            f"Relative saving of average stock value against each policy; the best of them is {least}. "
            "low and high: 95% interval over products. replay_seconds: Upswing's policy at one service level, including the levels of "
            "every review.",
        ),
        {"simulation": found},
    )


def sample_simulation(bench: Bench) -> Result:
    """Compare promised and achieved service on the sample shop, with its own lead times, packs and minimums.

    Each target has its own measure, with lost sales and with backorders. The forecast probability that a stock lasts until the next
    delivery is compared with the share of stocks that did.
    """
    done, found = _simulated(bench, "sample_simulation", sample(bench), "--target", "cycle")
    simulated = {"cycle": found}
    for target, *words in (("fill",), ("shop",), ("cycle", "--backorders"), ("fill", "--backorders"), ("shop", "--backorders")):
        name = "_".join((target, *(word.removeprefix("--") for word in words)))
        _, simulated[name] = _simulated(
            bench, f"sample_simulation_{name}", bench.work / "sample", "--target", target, "--baselines", "", *words
        )
    figures = taken(done) | {"products": found["products"]}
    for name, each in simulated.items():
        measure = "cycle_service" if name.startswith("cycle") else "fill_rate"
        points = [point for point in each["policies"]["upswing"]["points"] if point["knob"] in PROMISED]
        figures |= {f"{name}_at_{p['knob']:g}": p[measure] for p in points} | {f"{name}_told_at_{p['knob']:g}": p["told"] for p in points}
        figures[f"{name}_widest_gap"] = max(abs(p[measure] - p["knob"]) for p in points)
        figures[f"{name}_told_widest_gap"] = max(abs(p["told"] - p["lasted"]) for p in points)
    return Result(
        "sample_simulation",
        "Promised and achieved service: the sample shop, a year",
        figures,
        tuple(Limit(f"{name}{figure}_widest_gap", 0.015, "") for name in simulated for figure in ("", "_told")),
        (
            "cycle: share of replenishment cycles, from one delivery to the next, without a stock-out; fill: share of demand met, "
            "promised per product; shop: the same for the whole shop. Demand without stock is lost; backorders: it waits, as textbook "
            "formulas assume. forecast to last: mean probability over weeks and products that a stock lasts until the next review's "
            "order arrives, compared with the share of stocks that did.",
        ),
        {"simulation": found},
    )


def _simulated(bench: Bench, name: str, workspace: Path, *words: str):
    out = bench.work / name.replace("_", "-")
    done = upswing(workspace, bench.log(name), "simulate", "--out", out, *words)
    return done, json.loads((out / "simulation.json").read_text(encoding="utf-8"))
