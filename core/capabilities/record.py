"""What a capability declares: plain data that any process may import, since functions are named here and imported when they run.

A job kind is one record too, of a capability or of the pipeline (core/jobs/kinds.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from core.messages import Message
from core.schema.table import Table

LONG, SHORT, OUTGOING = "long", "short", "outgoing"  # lanes: each runs one job at a time, in parallel to the others
WAREHOUSE, PANEL, SCORED = "warehouse", "panel", "scored"  # what jobs write


@dataclass(frozen=True)
class JobKind:
    """One kind of background work.

    label        what the pages call it
    steps        the steps of its progress, in their order, and the usual share of its time that each takes
    run          "module:function" of (workspace, arguments, progress) that does it and returns its result, ready for JSON;
                 result["text"] says what was done
    arguments    names that it takes; needs: those of them that it cannot do without
    check        completes its arguments, or raises UserError
    fresh_panel  whether the panel is brought up to date before it runs
    exact        whether a request that differs from the one in work is refused, instead of answered with that one
    locks        what it writes: two kinds that write the same never run at once
    lane         SHORT for work of seconds, which does not wait for LONG work; OUTGOING for what waits on other machines
    step_labels  what the pages call its own steps; core.progress.STEPS has the common ones
    """

    name: str
    label: Message
    steps: Mapping[str, float]
    run: str
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    check: Callable[[dict], dict] | None = None
    fresh_panel: bool = False
    exact: bool = False
    locks: frozenset[str] = frozenset()
    lane: str = LONG
    step_labels: Mapping[str, Message] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page of the dashboard.

    title           what the navigation calls it; question: what it answers, shown under the title
    icon            name of a Material symbol
    section, place  where it is in the navigation: a section of dashboard/registry.py, and its order there
    needs_snapshot  whether it shows nothing before the first forecasts
    forecasts       whether what it shows rests on forecasts; stock: on known stock. Its header says what is weak about them
    file            its script; None = pages/NAME.py
    """

    name: str
    title: Message
    question: Message
    icon: str
    section: str
    place: int
    needs_snapshot: bool = True
    forecasts: bool = True
    stock: bool = False
    file: Path | None = None


@dataclass(frozen=True)
class Capability:
    """One use of the forecast.

    folder   the folder that owns it: `sql/` holds the queries of its computation, `queries/` the questions that pages ask
    tables   the serving tables that it writes
    compute  "module:function" that writes them from a core.capabilities.context.Context
    rules    "module:function" of a context: the rules that its tables follow, {section: {name: value}}
    jobs     its kinds of background work
    pages    its pages
    """

    name: str
    folder: Path
    compute: str
    tables: tuple[Table, ...]
    rules: str = ""
    jobs: tuple[JobKind, ...] = ()
    pages: tuple[Page, ...] = ()


def load(path: str) -> Callable:
    """Return the function that "module:function" names."""
    module, _, function = path.partition(":")
    return getattr(import_module(module), function)
