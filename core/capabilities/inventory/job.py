"""The job of inventory: simulate a year of ordering by the forecast and by the methods planners use today."""

from __future__ import annotations

from core.evaluation.simulate import simulate as simulate_year
from core.progress import Progress
from core.workspace import Workspace


def simulate(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Simulate into workspace/simulation, or into the folder `out` there; return its path and summary."""
    out = workspace.root / arguments.get("out", "simulation")
    done = simulate_year(workspace, out, progress=progress)
    return {"out": str(out), "summary": done.summary(), "text": done.text()}
