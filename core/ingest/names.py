"""Names as people write them: comparing those of columns, quoting them for SQL, listing them in messages."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from core.messages import Message, msg

_UNIT = re.compile(r"[(（\[【].*?[)）\]】]")
_TYPE = re.compile(r"(?<=\w):(?:token|float|double|str|string|int|integer|long|bool|boolean|date|datetime|timestamp)(?:_seq|\[\])?$", re.I)
_LONGEST_NAME, _LONGEST_LIST = 48, 200  # characters in a message
_OF_A_LIST = re.compile(r"^(\w*[^\W_])s\.(?=\w)")  # of a nested record's columns: reviews.date is a review's date
_NOT_A_LETTER = re.compile(r"[\W_]+")


def untyped(name: str) -> str:
    """Return a name without the type that some headers write behind it.

    >>> untyped("item_id:token"), untyped("9:30")
    ('item_id', '9:30')
    """
    return _TYPE.sub("", name.strip())


@cache
def plain(name: str) -> str:
    """Return a name without case, spaces, punctuation, units in brackets and type.

    >>> plain("Order Date"), plain("order_date:float"), plain("单价（元）"), plain("reviews.date")
    ('orderdate', 'orderdate', '单价', 'reviewdate')
    """
    text = _OF_A_LIST.sub(r"\1.", unicodedata.normalize("NFKC", untyped(name)).casefold())
    return _NOT_A_LETTER.sub("", _UNIT.sub("", text)) or _NOT_A_LETTER.sub("", text) or text.strip()


def by_plain(columns: list[str]) -> dict[str, str]:
    """Return plain name -> column; of several with one plain name the first.

    >>> by_plain(["Order ID", "order_id", "Qty"])
    {'qty': 'Qty', 'orderid': 'Order ID'}
    """
    return {plain(c): c for c in reversed(columns)}


def near(name: str, columns: list[str]) -> list[str]:
    """Return up to three columns whose names look like this one, the most similar first."""
    known = by_plain(columns)
    return [known[p] for p in difflib.get_close_matches(plain(name), list(known), n=3, cutoff=0.6)]


def quoted(identifier: str) -> str:
    """Return a SQL identifier, safe for any name a file may carry.

    >>> quoted("unit price")
    '"unit price"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def listed(names: Iterable[str], at_most: int = 12) -> Message | list[str]:
    """Return names as a message's value: all of them, or the first ones that are short enough together and how many more.

    >>> str(listed("abcde", 3)), len(str(listed(["a" * 500, "b"])))
    ('a, b, c and 2 more', 57)
    """
    names = [name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in names]
    length, shown = 0, 0
    while shown < min(len(names), at_most) and length + len(names[shown]) <= _LONGEST_LIST:
        length, shown = length + len(names[shown]) + 2, shown + 1
    if more := len(names) - shown:
        return msg("{names} and {count} more", names=names[:shown], count=more)
    return names


def alternatives(names: Iterable[Message | str]) -> Message | str:
    """Return names between which there is a choice as a message's value: "a or b or c"."""
    first, *rest = names
    return msg("{first} or {rest}", first=first, rest=alternatives(rest)) if rest else first
