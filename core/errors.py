"""The errors a user can act on. Everything else is a fault of ours and keeps its traceback."""


class UpswingError(Exception):
    """Base of all errors below. The command line prints the message alone and ends with `exit_code`."""

    exit_code = 1
    ask: dict | None = None  # of columns that nobody knows: what a page may ask for (core/ingest/planning.py)
    done: dict | None = None  # of work in several steps: what the steps before the failing one gave, which stays (core/pipeline.py)


class UserError(UpswingError):
    """Bad input or usage: what was expected, what was found, what to do about it.

    >>> print(UserError("a column with the order's date", "columns a, b", "name it in a mapping"))
    Expected a column with the order's date. Found columns a, b. To do: name it in a mapping.
    """

    exit_code = 2

    def __init__(self, expected: str, found: str, to_do: str):
        self.expected, self.found, self.to_do = expected, found, to_do
        super().__init__(f"Expected {expected}. Found {found}. To do: {to_do}.")


class NotReady(UserError):
    """A step was asked for before the step it builds on."""


class Cancelled(UpswingError):
    """The user asked a running job to stop."""
