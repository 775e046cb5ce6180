"""Settings of how a shop is served: its pages and its schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from core.messages import msg
from core.setting import AT_ONCE, Section, Setting, is_time

_TIME = msg('a time of day such as "04:30", in quotes')


@dataclass(frozen=True)
class PageSettings(Section):
    """What the pages say, and from when on they warn about old data."""

    applied_by = AT_ONCE

    language: Annotated[str, Setting("Language of the pages for a new visitor; empty follows the browser.", choices=("", "en", "zh"))] = ""
    amber_days: Annotated[int, Setting("Age of the data from which pages mark it.", unit="days", at_least=1, at_most=3650)] = 8
    red_days: Annotated[
        int,
        Setting(
            "Age of the data from which pages ask for newer files and show no order-by date that has passed.",
            unit="days",
            at_least=1,
            at_most=3650,
        ),
    ] = 22
    demo: Annotated[bool, Setting("The shop is a demonstration: its pages run at the date of its data. `upswing demo` sets it.")] = False


@dataclass(frozen=True)
class ScheduleSettings(Section):
    """When the worker refreshes the forecasts and retrains the model by itself, on the shop's clock."""

    applied_by = AT_ONCE

    on: Annotated[bool, Setting("Refresh every day and retrain every week.")] = False
    refresh_at: Annotated[str, Setting("Time of the daily refresh.", unit="hh:mm", check=is_time, form=_TIME)] = "04:30"
    retrain_weekday: Annotated[
        int, Setting("Weekday of the weekly retraining: 1 is Monday, 7 is Sunday.", unit="ISO weekday", at_least=1, at_most=7)
    ] = 7
    retrain_at: Annotated[str, Setting("Time of the weekly retraining.", unit="hh:mm", check=is_time, form=_TIME)] = "20:00"
