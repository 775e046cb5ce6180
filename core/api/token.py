"""The secret that programs show to the HTTP service: `api.token`, made once and readable by its owner alone."""

from __future__ import annotations

import secrets

from core.errors import UserError
from core.messages import msg
from core.storage import disk, files, locks
from core.workspace import Workspace

_SHORTEST = 20


def token(workspace: Workspace) -> str:
    """Return the workspace's token, made at the first call. Raises UserError where the file holds none."""
    file = workspace.root / "api.token"
    with locks.locked(workspace.create().root / ".api.lock"):
        if not file.exists():
            files.write_bytes(file, secrets.token_urlsafe(32).encode() + b"\n")
    with disk.reported(file):
        found = file.read_text(encoding="utf-8").strip()
    if len(found) < _SHORTEST or not found.isascii():
        raise UserError(
            expected=msg("The token has at least {count} letters and digits.", count=_SHORTEST),
            found=msg("{file} holds none.", file=str(file)),
            to_do=msg("Delete the file: the next start makes a new token."),
        )
    return found
