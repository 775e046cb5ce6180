"""Structured logs: one JSON object a line in a workspace's logs/NAME.jsonl; the same events, readable, on the console.

    start(workspace.logs, "worker", console=sys.stderr)
    event("job_started", job=3, kind="import")

writes {"time": "2026-03-14T09:15:00.123Z", "level": "info", "event": "job_started", "job": 3, "kind": "import"}.

Fields are counts, seconds, identifiers of jobs, models and snapshots, and names of steps: never a value from the shop's files.
That is why an error is logged by its template, without the values that fill it.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from core.errors import UpswingError, UserError
from core.messages import Message, msg
from core.workspace import MARKS

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MAX_BYTES, KEPT_FILES = 2_000_000, 3
_LOGGER = logging.getLogger("core")  # modules of core that log by their own name come here as well
_LOGGER.addHandler(logging.NullHandler())  # a library says nothing unless asked


def start(folder: Path, name: str, console: TextIO | None = None, console_level: int = logging.INFO) -> None:
    """Send this process's events to folder/NAME.jsonl, and those from console_level on to a console.

    The file gets events from $UPSWING_LOG_LEVEL on (debug, info, warning or error; default info). It is made with its first event
    and rotated at 2 MB; three old files are kept. A folder that is no workspace gets none.
    """
    stop()
    level = level_of(os.environ.get("UPSWING_LOG_LEVEL") or "info")
    file = _File(folder / f"{name}.jsonl", maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)
    file.setLevel(level)
    file.setFormatter(_Json())
    _LOGGER.addHandler(file)
    if console is not None:
        readable = logging.StreamHandler(console)
        readable.setLevel(console_level)
        readable.setFormatter(_Readable())
        _LOGGER.addHandler(readable)
    _LOGGER.setLevel(min(level, console_level) if console is not None else level)
    _LOGGER.propagate = False


def stop() -> None:
    """Close what `start` opened."""
    _LOGGER.propagate = True
    for handler in [h for h in _LOGGER.handlers if not isinstance(h, logging.NullHandler)]:
        _LOGGER.removeHandler(handler)
        if isinstance(handler, _File):
            handler.close()


def event(name: str, level: int = logging.INFO, **fields: object) -> None:
    """Log one event."""
    _LOGGER.log(level, name, extra={"fields": fields})


def failure(error: BaseException) -> dict[str, object]:
    """Return the fields that describe an error: its kind and its template or the lines of code it came through, no values."""
    if isinstance(error, UpswingError):
        return {"error": type(error).__name__, "message": _templates(error.message)}
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": type(error).__name__, "trace": frames}


def level_of(name: str) -> int:
    """Return the number of a level's name. Raises UserError for another name."""
    if name.lower() not in LEVELS:
        raise UserError(
            expected=msg("A log level is one of {levels}.", levels=list(LEVELS)),
            found=msg("UPSWING_LOG_LEVEL is {level}.", level=name),
            to_do=msg("Correct the environment variable, or remove it."),
        )
    return LEVELS[name.lower()]


def _templates(message: Message | str) -> str:
    """Return a message's template and those of the messages in it; the text of an unconverted error is left out."""
    if not isinstance(message, Message):
        return ""
    parts = [p for value in message.values.values() for p in (value if isinstance(value, (list, tuple)) else [value])]
    inner = [_templates(part) for part in parts if isinstance(part, Message)]
    return " ".join(filter(None, ["" if message.template in ("{sentences}", "{lines}") else message.template, *inner]))


def _fields(record: logging.LogRecord) -> dict[str, object]:
    found = getattr(record, "fields", None)
    if found is not None:
        return {"event": record.getMessage(), **found}
    return {"event": record.name, "message": record.getMessage()}  # logged by the standard library's interface


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"time": time, "level": record.levelname.lower(), **_fields(record)}, default=str, ensure_ascii=False)


class _Readable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        shown = "  ".join(f"{name}={value}" for name, value in fields.items() if name != "event")
        return f"{_time(record):%Y-%m-%d %H:%M:%S}  {record.levelname.lower():<7}  {fields['event']}  {shown}".rstrip()


class _File(RotatingFileHandler):
    """Appends to a log of a workspace; makes its logs/ with the first event. A folder that is no workspace gets none."""

    def emit(self, record: logging.LogRecord) -> None:
        folder = Path(self.baseFilename).parent
        if any((folder.parent / mark).exists() for mark in MARKS):
            folder.mkdir(exist_ok=True)
            super().emit(record)
