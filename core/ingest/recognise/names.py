"""Comparing column names as people write them, and quoting them for SQL."""

from __future__ import annotations

import difflib
import re
import unicodedata

_UNIT = re.compile(r"[(（\[【].*?[)）\]】]")
_HASH = re.compile("^[0-9a-f]{12}-")
_TYPE = re.compile(r"(?<=\w):(?:token|float|double|str|string|int|integer|long|bool|boolean|date|datetime|timestamp)(?:_seq|\[\])?$", re.I)
_NOT_A_LETTER = re.compile(r"[\W_]+")


def untyped(name: str) -> str:
    """A name without the type that some headers write behind it.

    >>> untyped("item_id:token"), untyped("9:30")
    ('item_id', '9:30')
    """
    return _TYPE.sub("", name.strip())


def plain(name: str) -> str:
    """A name without case, spaces, punctuation, units in brackets and type.

    >>> plain("Order Date"), plain("order_date:float"), plain("单价（元）")
    ('orderdate', 'orderdate', '单价')
    """
    text = unicodedata.normalize("NFKC", untyped(name)).casefold()
    return _NOT_A_LETTER.sub("", _UNIT.sub("", text)) or _NOT_A_LETTER.sub("", text) or text.strip()


def by_plain(columns: list[str]) -> dict[str, str]:
    """Plain name -> the column; of several with one plain name the first.

    >>> by_plain(["Order ID", "order_id", "Qty"])
    {'qty': 'Qty', 'orderid': 'Order ID'}
    """
    return {plain(c): c for c in reversed(columns)}


def near(name: str, columns: list[str]) -> list[str]:
    """Up to three columns whose names look like this one, best first."""
    known = by_plain(columns)
    return [known[p] for p in difflib.get_close_matches(plain(name), list(known), n=3, cutoff=0.6)]


def given_name(file: str) -> str:
    """A file's name as the user gave it: an upload's is kept behind a hash of its content (dashboard/actions.py).

    >>> given_name("f8ab700cb7a0-orders-2.csv"), given_name("orders-2.csv")
    ('orders-2.csv', 'orders-2.csv')
    """
    return _HASH.sub("", file)


def quoted(identifier: str) -> str:
    """A SQL identifier, safe for any name a file may carry.

    >>> quoted("unit price")
    '"unit price"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def listed(names, at_most: int = 12) -> str:
    """Names for a message: 'a, b, c and 3 more'."""
    names = list(names)
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more} more" if more > 0 else "")
