"""What a visitor waits for: python -m bench.browser OUT.json [PRODUCTS]

A really launched server with a made-up shop of 20,000 products and 8 customer groups. In Chromium, from a click in the navigation until
the page has been run and drawn, beside the same click in an empty Streamlit application of the same run. Then 20 sessions that click
without drawing (bench.sessions): the server's own time, and what its memory grows by for each.

OUT.json is written after each part, so that a run which is stopped keeps what it has measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import sessions

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "scripts")]

EMPTY = """
import streamlit as st
st.navigation([st.Page(lambda: st.title("One"), title="One", url_path="one", default=True),
    st.Page(lambda: st.title("Two"), title="Two", url_path="two")]).run()
"""
CLICKS, SESSIONS, SECONDS = 5, 20, 45.0
PATIENCE_MS = 15_000  # for one click; a page that takes longer is left out and named


def click(page, name: str) -> float:
    """Return the seconds from a click in the navigation to a page that is drawn."""
    started = time.perf_counter()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, exact=True, level=1).wait_for()
    drawn(page)
    return time.perf_counter() - started


def clicks(page, titles: dict[str, str]) -> tuple[dict[str, list[float]], list[str]]:
    """Return the seconds of one click after another on each page, by name, and the names of pages that were not drawn in time."""
    from playwright.sync_api import TimeoutError

    found, late = {name: [] for name in titles}, []
    for _ in range(CLICKS + 1):
        for name, title in titles.items():
            if name in late:
                continue
            try:
                found[name].append(click(page, title))
            except TimeoutError:
                late.append(name)
    return {name: seconds for name, seconds in found.items() if name not in late}, late


def drawn(page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0")


@contextmanager
def empty_app(folder: Path):
    """Where an empty Streamlit application of two pages answers."""
    from e2e.conftest import free_port

    script, port = folder / "empty.py", free_port()
    script.write_text(EMPTY, encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), "--server.headless", "true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def status(pid: int) -> tuple[float, float]:
    """Return the resident memory of a process in MiB, and the seconds of processor time that it has taken."""
    resident = next(line for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines() if line.startswith("VmRSS"))
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return int(resident.split()[1]) / 1024, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def server(port: str) -> int:
    """Return the process of the server that was started for a port."""
    return int(subprocess.run(["pgrep", "-f", f"streamlit run .*--server.port={port}"], capture_output=True, text=True).stdout.split()[0])


def measure(products: int, keep: Callable[[dict], None]) -> None:
    """keep: is given what has been measured so far."""
    import gallery
    from e2e.conftest import served
    from fixtures.serving import write_models, write_snapshot

    from core.workspace import Workspace
    from dashboard import registry

    titles, found = {name: str(page.title) for name, page in registry.pages().items()}, dict[str, object](products=products)
    with TemporaryDirectory() as given:
        folder = Path(given)
        workspace = Workspace(folder / "shop").create()
        groups = ("all", *(f"Group {i}" for i in range(8)))
        write_snapshot(workspace, products=products, segments=groups, weeks=52)
        write_models(workspace)
        with served(workspace, folder) as address:
            pid = server(address.rsplit(":", 1)[1])
            with gallery.browser() as chromium:
                with empty_app(folder) as other:
                    page = chromium.new_page(viewport={"width": 1440, "height": 900})
                    page.goto(other)
                    drawn(page)
                    found["empty_seconds"] = median([click(page, name) for name in ("Two", "One") * CLICKS][2:])
                    page.close()
                page = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
                page.set_default_timeout(PATIENCE_MS)
                started = time.perf_counter()
                page.goto(f"{address}/data")
                page.get_by_role("heading", level=1).wait_for()
                drawn(page)
                found["first_load_seconds"] = time.perf_counter() - started
                seconds, found["late"] = clicks(page, titles)
                found["click_seconds"] = {name: median(every[1:]) for name, every in seconds.items()}
                found["first_click_seconds"] = {name: every[0] for name, every in seconds.items()}
            keep(found)
            found["server"] = asyncio.run(sessions.measure(address, lambda: status(pid), list(titles), SESSIONS, SECONDS))
            keep(found)


if __name__ == "__main__":

    def keep(found: dict) -> None:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=1), encoding="utf-8")

    measure(int(sys.argv[2]) if len(sys.argv) > 2 else 20_000, keep)
    print(Path(sys.argv[1]).read_text(encoding="utf-8"))
