"""Sentences as data. Core reports what happened; words are made where they are shown, in the reader's language.

    msg("{file} has no column names in its first line.", file=name)
    nmsg("{count} row was rejected.", "{count} rows were rejected.", rejected)

A message is an English template with named values. The template is the code under which gettext catalogues hold the sentence in
other languages, and scripts/catalogues.py extracts it from calls of `msg` and `nmsg`, so a template is always a literal. Values stay
values: numbers, days and lists are formatted in the reader's language when the message is shown, and a message may be a value of
another. Identifiers, which no language groups by thousands, are passed as text.
"""

from __future__ import annotations

import gettext
import io
import json
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = {"en": "en", "zh": "zh_CN"}  # language -> locale
LOCALE_FOLDER = Path(__file__).parent / "locale"
_SEPARATORS = {  # name of a list value -> language -> what stands between its items; other lists are enumerations
    "sentences": {"en": " ", "zh": ""},
    "lines": {"en": "\n", "zh": "\n"},
}
LONGEST = 600  # characters of a message: a file's names and values may be of any length
_LIMITS = (400, 300, 200, 150, 100, 60, 30)  # of a value, tried in turn
_ENUMERATION = {"en": ", ", "zh": "、"}
_FIELDS = {"message", "values", "plural", "count"}  # the keys of a message as JSON
_SERIALIZED = '{"message": '  # how the JSON of a message begins


@dataclass(frozen=True)
class Message:
    """One sentence or phrase: its English template, and what fills it.

    plural, count: the template for other counts than one, and the count, which fills {count}.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    plural: str = ""
    count: float | None = None

    def __str__(self) -> str:
        return self.show("en")

    def __bool__(self) -> bool:
        return bool(self.template)

    def show(self, language: str = "en") -> str:
        """Return the sentence in a language of LOCALES, its values cut until it has LONGEST characters at most; lines are cut one by one.

        >>> msg("{file} has {rows} rows.", file="a.csv", rows=1234).show("en")
        'a.csv has 1,234 rows.'
        """
        text = self._shown(language, None)
        if len(text) <= LONGEST or self._has_lines():
            return text
        cut = text
        for limit in _LIMITS:
            if len(cut := self._shown(language, limit)) <= LONGEST:
                break
        return text if cut == text else _cut(cut, LONGEST)  # a long text of our own stays whole

    def _has_lines(self) -> bool:
        """Return whether a list of lines is among its values, or among those of a message within it."""
        if "lines" in self.values:
            return True
        within = [part for value in self.values.values() for part in (value if isinstance(value, list) else [value])]
        return any(part._has_lines() for part in within if isinstance(part, Message))

    def _shown(self, language: str, limit: int | None) -> str:
        """Return the sentence; texts and lists among its values have that many characters at most."""
        found = translations(language)
        text = found.ngettext(self.template, self.plural, round(self.count or 0)) if self.plural else found.gettext(self.template)
        values = dict(self.values) if self.count is None else {"count": self.count, **self.values}
        return text.format(**{name: _show_named(name, value, language, limit) for name, value in values.items()}) if values else text

    def as_dict(self) -> dict:
        """Return the message ready for JSON; `from_dict` reads it back."""
        record: dict = {"message": self.template}
        if self.values:
            record["values"] = {name: _as_json(value) for name, value in self.values.items()}
        if self.plural:
            record |= {"plural": self.plural, "count": _as_json(self.count)}
        return record


def msg(template: str, /, **values: object) -> Message:
    """Return a message. The template is a literal, so that pybabel finds it."""
    return Message(template, values)


def nmsg(one: str, many: str, count: float, /, **values: object) -> Message:
    """Return a message whose form depends on a count, which fills {count}."""
    return Message(one, values, many, count)


def sentences(*parts: Message | str) -> Message:
    """Return several sentences as one message, in their order; empty ones are left out."""
    return Message("{sentences}", {"sentences": [part for part in parts if part]})


def lines(*parts: Message | str) -> Message:
    """Return several messages as one of several lines."""
    return Message("{lines}", {"lines": list(parts)})


def show(text: Message | str, language: str = "en") -> str:
    """Return a message in a language; other text is data of the shop and stays as it is."""
    return text.show(language) if isinstance(text, Message) else str(text)


def from_dict(record: Mapping | str) -> Message | str:
    """Return what `as_dict` wrote. Text that is no record stays text."""
    if isinstance(record, str):
        return record
    values = {name: _from_json(value) for name, value in record.get("values", {}).items()}
    return Message(record["message"], values, record.get("plural", ""), record.get("count"))


def to_json(value: object) -> str:
    """Return JSON text of a message, or of a result that holds messages anywhere; `from_json` reads it back."""
    return json.dumps(value, default=_as_json, ensure_ascii=False)


def from_json(text: str):
    """Return what `to_json` wrote, its messages as messages."""
    return json.loads(text, object_hook=lambda record: from_dict(record) if _is_message(record) else record)


def serialize(text: Message | str) -> str:
    """Return a message as a text column holds it: as JSON. Other text stays as it is."""
    return to_json(text) if isinstance(text, Message) else text


def deserialize(text: str) -> Message | str:
    """Return what `serialize` wrote."""
    return from_json(text) if text.startswith(_SERIALIZED) else text


def preferred_language(environ: Mapping[str, str]) -> str:
    """Return the language of LOCALES that the environment asks for: UPSWING_LANG, else the locale by POSIX's order, else English.

    >>> preferred_language({"LANG": "zh_CN.UTF-8"}), preferred_language({"UPSWING_LANG": "en", "LANG": "zh_CN.UTF-8"})
    ('zh', 'en')
    """
    asked = (environ.get(name, "") for name in ("UPSWING_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((value for value in asked if value), "")
    return "zh" if chosen.lower().startswith("zh") else "en"


def show_value(value: object, language: str, limit: int | None = None) -> str:
    """Return a value as a reader of the language writes it. limit: characters of a text or a list, at most."""
    locale = LOCALES[language]
    if isinstance(value, Message):
        return value.show(language) if limit is None else value._shown(language, limit)
    if isinstance(value, datetime):
        return format_datetime(value, "d MMM y HH:mm" if language == "en" else "y-MM-dd HH:mm", locale=locale)
    if isinstance(value, date):
        return format_date(value, "d MMM y" if language == "en" else "y年M月d日", locale=locale)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return format_decimal(int(value) if isinstance(value, numbers.Integral) else float(value), locale=locale)
    if isinstance(value, (list, tuple)):
        return _cut(_ENUMERATION[language].join(show_value(one, language, limit) for one in value), limit)
    return _cut(str(value), limit)


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return core's catalogue of a language. English needs none: the templates are English."""
    return gettext.NullTranslations() if language == "en" else load_catalogue(LOCALE_FOLDER, "core", language)


def load_catalogue(folder: Path, domain: str, language: str) -> gettext.GNUTranslations:
    """Compile folder/LOCALE/LC_MESSAGES/DOMAIN.po in memory, so that no compiled file can be older than its source."""
    file = folder / LOCALES[language] / "LC_MESSAGES" / f"{domain}.po"
    compiled = io.BytesIO()
    with file.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=LOCALES[language]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _show_named(name: str, value: object, language: str, limit: int | None) -> str:
    if name in _SEPARATORS and isinstance(value, (list, tuple)):
        return _SEPARATORS[name][language].join(show_value(one, language, limit) for one in value)
    return show_value(value, language, limit)


def _is_message(record: Mapping) -> bool:
    return isinstance(record.get("message"), str) and record.keys() <= _FIELDS


def _as_json(value: object) -> object:
    if isinstance(value, Message):
        return value.as_dict()
    if isinstance(value, (list, tuple)):
        return [_as_json(one) for one in value]
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else str(value)


def _from_json(value: object) -> object:
    if isinstance(value, list):
        return [_from_json(one) for one in value]
    if isinstance(value, Mapping):
        if "datetime" in value:
            return datetime.fromisoformat(value["datetime"])
        if "date" in value:
            return date.fromisoformat(value["date"])
        return from_dict(value)
    return value
