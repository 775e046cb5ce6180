"""The server and its worker as processes; a small web server stands in for the dashboard, which tests/e2e drives for real."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from core import jobs, serve
from core.errors import UserError
from core.storage.state import State
from tests.integration.test_jobs import gone, until

SERVE = """
import sys
from core import serve
from core.workspace import Workspace
serve._command = lambda port: [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
serve._HEALTH = "/"
serve._CHECK_WORKER_S = 0.2
serve.serve(Workspace.at(sys.argv[1]), int(sys.argv[2]))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def served(workspace, tmp_path):
    """(process, port) of a running `serve`, started from another folder; whatever is left of it is ended afterwards."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(workspace.root), str(port)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process, port
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    worker = State(workspace).worker()
    if worker is not None and not gone(worker.pid):
        os.kill(worker.pid, signal.SIGTERM)
        until(lambda: State(workspace).worker() is None)


def read_until(process, text: str) -> str:
    seen = ""
    while text not in seen:
        line = process.stdout.readline()
        assert line, f"ended without saying {text!r}: {seen}"
        seen += line
    return seen


def test_a_port_in_use_is_refused_before_anything_starts(workspace):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"choose another port: --port {port + 1}"):
            serve.serve(workspace, port)
    assert not workspace.state.exists()


def test_the_dashboard_listens_on_the_loopback_address_and_tells_nobody():
    command = serve._command(8501)
    assert "--server.address=127.0.0.1" in command and "--server.port=8501" in command
    assert "--browser.gatherUsageStats=false" in command and "--server.headless=true" in command
    assert Path(command[command.index("run") + 1]).parts[-2:] == ("dashboard", "app.py")


def test_serve_says_where_it_is_and_that_nothing_is_published_and_ends_with_its_worker(workspace, served):
    process, port = served
    said = read_until(process, "Ctrl-C")
    assert "Nothing is published yet" in said and f"http://127.0.0.1:{port}" in said
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/").status == 200
    until(lambda: jobs.worker_alive(workspace))
    worker = State(workspace).worker().pid
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert is_free(port)
    until(lambda: gone(worker))


def test_a_dead_worker_is_started_again_and_the_worker_survives_the_server(workspace, served):
    process, _ = served
    read_until(process, "Ctrl-C")
    first = until(lambda: jobs.worker_alive(workspace) and State(workspace).worker().pid)
    os.kill(first, signal.SIGKILL)
    second = until(lambda: (w := State(workspace).worker()) and w.pid != first and w.alive and w.pid)
    os.killpg(process.pid, signal.SIGKILL)  # as when its terminal or the machine's session ends
    process.wait()
    assert jobs.worker_alive(workspace) and not gone(second)
