"""Days are the shop's days: moments with an offset from UTC, or in UTC, are turned to the shop's clock; others are on it already.

A file that gives the shop's own offsets is read as written. Moments in UTC, or with the offsets of several places, need the shop's
time zone: a setting or a fact, else that of its country if this has one. Without it, a file in UTC raises a question if its units
fall on other days elsewhere, and so does one whose offsets disagree with each other or with its local times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

from core.errors import UserError
from core.ingest.blanks import NO_VALUE
from core.ingest.convert import dates
from core.ingest.convert.formats import TYPED
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.questions import MATTERS, Question
from core.messages import msg

TIME_ZONE = "--time-zone"
IN_UTC = ("unix", "unix_ms", "unix_us")  # formats of dates that count from a moment in UTC
SUMMER_TIME = 60  # minutes by which the offsets of one place differ
MAIN_ZONES = {  # of countries with several, where most of the people live
    "US": "America/New_York",
    "CA": "America/Toronto",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "MX": "America/Mexico_City",
    "RU": "Europe/Moscow",
    "ID": "Asia/Jakarta",
}
ONE_CLOCK = {"CN": "Asia/Shanghai", "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "NZ": "Pacific/Auckland"}  # by law or nearly so

EITHER_SIDE = ("America/Los_Angeles", "Europe/Athens")  # of UTC: a shop anywhere is awake when a day begins in one of them
_MAY_HAVE_OFFSET = (  # quicker than dates.offset_sql
    "contains(c, ':') and (lower(right(c, 1)) between 'a' and 'z' or substr(c, -6, 1) in ('+', '-') "
    "or substr(c, -5, 1) in ('+', '-') or substr(c, -3, 1) in ('+', '-'))"
)


@dataclass(frozen=True)
class Clock:
    """The shop's time zone as far as it is known.

    zone: "" if it is not; likely: the one to propose then; possible: those that the shop may be in.
    """

    zone: str = ""
    likely: str = "UTC"
    possible: tuple[str, ...] = EITHER_SIDE


def clock(given: str, countries: tuple[str, ...], currency: str) -> Clock:
    """Return the shop's clock. given: a setting, a fact or an answer, which wins. Raises UserError for a zone that does not exist.

    >>> clock("", ("DE",), "").zone, clock("", (), "GBP").zone, clock("", (), "USD").likely, clock("Asia/Tokyo", ("DE",), "").zone
    ('Europe/Berlin', 'Europe/London', 'America/New_York', 'Asia/Tokyo')
    """
    if given:
        if given not in available_timezones():
            raise UserError(
                found=msg("The time zone {zone} does not exist.", zone=repr(given)),
                expected=msg("A time zone has a name such as Europe/Berlin, America/New_York or Asia/Shanghai."),
                to_do=msg("Correct it."),
            )
        return Clock(given)
    for country in countries[:1] or (currency[:2],):
        if zone := _zone_of(country):
            return Clock(zone)
        if country in MAIN_ZONES:
            return Clock(likely=MAIN_ZONES[country], possible=tuple(_zones_of(country)))
    return Clock()


def _zone_of(country: str) -> str:
    """Return the time zone of a country where all of its zones show the same time in winter and summer; else ""."""
    zones = _zones_of(country)
    moments = [datetime(2024, month, 1, tzinfo=UTC) for month in (1, 7)]
    times = {tuple(moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments) for zone in zones}
    return ONE_CLOCK.get(country) or (zones[0] if len(times) == 1 else "")


def _zones_of(country: str) -> list[str]:
    zones = sorted(zone for zone, territory in get_global("zone_territories").items() if territory == country)
    return [zone for zone in zones if zone in available_timezones()]


def turned_sql(value: str, column: str, name: str, zone: str) -> str:
    """Return SQL of a moment on the shop's clock. value: the moment as written in `column`; name: how dates are written."""
    offset = "0" if name in IN_UTC else f"({dates.offset_sql(column, name)})"
    return f"coalesce(timezone('{zone}', timezone('UTC', ({value}) - to_minutes({offset}))), {value})"


def decide_zone(con, texts: TextTable, source: str, shop: Clock, units: str) -> None:
    """Decide whether the moments of a column are turned to the shop's clock: fills zones, remarks and questions of `texts`.

    units: SQL of a row's.
    """
    name = texts.dates.get(source) or "iso"
    if name == TYPED:
        return
    moment = dates.date_sql("c", name)
    cells = f"with cells as (select {texts.text(source, NO_VALUE)} as c from {quoted(texts.table)} where broken is null)"
    offset = "0" if name in IN_UTC else dates.offset_sql("c", name)
    if name not in IN_UTC and not con.execute(f"{cells} select 1 from cells where {_MAY_HAVE_OFFSET} limit 1").fetchone():
        return
    rows, marked, utc, least, most, timed = con.execute(
        f"""{cells}, read as (select {moment} as moment, {offset} as ahead from cells)
        select count(moment), count(ahead), count(*) filter (where ahead = 0), min(ahead), max(ahead),
        count(*) filter (where ahead is not null and moment <> date_trunc('day', moment)) from read"""
    ).fetchone()
    if not marked or not timed:  # days written as midnight in UTC are days
        return
    one_place = utc == 0 and most - least <= SUMMER_TIME
    if one_place and marked == rows and not shop.zone:
        return  # the shop's own offsets
    if shop.zone:
        texts.zones[source] = shop.zone
        texts.remarks.append(
            (source, msg("its times have offsets from UTC and are turned to the shop's time zone, {zone}.", zone=shop.zone))
        )
        return
    if utc == marked == rows:
        moved, share = _moved(con, texts, source, name, shop, units)
        if share > MATTERS:
            about = msg(
                "The times in column {column} are in UTC, and {share} of the units were sold on another day elsewhere. "
                "In which time zone is the shop?",
                column=repr(source),
                share=f"{share:.1%}",
            )
            texts.questions.append(Question(TIME_ZONE, "", shop.likely, (), about, texts.source.file, moved, share))
            return
        remark = msg(
            "its times are in UTC, and the shop's time zone is not known. "
            "Days are those of UTC; if the shop is elsewhere, import with {flag}.",
            flag=f"{TIME_ZONE} {shop.likely if shop.likely != 'UTC' else 'Europe/Berlin'}",
        )
        texts.remarks.append((source, remark))
        return
    about = msg(
        "The times in column {column} have different offsets from UTC, or only some have one. In which time zone is the shop?",
        column=repr(source),
    )
    texts.questions.append(Question(TIME_ZONE, "", shop.likely, (), about, texts.source.file, marked))


def _moved(con, texts: TextTable, source: str, name: str, shop: Clock, units: str) -> tuple[int, float]:
    """Return how many rows, and which share of the units, have another day in one of the zones that the shop may be in."""
    zones = dict.fromkeys((shop.likely, *shop.possible))
    each = ", ".join(f"date_trunc('day', {turned_sql('moment', 'c', name, zone)})" for zone in zones)
    return con.execute(
        f"""with read as (select {texts.text(source, NO_VALUE)} as c, {units} as units from {quoted(texts.table)} where broken is null),
        moments as (select c, units, {dates.date_sql("c", name)} as moment from read),
        days as (select units, len(list_distinct([{each}])) > 1 as moved from moments where moment is not null)
        select count(*) filter (where moved), coalesce(sum(units) filter (where moved) / nullif(sum(units), 0), 0) from days"""
    ).fetchone()


def decide_zones(con, texts: TextTable, days: dict[str, str], shop: Clock) -> None:
    """Decide the zone of each column that dates rows. days: column -> SQL of the units of a row."""
    for source, units in days.items():
        decide_zone(con, texts, source, shop, units)
