"""The tables of a backtest as Parquet files: predictions and demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.evaluation.backtest.judgement import MODEL, Evidence
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS


def write_predictions(path: Path, evidence: Evidence) -> None:
    """Write one row per test row: probabilities and outcomes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table(
            {
                "block": evidence.block,
                "origin": evidence.origin,
                "product_id": pa.array(evidence.product, pa.string()),
                "segment": pa.array(evidence.segment, pa.string()),
                "rising_probability": evidence.rising[MODEL],
                "falling_probability": evidence.falling,
                "rising": evidence.y > 0,
                "falling": evidence.fell > 0,
                "n_base": evidence.n_base,
                "n_horizon": evidence.n_horizon,
                "expected": evidence.expected,
                "days_on_sale": evidence.days_on_sale,
            }
        ),
        path,
        compression="zstd",
    )


def write_demand(path: Path, evidence: Evidence, rows_a_group: int = 20_000) -> None:
    """Write one row per (test row, weeks, level); actual is null where the weeks have not passed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape = (len(DEMAND_WEEKS), len(DEMAND_LEVELS))
    schema = pa.schema(
        [
            ("block", pa.int32()),
            ("origin", pa.date32()),
            ("product_id", pa.string()),
            ("segment", pa.string()),
            ("weeks", pa.int32()),
            ("level", pa.float64()),
            ("quantile", pa.float64()),
            ("actual", pa.float64()),
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(evidence.y), rows_a_group):
            cut = slice(start, start + rows_a_group)
            n = len(evidence.y[cut])
            actual = np.repeat(evidence.actual[cut].astype(float), shape[1])
            each = {
                name: np.repeat(getattr(evidence, name)[cut], shape[0] * shape[1]) for name in ("block", "origin", "product", "segment")
            }
            writer.write_table(
                pa.table(
                    {
                        "block": each["block"],
                        "origin": pa.array(each["origin"], pa.date32()),
                        "product_id": each["product"],
                        "segment": each["segment"],
                        "weeks": np.tile(np.repeat(np.array(DEMAND_WEEKS, dtype=np.int32), shape[1]), n),
                        "level": np.tile(DEMAND_LEVELS, n * shape[0]),
                        "quantile": evidence.demand[MODEL][cut].astype(float).ravel(),
                        "actual": pa.array(actual, mask=~np.isfinite(actual)),
                    },
                    schema=schema,
                )
            )
