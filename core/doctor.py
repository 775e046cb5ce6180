"""Checks a workspace and the machine: is everything there, whole, and of the versions it was made for?"""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from core import shipped
from core.errors import UpswingError
from core.messages import Message, msg, nmsg, sentences
from core.models import panel, registry
from core.schema import CANONICAL
from core.storage import access, audit, forecast_log, keys, layout, snapshots, warehouse
from core.storage import duckdb as db
from core.storage.state import State
from core.workspace import Workspace

_FREE_GIB = 2.0


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    detail: Message | str


def examine(workspace: Workspace) -> list[Finding]:
    """Return the findings of all checks. A file that does not exist yet is no problem; a broken one is."""
    checks: dict[str, Callable[[Workspace], Iterator[Finding]]] = {
        "python": _python,
        "packages": _packages,
        "device": _device,
        "encoder": _encoder,
        "disk": _disk,
        "settings": _settings,
        "layout": _layout,
        "warehouse": _warehouse,
        "panel": _panel,
        "models": _models,
        "snapshots": _snapshots,
        "forecasts": _forecasts,
        "state": _state,
        "audit": _audit,
        "key": _key,
        "worker": _worker,
    }
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found += check(workspace)
        except (UpswingError, OSError, ValueError) as error:  # ValueError: a JSON file that is none
            found.append(Finding(name, False, error.message if isinstance(error, UpswingError) else str(error)))
    return found


def _python(_: Workspace) -> Iterator[Finding]:
    supported = [f"{major}.{minor}" for major, minor in shipped.PYTHONS]
    detail = msg("{version}; Upswing runs on {supported}.", version=platform.python_version(), supported=supported)
    yield Finding("python", sys.version_info[:2] in shipped.PYTHONS, detail)


def _packages(_: Workspace) -> Iterator[Finding]:
    wanted = shipped.pins()
    wrong = []
    for name, version in wanted.items():
        try:
            installed = importlib.metadata.version(name).split("+")[0]  # 2.13.0+cpu is 2.13.0 for one kind of machine
        except importlib.metadata.PackageNotFoundError:
            wrong.append(msg("{package} {version} is not installed.", package=name, version=version))
            continue
        if installed != version:
            wrong.append(msg("{package} is {installed} instead of {version}.", package=name, installed=installed, version=version))
    fine = nmsg("{count} package is as in requirements.txt.", "{count} packages are as in requirements.txt.", len(wanted))
    yield Finding("packages", not wrong, sentences(*wrong) if wrong else fine)


def _device(_: Workspace) -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        yield Finding("device", True, msg("GPU {name}", name=torch.cuda.get_device_name(0)))
    else:
        yield Finding(
            "device",
            True,
            nmsg(
                "CPU with {count} thread. A GPU makes training faster.",
                "CPU with {count} threads. A GPU makes training faster.",
                torch.get_num_threads(),
            ),
        )


def _encoder(workspace: Workspace) -> Iterator[Finding]:
    from core.models.text import load_encoder

    encoder = load_encoder(workspace.own_settings().model.encoder)  # checks the weights' SHA-256
    encoder.encode(encoder.tokens([encoder.name]))  # it reads, too
    yield Finding(
        "encoder",
        True,
        msg("{encoder}, width {width}, weights {hash}", encoder=encoder.name, width=encoder.width, hash=encoder.version[:12]),
    )


def _disk(workspace: Workspace) -> Iterator[Finding]:
    folder = next(p for p in (workspace.root, *workspace.root.parents) if p.exists())
    free = shutil.disk_usage(folder).free / 2**30
    yield Finding(
        "disk", free >= _FREE_GIB, msg("{free} GiB are free. At least {least} GiB are needed.", free=round(free, 1), least=_FREE_GIB)
    )


def _settings(workspace: Workspace) -> Iterator[Finding]:
    settings = workspace.own_settings()
    given = workspace.settings_file.exists()
    yield Finding("settings", True, msg("Shop {shop}", shop=settings.shop.name) if given else msg("The defaults are in use."))


def _layout(workspace: Workspace) -> Iterator[Finding]:
    found = layout.version(workspace)
    said = msg("The workspace has layout {layout}.", layout=found)
    old = "" if found == layout.LAYOUT else msg("It is updated by the next command that writes.")
    yield Finding("layout", True, sentences(said, old))


def _audit(workspace: Workspace) -> Iterator[Finding]:
    yield Finding(
        "audit",
        True,
        nmsg("{count} decision on snapshots and models", "{count} decisions on snapshots and models", len(audit.acts(workspace))),
    )


def _key(workspace: Workspace) -> Iterator[Finding]:
    keys.customers_key(workspace, create=False)
    yield Finding("key", True, msg("The key of the customers' pseudonyms is sound, or not needed yet."))


def _warehouse(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.warehouse.exists():
        yield Finding("warehouse", True, msg("There is none yet. `upswing import FILE...` creates it."))
        return
    try:
        with access.waiting(0.0), db.connect(workspace.warehouse, read_only=True) as con:
            there, wrong, rows = warehouse.columns(con), [], 0
            for name, table in warehouse.TABLES.items():
                known = {(c.name, c.type) for c in table.columns}
                needed = {(c.name, c.type) for c in table.columns if c.required}
                if name in there and not needed <= set(there[name]) <= known:  # what an earlier version lacks, the next step adds
                    wrong.append(name)
                elif name in there and name in CANONICAL:
                    rows += con.execute(f"select count(*) from {name}").fetchone()[0]
    except access.Busy as error:
        yield Finding("warehouse", True, sentences(msg("It was not checked."), error.found))
    except db.Error as error:
        yield Finding(
            "warehouse", False, msg("It cannot be read: {error}. Restore a copy, or move it away and import again.", error=str(error))
        )
    else:
        yield Finding(
            "warehouse",
            not wrong,
            msg("These tables have other columns: {tables}. Import again into a new workspace.", tables=wrong)
            if wrong
            else nmsg("{count} row", "{count} rows", rows),
        )


def _panel(workspace: Workspace) -> Iterator[Finding]:
    file = workspace.panel / "panel.json"
    if not file.exists():
        yield Finding("panel", True, msg("There is none yet. `upswing features` creates it."))
        return
    described = panel.verify(workspace.panel)
    yield Finding(
        "panel",
        (workspace.panel / "panel.parquet").exists(),
        msg("{rows} rows as of {day}", rows=described["rows"], day=date.fromisoformat(described["as_of"])),
    )


def _models(workspace: Workspace) -> Iterator[Finding]:
    found = registry.models(workspace)
    if not found:
        yield Finding("models", True, msg("There is none yet. `upswing train` creates one."))
    for model in found:
        if model.status != "discarded":
            wrong = registry.problems(workspace, model.path)
            yield Finding(
                "models",
                not wrong,
                sentences(msg("Model {model} is {status}.", model=model.id, status=registry.STATUSES[model.status]), *wrong),
            )
    champion = registry.champion(workspace)
    if champion is not None and champion not in {m.id for m in found}:
        yield Finding("models", False, msg("The champion {model} is missing. Promote another model.", model=champion))


def _snapshots(workspace: Workspace) -> Iterator[Finding]:
    kept = snapshots.history(workspace)
    for snapshot_id, error in snapshots.damaged(workspace).items():
        yield Finding("snapshots", False, sentences(msg("Snapshot {snapshot}:", snapshot=snapshot_id), error.message))
    if not kept and not workspace.current.exists():
        yield Finding("snapshots", True, msg("There is none yet. `upswing run` creates the first."))
        return
    for snapshot in kept:
        wrong = snapshots.check(snapshot.path)
        name = (
            msg("Snapshot {snapshot} is served.", snapshot=snapshot.id)
            if snapshot.current
            else msg("Snapshot {snapshot}", snapshot=snapshot.id)
        )
        yield Finding("snapshots", not wrong, sentences(name, *wrong))
    served = snapshots.current(workspace)
    if served is None:
        yield Finding("snapshots", False, msg("None is served. Choose one with `upswing rollback ID`."))


def _forecasts(workspace: Workspace) -> Iterator[Finding]:
    named = [act.details["log"] for act in audit.acts(workspace) if act.details.get("log")]
    wrong = forecast_log.problems(workspace, named)
    logged = len(forecast_log.entries(workspace)) if not wrong else 0
    fine = nmsg("{count} update is in the forecast log.", "{count} updates are in the forecast log.", logged)
    yield Finding("forecasts", not wrong, sentences(*wrong) if wrong else fine)


def _state(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.state.exists():
        yield Finding("state", True, msg("There is none yet."))
        return
    wrong = State(workspace).problems()
    yield Finding(
        "state",
        not wrong,
        msg("The state store is damaged: {error}.", error="; ".join(wrong)) if wrong else msg("The state store is sound."),
    )


def _worker(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.state.exists():
        yield Finding("worker", True, msg("There is none. `upswing serve` starts one."))
        return
    state = State(workspace)
    worker = state.worker()
    waiting = [job for job in state.jobs() if job.status == "queued"]
    if worker is not None and worker.alive:
        yield Finding(
            "worker", True, msg("Process {process} has been running since {time} UTC.", process=str(worker.pid), time=worker.started_at)
        )
    else:
        yield Finding(
            "worker",
            not waiting,
            nmsg(
                "There is none, and {count} job is waiting. Start `upswing serve` or `upswing worker`.",
                "There is none, and {count} jobs are waiting. Start `upswing serve` or `upswing worker`.",
                len(waiting),
            )
            if waiting
            else msg("There is none. `upswing serve` starts one."),
        )
