"""The one door to DuckDB, and the engine that runs there. Queries live in the sql/ folder of their package, one question a file."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import gettempdir

import duckdb

from core.capabilities.registry import sql_folders
from core.storage import access

Error = duckdb.Error  # for callers that turn a failing query into a message
_CORE = Path(__file__).parents[1]
FOLDERS = {  # the first part of a query's name -> where such queries live; those of capabilities are in the registry
    "features": ("features/sql",),
    "staging": ("ingest/sql",),
    "warehouse": ("storage/sql/warehouse",),
    "numbers": ("storage/sql/numbers",),
    "checks": ("storage/sql/checks",),
    "simulation": ("evaluation/simulate/sql",),
}
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
_COMMENT = re.compile(r"--[^\n]*")


@contextmanager
def connect(path: Path | str | None = None, *, read_only: bool = False, memory_limit: str = "2GB", threads: int | None = None):
    """Give a DuckDB connection, closed at the end of the `with` block. Times have no zone.

    path None is an in-memory database. There is one writer at a time: core.storage.access says how long others wait for it.
    Raises UserError where the file stays locked or is damaged, and where its disk is full or read-only.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if threads:
        config["threads"] = str(threads)
    file = Path(path) if path else None
    try:
        if file is None:
            con = duckdb.connect(":memory:", config=config)
        else:
            con = access.patiently(lambda: duckdb.connect(str(file), read_only=read_only, config=config), file)
        with closing(con):
            con.execute("set preserve_insertion_order = false")
            con.execute("set enable_progress_bar = false")
            yield con
    except duckdb.Error as error:
        fault = access.as_user_error(error, file or Path(gettempdir()))
        if fault is None:
            raise
        raise fault from error


@cache
def sql(name: str) -> str:
    """Return the text of a stored query, e.g. sql("features/daily"). Raises KeyError for a name that no folder holds."""
    kind, _, query = name.partition("/")
    for file in stored(kind):
        if file.stem == query:
            return file.read_text(encoding="utf-8")
    raise KeyError(f"no stored query {name}")


def stored(kind: str) -> list[Path]:
    """Return the files of all stored queries of one kind, in the order of their names: a key of FOLDERS, "scoring" or "queries"."""
    folders = sql_folders(kind) or [_CORE / folder for folder in FOLDERS[kind]]
    return sorted((file for folder in folders for file in folder.glob("*.sql")), key=lambda file: file.name)


def bound(text: str, values: dict) -> dict:
    """Return the values that a query names, by name. Raises KeyError for one that is missing, which is our fault."""
    return {name: values[name] for name in set(_PARAMETER.findall(_COMMENT.sub("", text)))}


def run(con: duckdb.DuckDBPyConnection, name: str, **values):
    """Run one stored query and return its cursor; only the values that it names are bound."""
    text = sql(name)
    return con.execute(text, bound(text, values) or None)


def rows(con, name: str, **values) -> list[dict]:
    """Return the answer of a stored query as a list of dicts (small answers only)."""
    cursor = run(con, name, **values)
    columns = [d[0] for d in cursor.description]
    return [dict(zip(columns, row)) for row in cursor.fetchall()]


def arrow(con, name: str, **values):
    """Return the answer of a stored query as an Arrow table, for larger answers."""
    text = sql(name)
    return con.sql(text, params=bound(text, values) or None).to_arrow_table()


class DuckDB:
    """The default engine (core/storage/engine.py): everything happens in the warehouse's own connection."""

    name = "duckdb"
    origins_at_once = 16

    def __init__(self, con: duckdb.DuckDBPyConnection):
        self.con = con

    def table(self, query: str, **values) -> None:
        self.run(sql(query), query.partition("/")[2], **values)

    def run(self, text: str, into: str, *, append: bool = False, **values) -> None:
        start = f"insert into {into} by name " if append else f"create or replace temp table {into} as "
        self.con.execute(start + text, bound(text, values) or None)

    def view(self, query: str) -> None:
        self.con.execute(f"create or replace temp view {query.partition('/')[2]} as {sql(query)}")

    def arrow(self, query: str, **values):
        return arrow(self.con, query, **values)

    def rows(self, query: str, **values) -> list[dict]:
        return rows(self.con, query, **values)

    def register(self, name: str, rows) -> None:
        if isinstance(rows, Path):
            self.con.execute(f"create or replace temp table {name} as select * from read_parquet($file)", {"file": as_pattern(rows)})
            return
        with self._registered(rows) as given:
            self.con.execute(f"create or replace temp table {name} as select * from {given}")

    def replace_days(self, table: str, first_day: date | None, rows, **values) -> None:
        if isinstance(rows, str):
            text = sql(rows)
            self.replace_by(table, first_day, text, bound(text, values))
        else:
            with self._registered(rows) as given:
                self.replace_by(table, first_day, f"select * from {given}", {})

    def replace_by(self, table: str, first_day: date | None, text: str, values: dict) -> None:
        """Replace a table's rows from a day on by the answer of SQL text."""
        where, day = (" where day >= $first_day", {"first_day": first_day}) if first_day else ("", None)
        self.con.execute(f"delete from {table}{where}", day)
        self.con.execute(f"insert into {table} by name {text}", values or None)

    def append(self, table: str, rows) -> None:
        with self._registered(rows) as given:
            self.con.execute(f"insert into {table} by name select * from {given}")

    @contextmanager
    def transaction(self):
        self.con.begin()
        try:
            yield
        except BaseException:
            self.con.rollback()
            raise
        self.con.commit()

    def write(self, table: str, order: str, file: Path) -> None:
        copy_ordered(self.con, table, order, file)

    def close(self) -> None:
        """Nothing to do: who opened the connection closes it."""

    @contextmanager
    def _registered(self, rows):
        self.con.register("given_rows", rows)
        try:
            yield "given_rows"
        finally:
            self.con.unregister("given_rows")


def copy_ordered(con, source: str, order: str, file: Path) -> None:
    """Write a table, or anything else that FROM takes, as one Parquet file in row groups of 50,000, ordered by the columns `order`."""
    con.execute("set preserve_insertion_order = true")
    con.execute(
        f"copy (select * from {source} order by {order}) to $out (format parquet, compression zstd, row_group_size 50000)",
        {"out": str(file)},
    )
    con.execute("set preserve_insertion_order = false")


def as_pattern(file: Path) -> str:
    """Return a path as read_parquet takes it, which reads *, ? and [ as a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))
