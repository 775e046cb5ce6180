"""What a capability declares: plain data that any process may import, since functions are named here and imported when they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from core.schema.table import Table


@dataclass(frozen=True)
class Capability:
    """One use of the forecast.

    folder   the folder that owns it: `sql/` holds the queries of its computation, `queries/` the questions that pages ask
    tables   the serving tables that it writes
    compute  "module:function" that writes them from a core.capabilities.context.Context
    """

    name: str
    folder: Path
    compute: str
    tables: tuple[Table, ...]


def load(path: str) -> Callable:
    """Return the function that "module:function" names."""
    module, _, function = path.partition(":")
    return getattr(import_module(module), function)
