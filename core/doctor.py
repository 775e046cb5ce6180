"""Checks a workspace and the machine: is everything there, whole, and of the versions it was made for?"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core import shipped
from core.errors import UpswingError, UserError
from core.models import registry
from core.schema import CANONICAL
from core.storage import duckdb as db
from core.storage import snapshots, warehouse
from core.storage.state import State
from core.workspace import Workspace

_FREE_GIB = 2.0


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    detail: str


def examine(workspace: Workspace) -> list[Finding]:
    """Every check's findings. What is merely not there yet is no problem; what is there and broken is."""
    checks: dict[str, Callable[[Workspace], Iterator[Finding]]] = {
        "python": _python,
        "packages": _packages,
        "device": _device,
        "encoder": _encoder,
        "disk": _disk,
        "settings": _settings,
        "warehouse": _warehouse,
        "panel": _panel,
        "models": _models,
        "snapshots": _snapshots,
        "state": _state,
        "worker": _worker,
    }
    found = []
    for name, check in checks.items():
        try:
            found += check(workspace)
        except (UpswingError, OSError, ValueError) as error:  # ValueError: a JSON file that is none
            found.append(Finding(name, False, str(error)))
    return found


def _python(_: Workspace) -> Iterator[Finding]:
    wanted = ", ".join(f"{major}.{minor}" for major, minor in shipped.PYTHONS)
    yield Finding("python", sys.version_info[:2] in shipped.PYTHONS, f"{platform.python_version()} (supported: {wanted})")


def _packages(_: Workspace) -> Iterator[Finding]:
    wanted = shipped.pins()
    wrong = []
    for name, version in wanted.items():
        try:
            installed = importlib.metadata.version(name).split("+")[0]  # 2.13.0+cpu is 2.13.0 for one kind of machine
        except importlib.metadata.PackageNotFoundError:
            installed = "not installed"
        if installed != version:
            wrong.append(f"{name} {installed} instead of {version}")
    yield Finding("packages", not wrong, "; ".join(wrong) or f"{len(wanted)} as requirements.txt says")


def _device(_: Workspace) -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        yield Finding("device", True, f"GPU {torch.cuda.get_device_name(0)}")
    else:
        yield Finding("device", True, f"CPU with {torch.get_num_threads()} threads; a GPU would make training faster")


def _encoder(workspace: Workspace) -> Iterator[Finding]:
    from core.models.text import load_encoder

    encoder = load_encoder(workspace.settings().model.encoder)  # checks the weights' SHA-256
    encoder.encode(encoder.tokens([encoder.name]))  # it reads, too
    yield Finding("encoder", True, f"{encoder.name}, {encoder.width} wide, weights {encoder.version[:12]}")


def _disk(workspace: Workspace) -> Iterator[Finding]:
    folder = next(p for p in (workspace.root, *workspace.root.parents) if p.exists())
    free = shutil.disk_usage(folder).free / 2**30
    yield Finding("disk", free >= _FREE_GIB, f"{free:.1f} GiB free (at least {_FREE_GIB:.0f} are needed)")


def _settings(workspace: Workspace) -> Iterator[Finding]:
    settings = workspace.settings()
    given = workspace.settings_file.exists()
    yield Finding("settings", True, f"{settings.shop.name}, {settings.shop.currency or 'no currency'}" if given else "the defaults")


def _warehouse(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.warehouse.exists():
        yield Finding("warehouse", True, "none yet: `upswing import FILE...` makes it")
        return
    try:
        with db.connect(workspace.warehouse, read_only=True) as con:
            there, wrong, rows = warehouse.columns(con), [], 0
            for name, table in warehouse.TABLES.items():
                known = {(c.name, c.type) for c in table.columns}
                needed = {(c.name, c.type) for c in table.columns if c.required}
                if name in there and not needed <= set(there[name]) <= known:  # what an earlier version lacks, the next step adds
                    wrong.append(name)
                elif name in there and name in CANONICAL:
                    rows += con.execute(f"select count(*) from {name}").fetchone()[0]
    except UserError as error:
        yield Finding("warehouse", True, f"not checked: {error.found}")  # a job is writing to it
    except db.Error as error:
        yield Finding("warehouse", False, f"cannot be read ({error}); put back a copy, or move it away and import again")
    else:
        yield Finding(
            "warehouse",
            not wrong,
            f"tables of another shape: {', '.join(wrong)}; import again into a new workspace" if wrong else f"{rows:,} rows",
        )


def _panel(workspace: Workspace) -> Iterator[Finding]:
    file = workspace.panel / "panel.json"
    if not file.exists():
        yield Finding("panel", True, "none yet: `upswing features` makes it")
        return
    panel = json.loads(file.read_text(encoding="utf-8"))
    yield Finding("panel", (workspace.panel / "panel.parquet").exists(), f"as of {panel['as_of']}, {panel['rows']:,} rows")


def _models(workspace: Workspace) -> Iterator[Finding]:
    found = registry.models(workspace)
    if not found:
        yield Finding("models", True, "none yet: `upswing train` makes one")
    for model in found:
        if model.status != "discarded":
            wrong = registry.problems(workspace, model.path)
            yield Finding("models", not wrong, f"{model.id} ({model.status})" + (": " + "; ".join(wrong) if wrong else ""))
    champion = registry.champion(workspace)
    if champion is not None and champion not in {m.id for m in found}:
        yield Finding("models", False, f"the champion {champion} is not there: promote another one")


def _snapshots(workspace: Workspace) -> Iterator[Finding]:
    kept = snapshots.history(workspace)
    if not kept and not workspace.current.exists():
        yield Finding("snapshots", True, "none yet: `upswing run` makes the first")
        return
    for snapshot in kept:
        wrong = snapshots.check(snapshot.path)
        name = snapshot.id + (" (served)" if snapshot.current else "")
        yield Finding("snapshots", not wrong, ": ".join([name, "; ".join(wrong)] if wrong else [name]))
    served = snapshots.current(workspace)
    if served is None:
        yield Finding("snapshots", False, "none is served: choose one with `upswing rollback ID`")


def _state(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.state.exists():
        yield Finding("state", True, "none yet")
        return
    wrong = State(workspace).problems()
    yield Finding("state", not wrong, "; ".join(wrong) or "sound")


def _worker(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.state.exists():
        yield Finding("worker", True, "none: `upswing serve` starts one")
        return
    state = State(workspace)
    worker = state.worker()
    waiting = [job for job in state.jobs() if job.status == "queued"]
    if worker is not None and worker.alive:
        yield Finding("worker", True, f"process {worker.pid}, since {worker.started_at:%Y-%m-%d %H:%M} UTC")
    else:
        yield Finding(
            "worker",
            not waiting,
            f"none, and {len(waiting)} jobs wait: start `upswing serve` or `upswing worker`"
            if waiting
            else "none: `upswing serve` starts one",
        )
