"""The warehouse's tables by core.schema: created in a new warehouse, completed in one of an earlier version."""

from __future__ import annotations

from pathlib import Path

from core.schema import CANONICAL, IMPORTS
from core.storage import duckdb as db

TABLES = CANONICAL | IMPORTS


def columns(con) -> dict[str, list[tuple[str, str]]]:
    """Return the (name, type) of each table's columns, in their order."""
    found: dict[str, list[tuple[str, str]]] = {}
    query = """
        select table_name, column_name, data_type from duckdb_columns()
        where database_name = current_database() and not internal order by table_name, column_index"""
    for table, column, kind in con.execute(query).fetchall():
        found.setdefault(table, []).append((column, kind))
    return found


def complete(con) -> None:
    """Create missing tables and columns, empty; existing ones do not change."""
    for table in TABLES.values():
        con.execute(table.ddl())
    there = columns(con)
    for name, table in TABLES.items():
        for column in table.columns:
            if column.name not in dict(there[name]) and not column.required:
                con.execute(f'alter table {name} add column "{column.name}" {column.type}')


def complete_file(path: Path) -> None:
    """Complete a warehouse that is only read next. It is opened for writing only where something is missing."""
    with db.connect(path, read_only=True) as con:
        there = columns(con)
    if any(not set(table.names) <= dict(there.get(name, [])).keys() for name, table in TABLES.items()):
        with db.connect(path) as con:
            complete(con)
