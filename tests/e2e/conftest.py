"""A really launched Upswing: a small shop made by the generator, imported and run by the command line, served, and opened in Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fixtures.kept import copied, kept
from fixtures.serving import write_models, write_snapshot
from fixtures.shops import encoder
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.storage.state import State
from core.workspace import Workspace

REPOSITORY = Path(__file__).parents[2]
UPSWING = [sys.executable, "-m", "core"]
BROWSERS = (os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome")
# Quiet and without a sandbox of its own: tests also run as root and in containers.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000  # a fresh tab fetches the script of each kind of element; 10 s were too few on a busy 2-core machine
PRODUCTS = 100
SHORT = {
    "trees_rounds": 40,
    "demand_trees_share": 0.0,
    "members": 1,
    "hidden": 16,
    "second": 8,
    "tower": 8,
    "token": 8,
}  # a short training is one too

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)


def command(*words: str | Path) -> str:
    """Runs a command to its end; its output, or all it said if it failed."""
    done = subprocess.run(list(map(str, words)), cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def make_shop(folder: Path) -> None:
    """Make a workspace with a small sample shop's first snapshot as a user makes it, but with a quick encoder and a short training."""
    command(sys.executable, "sample_data/generate.py", "--seed", 7, "--products", PRODUCTS, "--out", folder / "sample")
    workspace = Workspace(folder / "shop").create()
    command(*UPSWING, "import", *sorted((folder / "sample" / "files").iterdir()), "--workspace", workspace.root)
    short = workspace.settings().with_values("model", encoder=encoder(), max_epochs=2, since="2025-09-28")
    workspace.save_settings(short.with_values("recipe", **SHORT))
    command(*UPSWING, "run", "--replay", "--workspace", workspace.root)


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Workspace:
    """A copy of that workspace for the tests of this run."""
    return Workspace(copied(kept("e2e-shop", make_shop) / "shop", tmp_path_factory.mktemp("e2e") / "shop"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(shop: Workspace, folder: Path) -> Iterator[str]:
    """Where `upswing serve` answers for a shop; it and its worker end with the block. folder: for its log."""
    port, log = free_port(), folder / "serve.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*UPSWING, "serve", "--port", str(port), "--workspace", str(shop.root)], cwd=REPOSITORY, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 90
        while True:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"no answer within 90 s\n{log.read_text()}"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        worker = State(shop).worker()
        if worker is not None and worker.alive:
            os.kill(worker.pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def address(shop, tmp_path_factory) -> Iterator[str]:
    """Where `upswing serve` answers for the sample shop."""
    with served(shop, tmp_path_factory.mktemp("serve")) as place:
        yield place


@pytest.fixture(scope="session")
def rising_shop(tmp_path_factory) -> Iterator[str]:
    """Where `upswing serve` answers for a made-up shop: more products than a list shows at once, and more to feature than in the sample."""
    shop = Workspace(tmp_path_factory.mktemp("rising") / "shop").create()
    write_snapshot(shop, products=150, stock_known=0)  # without stock, whatever rises is worth featuring
    write_models(shop, candidates=0)
    with served(shop, tmp_path_factory.mktemp("serve")) as place:
        yield place


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    assert found, "no Chromium: apt-get install chromium fonts-noto-cjk, or CHROMIUM=/path/to/chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


def settled(page: Page) -> None:
    """Waits until the page has been run to its end."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def is_search_for_server(message) -> bool:
    """Opened at /rising, Streamlit's own script first looks for its server below /rising, then at the root: the 404 is its way."""
    return message.location["url"].endswith(("/_stcore/health", "/_stcore/host-config")) and "404" in message.text


@pytest.fixture(scope="session")
def profile(browser, address) -> Iterator[BrowserContext]:
    """What all tabs share: the cache of scripts, without which each would fetch Streamlit anew. A session is a tab's own."""
    context = browser.new_context(base_url=address, viewport={"width": 1360, "height": 900}, locale="en-GB")
    yield context
    context.close()


@pytest.fixture(scope="session")
def tab(profile) -> Page:
    """One tab for all tests: a fresh one compiles every script again, which takes longer than most tests. Each visit is a new session."""
    tab = profile.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    return tab


@pytest.fixture
def page(tab) -> Iterator[Page]:
    """The tab on an empty page; whatever the test does, it must end without an error in the console, in a script or on the page."""
    errors: list[str] = []

    def hear(message) -> None:
        if message.type == "error" and not is_search_for_server(message):
            errors.append(message.text)

    def fail(error) -> None:
        errors.append(str(error))

    tab.on("console", hear)
    tab.on("pageerror", fail)
    yield tab
    boxes = tab.get_by_test_id("stException").all_inner_texts()
    tab.remove_listener("console", hear)
    tab.remove_listener("pageerror", fail)
    tab.emulate_media(media="screen")
    tab.goto("about:blank")
    assert errors == []
    assert boxes == []
