"""The row on the HTTP service: latency of answers at 20 requests a second, by a client in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, need

PORT, A_SECOND, SECONDS = 8699, 20, 30


def api(bench: Bench) -> Result:
    """Ask the service of UCI's shop for recommendations and forecasts, in turn."""
    need(bench.shop / "CURRENT", "publish")
    out = bench.work / "api.json"
    run([PYTHON, "-m", "bench.api", bench.shop, out], bench.log("api"))
    figures = json.loads(out.read_text(encoding="utf-8"))
    note = f"{A_SECOND} requests a second for {SECONDS} s, of recommendations and forecasts in turn, each on its own connection."
    return Result("api", "HTTP service", figures, (Limit("p95_ms", 50, "ms"), Limit("failed", 0, "")), (note,))


def measured(workspace: Path) -> dict[str, float]:
    import pandas as pd

    from core.api.token import token
    from core.storage import snapshots
    from core.workspace import Workspace

    shop = Workspace(workspace)
    secret = token(shop)
    products = pd.read_parquet(snapshots.current(shop).table("forecasts"), columns=["product_id"]).product_id.unique()
    paths = [
        f"/api/v1/recommend?customer={k}" if k % 2 else f"/api/v1/forecasts/{products[k % len(products)]}"
        for k in range(A_SECOND * SECONDS)
    ]
    server = subprocess.Popen([sys.executable, "-m", "core.api", str(PORT)], env=os.environ | {"UPSWING_WORKSPACE": str(workspace)})
    took: list[float] = []
    failed: list[str] = []

    def ask(path: str) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers={"Authorization": f"Bearer {secret}"})
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                answer.read()
            took.append(time.perf_counter() - start)
        except OSError as error:
            failed.append(str(error))

    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v1/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        ask(paths[0])  # the first answer opens the snapshot
        first, took = took, []
        threads = []
        start = time.perf_counter()
        for k, path in enumerate(paths):
            time.sleep(max(0.0, start + k / A_SECOND - time.perf_counter()))
            threads.append(threading.Thread(target=ask, args=(path,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
    finally:
        server.terminate()
    milliseconds = 1000 * np.array(took)
    return {
        "requests": len(paths),
        "failed": len(failed),
        "first_ms": 1000 * first[0] if first else float("nan"),
        "median_ms": float(np.median(milliseconds)),
        "p95_ms": float(np.quantile(milliseconds, 0.95)),
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(measured(Path(sys.argv[1]))), encoding="utf-8")
