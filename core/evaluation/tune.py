"""`upswing tune`: better numbers for one shop, searched on the model's own validation origins and never on a test.

A study (Optuna, TPE) stands in the workspace's tune.sqlite, and each set of numbers that was tried is in it as soon as it ends, so a
search may be stopped at any moment and goes on from there. The defaults of core.settings.TrainingConfig need none of this.
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
from core.messages import Message, lines, msg
from core.progress import Progress, silent, step_label
from core.settings import Settings
from core.settings_file import as_toml
from core.storage import locks
from core.workspace import Workspace

TRIALS = 30
LOOKS, APART_DAYS, LEAST_ORIGINS = 2, 182, 26  # a second validation half a year earlier: the best for one season is not for the next
RANDOM_FIRST = 8  # sets drawn at random before the search has anything to go by


@dataclass(frozen=True)
class Searched:
    """One setting and where the search looks for it: one of `choices`, else a number from low to high, by its logarithm where `log`."""

    section: str
    field: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple = ()

    @property
    def name(self) -> str:
        return f"{self.section}.{self.field}"

    def with_(self, value) -> Searched:
        """The same, wide enough for the value in use today."""
        if self.choices:
            return self if value in self.choices else replace(self, choices=(*self.choices, value))
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def drawn(self, trial):
        """The value that an Optuna trial suggests, rounded to what is written into upswing.toml."""
        if self.choices:
            return trial.suggest_categorical(self.name, self.choices)
        return rounded(trial.suggest_float(self.name, self.low, self.high, log=self.log))


# Left out: what costs only time (members), what only one season would choose (epochs), and what moves the demand that this score
# does not see (demand_weight).
SPACE = (
    Searched("recipe", "learning_rate", 5e-4, 8e-3, log=True),
    Searched("recipe", "weight_decay", 1e-3, 0.2, log=True),
    Searched("recipe", "driver_dropout", 0.2, 0.7),  # without any, a missing driver was never learnt
    Searched("recipe", "text_dropout", 0.0, 0.6),
    Searched("recipe", "text_days", 14.0, 224.0, log=True),
    Searched("recipe", "dropout", 0.0, 0.3),
    Searched("recipe", "segment_share", 0.1, 1.0),
    Searched("recipe", "bottleneck", choices=(4, 8, 16, 32)),
    Searched("recipe", "tower", choices=(32, 64, 96)),
    Searched("recipe", "hidden", choices=(32, 64, 128)),
    Searched("recipe", "trees_share", 0.3, 0.9),
    Searched("recipe", "objective", choices=("log", "brier")),
)
TUNED = Searched("recipe", "encoder_learning_rate", 3e-6, 1e-4, log=True)  # only where a tuned encoder is tried


@dataclass(frozen=True)
class Found:
    """What a search came to. before, best: log loss on the validation origins, of today's settings and of the best set; gain:
    (low, high) of before - best by a bootstrap over these origins; changes: what the best set writes, "section.field" -> value."""

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
        said: list[Message | str] = [
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
            said.append(msg("Log loss {before}: no setting is better than those in use.", before=before))
        else:
            gain, low, high = (f"{value:.4f}" for value in (self.before - self.best, *self.gain))
            said.append(
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
                said.append(msg("The difference may be chance."))
            said.append(msg("The best of many looks slightly better than it is. Run `upswing backtest` to measure it."))
            said += self._written()
            said.append(
                msg("The settings are in upswing.toml; upswing.toml.before holds the file before.")
                if self.applied
                else msg("Nothing was written. Add --apply to the same command to write them.")
            )
        if self.interrupted:
            said.append(msg("The search was stopped. The same command continues it."))
        return lines(*said)

    def _written(self) -> list[str]:
        """Return the changed settings as upswing.toml holds them."""
        written, section = [], ""
        for name, value in sorted(self.changes.items()):
            here, field = name.split(".")
            written += [f"[{here}]"] * (here != section) + [f"{field} = {as_toml(value)}  # {as_toml(_value(self.settings, name))} now"]
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
) -> Found:
    """Searches until the study has this many sets (TRIALS where neither limit is given) or no set is begun after so many minutes.

    until     last origin that may be learnt from or judged on; by default the last before all that `upswing backtest` tests
    tunings   values of [model] tuning to choose among as well, encoders likewise
    apply     write the best set into upswing.toml, unless the search was interrupted

    Today's settings are tried first. A study goes on for as long as panel, origins and all other settings are the same. Raises
    NotReady without a panel, UserError where the history is too short to validate on and where a search runs already.
    """
    import optuna

    from core.models.panel import Panel

    settings = workspace.settings()
    workspace.need(workspace.panel / "panel.json", "features")
    if (trials is not None and trials < 1) or (minutes is not None and minutes <= 0):
        raise UserError(
            expected=msg("--trials and --minutes must be above 0."),
            found=msg("They are {trials} and {minutes}.", trials=str(trials), minutes=str(minutes)),
            to_do=msg("Leave out the one that should not limit the search."),
        )
    trials = TRIALS if trials is None and minutes is None else trials
    panel = Panel.open(workspace.panel, workspace.cache)
    rows, fair = _rows(panel, settings, as_date(until, "--until"))
    space = _space(settings, tunings, encoders)
    judge = Judge(panel, settings, looks(panel, rows, settings))
    with _alone(workspace):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = f"sqlite:///{workspace.study}"
        study = optuna.create_study(
            study_name=_name(workspace, settings, space, rows, panel),
            storage=storage,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )
        for trial in _in(study, "RUNNING"):  # its process was killed
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        started, interrupted, firsts = time.monotonic(), False, _firsts(settings, space)
        there = [t.user_attrs["values"] for t in _completed(study)] + [t.system_attrs["fixed_params"] for t in _in(study, "WAITING")]
        for first in firsts:
            if first not in there:
                study.enqueue_trial(first, user_attrs={"asked": True})
        try:
            while _of(study, firsts[0]) is None or not (
                (trials and _count(study) >= trials) or (minutes and time.monotonic() - started >= 60 * minutes)
            ):
                # Seeded by how far the study is: a search that was stopped does not draw the same sets again.
                study.sampler = optuna.samplers.TPESampler(seed=settings.model.seed + len(study.trials), n_startup_trials=RANDOM_FIRST)
                share = _count(study) / trials if trials else (time.monotonic() - started) / (60 * (minutes or 1))
                best = study.best_value if _completed(study) else float("nan")
                say = _teller(progress, share, 1 / trials if trials else 0.0, _count(study) + 1, best)
                study.optimize(lambda trial: judge.loss(trial, space, say), n_trials=1)
        except KeyboardInterrupt:
            interrupted = True
            if _of(study, firsts[0]) is None:
                raise  # nothing to tell yet
        return _found(workspace, settings, study, space, judge, fair, apply and not interrupted, interrupted)


class Judge:
    """Scores settings on the validation origins of each look."""

    def __init__(self, panel, settings: Settings, looks: list[np.ndarray]):
        from core.models.validation import split, watched_rows

        self.panel, self.settings, self.looks = panel, settings, looks
        self.watched = [watched_rows(panel, split(panel, rows, settings.recipe.validation_origins).validate) for rows in looks]
        if not len(self.watched[-1]):
            raise UserError(
                expected=msg("A search needs origins to validate on, at least four weeks after those to train on."),
                found=msg("There are none."),
                to_do=msg("Import a longer history."),
            )
        self.origins = [np.unique(panel.as_of[rows]) for rows in self.watched]

    def loss(self, trial, space: tuple[Searched, ...], say) -> float:
        """Log loss, mean over looks and in each over origins; the losses by origin are kept with the trial for the interval."""
        import optuna

        values = {s.name: s.drawn(trial) for s in space if s is not TUNED}
        if TUNED in space and values.get("model.tuning", self.settings.model.tuning) != "frozen":
            values[TUNED.name] = TUNED.drawn(trial)
        trial.set_user_attr("values", values)
        losses: list[list[float]] = []
        for number in range(len(self.looks)):
            losses.append(self._by_origin(number, values, lambda done, text: say((number + done) / len(self.looks), text)))
            so_far = float(np.mean([np.mean(each) for each in losses]))
            trial.report(so_far, number)
            if number + 1 < len(self.looks) and not trial.user_attrs.get("asked") and trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("losses", losses)
        return so_far

    def _by_origin(self, number: int, values: dict, say) -> list[float]:
        from core.models.train import fit

        settings, panel, watched = _changed(self.settings, values), self.panel, self.watched[number]
        # No refit: what validates must not have learnt from these origins.
        model = fit(
            panel,
            self.looks[number],
            settings.model,
            recipe=replace(settings.recipe, refit=False),
            progress=lambda step, done, message="", **figures: say(done if step == "train" else 0.0, message or step_label(step)),
        )
        y, p, as_of = panel.rising[watched], model.predict(panel, watched)["rising"], panel.as_of[watched]
        return [metrics.log_loss(y[as_of == origin], p[as_of == origin]) for origin in self.origins[number]]


def looks(panel, rows: np.ndarray, settings: Settings) -> list[np.ndarray]:
    """Row numbers of each look, earliest first: all of `rows`, and those up to half a year before where enough of them are left."""
    as_of = panel.as_of[rows]
    cuts = [as_of.max() - np.timedelta64(APART_DAYS * back, "D") for back in range(LOOKS)]
    least = max(LEAST_ORIGINS, 2 * settings.recipe.validation_origins)
    long_enough = [cut for cut in cuts[1:] if len(np.unique(as_of[as_of <= cut])) >= least]
    return [rows[as_of <= cut] for cut in reversed(cuts[:1] + long_enough)]


def rounded(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")


def _rows(panel, settings: Settings, until: date | None) -> tuple[np.ndarray, bool]:
    """(row numbers that the search may know, whether a default backtest tests later ones only)."""
    rows = panel.matured()
    if settings.model.since:
        rows = rows[panel.as_of[rows] >= np.datetime64(as_date(settings.model.since, "model.since"))]
    origins = [d.astype(date) for d in np.unique(panel.as_of[rows[panel.all_rows[rows]]])]
    last: date | None
    try:
        last = plan(origins, settings.labels.horizon_days)[0].train_until
    except UserError:  # too short a history for a backtest, so there is none to be fair to
        last = origins[-1] + timedelta(1) if origins else None
    kept = rows if (until or last) is None else rows[panel.as_of[rows] <= np.datetime64(until or last)]
    if not len(kept):
        raise UserError(
            expected=msg("A search needs origins with a known outcome."),
            found=msg("There are none up to {day}.", day=until or last),
            to_do=msg("Choose a later --until, or import a longer history."),
        )
    return kept, until is None or (last is not None and until <= last)


def _space(settings: Settings, tunings: tuple[str, ...], encoders: tuple[str, ...]) -> tuple[Searched, ...]:
    asked = tuple(Searched("model", field, choices=values) for field, values in (("tuning", tunings), ("encoder", encoders)) if values)
    tuned = any(value != "frozen" for value in (tunings or (settings.model.tuning,)))
    return tuple(s.with_(_value(settings, s.name)) for s in (*asked, *SPACE)) + (TUNED,) * tuned


def _firsts(settings: Settings, space: tuple[Searched, ...]) -> list[dict]:
    """Today's settings, then the same with each other tuning and encoder that was asked for."""
    today = {}
    for s in space:
        value = _value(settings, s.name)
        today[s.name] = value if s.choices else rounded(value)
    found = [today] + [today | {s.name: value} for s in space if s.section == "model" for value in s.choices if value != today[s.name]]
    frozen = lambda first: first.get("model.tuning", settings.model.tuning) == "frozen"  # noqa: E731
    return [{k: v for k, v in first.items() if k != TUNED.name or not frozen(first)} for first in found]


def _value(settings: Settings, name: str):
    section, field = name.split(".")
    return getattr(getattr(settings, section), field)


def _changed(settings: Settings, values: dict) -> Settings:
    for name, value in values.items():
        section, field = name.split(".")
        settings = settings.with_values(section, **{field: value})
    return settings


def _name(workspace: Workspace, settings: Settings, space: tuple[Searched, ...], rows: np.ndarray, panel) -> str:
    """Sets are comparable within one name: the same panel, origins and settings that are not searched."""
    searched = {s.name for s in space}
    fixed = {
        f"{section}.{field}": value
        for section in ("labels", "model", "recipe")
        for field, value in vars(getattr(settings, section)).items()
        if f"{section}.{field}" not in searched
    }
    told = [
        fixed,
        [vars(s) for s in space],
        len(rows),
        str(panel.as_of[rows].max()),
        (workspace.panel / "panel.json").read_text(encoding="utf-8"),
    ]
    return f"until {panel.as_of[rows].max()} {hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:12]}"


def _in(study, *states: str) -> list:
    return [t for t in study.get_trials(deepcopy=False) if t.state.name in states]


def _completed(study) -> list:
    return _in(study, "COMPLETE")


def _count(study) -> int:
    return len(_in(study, "COMPLETE", "PRUNED"))


def _of(study, values: dict):
    """The completed trial of these values; None where there is none yet."""
    return next((t for t in _completed(study) if t.user_attrs["values"] == values), None)


def _teller(progress: Progress, start: float, span: float, trial: int, best: float):
    """How far one set is, as how far the search is."""
    figures = {"best": best} if np.isfinite(best) else {}
    return lambda done, message: progress(
        "tune", min(1.0, start + span * min(done, 1.0)), msg("Trial {trial} · {work}", trial=trial, work=message), **figures
    )


def _found(workspace: Workspace, settings: Settings, study, space, judge: Judge, fair: bool, apply: bool, interrupted: bool) -> Found:
    completed = _completed(study)
    first = _firsts(settings, space)[0]
    today = _of(study, first)
    best = min(completed, key=lambda t: (t.value, t.number))
    changes = {k: v for k, v in best.user_attrs["values"].items() if first.get(k) != v}
    lower = np.concatenate([np.subtract(a, b) for a, b in zip(today.user_attrs["losses"], best.user_attrs["losses"])])
    origins = np.concatenate(judge.origins)
    drawn = metrics.bootstrap(lambda _, w: float(lower @ w / w.sum()), np.zeros(len(lower)), origins)
    if apply and changes:
        if workspace.settings_file.exists():
            shutil.copy2(workspace.settings_file, workspace.settings_file.with_suffix(".toml.before"))  # it may hold comments
        workspace.save_settings(_changed(settings, changes))
    pruned = _count(study) - len(completed)
    return Found(
        len(completed) + pruned,
        pruned,
        tuple(d.astype(date) for d in origins),
        fair,
        today.value,
        best.value,
        metrics.interval(drawn, float(lower.mean())),
        changes,
        settings,
        bool(apply and changes),
        interrupted,
    )


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """One search of a workspace at a time; the lock dies with its holder."""
    try:
        with locks.locked(workspace.cache / "tune.lock", wait=False):
            yield
    except locks.Taken as error:
        raise UserError(
            expected=msg("Only one search runs in a workspace at a time."),
            found=msg("A search is running."),
            to_do=msg("Wait for it, or stop it with Ctrl-C."),
        ) from error
