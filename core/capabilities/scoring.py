"""From a model and the panel's latest rows to every serving table, as Parquet in workspace/scored/. Publishing makes a snapshot of it.

`score` opens model and panel, predicts once, and hands a context to each capability of the registry in turn: each writes its own tables.
The finished folder is put in place whole.
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from core.capabilities.context import Context, LiveRows
from core.capabilities.forecast.tables import RULES
from core.capabilities.record import load
from core.capabilities.registry import CAPABILITIES
from core.errors import NotReady
from core.messages import Message, msg, nmsg
from core.models import registry
from core.models.calibrate import Level
from core.progress import Progress, silent
from core.storage import files, warehouse
from core.storage.state import now
from core.workspace import Workspace

if TYPE_CHECKING:  # torch is loaded where a model is
    from core.models.predict import FittedModel


@dataclass(frozen=True)
class Scored:
    """What a scoring made, as in scored.json. rows: serving table -> number of rows."""

    model: str
    as_of: str
    signal: str
    created_at: str
    rows: dict[str, int]

    def text(self) -> Message:
        return msg(
            "Scored with model {model} as of {day}: {forecasts} forecasts, {attributions} attributions, {words} words, "
            "order levels of {products} products.",
            model=self.model,
            day=date.fromisoformat(self.as_of),
            forecasts=self.rows["forecasts"],
            attributions=self.rows["attributions"],
            words=self.rows["text_attributions"],
            products=self.rows["suggestions"],
        )


def score(workspace: Workspace, model: str | None = None, progress: Progress = silent, *, engine: str = "duckdb") -> Scored:
    """Compute the tables of every capability; write workspace/scored/ whole or not at all.

    model: an id; None = the champion. engine: one of core.storage.engine.ENGINES. Raises NotReady where a step before is missing,
    UserError where the model's features are not the panel's or a setting cannot be used.
    """
    settings = workspace.settings()
    progress("score", 0.0, msg("Opening the model and the panel"))
    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, model, panel)
    live = LiveRows.of(panel)
    as_of = date.fromisoformat(panel.meta["as_of"])
    with files.new_folder(workspace.root / "scored") as folder, ExitStack() as opened:
        progress("score", 0.05, msg("Comparing earlier forecasts with sales since"))
        fitted, level = fitted.followed(panel) if settings.recipe.follow_level else (fitted, Level())
        progress("score", 0.1, nmsg("{count} forecast", "{count} forecasts", len(live.rows)))
        predicted = fitted.predict(panel, live.rows)
        warehouse.complete_file(workspace.need(workspace.warehouse, "import FILE..."))
        context = Context(workspace, settings, live, predicted, as_of, model_id, fitted, level, folder, engine, opened, progress)
        for capability in CAPABILITIES:
            load(capability.compute)(context)
        _write_rules(context)
        for capability in CAPABILITIES:
            context.check_complete(capability)
        scored = Scored(model_id, as_of.isoformat(), panel.meta["signal"], now().isoformat(), context.rows)
        files.write_json(folder / "scored.json", asdict(scored))
    progress("score", 1.0)
    return scored


def _write_rules(context: Context) -> None:
    """Write what forecasts and suggestions mean: the rules of each capability, by section."""
    sections: dict[str, dict] = {}
    for capability in CAPABILITIES:
        if capability.rules:
            sections |= load(capability.rules)(context)
    rows = [(section, name, json.dumps(value)) for section, values in sections.items() for name, value in values.items()]
    context.write(RULES, dict(zip(RULES.names, zip(*rows))))


def open_panel(workspace: Workspace, progress: Progress = silent):
    """Return the panel with the latest rows: panel/latest/, which a rescore makes and a whole build removes, else the panel."""
    from core.models.panel import Panel

    workspace.need(workspace.panel / "panel.parquet", "features")
    latest = workspace.panel / "latest" / "panel.parquet"
    if latest.exists():
        for name in ("texts.parquet", "texts.json"):  # texts are written once, beside the whole panel
            if (workspace.panel / name).exists():
                shutil.copy2(workspace.panel / name, latest.parent)
        panel = Panel.open(latest.parent, workspace.cache / "latest", progress)
        return replace(panel, cache=workspace.cache)  # embeddings are shared
    return Panel.open(workspace.panel, workspace.cache, progress)


def load_model(workspace: Workspace, model: str | None, panel) -> tuple[str, FittedModel]:
    """Return the model of that id, else the champion, checked against the panel's features: (id, FittedModel)."""
    from core.models.predict import FittedModel

    chosen = model or registry.champion(workspace)
    if chosen is None:
        raise NotReady(
            expected=msg("Scoring needs a champion, the model whose forecasts are served."),
            found=msg("There is no champion yet."),
            to_do=msg("Run `upswing train`, then `upswing promote ID`."),
        )
    return chosen, FittedModel.load(registry.model(workspace, chosen).path, panel.features)
