"""The steps in their order: what `upswing run` does in the foreground and what the worker does for each kind of job.

Steps are imported when they run, so that asking for a job, or for this module, does not load torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UpswingError
from core.features.freshness import panel_is_fresh
from core.messages import Message, lines, msg
from core.models import registry
from core.progress import Progress, silent
from core.storage import snapshots
from core.workspace import Workspace

# The steps of each kind of job and their usual shares of its time; the page's overall progress and ETA come from them.
SHARES: dict[str, dict[str, float]] = {
    "import": {"import": 0.12, "features": 0.3, "panel": 0.03, "embed": 0.05, "train": 0.25, "score": 0.2, "publish": 0.05},
    "retrain": {"features": 0.2, "panel": 0.05, "embed": 0.05, "train": 0.7},
    "rescore": {"features": 0.35, "score": 0.55, "publish": 0.1},
    "backtest": {"features": 0.1, "backtest": 0.85, "judge": 0.05},
    "simulate": {"features": 0.1, "simulate": 0.9},
    "explain": {"words": 1.0},
}


def run(workspace: Workspace, progress: Progress = silent, import_first: dict | None = None) -> dict:
    """Build features, train, score and publish; return the result as a job's. The first model is promoted, a later one is a candidate.

    import_first: arguments of core.ingest.import_files, to import files before.
    """
    return _run(workspace, progress, import_first)


def rescore(workspace: Workspace, progress: Progress = silent, import_first: dict | None = None) -> Message:
    """New days into the features, then the champion's forecasts for them, published; says what it did."""
    return _rescore(workspace, progress, import_first)["text"]


def do_job(workspace: Workspace, kind: str, arguments: dict, progress: Progress) -> dict:
    """Does a job of core.jobs.KINDS and gives its result, ready for core.messages.to_json; result["text"] says what was done."""
    work = {
        "import": _import,
        "retrain": _retrain,
        "rescore": _rescore_job,
        "backtest": _backtest,
        "simulate": _simulate,
        "explain": _explain,
    }
    return work[kind](workspace, arguments, progress)


def _import(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    onward = _run if registry.champion(workspace) is None else _rescore
    return onward(workspace, progress, arguments)


def _rescore_job(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    return _rescore(workspace, progress, None)


def _run(workspace: Workspace, progress: Progress, import_first: dict | None) -> dict:
    from core.features.build import build
    from core.models.candidate import train

    result = _import_files(workspace, import_first, progress)
    said = [result["text"]] if result else []
    with _staying(result):
        said.append(build(workspace, progress=progress).text())
        trained = train(workspace, workspace.settings(), progress=progress)
        said.append(trained.text())
        if registry.champion(workspace) is None:
            registry.promote(workspace, trained.model_id, msg("It is the first model."), actor="upswing")
            said.append(msg("Model {model} is the first one and becomes the champion.", model=trained.model_id))
        served = _score_and_publish(workspace, progress)
    return result | served | {"model": trained.model_id, "text": lines(*said, served["text"])}


def _rescore(workspace: Workspace, progress: Progress, import_first: dict | None) -> dict:
    from core.features.build import build_latest

    result = _import_files(workspace, import_first, progress)
    said = [result["text"]] if result else []
    with _staying(result):
        champion = registry.champion(workspace)
        since = registry.model(workspace, champion).learnt_until if champion else None
        said.append(build_latest(workspace, since=since, progress=progress).text())
        served = _score_and_publish(workspace, progress)
    return result | served | {"text": lines(*said, served["text"])}


@contextmanager
def _staying(imported: dict) -> Iterator[None]:
    """Files that came in stay in, whatever forecasts then fail for (a first export is often too short): the error tells of them too."""
    try:
        yield
    except UpswingError as error:
        error.done = imported
        raise


def _import_files(workspace: Workspace, given: dict | None, progress: Progress) -> dict:
    if given is None:
        return {}
    from core.ingest import import_files

    report = import_files(
        workspace,
        [Path(f) for f in given["files"]],
        preset=given.get("preset"),
        mapping=given.get("mapping"),
        columns=tuple(given.get("columns", ())),
        dry_run=False,
        progress=progress,
    )
    return {"text": report.message(), "report": report.as_dict()}


def _score_and_publish(workspace: Workspace, progress: Progress) -> dict:
    from core.capabilities.forecast.compute import score

    said = []
    while True:
        model = registry.champion(workspace)
        said.append(score(workspace, progress=progress).text())
        snapshot = snapshots.publish(workspace, progress)
        said.append(msg("Snapshot {snapshot} is published.", snapshot=snapshot))
        if registry.champion(workspace) == model:  # else another one was promoted meanwhile, and its forecasts are due
            return {"snapshot": snapshot, "champion": model, "text": lines(*said)}


def _retrain(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """A candidate beside the champion; it is not promoted."""
    from core.models.candidate import train

    said = []
    if not panel_is_fresh(workspace):
        from core.features.build import build

        said.append(build(workspace, progress=progress).text())
    trained = train(workspace, workspace.settings().with_values("model", **arguments), progress=progress)
    champion = registry.champion(workspace)
    figures = {m.id: m.metrics.get("metrics", {}) for m in registry.models(workspace) if m.id in (trained.model_id, champion)}
    return {
        "model": trained.model_id,
        "metrics": figures.get(trained.model_id, {}),
        "champion": champion,
        "champion_metrics": figures.get(champion, {}),
        "text": lines(*said, trained.text()),
    }


def _backtest(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    from core.evaluation.backtest import FILES, backtest

    _refresh(workspace, progress)
    out = workspace.root / arguments.get("out", "backtest")
    done = backtest(
        workspace,
        out,
        train_until=arguments.get("train_until"),
        test_from=arguments.get("test_from"),
        test_until=arguments.get("test_until"),
        progress=progress,
    )
    return {"out": str(out), "reports": FILES, "summary": done.summary(), "text": done.text()}


def _simulate(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    from core.evaluation.simulate import simulate

    _refresh(workspace, progress)
    out = workspace.root / arguments.get("out", "simulation")
    done = simulate(workspace, out, progress=progress)
    return {"out": str(out), "summary": done.summary(), "text": done.text()}


def _refresh(workspace: Workspace, progress: Progress) -> None:
    """The panel as the warehouse and the settings say now."""
    if not panel_is_fresh(workspace):
        from core.features.build import build

        build(workspace, progress=progress)


def _explain(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    from core.capabilities.forecast.compute import explain_product

    explained = explain_product(workspace, arguments["product_id"], progress)
    return explained | {"text": msg("The text of product {product} is explained.", product=arguments["product_id"])}
