"""A background thread of a training: trees grow in it while the network learns, since even a laptop has a second core."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module

from core.errors import Cancelled

_LOOK_SECONDS = 0.2


class BackgroundThread:
    """One thread that does its work in order; leaving the context stops what is not done yet.

    Only for work that releases the interpreter's lock and calls `check` every second or so. modules: the libraries that the work
    needs. They are imported here, before the thread starts: importing one may change the process's environment while another thread
    reads it, and that ends the process with a segmentation fault in getenv.
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
        """Raise Cancelled once nobody waits for the work any more; the work calls this."""
        if self._leaving.is_set():
            raise Cancelled()

    def start(self, work: Callable, *args, **options) -> Future:
        """Queue work for the thread."""
        return self._pool.submit(work, *args, **options)

    @staticmethod
    def wait(started: Future, report: Callable[[], None]):
        """Return what the work returned, or raise what it raised. report() is called meanwhile, and may raise to end the waiting."""
        while not started.done():
            try:
                started.exception(_LOOK_SECONDS)
            except TimeoutError:
                report()
        return started.result()
