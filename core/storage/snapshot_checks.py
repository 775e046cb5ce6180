"""What makes a snapshot fit to be served: its files, its tables' columns and keys, and what the tables say about each other."""

from __future__ import annotations

import re
from pathlib import Path

from core.capabilities.registry import serving_tables
from core.messages import Message, msg, nmsg
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS, FIRST_VERSION, Table
from core.storage import duckdb as db
from core.storage import files


def problems(folder: Path, manifest: dict) -> list[Message]:
    """Return everything that is wrong with a snapshot's folder, one sentence each; empty = fit to be served.

    Files against the manifest, columns, types, keys, required and finite values against the tables' records, then each question of
    core/storage/sql/checks/, whose first line is the sentence for the rows it finds. A snapshot of an earlier version may lack the
    tables that were introduced since.
    """
    noted_tables = manifest.get("tables", {})
    serving, version = serving_tables(), made_by(manifest)
    expected, found = [name for name, table in serving.items() if name in noted_tables or table.is_expected(version)], []
    for name in expected:
        file, noted = folder / f"{name}.parquet", noted_tables.get(name)
        if not file.exists() or noted is None:
            found.append(
                msg("The file of table {table} is missing.", table=name) if noted else msg("The manifest lacks table {table}.", table=name)
            )
        elif files.sha256(file) != noted["sha256"]:
            found.append(msg("The file of table {table} has changed since it was written: its SHA-256 differs.", table=name))
    if found:
        return found
    paths = {name: _literal(folder / f"{name}.parquet") for name in expected}
    with db.connect() as con:
        for name in expected:
            try:
                found += _check_table(con, serving[name], paths[name], manifest["tables"][name]["rows"])
            except db.Error as error:
                found.append(msg("Table {table} cannot be read: {error}.", table=name, error=str(error)))
        if not found:
            values = paths | {"weeks": list(DEMAND_WEEKS), "levels": list(DEMAND_LEVELS), "drivers": list(DRIVERS)}
            for file in db.stored("checks"):
                found += _ask(con, file.stem, values)
            served = con.execute("select snapshot from read_parquet($meta)", {"meta": paths["meta"]}).fetchall()
            if served != [(manifest["snapshot"],)]:
                found.append(msg("The table meta must have one row, of snapshot {snapshot}.", snapshot=manifest["snapshot"]))
    return found


def made_by(manifest: dict) -> str:
    """Return the version of Upswing that made a snapshot."""
    return manifest.get("code_version", FIRST_VERSION)


def _check_table(con, table: Table, path: str, rows: int) -> list[Message]:
    file = {"file": path}
    columns = [(name, type_) for name, type_, *_ in con.execute("describe select * from read_parquet($file)", file).fetchall()]
    expected = [(c.name, c.type) for c in table.columns]
    if columns != expected:
        wrong = [f"{n} {t}" for n, t in columns if (n, t) not in expected]
        lacking = [f"{n} {t}" for n, t in expected if (n, t) not in columns]
        if lacking or wrong:
            found = [msg("Table {table} lacks the columns {columns}.", table=table.name, columns=lacking)] if lacking else []
            return found + ([msg("Table {table} has unknown columns: {columns}.", table=table.name, columns=wrong)] if wrong else [])
        return [msg("The columns of table {table} are not in the order of the schema.", table=table.name)]
    found = []
    # hash() of whole rows makes DuckDB decode every value, so a damaged page cannot hide behind a column nobody checks.
    counts = ["count(*)", "coalesce(bit_xor(hash(t)), 0)"]
    required, numbers = [c for c in table.columns if c.required], [c for c in table.columns if c.type == "DOUBLE"]
    counts += [f'count(*) filter (where "{c.name}" is null)' for c in required]
    counts += [f'count(*) filter (where not isfinite("{c.name}"))' for c in numbers]
    total, _, *bad = con.execute(f"select {', '.join(counts)} from read_parquet($file) as t", file).fetchone()
    if total != rows:
        found.append(msg("Table {table} has {found} rows, but the manifest lists {rows}.", table=table.name, found=total, rows=rows))
    if total == 0 and table.filled:
        found.append(msg("Table {table} has no rows.", table=table.name))
    for c, count in zip(required, bad):
        if count:
            found.append(
                nmsg("{column} is missing in {count} row.", "{column} is missing in {count} rows.", count, column=f"{table.name}.{c.name}")
            )
    for c, count in zip(numbers, bad[len(required) :]):
        if count:
            found.append(
                nmsg(
                    "{column} is not finite in {count} row.",
                    "{column} is not finite in {count} rows.",
                    count,
                    column=f"{table.name}.{c.name}",
                )
            )
    if table.key:
        key = ", ".join(table.key)
        twice = con.execute(f"select {key}, count(*) from read_parquet($file) group by {key} having count(*) > 1 limit 3", file).fetchall()
        found += [
            msg(
                "Table {table} has {count} rows with {key} = {values}.",
                table=table.name,
                count=row[-1],
                key=key,
                values=[str(v) for v in row[:-1]],
            )
            for row in twice
        ]
    return found


def _ask(con, name: str, values: dict) -> list[Message]:
    """Ask one question of core/storage/sql/checks/; its first line is the sentence, in the catalogue under its English text."""
    text = db.sql(f"checks/{name}")
    used = {k: v for k, v in values.items() if re.search(rf"\${k}\b", text)}
    cursor = con.execute(f"select *, count(*) over () from ({text}) limit 3", used)
    names = [d[0] for d in cursor.description][:-1]
    bad = cursor.fetchall()
    if not bad:
        return []
    problem = Message(text.splitlines()[0].removeprefix("-- "))
    examples = "; ".join(", ".join(f"{n} {v}" for n, v in zip(names, row)) for row in bad)
    return [
        nmsg(
            "{problem} This holds for {count} row: {examples}.",
            "{problem} This holds for {count} rows, for example {examples}.",
            bad[0][-1],
            problem=problem,
            examples=examples,
        )
    ]


def _literal(path: Path) -> str:
    """Return a path that DuckDB does not take for a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))
