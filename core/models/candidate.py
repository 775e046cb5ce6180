"""Train a candidate on the panel of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.messages import Message, msg
from core.models.panel import Panel
from core.models.predict import FittedModel
from core.models.tracking import Tracking
from core.models.train import fit, split
from core.progress import Progress, silent
from core.settings import Settings, TrainingConfig
from core.workspace import Workspace

__all__ = ["FittedModel", "Panel", "TrainingConfig", "Trained", "fit", "split", "train"]


_FIGURES = {  # shown in the one-line report of a training
    "average_precision": msg("average precision"),
    "brier_skill": msg("Brier skill"),
    "precision_at_50": msg("precision@50"),
    "ece": msg("ECE"),
}


@dataclass(frozen=True)
class Trained:
    """A trained candidate in its folder. metrics: figures on its validation origins by name, None where undefined."""

    model_id: str
    folder: Path
    metrics: dict[str, float | None]
    origins: dict
    seconds: float

    def text(self) -> Message:
        """Return a one-line report of the training."""
        figures = [
            msg("{metric} {value}", metric=label, value=f"{self.metrics[name]:.3f}")
            for name, label in _FIGURES.items()
            if self.metrics.get(name) is not None
        ]
        values = {"model": self.model_id, "seconds": round(self.seconds), "figures": figures}
        if not figures:
            return msg(
                "Candidate {model} was trained in {seconds} s. The history is too short to validate it, so its forecasts are little "
                "better than the base rate.",
                **values,
            )
        if checked := self.origins["validate"]:
            first, last = date.fromisoformat(checked["first"]), date.fromisoformat(checked["last"])
            return msg(
                "Candidate {model} was trained in {seconds} s: {figures} on origins {first} to {last}.", first=first, last=last, **values
            )
        return msg("Candidate {model} was trained in {seconds} s: {figures}.", **values)


def train(workspace: Workspace, settings: Settings, *, progress: Progress = silent, until: date | None = None) -> Trained:
    """Train on the workspace's panel and write a candidate to models/ID.

    until is the last origin to train on, settings.model.since the first. Raises NotReady without a panel, UserError where no row has a
    known outcome, and Cancelled where `progress` does.
    """
    panel = Panel.open(workspace.panel, workspace.cache, progress)
    rows = panel.matured()
    as_of = panel.as_of[rows]
    keep = np.ones(len(rows), dtype=bool)
    if settings.model.since:
        try:
            keep &= as_of >= np.datetime64(date.fromisoformat(settings.model.since))
        except ValueError as error:
            raise UserError(
                expected=msg("{option} takes a date like 2011-07-31.", option="model.since"),
                found=msg('"{value}" is not a date.', value=settings.model.since),
                to_do=msg("Correct the date."),
            ) from error
    if until:
        keep &= as_of <= np.datetime64(until)
    with Tracking(workspace.logs, vars(settings.model)) as track:
        model = fit(panel, rows[keep], settings.model, recipe=settings.recipe, progress=progress, track=track)
        now = datetime.now(UTC)
        weights = model.weights_hash()
        model_id = f"m{now:%Y%m%d-%H%M%S}-{weights[:4]}"  # equal trainings of one minute stay apart
        model = model.with_metrics(
            {
                **model.metrics,
                "model": model_id,
                "trained_at": f"{now:%Y-%m-%dT%H:%M:%S}",
                "panel_as_of": panel.meta["as_of"],
                "made_from": panel.meta.get("fingerprint", {}),
                "settings": vars(settings.model),
                "data": _data(panel, settings),
            }
        )
        folder = workspace.models / model_id
        model.save(folder)
        track.finish(model_id, model.metrics)
    return Trained(model_id, folder, model.metrics["metrics"], model.metrics["origins"], model.metrics["seconds"])


def _data(panel: Panel, settings: Settings) -> dict:
    """Return what the model card reports about the data behind the panel."""
    built = panel.meta.get("settings", {})
    return {
        "shop": settings.shop.name,
        "signal": panel.meta["signal"],
        "labels": built.get("labels", {}),
        "products": len(panel.products),
        "segments": panel.segments,
        "segment_attribute": panel.meta.get("segment_attribute", ""),
        "tables": panel.meta.get("tables", {}),
        "horizon_days": panel.meta.get("horizon_days", 28),
        "code_version": panel.meta.get("code_version", ""),
    }
