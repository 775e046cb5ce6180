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
from collections.abc import Callable

from core import shipped
from core.errors import UpswingError, UserError
from core.jobs import worker
from core.messages import Message, msg
from core.storage import snapshots, startup
from core.storage.state import State
from core.workspace import Workspace

HOST = "127.0.0.1"
_HEALTH = "/_stcore/health"
_START_S = 60.0
_CHECK_WORKER_S = 5.0


def _print(message: Message) -> None:
    print(message, flush=True)


def serve(workspace: Workspace, port: int = 8501, tell: Callable[[Message], None] = _print) -> None:
    """Serve the dashboard until Ctrl-C or SIGTERM. Starts the worker unless one is alive, and again should it die.

    The worker survives the server: it finishes what is queued, then ends too. tell: shows one line.
    Raises UserError where the port is taken, UpswingError where the dashboard does not start.
    """
    shop = workspace.own_settings().shop.name
    startup.prepare(workspace)
    need_port(port)
    if snapshots.current(workspace) is None:
        tell(msg("No forecast has been published yet. The pages show how to start: `upswing import FILE...`, then `upswing run`."))
    before = signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a shell that starts us in the background has it ignored
    working = worker.start(workspace)
    server = subprocess.Popen(
        _command(port), cwd=shipped.ROOT, stdin=subprocess.DEVNULL, env=os.environ | {"UPSWING_WORKSPACE": str(workspace.root)}
    )
    try:
        _wait_until_up(server, port)
        tell(msg("{shop}: {address}   (Ctrl-C stops the dashboard)", shop=shop, address=f"http://{HOST}:{port}"))
        while True:
            try:
                code = server.wait(_CHECK_WORKER_S)
            except subprocess.TimeoutExpired:
                if working is None or working.poll() is not None:  # else it is at work, or still coming up
                    working = worker.start(workspace)
            else:
                raise UpswingError(msg("The dashboard stopped: its process ended with code {code}. Its messages above say why.", code=code))
    except KeyboardInterrupt:
        tell(msg("The dashboard has stopped."))
    finally:
        signal.signal(signal.SIGTERM, before)
        _stop(server)
        _let_worker_end(workspace, working, tell)


def _command(port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(shipped.APP),
        f"--server.address={HOST}",
        f"--server.port={port}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]


def need_port(port: int) -> None:
    """Raise UserError unless the port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise UserError(
                expected=msg("The dashboard needs port {port} of {host}.", port=str(port), host=HOST),
                found=msg("The port is not free: {error}.", error=str(error)),
                to_do=msg("Stop the program that uses it, or choose another port: --port {port}", port=str(port + 1)),
            ) from error


def _wait_until_up(server: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise UpswingError(
                msg("The dashboard did not start: its process ended with code {code}. Its messages above say why.", code=server.returncode)
            )
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{_HEALTH}", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise UpswingError(msg("The dashboard did not answer within {seconds} s.", seconds=_START_S))


def _stop(server: subprocess.Popen) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _let_worker_end(workspace: Workspace, started: subprocess.Popen | None, tell: Callable[[Message], None]) -> None:
    """Asks the worker to end once its queue is empty; one that is still coming up ends at once."""
    state = State(workspace)
    known = state.worker()
    pids = {known.pid} if known is not None and known.alive and known.host == socket.gethostname() else set()
    if started is not None and started.poll() is None:
        pids.add(started.pid)
    for job in state.jobs():
        if job.active and pids:
            tell(msg("Job {job} ({kind}) continues in the background. `upswing jobs` shows it.", job=str(job.id), kind=job.kind))
    for pid in pids:
        try:
            os.kill(pid, signal.SIGHUP)
        except ProcessLookupError:
            pass  # it ended by itself in this moment


def _interrupt(*_) -> None:
    raise KeyboardInterrupt
