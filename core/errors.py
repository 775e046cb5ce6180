"""The errors a user can act on. Everything else is a defect of Upswing and keeps its traceback."""

from __future__ import annotations

from core.messages import Message, msg, sentences


class UpswingError(Exception):
    """Base of all errors below. The command line shows the message alone and ends with `exit_code`."""

    exit_code = 1
    ask: dict | None = None  # columns that nobody knows: what a page may ask for (core/ingest/recognise/unrecognised.py)
    done: dict | None = None  # of work in several steps: what the steps before the failing one returned, which stays

    def __init__(self, message: Message):
        self.message = message
        super().__init__(str(message))

    def as_dict(self) -> dict:
        """Return the error ready for JSON: its kind, its text in English, and its messages with their values."""
        return {"error": type(self).__name__, "text": str(self), **self._parts()}

    def _parts(self) -> dict:
        return {"reason": self.message.as_dict()}


class UserError(UpswingError):
    """Bad input or usage: three sentences that say what was found, what was expected, and what to do.

    >>> from core.messages import msg
    >>> print(UserError(
    ...     expected=msg("Orders need a column with the order's date."),
    ...     found=msg("The file has the columns {columns}.", columns=["a", "b"]),
    ...     to_do=msg("Name the column in a mapping."),
    ... ))
    The file has the columns a, b. Orders need a column with the order's date. Name the column in a mapping.
    """

    exit_code = 2

    def __init__(self, expected: Message, found: Message, to_do: Message):
        self.expected, self.found, self.to_do = expected, found, to_do
        super().__init__(sentences(found, expected, to_do))

    def _parts(self) -> dict:
        return {name: getattr(self, name).as_dict() for name in ("found", "expected", "to_do")}


class NotReady(UserError):
    """A step was asked for before the step it builds on."""


class Cancelled(UpswingError):
    """The user asked a running job to stop."""

    def __init__(self):
        super().__init__(msg("The job was cancelled."))
