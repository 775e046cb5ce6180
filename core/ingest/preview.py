"""The first values of a file's columns, for a person who says which column is which. Nothing is stored."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError
from core.ingest.readers.files import open_sources

ROWS = 50  # looked at


def first_values(files: list[Path], count: int = 3) -> dict[str, dict[str, list[str]]]:
    """Return file -> column -> its first different values, blanks left out; nothing of files that cannot be read."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in files:
        try:
            with open_sources(path) as sources:
                for source in sources:
                    cells = source.sample_cells(source.columns, ROWS)
                    found[source.file] = {c: _first(values, count) for c, values in zip(source.columns, cells)}
        except UserError:  # which the check of the files reports
            continue
    return found


def _first(values: list[str | None], count: int) -> list[str]:
    return list(dict.fromkeys(v.strip() for v in values if v and v.strip()))[:count]
