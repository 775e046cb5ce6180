"""Faults of a disk as sentences: full, read-only, damaged."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UpswingError, UserError
from core.messages import msg

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FOLDER = (errno.EISDIR, errno.ENOTDIR)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what a disk refuses inside the block into a UserError about `path`. Every other error passes unchanged."""
    try:
        yield
    except UpswingError:
        raise
    except Exception as error:
        told = as_user_error(error, path)
        if told is None:
            raise
        raise told from error


def as_user_error(error: BaseException, path: Path) -> UserError | None:
    """Return the UserError for a fault of the disk, None for any other error.

    Libraries in other languages raise errors of their own, which quote the system's words; those count too.
    """
    code = _code(error)
    if code in _FULL:
        return full(path)
    if code in _READ_ONLY:
        return UserError(
            found=msg("{file} cannot be written: the disk or the folder is read-only, or belongs to another user.", file=str(path)),
            expected=msg("Upswing needs to write there."),
            to_do=msg("Make the folder writable for your user, or choose another workspace, then repeat the command."),
        )
    if code in _FOLDER:
        return UserError(
            found=msg("There is a folder where {file} should be, or a file where its folder should be.", file=str(path)),
            expected=msg("Upswing needs to write a file there."),
            to_do=msg("Move it away, then repeat the command."),
        )
    if code == errno.EIO:
        return UserError(
            found=msg("The disk reports a fault at {file}.", file=str(path)),
            expected=msg("Upswing needs a disk that reads and writes without faults."),
            to_do=msg("Copy the workspace to another disk, then run `upswing doctor`."),
        )
    return None


def full(path: Path) -> UserError:
    """Return the error of a full disk."""
    return UserError(
        found=msg("The disk that holds {file} is full.", file=str(path)),
        expected=msg("Upswing needs free space to write there."),
        to_do=msg("Free some space, then repeat the command. What is served has not changed."),
    )


def need_space(folder: Path, size: int) -> None:
    """Raise the UserError of a full disk where fewer than `size` bytes are free. For memory maps, whose writes cannot report it."""
    if shutil.disk_usage(folder).free < size:
        raise full(folder)


def _code(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno:
        return error.errno
    text = str(error).lower()
    return next((code for code in (*_FULL, *_READ_ONLY, *_FOLDER, errno.EIO) if os.strerror(code).lower() in text), None)
