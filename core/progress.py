"""Progress of long work: one callable for the terminal and for the worker."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from core.messages import Message, msg, show

STEPS: dict[str, Message] = {  # step -> its label
    "import": msg("Reading files"),
    "features": msg("Preparing data"),
    "panel": msg("Loading data"),
    "sentiment": msg("Reading reviews"),
    "embed": msg("Reading texts"),
    "pretrain": msg("Learning the shop's vocabulary"),
    "train": msg("Training"),
    "predict": msg("Forecasting"),
    "score": msg("Forecasting"),
    "explain": msg("Explaining forecasts"),
    "words": msg("Explaining texts"),
    "publish": msg("Publishing"),
    "backtest": msg("Backtesting"),
    "judge": msg("Evaluating"),
    "replay": msg("Replaying past updates"),
    "simulate": msg("Simulating orders"),
    "tune": msg("Searching settings"),
    "pictures": msg("Reading pictures"),
    "send": msg("Sending"),
    "wait": msg("Waiting"),
}


def step_label(step: str) -> Message | str:
    """Return the label of a step, or its name where it has none."""
    return STEPS.get(step, step)


class Progress(Protocol):
    """Called as `progress(step, done, message, **figures)`.

    step     short name of the running step, e.g. "train"
    done     share of that step that is done, 0..1
    message  current activity, may be empty
    figures  numbers to show while it runs, e.g. loss=0.21

    Raises core.errors.Cancelled when the user has asked to stop, so long work calls it at least every second.
    """

    def __call__(self, step: str, done: float, message: Message | str = "", **figures: float) -> None: ...


def silent(step: str, done: float, message: Message | str = "", **figures: float) -> None:
    """Show nothing (tests, library use)."""


def paced(progress: Progress, seconds: float = 0.2) -> Progress:
    """Return the same progress for a tight loop: a step's first and last call are passed on, others at most every `seconds`."""
    last_step: str | None = None
    last_time = 0.0

    def passed_on(step: str, done: float, message: Message | str = "", **figures: float) -> None:
        nonlocal last_step, last_time
        now = time.monotonic()
        if step != last_step or done >= 1.0 or now - last_time >= seconds:
            last_step, last_time = step, now
            progress(step, done, message, **figures)

    return passed_on


class TerminalProgress:
    """Shows all steps on one line of a terminal and removes it at the end; elsewhere prints one line per finished step."""

    REFRESH_S = 0.1

    def __init__(self, stream: TextIO | None = None, language: str = "en", quiet: bool = False):
        self._stream, self._language, self._quiet = stream or sys.stderr, language, quiet
        self._step: str | None = None
        self._bar = None  # a rich Progress while a terminal shows it
        self._begun = self._drawn = 0.0

    def __call__(self, step: str, done: float, message: Message | str = "", **figures: float) -> None:
        if self._quiet:
            return
        if step != self._step:
            self._end_step()
            self._step, self._begun = step, time.monotonic()
            if self._bar is None and self._stream.isatty():
                self._bar = self._draw()
            if self._bar is not None:
                self._bar.reset(self._bar.task_ids[0])
        if self._bar is None:
            return
        figures_shown = " ".join(f"{name}={value:.4g}" for name, value in figures.items())
        self._bar.update(
            self._bar.task_ids[0],
            completed=min(max(done, 0.0), 1.0),
            description=self._label(step),
            note=f"{show(message, self._language)} {figures_shown}".strip(),
        )
        if done >= 1.0 or time.monotonic() - self._drawn >= self.REFRESH_S:
            self._drawn = time.monotonic()
            self._bar.refresh()

    def close(self) -> None:
        """Remove the line, so that later output starts on an empty line."""
        self._end_step()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self):
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(28),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("<"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            console=Console(file=self._stream),
            auto_refresh=False,  # no further thread beside those of training
            transient=True,
            expand=True,
        )
        bar.add_task("", total=1.0, note="")
        bar.start()
        return bar

    def _end_step(self) -> None:
        if self._step is not None and self._bar is None:
            print(f"{self._label(self._step)}: {time.monotonic() - self._begun:.1f} s", file=self._stream, flush=True)
        self._step = None

    def _label(self, step: str) -> str:
        return show(step_label(step), self._language)
