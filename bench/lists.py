"""The row on the jobs of customers and lists at 10,000 products and 100,000 customers: python -m bench.lists WORKSPACE OUT.json

The shop is generated (bench/large_shop.py). One process runs the jobs in turn, as `score` does, and its peak memory is the row's.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench

JOBS = ("recommendations", "at_risk", "feature", "launches")


def lists(bench: Bench) -> Result:
    """Generate the shop, which is not measured, and run the jobs."""
    shop, out = bench.work / "large", bench.work / "lists.json"
    shutil.rmtree(shop, ignore_errors=True)
    run([PYTHON, "-m", "bench.large_shop", shop], bench.log("large_shop"))
    done = run([PYTHON, "-m", "bench.lists", shop, out], bench.log("lists"))
    figures = {"seconds": done.seconds, "peak_gib": done.peak_gib} | json.loads(out.read_text(encoding="utf-8"))
    return Result(
        "lists",
        "10,000 products x 100,000 customers: all jobs on customers and lists",
        figures,
        (Limit("seconds", 300, "s"), Limit("peak_gib", 4, "GiB")),
        ("A generated shop with 3 million order lines over two years and made-up forecasts: bench/large_shop.py.",),
    )


def measured(folder: Path) -> dict[str, float]:
    """Return the seconds of each job, and how many rows they wrote."""
    from bench.large_shop import context
    from core.capabilities.record import load
    from core.capabilities.registry import CAPABILITIES
    from core.workspace import Workspace

    seconds: dict[str, float] = {}
    with ExitStack() as opened:
        made = context(Workspace(folder), opened)
        for capability in CAPABILITIES:
            if capability.name in JOBS:
                started = time.perf_counter()
                load(capability.compute)(made)
                made.check_complete(capability)
                seconds[f"{capability.name}_seconds"] = time.perf_counter() - started
        return seconds | {f"{name}_rows": rows for name, rows in made.rows.items()}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(measured(Path(sys.argv[1]))), encoding="utf-8")
