"""The models of a workspace: which are candidates, which one is the champion, and who decided so and why.

A model folder never changes; its status lives in the state store. A folder counts once its manifest.json is there,
since that is written last.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.errors import UserError
from core.messages import Message, msg
from core.models.calibrate import learnt_until
from core.models.card import card
from core.storage.state import ModelStatus, State
from core.workspace import Workspace

STATUSES: dict[str, Message] = {  # status -> what follows "Model X is"
    "candidate": msg("a candidate"),
    "champion": msg("the champion"),
    "discarded": msg("discarded"),
    "retired": msg("retired"),
}
_SHOWN = ("average_precision", "brier_skill", "precision_at_50", "ece")


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
    for manifest in sorted(workspace.models.glob("*/manifest.json"), reverse=True):
        folder = manifest.parent
        if folder.suffix == ".tmp":  # still being written
            continue
        status = statuses.get(folder.name)
        found.append(
            Model(
                folder.name,
                folder,
                status.status if status else "candidate",
                status.reason if status else "",
                status.changed_at if status else None,
                _json(folder / "config.json"),
                _json(folder / "metrics.json"),
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
    return next((s.id for s in _statuses(workspace).values() if s.status == "champion"), None)


def promote(workspace: Workspace, model_id: str, reason: Message | str, actor: str = "command line") -> None:
    """Makes a candidate (or a retired model) the champion; the champion before is retired. The next score uses it.

    Raises UserError, and changes nothing, where its files differ from its manifest, its features from the panel's, or no
    reason is given.
    """
    chosen = model(workspace, model_id)
    _need_reason(reason)
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
    State(workspace).set_champion(model_id, reason, actor)


def discard(workspace: Workspace, model_id: str, reason: str, actor: str = "command line") -> None:
    """Takes a model out of the choice; its folder stays. The champion cannot be discarded."""
    _need_reason(reason)
    if model(workspace, model_id).champion:
        raise UserError(
            expected=msg("The champion cannot be discarded."),
            found=msg("Model {model} is the champion.", model=model_id),
            to_do=msg("Promote another model first."),
        )
    State(workspace).set_discarded(model_id, reason, actor)


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
        elif _sha256(file) != expected:
            found.append(msg("{file} has changed since it was written.", file=name))
    panel = workspace.panel / "panel.json"
    if not found and panel.exists():
        learned, now = _json(folder / "features.json"), _json(panel)["features"]
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


def _statuses(workspace: Workspace) -> dict[str, ModelStatus]:
    return State(workspace).model_statuses() if workspace.state.exists() else {}  # looking makes no file


def _json(file: Path):
    """The content of a file; {} where it is missing or damaged, which its SHA-256 tells better."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
