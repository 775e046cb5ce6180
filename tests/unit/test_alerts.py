"""Alerts fire when a figure crosses their threshold from one day's snapshot to a later one's, and are kept for that snapshot."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import write_snapshot

from core import alerts
from core.errors import UserError
from core.storage.state import Alert, State

NAN = float("nan")
COLUMN = alerts.FIGURES


def fires(kind: str, threshold: float, earlier: float | None, now: float) -> bool:
    alert = Alert("P1", kind, threshold, "ana", datetime(2026, 1, 1))
    figures = [pd.DataFrame({COLUMN[kind]: [figure]}, index=["P1"]) for figure in (now, NAN if earlier is None else earlier)]
    return bool(alerts.found("s", date(2026, 1, 1), [alert], *figures))


@pytest.mark.parametrize(
    ("kind", "threshold", "earlier", "now", "expected"),
    [
        ("chance", 0.5, 0.4, 0.5, True),
        ("chance", 0.5, 0.6, 0.7, False),  # it was reached before
        ("chance", 0.5, 0.6, 0.4, False),
        ("chance", 0.5, None, 0.8, True),
        ("forecast", 0.2, 100, 120, True),
        ("forecast", 0.2, 100, 80, True),
        ("forecast", 0.2, 100, 110, False),
        ("forecast", 0.2, None, 110, False),
        ("forecast", 0.2, 0, 110, False),
        ("stockout", 2, 3.5, 1.9, True),
        ("stockout", 2, 1.5, 1.0, False),
        ("stockout", 2, None, 1.0, True),
        ("stockout", 2, 3.0, NAN, False),
    ],
)
def test_an_alert_fires_where_its_threshold_is_crossed(kind, threshold, earlier, now, expected):
    assert fires(kind, threshold, earlier, now) is expected


def test_a_product_without_a_forecast_sets_nothing_off():
    alert = Alert("gone", "chance", 0.5, "ana", datetime(2026, 1, 1))
    assert alerts.found("s", date(2026, 1, 1), [alert], pd.DataFrame(columns=list(COLUMN.values())), pd.DataFrame()) == []


def chances(share: float):
    return lambda forecasts: forecasts.assign(rising_probability=np.where(forecasts.product_id == "P0007", share, 0.1))


def test_a_publish_compares_with_the_newest_snapshot_of_an_earlier_day(workspace):
    state = State(workspace)
    state.set_alert("P0007", "chance", 0.5, "ana")
    write_snapshot(workspace, snapshot="20111127-1", as_of=date(2011, 11, 27), forecasts=chances(0.2))
    assert alerts.check(workspace) == []
    write_snapshot(workspace, snapshot="20111204-1", forecasts=chances(0.7))
    assert [(hit.product_id, hit.earlier, hit.figure) for hit in alerts.check(workspace)] == [("P0007", 0.2, 0.7)]
    write_snapshot(workspace, snapshot="20111204-2", forecasts=chances(0.7))  # once more on the same day
    assert len(alerts.check(workspace)) == 1
    assert [hit.product_id for hit in state.hits("20111204-2")] == ["P0007"] and state.hits("20111204-1") == []


def test_a_product_has_one_alert_of_a_kind_and_none_takes_it_off(workspace):
    state = State(workspace)
    state.set_alert("P1", "chance", 0.5, "ana")
    state.set_alert("P1", "chance", 0.6, "ben")
    state.set_alert("P1", "stockout", 2, "ben")
    assert [(a.kind, a.threshold, a.actor) for a in state.alerts()] == [("chance", 0.6, "ben"), ("stockout", 2.0, "ben")]
    state.set_alert("P1", "chance", None, "ana")
    assert [a.kind for a in state.alerts()] == ["stockout"]
    with pytest.raises(UserError, match="above 0"):
        state.set_alert("P1", "chance", 0, "ana")
