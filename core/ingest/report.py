"""What an import did, file by file, in words for a shopkeeper and in numbers for a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass
class TableReport:
    """Counts of one table that a file feeds: read = kept + dropped + quarantined.

    replaced: how many of the kept rows take the place of stored ones. touched: the earliest day whose features change.
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
    columns: list[tuple[str, str, str]] = field(default_factory=list)  # source, canonical, how it is read

    def check(self) -> None:
        """The promise of every import. Its failure is a fault of ours, and nothing is stored."""
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


@dataclass
class FileReport:
    """One file (or one sheet). Its rows are counted for `main`; `derived` tables retell the same lines. left_out: why it is not read; ask:
    what would have to be said of its columns for it to be read (core.errors.UserError.ask)."""

    file: str
    kind: str
    encoding: str = ""
    delimiter: str = ""
    main: TableReport | None = None
    derived: list[TableReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    left_out: str = ""
    ask: dict | None = None

    def as_dict(self) -> dict:
        return {
            "file": self.file,
            "kind": self.kind,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "notes": self.notes,
            "left_out": self.left_out,
            "ask": self.ask,
            "columns_not_read": self.unread,
            "tables": {self.main.table: self.main.as_dict()} if self.main else {},
            "derived": {t.table: t.as_dict() for t in self.derived},
            "mapping": {t.table: {c: {"from": s, "read_as": how} for s, c, how in t.columns} for t in [self.main, *self.derived] if t},
        }


@dataclass
class ImportReport:
    """All files of one import."""

    mapping: str
    dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def totals(self) -> dict[str, int]:
        mains = [f.main.as_dict() for f in self.files if f.main]
        return {k: sum(m[k] for m in mains) for k in ("read", "kept", "dropped", "quarantined")}

    def as_dict(self) -> dict:
        return {
            "mapping": self.mapping,
            "dry_run": self.dry_run,
            "totals": self.totals(),
            "files": [f.as_dict() for f in self.files],
            "notes": self.notes,
        }

    def text(self) -> str:
        lines = [f"Plan (nothing is written), mapping {self.mapping}" if self.dry_run else f"Imported with mapping {self.mapping}"]
        for f in self.files:
            how = ", ".join(x for x in (f.kind, f.encoding, f"columns split at {_visible(f.delimiter)}" if f.delimiter else "") if x)
            lines += ["", f"{f.file} ({how})"]
            if f.left_out:
                lines.append(f"  left out: {f.left_out}")
            for t in [f.main, *f.derived]:
                if t is None:
                    continue
                lines.append(
                    f"  {t.table}{' (told by the same lines)' if t is not f.main else ''}: {_counts(t, self.dry_run)}"
                    + (f", {t.first_day} to {t.last_day}" if t.first_day else "")
                )
                lines += [f"      {source} -> {column}{f' ({how})' if how else ''}" for source, column, how in t.columns]
                lines += [f"    dropped {n:,}: {why}" for why, n in _most(t.dropped)]
                lines += [f"    quarantined {n:,}: {why}" for why, n in _most(t.quarantined)]
            lines += [f"  note: {n}" for n in f.notes]
            if f.unread:
                lines.append(f"  not read: {', '.join(f.unread)}")
        t = self.totals()
        lines += ["", f"{t['read']:,} rows read = {t['kept']:,} kept + {t['dropped']:,} dropped + {t['quarantined']:,} quarantined"]
        if left_out := [f.file for f in self.files if f.left_out]:
            lines.append(f"note: left out: {', '.join(left_out)} (why stands above)")
        lines += [f"note: {n}" for n in self.notes]
        return "\n".join(lines)


def _counts(t: TableReport, dry_run: bool) -> str:
    kept = "would be kept" if dry_run else "kept"
    replaced = f" ({t.replaced:,} in place of stored ones)" if t.replaced else ""
    return (
        f"{t.read:,} rows read, {t.kept:,} {kept}{replaced}, {sum(t.dropped.values()):,} dropped, "
        f"{sum(t.quarantined.values()):,} quarantined"
    )


def _most(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _visible(delimiter: str) -> str:
    return {"\t": "tabs", " ": "spaces"}.get(delimiter, delimiter)
