"""Reading, checking and writing `upswing.toml`. The file is the user's: what they did not change keeps its bytes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import TypeAdapter, ValidationError
from tomlkit.exceptions import TOMLKitError

from core.errors import UserError
from core.messages import Message, msg, nmsg, sentences
from core.settings import SECTIONS, Settings, Values, described
from core.storage import files

_LINES_SEARCHED = 2000  # in a longer file an error names its setting only


def read(file: Path) -> Values:
    """Return what the file itself says, checked; {} where there is none.

    Raises UserError that names all errors with their lines, or says why the file cannot be read.
    """
    text = _text(file)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(file, [_not_toml(text, error)]) from error
    checked = {section: _with_tuples(of) for section, of in values.items()}
    check(checked, file, text)
    return checked


def check(values: Mapping[str, object], file: Path, text: str = "") -> None:
    """Raise one UserError that lists every value of the sections that is not allowed. text: what the file holds, for the lines."""
    if found := problems(values):
        at = lines(text)
        ordered = sorted(((at.get(path), problem) for path, problem in found.items()), key=lambda placed: placed[0] or 0)
        raise _refused(file, [problem if line is None else _at(line, problem) for line, problem in ordered])


def problems(values: Mapping[str, object]) -> dict[tuple[str, ...], Message]:
    """Return what is wrong with values, by section and name; {} where all are allowed."""
    found: dict[tuple[str, ...], Message] = {}
    try:
        _adapter().validate_python(values)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):  # several elements of one list are one problem
            path = tuple(str(part) for part in each["loc"][:2])
            found.setdefault(path, _problem(path, each["type"], values))
    return found


def write(file: Path, changes: Values) -> None:
    """Set these values in the file, atomically; None takes one out. Comments, order and formatting of everything else stay.

    Raises UserError where a value is not allowed or the file cannot be read.
    """
    check({section: {name: value for name, value in values.items() if value is not None} for section, values in changes.items()}, file)
    read(file)
    try:
        document = tomlkit.parse(_text(file))
        for section, values in changes.items():
            if section not in document:
                document[section] = tomlkit.table()
            for name, value in values.items():
                if value is None:
                    document[section].pop(name, None)
                else:
                    document[section][name] = list(value) if isinstance(value, tuple) else value
    except TOMLKitError as error:  # stricter than Python's own parser in rare cases
        raise _refused(file, [msg("Its layout cannot be kept while a setting is changed.")]) from error
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(file, tomlkit.dumps(document))


def as_toml(value: object) -> str:
    """Return a value as `upswing.toml` holds it."""
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(as_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)


def lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line, counted from 1, on which each section and each setting begins: ("labels", "luck") -> 7.

    A name stands where the text up to there first parses with it, so that strings and lists of several lines cannot mislead.
    """
    rows = text.replace("\r\n", "\n").split("\n")
    found: dict[tuple[str, ...], int] = {}
    start = 1
    for number in range(1, len(rows) + 1) if len(rows) <= _LINES_SEARCHED else ():
        try:
            values = tomllib.loads("\n".join(rows[:number]))
        except tomllib.TOMLDecodeError:  # within a value of several lines
            continue
        for section, of in values.items():
            for path in ((section,), *((section, name) for name in (of if isinstance(of, dict) else ()))):
                found.setdefault(path, start)
        start = number + 1
    return found


def _text(file: Path) -> str:
    """Return the file's text; "" where there is no file."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return ""
    except IsADirectoryError as error:
        raise _refused(file, [msg("It is a folder.")]) from error
    except OSError as error:
        raise _refused(file, [msg("It cannot be read: {reason}.", reason=error.strerror or type(error).__name__)]) from error
    if not content:
        raise _refused(
            file, [msg("It is empty, as a crash or a full disk leaves a file.")], msg("Restore it, or delete it to use the defaults.")
        )
    if b"\0" in content:
        raise _refused(file, [msg("It holds binary data.")], msg("Restore it, or delete it to use the defaults."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _refused(file, [_at(line, msg("The text is not UTF-8."))], msg("Save {file} with the encoding UTF-8.", file=file)) from error


@cache
def _adapter() -> TypeAdapter:
    return TypeAdapter(Settings)


def _with_tuples(values: Any) -> Any:
    """Return a section's values with tuples for lists, as the settings hold them."""
    if not isinstance(values, dict):
        return values
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _problem(path: tuple[str, ...], kind: str, values: Mapping[str, Any]) -> Message:
    section, value = path[0], values[path[0]]
    if len(path) == 1 and kind == "unexpected_keyword_argument":
        homes = [known for known in SECTIONS if section in described(known)]
        if homes and not isinstance(value, dict):
            return msg("{name} belongs in the section [{section}].", name=section, section=homes[0])
        return sentences(msg("There is no section [{section}].", section=section), _nearest(f"[{n}]" for n in _near(section, SECTIONS)))
    if len(path) == 1:
        return msg("[{section}] must be a section with settings of its own, but it is {value}.", section=section, value=as_toml(value))
    name = path[1]
    if kind == "unexpected_keyword_argument":
        homes = [known for known in SECTIONS if name in described(known)]
        unknown = msg("[{section}] has no setting {name}.", section=section, name=name)
        if homes:
            return sentences(unknown, msg("{name} belongs in the section [{section}].", name=name, section=homes[0]))
        return sentences(unknown, _nearest(_near(name, described(section))))
    allowed = described(section)[name].allowed(getattr(getattr(Settings(), section), name))
    shown = as_toml(values[section][name])
    return msg("{name} in [{section}] is {value}; it must be {allowed}.", name=name, section=section, value=shown, allowed=allowed)


def _near(name: str, known) -> list[str]:
    return get_close_matches(name, list(known), n=1, cutoff=0.5)


def _nearest(names: Iterator[str] | list[str]) -> Message | str:
    return next((msg("The nearest name is {name}.", name=name) for name in names), "")


def _not_toml(text: str, error: tomllib.TOMLDecodeError) -> Message:
    place = re.search(r"at line (\d+)", str(error))
    rows = text.split("\n")
    number = int(place[1]) if place else len(rows)
    wrong = rows[min(number, len(rows)) - 1].strip()
    return _at(number, msg('"{text}" is not TOML, or repeats a setting or a section.', text=wrong))


def _at(line: int, problem: Message) -> Message:
    return msg("Line {line}: {problem}", line=str(line), problem=problem)


def _refused(file: Path, problems: list[Message], to_do: Message | None = None) -> UserError:
    errors = sentences(*problems)
    return UserError(
        found=nmsg("{file} has {count} error. {lines}", "{file} has {count} errors. {lines}", len(problems), file=file, lines=errors),
        expected=msg("The file holds sections such as [shop], and each setting has a known name and an allowed value."),
        to_do=to_do or msg("Correct {file}. docs/reference/settings.md lists every setting.", file=file),
    )
