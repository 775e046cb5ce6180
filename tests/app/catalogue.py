"""Brings the Chinese catalogue up to date with the strings in the code: python tests/app/catalogue.py

Strings marked _() or n_() in dashboard/, pages/ and core/models/card.py and the meanings of the features go into
dashboard/locale/zh_CN/LC_MESSAGES/upswing.po (translations there are kept, unused ones dropped).
New strings come out untranslated; tests/app/test_catalogue.py names them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

from core.features.definitions import FEATURES

REPOSITORY = Path(__file__).parents[2]
PO = REPOSITORY / "dashboard" / "locale" / "zh_CN" / "LC_MESSAGES" / "upswing.po"
CARD = REPOSITORY / "core" / "models" / "card.py"  # the one text of core that a page shows whole
WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same strings give the same file
KEYWORDS = {"_": None, "N_": None, "n_": (1, 2)}


def wanted() -> Catalog:
    """Every string that a page can show, without translations."""
    catalogue = Catalog(
        locale="zh_CN",
        charset="utf-8",
        project="Upswing",
        version="0.1.0",
        fuzzy=False,
        creation_date=WHEN,
        revision_date=WHEN,
        header_comment="# The dashboard in Chinese. Brought up to date by tests/app/catalogue.py; the translations are made by hand.",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
    )
    for room in ("dashboard", "pages"):
        for file, line, message, *_ in extract_from_dir(REPOSITORY / room, [("**.py", "python")], keywords=KEYWORDS):
            catalogue.add(message, locations=[(f"{room}/{file}", line)])
    for _lines, message, *_rest in extract_from_file("python", CARD, keywords=KEYWORDS):
        catalogue.add(message, locations=[("core/models/card.py", 0)])
    for feature in FEATURES:
        catalogue.add(feature.meaning, locations=[("core/features/definitions.py", 0)])
    return catalogue


def present() -> Catalog:
    with PO.open("rb") as stream:
        return read_po(stream, locale="zh_CN")


def updated() -> Catalog:
    """What the .po should say: the wanted strings with the translations that are there."""
    fresh, old = wanted(), present() if PO.exists() else Catalog()
    for message in fresh:
        known = old.get(message.id) if message.id else None
        if known is not None and known.string:
            message.string = known.string
    return fresh


if __name__ == "__main__":
    catalogue = updated()
    with PO.open("wb") as stream:
        write_po(stream, catalogue, width=140, omit_header=False, include_lineno=False, sort_output=True)
    missing = [m.id for m in catalogue if m.id and not (m.string and all([m.string] if isinstance(m.string, str) else m.string))]
    print(f"{len(catalogue)} strings, {len(missing)} without Chinese")
