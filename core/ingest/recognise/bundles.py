"""Columns that may tell the lines of bundles from those of their parts."""

from __future__ import annotations

from core.ingest.names import plain
from core.ingest.readers.source import Source
from core.ingest.recognise.documents import few_values
from core.ingest.recognise.table_plan import BundleColumns, TablePlan
from core.ingest.words import column_words, normalised, state_columns

_NAMING = ("product_id", "line_id")  # what another line may name a line by


def bundle_columns(source: Source, columns: list[str], plan: TablePlan) -> BundleColumns | None:
    """Return the columns of order lines that may say which are parts of bundles; None where none may. columns: with those of lookups."""
    used = {
        s
        for target in ("product_id", "order_id", "line_id", "ordered_at")
        if target in plan.columns
        for s in plan.columns[target].sources[:1]
    }

    def of_role(role: str) -> tuple[str, ...]:
        return tuple(c for c in columns if plain(c) in column_words(role) and c not in used)

    said = tuple((c, parts) for c, values in few_values(source, columns).items() if c not in used and (parts := _parts(c, values)))
    parents, bundles = of_role("parents"), of_role("bundles")
    if not (parents or bundles or said):
        return None
    named = [s for target in _NAMING if target in plan.columns for s in plan.columns[target].sources]
    lines = dict.fromkeys([*named, *(c for c in columns if plain(c) in column_words("lines"))])
    return BundleColumns(parents, bundles, said, tuple(lines))


def _parts(column: str, values: list[str]) -> tuple[str, ...]:
    """Return the values of a column by which a line is a part: any yes, or words for parts beside those for bundles."""
    if plain(column) in column_words("are_parts"):
        return tuple(value for value in values if normalised(value) and normalised(value) not in state_columns("no"))
    is_of_lines = plain(column) in column_words("kinds_of_lines")
    if not (is_of_lines and any(plain(value) in column_words("kinds_of_bundles") for value in values)):
        return ()
    return tuple(value for value in values if plain(value) in column_words("kinds_of_parts"))
