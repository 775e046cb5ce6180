"""Killed at any moment: the old or the new one is served, whole, and the audit log says so exactly once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fixtures.model_folders import write_model
from fixtures.tiny_snapshot import write_scored

from core.capabilities.registry import serving_tables
from core.models import registry
from core.storage import snapshots
from core.workspace import Workspace

POINTS = {"publish": (16, 30), "rollback": (9, 100), "promote": (4, 100)}  # the last changes are points, and every so many before


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    """A shop that serves the second of two snapshots of its champion m1; nobody changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("killed") / "shop").create()
    write_scored(workspace)
    for model in ("m1", "m2"):
        write_model(workspace, model)
    registry.promote(workspace, "m1", "the first")
    for _ in range(2):
        snapshots.publish(workspace)
    return workspace


@pytest.fixture(scope="module")
def killed(shop) -> list[dict]:
    """What restarts found after all acts: one process does them all, since its libraries take longer to load than an act takes."""
    asked = [":".join(map(str, (act, *points))) for act, points in POINTS.items()]
    program = [sys.executable, "-m", "tests.fixtures.kill_points", str(shop.root), *asked]
    run = subprocess.run(program, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("act", POINTS)
def test_killed_before_any_change_to_a_file_a_restart_finds_the_old_or_the_new_with_one_note_each(shop, killed, act):
    first, second = (s.id for s in reversed(snapshots.history(shop)))
    before = [["promote", "m1"], ["publish", first], ["publish", second]]
    outcomes = Counter()
    for told in (point for point in killed if point["act"] == act):
        found = told["found"]
        assert isinstance(found, dict), found
        assert found["tables"] == len(serving_tables()) and found["left"] == [], told
        assert found["acts"] == found["audit"], told
        assert found["logged"] == [subject for act_, subject in found["acts"] if act_ == "publish"] and found["log_problems"] == [], told
        done = found["acts"][3:]
        assert found["acts"][:3] == before
        new = {
            "publish": found["served"] not in (first, second) and [["publish", found["served"]]],
            "rollback": found["served"] == first and [["rollback", first]],
            "promote": found["champion"] == "m2" and [["promote", "m2"]],
        }[act]
        assert done == (new or []), told
        if not new:
            assert (found["served"], found["champion"]) == (second, "m1"), told
        outcomes["new" if new else "old"] += 1
    assert outcomes["old"] and outcomes["new"], outcomes
