"""Facts: what imports inferred of the shop, each with its evidence, in the warehouse. A setting in `upswing.toml` wins over its fact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.settings import Values
from core.storage import duckdb as db
from core.storage import warehouse

ANSWERS = "answers."  # begins the names of facts that hold answers to questions of imports, one a layout


@dataclass(frozen=True)
class Fact:
    """One inferred setting, or the answers that a person gave. name: "section.setting"; evidence: what shows it, counts by what was
    counted."""

    name: str
    value: object
    evidence: Mapping[str, object]
    import_id: str
    inferred_at: datetime


def of_file(path: Path) -> list[Fact]:
    """Return the facts of a warehouse, in the order of their names; none where it is missing or of a version without facts."""
    if not path.exists():
        return []
    with db.connect(path, read_only=True) as con:
        return stored(con)


def stored(con) -> list[Fact]:
    """Return the facts of an open warehouse."""
    if "facts" not in warehouse.columns(con):
        return []
    return [
        Fact(row["name"], _hashable(json.loads(row["value"])), json.loads(row["evidence"]), row["import_id"], row["inferred_at"])
        for row in db.rows(con, "warehouse/facts")
    ]


def store(con, facts: Iterable[Fact]) -> None:
    """Store these facts in place of all before them."""
    con.execute("delete from facts").fetchall()
    for fact in facts:
        db.run(
            con,
            "warehouse/record_fact",
            setting=fact.name,
            value=json.dumps(fact.value, ensure_ascii=False),
            evidence=json.dumps(fact.evidence, ensure_ascii=False),
            import_id=fact.import_id,
            inferred_at=fact.inferred_at,
        ).fetchall()


def values(facts: Iterable[Fact]) -> Values:
    """Return the facts as settings, by section and name; answers are none."""
    found: Values = {}
    for fact in facts:
        if fact.name.startswith(ANSWERS):
            continue
        section, _, name = fact.name.partition(".")
        found.setdefault(section, {})[name] = fact.value
    return found


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
