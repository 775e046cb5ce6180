"""Where the SQL of features and scoring runs: an engine answers stored queries over the tables of one warehouse.

    with open_engine(workspace.warehouse, "duckdb", workspace.cache) as engine:
        engine.table("features/own_rate", **values)
        rows = engine.arrow("features/label_inputs")

DuckDB is the default (core/storage/duckdb.py). Spark is an extra for events that outgrow one machine's memory (core/storage/spark.py);
it runs the same files, translated by sqlglot. Every stored query is one SELECT: the engine decides where its answer is kept. What
lasts between builds lies in the warehouse whichever engine computed it, so that the two can take turns on one workspace. Both read the
warehouse by its map of product numbers (core/storage/product_numbers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import UserError
from core.messages import msg

if TYPE_CHECKING:
    import pyarrow as pa

ENGINES = ("duckdb", "spark")


class Engine(Protocol):
    """Runs stored queries, named "folder/file" as in core/storage/duckdb.py. Values are bound by name; those not named are ignored."""

    name: str
    con: Any  # DuckDB's connection to the warehouse, for what is no stored query
    origins_at_once: int  # how many origins one statement covers: bounds memory on DuckDB, the number of Spark's jobs

    def table(self, query: str, **values) -> None:
        """Keep the answer as a temporary table that has the query's name; an older one is replaced."""

    def run(self, text: str, into: str, *, append: bool = False, **values) -> None:
        """Keep the answer of SQL that is made at run time as temporary table `into`. append: behind the rows that it has."""

    def view(self, query: str) -> None:
        """Let later statements read the answer under the query's name without keeping it."""

    def arrow(self, query: str, **values) -> pa.Table:
        """Return the answer."""

    def rows(self, query: str, **values) -> list[dict]:
        """Return a small answer as one dict a row."""

    def register(self, name: str, rows: pa.Table | Path) -> None:
        """Let later statements read an Arrow table, or a Parquet file, as table `name`."""

    def replace_days(self, table: str, first_day: date | None, rows: str | pa.Table, **values) -> None:
        """Replace the rows of a table of the warehouse from a day on (None: all of them) by a stored query's answer or an Arrow table."""

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the warehouse."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make all changes to the warehouse inside the `with` block, or none of them."""

    def write(self, table: str, order: str, file: Path) -> None:
        """Write a temporary table as one Parquet file in row groups of 50,000, ordered by the columns `order`."""

    def close(self) -> None:
        """Let go of what the engine holds; the warehouse's connection stays with who opened it."""


@contextmanager
def open_engine(warehouse: Path, name: str, cache: Path, *, read_only: bool = False, memory_limit: str = "2GB") -> Iterator[Engine]:
    """Open a warehouse and the engine `name` over it.

    cache: folder for an engine's temporary files. Raises UserError for an unknown name, for Spark without its packages or without
    Java, for a warehouse that another process writes, and for a map of product numbers that contradicts itself.
    """
    from core.storage import duckdb, product_numbers

    if name not in ENGINES:
        raise UserError(
            found=msg("There is no engine {name}.", name=name),
            expected=msg("The engines are {names}.", names=list(ENGINES)),
            to_do=msg("Choose one of them with --engine."),
        )
    if name == "spark":
        from core.storage import spark

        spark.check_installed()
    with duckdb.connect(warehouse, read_only=read_only, memory_limit=memory_limit) as con:
        product_numbers.read_through(con)
        engine: Engine = duckdb.DuckDB(con) if name == "duckdb" else spark.Spark(con, cache / "spark")
        try:
            yield engine
        finally:
            engine.close()
