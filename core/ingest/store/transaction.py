"""The warehouse inside one transaction: all of an import is stored, or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from core.ingest.convert import written_dates
from core.storage import duckdb as db
from core.storage import warehouse
from core.workspace import Workspace

WORKING_MEMORY = "700MB"  # of DuckDB, which spills to disk beyond it; Python and Arrow take about half as much again


@contextmanager
def open_warehouse(workspace: Workspace, dry_run: bool) -> Iterator:
    """Open a connection inside one transaction: to the warehouse, or for a dry run to a copy of it in memory.

    A first warehouse is built next to its place and moved there when it is complete.
    """
    fresh = not workspace.warehouse.exists()
    path = workspace.warehouse.with_suffix(".first") if fresh else workspace.warehouse
    with ExitStack() as stack:
        con = stack.enter_context(db.connect(None if dry_run else path, memory_limit=WORKING_MEMORY))
        if fresh and not dry_run:  # only now is it known that no other import is building it
            stack.callback(path.unlink, missing_ok=True)
            stack.callback(path.with_suffix(".first.wal").unlink, missing_ok=True)
        written_dates.register(con)
        con.execute("begin").fetchall()
        warehouse.complete(con)
        if dry_run and not fresh:
            _copy(con, workspace)
        yield con  # an error leaves the transaction open; closing the connection rolls it back
        con.execute("commit").fetchall()
        con.close()
        if fresh and not dry_run:
            os.replace(path, workspace.warehouse)


def stored_product_ids(workspace: Workspace) -> set[str]:
    """Return the ids of the shop's products; none before the first import."""
    if not workspace.warehouse.exists():
        return set()
    with db.connect(workspace.warehouse, read_only=True) as con:
        query = "select product_id from products" if "products" in warehouse.columns(con) else "select null where false"
        return {product for (product,) in con.execute(query).fetchall()}


def _copy(con, workspace: Workspace) -> None:
    """Copy the stored tables into another connection."""
    with db.connect(workspace.warehouse, read_only=True) as stored:
        for name in warehouse.columns(stored).keys() & warehouse.TABLES.keys():
            con.register("stored", stored.sql(f"select * from {name}").to_arrow_reader())
            con.execute(f"insert into {name} by name select * from stored").fetchall()
            con.unregister("stored")
