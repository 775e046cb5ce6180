"""The secret under which customers' ids become pseudonyms: `privacy.key`, made once and readable by its owner alone.

`privacy.json` and the warehouse hold the key's SHA-256, so that a lost or changed key is noticed before rows under another one are
stored: the pseudonyms of old and new rows would not meet, and every customer would count twice.
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


def customers_key(workspace: Workspace, *, create: bool, con=None) -> bytes:
    """Return the workspace's key of 32 bytes. create: make it where there is none; else return a throwaway one, for a dry run.

    con: the open warehouse, which knows the key of its customers. Raises UserError where the key was lost or changed.
    """
    known = _of_warehouse(con) if con is not None else _of_file(workspace)
    if not create:
        return _read(workspace, known) or secrets.token_bytes(_BYTES)
    with locks.locked(workspace.create().root / ".privacy.lock"):
        key = _read(workspace, known)
        if key is None:
            key = secrets.token_bytes(_BYTES)
            files.write_bytes(_file(workspace), key.hex().encode())
        _remember(workspace, key)
    return key


def fingerprint(key: bytes) -> str:
    """Return what the warehouse notes of a key."""
    return hashlib.sha256(key).hexdigest()


def remember(workspace: Workspace) -> None:
    """Note the SHA-256 of a key that 0.1.0 made."""
    key = _read(workspace, None)
    if key is not None:
        _remember(workspace, key)


def _remember(workspace: Workspace, key: bytes) -> None:
    if not _note(workspace).exists():
        files.write_sealed(_note(workspace), {"key_sha256": fingerprint(key)})


def _of_file(workspace: Workspace) -> str | None:
    from core.storage import duckdb as db  # only an import and a check need it

    if not workspace.warehouse.exists():
        return None
    with db.connect(workspace.warehouse, read_only=True) as con:
        return _of_warehouse(con)


def _of_warehouse(con) -> str | None:
    """Return the SHA-256 of the key under which a warehouse was filled: "" where that is not known, None where nothing was imported."""
    from core.storage import duckdb as db
    from core.storage import warehouse

    there = {name for name, _ in warehouse.columns(con).get("imports", ())}
    if not there:
        return None
    if "key_sha256" not in there:  # of an earlier version, opened to be read
        return "" if con.execute("select 1 from imports limit 1").fetchone() else None
    rows = db.rows(con, "warehouse/key")
    return (rows[0]["key_sha256"] or "") if rows else None


def _read(workspace: Workspace, stored: str | None) -> bytes | None:
    """Return the key; None where none was ever made. stored: see `_of_warehouse`."""
    file, note = _file(workspace), _note(workspace)
    to_do = msg("Restore privacy.json from a backup, or delete it if privacy.key is the right one.")
    noted = files.read_json(note, to_do)["key_sha256"] if note.exists() else None
    if not file.exists():
        if noted is None and stored is None:
            return None
        raise _wrong(msg("The key of the customers' pseudonyms, {file}, is missing.", file=str(file)))
    with disk.reported(file):
        text = file.read_bytes()
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != _BYTES or any(known and known != fingerprint(key) for known in (noted, stored)):
        raise _wrong(msg("The key of the customers' pseudonyms, {file}, is not the original one.", file=str(file)))
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
