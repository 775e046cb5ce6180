"""Run every statement of features and scoring on DuckDB and on Spark and compare each table that comes of it.

    python tests/reference/spark_parity.py --files sample_data/files
    python tests/reference/spark_parity.py --files ../shared/data/uci_online_retail_ii --preset uci-online-retail --latest
    python tests/reference/spark_parity.py --workspace my-shop

Each table must have the same rows: counts, texts, days and truth values exactly, floating-point numbers to 1e-9 of their size. A panel's
32-bit numbers may differ by one unit in their last place, since either engine may round the 64-bit number below to the other side.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

RELATIVE, SINGLE = 1e-9, 1.2e-7


@dataclass
class Comparison:
    """What one statement gave on both engines. difference: the largest relative one of its 64-bit floats; single: of its 32-bit ones."""

    query: str
    rows: int = 0
    columns: int = 0
    difference: float = 0.0
    single: float = 0.0
    problem: str = ""

    @property
    def equal(self) -> bool:
        return not self.problem and self.difference <= RELATIVE and self.single <= SINGLE


def compare(query: str, left: pa.Table, right: pa.Table) -> Comparison:
    """Compare two answers whose rows may come in any order."""
    found = Comparison(query, left.num_rows, left.num_columns)
    if left.column_names != right.column_names:
        found.problem = f"columns {left.column_names} against {right.column_names}"
    elif left.num_rows != right.num_rows:
        found.problem = f"{left.num_rows} rows against {right.num_rows}"
    else:
        left, right = _sorted(left), _sorted(right)
        for name in left.column_names:
            _compare_column(found, name, left[name], right[name])
    return found


def _compare_column(found: Comparison, name: str, left: pa.ChunkedArray, right: pa.ChunkedArray) -> None:
    kinds = [_kind(column.type) for column in (left, right)]
    if kinds[0] != kinds[1] and left.null_count < len(left):
        found.problem = f"{name} is {left.type} against {right.type}"
    elif kinds[0] not in ("number", "single"):
        if not left.cast(pa.string()).equals(right.cast(pa.string())):
            found.problem = f"{name} differs"
    else:
        a, b = (column.cast(pa.float64()).to_numpy() for column in (left, right))
        if (np.isnan(a) != np.isnan(b)).any():
            found.problem = f"{name} is missing in other rows"
            return
        apart = np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-300)
        largest = float(np.nanmax(apart, initial=0.0))
        if kinds[0] == "single":
            found.single = max(found.single, largest)
        else:
            found.difference = max(found.difference, largest)


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_float32(type_):
        return "single"
    if pa.types.is_floating(type_):
        return "number"
    if pa.types.is_decimal(type_):
        return "decimal" if type_.scale else "whole"
    return "whole" if pa.types.is_integer(type_) else "text" if pa.types.is_string(type_) or pa.types.is_large_string(type_) else str(type_)


def _sorted(table: pa.Table) -> pa.Table:
    """Order by all columns that hold no floating-point numbers; by these too, rounded, where the others leave ties."""
    exact = [name for name in table.column_names if _kind(table[name].type) not in ("number", "single")]
    rounded = {}
    if not exact or table.select(exact).group_by(exact).aggregate([]).num_rows < table.num_rows:
        for name in table.column_names:
            if name not in exact:
                rounded[f"~{name}"] = pc.round_to_multiple(table[name].cast(pa.float64()), 1e-6)
    keyed = table
    for name, values in rounded.items():
        keyed = keyed.append_column(name, values)
    keys = [(name, "ascending") for name in (*exact, *rounded)]
    return table.take(pc.sort_indices(keyed.select([name for name, _ in keys]), sort_keys=keys)) if keys else table


class Both:
    """An engine that runs each statement on DuckDB and on Spark, compares the answers, and goes on with both."""

    name = "both"
    origins_at_once = 512

    def __init__(self, duck, spark):
        self.duck, self.spark, self.con = duck, spark, duck.con
        self.found: list[Comparison] = []

    def table(self, query: str, **values) -> None:
        self.duck.table(query, **values)
        self.spark.table(query, **values)
        self._compare(query, query.partition("/")[2])

    def run(self, text: str, into: str, *, append: bool = False, **values) -> None:
        self.duck.run(text, into, append=append, **values)
        self.spark.run(text, into, append=append, **values)

    def view(self, query: str) -> None:
        self.duck.view(query)
        self.spark.view(query)

    def arrow(self, query: str, **values) -> pa.Table:
        left, right = self.duck.arrow(query, **values), self.spark.arrow(query, **values)
        self.found.append(compare(query, left, right))
        return left

    def rows(self, query: str, **values) -> list[dict]:
        return self.arrow(query, **values).to_pylist()

    def register(self, name: str, rows) -> None:
        self.duck.register(name, rows)
        self.spark.register(name, rows)

    def replace_days(self, table: str, first_day: date | None, rows, **values) -> None:
        self.duck.replace_days(table, first_day, rows, **values)
        self.spark.replace_days(table, first_day, rows, **values)
        if isinstance(rows, str):
            self._compare(rows, table)

    def append(self, table: str, rows: pa.Table) -> None:
        self.duck.append(table, rows)
        self.spark.append(table, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.duck.transaction(), self.spark.transaction():
            yield

    def write(self, table: str, order: str, file: Path) -> None:
        self.duck.write(table, order, file)
        self.spark.write(table, order, file.with_name("spark.parquet"))
        self._compare("features/panel", table)
        self._panel_row_by_row(file, file.with_name("spark.parquet"))

    def close(self) -> None:
        self.duck.close()
        self.spark.close()

    def _compare(self, query: str, table: str) -> None:
        from core.storage.spark import _files

        left = self.duck.con.sql(f"select * from {table}").to_arrow_table()
        made = self.spark._made.get(table)
        source = _files(made) if made else table
        self.found.append(compare(query, left, self.spark.con.sql(f"select * from {source}").to_arrow_table()))

    def _panel_row_by_row(self, left: Path, right: Path) -> None:
        """Compare the two files in their own order, row by row."""
        import pyarrow.parquet as pq

        a, b = pq.ParquetFile(left), pq.ParquetFile(right)
        found = Comparison("panel.parquet", a.metadata.num_rows, a.metadata.num_columns)
        if a.schema_arrow.names != b.schema_arrow.names or a.metadata.num_rows != b.metadata.num_rows:
            found.problem = "other columns or another number of rows"
        else:
            for name in a.schema_arrow.names:
                _compare_column(found, name, a.read([name])[name], b.read([name])[name])
        self.found.append(found)
        right.unlink()


@contextmanager
def both(warehouse: Path, cache: Path, *, read_only: bool = False) -> Iterator[Both]:
    """Open DuckDB on a warehouse and Spark on a copy of it."""
    from core.storage.engine import open_engine

    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy2(warehouse, folder)
        with (
            open_engine(warehouse, "duckdb", cache, read_only=read_only, memory_limit="4GB") as duck,
            open_engine(Path(copy), "spark", cache, read_only=read_only) as spark,
        ):
            yield Both(duck, spark)


def features(workspace, latest: bool = False) -> list[Comparison]:
    """Build the workspace's panel on both engines, its daily aggregate from the first day on. latest: only its last origin."""
    from core.features import build as module
    from core.features import tables
    from core.storage import duckdb as db

    found: list[Comparison] = []
    original = module.open_engine

    @contextmanager
    def opened(warehouse, name, cache, **options):
        with both(warehouse, cache) as engine:
            yield engine
            found.extend(engine.found)

    with db.connect(workspace.warehouse) as con:
        tables.create(con)
        con.execute("delete from daily_built")
    module.open_engine = opened
    try:
        (module.build_latest if latest else module.build)(workspace)
    finally:
        module.open_engine = original
    return found


def scoring(workspace, latest: bool = False) -> list[Comparison]:
    """Run every stored query of scoring, and the remaining ones of features, as the score step binds them."""
    import json

    import pyarrow.parquet as pq

    from core.capabilities.at_risk.effects import WITHIN
    from core.capabilities.forecast.compute import HISTORY_WEEKS, NEIGHBOURS
    from core.features.daily import Shop
    from core.storage import duckdb as db

    settings = workspace.settings()
    panel = workspace.panel / "latest" if latest else workspace.panel
    about = json.loads((panel / "panel.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(about["as_of"])
    rows = pq.read_table(panel / "panel.parquet", columns=["product_id", "as_of", "segment"], filters=[("as_of", "=", as_of)])
    live = sorted(rows.filter(pc.equal(rows["segment"], "all"))["product_id"].to_pylist())
    forecasts = {"product_id": rows["product_id"], "segment": rows["segment"]}
    values = {
        "as_of": as_of,
        "last_day": as_of,
        "weeks": HISTORY_WEEKS,
        "most": NEIGHBOURS,
        "segments": about["segments"],
        "within": WITHIN,
        "segment": about["segments"][-1],
        "first": as_of - timedelta(days=60),
        "last": as_of,
        "since": as_of - timedelta(days=180),
        "currency": settings.shop.currency,
        "similarity": settings.feature.near_similarity,
        "base_days": settings.labels.base_days,
    }
    with both(workspace.warehouse, workspace.cache, read_only=True) as engine:
        engine.register("live", pa.table({"place": np.arange(len(live)), "product_id": live}))
        engine.register("similar_products", workspace.panel / "neighbours.parquet")
        engine.register("served_forecasts", pa.table(forecasts | {"rising_probability": np.linspace(0, 1, len(rows))}))
        engine.register("forecast_rows", pa.table({"place": np.arange(len(rows))} | forecasts))
        values |= _judged(engine, settings, Shop(date.fromisoformat(about["first_day"]), as_of, about["signal"], None))
        _scored(engine, workspace, live, values)
        engine.table("features/order_lines", attribute=about["segment_attribute"] or "")
        for file in db.stored("scoring"):
            engine.arrow(f"scoring/{file.stem}", **values)
        engine.arrow("features/weekly_units", **values)
        return engine.found


def _judged(engine: Both, settings, shop) -> dict:
    """Keep the tables that judge an update made one horizon before the last day; return the values that their statements bind."""
    from core.features.outcomes import label_rows, own_rates

    horizon = timedelta(days=settings.labels.horizon_days)
    update = shop.last_day - horizon
    values = own_rates(engine, settings, shop, (update, update - horizon))
    engine.register("origin", pa.table({"as_of": pa.array([update], pa.date32())}))
    label_rows(engine, settings.labels)
    for query in ("features/all_days", "features/outcomes", "scoring/sold_around"):
        engine.table(query, **values)
    return values


def _scored(engine: Both, workspace, live: list[str], values: dict) -> None:
    """Register what statements read of the snapshot: weeks, products, neighbours, and stock that is known of two products in three."""
    update = date.fromordinal(values["as_of"].toordinal() - 28)
    count = len(live)
    on_hand = [None if k % 3 == 0 else float(k % 7) for k in range(count)]
    weekly = engine.arrow("scoring/history", **values)
    engine.register("weekly", weekly.filter(pc.equal(weekly["segment"], "all")))
    engine.register("scored_products", engine.arrow("scoring/products", **values))
    engine.register("scored_neighbours", workspace.panel / "neighbours.parquet")
    engine.register(
        "scored_suggestions",
        pa.table({"product_id": live, "on_hand": pa.array(on_hand, pa.float64()), "cover_weeks": pa.array(on_hand, pa.float64())}),
    )
    engine.register("forecast", pa.table({"as_of": pa.array([update] * count, pa.date32()), "product_id": live}))


def summary(found: list[Comparison]) -> list[Comparison]:
    """Merge the comparisons of one query: rows are added, differences are the largest."""
    merged: dict[str, Comparison] = {}
    for one in found:
        whole = merged.setdefault(one.query, Comparison(one.query, columns=one.columns))
        whole.rows += one.rows
        whole.difference = max(whole.difference, one.difference)
        whole.single = max(whole.single, one.single)
        whole.problem = whole.problem or one.problem
    return list(merged.values())


def table(found: list[Comparison]) -> str:
    """Return the comparisons as a Markdown table."""
    lines = ["| statement | rows | columns | largest relative difference | of 32-bit columns | |", "|---|--:|--:|--:|--:|---|"]
    for one in found:
        verdict = "equal" if one.equal else one.problem or "too far apart"
        lines.append(f"| {one.query} | {one.rows:,} | {one.columns} | {one.difference:.1e} | {one.single:.1e} | {verdict} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="spark_parity", description=__doc__.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--files", type=Path, metavar="DIR", help="import the files of this folder into a temporary workspace")
    source.add_argument("--workspace", type=Path, metavar="DIR", help="a workspace after its import; its panel is built anew")
    parser.add_argument("--preset", help="a mapping that ships, for --files")
    parser.add_argument("--latest", action="store_true", help="only the latest origin, which takes a fraction of the time")
    a = parser.parse_args(argv)
    from core.ingest import import_files
    from core.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(a.workspace or Path(folder))
        if a.files:
            files = [file for file in sorted(a.files.iterdir()) if not file.name.startswith((".", "README"))]
            import_files(workspace.create(), files, preset=a.preset)
        found = summary([*features(workspace, a.latest), *scoring(workspace, a.latest)])
    print(table(found))
    print(f"{sum(one.equal for one in found)} of {len(found)} equal")
    return 0 if all(one.equal for one in found) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, its own folder is on the path instead of the repository
    sys.exit(main())
