"""What reruns cost a server while many sessions click: the part of bench.browser without a browser.

Sessions speak Streamlit's protocol over a websocket, as a browser does, but draw nothing: so the time from a click to the last message
of the page is the server's. Each session opens pages at random and reads each for 2 to 8 seconds.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from statistics import median

from websockets.asyncio.client import ClientConnection, connect

READING = (2.0, 8.0)  # seconds on a page
ALONE = 9  # clicks of one session on each page, while the others wait
PATIENCE = 60.0  # seconds
Status = Callable[[], tuple[float, float]]  # the server's memory in MiB, and its processor time in seconds


class Session:
    """One tab. scripts: the pages that it can open, by path."""

    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self.scripts: dict[str, str] = {}
        self.received = 0  # bytes of the last click

    async def click(self, page: str = "") -> float:
        """Open a page, "" for the first one; return the seconds until its last message has arrived. Raises RuntimeError where the
        page failed."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        asked = BackMsg()
        asked.rerun_script.query_string = ""
        if page:
            asked.rerun_script.page_script_hash = self.scripts[page]
        started = time.perf_counter()
        await self._socket.send(asked.SerializeToString())
        await asyncio.wait_for(self._finished(), PATIENCE)
        return time.perf_counter() - started

    async def _finished(self) -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        self.received = 0
        while True:
            data = await self._socket.recv(decode=False)
            self.received += len(data)
            heard = ForwardMsg.FromString(data)
            kind = heard.WhichOneof("type")
            if kind == "navigation":
                self.scripts = {page.url_pathname: page.page_script_hash for page in heard.navigation.app_pages}
            elif kind == "delta" and heard.delta.new_element.WhichOneof("type") == "exception":
                raise RuntimeError(heard.delta.new_element.exception.message)
            elif kind == "script_finished" and heard.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return


async def measure(address: str, status: Status, pages: list[str], sessions: int, seconds: float) -> dict:
    """Return times and memory of a server. pages: their paths; seconds: for which all sessions click."""
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    first = await _open(url)
    alone = {page: await _alone(first, page, status) for page in pages}
    before = status()[0]
    opened = [await _open(url) for _ in range(sessions)]
    for number, session in enumerate(opened):  # an idle session holds the page that it shows
        await session.click(pages[number % len(pages)])
    grown = status()[0] - before
    waits: dict[str, list[float]] = {page: [] for page in pages}
    began, started = status()[1], time.perf_counter()
    await asyncio.gather(*(_visit(session, pages, waits, random.Random(i), started + seconds) for i, session in enumerate(opened)))
    every, took = [wait for found in waits.values() for wait in found], time.perf_counter() - started
    return {
        "alone": alone,
        "sessions": sessions,
        "session_mebibytes": grown / sessions,
        "mebibytes": status()[0],
        "clicks": len(every),
        "clicks_per_second": len(every) / took,
        "busy_share": (status()[1] - began) / took,
        "median_seconds": median(every),
        "p95_seconds": p95(every),
        "page_p95_seconds": {page: p95(found) for page, found in waits.items() if found},
    }


async def _open(url: str) -> Session:
    session = Session(await connect(url, max_size=None, subprotocols=["streamlit"]))  # type: ignore[list-item]
    await session.click()
    return session


async def _alone(session: Session, page: str, status: Status) -> dict[str, float]:
    first = await session.click(page)
    await session.click(page)
    before, waits = status()[1], [await session.click(page) for _ in range(ALONE)]
    return {
        "first_seconds": first,
        "median_seconds": median(waits),
        "worst_seconds": max(waits),
        "cpu_seconds": (status()[1] - before) / ALONE,
        "bytes": session.received,
    }


async def _visit(session: Session, pages: list[str], waits: dict[str, list[float]], chance: random.Random, until: float) -> None:
    await asyncio.sleep(chance.uniform(0, READING[1]))
    while time.perf_counter() < until:
        page = chance.choice(pages)
        waits[page].append(await session.click(page))
        await asyncio.sleep(chance.uniform(*READING))


def p95(found: list[float]) -> float:
    """Return the 95th percentile by nearest rank: a rerun that really happened."""
    return sorted(found)[-(-95 * len(found) // 100) - 1]
