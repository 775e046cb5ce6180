"""Training starts two threads and several libraries at once: hundreds of fresh processes show whether that ends well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TRAININGS = os.environ.get("TRAININGS", "200")


def test_two_hundred_trainings_end_without_a_crash():
    command = [sys.executable, "-m", "bench", "trainings", "--runs", TRAININGS]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert (found["trainings"], found["crashed"], found["failed"]) == (int(TRAININGS), 0, 0)
