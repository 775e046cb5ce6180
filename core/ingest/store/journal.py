"""The journal of imports: what each file gave, and how it was merged, so that the warehouse can be made again without one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.ingest.convert.staging import StagedTable
from core.ingest.names import quoted
from core.ingest.recognise.mapping import ColumnRule
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.ingest.store.by_key import LONG_CUSTOMERS, described
from core.ingest.store.merge import merge
from core.ingest.store.rows import columns_sql, run
from core.ingest.store.totals import OrderGrain
from core.schema import CANONICAL, GIVEN
from core.storage import duckdb as db

BASE, ROWS, FACTS = "base", "rows", "facts"
_KEY = ("import_id", "part", "line")
_OF_ONE_IMPORT = ("imported_orders", "imported_left", "imported_totals")  # temporary tables by which files of one import know each other


@dataclass(frozen=True)
class Step:
    """One step of an import. record: as `keep` and `keep_facts` write it."""

    import_id: str
    part: int
    step: str
    table: str
    file: str
    record: dict[str, Any]


def begin(con) -> None:
    """Take the rows that an earlier version stored without a journal as the journal's first step."""
    last = db.rows(con, "staging/journal_bases")[0]["last_import"]
    if last is None:
        return
    for part, (name, table) in enumerate(CANONICAL.items()):
        names = columns_sql(table.names)
        values = {"import_id": last, "part": part}
        run(con, f"insert into given_{name} (import_id, part, {names}) select $import_id, $part, {names} from {quoted(name)}", **values)
        _record(con, last, part, BASE, name, "", {})


def keep(con, import_id: str, staged: StagedTable, grain: OrderGrain, rolled_up: bool, renews: bool, same_orders: str) -> None:
    """Keep the valid rows of one file for one table, before they are merged. renews: the file is the whole list. same_orders: of merge."""
    table, plan, part = staged.plan.table, staged.plan, _next_part(con, import_id)
    source = described(con, staged, rolled_up)
    there = {d[0] for d in con.execute(f"select * from {quoted(source)} limit 0").description}
    kept = [c.name for c in GIVEN[table].columns if c.name in there and c.name not in _KEY[:2]]
    run(
        con,
        f"""insert into given_{table} (import_id, part, {columns_sql(kept)})
        select $import_id, $part, {columns_sql(kept)} from {quoted(source)} where problem is null""",
        import_id=import_id,
        part=part,
    )
    record = {
        "columns": staged.columns,
        "filled": list(plan.columns),
        "constants": [name for name, filled in plan.columns.items() if filled.constant is not None],
        "derived": plan.aggregates_lines,
        "from_purchases": plan.from_purchases,
        "grain": grain.name,
        "rolled_up": rolled_up,
        "renews": renews,
        "same_orders": same_orders,
        "taken_out": _taken_out(con, staged.table) if table == "orders" else [],
    }
    _record(con, import_id, part, ROWS, table, staged.file, record)


def _taken_out(con, staged: str) -> list[tuple[str, str]]:
    """Return the orders and products that a file sets aside by their state, which takes their stored lines out."""
    return con.execute(
        f"""select distinct order_id, product_id from {quoted(staged)}
        where aside is not null and mark_name is not null and order_id is not null order by all"""
    ).fetchall()


def keep_facts(con, import_id: str, record: dict[str, Any]) -> None:
    """Keep what the facts are inferred from at the end of an import."""
    _record(con, import_id, _next_part(con, import_id), FACTS, None, None, record)


def steps(con) -> Iterator[Step]:
    """Yield all steps in their order."""
    for row in db.rows(con, "staging/journal_steps"):
        yield Step(row["import_id"], row["part"], row["step"], row["table_name"] or "", row["file"] or "", json.loads(row["record"]))


def new_import(con) -> None:
    """Forget what files of the import before knew of each other."""
    for table in _OF_ONE_IMPORT:
        run(con, f"drop table if exists {table}")


def merge_again(con, step: Step) -> None:
    """Store the rows of a step as its import did."""
    values, table = {"import_id": step.import_id, "part": step.part}, step.table
    rows = f"from given_{table} where import_id = $import_id and part = $part"
    if step.step == BASE:
        names = columns_sql(CANONICAL[table].names)
        run(con, f"insert into {quoted(table)} ({names}) select {names} {rows}", **values)
        return
    staged = LONG_CUSTOMERS if table == "customers" else f"staged_{table}"
    run(
        con,
        f"""create or replace temp table {quoted(staged)} as select * exclude (import_id, part), null::integer as problem,
        null::integer as aside, null::varchar as mark_name {rows}""",
        **values,
    )
    if taken := step.record["taken_out"]:
        orders, products = zip(*taken)
        run(
            con,
            f"""insert into {quoted(staged)} by name select unnest($orders) as order_id, unnest($products) as product_id,
            1 as problem, 1 as aside, '' as mark_name""",
            orders=list(orders),
            products=list(products),
        )
    if step.record["renews"]:
        run(con, f"delete from {quoted(table)}")
    plan = TablePlan(
        table,
        {c: ColumnSource(ColumnRule(constant="" if c in step.record["constants"] else None), ()) for c in step.record["filled"]},
        derived=step.record["derived"],
        from_purchases=step.record["from_purchases"],
    )
    again = StagedTable(staged, plan, step.record["columns"], [], step.file)
    grain, same_orders = OrderGrain[step.record["grain"]], step.record.get("same_orders", "")
    merge(con, again, grain=grain, rolled_up=step.record["rolled_up"], same_orders=same_orders)
    run(con, f"drop table if exists {quoted(staged)}")


def _next_part(con, import_id: str) -> int:
    return con.execute("select count(*) from journal where import_id = $id", {"id": import_id}).fetchone()[0]


def _record(con, import_id: str, part: int, step: str, table: str | None, file: str | None, record: dict) -> None:
    text = json.dumps(record, ensure_ascii=False)
    db.run(con, "staging/record_part", import_id=import_id, part=part, step=step, table_name=table, file=file, record=text).fetchall()
