"""Locks between processes. A lock ends with its holder, so a killed process leaves none behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.storage import disk


class Taken(Exception):
    """Another process holds the lock."""


@contextmanager
def locked(file: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock `file` inside the block. Wait for another holder, or raise Taken at once with wait=False.

    The lock is not reentrant: who holds it must not ask for it again. Raises UserError where the disk refuses the file.
    """
    lock = FileLock(file, mode=0o600, thread_local=False)
    with disk.reported(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout as error:
            raise Taken(str(file)) from error
    try:
        yield
    finally:
        lock.release()


def is_free(file: Path) -> bool:
    """Return whether no living process holds the lock `file`."""
    if not file.exists():
        return True
    try:
        with locked(file, wait=False):
            return True
    except Taken:
        return False
