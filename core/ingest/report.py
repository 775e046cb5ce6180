"""What an import did, file by file: messages for a person, numbers for a program."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date

from core.ingest.questions import Answers, Question, open_questions, question_line, question_record
from core.ingest.recognise.rules import TABLE_NAMES
from core.ingest.statement import Statement, tells
from core.messages import Message, msg, nmsg, sentences
from core.messages import lines as as_lines


@dataclass(frozen=True)
class AsideLines:
    """Rows of one name that are set aside for one reason.

    reason: its template. cents: None without prices. comes_back: an answer can make products of them.
    """

    reason: str
    name: str
    rows: int
    units: float
    cents: int | None
    comes_back: bool = False

    def as_message(self) -> Message:
        return msg(
            "{name}: rows {rows}, units {units}, {money}",
            name=self.name,
            rows=self.rows,
            units=self.units,
            money=money(self.cents),
        )


@dataclass(frozen=True)
class StateCount:
    """One value of a state column and what it counts as (core.ingest.convert.states.CHOICES).

    value   the column's own name where anything that the column holds counts the same, such as the moment of cancelling
    orders  0 without order numbers
    """

    column: str
    value: str
    counts_as: str
    rows: int
    orders: int
    units: float
    cents: int | None

    def as_message(self) -> Message:
        values = {"column": self.column, "value": repr(self.value), "kind": STATE_NAMES[self.counts_as]}
        figures = msg("rows {rows}, orders {orders}, units {units}, {money}", **asdict(self) | {"money": money(self.cents)})
        if self.value == self.column:
            return msg("{column}, where it is filled, counts as {kind}: {figures}", **values, figures=figures)
        return msg("{column} {value} counts as {kind}: {figures}", **values, figures=figures)


STATE_NAMES = {"sale": msg("a sale"), "return": msg("a return"), "not a sale": msg("not a sale"), "pending": msg("pending")}


def money(cents: int | None) -> Message:
    """Return an amount for a line of the report."""
    return msg("no amount") if cents is None else msg("amount {amount}", amount=f"{cents / 100:,.2f}")


@dataclass
class TableReport:
    """Counts of one table that a file fills: read = kept + dropped + quarantined + set aside.

    replaced              how many of the kept rows replace stored ones
    dropped, quarantined, set_aside  template of the reason (a message without values) -> rows
    aside_lines           what is set aside, by name
    states                what each value of a state column counts as
    first_day, last_day   of the kept rows, ISO
    touched               the earliest day whose features change
    columns               (source, canonical column, how it is read)
    statement             what the file says, of its main table and of orders
    before                this record in the last import whose file had the same columns, read as the same
    """

    table: str
    read: int = 0
    kept: int = 0
    replaced: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)
    aside_lines: list[AsideLines] = field(default_factory=list)
    states: list[StateCount] = field(default_factory=list)
    first_day: str | None = None
    last_day: str | None = None
    touched: date | None = None
    columns: list[tuple[Message | str, str, Message | None]] = field(default_factory=list)
    statement: Statement | None = None
    before: dict | None = None

    def check(self) -> None:
        """Hold the promise of every import. Its failure is a fault of Upswing, and nothing is stored."""
        if self.read != self.kept + sum(sum(d.values()) for d in (self.dropped, self.quarantined, self.set_aside)):
            raise AssertionError(
                f"{self.table}: {self.read} read, kept {self.kept}, dropped {self.dropped}, quarantined {self.quarantined}, "
                f"set aside {self.set_aside}"
            )

    def as_dict(self) -> dict:
        return {
            "read": self.read,
            "kept": self.kept,
            "dropped": sum(self.dropped.values()),
            "quarantined": sum(self.quarantined.values()),
            "set_aside": sum(self.set_aside.values()),
            "replaced": self.replaced,
            "dropped_by_reason": self.dropped,
            "quarantined_by_reason": self.quarantined,
            "set_aside_by_reason": self.set_aside,
            "set_aside_lines": [asdict(one) for one in self.aside_lines],
            "states": [asdict(one) for one in self.states],
            "first_day": self.first_day,
            "last_day": self.last_day,
            "statement": self.statement.as_dict() if self.statement else None,
        }

    def lines(self, is_main: bool, dry_run: bool) -> list[Message]:
        """Return the lines of the report on this table."""
        values = {
            "table": TABLE_NAMES[self.table],
            "read": self.read,
            "kept": self.kept,
            "dropped": sum(self.dropped.values()),
            "quarantined": sum(self.quarantined.values()),
        }
        counts = (
            msg("{table}: {read} rows read, {kept} would be kept, {dropped} skipped, {quarantined} rejected.", **values)
            if dry_run
            else msg("{table}: {read} rows read, {kept} kept, {dropped} skipped, {quarantined} rejected.", **values)
        )
        aside = nmsg("{count} row is set aside.", "{count} rows are set aside.", sum(self.set_aside.values())) if self.set_aside else ""
        replaced = nmsg("{count} kept row replaces a stored one.", "{count} kept rows replace stored ones.", self.replaced)
        first, last = (date.fromisoformat(day) if day else None for day in (self.first_day, self.last_day))
        head = sentences(
            counts,
            aside,
            replaced if self.replaced else "",
            msg("From {first} to {last}.", first=first, last=last) if first else "",
            "" if is_main else msg("Read from the same rows."),
        )
        lines = [_indented(2, head)]
        for source, column, how in self.columns:
            values = {"source": source, "column": column}
            lines.append(
                _indented(
                    6, Message("{source} -> {column} ({how})", {**values, "how": how}) if how else Message("{source} -> {column}", values)
                )
            )
        lines += [_indented(4, line) for line in (self.statement.lines() if self.statement and dry_run else ())]
        lines += [_indented(4, state.as_message()) for state in self.states]
        for reason, n in _by_count(self.set_aside):
            lines.append(_indented(4, msg("Set aside {count}: {reason}", count=n, reason=Message(reason))))
            lines += [_indented(6, one.as_message()) for one in self.aside_lines if one.reason == reason and one.name]
        lines += [_indented(4, msg("Skipped {count}: {reason}", count=n, reason=Message(reason))) for reason, n in _by_count(self.dropped)]
        lines += [
            _indented(4, msg("Rejected {count}: {reason}", count=n, reason=Message(reason))) for reason, n in _by_count(self.quarantined)
        ]
        return lines


@dataclass
class FileReport:
    """One file (or one sheet). Its rows are counted for `main`; `derived` tables are filled from the same lines.

    unread      columns that are not read
    outside     those of them that are about persons -> what they look like
    left_out    why it is not read; refused: it may hold sales, so that an import waits for it
    ask         which columns it would need (core.errors.UserError.ask)
    layout      the layout that it is read by and how that was recognised, if it is a known one
    layout_key  the layout's name, or the signature of the columns: what answers are remembered under
    questions   what it leaves open, answered or not; answers: those known for its layout, by the questions' keys
    """

    file: str
    kind: Message
    encoding: str = ""
    delimiter: str = ""
    main: TableReport | None = None
    derived: list[TableReport] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    outside: dict[str, Message] = field(default_factory=dict)
    left_out: Message | None = None
    refused: bool = False
    ask: dict | None = None
    layout: Message | None = None
    layout_key: str = ""
    questions: list[Question] = field(default_factory=list)
    answers: Answers = field(default_factory=dict)
    shown: Answers = field(default_factory=dict)

    @property
    def tables(self) -> list[TableReport]:
        return [t for t in (self.main, *self.derived) if t is not None]

    def as_dict(self) -> dict:
        return {
            "file": self.file,
            "kind": str(self.kind),
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "notes": [str(note) for note in self.notes],
            "note_messages": [note.as_dict() for note in self.notes],
            "left_out": str(self.left_out or ""),
            "left_out_message": self.left_out.as_dict() if self.left_out else None,
            "ask": self.ask,
            "refused": self.refused,
            "layout": str(self.layout or ""),
            "layout_message": self.layout.as_dict() if self.layout else None,
            "questions": [question_record(q, self.answers) for q in self.questions],
            "answers": self.answers,
            "columns_not_read": self.unread,
            "columns_outside": {column: str(what) for column, what in self.outside.items()},
            "tables": {self.main.table: self.main.as_dict() | {"before": self.main.before}} if self.main else {},
            "derived": {t.table: t.as_dict() | {"before": t.before} for t in self.derived},
            "mapping": {t.table: {c: {"from": str(s), "read_as": str(how or "")} for s, c, how in t.columns} for t in self.tables},
        }

    def lines(self, dry_run: bool) -> list[Message]:
        """Return the lines of the report on this file."""
        delimiters = {"\t": msg("tabs"), " ": msg("spaces")}
        delimiter = (
            msg("columns separated by {delimiter}", delimiter=delimiters.get(self.delimiter, self.delimiter)) if self.delimiter else ""
        )
        how = [part for part in (self.kind, self.encoding, delimiter) if part]
        lines = [Message("{file} ({how})", {"file": self.file, "how": how})]
        if self.layout:
            lines.append(_indented(2, self.layout))
        if self.left_out:
            waits = msg("Not read yet: {reason}", reason=self.left_out)
            lines.append(_indented(2, waits if self.refused else msg("Skipped: {reason}", reason=self.left_out)))
        for t in self.tables:
            lines += t.lines(t is self.main, dry_run)
        lines += [_indented(2, msg("Note: {note}", note=note)) for note in self.notes]
        told = [q for q in self.questions if q.matters or q.proposal or q.key in self.answers]
        lines += [_indented(2, question_line(q, self.answers)) for q in told]
        if self.outside:
            each = [Message("{column} ({how})", {"column": column, "how": what}) for column, what in self.outside.items()]
            lines.append(_indented(2, msg("Not imported, as personal data: {columns}", columns=each)))
        rest = [column for column in self.unread if column not in self.outside]
        if rest and not (dry_run and self.main and self.main.statement):
            lines.append(_indented(2, msg("Columns not read: {columns}", columns=rest)))
        return lines


@dataclass
class ImportReport:
    """All files of one import."""

    mapping: str
    dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    shop: dict = field(default_factory=dict)  # what the page proposes for the shop: its currency, its segments and what else may form them

    @property
    def questions(self) -> list[Question]:
        """The questions of all files, each once."""
        return list({q.key: q for f in reversed(self.files) for q in reversed(f.questions)}.values())[::-1]

    def open(self) -> list[Question]:
        """Return those that matter and that nobody has answered, each once."""
        found = [q for f in self.files for q in open_questions(f.questions, f.answers)]
        return list({q.key: q for q in reversed(found)}.values())[::-1]

    def tells(self) -> Message:
        """Return whether anything in the files tells of sales, views or reviews."""
        return tells([t.table for f in self.files for t in f.tables if t.kept or t.dropped], bool(self.open()))

    def totals(self) -> dict[str, int]:
        """Return the rows of all files: read, kept, dropped, quarantined, set aside."""
        mains = [f.main.as_dict() for f in self.files if f.main]
        return {k: sum(m[k] for m in mains) for k in ("read", "kept", "dropped", "quarantined", "set_aside")}

    def not_kept(self) -> list[str]:
        """Return the files that have rows of which none is kept, or known from before."""
        mains = [(f.file, f.main) for f in self.files if f.main and f.main.read]
        return [file for file, main in mains if not main.kept and not sum(main.dropped.values())]

    def as_dict(self) -> dict:
        return {
            "mapping": self.mapping,
            "dry_run": self.dry_run,
            "totals": self.totals(),
            "tells": self.tells().as_dict(),
            "shop": self.shop,
            "open": [q.key for q in self.open()],
            "files": [f.as_dict() for f in self.files],
            "notes": [str(note) for note in self.notes],
            "note_messages": [note.as_dict() for note in self.notes],
        }

    def text(self) -> Message:
        """Return the whole report, to be shown in the reader's language."""
        head = (
            msg("Plan of an import with the mapping {mapping}. Nothing is written.", mapping=self.mapping)
            if self.dry_run
            else msg("Imported with the mapping {mapping}.", mapping=self.mapping)
        )
        parts: list[Message | str] = [head]
        if self.dry_run:
            parts.append(self.tells())
        for f in self.files:
            parts += ["", *f.lines(self.dry_run)]
        parts += [
            "",
            msg("{read} rows read = {kept} kept + {dropped} skipped + {quarantined} rejected + {set_aside} set aside", **self.totals()),
        ]
        if left_out := [f.file for f in self.files if f.left_out and not f.refused]:
            parts.append(msg("Skipped: {files}. The reasons are above.", files=left_out))
        if self.dry_run and (asked := self.open()):
            parts.append(
                nmsg(
                    "{count} question is open: the import waits for it.",
                    "{count} questions are open: the import waits for them.",
                    len(asked),
                )
            )
            parts.append(Message("  {flags}", {"flags": " ".join(q.argument() for q in asked)}))
        parts += [msg("Note: {note}", note=note) for note in self.notes]
        return as_lines(*parts)


def _indented(spaces: int, line: Message) -> Message:
    return Message(" " * spaces + "{line}", {"line": line})


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
