"""Time `make demo` in a fresh clone until a browser shows the first page, and again on a second start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import REPOSITORY, Failed, run

PATIENCE_SECONDS = 1800
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")


def measure_demo(folder: Path, log: Path) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return (figures, notes). `folder` is deleted and becomes a clone of this repository's last commit.

    Downloads are not counted: the environment is installed once, so that pip's cache holds every package, and then removed. The measurement
    includes installing it again from that cache.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    run(["git", "clone", "-q", "--no-hardlinks", REPOSITORY, folder], log)
    downloads = run(["scripts/environment.sh", "run"], log.with_suffix(".install.log"), cwd=folder)
    shutil.rmtree(folder / ".venv")
    with _page(folder, log) as (started, ready):
        figures = {"first_page_seconds": ready - started}
        for name, file in (("environment", ".venv/installed-run"), ("snapshot", "workspace-demo/CURRENT")):
            figures[f"{name}_seconds"] = (folder / file).stat().st_mtime - started
    with _page(folder, log.with_suffix(".second.log")) as (started, ready):
        figures["second_start_seconds"] = ready - started
    figures["first_install_seconds"] = downloads.seconds
    return figures, (
        "From `make demo` in a fresh clone until Chromium shows the first page's heading and the script has ended. "
        "environment_seconds and snapshot_seconds are the times until these were ready. The environment comes from pip's cache, "
        "which an uncounted install fills beforehand (first_install_seconds).",
    )


@contextmanager
def _page(folder: Path, log: Path) -> Iterator[tuple[float, float]]:
    """Start `make demo`, yield the times of its start and of the first page, and end the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UPSWING")} | {"PORT": str(port), "WORKSPACE": "workspace-demo"}
    with open(log, "wb") as file:
        started = time.time()
        server = subprocess.Popen(
            ["make", "demo", f"PORT={port}"], cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _answers(server, port, log)
            _drawn(port)
            yield started, time.time()
        finally:
            _end(server)


def _answers(server: subprocess.Popen, port: int, log: Path) -> None:
    """Wait until the port accepts connections."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise Failed(f"`make demo` ended with {server.returncode}; its output is in {log}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Failed(f"`make demo` served nothing in {PATIENCE_SECONDS} s; its output is in {log}")


def _drawn(port: int) -> None:
    """Open the page in Chromium and wait for its heading and the end of its script."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        raise Failed("no Chromium to open the page with; install it, or name one in $CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM))
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}", timeout=60_000)
            page.locator("h1").first.wait_for(timeout=60_000)
            page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)
        finally:
            browser.close()


def _end(server: subprocess.Popen) -> None:
    """End the server with its worker, which share a process group of their own."""
    for sign, patience in ((signal.SIGINT, 20), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(server.pid, sign)
            server.wait(patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
