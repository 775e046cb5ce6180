"""What the Data page does with imports that are stored: list them, take one back, and decide about product numbers."""

from __future__ import annotations

from dataclasses import asdict

from core.messages import lines, msg
from core.models import registry
from core.progress import Progress
from core.workspace import Workspace


def look(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """List the imports that can be taken back, and the product numbers that are mapped and proposed."""
    from core.ingest import number_map
    from core.ingest.undo import imports

    found, numbers = imports(workspace), number_map(workspace)
    proposals = [
        {
            "old": p.old.product_id,
            "new": p.new.product_id,
            "kind": p.kind,
            "titles": [p.old.title, p.new.title],
            "last_day": p.old.last_day.isoformat(),
            "first_day": p.new.first_day.isoformat(),
        }
        for p in numbers.proposals
    ]
    return {
        "imports": found,
        "decided": [asdict(d) for d in numbers.decided],
        "kits": numbers.kits,
        "proposals": proposals,
        "text": msg("{imports} imports, {proposals} proposals of product numbers.", imports=len(found), proposals=len(proposals)),
    }


def check_undo(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Say what taking back an import would change."""
    from core.ingest import undo_import

    return {"text": undo_import(workspace, arguments["import_id"], dry_run=True, progress=progress).text()}


def undo(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Take back an import, and forecast without it where there are forecasts."""
    from core.ingest import undo_import

    report = undo_import(workspace, arguments["import_id"], progress=progress)
    return _with_forecasts(workspace, {"text": report.text()}, progress)


def decide(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Store decisions about product numbers, and forecast by them where there are forecasts."""
    from core import ingest

    report = ingest.decide(workspace, [ingest.Decision(*one) for one in arguments["decisions"]], progress)
    return _with_forecasts(workspace, {"text": report.text()}, progress)


def _with_forecasts(workspace: Workspace, done: dict, progress: Progress) -> dict:
    from core.jobs.pipeline import refresh_forecasts, staying

    if registry.champion(workspace) is None:
        return done
    with staying(done):
        served = refresh_forecasts(workspace, {}, progress)
    return done | served | {"text": lines(done["text"], served["text"])}
