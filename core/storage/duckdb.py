"""The one door to DuckDB. Queries live in the sql/ folder of the package that asks them, one question a file; values are bound by name."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
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
    "checks": ("storage/sql/checks",),
    "simulation": ("evaluation/simulate/sql",),
}
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
_COMMENT = re.compile(r"--[^\n]*")


@contextmanager
def connect(path: Path | str | None = None, *, read_only: bool = False, memory_limit: str = "2GB", threads: int | None = None):
    """Give a DuckDB connection, closed at the end of the `with` block. Times are naive UTC throughout.

    path None is an in-memory database. There is one writer at a time: core.storage.access says how long others wait for it.
    Raises UserError where the file stays locked or is damaged, and where its disk is full or read-only.
    """
    config = {"memory_limit": memory_limit, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
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


def run(con: duckdb.DuckDBPyConnection, name: str, **values):
    """Runs one stored query; only the values it names are bound, and a missing one is our fault."""
    text = sql(name)
    wanted = set(_PARAMETER.findall(_COMMENT.sub("", text)))
    return con.execute(text, {key: values[key] for key in wanted} or None)


def rows(con, name: str, **values) -> list[dict]:
    """The answer of a stored query as a list of dicts (small answers only)."""
    cursor = run(con, name, **values)
    columns = [d[0] for d in cursor.description]
    return [dict(zip(columns, row)) for row in cursor.fetchall()]


def arrow(con, name: str, **values):
    """The answer of a stored query as an Arrow table, for larger answers."""
    text = sql(name)
    wanted = set(_PARAMETER.findall(_COMMENT.sub("", text)))
    return con.sql(text, params={key: values[key] for key in wanted} or None).to_arrow_table()
