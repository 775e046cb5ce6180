"""Train a tiny shop many times, each in a fresh process, and count crashes: python -m bench trainings [--runs N] [--at-once N]

A crash needs two threads to coincide in the first second of a training, so it takes about 200 trainings to see one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).resolve().parents[1]
TRAIN = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from core.models.panel import Panel
from core.models.train import fit
from core.settings import ModelSettings, TrainingConfig
folder = Path(sys.argv[1])
panel = Panel.open(folder / "panel", folder / "cache")
recipe = TrainingConfig(refit=False, batch_rows=512, trees_rounds=20, members=1, hidden=16, second=8, tower=8, token=8)
model = fit(panel, panel.matured(), ModelSettings(encoder=str(folder / "encoder"), max_epochs=1, device="cpu"), recipe=recipe)
assert model.trees is not None
"""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench trainings", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, metavar="N", help="trainings (default 200)")
    parser.add_argument("--at-once", type=int, default=os.cpu_count(), metavar="N", help="trainings at once (default: one per core)")
    parser.add_argument("--minutes", type=float, metavar="M", help="start no training after M minutes")
    a = parser.parse_args(argv)
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from fixtures.tiny import tiny_encoder, tiny_panel

    started = time.monotonic()
    with TemporaryDirectory() as place:
        folder = Path(place)
        tiny_panel(folder / "panel", products=20)
        tiny_encoder(folder / "encoder")

        def train(_) -> subprocess.CompletedProcess | None:
            if a.minutes and time.monotonic() - started > 60 * a.minutes:
                return None
            return subprocess.run([sys.executable, "-c", TRAIN, str(folder)], cwd=REPOSITORY, capture_output=True, text=True)

        train(0)  # fills the caches
        with ThreadPoolExecutor(a.at_once) as pool:
            done = [run for run in pool.map(train, range(a.runs)) if run is not None]
    crashed = [run for run in done if run.returncode < 0]
    failed = [run for run in done if run.returncode > 0]
    for run in (crashed + failed)[:3]:
        print(f"code {run.returncode}\n{run.stderr[-2000:]}", file=sys.stderr)
    seconds = round(time.monotonic() - started)
    print(json.dumps({"trainings": len(done), "crashed": len(crashed), "failed": len(failed), "seconds": seconds}))
    return 1 if crashed or failed else 0
