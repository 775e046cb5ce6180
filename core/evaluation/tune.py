"""`upswing tune`: search better settings for one shop on the model's own validation origins, never on test origins.

The study (Optuna, TPE) is kept in the workspace's tune.sqlite, with every trial as soon as it ends, so a search can be stopped at any time
and continued. The defaults of core.settings.TrainingConfig do not depend on it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from core.errors import UserError
from core.evaluation import metrics
from core.evaluation.backtest.blocks import as_date, plan
from core.evaluation.search_space import ENCODER_RATE, SearchedSetting, change_settings, first_trials, search_space, setting_value
from core.messages import Message, lines, msg
from core.progress import Progress, silent, step_label
from core.settings import Settings
from core.settings_file import as_toml
from core.storage import locks
from core.workspace import Workspace

TRIALS = 30
# The second validation window is half a year earlier, since the best settings for one season are not the best for the next.
WINDOWS, APART_DAYS, LEAST_ORIGINS = 2, 182, 26
RANDOM_FIRST = 8  # random trials before TPE has enough to model


@dataclass(frozen=True)
class TuneResult:
    """The result of a search.

    tried, stopped_early  number of trials, and of those that were pruned
    origins       validation origins
    fair      a default backtest tests on later origins only
    before, best  log loss on the validation origins, with the settings in use and with the best ones
    gain          (low, high) of before - best by a bootstrap over the origins
    changes       "section.field" -> value, settings that the best trial changes
    """

    tried: int
    stopped_early: int
    origins: tuple[date, ...]
    fair: bool
    before: float
    best: float
    gain: tuple[float, float]
    changes: dict[str, object]
    settings: Settings
    applied: bool
    interrupted: bool

    def text(self) -> Message:
        """Return a report of the search."""
        sentences: list[Message | str] = [
            msg(
                "{trials} sets of settings were tried, {pruned} of them stopped early. "
                "They were compared on {origins} origins, {first} to {last}.",
                trials=self.tried,
                pruned=self.stopped_early,
                origins=len(self.origins),
                first=self.origins[0],
                last=self.origins[-1],
            ),
            msg("`upswing backtest` tests on none of these origins, so its figures stay unbiased.")
            if self.fair
            else msg("A backtest on these origins or earlier ones overstates the settings found here."),
        ]
        before, best = f"{self.before:.4f}", f"{self.best:.4f}"
        if not self.changes:
            sentences.append(msg("Log loss {before}: no setting is better than those in use.", before=before))
        else:
            gain, low, high = (f"{value:.4f}" for value in (self.before - self.best, *self.gain))
            sentences.append(
                msg(
                    "Log loss {before} with the settings in use and {best} with the best ones: lower by {gain} [{low}, {high}].",
                    before=before,
                    best=best,
                    gain=gain,
                    low=low,
                    high=high,
                )
            )
            if self.gain[0] <= 0:
                sentences.append(msg("The difference may be chance."))
            sentences.append(msg("The best of many looks slightly better than it is. Run `upswing backtest` to measure it."))
            sentences += self._written()
            sentences.append(
                msg("The settings are in upswing.toml; the previous file is kept as upswing.toml.before.")
                if self.applied
                else msg("Nothing was written. Add --apply to the same command to write them.")
            )
        if self.interrupted:
            sentences.append(msg("The search was stopped. The same command continues it."))
        return lines(*sentences)

    def _written(self) -> list[str]:
        """Return the changed settings as lines of upswing.toml."""
        written, section = [], ""
        for name, value in sorted(self.changes.items()):
            here, field = name.split(".")
            written += [f"[{here}]"] * (here != section) + [
                f"{field} = {as_toml(value)}  # {as_toml(setting_value(self.settings, name))} now"
            ]
            section = here
        return written


def tune(
    workspace: Workspace,
    *,
    trials: int | None = None,
    minutes: float | None = None,
    until: str | date | None = None,
    tunings: tuple[str, ...] = (),
    encoders: tuple[str, ...] = (),
    apply: bool = False,
    progress: Progress = silent,
) -> TuneResult:
    """Search until the study has `trials` trials (TRIALS without either limit), or start no trial after `minutes` minutes.

    until     last origin to train or validate on; by default the last before all test origins of `upswing backtest`
    tunings   values of [model] tuning to choose among as well, encoders likewise
    apply     write the best settings into upswing.toml, unless the search was interrupted

    The settings in use are tried first. A study continues while panel, origins and all other settings stay the same. Raises NotReady
    without a panel, UserError where the history is too short to validate and where another search is running.
    """
    import optuna

    from core.models.panel import Panel

    settings = workspace.settings()
    workspace.need(workspace.panel / "panel.json", "features")
    if (trials is not None and trials < 1) or (minutes is not None and minutes <= 0):
        raise UserError(
            expected=msg("--trials and --minutes must be above 0."),
            found=msg("They are {trials} and {minutes}.", trials=str(trials), minutes=str(minutes)),
            to_do=msg("Remove the limit that should not apply."),
        )
    trials = TRIALS if trials is None and minutes is None else trials
    panel = Panel.open(workspace.panel, workspace.cache)
    rows, fair = _rows(panel, settings, as_date(until, "--until"))
    space = search_space(settings, tunings, encoders)
    judge = Judge(panel, settings, validation_windows(panel, rows, settings))
    with _one_search(workspace):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = f"sqlite:///{workspace.study}"
        study = optuna.create_study(
            study_name=_name(workspace, settings, space, rows, panel),
            storage=storage,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )
        for trial in _trials_in(study, "RUNNING"):  # its process was killed
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        started, interrupted, firsts = time.monotonic(), False, first_trials(settings, space)
        there = [t.user_attrs["values"] for t in _completed(study)] + [t.system_attrs["fixed_params"] for t in _trials_in(study, "WAITING")]
        for first in firsts:
            if first not in there:
                study.enqueue_trial(first, user_attrs={"asked": True})
        try:
            while _completed_with(study, firsts[0]) is None or not (
                (trials and _count(study) >= trials) or (minutes and time.monotonic() - started >= 60 * minutes)
            ):
                # Seeded by the number of trials, so that a continued search does not repeat its trials.
                study.sampler = optuna.samplers.TPESampler(seed=settings.model.seed + len(study.trials), n_startup_trials=RANDOM_FIRST)
                share = _count(study) / trials if trials else (time.monotonic() - started) / (60 * (minutes or 1))
                best = study.best_value if _completed(study) else float("nan")
                report_progress = _trial_progress(progress, share, 1 / trials if trials else 0.0, _count(study) + 1, best)
                study.optimize(lambda trial: judge.loss(trial, space, report_progress), n_trials=1)
        except KeyboardInterrupt:
            interrupted = True
            if _completed_with(study, firsts[0]) is None:
                raise  # no result yet
        return _result(workspace, settings, study, space, judge, fair, apply and not interrupted, interrupted)


class Judge:
    """Scores settings on the validation origins of each window."""

    def __init__(self, panel, settings: Settings, windows: list[np.ndarray]):
        from core.models.validation import early_stopping_rows, split

        self.panel, self.settings, self.windows = panel, settings, windows
        self.watched = [early_stopping_rows(panel, split(panel, rows, settings.recipe.validation_origins).validate) for rows in windows]
        if not len(self.watched[-1]):
            raise UserError(
                expected=msg("A search needs origins to validate on, at least four weeks after those to train on."),
                found=msg("There are none."),
                to_do=msg("Import a longer history."),
            )
        self.origins = [np.unique(panel.as_of[rows]) for rows in self.watched]

    def loss(self, trial, space: tuple[SearchedSetting, ...], report_progress) -> float:
        """Return the log loss: mean over windows, and in each over origins.

        The losses by origin are stored with the trial, for the interval of the gain.
        """
        import optuna

        values = {s.name: s.suggest(trial) for s in space if s is not ENCODER_RATE}
        if ENCODER_RATE in space and values.get("model.tuning", self.settings.model.tuning) != "frozen":
            values[ENCODER_RATE.name] = ENCODER_RATE.suggest(trial)
        trial.set_user_attr("values", values)
        losses: list[list[float]] = []
        for number in range(len(self.windows)):
            count = len(self.windows)
            losses.append(self._by_origin(number, values, lambda done, text: report_progress((number + done) / count, text)))
            so_far = float(np.mean([np.mean(each) for each in losses]))
            trial.report(so_far, number)
            if number + 1 < count and not trial.user_attrs.get("asked") and trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("losses", losses)
        return so_far

    def _by_origin(self, number: int, values: dict, report_progress) -> list[float]:
        from core.models.train import fit

        settings, panel, watched = change_settings(self.settings, values), self.panel, self.watched[number]
        # No refit: the model must not be trained on the origins that validate it.
        model = fit(
            panel,
            self.windows[number],
            settings.model,
            recipe=replace(settings.recipe, refit=False),
            progress=lambda step, done, message="", **figures: report_progress(
                done if step == "train" else 0.0, message or step_label(step)
            ),
        )
        y, p, as_of = panel.rising[watched], model.predict(panel, watched)["rising"], panel.as_of[watched]
        return [metrics.log_loss(y[as_of == origin], p[as_of == origin]) for origin in self.origins[number]]


def validation_windows(panel, rows: np.ndarray, settings: Settings) -> list[np.ndarray]:
    """Return the row numbers of each window, earliest first: up to half a year before the end, where enough remain, then all rows."""
    as_of = panel.as_of[rows]
    cuts = [as_of.max() - np.timedelta64(APART_DAYS * back, "D") for back in range(WINDOWS)]
    least = max(LEAST_ORIGINS, 2 * settings.recipe.validation_origins)
    long_enough = [cut for cut in cuts[1:] if len(np.unique(as_of[as_of <= cut])) >= least]
    return [rows[as_of <= cut] for cut in reversed(cuts[:1] + long_enough)]


def _rows(panel, settings: Settings, until: date | None) -> tuple[np.ndarray, bool]:
    """Return (row numbers that the search may use, whether a default backtest tests later ones only)."""
    rows = panel.matured()
    if settings.model.since:
        rows = rows[panel.as_of[rows] >= np.datetime64(as_date(settings.model.since, "model.since"))]
    origins = [d.astype(date) for d in np.unique(panel.as_of[rows[panel.all_rows[rows]]])]
    last: date | None
    try:
        last = plan(origins, settings.labels.horizon_days)[0].train_until
    except UserError:  # too short a history for a backtest, so none can be biased
        last = origins[-1] + timedelta(1) if origins else None
    kept = rows if (until or last) is None else rows[panel.as_of[rows] <= np.datetime64(until or last)]
    if not len(kept):
        raise UserError(
            expected=msg("A search needs origins with a known outcome."),
            found=msg("There are none up to {day}.", day=until or last),
            to_do=msg("Choose a later --until, or import a longer history."),
        )
    return kept, until is None or (last is not None and until <= last)


def _name(workspace: Workspace, settings: Settings, space: tuple[SearchedSetting, ...], rows: np.ndarray, panel) -> str:
    """Return the name of the study. Trials are comparable within one study: same panel, origins and settings outside the search."""
    searched = {s.name for s in space}
    fixed = {
        f"{section}.{field}": value
        for section in ("labels", "model", "recipe")
        for field, value in vars(getattr(settings, section)).items()
        if f"{section}.{field}" not in searched
    }
    key = [
        fixed,
        [vars(s) for s in space],
        len(rows),
        str(panel.as_of[rows].max()),
        (workspace.panel / "panel.json").read_text(encoding="utf-8"),
    ]
    return f"until {panel.as_of[rows].max()} {hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:12]}"


def _trials_in(study, *states: str) -> list:
    return [t for t in study.get_trials(deepcopy=False) if t.state.name in states]


def _completed(study) -> list:
    return _trials_in(study, "COMPLETE")


def _count(study) -> int:
    return len(_trials_in(study, "COMPLETE", "PRUNED"))


def _completed_with(study, values: dict):
    """Return the completed trial with these values; None where there is none."""
    return next((t for t in _completed(study) if t.user_attrs["values"] == values), None)


def _trial_progress(progress: Progress, start: float, span: float, trial: int, best: float):
    """Return a function that reports the progress of one trial as progress of the search."""
    figures = {"best": best} if np.isfinite(best) else {}
    return lambda done, message: progress(
        "tune", min(1.0, start + span * min(done, 1.0)), msg("Trial {trial} · {work}", trial=trial, work=message), **figures
    )


def _result(workspace: Workspace, settings: Settings, study, space, judge: Judge, fair: bool, apply: bool, interrupted: bool) -> TuneResult:
    completed = _completed(study)
    first = first_trials(settings, space)[0]
    today = _completed_with(study, first)
    best = min(completed, key=lambda t: (t.value, t.number))
    changes = {k: v for k, v in best.user_attrs["values"].items() if first.get(k) != v}
    lower = np.concatenate([np.subtract(a, b) for a, b in zip(today.user_attrs["losses"], best.user_attrs["losses"])])
    origins = np.concatenate(judge.origins)
    suggest = metrics.bootstrap(lambda _, w: float(lower @ w / w.sum()), np.zeros(len(lower)), origins)
    if apply and changes:
        if workspace.settings_file.exists():
            shutil.copy2(workspace.settings_file, workspace.settings_file.with_suffix(".toml.before"))  # it may hold comments
        workspace.save_settings(change_settings(settings, changes))
    pruned = _count(study) - len(completed)
    return TuneResult(
        len(completed) + pruned,
        pruned,
        tuple(d.astype(date) for d in origins),
        fair,
        today.value,
        best.value,
        metrics.interval(suggest, float(lower.mean())),
        changes,
        settings,
        bool(apply and changes),
        interrupted,
    )


@contextmanager
def _one_search(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's search lock. Raises UserError where another search holds it; the lock ends with its process."""
    try:
        with locks.locked(workspace.cache / "tune.lock", wait=False):
            yield
    except locks.Taken as error:
        raise UserError(
            expected=msg("Only one search runs in a workspace at a time."),
            found=msg("A search is running."),
            to_do=msg("Wait for it, or stop it with Ctrl-C."),
        ) from error
