"""How long work says how far it is: one callable, for the terminal and for the worker alike."""

from __future__ import annotations

import sys
import time
from typing import Protocol

from core.messages import Message, msg, show

STEPS: dict[str, Message] = {  # step -> what it does, for people
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
    "simulate": msg("Simulating orders"),
    "tune": msg("Searching settings"),
    "wait": msg("Waiting"),
}


def step_label(step: str) -> Message | str:
    """Return what a step does, for people; the name of an unknown step."""
    return STEPS.get(step, step)


class Progress(Protocol):
    """Called as `progress(step, done, message, **figures)`.

    step     short name of the running step, e.g. "train"
    done     share of that step that is done, 0..1
    message  what is being done, may be empty
    figures  numbers worth showing while it runs, e.g. loss=0.21

    Raises core.errors.Cancelled when the user asked the work to stop, so call it at least every second or so.
    """

    def __call__(self, step: str, done: float, message: Message | str = "", **figures: float) -> None: ...


def silent(step: str, done: float, message: Message | str = "", **figures: float) -> None:
    """A progress that shows nothing (tests, library use)."""


def paced(progress: Progress, seconds: float = 0.2) -> Progress:
    """The same progress for a tight loop: a step's first and last call are passed on, those between at most every `seconds`."""
    last_step, last_time = None, 0.0

    def passed_on(step: str, done: float, message: Message | str = "", **figures: float) -> None:
        nonlocal last_step, last_time
        now = time.monotonic()
        if step != last_step or done >= 1.0 or now - last_time >= seconds:
            last_step, last_time = step, now
            progress(step, done, message, **figures)

    return passed_on


class TerminalProgress:
    """Draws one bar a step on stderr with tqdm; a closed step leaves its line standing."""

    def __init__(self, stream=sys.stderr, language: str = "en"):
        self._stream, self._language, self._step, self._bar = stream, language, None, None

    def __call__(self, step: str, done: float, message: Message | str = "", **figures: float) -> None:
        from tqdm import tqdm

        if step != self._step:
            self.close()
            self._step = step
            self._bar = tqdm(
                total=100,
                desc=f"{step:<10}",
                file=self._stream,
                mininterval=0.3,
                leave=True,
                bar_format="{desc} {percentage:3.0f}% |{bar:28}| {elapsed}<{remaining} {postfix}",
            )
        self._bar.n = round(100 * min(max(done, 0.0), 1.0))
        shown = " ".join(f"{k}={v:.4g}" for k, v in figures.items())
        self._bar.set_postfix_str(f"{show(message, self._language)} {shown}".strip(), refresh=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = self._step = None
