"""The sections of a mapping that make it a layout.

[layout]
system = "Shopify"
report = "Orders export"
sources = ["https://help.shopify.com/..."]            # where the columns and states are documented
header = ["Lineitem quantity", ["Created at", "Erstellt am"]]   # a file has the layout if it has all of these, in any of their languages
absent = ["Lineitem id"]                               # and none of these
group = "Name"                                         # the order, on whose first line alone ...
carried = ["Financial Status", "Paid at"]              # ... these are filled
parts = "parent_item_id"                               # rows that name a parent are parts of it
lines = "Item Number"                                  # rows without it add up the lines of their order
why = "no days"                                        # instead of tables: why the report cannot serve
instead = "Analytics > Reports > Sales over time"      # and which one to export
time_zone = "UTC"

[layout.items]                                         # several items in one cell
columns = "line_item_#"
pattern = 'name:(?P<item>[^|]*)\\|quantity:(?P<units>\\d+)'

[[states]]
column = "Financial Status"
values = { "partially_paid" = "pending" }              # sale, return, not a sale or pending
[[states]]
column = "Cancelled at"
filled = "not a sale"
"""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import available_timezones

from core.errors import UserError
from core.ingest.names import listed
from core.ingest.recognise.layout import WHY, Items, Layout, StateRule
from core.ingest.words import KINDS, normalised
from core.messages import msg

_KEYS = {
    "system",
    "report",
    "header",
    "absent",
    "sources",
    "group",
    "carried",
    "parts",
    "lines",
    "items",
    "places",
    "ignored",
    "why",
    "instead",
    "time_zone",
}


def parse_layout(given: dict, states: list, path: Path) -> Layout:
    """Return the layout of a mapping's [layout] and [[states]]. Raises UserError for unknown keys and values."""
    if unknown := given.keys() - _KEYS:
        raise _wrong(path, msg("[layout] in {file} has {keys}.", file=path.name, keys=listed(unknown)), sorted(_KEYS))
    if lacking := {"system", "report", "header"} - given.keys():
        raise _wrong(path, msg("[layout] in {file} lacks {keys}.", file=path.name, keys=sorted(lacking)), sorted(_KEYS))
    if given.get("why", "") not in ("", *WHY):
        raise _wrong(path, msg("[layout] why in {file} is {value}.", file=path.name, value=repr(given["why"])), list(WHY))
    zone = str(given.get("time_zone", ""))
    if zone and zone not in available_timezones():
        found = msg("[layout] time_zone in {file} is {value}.", file=path.name, value=repr(zone))
        raise _wrong(path, found, ["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai"])
    return Layout(
        system=str(given["system"]),
        report=str(given["report"]),
        header=tuple(_texts(group) for group in given["header"]),
        absent=_texts(given.get("absent", [])),
        sources=_texts(given.get("sources", [])),
        group=_texts(given.get("group", [])),
        carried=_texts(given.get("carried", [])),
        parts=_texts(given.get("parts", [])),
        lines=_texts(given.get("lines", [])),
        states=tuple(_state(one, path) for one in states),
        places=_texts(given.get("places", [])),
        ignored=_texts(given.get("ignored", [])),
        items=_items(given["items"], path) if "items" in given else None,
        why=given.get("why", ""),
        instead=given.get("instead", ""),
        time_zone=zone,
    )


def _state(given: dict, path: Path) -> StateRule:
    if not isinstance(given, dict) or "column" not in given or given.keys() - {"column", "values", "filled", "perhaps"}:
        found = msg("[[states]] in {file} has {keys}.", file=path.name, keys=listed(given))
        raise _wrong(path, found, ["column", "values", "filled", "perhaps"])
    values = tuple((value if value == "*" else normalised(value), str(kind)) for value, kind in given.get("values", {}).items())
    for kind in (*(kind for _, kind in values), *([given["filled"]] if "filled" in given else [])):
        if kind not in KINDS:
            raise _wrong(path, msg("[[states]] in {file} has the value {value}.", file=path.name, value=repr(kind)), list(KINDS))
    return StateRule(str(given["column"]), values, str(given.get("filled", "")), bool(given.get("perhaps", False)))


def _items(given: dict, path: Path) -> Items:
    try:
        names = re.compile(given["pattern"]).groupindex
    except (KeyError, re.error) as error:
        raise _wrong(
            path, msg("[layout.items] in {file} has no pattern: {error}.", file=path.name, error=str(error)), ["pattern"]
        ) from error
    if not names:
        raise _wrong(path, msg("The pattern of [layout.items] in {file} has no named group.", file=path.name), ["(?P<item>...)"])
    return Items(_texts(given.get("columns", [])), given["pattern"])


def _texts(value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)


def _wrong(path: Path, found, allowed: list[str]) -> UserError:
    return UserError(
        found=found, expected=msg("These are allowed: {values}.", values=allowed), to_do=msg("Correct {file}.", file=path.name)
    )
