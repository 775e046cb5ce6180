"""Open a database that other processes write to: how long to wait, and which errors mean damage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import duckdb

from core.errors import UserError
from core.messages import msg
from core.progress import Progress, silent
from core.storage import disk

JOB_WAIT_S = 600.0
COMMAND_WAIT_S = 10.0
_POLL_S = 0.2
_SAY_AFTER_S = 1.0


class Busy(UserError):
    """Another process kept a database locked for longer than patience lasted."""


@dataclass(frozen=True)
class _Patience:
    seconds: float
    progress: Progress


_COMMAND = _Patience(COMMAND_WAIT_S, silent)
_patience: ContextVar[_Patience] = ContextVar("patience", default=_COMMAND)


@contextmanager
def waiting(seconds: float, progress: Progress = silent) -> Iterator[None]:
    """Inside the block, whoever opens a database that another process writes to waits for it so long, and reports that."""
    token = _patience.set(_Patience(seconds, progress))
    try:
        yield
    finally:
        _patience.reset(token)


def patiently(open_: Callable[[], duckdb.DuckDBPyConnection], path: Path) -> duckdb.DuckDBPyConnection:
    """Return open_(), tried again while another process has the file locked. Raises Busy when patience ends."""
    patience, begun = _patience.get(), time.monotonic()
    while True:
        try:
            return open_()
        except duckdb.IOException as error:
            if "could not set lock" not in str(error).lower():
                raise
            waited = time.monotonic() - begun
            if waited >= patience.seconds:
                raise Busy(
                    found=msg("Another Upswing process has been writing to {file} for {seconds} s.", file=path.name, seconds=round(waited)),
                    expected=msg("Only one process can write to it at a time."),
                    to_do=msg("Wait for that work to end (`upswing jobs` lists it), then try again."),
                ) from error
        if waited >= _SAY_AFTER_S:
            patience.progress("wait", 0.0, msg("Waiting for another import to finish"))
        time.sleep(_POLL_S)


def as_user_error(error: duckdb.Error, path: Path) -> UserError | None:
    """Return the UserError for a database file that is damaged or whose disk refuses; None for any other error."""
    text = str(error)
    ours = str(path) in text
    if (ours or "No space left" in text) and (fault := disk.as_user_error(error, path)):
        return fault
    if "corrupt" in text.lower() or isinstance(error, (duckdb.IOException, duckdb.SerializationException)) and ours:
        return UserError(
            found=msg("{file} is damaged: {error}", file=str(path), error=text.splitlines()[0]),
            expected=msg("The database must be unchanged since it was written."),
            to_do=msg("Restore {name} from a backup, or move it away and import your files again.", name=path.name),
        )
    return None
