"""Alerts: what users want to be told of a product, checked against each snapshot when it is published.

Kinds, and what their threshold is:
    chance    the chance of rising reaches this share, after it was below
    forecast  the units expected in four weeks change by this share
    stockout  the stock lasts at most this many weeks, after it lasted longer
Each compares with the newest snapshot of an earlier day, so that publishing twice a day tells the same twice.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from core.storage import snapshots
from core.storage.queries import Serving
from core.storage.state import Alert, Hit, State
from core.workspace import Workspace

FIGURES = {"chance": "rising_probability", "forecast": "units_4w", "stockout": "cover_weeks"}  # of the question `alert_figures`


def check(workspace: Workspace) -> list[Hit]:
    """Check all alerts against the snapshot that is served; keep what they find for the pages, and return it."""
    state, served = State(workspace), snapshots.current(workspace)
    alerts = state.alerts()
    if served is None or not alerts:
        return []
    as_of = served.manifest["as_of"]
    earlier = next((one for one in snapshots.history(workspace) if one.manifest["as_of"] < as_of), None)
    products = sorted({alert.product_id for alert in alerts})
    now, before = (_figures(one, products) for one in (served, earlier))
    hits = found(served.id, alerts, now, before)
    state.keep_hits(served.id, hits)
    return hits


def found(snapshot: str, alerts: Iterable[Alert], now: pd.DataFrame, before: pd.DataFrame) -> list[Hit]:
    """Return what the alerts find. now, before: by product, the columns of FIGURES."""
    hits = []
    for alert in alerts:
        value, earlier = (_value(figures, alert) for figures in (now, before))
        if value is not None and _fires(alert, value, earlier):
            hits.append(Hit(snapshot, alert.product_id, alert.kind, alert.threshold, value, earlier))
    return hits


def _figures(snapshot: snapshots.Snapshot | None, products: list[str]) -> pd.DataFrame:
    if snapshot is None:
        return pd.DataFrame(columns=list(FIGURES.values()))
    return Serving(snapshot.path).ask("alert_figures", products=products).set_index("product_id")


def _value(figures: pd.DataFrame, alert: Alert) -> float | None:
    if alert.product_id not in figures.index:
        return None
    value = figures.at[alert.product_id, FIGURES[alert.kind]]
    return None if pd.isna(value) else float(value)


def _fires(alert: Alert, value: float, earlier: float | None) -> bool:
    if alert.kind == "forecast":
        return earlier is not None and earlier > 0 and abs(value - earlier) >= alert.threshold * earlier

    def reached(figure: float) -> bool:
        return figure >= alert.threshold if alert.kind == "chance" else figure <= alert.threshold

    return reached(value) and (earlier is None or not reached(earlier))
