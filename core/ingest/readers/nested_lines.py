"""Orders as programs exchange them, each with a list of its lines: read as one row a line, with the order's fields on each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from core.errors import UserError
from core.ingest.names import listed, plain
from core.ingest.words import column_words, known_states, normalised
from core.messages import msg

LINE_ID, REFUNDED, REFUND_STATE = "line_item_id", "refunded_quantity", "order.refund_state"
LEFT = "currentquantity"  # plain name of a line's quantity less what was refunded or taken out of the order
UNKNOWN_LINES = "part-refunded"  # a state that no list of known ones has, so that it is asked about

Record = dict[str, Any]


def lines_key(records: Iterable[Record | None], file: str) -> str:
    """Return the key under which records have lists of their lines, known by their quantities; "" for records without lines.

    Raises UserError where several lists have quantities and none of them has a known name.
    """
    each = [(key, value) for record in records for key, value in (record or {}).items() if are_records(value)]
    found = {plain(key): key for key, value in each if any(quantity_key(line) for line in value)}
    known = [found[name] for name in column_words("lists_of_lines") if name in found]
    if len(found) > 1 and not known:
        raise UserError(
            found=msg("The orders in {file} have several lists with quantities: {lists}.", file=file, lists=listed(list(found.values()))),
            expected=msg("One list of an order has its lines, such as `line_items`."),
            to_do=msg("Export the order lines as CSV, or with one list of lines for each order."),
        )
    return next(iter([*known, *found.values()]), "")


def with_lines(record: Record, key: str) -> Iterator[Record]:
    """Yield a row for each line of an order: the line's fields as they are, the order's as "order.field".

    An order without lines stays one row. Lines get a `refunded_quantity` by what is left of them or by refunds that name them; any other
    refund gives the order a state, unless the order is no sale anyway.
    """
    lines = [line if isinstance(line, dict) else {} for line in record.get(key) or [{}]]
    left = [_left(line) for line in lines]
    order = _flat({name: value for name, value in record.items() if name != key}, "order.")
    refunds = [
        one for name, value in record.items() if plain(name) in column_words("lists_of_refunds") and are_records(value) for one in value
    ]
    back: defaultdict[str, float] = defaultdict(float)
    for refund in refunds:
        named = [one for value in refund.values() if are_records(value) for one in value if LINE_ID in one and quantity_key(one)]
        for one in named:
            back[str(one[LINE_ID])] += _number(one[quantity_key(one)])
        if (
            not named
            and None in left
            and not any(isinstance(v, str) and known_states().get(normalised(v)) == "not a sale" for v in order.values())
        ):
            order[REFUND_STATE] = UNKNOWN_LINES
    for line, remaining in zip(lines, left):
        own = {LINE_ID if name == "id" else name: value for name, value in _flat(line, "").items()}
        if remaining is not None:
            yield order | own | {REFUNDED: _number(own[quantity_key(own)]) - remaining}
        else:
            yield order | own | ({REFUNDED: back[str(own.get(LINE_ID))]} if back else {})


def _left(line: Record) -> float | None:
    """Return what is left of a line's quantity; None where it does not say."""
    name = next((name for name in line if plain(name) == LEFT), None)
    return _number(line[name]) if name and line[name] is not None and quantity_key(line) else None


def are_records(value: object) -> bool:
    """Return whether a value is a list of records, with at least one."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def quantity_key(record: Record) -> str:
    """Return the key of a record's quantity; "" if it has none."""
    return next((name for name in record if plain(name) in column_words("quantities_of_lines")), "")


def _flat(record: Record, prefix: str) -> Record:
    """Return a record with the fields of records within it, as "order.customer.id"; a name that begins with the prefix keeps it once."""
    found: Record = {}
    for name, value in record.items():
        own = name if prefix and plain(name).startswith(plain(prefix)) else prefix + name
        found |= _flat(value, own + ".") if isinstance(value, dict) else {own: value}
    return found


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
