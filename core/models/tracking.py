"""Where a training run is written down while it runs: TensorBoard event files, and Weights & Biases where the user has set that up.

    with Tracking(workspace.logs, vars(settings.model)) as track:
        model = fit(panel, rows, settings.model, track=track)
        track.finish("m20261124-0930-1a2b", model.metrics)

A record is never worth a model: what cannot be written (a full disk, no network) is given up with a line in the log, and the
training goes on. The pages need none of it: they plot the curves that stand in the model's own metrics.json.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from core.storage import files

_FLUSH_S = 2.0  # how old a curve may be that somebody watches; a flush waits for the disk, so not after every report
_log = logging.getLogger(__name__)


class Track(Protocol):
    """Called as `track(stage, step, values)`, every few steps and once an epoch.

    stage   "learn" (until the origins that validate) or "refit" (on all origins)
    step    steps of the optimiser since the stage began
    values  figures by name, e.g. train_loss, learning_rate; None = undefined, left out
    """

    def __call__(self, stage: str, step: int, values: dict[str, float | None]) -> None: ...


def untracked(stage: str, step: int, values: dict[str, float | None]) -> None:
    """A track that keeps nothing (backtests, tests, library use)."""


class Tracking:
    """A Track that passes on to every recorder that this machine has and the user wants.

    logs      the workspace's folder of logs
    settings  what the run was started with, by name
    """

    def __init__(self, logs: Path, settings: dict):
        self._recorders: list = []
        for kind in (_EventFiles, _WeightsAndBiases):
            try:
                if kind.wanted():
                    self._recorders.append(kind(Path(logs), settings))
            except Exception as error:  # other people's packages may raise anything, and none of it may stop a training
                _log.warning("training goes on without %s: %s", kind.name, error)

    def __call__(self, stage: str, step: int, values: dict[str, float | None]) -> None:
        self._each("report", stage, step, {k: float(v) for k, v in values.items() if v is not None})

    def finish(self, model_id: str, metrics: dict) -> None:
        """The run became this model; metrics is what its metrics.json holds."""
        self._each("finish", model_id, metrics)

    def __enter__(self) -> Tracking:
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._each("close", error is None)

    def _each(self, act: str, *arguments) -> None:
        for recorder in list(self._recorders):
            try:
                getattr(recorder, act)(*arguments)
            except Exception as error:
                self._recorders.remove(recorder)
                _log.warning("training goes on without %s: %s", recorder.name, error)


class _EventFiles:
    """A folder a run in logs/tensorboard, named after the model once there is one; a run that ended before keeps "unfinished-"."""

    name = "TensorBoard event files"

    @staticmethod
    def wanted() -> bool:
        return True

    def __init__(self, logs: Path, settings: dict):
        # Not its SummaryWriter: that one writes in a thread, which dies of a full disk, and the training would wait for it for ever.
        from tensorboardX.event_file_writer import EventsWriter

        self.settings = settings
        self.folder = logs / "tensorboard" / f"unfinished-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
        self.folder.mkdir(parents=True)
        self._alive = ExitStack()  # its lock shows `files.sweep` that this run goes on
        self._alive.enter_context(files.in_work(self.folder))
        self.writer = EventsWriter(str(self.folder / "events"))
        self.flushed = time.monotonic()

    def report(self, stage: str, step: int, values: dict[str, float]) -> None:
        from tensorboardX.summary import scalar

        for name, value in values.items():
            self._write(scalar(f"{stage}/{name}", value), step)
        if time.monotonic() - self.flushed >= _FLUSH_S:
            self.writer.flush()
            self.flushed = time.monotonic()

    def finish(self, model_id: str, metrics: dict) -> None:
        """The figures beside the settings that gave them, as the tab HParams compares them."""
        from tensorboardX.summary import hparams

        figures = {k: v for k, v in metrics.get("metrics", {}).items() if v is not None}
        self.report("validation", 0, figures)
        chosen = {k: v if isinstance(v, (bool, int, float)) else str(v) for k, v in (metrics.get("recipe", {}) | self.settings).items()}
        for summary in hparams(chosen, {f"validation/{k}": v for k, v in figures.items()}):
            self._write(summary, 0)
        self.writer.flush()
        named = self.folder.with_name(model_id)
        shutil.rmtree(named, ignore_errors=True)
        self.folder = self.folder.rename(named)

    def close(self, succeeded: bool) -> None:
        self.writer.close()
        self._alive.close()

    def _write(self, summary, step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event

        self.writer.write_event(Event(wall_time=time.time(), step=step, summary=summary))


class _WeightsAndBiases:
    """A run of the project "upswing" (or $WANDB_PROJECT): settings, curves and figures; no row of the shop, no code, no console."""

    name = "Weights & Biases"

    @staticmethod
    def wanted() -> bool:
        """Only where the user set it up for this process; otherwise not even the package is imported."""
        if os.environ.get("WANDB_MODE") != "offline" and not os.environ.get("WANDB_API_KEY"):
            return False
        try:
            import wandb  # noqa: F401
        except ImportError:
            return False
        return os.environ.get("WANDB_MODE") != "disabled"

    def __init__(self, logs: Path, settings: dict):
        import wandb

        logs.mkdir(parents=True, exist_ok=True)
        no_more = wandb.Settings(
            silent=True,
            console="off",
            disable_git=True,
            disable_code=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
        )
        self.run = wandb.init(project=os.environ.get("WANDB_PROJECT") or "upswing", dir=str(logs), config=settings, settings=no_more)
        for stage in ("learn", "refit"):  # each counts its own steps
            self.run.define_metric(f"{stage}/*", step_metric=f"{stage}/step")

    def report(self, stage: str, step: int, values: dict[str, float]) -> None:
        self.run.log({f"{stage}/step": step} | {f"{stage}/{name}": value for name, value in values.items()})

    def finish(self, model_id: str, metrics: dict) -> None:
        self.run.name = model_id
        self.run.config.update({"recipe": metrics.get("recipe", {})})
        self.run.summary.update({k: v for k, v in metrics.get("metrics", {}).items() if v is not None})

    def close(self, succeeded: bool) -> None:
        self.run.finish(exit_code=0 if succeeded else 1)
