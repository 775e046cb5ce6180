"""Parquet: typed columns, handed out as text that reads back as the same value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import UserError
from core.ingest.readers.limits import refuse_width
from core.ingest.readers.source import BATCH_ROWS, EXACT, Source, text_table, value_text
from core.messages import msg

MOST_ROWS, ROWS_PER_BYTE = 10_000_000, 20  # a constant column takes no bytes at all: rows beyond both are made up


def open_parquet(path: Path, name: str) -> Source:
    """Return the table of a file as a source. Raises UserError for one without rows."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        refuse_width(len(schema), name)
        if file.metadata.num_rows > MOST_ROWS + ROWS_PER_BYTE * path.stat().st_size:
            raise UserError(
                found=msg("{file} has {count} rows, far more than its size allows for.", file=name, count=file.metadata.num_rows),
                expected=msg("The rows of a table differ from each other."),
                to_do=msg("Check what is in it, and export it again."),
            )
        if len(set(schema.names)) < len(schema.names):
            raise UserError(
                found=msg("{file} has two columns of one name.", file=name),
                expected=msg("Each column of a Parquet file has a name of its own."),
                to_do=msg("Rename one of them."),
            )
        if file.metadata.num_rows == 0:
            raise UserError(
                found=msg("{file} has no rows.", file=name),
                expected=msg("A file to import needs at least one row."),
                to_do=msg("Export it again."),
            )

    def batches(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        line = 1
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(rows, columns=columns):
                cells = [column_text(batch.column(c)) for c in columns]
                yield text_table(range(line, line + len(batch)), pa.nulls(len(batch), pa.string()), cells)
                line += len(batch)

    typed = {
        f.name: "time" if pa.types.is_temporal(f.type) else "number"
        for f in schema
        if pa.types.is_timestamp(f.type) or pa.types.is_date(f.type) or pa.types.is_floating(f.type) or pa.types.is_integer(f.type)
    }
    return Source(name, msg("Parquet"), schema.names, batches, typed)


def column_text(array: pa.Array) -> pa.Array:
    """Return an Arrow column as text that reads back as the same value; lists of texts are joined."""
    kind = array.type
    if pa.types.is_string(kind):
        return array
    if pa.types.is_dictionary(kind):
        return column_text(array.dictionary_decode())
    if pa.types.is_timestamp(kind):
        array = pc.cast(array, pa.timestamp("us"), safe=False)  # with a zone: the same instant in UTC
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()], pa.string())
    elif pa.types.is_floating(kind):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, kind))
        if pa.types.is_float16(kind):
            return pc.cast(array, pa.string())
        # Ids are floats where some are missing: 4006381333931 is one, 4.006381333931e+12 is none.
        whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), float(EXACT)))
        numbers = pc.cast(pc.if_else(whole, array, pa.scalar(None, kind)), pa.int64())
        return pc.coalesce(pc.cast(numbers, pa.string()), pc.cast(array, pa.string()))
    try:
        return pc.cast(array, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # nested, or a kind that Arrow does not write as text
        return pa.array([value_text(value) for value in array.to_pylist()], pa.string())
