"""Measure whole processes, and describe the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PYTHON = sys.executable
LAUNCHER = REPOSITORY / "bench" / "launcher.py"
PACKAGES = ("numpy", "duckdb", "pyarrow", "torch", "transformers", "streamlit", "lightgbm", "scikit-learn")
GIB = 2**30


class Failed(Exception):
    """Raised where a measured command fails; the message names its output file."""


@dataclass(frozen=True)
class Run:
    """A measured process. seconds: wall clock; peak_gib: largest resident memory in GiB of the process or of any child."""

    seconds: float
    peak_gib: float
    output: str


def run(command: list[str | Path], log: Path, workspace: Path | None = None, cwd: Path = REPOSITORY) -> Run:
    """Run one command as a separate process. Its output goes to `log`. Raises Failed if it fails."""
    environment = os.environ | ({"UPSWING_WORKSPACE": str(workspace)} if workspace else {})
    log.parent.mkdir(parents=True, exist_ok=True)
    say(f"  $ {' '.join(map(str, command))}")
    taken = log.with_suffix(".taken.json")
    taken.unlink(missing_ok=True)
    with open(log, "wb") as file:
        subprocess.run(
            [PYTHON, "-I", "-S", LAUNCHER, taken, *map(str, command)], stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=cwd
        )
    output = log.read_text(encoding="utf-8", errors="replace")
    found = json.loads(taken.read_text(encoding="utf-8")) if taken.exists() else {"code": "no result"}
    if found["code"]:
        raise Failed(f"{' '.join(map(str, command))} ended with {found['code']}; its output is in {log}:\n{output[-1500:]}")
    done = Run(found["seconds"], found["peak_kib"] * 1024 / GIB, output)
    say(f"    {done.seconds:.1f} s, {done.peak_gib:.2f} GiB")
    return done


def upswing(workspace: Path, log: Path, *words: str | Path) -> Run:
    """Run one command of the product on a workspace, as a user types it."""
    return run([PYTHON, "-m", "core", *words], log, workspace)


def machine() -> dict:
    """Return cores, memory, processor, versions and load, which shows whether other programs were running."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "cpu": cpu,
        "system": f"{os.uname().sysname} {os.uname().release}",
        "python": sys.version.split()[0],
        **{name: _version(name) for name in PACKAGES},
    }


def stamp() -> dict:
    """Return the time, the commit (with a note on changes outside bench/results) and the load before."""
    git = ["git", "-C", str(REPOSITORY)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results"], capture_output=True, text=True
    )
    return {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load_before": round(os.getloadavg()[0], 2),
        "commit": (commit.stdout.strip() or "unknown") + (" with changes" if changed.stdout.strip() else ""),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
