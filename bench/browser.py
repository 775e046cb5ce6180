"""What a visitor waits for: python -m bench.browser OUT.json [PRODUCTS]

A really launched server with a made-up shop of 20,000 products and 8 customer groups, seen in Chromium. From a click in the navigation
until the page has been run and drawn, beside the same click in an empty Streamlit application of the same run; then 20 sessions that
click at once, and what the server's memory grows by for each.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "scripts")]

EMPTY = """
import streamlit as st
st.navigation([st.Page(lambda: st.title("One"), title="One", url_path="one", default=True),
    st.Page(lambda: st.title("Two"), title="Two", url_path="two")]).run()
"""
CLICKS, SESSIONS, ROUNDS = 7, 20, 3


def click(page, name: str) -> float:
    """Return the seconds from a click in the navigation to a page that is drawn."""
    started = time.perf_counter()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, exact=True, level=1).wait_for()
    drawn(page)
    return time.perf_counter() - started


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


def mebibytes(port: str) -> float:
    """Return the resident memory of the server that was started for a port."""
    found = subprocess.run(["pgrep", "-f", f"streamlit run .*--server.port={port}"], capture_output=True, text=True).stdout.split()
    status = Path(f"/proc/{found[0]}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def measure(products: int) -> dict:
    import gallery
    from e2e.conftest import served
    from fixtures.serving import write_models, write_snapshot

    from core.workspace import Workspace
    from dashboard import registry

    chance, names = random.Random(1), {name: str(page.title) for name, page in registry.pages().items()}
    with TemporaryDirectory() as given, gallery.browser() as chromium:
        folder = Path(given)
        workspace = Workspace(folder / "shop").create()
        groups = ("all", *(f"Group {i}" for i in range(8)))
        write_snapshot(workspace, products=products, segments=groups, weeks=52)
        write_models(workspace)
        with empty_app(folder) as address:
            page = chromium.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            drawn(page)
            empty = [click(page, name) for name in ("Two", "One") * CLICKS]
            page.close()
        with served(workspace, folder) as address:
            context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
            page = context.new_page()
            started = time.perf_counter()
            page.goto(f"{address}/data")
            page.get_by_role("heading", level=1).wait_for()
            drawn(page)
            first = time.perf_counter() - started
            pages: dict[str, list[float]] = {name: [] for name in names}
            for _ in range(CLICKS + 1):
                for name, title in names.items():
                    pages[name].append(click(page, title))
            port = address.rsplit(":", 1)[1]
            before = mebibytes(port)
            tabs = [context.new_page() for _ in range(SESSIONS)]
            for tab in tabs:
                tab.goto(f"{address}/data")
                drawn(tab)
            waits = []
            for _ in range(ROUNDS):
                began = []
                for tab in tabs:
                    title = chance.choice(list(names.values()))
                    tab.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
                    began.append(time.perf_counter())
                for tab, at in zip(tabs, began):
                    drawn(tab)
                    waits.append(time.perf_counter() - at)
            grown = mebibytes(port) - before
    return {
        "products": products,
        "empty_seconds": median(empty[2:]),
        "first_load_seconds": first,
        "click_seconds": {name: median(seconds[1:]) for name, seconds in pages.items()},
        "first_click_seconds": {name: seconds[0] for name, seconds in pages.items()},
        "sessions": SESSIONS,
        "session_click_p95_seconds": quantiles(waits, n=20)[-1],
        "session_mebibytes": grown / SESSIONS,
    }


if __name__ == "__main__":
    found = measure(int(sys.argv[2]) if len(sys.argv) > 2 else 20_000)
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(json.dumps(found, indent=1))
