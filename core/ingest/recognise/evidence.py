"""What the values of columns show, over the whole file: their shapes, their variety, and which column determines which."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.blanks import NO_TEXT
from core.ingest.readers.source import BATCH_ROWS, Source

_BLANK = pa.array([*NO_TEXT])
_SHAPES = {  # of a whole value
    "date": r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2})?.*|\d{1,2}[-/. ](\d{1,2}|\pL{3,12}\.?)[-/., ]+(\d{4}|\d{2})\b.*"
    r"|(19|20)\d{6}|1[0-9]{9}|1[0-9]{12}|\pL{3,12}\.? \d{1,2},? \d{4}.*",
    "day": r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))(\D.*)?",
    "number": r"[-+]?\d{1,3}([., ’']\d{3})*([.,]\d+)?|[-+]?\d+([.,]\d+)?",
    "money": r"[^\d]{0,4}[-+]?\d+([., ’']\d{3})*[.,]\d{2}[^\d]{0,4}",
    "count": r"[-+]?\d{1,5}([.,]\d+)?",
    "whole": r"[-+]?\d{1,5}([.,]0+)?",
    "small": r"[-+]?\d{1,3}([.,]0+)?",
    "zero": r"[-+]?0*([.,]0*)?",
    "code": r"[^\s@]{1,40}",
    "words": r".*\pL.*\pL.*\pL.*",
    "short": r".{1,4}",
}


@dataclass(frozen=True)
class Shape:
    """Of one column: rows, how many are filled, their different values, and the share of filled cells of each of _SHAPES."""

    rows: int
    filled: int
    different: int
    shares: dict[str, float]

    def share(self, shape: str) -> float:
        return self.shares[shape]


class Evidence:
    """The rows of a source, all or the first ones. Each answer reads the columns that it is about, and only once."""

    def __init__(self, source: Source, first: int | None = None):
        self.source, self.first = source, first
        self.shape = cache(self._shape)
        self._counts: dict[tuple[str, ...], pa.Table] = {}

    def different(self, *columns: str) -> int:
        """Return how many different values, or combinations of values, the columns have on rows where all are filled."""
        return len(self._filled(*columns))

    def rows(self, column: str) -> int:
        """Return how many rows have a value."""
        return pc.sum(self._filled(column)["n"]).as_py() or 0

    def determines(self, key: str, column: str) -> float:
        """Return the share of the keys on several rows that have one value of the column on all of them; 1 where no key repeats."""
        by_key = self._filled(key, column).group_by("c0").aggregate([("n", "sum"), ([], "count_all")])
        several = by_key.filter(pc.greater(by_key["n_sum"], 1))
        return pc.mean(pc.cast(pc.equal(several["count_all"], 1), pa.float64())).as_py() if len(several) else 1.0

    def names(self, number: str, name: str) -> bool:
        """Return whether a column is the name of what another one numbers: the same on several lines of each, whoever bought."""
        numbered = self.different(number)
        return self.different(number, name) == numbered > 0 and self.rows(number) >= 3 * numbered

    def differ(self, one: str, other: str) -> float:
        """Return the share of rows with both values whose values differ."""
        pairs = self._filled(one, other)
        rows, unlike = pc.sum(pairs["n"]).as_py(), pc.sum(pairs.filter(pc.not_equal(pairs["c0"], pairs["c1"]))["n"]).as_py()
        return (unlike or 0) / rows if rows else 0.0

    def numbers(self, column: str, within: str = "") -> bool:
        """Return whether a column numbers the rows, or those of each value of `within`: 1, 2, 3 ..., and not 1 everywhere."""
        if self.shape(column).share("whole") < 1:
            return False
        groups: dict[str, list[int]] = {}
        for row in self._filled(*([within] if within else []), column).to_pylist():
            number = int(float(row["c1" if within else "c0"].replace(",", ".")))
            groups.setdefault(row["c0"] if within else "", []).extend([number] * row["n"])
        ordered = [sorted(numbers) for numbers in groups.values()]
        first = 1 if within else min(ordered, default=[1])[0]
        return any(len(each) > 1 for each in ordered) and all(each == list(range(first, first + len(each))) for each in ordered)

    def look_at(self, *wanted: tuple[str, ...]) -> None:
        """Count the different rows of each of these combinations of columns, in one pass over the file.

        They become c0, c1 ..., trimmed, with their number `n`; blank cells are null.
        """
        new = [columns for columns in dict.fromkeys(wanted) if columns not in self._counts]
        read = list(dict.fromkeys(column for columns in new for column in columns))
        parts: dict[tuple[str, ...], list[pa.Table]] = {columns: [] for columns in new}
        batches = self.source.batches(read, self.first or BATCH_ROWS) if new else iter(())
        for batch in itertools.islice(batches, 1) if self.first else batches:
            sound = batch.filter(pc.is_null(batch["broken"]))
            cells = {column: _without_blanks(sound[f"c{i}"]) for i, column in enumerate(read)}
            for columns in new:
                names = _names(columns)
                table = pa.table([cells[column] for column in columns], names=names)
                parts[columns].append(_named(table.group_by(names).aggregate([([], "count_all")]), "count_all"))
        for columns, counted in parts.items():
            names = _names(columns)
            none = pa.table([*[pa.array([], pa.string())] * len(names), pa.array([], pa.int64())], names=[*names, "n"])
            self._counts[columns] = _named(pa.concat_tables([none, *counted]).group_by(names).aggregate([("n", "sum")]), "n_sum")

    def _counted(self, *columns: str) -> pa.Table:
        self.look_at(columns)
        return self._counts[columns]

    def _filled(self, *columns: str) -> pa.Table:
        counted = self._counted(*columns)
        for name in _names(columns):
            counted = counted.filter(pc.is_valid(counted[name]))
        return counted

    def _shape(self, column: str) -> Shape:
        counted, filled = self._counted(column), self._filled(column)
        rows, of = pc.sum(counted["n"]).as_py() or 0, pc.sum(filled["n"]).as_py() or 0

        def share(pattern: str) -> float:
            fits = pc.match_substring_regex(filled["c0"], rf"(?s)^(?:{pattern})$")
            return (pc.sum(filled.filter(fits)["n"]).as_py() or 0) / of if of else 0.0

        return Shape(rows, of, len(filled), {name: share(pattern) for name, pattern in _SHAPES.items()})


def _names(columns: tuple[str, ...]) -> list[str]:
    return [f"c{i}" for i in range(len(columns))]


def _named(counted: pa.Table, number: str) -> pa.Table:
    """Return a table of counts with its number called `n`, as the last column."""
    names = [name for name in counted.column_names if name != number]
    return counted.select([*names, number]).rename_columns([*names, "n"])


def _without_blanks(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.is_in(pc.utf8_lower(trimmed), _BLANK), pa.scalar(None, pa.string()), trimmed)
