"""Write tables reproducibly, so that the same table is always the same bytes: gzip without a time, Parquet without pandas' metadata."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def write(path: Path, frame: pd.DataFrame) -> dict:
    """Write one table in the format of the file name; return {sha256, bytes, rows}."""
    return write_bytes(path, _encode(path.name, frame), len(frame))


def write_bytes(path: Path, content: bytes, rows: int) -> dict:
    """Write a file of so many rows; return {sha256, bytes, rows}."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": rows}


def _encode(name: str, frame: pd.DataFrame) -> bytes:
    if name.endswith(".parquet"):
        return _parquet(frame)
    if ".jsonl" in name:
        rows = ({k: v for k, v in row.items() if not pd.isna(v) and v != ""} for row in frame.to_dict("records"))
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    else:
        content = frame.to_csv(index=False, lineterminator="\n").encode()
    if not name.endswith(".gz"):
        return content
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as stream:
        stream.write(content)
    return packed.getvalue()


def _parquet(frame: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(frame.infer_objects(), preserve_index=False).replace_schema_metadata(None)
    table = table.cast(pa.schema([(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema]))
    times = [f.name for f in table.schema if pa.types.is_timestamp(f.type)]
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        compression_level=19,
        row_group_size=200_000,
        coerce_timestamps="ms",
        use_dictionary=[n for n in table.column_names if n not in times],
        column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
    )
    return buffer.getvalue()
