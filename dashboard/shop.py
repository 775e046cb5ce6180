"""The shop's settings as pages need them: what waits, what its clock says, which files are old, and what the schedule runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from core import data_age
from core.errors import UserError
from core.jobs import schedule as schedules
from core.schema import CANONICAL
from core.setting import RECALCULATE, RETRAIN
from core.settings import applied_by
from dashboard import data


def first_language(locale: str) -> str:
    """Return the language of a new visitor: the shop's setting, else that of the browser. locale: the browser's, such as "zh-CN"."""
    native = "zh" if locale.lower().startswith("zh") else "en"
    try:
        return data.workspace().own_settings().pages.language or native
    except UserError:  # the page itself says what is wrong with the file
        return native


def on_the_shops_clock(moment: datetime) -> datetime:
    """Return a naive UTC time, as the state store keeps it, on the shop's clock."""
    return data_age.local(moment.replace(tzinfo=UTC), data.settings().shop.time_zone)


def stale_tables() -> list[str]:
    """Return the tables whose own last day makes the data old, such as "orders"."""
    since = pd.Timestamp(data.age().today) - pd.Timedelta(days=data.settings().pages.red_days)
    last_days = data.last_days()
    return [name for name in CANONICAL if name in last_days and last_days[name] <= since]


def waiting_settings() -> dict[str, list[str]]:
    """Return the names of the settings that changed since the snapshot was made, by what applies them: "recalculate" or "retrain"."""
    own, given, waiting = data.workspace().own_settings(), data.workspace().own_values().get("shop", {}), dict[str, list[str]]()
    for section, values in own.changes(data.rules()).items():
        for name in values:
            if section != "shop" or name in given:  # what the file leaves out of [shop] is inferred
                waiting.setdefault(applied_by(section, name), []).append(name)
    return {job: waiting[job] for job in (RECALCULATE, RETRAIN) if job in waiting}


def schedule() -> list[schedules.Planned]:
    """Return the runs of the schedule, none while it is off."""
    return schedules.planned(data.workspace(), data.settings())
