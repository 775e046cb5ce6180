"""Which known layout a file has: by the columns that its report has and no other."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.ingest.names import by_plain, listed
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.mapping_file import PRESETS, parse
from core.messages import Message, msg

SYSTEMS = PRESETS / "systems"


@cache
def shipped() -> tuple[Mapping, ...]:
    """Return the layouts that ship, by name."""
    files = [*SYSTEMS.glob("*.toml"), *(f for f in PRESETS.glob("*.toml") if f.stem != "generic")]
    parsed = (parse(file.stem, file) for file in sorted(files, key=lambda f: f.stem))
    return tuple(mapping for mapping in parsed if mapping.layout is not None)


def own(folder: Path) -> tuple[Mapping, ...]:
    """Return the layouts in a workspace's folder `layouts/`. Raises UserError for one that cannot be read."""
    parsed = (parse(file.stem, file) for file in sorted(folder.glob("*.toml")))
    return tuple(mapping for mapping in parsed if mapping.layout is not None)


def recognise(columns: list[str], layouts: tuple[Mapping, ...]) -> tuple[Mapping | None, Message | None]:
    """Return the layout of a file with these columns, with the evidence for it; (None, None) for a file of no known one.

    The layout with the most of its columns in the file wins; of two with as many, neither does.
    """
    present = by_plain(columns)
    fitting = [(len(shown), m, shown) for m in layouts if m.layout is not None and (shown := m.layout.found_in(present))]
    if not fitting:
        return None, None
    most = max(count for count, _, _ in fitting)
    best = [(mapping, shown) for count, mapping, shown in fitting if count == most]
    if len(best) > 1:
        return None, None
    ((mapping, shown),) = best
    assert mapping.layout is not None
    return mapping, msg("Read as {layout}: the file has its columns {columns}.", layout=mapping.layout.name, columns=listed(shown, 6))
