"""A tiny workspace/scored/ as scoring leaves it, made from the made-up snapshot of tests/serving.py."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from serving import write_snapshot

from core.config import Workspace


def write_scored(workspace: Workspace, products: int = 6, **options) -> Path:
    """Writes scored/<table>.parquet for every serving table; options are those of serving.write_snapshot."""
    folder = write_snapshot(workspace, products=products, weeks=4, segments=("all", "Germany"), current=False, **options)
    (folder / "manifest.json").unlink()
    scored = workspace.root / "scored"
    shutil.rmtree(scored, ignore_errors=True)
    folder.rename(scored)
    return scored


def change(file: Path, column: str, values: dict[int, object]) -> None:
    """Puts other values into some rows of one column of a Parquet file."""
    table = pq.read_table(file)
    rows = table[column].to_pylist()
    for row, value in values.items():
        rows[row] = value
    place = table.schema.get_field_index(column)
    field = table.schema.field(place).with_nullable(True)
    pq.write_table(table.set_column(place, field, pa.array(rows, field.type)), file)
