"""What users keep beside the plan: the watch list, notes, saved views, alerts, picks and actions."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import alerts as rules
from core.storage.state import FEATURED, Action, Alert, Hit, Note, Pick, State, View, Watched
from dashboard.data import age, planner, settings, workspace


def watched() -> list[Watched]:
    return State(workspace()).watched()


def notes(product: str) -> list[Note]:
    return State(workspace()).notes(product)


def views(page: str) -> list[View]:
    """Return the views of a page that this session may use: the shop's, and those under its user's name."""
    return State(workspace()).views(page, planner())


def picks() -> list[Pick]:
    """Return the products that lists to feature always or never name."""
    return State(workspace()).picks()


def actions() -> list[Action]:
    """Return the kept actions, newest first."""
    return State(workspace()).actions()


def featured() -> list[Action]:
    """Return the kept actions with featured products, newest first."""
    return State(workspace()).actions(FEATURED)


def alerts() -> list[Alert]:
    return State(workspace()).alerts()


def alert_hits() -> list[Hit]:
    """Return the alerts that the snapshot of this rerun set off when it was published."""
    return State(workspace()).hits(_snapshot())


def age_alert() -> Hit | None:
    """Return the alert on the age of the data, None while they are recent enough or there is none."""
    return rules.too_old(_snapshot(), age(), settings().notifications.data_age_days)


def _snapshot() -> str:
    return Path(st.session_state["_snapshot"]).name
