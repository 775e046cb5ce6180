"""The secret under which customers' ids become pseudonyms: `privacy.key`, made once and readable by its owner alone.

`privacy.json` holds the key's SHA-256, so that a lost or changed key is noticed before rows under another one are stored: the
pseudonyms of old and new rows would not meet.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from core.errors import UserError
from core.messages import Message, msg
from core.storage import disk, files, locks
from core.workspace import Workspace

_BYTES = 32


def customers_key(workspace: Workspace, *, create: bool) -> bytes:
    """Return the workspace's key of 32 bytes. create: make it where there is none; else return a throwaway one, for a dry run.

    Raises UserError where the key was lost or changed.
    """
    if not create:
        return _read(workspace) or secrets.token_bytes(_BYTES)
    with locks.locked(workspace.create().root / ".privacy.lock"):
        key = _read(workspace)
        if key is None:
            key = secrets.token_bytes(_BYTES)
            files.write_bytes(_file(workspace), key.hex().encode(), mode=0o600)
        _remember(workspace, key)
    return key


def remember(workspace: Workspace) -> None:
    """Note the SHA-256 of a key that 0.1.0 made."""
    key = _read(workspace)
    if key is not None:
        _remember(workspace, key)


def _remember(workspace: Workspace, key: bytes) -> None:
    if not _note(workspace).exists():
        files.write_sealed(_note(workspace), {"key_sha256": hashlib.sha256(key).hexdigest()})


def _read(workspace: Workspace) -> bytes | None:
    """Return the key; None where none was ever made."""
    file, note = _file(workspace), _note(workspace)
    to_do = msg("Restore privacy.json from a backup, or delete it if privacy.key is the right one.")
    known = files.read_json(note, to_do)["key_sha256"] if note.exists() else None
    if not file.exists():
        if known is None:
            return None
        raise _wrong(msg("The key of the customers' pseudonyms, {file}, is missing.", file=str(file)))
    with disk.reported(file):
        text = file.read_bytes()
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != _BYTES or known not in (None, hashlib.sha256(key).hexdigest()):
        raise _wrong(msg("The key of the customers' pseudonyms, {file}, is not the one that was made.", file=str(file)))
    return key


def _wrong(found: Message) -> UserError:
    return UserError(
        found=found,
        expected=msg("Stored customers are recognised by that key alone."),
        to_do=msg("Restore privacy.key from a backup, or import all files again into a new workspace."),
    )


def _file(workspace: Workspace) -> Path:
    return workspace.root / "privacy.key"


def _note(workspace: Workspace) -> Path:
    return workspace.root / "privacy.json"
