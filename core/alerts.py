"""Alerts: what users want to be told of a product or of the shop.

Kinds, and what their threshold is:
    chance    the chance of rising reaches this share, after it was below
    forecast  the units expected in four weeks change by this share
    stockout  the stock lasts at most this many weeks, after it lasted longer
    age       the data are older than this many days; the shop's, setting `data_age_days`
The first three are set on a product and checked when a snapshot is published. Each compares with the newest snapshot of an earlier day,
so that publishing twice a day finds the same twice. The age changes without a publish, so whoever shows or sends alerts asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pandas as pd

from core.data_age import DataAge
from core.formats import number, percent
from core.messages import Message, msg, nmsg
from core.storage import snapshots
from core.storage.queries import Serving
from core.storage.state import Alert, Hit, State
from core.workspace import Workspace

AGE = "age"
FIGURES = {"chance": "rising_probability", "forecast": "units_4w", "stockout": "cover_weeks"}  # of the question `alert_figures`


def check(workspace: Workspace) -> list[Hit]:
    """Check the alerts on products against the snapshot that is served; keep what they find, and return it."""
    state, served = State(workspace), snapshots.current(workspace)
    if served is None:
        return []
    hits = _found(workspace, served, alerts) if (alerts := state.alerts()) else []
    state.keep_hits(served.as_of, hits)
    return hits


def _found(workspace: Workspace, served: snapshots.Snapshot, alerts: list[Alert]) -> list[Hit]:
    earlier = next((one for one in snapshots.history(workspace) if one.as_of < served.as_of), None)
    products = sorted({alert.product_id for alert in alerts})
    now, before = (_figures(one, products) for one in (served, earlier))
    return found(served.id, date.fromisoformat(served.as_of), alerts, now, before)


def found(snapshot: str, as_of: date, alerts: Iterable[Alert], now: pd.DataFrame, before: pd.DataFrame) -> list[Hit]:
    """Return what the alerts find. now, before: by product, the columns of FIGURES."""
    hits = []
    for alert in alerts:
        value, earlier = (_value(figures, alert) for figures in (now, before))
        if value is not None and _fires(alert, value, earlier):
            hits.append(Hit(snapshot, as_of, alert.product_id, alert.kind, alert.threshold, value, earlier))
    return hits


def too_old(snapshot: str, age: DataAge, threshold: int) -> Hit | None:
    """Return the alert on the age of the data, None while they are recent enough or where threshold is 0."""
    return Hit(snapshot, age.as_of, "", AGE, threshold, age.days, None) if 0 < threshold < age.days else None


def sentence(hit: Hit) -> Message:
    """Return what an alert found, without its product."""
    if hit.kind == "chance":
        return msg("Chance of rising has reached {threshold}", threshold=percent(hit.threshold))
    if hit.kind == "forecast":
        return msg("Expected units have changed by {threshold} or more", threshold=percent(hit.threshold))
    if hit.kind == AGE:
        return nmsg("The data are older than {count} day", "The data are older than {count} days", hit.threshold)
    return nmsg("Stock lasts {count} week or less", "Stock lasts {count} weeks or less", hit.threshold)


def figure(hit: Hit, value: float) -> str:
    """Return a figure of an alert, now's or the earlier one, as people read it."""
    return percent(value) if hit.kind == "chance" else number(value, 1 if hit.kind == "stockout" else 0)


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
