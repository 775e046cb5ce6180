"""What a capability declares: plain data that any process may import, since functions are named and imported when they run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.schema.table import Table


@dataclass(frozen=True)
class Capability:
    """One use of the forecast.

    folder   the folder that owns it: `sql/` and `queries/` hold its SQL
    tables   the serving tables that it writes
    """

    name: str
    folder: Path
    tables: tuple[Table, ...] = ()
