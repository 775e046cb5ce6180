"""Time imports by this code and by an earlier commit, in turn: python -m bench against COMMIT [--runs N] [--data DIR]

Prints seconds of the wall clock and of the CPU, the fastest of the runs, and their ratio. Both use this environment's packages. The dry
run is also timed within this process, without the imports of modules.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from core.ingest import import_files
from core.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[1]
ROWS = 1_000_000  # of the made-up file for the dry run


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench against", description=__doc__)
    parser.add_argument("commit", help="the earlier commit")
    parser.add_argument("--runs", type=int, default=2, metavar="N", help="runs of each (default 2)")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="folder of the real data")
    a = parser.parse_args(argv)
    with TemporaryDirectory() as place:
        folder, earlier = Path(place), Path(place) / "earlier"
        subprocess.run(["git", "worktree", "add", "--detach", str(earlier), a.commit], cwd=REPOSITORY, check=True, capture_output=True)
        try:
            sales = _sales(folder / "sales.csv")
            uci = a.data / "uci_online_retail_ii" / "online_retail_II.parquet"
            for name, words in (
                ("import of UCI", [uci, "--preset", "uci-online-retail"]),
                (f"dry run of {ROWS:,} rows", [sales, "--dry-run"]),
            ):
                times: dict[Path, list[tuple[float, float]]] = {REPOSITORY: [], earlier: []}
                for _ in range(a.runs):
                    for code, of in times.items():
                        of.append(_seconds(code, folder / "shop", words))
                (wall, cpu), (old_wall, old_cpu) = (tuple(map(min, zip(*of))) for of in times.values())
                print(
                    f"{name}: {wall:.1f} s, {cpu:.1f} CPU s; {a.commit}: {old_wall:.1f} s, {old_cpu:.1f} CPU s; {cpu / old_cpu:.2f} times"
                )
            print(f"dry run of {ROWS:,} rows in process: {min(_in_process(sales, folder) for _ in range(a.runs)):.2f} s")
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(earlier)], cwd=REPOSITORY, check=True)
    return 0


def _seconds(code: Path, shop: Path, words: list) -> tuple[float, float]:
    """Return wall and CPU seconds of one import by the code in a folder, into an empty workspace."""
    shutil.rmtree(shop, ignore_errors=True)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "core", "import", *map(str, words), "--workspace", str(shop), "--quiet"]
    subprocess.run(command, cwd=code, env=os.environ | {"PYTHONPATH": str(code)}, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _in_process(sales: Path, folder: Path) -> float:
    """Return wall seconds of a dry run in this process, after one of a few rows that loads what modules and layouts it needs."""
    few = folder / "few.csv"
    with sales.open() as stream:
        few.write_text("".join(itertools.islice(stream, 1000)))
    shop = Workspace(folder / "empty")
    import_files(shop, [few], dry_run=True)
    started = time.monotonic()
    import_files(shop, [sales], dry_run=True)
    return time.monotonic() - started


def _sales(file: Path) -> Path:
    """Write made-up order lines in columns whose names are known."""
    rng = np.random.default_rng(1)
    products = rng.integers(0, 3000, ROWS)
    lines = {
        "order id": np.arange(ROWS) // 3,
        "date": pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 700, ROWS)), unit="D"),
        "sku": [f"P{i:04}" for i in products],
        "title": [f"Walnut tray no. {i}" for i in products],
        "quantity": rng.integers(1, 5, ROWS),
        "price": rng.integers(100, 9999, ROWS) / 100,
        "country": rng.choice(["GB", "DE", "FR"], ROWS),
    }
    pd.DataFrame(lines).to_csv(file, index=False)
    return file
