"""A workspace is its owner's alone: folders 0700, files 0600, whoever writes them (DuckDB, Parquet, SQLite, Streamlit)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OTHERS = 0o077
_usual = 0  # what the process keeps from others outside `owner_only`


@contextmanager
def owner_only() -> Iterator[None]:
    """Make every file that this process and its children create inside the block readable by their owner alone."""
    global _usual
    before = os.umask(_OTHERS)
    if before != _OTHERS:
        _usual = before
    try:
        yield
    finally:
        os.umask(before)


def share(file: Path) -> None:
    """Give a file that a person asked for, such as an export, the permissions that the person's files have."""
    file.chmod(0o666 & ~_usual)


def tighten(root: Path) -> list[Path]:
    """Take a workspace's files and folders, of an earlier version or restored from a backup, away from others; return those changed."""
    changed = []
    for folder, folders, names in os.walk(root):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            found = path.lstat()
            if found.st_mode & _OTHERS and found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode):
                path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
                changed.append(path)
        folders[:] = [name for name in folders if not Path(folder, name).is_symlink()]
    return changed
