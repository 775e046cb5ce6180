"""Files that survive a crash: written under another name, synced, renamed; hashed; read back with clear errors.

    write_json(folder / "scored.json", {"rows": 12})
    with new_folder(workspace.models / model_id) as folder:
        ...                                             # the whole folder appears at once, or not at all

A file in the making is called `.NAME.xxxxxxxx.tmp` and has a lock beside it, so that `sweep` knows what a living process still writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from core.errors import UserError
from core.messages import Message, msg
from core.storage import disk, locks, private

UNPACKED = "upswing-import"  # the name beside which an import unpacks files, in the system's folder for temporary files
_SETTLED_S = 2.0  # a file that changed this lately may change again within its clock's step
_SEAL, _SEAL_KIND = "seal", "sha256-"
_hashes: dict[tuple, str] = {}  # of files as they were: path and what `_identity` says -> SHA-256


# ---- writing


def write_bytes(place: Path, content: bytes) -> Path:
    """Write a file whole or not at all, synced, and for its owner's eyes. Raises UserError for a full or read-only disk."""

    def write(file: Path) -> None:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)

    return write_with(place, write)


def write_text(place: Path, text: str) -> Path:
    """Write a UTF-8 file whole or not at all, and synced."""
    return write_bytes(place, text.encode("utf-8"))


def write_json(place: Path, value: object) -> Path:
    """Write a JSON file whole or not at all, and synced."""
    return write_text(place, _render(value))


def write_sealed(place: Path, body: Mapping) -> Path:
    """Write a JSON object with the SHA-256 of its own text, which `read_json` checks."""
    return write_text(place, sealed(body))


def sealed(body: Mapping) -> str:
    """Return a JSON object as text, with the SHA-256 of that text as its last entry."""
    return _render({**body, _SEAL: f"{_SEAL_KIND}{hashlib.sha256(_render(body).encode()).hexdigest()}"})


def write_with(place: Path, writer: Callable[[Path], object]) -> Path:
    """Write a file by a function that gets the name to write under. Whole or not at all, and synced."""
    with private.owner_only(), disk.reported(place), unfinished(place) as temporary:
        writer(temporary)
        sync(temporary)
        temporary.replace(place)
        sync(place.parent)
    return place


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """Give a folder to fill. When the block ends well it becomes `place`, synced, instead of what was there; else it is removed."""
    with private.owner_only(), disk.reported(place), unfinished(place) as temporary:
        temporary.mkdir()
        yield temporary
        for file in sorted(temporary.rglob("*")):
            sync(file)
        sync(temporary)
        if place.exists():
            with unfinished(place) as old:
                place.rename(old)
                temporary.rename(place)
        else:
            temporary.rename(place)
        sync(place.parent)


@contextmanager
def unfinished(place: Path) -> Iterator[Path]:
    """Give a name beside `place` to write under. What still has that name when the block ends is removed.

    A lock beside it shows other processes that its writer is alive.
    """
    temporary = place.with_name(f".{place.name[:40]}.{uuid4().hex[:8]}.tmp")
    with in_work(temporary):
        try:
            yield temporary
        finally:
            remove(temporary)


@contextmanager
def in_work(temporary: Path) -> Iterator[None]:
    """Hold the lock that keeps `sweep` from removing a path."""
    lock = _lock_of(temporary)
    with locks.locked(lock):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(paths: Iterable[Path]) -> list[Path]:
    """Remove what killed processes left unfinished among `paths`; return what was removed. A living writer's lock protects its files."""
    removed = []
    for path in paths:
        temporary = path.with_suffix("") if path.suffix == ".lock" else path
        if locks.is_free(_lock_of(temporary)):
            removed += [temporary] if temporary.exists() else []
            remove(temporary)
            _lock_of(temporary).unlink(missing_ok=True)
    return removed


def _lock_of(temporary: Path) -> Path:
    return temporary.with_name(temporary.name + ".lock")


def _render(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


# ---- reading


def read_json(file: Path, to_do: Message):
    """Return the content of a JSON file; of a sealed one without its seal.

    Raises UserError, with `to_do`, where the file is missing, cannot be read, is no JSON, or differs from its seal.
    """
    try:
        text = file.read_bytes().decode("utf-8")
        value = json.loads(text)
    except FileNotFoundError as error:
        raise _damaged(file, msg("{file} is missing.", file=str(file)), to_do) from error
    except (OSError, ValueError) as error:
        raise _damaged(file, msg("{file} cannot be read: {error}.", file=str(file), error=str(error)), to_do) from error
    if isinstance(value, dict) and value:
        name, seal = list(value.items())[-1]
        if name == _SEAL or isinstance(seal, str) and seal.startswith(_SEAL_KIND):  # either half of a damaged seal still shows
            del value[name]
            if text != sealed(value):
                raise _damaged(file, msg("{file} has changed since it was written.", file=str(file)), to_do)
    return value


def _damaged(file: Path, found: Message, to_do: Message) -> UserError:
    return UserError(found=found, expected=msg("{name} must be unchanged since it was written.", name=file.name), to_do=to_do)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def known_sha256(file: Path) -> str:
    """Return the SHA-256 of a file that is looked at often: read once per process for as long as its name, times and size stay."""
    key = _identity(file)
    if key not in _hashes:
        found = sha256(file)
        if _identity(file) != key or time.time() - max(key[2], key[3]) / 1e9 < _SETTLED_S:
            return found  # too fresh: another write could leave the same times
        _hashes[key] = found
    return _hashes[key]


def forget_hashes() -> None:
    """Read every file again, as a new process does."""
    _hashes.clear()


def changed(folder: Path, hashes: Mapping[str, str], known: bool = True) -> list[Message]:
    """Return what differs from a manifest, a sentence a file. hashes: SHA-256 by file name; known: see `known_sha256`."""
    found = []
    for name, expected in hashes.items():
        file = folder / name
        if not file.is_file():
            found.append(msg("{file} is missing.", file=name))
        elif (known_sha256 if known else sha256)(file) != expected:
            found.append(msg("{file} has changed since it was written.", file=name))
    return found


def _identity(file: Path) -> tuple:
    stat = file.stat()
    return str(file), stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
