"""The steps in their order: what `upswing run` does in the foreground and what the worker does for each kind of job.

Steps are imported when they run, so that asking for a job, or for this module, does not load torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import jobs
from core.capabilities.record import load
from core.errors import UpswingError
from core.features.freshness import fingerprint, panel_is_fresh
from core.jobs import kinds
from core.messages import Message, lines, msg
from core.models import registry
from core.models.gate import failures
from core.progress import Progress, silent
from core.storage import duckdb as db
from core.storage import files, snapshots
from core.storage.queries import Serving
from core.workspace import Workspace


def run(workspace: Workspace, progress: Progress = silent, import_first: dict | None = None, *, replayed: bool = False) -> dict:
    """Build features, train, score and publish; return the result as a job's. The first model is promoted, a later one is a candidate.

    import_first: arguments of core.ingest.import_files, to import files before. replayed: replay past updates into the forecast log.
    """
    return _run(workspace, progress, import_first, replayed)


def rescore(workspace: Workspace, progress: Progress = silent, import_first: dict | None = None) -> Message:
    """New days into the features, then the champion's forecasts for them, published; says what it did."""
    return _rescore(workspace, progress, import_first)["text"]


def do_job(workspace: Workspace, kind: str, arguments: dict, progress: Progress) -> dict:
    """Do a job and return its result, ready for core.messages.to_json; result["text"] says what was done."""
    record = kinds.find(kind)
    said = []
    if record.fresh_panel and not panel_is_fresh(workspace):
        from core.features.build import build

        said.append(build(workspace, progress=progress).text())
    result = load(record.run)(workspace, arguments, progress)
    return result | {"text": lines(*said, result["text"])}


def import_and_forecast(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Import files, then forecast: with a first model in a new shop, else with the champion."""
    onward = _run if registry.champion(workspace) is None else _rescore
    return onward(workspace, progress, arguments)


def check_files(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Say what an import of these files would understand, and store nothing."""
    return _import_files(workspace, arguments, progress, dry_run=True)


def refresh_forecasts(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Forecast the newest days with the champion, and publish; where the schedule asks, only if anything has changed."""
    if arguments.get("scheduled") and (current := snapshots.current(workspace)) and _is_up_to_date(workspace, current.path):
        return {"text": msg("Nothing has changed since snapshot {snapshot}.", snapshot=current.id)}
    return _rescore(workspace, progress, None)


def _is_up_to_date(workspace: Workspace, snapshot: Path) -> bool:
    """Return whether a snapshot was made by the champion from the present imports and settings."""
    served, settings = Serving(snapshot), workspace.settings()
    with db.connect(workspace.warehouse, read_only=True) as con:
        made_from = fingerprint(con, settings)
    model = served.recorded.get("versions", {}).get("model")
    same = served.recorded.get("made_from") == made_from and model == registry.champion(workspace)
    return same and "inventory" not in settings.changes(served.rules(settings))


def _run(workspace: Workspace, progress: Progress, import_first: dict | None, replayed: bool = False) -> dict:
    from core.features.build import build
    from core.models.candidate import train

    result = _import_files(workspace, import_first, progress)
    said = [result["text"]] if result else []
    with staying(result):
        said.append(build(workspace, progress=progress).text())
        trained = train(workspace, workspace.settings(), progress=progress)
        said.append(trained.text())
        if registry.champion(workspace) is None:
            registry.promote(workspace, trained.model_id, msg("It is the first model."), actor="upswing")
            said.append(msg("Model {model} is the first one and becomes the champion.", model=trained.model_id))
        if replayed:
            from core.evaluation.replay import replay

            said.append(replay(workspace, progress).text())
        served = _score_and_publish(workspace, progress)
    return result | served | {"model": trained.model_id, "text": lines(*said, served["text"])}


def _rescore(workspace: Workspace, progress: Progress, import_first: dict | None) -> dict:
    from core.features.build import build_latest

    result = _import_files(workspace, import_first, progress)
    said = [result["text"]] if result else []
    with staying(result):
        champion = registry.champion(workspace)
        since = registry.model(workspace, champion).trained_until if champion else None
        said.append(build_latest(workspace, since=since, progress=progress).text())
        served = _score_and_publish(workspace, progress)
    return result | served | {"text": lines(*said, served["text"])}


@contextmanager
def staying(imported: dict) -> Iterator[None]:
    """Keep what was stored when forecasting fails, as it does for a short first export: the error carries its result."""
    try:
        yield
    except UpswingError as error:
        error.done = imported
        raise


def _import_files(workspace: Workspace, given: dict | None, progress: Progress, dry_run: bool = False) -> dict:
    """Import or check the files of a job. given["shop"]: settings of the shop, which an import saves before."""
    if given is None:
        return {}
    from core.ingest import import_files

    if given.get("shop") and not dry_run:
        workspace.create().save_settings(workspace.settings().with_values("shop", **given["shop"]))

    report = import_files(
        workspace,
        [Path(f) for f in given["files"]],
        preset=given.get("preset"),
        mapping=given.get("mapping"),
        columns=tuple(given.get("columns", ())),
        answers=given.get("answers"),
        dry_run=dry_run,
        progress=progress,
    )
    return {"text": report.text(), "report": report.as_dict()}


def _score_and_publish(workspace: Workspace, progress: Progress) -> dict:
    from core.capabilities.scoring import score

    said = []
    while True:
        model = registry.champion(workspace)
        said.append(score(workspace, progress=progress).text())
        snapshot = snapshots.publish(workspace, progress)
        said.append(msg("Snapshot {snapshot} is published.", snapshot=snapshot))
        jobs.alert(workspace, "publish")
        if registry.champion(workspace) == model:  # else another one was promoted meanwhile, and its forecasts are due
            return {"snapshot": snapshot, "champion": model, "text": lines(*said)}


def retrain(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Train a candidate beside the champion, without promoting it; where the schedule asks, promote it if it passes the gate."""
    from core.models.candidate import train

    given = {name: value for name, value in arguments.items() if name != "scheduled"}
    champion = registry.champion(workspace)
    if arguments.get("scheduled") and champion and _is_trained_on_the_panel(workspace, champion):
        return {"text": msg("Nothing has changed since model {model} was trained.", model=champion)}
    trained = train(workspace, workspace.settings().with_values("model", **given), progress=progress)
    champion = registry.champion(workspace)
    gate = [_through_the_gate(workspace, trained.model_id, champion)] if arguments.get("scheduled") and champion else []
    figures = {m.id: m.metrics.get("metrics", {}) for m in registry.models(workspace) if m.id in (trained.model_id, champion)}
    return {
        "model": trained.model_id,
        "metrics": figures.get(trained.model_id, {}),
        "champion": champion,
        "champion_metrics": figures.get(champion or "", {}),
        "text": lines(trained.text(), *gate) if gate else trained.text(),
    }


def _is_trained_on_the_panel(workspace: Workspace, model: str) -> bool:
    described = files.read_json(workspace.panel / "panel.json", msg("Run `upswing features` again."))
    return registry.model(workspace, model).metrics.get("made_from") == described.get("fingerprint")


def _through_the_gate(workspace: Workspace, candidate: str, champion: str) -> Message:
    """Promote a candidate and request its forecasts, unless a metric speaks against it; say which."""
    against = failures(registry.model(workspace, candidate), registry.model(workspace, champion))
    if against:
        return msg("It waits as a candidate: {metrics} may be worse than with model {model}.", metrics=against, model=champion)
    reason = msg("The scheduled retraining found it no worse than model {model}.", model=champion)
    jobs.promote_and_rescore(workspace, candidate, reason, "schedule")
    return msg("It replaces model {model}, because no metric is reliably worse.", model=champion)


def backtest(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Backtest into workspace/backtest, or the folder `out` there; return where it is and its summary."""
    from core.evaluation.backtest import FILES
    from core.evaluation.backtest import backtest as run_backtest

    out = workspace.root / arguments.get("out", "backtest")
    done = run_backtest(
        workspace,
        out,
        train_until=arguments.get("train_until"),
        test_from=arguments.get("test_from"),
        test_until=arguments.get("test_until"),
        progress=progress,
    )
    return {"out": str(out), "reports": FILES, "summary": done.summary(), "text": done.text()}
