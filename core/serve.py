"""Serve the dashboard with its worker, on the loopback address only."""

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
from core.api.token import token
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


def serve(workspace: Workspace, port: int = 8501, show_line: Callable[[Message], None] = _print, api_port: int | None = None) -> None:
    """Serve the dashboard until Ctrl-C or SIGTERM. Starts the worker unless one is alive, and restarts it if it dies.

    The worker survives the server: it finishes queued jobs, then ends. show_line: prints one line. api_port: also serve the HTTP
    service there. Raises UserError where a port is taken, UpswingError where a server does not start or stops.
    """
    shop = workspace.own_settings().shop.name
    startup.prepare(workspace)
    need_port(port)
    if api_port is not None:
        need_port(api_port, "--api-port")
        token(workspace)
    if snapshots.current(workspace) is None:
        show_line(msg("No forecast has been published yet. The pages show how to start: `upswing import FILE...`, then `upswing run`."))
    before = signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a shell that starts this process in the background ignores it
    worker_process = worker.start(workspace)
    server = _start(workspace, _command(port))
    service = None if api_port is None else _start(workspace, [sys.executable, "-m", "core.api", str(api_port)])
    try:
        _wait_until_up(server, f"http://{HOST}:{port}{_HEALTH}")
        show_line(msg("{shop}: {address}   (Ctrl-C stops the dashboard)", shop=shop, address=f"http://{HOST}:{port}"))
        if service is not None:
            _wait_until_up(service, f"http://{HOST}:{api_port}/api")
            address, file = f"http://{HOST}:{api_port}/api", str(workspace.root / "api.token")
            show_line(msg("HTTP service: {address}. Its token is in {file}.", address=address, file=file))
        while True:
            try:
                code = server.wait(_CHECK_WORKER_S)
            except subprocess.TimeoutExpired:
                if worker_process is None or worker_process.poll() is not None:  # else it is running or starting
                    worker_process = worker.start(workspace)
                if service is not None and service.poll() is not None:
                    service = _start(workspace, [sys.executable, "-m", "core.api", str(api_port)])
            else:
                raise UpswingError(msg("The dashboard stopped: its process ended with code {code}. Its messages above say why.", code=code))
    except KeyboardInterrupt:
        show_line(msg("The dashboard has stopped."))
    finally:
        signal.signal(signal.SIGTERM, before)
        _stop(server)
        if service is not None:
            _stop(service)
        _let_worker_end(workspace, worker_process, show_line)


def _start(workspace: Workspace, command: list[str]) -> subprocess.Popen:
    environment = os.environ | {"UPSWING_WORKSPACE": str(workspace.root)}
    return subprocess.Popen(command, cwd=shipped.ROOT, stdin=subprocess.DEVNULL, env=environment)


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


def need_port(port: int, option: str = "--port") -> None:
    """Raise UserError unless the port is free. option: that sets it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise UserError(
                expected=msg("The dashboard needs port {port} of {host}.", port=str(port), host=HOST),
                found=msg("The port is not free: {error}.", error=str(error)),
                to_do=msg("Stop the program that uses it, or choose another port: {option}", option=f"{option} {port + 1}"),
            ) from error


def _wait_until_up(server: subprocess.Popen, address: str) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise UpswingError(
                msg("The server did not start: its process ended with code {code}. Its messages above say why.", code=server.returncode)
            )
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise UpswingError(msg("The server did not answer within {seconds} s.", seconds=_START_S))


def _stop(server: subprocess.Popen) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _let_worker_end(workspace: Workspace, started: subprocess.Popen | None, show_line: Callable[[Message], None]) -> None:
    """Ask the worker to end once its queue is empty; one that is still starting ends at once."""
    state = State(workspace)
    known = state.worker()
    pids = {known.pid} if known is not None and known.alive and known.host == socket.gethostname() else set()
    if started is not None and started.poll() is None:
        pids.add(started.pid)
    for job in state.jobs():
        if job.active and pids:
            show_line(msg("Job {job} ({kind}) continues in the background. `upswing jobs` shows it.", job=str(job.id), kind=job.kind))
    for pid in pids:
        try:
            os.kill(pid, signal.SIGHUP)
        except ProcessLookupError:
            pass  # it has just ended by itself


def _interrupt(*_) -> None:
    raise KeyboardInterrupt
