"""The end of an import: what needs the rows of all files. An undo repeats it for every import that stays."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from core.ingest.questions import Answers
from core.ingest.store import period, shop
from core.messages import Message
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import facts
from core.workspace import Workspace


@dataclass(frozen=True)
class Closed:
    """What the end of an import did. untitled, foreign, abroad: rows that it added or changed."""

    settings: Settings
    untitled: int
    foreign: int
    abroad: int
    as_of: period.AsOf
    notes: list[Message]


def close(con, workspace: Workspace, hints: shop.ImportHints, answers: Answers, file: str) -> Closed:
    """Name products without a description, infer the facts, and leave out foreign prices.

    answers: of the import, by the questions' keys. file: the one that a question about the last days is asked of.
    """
    untitled = db.run(con, "staging/unknown_products").fetchone()[0]
    before = next((fact for fact in facts.stored(con) if fact.name == "shop.as_of"), None)
    as_of = period.decide(con, shop.settings(con, workspace).shop.signal, before, answers, file)
    settings, notes = shop.infer(con, workspace, hints, as_of.found)
    currency = settings.shop.currency
    foreign = db.run(con, "staging/foreign_prices", currency=currency).fetchone()[0]
    abroad = db.run(con, "staging/foreign_minimums", currency=currency).fetchone()[0]
    db.run(con, "staging/settle_currency", currency=currency, import_id=hints.import_id).fetchall()
    return Closed(settings, untitled, foreign, abroad, as_of, notes)


def recorded(hints: shop.ImportHints, given: Answers) -> dict[str, Any]:
    """Return what the facts of an import are inferred from, for the journal. given: its answers, by the questions' keys."""
    return {**asdict(hints), "moment": hints.moment.isoformat() if hints.moment else None, "given": dict(given)}
