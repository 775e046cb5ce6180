"""A background thread: trees are fitted in it while the network trains, on a laptop's second core."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module

from core.errors import Cancelled

_POLL_SECONDS = 0.2


class BackgroundThread:
    """One thread that runs functions in the order of `start`; leaving the context stops what has not finished.

    For functions that release Python's global lock and call `check` at least every second. `modules` are the libraries that they need.
    They are imported before the thread starts: an import may change the process's environment while another thread reads it, which ends
    the process with a segmentation fault in getenv.
    """

    def __init__(self, *modules: str):
        for module in modules:
            import_module(module)
        self._leaving = threading.Event()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> BackgroundThread:
        return self

    def __exit__(self, *raised) -> None:
        self._leaving.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def check(self) -> None:
        """Raise Cancelled once the context has been left. Functions in the thread call this."""
        if self._leaving.is_set():
            raise Cancelled()

    def start(self, function: Callable, *args, **options) -> Future:
        """Queue a call of `function` and return its future."""
        return self._pool.submit(function, *args, **options)

    @staticmethod
    def wait(future: Future, report: Callable[[], None]):
        """Return the future's result, or raise its error. `report` is called while waiting, and may raise to stop it."""
        while not future.done():
            try:
                future.exception(_POLL_SECONDS)
            except TimeoutError:
                report()
        return future.result()
