"""Writes docs/reference/tried-exports.md from imports of tests/fixtures/exports: python scripts/tried_exports.py   (same as `make docs`)"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fixtures.tried_exports import EXPORTS, OUTCOMES, Export, outcome

from core.workspace import Workspace

FILE = Path(__file__).parents[1] / "docs" / "reference" / "tried-exports.md"

PAGE = """\
# Exports that were tried

Written from imports of `tests/fixtures/exports/` by `make docs`. The columns are those of public code and documentation, the rows are made
up, and no [layout](layouts.md) declares these exports: they are read by the names of their columns. `tests/unit/test_exports.py` imports
each again and compares what comes with this page.

| what came | exports |
|---|---|
{counts}
| file | export | what it has | what came |
|---|---|---|---|
{rows}"""


def row(file: str, export: Export, came: str) -> str:
    has = export.lacks or f"{export.units and len(export.units)} products' {'stock' if export.table == 'stock' else 'sales'}"
    return f"| `{file}` | {export.system} | {has} | {came} |\n"


def main() -> None:
    came = {}
    for file in EXPORTS:
        with tempfile.TemporaryDirectory() as folder:
            came[file], _ = outcome(Workspace(Path(folder) / "workspace"), file)
    counted = Counter(came.values())
    counts = "".join(f"| {what} | {counted[what]} |\n" for what in OUTCOMES)
    rows = "".join(row(file, EXPORTS[file], came[file]) for file in sorted(EXPORTS))
    FILE.write_text(PAGE.format(counts=counts, rows=rows), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
