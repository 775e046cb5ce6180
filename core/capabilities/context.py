"""The context that `score` hands to each capability in turn: its inputs, and how it writes its tables."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.capabilities.record import Capability
from core.errors import NotReady, UpswingError
from core.evaluation.baselines import WeeklyUnits
from core.messages import msg
from core.models.calibrate import InterceptShift
from core.progress import Progress, silent
from core.schema import ALL, Table
from core.schema.arrow import arrow_schema
from core.settings import Settings
from core.storage.engine import Engine, open_engine
from core.workspace import Workspace

if TYPE_CHECKING:  # torch is imported only where a model is loaded
    from core.models.panel import Panel
    from core.models.predict import FittedModel

_ROW_GROUP = 50_000  # a page reads one product; small groups, sorted by product, are skipped by their statistics


@dataclass(frozen=True)
class LiveRows:
    """The rows that are forecast, n of them, in the panel's order (product, segment): names, and row numbers of the panel."""

    panel: Panel
    rows: np.ndarray
    product: pa.Array
    segment: pa.Array
    all: np.ndarray  # (n,) bool: the segment is all customers

    @classmethod
    def of(cls, panel) -> LiveRows:
        """Return the rows of a panel's last origin. Raises NotReady where it has none."""
        rows = panel.latest()
        if not len(rows):
            raise NotReady(
                expected=msg("Forecasts need products with recent sales."),
                found=msg("No product sold recently before {day}.", day=date.fromisoformat(panel.meta["as_of"])),
                to_do=msg("Import newer data, then run `upswing features`."),
            )
        return cls(
            panel,
            rows,
            named(panel.products, panel.product[rows]),
            named(panel.segments, panel.segment[rows]),
            np.asarray(panel.all_rows[rows]),
        )

    @property
    def products(self) -> pa.Array:
        """The forecast products, one entry each: those of the rows of all customers."""
        return self.product.filter(pa.array(self.all))

    def repeated(self, times: int) -> dict[str, pa.Array]:
        """Return product_id and segment, each row `times` times in a row."""
        places = pa.array(np.repeat(np.arange(len(self.rows), dtype=np.int32), times))
        return {"product_id": self.product.take(places), "segment": self.segment.take(places)}


@dataclass(frozen=True)
class Context:
    """Everything that a capability may read: the warehouse, the model's predictions, settings, and the tables written before it.

    predicted        "rising", "falling", "logit" (n,) and "demand" (n, 5, 9), of the live rows
    intercept_shift  recalibration of the rising intercept, as `predicted` uses it
    """

    workspace: Workspace
    settings: Settings
    live: LiveRows
    predicted: dict[str, np.ndarray]
    as_of: date
    model_id: str
    model: FittedModel
    intercept_shift: InterceptShift
    folder: Path
    engine_name: str
    open: ExitStack  # closes the engine
    progress: Progress = silent
    rows: dict[str, int] = field(default_factory=dict)  # table -> rows written

    @cached_property
    def engine(self) -> Engine:
        """The warehouse, read-only, with the table `live` (place, product_id): the forecast products in their order.

        It opens when it is first read, so that others may write the warehouse while forecasts are explained.
        """
        engine = self.open.enter_context(open_engine(self.workspace.warehouse, self.engine_name, self.workspace.cache, read_only=True))
        engine.register("live", pa.table({"place": np.arange(len(self.live.products)), "product_id": self.live.products}))
        return engine

    @cached_property
    def with_order_lines(self) -> Engine:
        """The engine with the table `order_lines`: the lines that count, with their segment. It is made once for all capabilities."""
        self.engine.table("features/order_lines", attribute=self.live.panel.meta["segment_attribute"] or "")
        return self.engine

    @cached_property
    def segments(self) -> list[str]:
        """The customer segments that are forecast, beside all customers."""
        return [name for name in self.live.segment.unique().to_pylist() if name != ALL]

    @cached_property
    def demand(self) -> np.ndarray:
        """(products, weeks, levels): the demand quantiles of all customers."""
        return self.predicted["demand"][self.live.all]

    @cached_property
    def falling(self) -> np.ndarray:
        """(products,): the probability of falling among all customers."""
        return self.predicted["falling"][self.live.all]

    @cached_property
    def weekly_units(self) -> np.ndarray:
        """(products, weeks): the units that all customers wanted, oldest week first."""
        panel = self.live.panel
        of = np.asarray(panel.product)[self.live.rows[self.live.all]]
        return WeeklyUnits.query(self.engine, panel.products, self.as_of).units[of]

    @cached_property
    def warehouse_tables(self) -> dict[str, dict]:
        """Rows and last day of each canonical table, by name."""
        return {table["table_name"]: table for table in self.engine.rows("scoring/tables")}

    def read(self, table: str, columns: list[str] | None = None, filters: list[tuple] | None = None) -> pa.Table:
        """Return a table that was written earlier, such as `forecasts`; of a large one some columns, and the rows that pass the filters."""
        return pq.read_table(self.folder / f"{table}.parquet", columns=columns, filters=filters)

    def write(self, table: Table, columns: dict | pa.Table) -> None:
        """Write a serving table in exactly its record's columns and types; NaN and NaT become null.

        Raises UpswingError where a required value is missing.
        """
        schema, arrays = arrow_schema(table), []
        for column in table.columns:
            values = columns[column.name]
            if not isinstance(values, (pa.Array, pa.ChunkedArray)):
                values = pa.array(values, from_pandas=True)
            values = values.cast(schema.field(column.name).type)
            if column.required and values.null_count:
                raise UpswingError(msg("{column} is missing in {rows} rows.", column=f"{table.name}.{column.name}", rows=values.null_count))
            arrays.append(values)
        written = pa.Table.from_arrays(arrays, schema=schema)
        pq.write_table(written, self.folder / f"{table.name}.parquet", row_group_size=_ROW_GROUP, compression="zstd")
        self.rows[table.name] = written.num_rows

    def write_rows(self, table: Table, rows: pd.DataFrame | list[dict]) -> None:
        """Write a serving table from its rows; columns that they lack are null. Raises as `write`."""
        frame = pd.DataFrame(rows, columns=list(table.names))
        self.write(table, {name: pa.nulls(len(frame)) if frame[name].isna().all() else frame[name] for name in table.names})

    def write_empty(self, *tables: Table) -> None:
        """Write tables without rows, where the shop gives nothing to fill them."""
        for table in tables:
            self.write(table, {name: [] for name in table.names})

    def check_complete(self, capability: Capability) -> None:
        """Raise ValueError, a defect of the capability, where it has not written all of its tables."""
        missing = [table.name for table in capability.tables if table.name not in self.rows]
        if missing:
            raise ValueError(f"capability {capability.name} has not written {json.dumps(missing)}")


def named(names, places: np.ndarray) -> pa.Array:
    """Return text by its place in a list of names, without a Python string for each row."""
    return pa.array(list(names), pa.string()).take(pa.array(np.asarray(places, dtype=np.int32)))


def part(progress: Progress, inside: str, start: float, end: float) -> Progress:
    """Return a progress that fills start..end of "score" as the work's own step `inside` goes on; other steps only report."""
    furthest = start

    def passed_on(step: str, done: float, message="", **figures: float) -> None:
        nonlocal furthest
        if step == inside:
            furthest = max(furthest, start + (end - start) * done)
        progress("score", furthest, message, **figures)

    return passed_on
