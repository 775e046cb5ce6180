"""Smaller data for a dry run. A smaller copy of the UCI file: python -m bench.subsample SOURCE OUT [ONE_PRODUCT_IN [LAST_DAYS_CUT]]"""

from __future__ import annotations

import sys
import zlib
from datetime import datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def subsample(source: Path, out: Path, one_in: int = 1, days_cut: int = 0) -> None:
    """Write a copy with one product in `one_in`, by a hash of its code and with all of its rows, without the last `days_cut` days."""
    table = pq.read_table(source)
    if one_in > 1:
        codes = [code for code in table["StockCode"].unique().to_pylist() if code and zlib.crc32(code.encode()) % one_in == 0]
        table = table.filter(pc.is_in(table["StockCode"], pa.array(codes, table["StockCode"].type)))
    if days_cut:
        last = pc.max(table["InvoiceDate"]).as_py().date()
        end = datetime.combine(last - timedelta(days_cut - 1), time())
        table = table.filter(pc.less(table["InvoiceDate"], pa.scalar(end, table["InvoiceDate"].type)))
    pq.write_table(table, out, compression="zstd")


def subsample_panel(folder: Path, one_in: int) -> None:
    """Keep one product in `one_in` of a workspace's panel, by a hash of its id, with all of its rows."""
    for name in ("panel", "texts"):
        table = pq.read_table(folder / f"{name}.parquet")
        ids = [i for i in table["product_id"].unique().to_pylist() if zlib.crc32(i.encode()) % one_in == 0]
        pq.write_table(table.filter(pc.is_in(table["product_id"], pa.array(ids, table["product_id"].type))), folder / f"{name}.parquet")


if __name__ == "__main__":
    subsample(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
