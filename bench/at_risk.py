"""The rows on customers at risk: chances of past days beside recency, BG/NBD and a logistic regression on recency, frequency and value."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, journey, need, sample, taken, uci

DAYS, APART = 6, 30  # test days, and days between them
LIMITS = (
    Limit("auc_lead_over_recency", 0.03, "", at_least=True),
    Limit("auc_lead_over_best", -0.005, "", at_least=True),
    Limit("ece", 0.03, ""),
)


def uci_at_risk(bench: Bench) -> Result:
    return _row(bench, "uci_at_risk", "Customers at risk on UCI", uci(bench))


def journey_at_risk(bench: Bench) -> Result:
    return _row(bench, "journey_at_risk", "Customers at risk on The Complete Journey", journey(bench))


def sample_at_risk(bench: Bench) -> Result:
    return _row(bench, "sample_at_risk", "Customers at risk on the sample shop", sample(bench))


def _row(bench: Bench, name: str, what: str, workspace: Path) -> Result:
    need(workspace / "panel" / "panel.json", "panel")
    out = bench.work / f"{name}.json"
    done = run([PYTHON, "-m", "bench.at_risk", workspace, out], bench.log(name))
    found = json.loads(out.read_text(encoding="utf-8"))
    note = "No order in 90 days, of customers who ordered in the year before; means over the test days. Best: BG/NBD or the regression."
    return Result(name, what, taken(done) | found["figures"], LIMITS, (note,), {"days": found["days"]})


def measured(workspace: Path) -> dict:
    """Measure the test days that have enough history before them."""
    from dataclasses import asdict

    from sklearn.metrics import roc_auc_score

    from core.capabilities.at_risk.check import check
    from core.capabilities.at_risk.history import HORIZON

    history = _read(workspace)
    last, days = int(history.orders.day.max()), []
    for k in range(DAYS):
        day = last - HORIZON - APART * k
        if (found := check(history, day)) is not None:
            features = history.features(day)
            left = ~history.bought(day, day + HORIZON)[features.index]
            days.append(asdict(found) | {"auc_rfm": float(roc_auc_score(left, _rfm(history, day)))})
    mean = {name: float(np.mean([day[name] for day in days])) for name in ("auc", "auc_recency", "auc_lifetimes", "auc_rfm", "ece")}
    figures = mean | {
        "days": len(days),
        "customers": float(np.mean([day["customers"] for day in days])),
        "auc_lead_over_recency": mean["auc"] - mean["auc_recency"],
        "auc_lead_over_best": mean["auc"] - max(mean["auc_lifetimes"], mean["auc_rfm"]),
    }
    return {"figures": figures, "days": days}


def _rfm(history, day: int) -> np.ndarray:
    """Return the chances of a logistic regression on recency, frequency and value, learnt from the same past days."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from core.capabilities.at_risk.history import HORIZON
    from core.capabilities.at_risk.leaving import APART as STEP
    from core.capabilities.at_risk.leaving import LEARNT_FROM

    names = ["days_since", "orders", "spent"]
    past = [day - HORIZON - STEP * k for k in range(LEARNT_FROM)]
    past = [one for one in past if one - history.orders.day.min() >= HORIZON]
    values = np.concatenate([history.features(one)[names] for one in past])
    left = np.concatenate([~history.bought(one, one + HORIZON)[history.features(one).index] for one in past])
    return (
        make_pipeline(StandardScaler(), LogisticRegression()).fit(values, left).predict_proba(history.features(day)[names].to_numpy())[:, 1]
    )


def _read(workspace: Path):
    import pandas as pd

    from core.capabilities.at_risk.compute import read_history
    from core.storage.engine import open_engine
    from core.workspace import Workspace

    shop = Workspace(workspace)
    panel = json.loads((shop.panel / "panel.json").read_text(encoding="utf-8"))
    with open_engine(shop.warehouse, "duckdb", shop.cache, read_only=True) as engine:
        engine.table("features/order_lines", attribute="")
        return read_history(engine, pd.Timestamp(panel["as_of"]).date(), [])[0]


if __name__ == "__main__":
    import sys

    Path(sys.argv[2]).write_text(json.dumps(measured(Path(sys.argv[1])), indent=1), encoding="utf-8")
