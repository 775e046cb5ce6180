"""The errors a user can act on. Everything else is a defect of Upswing and keeps its traceback."""

from __future__ import annotations

from core.messages import Message, sentences


class UpswingError(Exception):
    """Base of all errors below. The command line shows the message alone and ends with `exit_code`."""

    exit_code = 1
    ask: dict | None = None  # columns that nobody knows: what a page may ask for (core/ingest/recognise/planning.py)
    done: dict | None = None  # of work in several steps: what the steps before the failing one returned, which stays

    def __init__(self, message: Message | str = ""):
        self.message = message
        super().__init__(str(message))


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

    def __init__(self, expected: Message | str, found: Message | str, to_do: Message | str):
        self.expected, self.found, self.to_do = expected, found, to_do
        if all(isinstance(part, Message) for part in (expected, found, to_do)):
            super().__init__(sentences(found, expected, to_do))
        else:  # not yet a message
            super().__init__(f"Expected {expected}. Found {found}. To do: {to_do}.")


class NotReady(UserError):
    """A step was asked for before the step it builds on."""


class Cancelled(UpswingError):
    """The user asked a running job to stop."""
