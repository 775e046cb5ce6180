"""Pseudonyms for the ids of persons, and free text without mail addresses and phone numbers."""

from __future__ import annotations

import hashlib
import hmac

from core.ingest.recognise.personal_data import MAIL, PHONE


def masked(expression: str) -> str:
    """Return SQL of a text with mail addresses and phone numbers replaced."""
    without_mail = f"case when contains({expression}, '@') then regexp_replace({expression}, '{MAIL}', '[mail]', 'g') else {expression} end"
    return f"regexp_replace({without_mail}, '{PHONE}', '[phone]', 'g')"


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
