"""The statement of an import: what was understood of each file, in the shop's own terms, before anything is stored."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import date

from core.messages import Message, msg, nmsg, sentences

MOST_MONTHS = 36  # lines of months in the text; the record has them all
_PSEUDONYM = re.compile("[0-9a-f]{32}")
TELLING = ("orders", "events", "reviews")  # tables that show what customers want


@dataclass(frozen=True)
class Month:
    """What a file gives for one month, and what the warehouse then holds for it.

    orders: distinct numbers of orders, or the orders that totals stand for. cents: None without any price. remark: why it stands out.
    """

    month: str  # YYYY-MM
    rows: int
    orders: int | None = None
    units: float | None = None
    cents: int | None = None
    remark: Message | None = None
    stored_rows: int | None = None
    stored_units: float | None = None
    stored_cents: int | None = None


@dataclass(frozen=True)
class ReadColumn:
    """One column of a file. read_as: "table.column" of each place; empty for one that is not read, which then looks like something."""

    name: str
    read_as: tuple[str, ...] = ()
    how: Message | None = None
    looks: Message | None = None


@dataclass
class Statement:
    """What one file says.

    table              the one that its rows are counted for
    row                what one row is
    months             in order, those without any row included
    gaps               spells of days without any row, where days usually have some
    last_usual_day     the last day with as many rows as usual; None where the file has no days
    columns            all of the file, in its order
    examples           five rows as they will be stored, canonical column -> value
    """

    table: str
    row: Message
    first_day: date | None = None
    last_day: date | None = None
    last_usual_day: date | None = None
    months: list[Month] = field(default_factory=list)
    gaps: list[Message] = field(default_factory=list)
    columns: list[ReadColumn] = field(default_factory=list)
    examples: list[dict[str, object]] = field(default_factory=list)

    def as_dict(self) -> dict:
        """Return the statement ready for JSON."""
        return {
            "table": self.table,
            "row": self.row.as_dict(),
            **{name: day.isoformat() if day else None for name, day in self._days().items()},
            "months": [asdict(m) | {"remark": m.remark.as_dict() if m.remark else None} for m in self.months],
            "gaps": [gap.as_dict() for gap in self.gaps],
            "columns": [
                {
                    "name": c.name,
                    "read_as": list(c.read_as),
                    "how": c.how.as_dict() if c.how else None,
                    "looks": c.looks.as_dict() if c.looks else None,
                }
                for c in self.columns
            ],
            "examples": [{name: _plain(value) for name, value in row.items()} for row in self.examples],
        }

    def lines(self) -> list[Message]:
        """Return the statement as lines of the report, without the columns that are read, which the report lists itself."""
        found = [msg("One row is {row}.", row=self.row)]
        if self.first_day and self.last_day:
            found.append(
                sentences(
                    msg("It covers {first} to {last}.", first=self.first_day, last=self.last_day),
                    msg("The last day with usual activity is {day}.", day=self.last_usual_day)
                    if self.last_usual_day and self.last_usual_day != self.last_day
                    else "",
                )
            )
        shown = self.months[-MOST_MONTHS:]
        if len(self.months) > len(shown):
            found.append(
                nmsg("{count} earlier month is not listed.", "{count} earlier months are not listed.", len(self.months) - len(shown))
            )
        found += [month_line(m) for m in shown]
        found += self.gaps
        found += [msg("Not read: {column}, {looks}", column=c.name, looks=c.looks) for c in self.columns if c.looks and not c.read_as]
        if self.examples:
            found.append(msg("The first rows as they will be stored:"))
            found += [_example(row) for row in self.examples]
        return found

    def _days(self) -> dict[str, date | None]:
        return {"first_day": self.first_day, "last_day": self.last_day, "last_usual_day": self.last_usual_day}


def month_line(m: Month) -> Message:
    """Return a month's figures as one line."""
    amount = msg("no amount") if m.cents is None else msg("amount {amount}", amount=f"{m.cents / 100:,.2f}")
    figures = {"rows": m.rows, "orders": m.orders, "units": m.units, "money": amount}
    line = msg("rows {rows}", **figures) if m.units is None else msg("rows {rows}, orders {orders}, units {units}, {money}", **figures)
    return Message("{month}: {line} {remark}" if m.remark else "{month}: {line}", {"month": m.month, "line": line, "remark": m.remark})


def tells(tables: list[str], asks: bool) -> Message:
    """Return the first sentence of a dry run: whether anything tells of sales, views or reviews. asks: whether questions are open."""
    names = {"orders": msg("sales"), "events": msg("views"), "reviews": msg("reviews")}
    found = [names[t] for t in TELLING if t in tables]
    if found:
        return msg("The files contain {what}.", what=found)
    if asks:
        return msg("The answers to the questions below decide whether the files contain sales, views or reviews.")
    return msg("These files contain no sales, views or reviews, which a forecast needs.")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _example(row: dict[str, object]) -> Message:
    pairs = ", ".join(f"{name} {_short(str(value))}" for name, value in row.items() if value is not None)
    return Message("  {row}", {"row": pairs})


def _short(text: str) -> str:
    if _PSEUDONYM.fullmatch(text):
        return text[:8] + "…"
    return text if len(text) <= 40 else text[:39] + "…"
