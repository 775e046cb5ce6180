"""The row on what other choices would have brought: intervals on simulated logs whose truth is known.

python -m bench.off_policy OUT.json

A log shows products whose click rates are made up, with chances that follow them loosely. Another rule's rate is known, since the click
rates are. Kinds: one product of ten by each impression; heavy weights (a rule that prefers what was shown least); rare clicks (about 5 in
1,000); small logs (1,000 impressions); lists of four places, seen by visitors of whom some click more than others. An interval is right
where it holds the rule's true rate. Logs with too few clicks that count are set aside, as on the page; `judged` counts the others.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, taken

LOGS = 400  # of each kind
# impressions, products, usual click rate, impressions a visitor, largest recorded chance over the smallest, power of the rule's chances
KINDS = {
    "plain": (8_000, 10, 0.05, 1, 8.0, 0.0),
    "heavy": (20_000, 10, 0.05, 1, 30.0, -1.0),
    "rare": (20_000, 10, 0.005, 1, 8.0, 0.0),
    "small": (1_000, 10, 0.05, 1, 8.0, 0.0),
    "lists": (8_000, 10, 0.05, 4, 8.0, 0.5),
}
FIGURES = "coverage", "width", "ratio"
LIMITS = tuple(
    limit
    for name in ("coverage_ips", "coverage_snips", "coverage_dr")
    for limit in (Limit(name, 0.93, "", at_least=True), Limit(name, 0.97, ""))
)


def simulated_off_policy(bench: Bench) -> Result:
    out = bench.work / "off_policy.json"
    done = run([PYTHON, "-m", "bench.off_policy", out], bench.log("off_policy"))
    note = f"{LOGS:,} simulated logs of each kind: {', '.join(KINDS)}; coverage over all that are judged. bench/off_policy.py."
    figures = taken(done) | json.loads(out.read_text(encoding="utf-8"))
    return Result("simulated_off_policy", "Other choices on simulated logs", figures, LIMITS, (note,))


def simulated(random: np.random.Generator, count: int, products: int, usual: float, visits: int, span: float, power: float):
    """Return a log, a rule, and the rule's true click rate."""
    from core.capabilities.action_results.off_policy import Impressions, Rule

    rate = usual * np.exp(random.normal(0, 0.5, products))
    believed = rate * np.exp(random.normal(0, 0.4, products))
    place = np.arange(count) % 4
    fall = 0.8**place
    chance = np.interp(np.log(believed), np.log([believed.min(), believed.max()]), [0, np.log(span)])
    chance = np.exp(chance) / np.exp(chance).sum()
    wanted = chance**power / (chance**power).sum()
    product = random.choice(products, count, p=chance)
    visitor = np.arange(count) // visits
    eager = random.gamma(4, 1 / 4, count // visits + 1)[visitor] if visits > 1 else np.ones(count)
    clicked = (random.random(count) < np.minimum(rate[product] * fall * eager, 1)).astype(int)
    one = np.zeros(count, int)
    log = Impressions(one + 1, clicked, chance[product], product, place, one, visitor)
    return log, Rule(np.zeros(products, int), np.arange(products), wanted), float(wanted @ rate * fall.mean())


def measured(logs: int = LOGS) -> dict:
    """Return the figures of the row."""
    from core.capabilities.action_results import off_policy

    random, hits, figures = np.random.default_rng(24), {}, {}
    for kind, about in KINDS.items():
        here: dict[str, list[tuple]] = {}
        for _ in range(logs):
            log, rule, truth = simulated(random, *about)
            for name, one in off_policy.estimates(log, rule).items():
                if one.needed is None:
                    here.setdefault(name, []).append((one.low <= truth <= one.high, (one.high - one.low) / truth, one.rate / truth))
        for name, found in here.items():
            hits.setdefault(name, []).extend(found)
            figures |= {f"{kind}_{what}_{name}": mean for what, mean in zip(FIGURES, np.mean(found, axis=0))}
        figures[f"{kind}_judged"] = len(here.get("dr", ()))
    for name, found in hits.items():
        figures[f"coverage_{name}"] = np.mean([hit for hit, *_ in found])
    return {"logs": logs * len(KINDS)} | {name: float(value) for name, value in figures.items()}


if __name__ == "__main__":
    import sys

    Path(sys.argv[1]).write_text(json.dumps(measured(), indent=1), encoding="utf-8")
