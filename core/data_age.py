"""How old the data of a forecast are, by the shop's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from core.settings import Settings

FRESH, AGEING, STALE = "fresh", "ageing", "stale"


@dataclass(frozen=True)
class DataAge:
    """The last day of the data, the shop's present day, and what the days between them mean.

    level: FRESH, AGEING from `amber_days` of [pages], STALE from `red_days`. A demonstration runs at the date of its data: always FRESH.
    """

    as_of: date
    today: date
    level: str
    demo: bool

    @property
    def days(self) -> int:
        """Return the age in days; 0 where the data reach into the future."""
        return max((self.today - self.as_of).days, 0)


def now() -> datetime:
    """Return the present moment in UTC, aware. Tests replace it."""
    return datetime.now(UTC)


def local(moment: datetime, zone: str) -> datetime:
    """Return a moment on the clock of a time zone; "" is this machine's."""
    return moment.astimezone(ZoneInfo(zone) if zone else None)


def age(as_of: date, settings: Settings) -> DataAge:
    """Return how old data up to a day are now. settings: those in effect."""
    pages = settings.pages
    today = as_of if pages.demo else local(now(), settings.shop.time_zone).date()
    days = (today - as_of).days
    level = STALE if days >= pages.red_days else AGEING if days >= pages.amber_days else FRESH
    return DataAge(as_of, today, level, pages.demo)
