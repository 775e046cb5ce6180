"""How the dates of one column are written: decided over the whole column, and asked where the column does not say."""

from __future__ import annotations

from core.errors import UserError
from core.ingest.blanks import NO_VALUE
from core.ingest.convert import dates
from core.ingest.convert.text_table import TextTable
from core.ingest.names import plain, quoted
from core.ingest.questions import Answers, Question
from core.messages import Message, msg, nmsg
from core.storage import duckdb as db

DATE_FORMAT = "--date-format"
SEEN = 20_000  # rows that show which formats come into question; between those the whole column decides
MOSTLY = 0.9  # of the values, for a format to be the column's without a look at all others
CLEARLY = 10  # times as long a period is no likely reading of years with two digits
WEEKS = (
    "week",
    "weekno",
    "weeknumber",
    "yearweek",
    "isoweek",
    "calendarweek",
    "calweek",
    "kw",
    "kalenderwoche",
    "woche",
    "semaine",
    "semana",
    "周",
    "周次",
)
_EXAMPLES = {
    "dmy": msg("day, month, year"),
    "mdy": msg("month, day, year"),
    "ymd": msg("year, month, day"),
}


class DateColumn:
    """The dates of one column of a text table.

    table: whose rows the column dates, "" for other dates: a shop's next file continues where its table ends.
    """

    def __init__(self, con, texts: TextTable, source: str, table: str, answers: Answers):
        self.con, self.texts, self.source, self.table, self.answers = con, texts, source, table, answers
        self.remarks: list[Message] = []
        self.questions: list[Question] = []
        self.shown: Answers = {}
        self.cells = f"with cells as (select {texts.text(source, NO_VALUE)} as c from {quoted(texts.table)} where broken is null) "
        self.filled, iso = self._row(f"count(c), count({dates.date_sql('c', 'iso')})")
        self.counts = self._counts(iso) if self.filled else {}

    def decide(self) -> str:
        """Return the name of the format for dates.date_sql; fills remarks and questions. Raises UserError for an unknown answer."""
        orders = [name for name in dates.ORDERS if self.counts.get(name)]
        order = self._order(orders) if orders else ""
        candidates = [name for name in self.counts if self.counts[name] and (name not in dates.ORDERS or name == order)]
        if not candidates:
            if self.filled:
                self.remarks.append(msg("No value can be read as a date."))
            return "iso"
        name = self._joined(sorted(candidates, key=lambda n: (-self.counts[n], list(dates.DATES).index(n))))
        return self._unswapped(name, order) if order and order != "ymd" and name != order else name

    # counting

    def _count(self, *what: str, where: str = "true") -> int:
        return self._row(", ".join(f"count({w})" for w in what), where)[0]

    def _row(self, what: str, where: str = "true", sample: str = "") -> tuple:
        return self.con.execute(f"{self.cells} select {what} from (select c from cells where {where}){sample}").fetchone()

    def _counts(self, iso: int) -> dict[str, int]:
        """Count the values that each format reads; formats that read nothing in a sample are left out. iso: how many that one reads."""
        others = [
            f.name for f in dates.DATES.values() if f.name != "iso" and (not f.asked or f.name == "week_digits" and self._names_weeks())
        ]
        if iso == self.filled:
            return {"iso": iso}
        rest = f"{dates.date_sql('c', 'iso')} is null"
        if self.filled - iso > SEEN:
            seen = self._readable(others, rest, f" using sample {SEEN} rows (reservoir, 1)")
            others = [name for name in others if seen[name]] or others
        return {"iso": iso} | self._readable(others, rest)

    def _readable(self, names: list[str], where: str, sample: str = "") -> dict[str, int]:
        return dict(zip(names, self._row(", ".join(f"count({dates.date_sql('c', n)})" for n in names), where, sample)))

    def _names_weeks(self) -> bool:
        return plain(self.source) in WEEKS

    # the order of day, month and year

    def _order(self, orders: list[str]) -> str:
        """Return the order of three short numbers: the one that reads most values, clear evidence between several, or a question."""
        most = max(self.counts[name] for name in orders)
        best = [name for name in orders if self.counts[name] == most]
        if len(best) > 1:
            best = self._likely(best)
        rivals = [name for name in orders if name not in best and name != "ymd"]
        proposal = self._nearer(best) or best[0]
        for other in [*best, *rivals]:
            if other != proposal and (rows := self._differing(proposal, other, both=other in best)):
                return self._ask(proposal, other, rows)
        if len(orders) == 1 or len(best) < len(orders):
            self.shown[f"{DATE_FORMAT} {self.source}"] = proposal
        return proposal

    def _likely(self, names: list[str]) -> list[str]:
        """Return the orders that are left when years with two digits have excluded those that spread the days over a far longer period."""
        if "ymd" not in names:
            return names
        spans = {
            n: span + 1 for n in names if (span := self._row(f"date_diff('day', min({self._day(n)}), max({self._day(n)}))")[0]) is not None
        }
        shortest = min(spans, key=lambda n: spans[n])
        far = {n for n in spans if spans[n] >= CLEARLY * spans[shortest]}
        if shortest == "ymd" and far >= set(names) - {"ymd"}:
            return ["ymd"]
        return [n for n in names if n != "ymd"] if "ymd" in far else names

    def _day(self, name: str) -> str:
        return f"cast({dates.date_sql('c', name)} as date)"

    def _nearer(self, names: list[str]) -> str:
        """Return the order whose days are nearest to the last stored day of the table, "" if that does not say."""
        last = db.run(self.con, "staging/last_day", table_name=self.table).fetchone()[0] if self.table and len(names) > 1 else None
        if last is None:
            return ""
        far = ", ".join(f"max(abs(date_diff('day', date '{last:%Y-%m-%d}', {self._day(n)})))" for n in names)
        distances = dict(zip(names, self._row(far)))
        nearest = min(names, key=lambda n: distances[n])
        return nearest if sum(d == distances[nearest] for d in distances.values()) == 1 else ""

    def _differing(self, name: str, other: str, both: bool) -> int:
        """Count the values that the orders read as different days; both: else those that only the other can read."""
        differs = f"{self._day(name)} <> {self._day(other)}" if both else f"{self._day(name)} is null and {self._day(other)} is not null"
        return self._count("*", where=differs)

    def _ask(self, proposal: str, other: str, rows: int) -> str:
        example = self._row("min(c)", f"{self._day(proposal)} is distinct from {self._day(other)} and {self._day(other)} is not null")[0]
        choices = tuple((name, _EXAMPLES[name]) for name in dict.fromkeys((proposal, other)))
        about = msg(
            "The dates in column {column}, such as {example}, may be {one} or {another}.",
            column=repr(self.source),
            example=example,
            one=_EXAMPLES[proposal],
            another=_EXAMPLES[other],
        )
        return self._answer(proposal, choices, about, rows)

    def _answer(self, proposal: str, choices: tuple[tuple[str, Message], ...], about: Message, rows: int) -> str:
        """Raise a question, and return its answer, else its proposal."""
        question = Question(DATE_FORMAT, self.source, proposal, choices, about, self.texts.source.file, rows, rows / max(self.filled, 1))
        self.questions.append(question)
        answer, names = self.answers.get(question.key, proposal), [name for name, _ in choices]
        if answer in names:
            return answer
        if set(answer.split("+")) <= dates.DATES.keys():  # it was about another file of this layout
            return next((name for name in names if name.split("+")[0] == answer.split("+")[0]), proposal)
        raise UserError(
            found=msg("{flag} is {value}.", flag=question.key, value=repr(answer)),
            expected=msg("The answer is one of {choices}.", choices=names),
            to_do=msg("Correct it, or remove it: the import then asks."),
        )

    # several ways of writing in one column

    def _joined(self, candidates: list[str]) -> str:
        """Return the format that reads most values, joined with those that read what it leaves."""
        joined = candidates[0]
        for name in candidates[1:]:
            if self.counts[joined.split("+")[0]] == self.filled:
                break
            if more := self._count(dates.date_sql("c", name), where=f"{dates.date_sql('c', joined)} is null"):
                joined += "+" + name
                example = dates.DATES[name].example
                self.remarks.append(
                    nmsg(
                        "{count} date is written another way, like {example}.",
                        "{count} dates are written another way, like {example}.",
                        more,
                        example=example,
                    )
                )
        return joined

    def _unswapped(self, name: str, order: str) -> str:
        """Ask about dates that a spreadsheet may have turned: it takes 05/03/2024 for 3 May and leaves 13/03/2024 as text."""
        others = [n for n in name.split("+") if n in ("iso", "excel")]
        if not others:
            return name
        turned, written = dates.date_sql("c", "+".join(others)), dates.date_sql("c", order)
        late = f"count(*) filter (where day({turned}) > 12)"
        early = f"count(*) filter (where {written} is not null and day({written}) <= 12)"
        count, certain, plain_days = self._row(f"count({turned}), {late}, {early}")
        if not count or certain or plain_days:
            return name
        swapped = "+".join(dict.fromkeys([order, *(n for n in name.split("+") if n not in others), "swapped"]))
        spans = {n: self._row(f"date_diff('day', min({self._day(n)}), max({self._day(n)}))")[0] for n in (name, swapped)}
        proposal = min(spans, key=lambda n: spans[n])
        choices = ((name, msg("as they stand")), (swapped, msg("day and month exchanged")))
        about = msg(
            "Column {column} has dates and text such as {example}. A spreadsheet may have exchanged day and month in the dates.",
            column=repr(self.source),
            example=self._row("min(c)", f"{written} is not null and {turned} is null")[0],
        )
        return self._answer(proposal, choices, about, count)
