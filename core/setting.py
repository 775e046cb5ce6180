"""One setting: its meaning for people and the values it takes. core/settings.py has the sections made of them.

The classes are plain frozen dataclasses, so that `core.models` runs where only torch is installed. pydantic reads the range of a
`Setting` when core/settings_file.py checks a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core.messages import Message, msg

LOOPBACK = ("localhost", "127.0.0.1", "::1")  # names of this machine
# What makes a changed setting take effect.
AT_ONCE, IMPORT, RECALCULATE, RETRAIN = "at_once", "import", "recalculate", "retrain"


@dataclass(frozen=True)
class Setting:
    """The meaning of one setting in one sentence, its unit, and the values that it takes.

    A number has a lower and an upper bound; above and below exclude the bound itself. check: says whether a text or a list is well
    formed; form: the words for what is. applied_by: what makes a change take effect, "" as for the whole section.
    """

    meaning: str
    unit: str = ""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    check: Callable[[object], bool] | None = None
    form: Message | None = None
    applied_by: str = ""

    __is_annotated_types_grouped_metadata__ = True  # pydantic takes from an annotation of this kind what `__iter__` yields

    def __iter__(self) -> Iterator[object]:
        """Yield the constraints as pydantic knows them."""
        from annotated_types import Ge, Gt, Le, Lt, Predicate
        from pydantic import Strict

        yield Strict()  # 1.0 is no whole number, true is no 1, and "5" is text
        bounds = ((Ge, self.at_least), (Gt, self.above), (Le, self.at_most), (Lt, self.below))
        yield from (kind(bound) for kind, bound in bounds if bound is not None)
        if self.choices:
            yield Predicate(self.choices.__contains__)
        if self.check:
            yield Predicate(self.check)

    def allowed(self, default: object) -> Message:
        """Return the words for the allowed values, "a whole number from 1 to 182"; the default shows the type."""
        if self.choices:
            return msg("one of {choices}", choices=[f'"{choice}"' for choice in self.choices])
        if self.form:
            return self.form
        if isinstance(default, bool):
            return msg("true or false")
        if isinstance(default, str):
            return msg("text in quotes")
        if isinstance(default, tuple):
            return msg('a list of texts, such as ["a", "b"]')
        kind = msg("a whole number") if isinstance(default, int) else msg("a number")
        low, high = self.at_least if self.above is None else self.above, self.at_most if self.below is None else self.below
        if self.above is not None and self.below is not None:
            return msg("{kind} above {low} and below {high}", kind=kind, low=low, high=high)
        if self.above is not None:
            return msg("{kind} above {low}, at most {high}", kind=kind, low=low, high=high)
        if self.below is not None:
            return msg("{kind} from {low} to below {high}", kind=kind, low=low, high=high)
        return msg("{kind} from {low} to {high}", kind=kind, low=low, high=high)


def is_day(text: object) -> bool:
    try:
        return text == "" or re.fullmatch(r"\d{4}-\d\d-\d\d", str(text)) is not None and bool(date.fromisoformat(str(text)))
    except ValueError:
        return False


def is_zone(text: object) -> bool:
    """Return whether a text is empty or the name of a time zone that this system knows."""
    try:
        return text == "" or bool(ZoneInfo(str(text)))
    except (ValueError, OSError, LookupError):  # ZoneInfo's: a path out of its folder, a folder of zones, an unknown name
        return False


def is_time(text: object) -> bool:
    return re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(text)) is not None


def is_webhook(text: object) -> bool:
    """Return whether a text is empty or an address that may get alerts: over https, or over http on this machine alone."""
    try:
        parts = urlsplit(str(text))
        named = parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:  # a port that is no number, half a bracket
        return False
    clean = re.fullmatch(r"[!-~]*", str(text)) is not None
    return text == "" or bool(named) and clean and (parts.scheme == "https" or parts.scheme == "http" and parts.hostname in LOOPBACK)


def matches(pattern: str) -> Callable[[object], bool]:
    return lambda text: re.fullmatch(pattern, str(text)) is not None


def each_matches(pattern: str) -> Callable[[object], bool]:
    return lambda texts: all(re.fullmatch(pattern, text) for text in texts)  # type: ignore[attr-defined]


class Section:
    """Base of the sections: pydantic refuses names that a section lacks, and numbers that are none.

    applied_by: what makes a changed setting of the section take effect.
    """

    applied_by = RETRAIN  # without an annotation, which would make it a setting

    __pydantic_config__ = {"extra": "forbid", "allow_inf_nan": False}
