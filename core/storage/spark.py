"""Spark as an engine (core/storage/engine.py), for events that outgrow one machine's memory: an extra, in requirements-spark.txt.

The stored queries are DuckDB's; sqlglot translates them, and tests/unit/test_sql_subset.py holds them to what both read alike. The
warehouse stays the one store: a table that a query names is exported from it to Parquet in the cache folder when it is first needed,
temporary tables are Parquet there too, and what lasts is written back to the warehouse. All of it is removed when the engine closes.

$SPARK_MASTER names a cluster, which must see the cache folder; without it Spark runs on all cores of this machine.
"""

from __future__ import annotations

import os
import shutil
import uuid
import warnings
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from core.errors import UserError
from core.messages import msg
from core.storage.duckdb import DuckDB, as_pattern, bound, copy_ordered, sql

_PACKAGES = ("pyspark", "sqlglot")


def check_installed() -> None:
    """Raise UserError where the packages that Spark needs, or Java, are missing."""
    if missing := [package for package in _PACKAGES if find_spec(package) is None]:
        raise UserError(
            found=msg("These Python packages are not installed: {packages}.", packages=missing),
            expected=msg("The engine spark needs the packages of requirements-spark.txt."),
            to_do=msg("Run `pip install 'upswing[spark]'`, or leave out --engine spark."),
        )
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (home and Path(home, "bin", "java").is_file())):
        raise UserError(
            found=msg("Java is neither on the PATH nor in JAVA_HOME."),
            expected=msg("The engine spark needs Java 17 or later."),
            to_do=msg("Install Java (on Debian and Ubuntu: apt-get install default-jre-headless), or leave out --engine spark."),
        )


class Spark:
    """Runs the stored queries of one warehouse in Spark."""

    name = "spark"
    origins_at_once = 512  # Spark spills to disk, and one large job costs less than many small ones

    def __init__(self, con, folder: Path):
        """con: DuckDB's connection to the warehouse. folder: for temporary Parquet files."""
        self.con = con
        self._warehouse = DuckDB(con)
        self._folder = folder / uuid.uuid4().hex[:8]
        self._folder.mkdir(parents=True)
        self._exported: set[str] = set()  # tables of the warehouse that Spark reads from Parquet
        self._made: dict[str, Path] = {}  # temporary tables and registered ones
        self._views: set[str] = set()
        self._session = _session(self._folder)

    def table(self, query: str, **values) -> None:
        self.run(sql(query), query.partition("/")[2], **values)

    def run(self, text: str, into: str, *, append: bool = False, **values) -> None:
        place = self._made[into] if append else self._new(into)
        self._frame(text, values).write.mode("append").parquet(str(place))
        self._read(into, place)

    def view(self, query: str) -> None:
        name = query.partition("/")[2]
        self._frame(sql(query), {}).createOrReplaceTempView(name)
        self._views.add(name)

    def arrow(self, query: str, **values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about pandas, which Arrow tables do without
            return self._frame(sql(query), values).toArrow()

    def rows(self, query: str, **values) -> list[dict]:
        return self.arrow(query, **values).to_pylist()

    def register(self, name: str, rows) -> None:
        import pyarrow.parquet as pq

        place = self._new(name)
        place.mkdir()
        if isinstance(rows, Path):
            shutil.copy2(rows, place / "0.parquet")
        else:
            pq.write_table(rows, place / "0.parquet")
        self._read(name, place)

    def replace_days(self, table: str, first_day: date | None, rows, **values) -> None:
        if not isinstance(rows, str):
            self._warehouse.replace_days(table, first_day, rows)
        else:
            place = self._new(table)
            self._frame(sql(rows), values).write.parquet(str(place))
            self._warehouse.replace_by(table, first_day, f"select * from {_files(place)}", {})
            shutil.rmtree(self._made.pop(table))
        self._exported.clear()  # views over the table have changed with it

    def append(self, table: str, rows) -> None:
        self._warehouse.append(table, rows)
        self._exported.clear()

    def transaction(self):
        return self._warehouse.transaction()

    def write(self, table: str, order: str, file: Path) -> None:
        copy_ordered(self.con, _files(self._made[table]), order, file)

    def close(self) -> None:
        self._session.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _frame(self, text: str, values: dict):
        """Return a DuckDB SELECT as a Spark DataFrame."""
        from sqlglot import exp

        statement = _translated(text)
        inside = {part.alias for part in statement.find_all(exp.CTE)}
        for name in sorted({table.name for table in statement.find_all(exp.Table)} - inside):
            if name not in self._made and name not in self._views and name not in self._exported:
                self._export(name)
        return self._session.sql(statement.sql("spark"), args={name: _bound(value) for name, value in bound(text, values).items()})

    def _export(self, name: str) -> None:
        place = self._folder / f"{name}-{uuid.uuid4().hex[:8]}"
        place.mkdir()
        file = str(place / "0.parquet")
        self.con.execute(f"copy (select * from {name}) to $file (format parquet)", {"file": file})
        self._read(name, place)
        self._exported.add(name)

    def _new(self, name: str) -> Path:
        """Return an empty place for a table. Spark may still read the table's older place, which stays until the engine closes."""
        self._made[name] = self._folder / f"{name}-{uuid.uuid4().hex[:8]}"
        return self._made[name]

    def _read(self, name: str, place: Path) -> None:
        self._session.read.parquet(str(place)).createOrReplaceTempView(name)


def _translated(text: str):
    """Return a DuckDB SELECT as a syntax tree of Spark's SQL.

    Differences in days become Spark's datediff of two dates: sqlglot's datediff(DAY, ...) of two timestamps takes ten times as long.
    """
    import sqlglot
    from sqlglot import exp

    def in_days(node):
        if isinstance(node, exp.DateDiff) and node.text("unit").upper() == "DAY":
            return exp.Anonymous(this="datediff", expressions=[node.this, node.expression])
        return node

    return sqlglot.parse_one(text, dialect="duckdb").transform(in_days)


def _session(folder: Path):
    from pyspark.sql import SparkSession

    master = os.environ.get("SPARK_MASTER", "local[*]")
    options = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",  # an overflow or a division by zero is an error, not a null
        "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    }
    if master.startswith("local"):
        options |= {
            "spark.driver.memory": os.environ.get("SPARK_DRIVER_MEMORY", "4g"),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder),
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        }
    builder = SparkSession.builder.appName("upswing").master(master)
    for key, value in options.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _bound(value):
    """Return a value as Spark binds it: a list as an array, anything else as it is."""
    from pyspark.sql import functions

    if not isinstance(value, (list, tuple)):
        return value
    return functions.array(*(functions.lit(one) for one in value)) if value else functions.array().cast("array<string>")


def _files(place: Path) -> str:
    """Return the Parquet files of a folder as DuckDB reads them in FROM."""
    pattern = as_pattern(place).replace("'", "''")
    return f"read_parquet('{pattern}/*.parquet')"
