"""Replay past updates into the forecast log: what the model would have forecast then, from what was known then.

One model is trained on a year of origins whose outcomes were known before the first replayed update, and forecasts each of the updates.
Its intercept follows the outcomes known by each. So no replayed forecast comes from a model that has seen its outcome.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

import numpy as np

from core.evaluation.backtest import FitModel, as_known, fit_model, intercept_shifts, shift_probability
from core.evaluation.backtest.blocks import MIN_TRAIN_ORIGINS, block, plan, trainable
from core.features.outcomes import SEGMENT_RULES
from core.messages import Message, msg, nmsg
from core.progress import Progress, silent
from core.schema import DEMAND_WEEKS
from core.schema.forecast_log import LOGGED_WEEKS
from core.storage import audit, forecast_log
from core.storage.state import now
from core.workspace import Workspace

UPDATES = 12  # a quarter of weekly updates
TRAINED_WEEKS = 52  # of origins before them: every season once


@dataclass(frozen=True)
class Replayed:
    """The dates of the updates that were added to the forecast log, and the last origin that their model was trained on."""

    updates: list[date]
    trained_until: date | None

    def text(self) -> Message:
        if not self.updates:
            return msg("Every past update is in the forecast log already.")
        return nmsg(
            "{count} past update was replayed, of {first}. Its model was trained on updates up to {until}.",
            "{count} past updates were replayed, of {first} to {last}. Their model was trained on updates up to {until}.",
            len(self.updates),
            first=self.updates[0],
            last=self.updates[-1],
            until=self.trained_until,
        )


def replay(workspace: Workspace, progress: Progress = silent, *, updates: int = UPDATES, fit: FitModel = fit_model) -> Replayed:
    """Add the last `updates` weekly updates whose outcome is known to the forecast log, except those that it has.

    fit replaces the model. Raises UserError where history is too short to train before the first of them, NotReady without a panel.
    A process that is killed leaves the updates that it has added; another call adds the others.
    """
    from core.models.panel import Panel

    settings = workspace.settings()
    workspace.need(workspace.panel / "panel.json", "features")
    panel = Panel.open(workspace.panel, workspace.cache, progress)
    horizon = settings.labels.horizon_days
    labelled = np.isfinite(panel.rising)
    if settings.model.since:
        labelled &= panel.as_of >= np.datetime64(settings.model.since)
    origins = [day.astype(date) for day in np.unique(panel.as_of[labelled & panel.all_rows])]
    past = [day for day in origins if trainable(origins, day, horizon) >= MIN_TRAIN_ORIGINS][-updates:]
    if not past:
        plan(origins, horizon)  # raises what is missing
    logged = {entry.as_of for entry in forecast_log.entries(workspace)}
    missing = [day for day in past if day not in logged]
    if not missing:
        return Replayed([], None)
    tested = block(1, origins, tuple(past), horizon)
    since = np.datetime64(tested.train_until - timedelta(weeks=TRAINED_WEEKS))
    train = np.flatnonzero(labelled & (panel.as_of <= np.datetime64(tested.train_until)) & (panel.as_of > since))

    def passed_on(step: str, done: float, message: Message | str = "", **figures: float) -> None:
        progress("replay", 0.9 * (done if step == "train" else 0.0), message, **figures)

    # Trained once, without the second training on all origins: the last ones, which calibrate it, precede the first update too.
    recipe = replace(settings.recipe, refit=False)
    model = fit(as_known(panel, past[0], horizon), train, replace(settings, recipe=recipe), passed_on)
    rows = np.flatnonzero(np.isin(panel.as_of, np.array(missing, dtype="datetime64[D]")))
    predicted = model.predict(panel, rows)
    rising = shift_probability(predicted["rising"], intercept_shifts(model, panel, tested, rows, settings))
    facts = {
        "labels": asdict(settings.labels),
        "shop": {name: getattr(settings.shop, name) for name in SEGMENT_RULES},
        "signal": panel.meta["signal"],
    }
    for day in missing:
        here = panel.as_of[rows] == np.datetime64(day)
        with audit.deciding(workspace):
            forecast_log.add(
                workspace,
                f"replay-{day:%Y%m%d}",
                {
                    "product_id": [panel.products[place] for place in panel.product[rows[here]]],
                    "segment": [panel.segments[place] for place in panel.segment[rows[here]]],
                    "rising_probability": rising[here],
                    "falling_probability": predicted["falling"][here],
                    "units": predicted["demand"][here, DEMAND_WEEKS.index(LOGGED_WEEKS)],
                },
                as_of=day,
                model=tested.train_until.isoformat(),
                published_at=now(),
                facts=facts,
                replay=True,
            )
    progress("replay", 1.0)
    return Replayed(missing, tested.train_until)
