"""Update the catalogues from the sources: `make catalogues`, or `python scripts/catalogues.py --check` to only report.

Two domains, each with one .po file a language:
    core/locale/*/LC_MESSAGES/core.po           messages: msg() and nmsg() anywhere, and the English sentences of declarative records
    dashboard/locale/*/LC_MESSAGES/upswing.po   words of the pages: _(), n_() and N_() in dashboard/ and pages/

Translations are kept, entries sorted, unused ones dropped. New entries come out untranslated; tests/unit/test_messages.py names them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
CHECKS = REPOSITORY / "core" / "storage" / "sql" / "checks"
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same strings give the same file
DOMAINS = {  # name -> (folder of its locales, folders of its sources, keywords)
    "core": (REPOSITORY / "core" / "locale", ("core", "dashboard", "pages"), {"msg": (1,), "nmsg": (1, 2)}),
    "upswing": (REPOSITORY / "dashboard" / "locale", ("dashboard", "pages"), {"_": (1,), "N_": (1,), "n_": (1, 2)}),
}
_TITLES = {"core": "What core reports", "upswing": "The words of the pages"}


def catalogue_file(domain: str, locale: str) -> Path:
    return DOMAINS[domain][0] / locale / "LC_MESSAGES" / f"{domain}.po"


def locales(domain: str) -> list[str]:
    """Return the locales that a domain is translated into."""
    return sorted(folder.name for folder in DOMAINS[domain][0].iterdir() if folder.is_dir())


def wanted(domain: str, locale: str) -> Catalog:
    """Return every string of a domain in the sources, without translations."""
    catalogue = Catalog(
        locale=locale,
        domain=domain,
        project="Upswing",
        charset="utf-8",
        fuzzy=False,
        creation_date=_WHEN,
        revision_date=_WHEN,
        header_comment=f"# {_TITLES[domain]}, {locale}. `make catalogues` updates the entries; the translations are made by hand.",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
    )
    _folder, sources, keywords = DOMAINS[domain]
    for source in sources:
        for file, line, text, *_rest in extract_from_dir(REPOSITORY / source, [("**.py", "python")], keywords=keywords):
            if text and text != ("", ""):
                catalogue.add(text, locations=[(f"{source}/{file}", line)])
    if domain == "core":
        for text, place in records():
            catalogue.add(text, locations=[(place, 0)])
    return catalogue


def records() -> Iterator[tuple[str, str]]:
    """Yield (English sentence, file) of the records that are data as well: features, and the checks of a snapshot."""
    from core.features.definitions import FEATURES

    for feature in FEATURES:
        yield feature.meaning, "core/features/definitions.py"
    for file in sorted(CHECKS.glob("*.sql")):
        yield file.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- "), file.relative_to(REPOSITORY).as_posix()


def present(domain: str, locale: str) -> Catalog:
    with catalogue_file(domain, locale).open("rb") as stream:
        return read_po(stream, locale=locale)


def updated(domain: str, locale: str) -> Catalog:
    """Return the wanted strings with the translations that are there, in either domain."""
    fresh = wanted(domain, locale)
    known = {
        (m.id[0] if isinstance(m.id, tuple) else m.id): m.string for one in DOMAINS for m in present(one, locale) if m.id and translated(m)
    }
    known |= {(m.id[0] if isinstance(m.id, tuple) else m.id): m.string for m in present(domain, locale) if m.id and translated(m)}
    for message in fresh:
        if message.id and (string := known.get(message.id[0] if message.pluralizable else message.id)):
            forms = string if isinstance(string, tuple) else (string,)
            message.string = forms if message.pluralizable else forms[0]
    return fresh


def translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def text_of(catalogue: Catalog) -> bytes:
    """Return a catalogue as the text of its .po file."""
    import io

    stream = io.BytesIO()
    write_po(stream, catalogue, width=140, include_lineno=False, sort_output=True)
    return stream.getvalue()


def main(check: bool) -> int:
    stale = 0
    for domain in DOMAINS:
        for locale in locales(domain):
            file, catalogue = catalogue_file(domain, locale), updated(domain, locale)
            missing = [m.id for m in catalogue if m.id and not translated(m)]
            changed = text_of(catalogue) != file.read_bytes()
            stale += changed or bool(missing)
            if changed and not check:
                file.write_bytes(text_of(catalogue))
            print(f"{file.relative_to(REPOSITORY)}: {len(catalogue)} strings, {len(missing)} without translation")
            for text in missing:
                print(f"  {text}")
    return min(stale, 1) if check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
