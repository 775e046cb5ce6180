"""What an import did, file by file: messages for a person, numbers for a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from core.ingest.questions import Answers, Question
from core.ingest.recognise.rules import TABLE_NAMES
from core.messages import Message, msg, nmsg, sentences
from core.messages import lines as as_lines


@dataclass
class TableReport:
    """Counts of one table that a file fills: read = kept + dropped + quarantined.

    replaced              how many of the kept rows replace stored ones
    dropped, quarantined  template of the reason (a message without values) -> rows
    first_day, last_day   of the kept rows, ISO
    touched               the earliest day whose features change
    columns               (source, canonical column, how it is read)
    """

    table: str
    read: int = 0
    kept: int = 0
    replaced: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    first_day: str | None = None
    last_day: str | None = None
    touched: date | None = None
    columns: list[tuple[Message | str, str, Message | None]] = field(default_factory=list)

    def check(self) -> None:
        """Hold the promise of every import. Its failure is a fault of Upswing, and nothing is stored."""
        if self.read != self.kept + sum(self.dropped.values()) + sum(self.quarantined.values()):
            raise AssertionError(
                f"{self.table}: {self.read} read, kept {self.kept}, dropped {self.dropped}, quarantined {self.quarantined}"
            )

    def as_dict(self) -> dict:
        return {
            "read": self.read,
            "kept": self.kept,
            "dropped": sum(self.dropped.values()),
            "quarantined": sum(self.quarantined.values()),
            "replaced": self.replaced,
            "dropped_by_reason": self.dropped,
            "quarantined_by_reason": self.quarantined,
            "first_day": self.first_day,
            "last_day": self.last_day,
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
            msg("{table}: {read} rows read, {kept} would be kept, {dropped} dropped, {quarantined} quarantined.", **values)
            if dry_run
            else msg("{table}: {read} rows read, {kept} kept, {dropped} dropped, {quarantined} quarantined.", **values)
        )
        replaced = nmsg("{count} kept row replaces a stored one.", "{count} kept rows replace stored ones.", self.replaced)
        first, last = (date.fromisoformat(day) if day else None for day in (self.first_day, self.last_day))
        head = sentences(
            counts,
            replaced if self.replaced else "",
            msg("From {first} to {last}.", first=first, last=last) if first else "",
            "" if is_main else msg("Its rows are read from the same lines."),
        )
        lines = [_indented(2, head)]
        for source, column, how in self.columns:
            values = {"source": source, "column": column}
            lines.append(
                _indented(
                    6, Message("{source} -> {column} ({how})", {**values, "how": how}) if how else Message("{source} -> {column}", values)
                )
            )
        lines += [_indented(4, msg("Dropped {count}: {reason}", count=n, reason=Message(reason))) for reason, n in _by_count(self.dropped)]
        lines += [
            _indented(4, msg("Quarantined {count}: {reason}", count=n, reason=Message(reason))) for reason, n in _by_count(self.quarantined)
        ]
        return lines


@dataclass
class FileReport:
    """One file (or one sheet). Its rows are counted for `main`; `derived` tables are filled from the same lines.

    left_out   why it is not read
    ask        which columns it would need (core.errors.UserError.ask)
    questions  what the file does not say; answers: those known for its layout, by the questions' keys
    """

    file: str
    kind: Message
    encoding: str = ""
    delimiter: str = ""
    main: TableReport | None = None
    derived: list[TableReport] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    left_out: Message | None = None
    ask: dict | None = None
    questions: list[Question] = field(default_factory=list)
    answers: Answers = field(default_factory=dict)

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
            "columns_not_read": self.unread,
            "tables": {self.main.table: self.main.as_dict()} if self.main else {},
            "derived": {t.table: t.as_dict() for t in self.derived},
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
        if self.left_out:
            lines.append(_indented(2, msg("Left out: {reason}", reason=self.left_out)))
        for t in self.tables:
            lines += t.lines(t is self.main, dry_run)
        lines += [_indented(2, msg("Note: {note}", note=note)) for note in self.notes]
        if self.unread:
            lines.append(_indented(2, msg("Columns not read: {columns}", columns=self.unread)))
        return lines


@dataclass
class ImportReport:
    """All files of one import."""

    mapping: str
    dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)

    def totals(self) -> dict[str, int]:
        """Return the rows of all files: read, kept, dropped, quarantined."""
        mains = [f.main.as_dict() for f in self.files if f.main]
        return {k: sum(m[k] for m in mains) for k in ("read", "kept", "dropped", "quarantined")}

    def as_dict(self) -> dict:
        return {
            "mapping": self.mapping,
            "dry_run": self.dry_run,
            "totals": self.totals(),
            "files": [f.as_dict() for f in self.files],
            "notes": [str(note) for note in self.notes],
            "note_messages": [note.as_dict() for note in self.notes],
        }

    def message(self) -> Message:
        """Return the whole report, to be shown in the reader's language."""
        head = (
            msg("Plan of an import with the mapping {mapping}. Nothing is written.", mapping=self.mapping)
            if self.dry_run
            else msg("Imported with the mapping {mapping}.", mapping=self.mapping)
        )
        parts: list[Message | str] = [head]
        for f in self.files:
            parts += ["", *f.lines(self.dry_run)]
        parts += ["", msg("{read} rows read = {kept} kept + {dropped} dropped + {quarantined} quarantined", **self.totals())]
        if left_out := [f.file for f in self.files if f.left_out]:
            parts.append(msg("Left out: {files}. The reasons are above.", files=left_out))
        parts += [msg("Note: {note}", note=note) for note in self.notes]
        return as_lines(*parts)

    def text(self, language: str = "en") -> str:
        """Return the whole report as text in a language of core.messages.LOCALES."""
        return self.message().show(language)


def _indented(spaces: int, line: Message) -> Message:
    return Message(" " * spaces + "{line}", {"line": line})


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
