"""Delivery over a network: what is worth another try, how often, and what must not be tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from core.errors import UserError
from core.progress import Progress

WAITS_S = (10.0, 60.0)  # before the second and the third try; there is no fourth

Delivered = TypeVar("Delivered")


class Unreachable(UserError):
    """A server that cannot be reached, or asks to try later: nothing was delivered."""


class MayHaveArrived(UserError):
    """A connection that broke after everything was sent: sending again could deliver twice."""


def deliver(send: Callable[[], Delivered], progress: Progress) -> Delivered:
    """Return what `send` returns, after three tries at most while its server is Unreachable. Raises what the last try raises."""
    for number, wait in enumerate(WAITS_S, start=1):
        try:
            return send()
        except Unreachable as error:
            until = time.monotonic() + wait
            while time.monotonic() < until:
                progress("send", number / (len(WAITS_S) + 1), error.found)
                time.sleep(min(0.5, wait))
    return send()
