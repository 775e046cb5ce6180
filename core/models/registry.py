"""The models of a workspace: which are candidates, which one is the champion, and who decided so and why.

A model folder never changes; its status follows from the acts in the audit log (core/storage/audit.py). A folder counts once its
manifest.json is there, since that is written last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.errors import UserError
from core.messages import Message, msg
from core.models.calibrate import learnt_until
from core.models.card import card
from core.storage import audit, files
from core.workspace import Workspace

STATUSES: dict[str, Message] = {  # status -> what follows "Model X is"
    "candidate": msg("a candidate"),
    "champion": msg("the champion"),
    "discarded": msg("discarded"),
    "retired": msg("retired"),
}
_SHOWN = ("average_precision", "brier_skill", "precision_at_50", "ece")


@dataclass(frozen=True)
class _Status:
    status: str  # champion, discarded, retired; a model without one is a candidate
    reason: Message | str
    changed_at: datetime


@dataclass(frozen=True)
class Model:
    id: str
    path: Path
    status: str  # candidate, champion, discarded, retired
    reason: Message | str  # why it has this status; "" for a fresh candidate
    changed_at: datetime | None  # when it got this status
    config: dict  # the folder's config.json
    metrics: dict  # the folder's metrics.json; metrics["metrics"] is {name: value} on its own validation origins

    @property
    def champion(self) -> bool:
        return self.status == "champion"

    @property
    def learnt_until(self) -> date | None:
        """The last origin that it learnt from; None where its files don't say."""
        return learnt_until(self.metrics)

    @property
    def summary(self) -> str:
        """Its main figures in one line."""
        figures = self.metrics.get("metrics", {})
        return "  ".join(f"{name} {figures[name]:.3f}" for name in _SHOWN if isinstance(figures.get(name), (int, float)))

    def card(self, language: str = "en") -> str:
        """Its model card, Markdown, written anew from its files."""
        return card(self.path, language)


def models(workspace: Workspace) -> list[Model]:
    """All complete models, newest id first."""
    statuses = _statuses(workspace)
    found = []
    for manifest in sorted(workspace.models.glob("[!.]*/manifest.json"), reverse=True):
        folder, hashes = manifest.parent, _json(manifest)
        status = statuses.get(folder.name)
        found.append(
            Model(
                folder.name,
                folder,
                status.status if status else "candidate",
                status.reason if status else "",
                status.changed_at if status else None,
                _verified(folder / "config.json", hashes),
                _verified(folder / "metrics.json", hashes),
            )
        )
    return found


def model(workspace: Workspace, model_id: str) -> Model:
    for m in models(workspace):
        if m.id == model_id:
            return m
    raise UserError(
        expected=msg("The id must be that of a model of this workspace."),
        found=msg('There is no model "{model}".', model=model_id),
        to_do=msg("List the models with `upswing models`."),
    )


def champion(workspace: Workspace) -> str | None:
    """The id of the model whose forecasts are served; None before the first promotion."""
    return next((model_id for model_id, s in _statuses(workspace).items() if s.status == "champion"), None)


def promote(workspace: Workspace, model_id: str, reason: Message | str, actor: str = "command line") -> None:
    """Makes a candidate (or a retired model) the champion; the champion before is retired. The next score uses it.

    Raises UserError, and changes nothing, where its files differ from its manifest, its features from the panel's, or no
    reason is given.
    """
    _need_reason(reason)
    with audit.deciding(workspace):
        chosen = model(workspace, model_id)
        if chosen.status not in ("candidate", "retired"):
            raise UserError(
                expected=msg("Only a candidate or a retired model can be promoted."),
                found=msg("Model {model} is {status}.", model=model_id, status=STATUSES[chosen.status]),
                to_do=msg("Choose another model."),
            )
        found = problems(workspace, chosen.path)
        if found:
            raise UserError(
                expected=msg("Only a sound model can be promoted."),
                found=msg("Model {model} has problems: {sentences}", model=model_id, sentences=found),
                to_do=msg("Train a new model with `upswing train`."),
            )
        audit.record(workspace, "promote", model_id, reason, actor, before=champion(workspace))


def discard(workspace: Workspace, model_id: str, reason: str, actor: str = "command line") -> None:
    """Takes a model out of the choice; its folder stays. The champion cannot be discarded."""
    _need_reason(reason)
    with audit.deciding(workspace):
        if model(workspace, model_id).champion:
            raise UserError(
                expected=msg("The champion cannot be discarded."),
                found=msg("Model {model} is the champion.", model=model_id),
                to_do=msg("Promote another model first."),
            )
        audit.record(workspace, "discard", model_id, reason, actor)


def previous_champion(workspace: Workspace) -> str | None:
    """The model that was the champion last before the present one and is still there."""
    retired = [m for m in models(workspace) if m.status == "retired"]
    return max(retired, key=lambda m: (m.changed_at, m.id)).id if retired else None


def rollback(workspace: Workspace, reason: str, actor: str = "command line") -> str:
    """Makes the previous champion the champion again and gives its id."""
    before = previous_champion(workspace)
    if before is None:
        raise UserError(
            expected=msg("A rollback needs an earlier champion."), found=msg("There is none."), to_do=msg("Promote a candidate instead.")
        )
    promote(workspace, before, reason, actor)
    return before


def problems(workspace: Workspace, folder: Path) -> list[Message]:
    """What keeps a model folder from being served: changed or missing files, features other than the panel's."""
    manifest = _json(folder / "manifest.json")
    found = [] if manifest else [msg("Its manifest cannot be read.")]
    for name, expected in manifest.items():
        file = folder / name
        if not file.exists():
            found.append(msg("{file} is missing.", file=name))
        elif files.sha256(file) != expected:
            found.append(msg("{file} has changed since it was written.", file=name))
    panel = workspace.panel / "panel.json"
    if not found and panel.exists():
        now = files.read_json(panel, msg("Run `upswing features` again."))["features"]
        learned = _json(folder / "features.json")
        found += _difference([f["name"] for f in learned], [f["name"] for f in now])
    return found


def _difference(learned: list[str], now: list[str]) -> list[Message]:
    gone, new = sorted(set(learned) - set(now)), sorted(set(now) - set(learned))
    if gone:
        said = [msg("It reads features that the panel lacks: {features}.", features=gone)]
        return said + ([msg("The panel has new features: {features}.", features=new)] if new else [])
    if new:
        return [msg("The panel has features that it was not trained on: {features}.", features=new)]
    return [msg("Its features are in another order than the panel's.")] if learned != now else []


def _need_reason(reason: Message | str) -> None:
    if not str(reason).strip():
        raise UserError(
            expected=msg("A reason is needed for the audit log."),
            found=msg("No reason is given."),
            to_do=msg("Give a reason in a few words."),
        )


def _statuses(workspace: Workspace) -> dict[str, _Status]:
    """The status of each model that an act was about, by id."""
    found: dict[str, _Status] = {}
    champion_id = None
    for act in audit.acts(workspace):
        if act.act == "promote":
            if champion_id:
                found[champion_id] = _Status("retired", msg("It was replaced by {model}.", model=act.subject), act.at)
            found[act.subject], champion_id = _Status("champion", act.reason, act.at), act.subject
        elif act.act == "discard":
            found[act.subject] = _Status("discarded", act.reason, act.at)
    return found


def _verified(file: Path, hashes: dict):
    """The content of a model's JSON file; {} where it has changed, so that no page shows figures that nobody measured."""
    return _json(file) if file.is_file() and files.known_sha256(file) == hashes.get(file.name) else {}


def _json(file: Path):
    """The content of a file; {} where it is missing or damaged, which its SHA-256 tells better."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
