"""Pseudonyms for the ids of persons, and free text without what reaches or bills a person: temporary tables to join."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import partial

import pyarrow as pa

from core.ingest.persons.free_text import SUSPECT, masked, shown

IDS_AT_ONCE = 200_000


def pseudonyms(secret: bytes, kind: str, ids: list[str]) -> list[str]:
    """Return the HMAC-SHA256 of each id, cut to 128 bits, in hexadecimal.

    kind ("customer", "visitor", "order") distinguishes equal ids of different kinds.

    >>> pseudonyms(b"k", "customer", ["7"]) == pseudonyms(b"k", "visitor", ["7"])
    False
    """
    start = hmac.new(secret, f"{kind}:".encode(), hashlib.sha256)

    def one(text: str) -> str:
        digest = start.copy()
        digest.update(text.encode())
        return digest.hexdigest()[:32]

    return [one(i) for i in ids]


def pseudonym_table(con, table: str, texts: str, values: dict, secret: bytes, kind: str) -> None:
    """Make a temporary table of texts and their pseudonyms. texts: a query of one column, with `values` bound by name."""
    _replacements(con, table, f"{texts} where text is not null", values, lambda ids: pseudonyms(secret, kind, ids))


def mask_table(con, table: str, texts: str, values: dict, *, of_goods: bool = False) -> bool:
    """Make a temporary table of the texts that change when they are masked; returns whether there are any. of_goods: see `masked`."""
    return _replacements(con, table, _suspect(texts), values, lambda found: [masked(text, of_goods=of_goods) for text in found])


def shown_table(con, table: str, texts: str, *, beside_persons: bool, births: bool) -> None:
    """Make a temporary table of the texts of which only a part may be kept where they could not be read. See `shown`."""
    where = "where text is not null" if beside_persons else f"where regexp_matches(text, '{SUSPECT}')"
    replace = partial(shown, beside_persons=beside_persons, births=births)
    _replacements(con, table, f"{texts} {where}", {}, lambda found: [replace(text) for text in found])


def number_table(con, table: str, texts: str, values: dict, secret: bytes) -> bool:
    """Make a temporary table of numbers of orders that hold a phone, mail or card, and their pseudonyms; returns whether there are any.

    A mask would make one order of several.
    """

    def replaced(found: list[str]) -> list[str]:
        return [text if masked(text) == text else name for text, name in zip(found, pseudonyms(secret, "order", found))]

    return _replacements(con, table, _suspect(texts), values, replaced)


def _suspect(texts: str) -> str:
    return f"{texts} as each_text where regexp_matches(text, '{SUSPECT}')"


def _replacements(con, table: str, texts: str, values: dict, replace: Callable[[list[str]], list[str]]) -> bool:
    """Make a temporary table (text, replacement) of the distinct texts that are replaced, chunk by chunk."""
    con.execute(
        f"""create or replace temp table found_texts as
        select text, cast(row_number() over () as bigint) as number from (select distinct text from {texts})""",
        values or None,
    ).fetchall()
    con.execute(f"create or replace temp table {table} (text varchar, replacement varchar)").fetchall()
    (count,) = con.execute("select count(*) from found_texts").fetchone()
    changed = 0
    for start in range(0, count, IDS_AT_ONCE):
        chunk = f"select text from found_texts where number > {start} and number <= {start + IDS_AT_ONCE}"
        found = [text for (text,) in con.execute(chunk).fetchall()]
        pairs = [(old, new) for old, new in zip(found, replace(found)) if old != new]
        columns = {
            "text": pa.array([old for old, _ in pairs], pa.string()),
            "replacement": pa.array([new for _, new in pairs], pa.string()),
        }
        con.register("pairs", pa.table(columns))
        con.execute(f"insert into {table} select text, replacement from pairs").fetchall()
        con.unregister("pairs")
        changed += len(pairs)
    con.execute("drop table found_texts").fetchall()
    return changed > 0
