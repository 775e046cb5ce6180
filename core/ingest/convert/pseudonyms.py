"""Pseudonyms for the ids of persons, and free text without mail addresses and phone numbers."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from core.ingest.recognise.personal_data import MAIL, PHONE
from core.workspace import Workspace


def masked(expression: str) -> str:
    """Return SQL of a text with mail addresses and phone numbers replaced."""
    without_mail = f"case when contains({expression}, '@') then regexp_replace({expression}, '{MAIL}', '[mail]', 'g') else {expression} end"
    return f"regexp_replace({without_mail}, '{PHONE}', '[phone]', 'g')"


def key(workspace: Workspace, *, create: bool) -> bytes:
    """Return the workspace's secret key. It is made once, readable by its owner alone; another one would give other pseudonyms.

    create: whether to keep a new key; a dry run uses a throwaway one.
    """
    path: Path = workspace.root / "privacy.key"
    if path.exists():
        return bytes.fromhex(path.read_text(encoding="ascii"))
    fresh = secrets.token_bytes(32)
    if create:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(fresh.hex())
    return fresh


def pseudonyms(secret: bytes, kind: str, ids: list[str]) -> list[str]:
    """Return the HMAC-SHA256 of each id, cut to 128 bits, in hexadecimal.

    kind ("customer", "visitor") distinguishes equal ids of different kinds.

    >>> pseudonyms(b"k", "customer", ["7"]) == pseudonyms(b"k", "visitor", ["7"])
    False
    """
    start = hmac.new(secret, f"{kind}:".encode(), hashlib.sha256)

    def one(text: str) -> str:
        digest = start.copy()
        digest.update(text.encode())
        return digest.hexdigest()[:32]

    return [one(i) for i in ids]
