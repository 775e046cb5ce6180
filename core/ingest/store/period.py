"""The shop's last day of usual activity: later days that stand alone are mistyped dates until a person says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from core.errors import UserError
from core.ingest.questions import Answers, Question
from core.messages import Message, msg, nmsg
from core.schema import SIGNALS
from core.storage import duckdb as db
from core.storage.facts import Fact

AS_OF = "--as-of"
GAP_DAYS = 21  # a shorter gap is a holiday of the shop
GAP_RATIO = 2  # a gap of less than this many times the longest one before it is the shop's habit
MOST_DAYS = 3  # more days after a gap are the shop's return to business


@dataclass(frozen=True)
class Period:
    """The end of the shop's data. alone: the days after `usual` that stand alone; rows: on them."""

    usual: date | None = None
    alone: tuple[date, ...] = ()
    rows: int = 0
    all_rows: int = 0

    @property
    def last(self) -> date | None:
        return self.alone[-1] if self.alone else self.usual


def days_alone(days: list[date]) -> list[date]:
    """Return the last days, MOST_DAYS at most, that follow a gap unlike any before it. days: in order, each once.

    >>> march = [date(2024, 3, day) for day in range(1, 31)]
    >>> days_alone([*march, date(2025, 3, 31)]), days_alone([*march, date(2024, 4, 3)])
    ([datetime.date(2025, 3, 31)], [])
    """
    for count in range(min(MOST_DAYS, len(days) // 3), 0, -1):
        before, after = days[:-count], days[-count:]
        longest = max(((later - earlier).days for earlier, later in pairwise(before)), default=0)
        if (after[0] - before[-1]).days > max(GAP_DAYS, GAP_RATIO * longest):
            return after
    return []


def period(con, signal: str = "", accepted: date | None = None) -> Period:
    """Return the period of the stored rows. signal: of [shop]; "" takes the first of SIGNALS with any rows.

    accepted: days up to this one are usual, as a person said.
    """
    counted: dict[str, dict[date, int]] = {}
    for row in db.rows(con, "staging/active_days"):
        counted.setdefault(row["signal"], {})[row["day"]] = row["rows"]
    rows = counted.get(signal or next((s for s in SIGNALS if s in counted), ""), {})
    days = sorted(rows)
    alone = tuple(day for day in days_alone(days) if accepted is None or day > accepted)
    usual = days[: len(days) - len(alone)]
    return Period(usual[-1] if usual else None, alone, sum(rows[day] for day in alone), sum(rows.values()))


@dataclass(frozen=True)
class AsOf:
    """What an import decides on the last day whose data may be used.

    found     the fact: the day and what shows it; None where the last day is as usual
    question  the question that the days alone raise, where earlier imports have not answered it
    """

    found: tuple[str, dict] | None = None
    question: Question | None = None
    notes: list[Message] = field(default_factory=list)


def decide(con, signal: str, before: Fact | None, answers: Answers, file: str) -> AsOf:
    """Return the last usual day, the question about later ones and its answer. file: the one that is asked about.

    Raises UserError for an answer that is no day.
    """
    evidence = dict(before.evidence) if before else {}
    accepted = date.fromisoformat(str(evidence["accepted"])) if "accepted" in evidence else None
    found = period(con, signal, accepted)
    if not found.alone or found.usual is None:
        return AsOf((str(found.last), {"accepted": evidence["accepted"]}) if accepted else None)
    alone = [day.isoformat() for day in found.alone]
    question = Question(
        AS_OF,
        "",
        found.usual.isoformat(),
        (
            (found.usual.isoformat(), msg("The later dates are mistyped.")),
            (alone[-1], msg("The shop sold nothing in between.")),
        ),
        nmsg(
            "{count} row is from {days}. Nothing else happened after {usual}. What is the last day whose data may be used?",
            "{count} rows are from {days}. Nothing else happened after {usual}. What is the last day whose data may be used?",
            found.rows,
            days=list(found.alone),
            usual=found.usual,
        ),
        file,
        found.rows,
    )
    note = msg("Forecasts are as of {usual}: the rows from {days} stand alone.", usual=found.usual, days=list(found.alone))
    if answer := answers.get(AS_OF):
        day = _day(answer)
        if day >= found.alone[-1]:
            return AsOf((alone[-1], {"accepted": alone[-1]}), question)
        return AsOf((day.isoformat(), {"alone": alone}), question, [note])
    known = evidence.get("alone")
    if isinstance(known, list) and set(alone) <= set(known):
        return AsOf((found.usual.isoformat(), {"alone": alone}), None, [note])
    return AsOf((found.usual.isoformat(), {"alone": []}), question, [note])


def _day(answer: str) -> date:
    try:
        return date.fromisoformat(answer)
    except ValueError as error:
        raise UserError(
            found=msg("{flag} is {value}.", flag=AS_OF, value=repr(answer)),
            expected=msg("It is a day such as 2024-03-31."),
            to_do=msg("Correct it, or remove it: the import then asks."),
        ) from error
