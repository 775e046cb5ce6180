"""The map of product numbers and kits for a person: what is stored, what is proposed, and decisions about it.

A decision is imported like a file with the table `product_map`. So it is in the history of imports, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.ingest.importing import import_files
from core.ingest.number_proposals import Proposal, Sold, propose
from core.ingest.report import ImportReport
from core.messages import Message, msg, nmsg
from core.messages import lines as as_lines
from core.progress import Progress, silent
from core.schema import CANONICAL
from core.schema.arrow import arrow_schema
from core.storage import duckdb as db
from core.storage import product_numbers, warehouse
from core.workspace import Workspace

DECISIONS = "product_map.parquet"  # the name of the file that a decision is imported as
_SHOWN = 20

KINDS: dict[str, Message] = {
    "renamed": msg("new number"),
    "merged": msg("merged"),
    "successor": msg("successor"),
    "separate": msg("two products"),
}


@dataclass(frozen=True)
class Decision:
    """What an old number is to a new one; kind: one of core.schema.MAP_KINDS."""

    old: str
    new: str
    kind: str


@dataclass(frozen=True)
class NumberMap:
    """The stored map, in the order of numbers, and proposals. kits: (kit, part, units)."""

    decided: list[Decision] = field(default_factory=list)
    kits: list[tuple[str, str, float]] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)

    def text(self) -> Message:
        """Return all of it for a person, the first of many."""
        parts: list[Message | str] = []
        for head, rows in (
            (nmsg("{count} old number:", "{count} old numbers:", len(self.decided)), [_of_decision(d) for d in self.decided]),
            (nmsg("{count} part of kits:", "{count} parts of kits:", len(self.kits)), [_of_part(*k) for k in self.kits]),
            (nmsg("{count} proposal:", "{count} proposals:", len(self.proposals)), [_of_proposal(p) for p in self.proposals]),
        ):
            if rows:
                parts += ["", head, *rows[:_SHOWN]]
                parts += [msg("  and {count} more", count=len(rows) - _SHOWN)] if len(rows) > _SHOWN else []
        if self.proposals:
            first = self.proposals[0]
            pair = f"{first.old.product_id}={first.new.product_id}"
            parts += ["", msg("Nothing is stored until you confirm it, as in `upswing numbers --confirm {pair}`.", pair=pair)]
        return as_lines(*parts[1:]) if parts else msg("No product number is mapped, and none is proposed.")

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"decided": self.decided, "kits": self.kits, "proposals": self.proposals}


def number_map(workspace: Workspace) -> NumberMap:
    """Return what is stored and proposed. Raises NotReady without an import."""
    path = workspace.need(workspace.warehouse, "import FILE...")
    warehouse.complete_file(path)
    with db.connect(path, read_only=True) as con:
        decided = [Decision(*row) for row in db.run(con, "staging/product_map_decided").fetchall()]
        kits = [(kit, part, units) for kit, parts in product_numbers.stored(con).parts.items() for part, units in parts.items()]
        sold = [Sold(**row) for row in db.rows(con, "staging/sale_spans")]
    return NumberMap(decided, kits, propose(sold, [(d.old, d.new) for d in decided]))


def write_decisions(decisions: Sequence[Decision], folder: Path) -> Path:
    """Write decisions as a file that an import reads, and return its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = CANONICAL["product_map"]
    rows = [dict(zip(table.names, (d.old, d.new, d.kind))) for d in decisions]
    file = folder / DECISIONS
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table)), file)
    return file


def decide(workspace: Workspace, decisions: Sequence[Decision], progress: Progress = silent) -> ImportReport:
    """Store decisions as an import of their own. Raises UserError where they contradict each other or name unknown numbers."""
    with TemporaryDirectory() as folder:
        return import_files(workspace, [write_decisions(decisions, Path(folder))], progress=progress)


def _of_decision(d: Decision) -> Message:
    return msg("  {old} -> {new} ({kind})", old=d.old, new=d.new, kind=KINDS[d.kind])


def _of_part(kit: str, part: str, units: float) -> Message:
    return msg("  {kit}: {units} x {part}", kit=kit, units=units, part=part)


def _of_proposal(p: Proposal) -> Message:
    return msg(
        "  {old} -> {new} ({kind}): {old_title}, last sold {last}; {new_title}, first sold {first}",
        old=p.old.product_id,
        new=p.new.product_id,
        kind=KINDS[p.kind],
        old_title=p.old.title,
        new_title=p.new.title,
        last=p.old.last_day,
        first=p.new.first_day,
    )
