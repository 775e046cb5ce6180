"""What an import checks of the maps of product numbers and kits, once all of its files are stored."""

from __future__ import annotations

from core.errors import UserError
from core.ingest.names import listed
from core.messages import Message, msg
from core.storage import duckdb as db
from core.storage import product_numbers

_SHOWN = 10


def check(con) -> list[Message]:
    """Return notes on the maps as they are stored now.

    Raises UserError for a map that contradicts itself, and for a new number that nothing else names: history that counts to a mistyped
    number is lost to the right one.
    """
    numbers = product_numbers.stored(con)
    numbers.counts()
    new, parts = {number for number, _ in numbers.new.values()}, {part for parts in numbers.parts.values() for part in parts}
    asked = sorted(new | parts | numbers.new.keys() | numbers.parts.keys())
    known = {row["product_id"] for row in db.rows(con, "staging/known_numbers", numbers=asked)} if asked else set()
    if unknown := sorted(new - known - numbers.new.keys() - numbers.parts.keys()):
        raise UserError(
            found=msg("No list of products, sale or count of stock has the new numbers {numbers}.", numbers=listed(unknown, _SHOWN)),
            expected=msg("History is added to a product number that the shop has."),
            to_do=msg("Correct the numbers, or import the list of products that has them at the same time."),
        )
    notes = []
    if strange := sorted(numbers.new.keys() - known):
        notes.append(msg("Nothing has the old numbers {numbers}: they have no history.", numbers=listed(strange, _SHOWN)))
    if strange := sorted(numbers.parts.keys() - known):
        notes.append(msg("Nothing has the kits {numbers}: they have no sales.", numbers=listed(strange, _SHOWN)))
    if strange := sorted(parts - known - numbers.new.keys() - numbers.parts.keys()):
        notes.append(msg("Only kits have the parts {numbers}. Check that these are their numbers.", numbers=listed(strange, _SHOWN)))
    if counted := [row["kit_id"] for row in db.rows(con, "staging/counted_kits")]:
        notes.append(msg("Stock and deliveries of the kits {numbers} are not counted for their parts.", numbers=listed(counted, _SHOWN)))
    return notes
