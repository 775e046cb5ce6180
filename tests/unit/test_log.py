"""Logs: one JSON object a line, levels, rotation, and no value from the shop's files."""

from __future__ import annotations

import io
import json
import logging

import pytest

from core import log
from core.cli import main
from core.errors import UserError
from core.messages import msg


@pytest.fixture(autouse=True)
def closed():
    yield
    log.stop()


@pytest.fixture
def shop(workspace):
    workspace.settings_file.touch()
    return workspace


def lines(workspace, name: str) -> list[dict]:
    return [json.loads(line) for line in (workspace.logs / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_json_object_a_line(shop):
    log.start(shop.logs, "worker")
    log.event("job_started", job=3, kind="import")
    (line,) = lines(shop, "worker")
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "event": "job_started", "job": 3, "kind": "import"}


def test_events_are_readable_on_the_console(shop):
    console = io.StringIO()
    log.start(shop.logs, "worker", console)
    log.event("job_started", job=3, kind="import")
    log.event("looked", logging.DEBUG)
    assert console.getvalue().rstrip().endswith("info     job_started  job=3  kind=import")


@pytest.mark.parametrize("level, kept", [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_comes_from_the_environment(shop, monkeypatch, level, kept):
    monkeypatch.setenv("UPSWING_LOG_LEVEL", level)
    log.start(shop.logs, "worker")
    log.event("a", logging.DEBUG)
    log.event("b")
    log.event("c", logging.WARNING)
    assert (len(lines(shop, "worker")) if kept else shop.logs.exists()) == kept


def test_an_unknown_level_is_refused(shop, monkeypatch):
    monkeypatch.setenv("UPSWING_LOG_LEVEL", "loud")
    with pytest.raises(UserError, match="UPSWING_LOG_LEVEL is loud"):
        log.start(shop.logs, "worker")


def test_a_log_is_rotated_by_size(shop, monkeypatch):
    monkeypatch.setattr(log, "MAX_BYTES", 2000)
    log.start(shop.logs, "worker")
    for number in range(300):
        log.event("beat", number=number)
    files = sorted(file.name for file in shop.logs.iterdir())
    assert files == ["worker.jsonl", "worker.jsonl.1", "worker.jsonl.2", "worker.jsonl.3"]
    assert all(file.stat().st_size <= 2000 for file in shop.logs.iterdir())


def test_a_folder_that_is_no_workspace_gets_no_log(workspace):
    log.start(workspace.logs, "worker")
    log.event("job_started", job=3)
    assert list(workspace.root.iterdir()) == []


def test_an_error_is_logged_by_its_template_without_values(shop):
    name = "Ana Müller, Hauptstraße 1"
    error = UserError(
        found=msg("Row {row} has the customer {customer}.", row=3, customer=name),
        expected=msg("Customers are numbers."),
        to_do=msg("Correct the file."),
    )
    log.start(shop.logs, "commands")
    log.event("command_failed", **log.failure(error))
    (line,) = lines(shop, "commands")
    assert "{customer}" in line["message"] and line["error"] == "UserError"
    assert "Müller" not in (shop.logs / "commands.jsonl").read_text(encoding="utf-8")


def test_a_fault_of_ours_is_logged_by_the_lines_it_came_through(shop):
    log.start(shop.logs, "commands")
    try:
        {}["Ana Müller"]
    except KeyError as error:
        log.event("command_failed", **log.failure(error))
    (line,) = lines(shop, "commands")
    assert line["error"] == "KeyError" and "test_log.py" in line["trace"][-1] and "Müller" not in str(line)


def test_a_command_logs_how_it_ended(shop, capsys):
    assert main(["publish", "--workspace", str(shop.root)]) == 2
    events = [(line["event"], line["command"]) for line in lines(shop, "commands")]
    assert events == [("command_started", "publish"), ("command_failed", "publish")]


def test_verbose_shows_the_events(shop, capsys):
    assert main(["publish", "--verbose", "--workspace", str(shop.root)]) == 2
    assert "command_started" in capsys.readouterr().err
