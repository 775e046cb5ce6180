"""Work beside the training: trees grow in a second thread while the net learns, which a laptop's second core has time for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from core.errors import Cancelled

_LOOK_SECONDS = 0.2


class Beside:
    """One thread that does its work in order; leaving the context stops what is not done yet.

    Only for work that lets Python go on meanwhile, and that calls `check` every second or so.
    """

    def __init__(self):
        self._leaving = threading.Event()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *raised) -> None:
        self._leaving.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def check(self) -> None:
        """For the work to call: raises Cancelled once nobody waits for it any more."""
        if self._leaving.is_set():
            raise Cancelled()

    def start(self, work: Callable, *args, **options) -> Future:
        return self._pool.submit(work, *args, **options)

    @staticmethod
    def wait(started: Future, tell: Callable[[], None]):
        """What the work returned, or raises what it raised. tell() is called meanwhile, and may raise to end the waiting."""
        while not started.done():
            try:
                started.exception(_LOOK_SECONDS)
            except TimeoutError:
                tell()
        return started.result()
