"""The models of a workspace: which are candidates, which one is the champion, and who decided so and why.

A model folder never changes; its status lives in the state store. A folder counts once its manifest.json is there,
since that is written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.errors import UserError
from core.models.calibrate import learnt_until
from core.models.card import card
from core.storage.state import ModelStatus, State
from core.workspace import Workspace

_SHOWN = ("average_precision", "brier_skill", "precision_at_50", "ece")


@dataclass(frozen=True)
class Model:
    id: str
    path: Path
    status: str  # candidate, champion, discarded, retired
    reason: str  # why it has this status; "" for a fresh candidate
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

    def card(self, translate: Callable[[str], str] = str) -> str:
        """Its model card, Markdown, written anew from its files."""
        return card(self.path, translate)


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
    raise UserError("the id of a model", repr(model_id), "list them with `upswing models`")


def champion(workspace: Workspace) -> str | None:
    """The id of the model whose forecasts are served; None before the first promotion."""
    return next((s.id for s in _statuses(workspace).values() if s.status == "champion"), None)


def promote(workspace: Workspace, model_id: str, reason: str, actor: str = "command line") -> None:
    """Makes a candidate (or a retired model) the champion; the champion before is retired. The next score uses it.

    Raises UserError, and changes nothing, where its files differ from its manifest, its features from the panel's, or no
    reason is given.
    """
    chosen = model(workspace, model_id)
    _need_reason(reason)
    if chosen.status not in ("candidate", "retired"):
        raise UserError("a candidate or a retired model", f"{model_id}, which is {chosen.status}", "choose another one")
    found = problems(workspace, chosen.path)
    if found:
        raise UserError(f"model {model_id} to be sound", "; ".join(found), "train a new one with `upswing train`")
    State(workspace).set_champion(model_id, reason, actor)


def discard(workspace: Workspace, model_id: str, reason: str, actor: str = "command line") -> None:
    """Takes a model out of the choice; its folder stays. The champion cannot be discarded."""
    _need_reason(reason)
    if model(workspace, model_id).champion:
        raise UserError("a model that is not served", f"the champion {model_id}", "promote another one first")
    State(workspace).set_discarded(model_id, reason, actor)


def previous_champion(workspace: Workspace) -> str | None:
    """The model that was the champion last before the present one and is still there."""
    retired = [m for m in models(workspace) if m.status == "retired"]
    return max(retired, key=lambda m: (m.changed_at, m.id)).id if retired else None


def rollback(workspace: Workspace, reason: str, actor: str = "command line") -> str:
    """Makes the previous champion the champion again and gives its id."""
    before = previous_champion(workspace)
    if before is None:
        raise UserError("an earlier champion", "none", "promote a candidate instead")
    promote(workspace, before, reason, actor)
    return before


def problems(workspace: Workspace, folder: Path) -> list[str]:
    """What keeps a model folder from being served: changed or missing files, features other than the panel's."""
    manifest = _json(folder / "manifest.json")
    found = [] if manifest else ["its manifest cannot be read"]
    for name, expected in manifest.items():
        file = folder / name
        if not file.exists():
            found.append(f"{name} is missing")
        elif _sha256(file) != expected:
            found.append(f"{name} has changed since it was written")
    panel = workspace.panel / "panel.json"
    if not found and panel.exists():
        learned, now = _json(folder / "features.json"), _json(panel)["features"]
        found += _difference([f["name"] for f in learned], [f["name"] for f in now])
    return found


def _difference(learned: list[str], now: list[str]) -> list[str]:
    gone, new = sorted(set(learned) - set(now)), sorted(set(now) - set(learned))
    if gone:
        said = [f"it reads features that the panel lacks: {', '.join(gone)}"]
        return said + ([f"the panel has new ones: {', '.join(new)}"] if new else [])
    if new:
        return [f"the panel has features it never learned: {', '.join(new)}"]
    return ["its features stand in another order than the panel's"] if learned != now else []


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise UserError("a reason", "none", "say in a few words why; it goes into the audit log")


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
