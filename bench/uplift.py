"""The rows on whom to contact: the learner of uplift beside the response model, with planted effects and without.

python -m bench.uplift WORKSPACE OUT.json

With effects: the sample shop's own contacts. Without: the customers held out of them, of whom chance says who counts as contacted; the
learner must choose nobody. Qini coefficients are of customers that no model has seen.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, need, sample, taken

WITHOUT = 20  # draws of who counts as contacted
LIMITS = (Limit("qini_ratio", 1.3, "", at_least=True), Limit("chosen_without_effects", 0.1, ""))


def sample_uplift(bench: Bench) -> Result:
    workspace, out = sample(bench), bench.work / "sample_uplift.json"
    need(workspace / "panel" / "panel.json", "panel")
    done = run([PYTHON, "-m", "bench.uplift", workspace, out], bench.log("sample_uplift"))
    note = "Channels that work, weighted by contacts; without effects: share of draws in which anybody is to be contacted."
    found = json.loads(out.read_text(encoding="utf-8"))
    return Result("sample_uplift", "Whom to contact, on the sample shop", taken(done) | found["figures"], LIMITS, (note,), found)


def measured(workspace: Path) -> dict:
    """Return {"figures": those of the row, "channels": one dict each}."""
    from core.capabilities.at_risk import uplift
    from core.capabilities.at_risk.contacting import inputs

    data = inputs(*_read(workspace))
    channels = []
    for channel, here in data.by_channel():
        found = uplift.learn(here.values, here.orders, here.treated, here.propensity, here.customer)
        if found is not None:
            chosen = found.uplift > 0
            brought = uplift.gain(found.effect[chosen], here.customer[chosen])
            channels.append(
                {
                    "channel": channel,
                    "contacts": len(here.orders),
                    "each": uplift.gain(found.effect, here.customer).mean,
                    "each_chosen": brought.mean,
                    "low": brought.low,
                    "high": brought.high,
                    "qini": uplift.qini(found.uplift, found.effect),
                    "qini_response": uplift.qini(found.response, found.effect),
                }
            )
    working = [one for one in channels if one["low"] > 0]
    weight = [one["contacts"] for one in working]
    ours, theirs = (float(np.average([one[name] for one in working], weights=weight)) for name in ("qini", "qini_response"))
    random, contacted = np.random.default_rng(24), []
    rest = data.of(~data.treated)
    for _draw in range(WITHOUT):
        treated = random.random(len(rest.orders)) < 0.6
        found = uplift.learn(rest.values, rest.orders, treated, np.full(len(treated), 0.6), rest.customer)
        chosen = found.uplift > 0
        contacted.append(uplift.gain(found.effect[chosen], rest.customer[chosen]).low > 0)
    figures = {
        "contacts": len(data.orders),
        "channels_that_work": len(working),
        "qini": ours,
        "qini_response": theirs,
        "qini_ratio": ours / theirs,
        "draws_without_effects": WITHOUT,
        "chosen_without_effects": float(np.mean(contacted)),
    }
    return {"figures": figures, "channels": channels}


def _read(workspace: Path):
    """Return what `contacting.inputs` takes."""
    import pandas as pd

    from core.capabilities.at_risk.compute import read_history
    from core.capabilities.at_risk.contacting import WITHIN, numbered
    from core.storage.engine import open_engine
    from core.workspace import Workspace

    shop = Workspace(workspace)
    with open_engine(shop.warehouse, "duckdb", shop.cache, read_only=True) as engine:
        last = max(row["last_day"] for row in engine.rows("scoring/tables") if row["table_name"] == "orders")
        as_of = pd.Timestamp(last).date()
        engine.table("features/order_lines", attribute="")
        history, ids, _segment = read_history(engine, as_of, [])
        contacts = numbered(engine.arrow("scoring/contact_rows", as_of=as_of, within=WITHIN), ids)
        return history, contacts, numbered(engine.arrow("scoring/customer_attributes"), ids)


if __name__ == "__main__":
    import sys

    Path(sys.argv[2]).write_text(json.dumps(measured(Path(sys.argv[1])), indent=1), encoding="utf-8")
