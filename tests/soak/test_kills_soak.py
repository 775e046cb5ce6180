"""A publish that is killed at any time leaves the old or the new snapshot, whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time

from fixtures.kill_points import act, in_child, look
from fixtures.model_folders import write_model
from fixtures.tiny_snapshot import write_scored

from core.capabilities.registry import serving_tables
from core.models import registry
from core.storage import snapshots
from core.workspace import Workspace

KILLS = int(os.environ.get("KILLS", 1000))


def killed_after(seconds: float, workspace: Workspace) -> bool:
    """Publish in a child process and kill it after so long; was it still at work?"""
    child = os.fork()
    if child == 0:
        act(workspace, "publish")
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_thousand_publishes_that_are_killed_at_random_times_serve_the_old_or_the_new_snapshot(tmp_path):
    template = Workspace(tmp_path / "template").create()
    write_scored(template)
    write_model(template, "m1")
    registry.promote(template, "m1", "the first")
    old = snapshots.publish(template)
    began = time.monotonic()
    in_child(lambda: act(Workspace(shutil.copytree(template.root, tmp_path / "timed")), "publish"))
    whole, chance, outcomes, kills = time.monotonic() - began, random.Random(0), {"old": 0, "new": 0}, 0
    while kills < KILLS:
        place = Workspace(shutil.copytree(template.root, tmp_path / "shop"))
        kills += killed_after(chance.uniform(0, whole), place)
        found = look(place)
        assert found["tables"] == len(serving_tables()) and found["left"] == [] and found["acts"] == found["audit"], found
        published = [subject for kind, subject in found["acts"] if kind == "publish"]
        assert published == ([old] if found["served"] == old else [old, found["served"]]), found
        outcomes["old" if found["served"] == old else "new"] += 1
        shutil.rmtree(place.root)
    assert outcomes["old"] > 0
