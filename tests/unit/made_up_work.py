"""A stand-in for the worker's child, doing made-up work: `python made_up_work.py WORKSPACE JOB TOKEN`.

What it does is written into the job's arguments (`since`): "steps", "forever", "deaf" (never asks whether it is cancelled),
"user error", "fault", "die".
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from core import worker
from core.config import Workspace
from core.errors import UserError


def made_up(workspace, kind, arguments, progress):
    todo = arguments["since"]
    progress("features", 0.5, "half of the features")
    if todo == "steps":
        progress("features", 1.0)
        progress("train", 0.5, "epoch 1", loss=0.25)
        return {"text": "trained\nmodel m1", "model": "m1"}
    if todo == "user error":
        error = UserError("orders", "none", "import a file with orders")
        error.done = {"report": {"rows_read": 3}}
        raise error
    if todo == "fault":
        raise ZeroDivisionError("by nothing")
    if todo == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    (workspace.root / "child.pid").write_text(str(os.getpid()))
    while True:
        time.sleep(0.05)
        if todo == "forever":
            progress("train", 0.1, "still at it")


if __name__ == "__main__":
    worker.do_job = made_up
    worker.do(Workspace(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3])
