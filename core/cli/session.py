"""What every command gets: the workspace, the reader's language, a progress bar, and how to print."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from core.messages import Message, preferred_language, show
from core.progress import TerminalProgress
from core.workspace import Workspace


@dataclass
class Session:
    """One call of a command."""

    workspace: Workspace
    language: str = "en"
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    progress: TerminalProgress = field(default_factory=TerminalProgress)

    def report(self, text: Message | str, record: object) -> None:
        """Print what a command did: the text for a person, or with --json the record for a program, and nothing else."""
        self.progress.close()
        if self.as_json:
            print(json.dumps(record, default=self._plain, ensure_ascii=False, indent=2))
        elif str(text):
            print(show(text, self.language))

    def say(self, text: Message | str) -> None:
        """Print one line while a command goes on; with --json or --quiet nothing."""
        self.progress.close()
        if not (self.as_json or self.quiet):
            print(show(text, self.language), flush=True)

    def _plain(self, value: object) -> object:
        """Return a value as JSON has it. A message comes with its template, its values and its text in the reader's language."""
        if isinstance(value, Message):
            return value.as_dict() | {"text": value.show(self.language)}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        if isinstance(value, date):  # a datetime too
            return value.isoformat()
        if isinstance(value, Mapping):
            return dict(value)
        if hasattr(value, "item"):  # a number of numpy
            return value.item()
        if isinstance(value, (set, frozenset)):
            return sorted(value)
        if isinstance(value, Path):
            return str(value)
        raise TypeError(f"{type(value).__name__} has no form in JSON")


def asked_language(words: list[str], environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of a command line: its --lang, else what the environment asks for.

    It is needed before the words are parsed, since help and refusals are shown in it.

    >>> asked_language(["jobs", "--lang=zh"], {}), asked_language(["jobs"], {"LANG": "zh_CN.UTF-8"})
    ('zh', 'zh')
    """
    for word, following in zip(words, [*words[1:], ""]):
        given = following if word == "--lang" else word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if given in ("en", "zh"):
            return given
    return preferred_language(environment)


def print_problem(text: Message | str, language: str) -> None:
    """Print why a command ends, to stderr."""
    print(f"upswing: {show(text, language)}", file=sys.stderr)
