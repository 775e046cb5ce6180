"""The dashboard with its worker, on the loopback address only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from core.errors import UpswingError, UserError
from core.jobs import worker
from core.storage import snapshots
from core.storage.state import State
from core.workspace import Workspace

HOST = "127.0.0.1"
_HEALTH = "/_stcore/health"
_START_S = 60.0
_CHECK_WORKER_S = 5.0


def serve(workspace: Workspace, port: int = 8501) -> None:
    """Serves the dashboard until Ctrl-C or SIGTERM. Starts the worker unless one is alive, and again should it die.

    The worker survives the server: what is queued is still done, then it ends too.
    Raises UserError where the port is taken, UpswingError where the dashboard does not come up.
    """
    shop = workspace.create().own_settings().shop.name
    _need_port(port)
    if snapshots.current(workspace) is None:
        print("Nothing is published yet: the pages will say how to begin (`upswing import FILE...`, then `upswing run`).", flush=True)
    before = signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a shell that starts us in the background has it ignored
    working = worker.start(workspace)
    server = subprocess.Popen(
        _command(port), cwd=worker.REPOSITORY, stdin=subprocess.DEVNULL, env=os.environ | {"UPSWING_WORKSPACE": str(workspace.root)}
    )
    try:
        _wait_until_up(server, port)
        print(f"Upswing of {shop}: http://{HOST}:{port}   (Ctrl-C stops it)", flush=True)
        while True:
            try:
                code = server.wait(_CHECK_WORKER_S)
            except subprocess.TimeoutExpired:
                if working is None or working.poll() is not None:  # else it is at work, or still coming up
                    working = worker.start(workspace)
            else:
                raise UpswingError(f"the dashboard ended by itself with code {code}; see its messages above")
    except KeyboardInterrupt:
        print("\nThe dashboard has stopped.", flush=True)
    finally:
        signal.signal(signal.SIGTERM, before)
        _stop(server)
        _let_worker_end(workspace, working)


def _command(port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(worker.REPOSITORY / "dashboard" / "app.py"),
        f"--server.address={HOST}",
        f"--server.port={port}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]


def _need_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise UserError(
                f"port {port} of {HOST} to be free", str(error), f"stop what uses it, or choose another: --port {port + 1}"
            ) from error


def _wait_until_up(server: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise UpswingError(f"the dashboard did not start, code {server.returncode}; see its messages above")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{_HEALTH}", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise UpswingError(f"the dashboard did not answer within {_START_S:.0f} s")


def _stop(server: subprocess.Popen) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _let_worker_end(workspace: Workspace, started: subprocess.Popen | None) -> None:
    """Asks the worker to end once its queue is empty; one that is still coming up ends at once."""
    state = State(workspace)
    known = state.worker()
    pids = {known.pid} if known is not None and known.alive and known.host == socket.gethostname() else set()
    if started is not None and started.poll() is None:
        pids.add(started.pid)
    for job in state.jobs():
        if job.active and pids:
            print(f"Job {job.id} ({job.kind}) goes on in the background; `upswing jobs` shows it.", flush=True)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGHUP)
        except ProcessLookupError:
            pass  # it ended by itself in this moment


def _interrupt(*_) -> None:
    raise KeyboardInterrupt
