"""A table's record as an Arrow schema, for whoever writes its rows to Parquet."""

from __future__ import annotations

import pyarrow as pa

from core.schema.table import Table

TYPES = {
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(),
}


def arrow_schema(table: Table) -> pa.Schema:
    """Return the schema of a table's Parquet file: its columns in order, nullable where they are not required."""
    return pa.schema([pa.field(c.name, TYPES[c.type], nullable=not c.required) for c in table.columns])
