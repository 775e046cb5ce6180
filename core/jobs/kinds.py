"""The kinds of background work, one record each: those of the pipeline, then those of the capabilities."""

from __future__ import annotations

from pathlib import Path

from core.capabilities.record import OUTGOING, PANEL, SCORED, SHORT, WAREHOUSE, JobKind
from core.capabilities.registry import CAPABILITIES
from core.errors import UserError
from core.messages import Message, msg
from core.progress import step_label as common_step_label
from core.schema import MAP_KINDS


def kinds() -> dict[str, JobKind]:
    """Return every kind of job by its name."""
    return {kind.name: kind for kind in (*PIPELINE, *(kind for capability in CAPABILITIES for kind in capability.jobs))}


def find(name: str) -> JobKind:
    """Return a kind by its name. Raises UserError where there is none."""
    known = kinds()
    if name not in known:
        raise UserError(
            expected=msg("The kinds of jobs are {kinds}.", kinds=list(known)),
            found=msg('There is no kind of job "{kind}".', kind=name),
            to_do=msg("Choose one of these kinds."),
        )
    return known[name]


def label(name: str) -> Message | str:
    """Return what people call a kind; the name of one that this version does not know."""
    return kinds()[name].label if name in kinds() else name


def step_label(name: str, step: str) -> Message | str:
    """Return what people call a step of a kind's progress; "" before the first."""
    own = kinds()[name].step_labels if name in kinds() else {}
    return own[step] if step in own else common_step_label(step)


def checked(kind: JobKind, arguments: dict) -> dict:
    """Return a kind's arguments, completed. Raises UserError for what it does not take, lacks, or cannot use."""
    unknown = sorted(arguments.keys() - set(kind.arguments))
    if unknown:
        raise UserError(
            expected=msg("A job of kind {kind} takes the arguments {arguments}.", kind=kind.name, arguments=sorted(kind.arguments))
            if kind.arguments
            else msg("A job of kind {kind} takes no arguments.", kind=kind.name),
            found=msg("Unknown arguments are given: {arguments}.", arguments=unknown),
            to_do=msg("Leave them out."),
        )
    missing = [name for name in kind.needs if name not in arguments]
    if missing:
        raise UserError(
            expected=msg("A job of kind {kind} needs the arguments {arguments}.", kind=kind.name, arguments=list(kind.needs)),
            found=msg("These arguments are missing: {arguments}.", arguments=missing),
            to_do=msg("Request the job with them."),
        )
    return kind.check(arguments) if kind.check else arguments


def _files(arguments: dict) -> dict:
    """Return an import's arguments with absolute paths. Raises UserError where a file is missing."""
    files = [str(Path(f).expanduser().resolve()) for f in arguments.get("files", [])]
    missing = [f for f in files if not Path(f).exists()]
    if missing or not files:
        raise UserError(
            expected=msg("An import needs one or more files."),
            found=msg("These files do not exist: {files}.", files=missing) if missing else msg("No file is given."),
            to_do=msg("Name files that exist."),
        )
    return arguments | {"files": files}


def _decisions(arguments: dict) -> dict:
    """Return the arguments of decisions about product numbers. Raises UserError for decisions that are not [old, new, kind] each."""
    decisions = arguments["decisions"]
    if not decisions or not all(len(one) == 3 and one[2] in MAP_KINDS for one in decisions):
        raise UserError(
            expected=msg("A decision has an old number, a new number and one of the kinds {kinds}.", kinds=list(MAP_KINDS)),
            found=msg("The decisions are {decisions}.", decisions=repr(decisions)),
            to_do=msg("Choose at least one kind."),
        )
    return arguments


_IMPORT_ARGUMENTS = ("files", "preset", "mapping", "columns", "answers", "shop")

PIPELINE: tuple[JobKind, ...] = (
    JobKind(
        "check",
        label=msg("File check"),
        steps={"import": 1.0},
        run="core.jobs.pipeline:check_files",
        arguments=_IMPORT_ARGUMENTS,
        check=_files,
        exact=True,
        locks=frozenset({WAREHOUSE}),
    ),
    JobKind(
        "import",
        label=msg("Import"),
        steps={"import": 0.12, "features": 0.3, "panel": 0.03, "embed": 0.05, "train": 0.25, "score": 0.2, "publish": 0.05},
        run="core.jobs.pipeline:import_and_forecast",
        arguments=_IMPORT_ARGUMENTS,
        check=_files,
        exact=True,
        locks=frozenset({WAREHOUSE, PANEL, SCORED}),
    ),
    JobKind(
        "pictures",
        label=msg("Product pictures"),
        steps={"pictures": 1.0},
        run="core.pictures:add_files",
        arguments=("files",),
        needs=("files",),
        check=_files,
        exact=True,
        lane=SHORT,
    ),
    JobKind(
        "look",
        label=msg("Import history"),
        steps={"import": 1.0},
        run="core.jobs.import_history:look",
        locks=frozenset({WAREHOUSE}),
        lane=SHORT,
    ),
    JobKind(
        "check_undo",
        label=msg("Undo check"),
        steps={"import": 1.0},
        run="core.jobs.import_history:check_undo",
        arguments=("import_id",),
        needs=("import_id",),
        exact=True,
        locks=frozenset({WAREHOUSE}),
    ),
    JobKind(
        "undo",
        label=msg("Undo of an import"),
        steps={"import": 0.3, "features": 0.25, "score": 0.4, "publish": 0.05},
        run="core.jobs.import_history:undo",
        arguments=("import_id",),
        needs=("import_id",),
        exact=True,
        locks=frozenset({WAREHOUSE, PANEL, SCORED}),
    ),
    JobKind(
        "numbers",
        label=msg("Product numbers"),
        steps={"import": 0.1, "features": 0.35, "score": 0.5, "publish": 0.05},
        run="core.jobs.import_history:decide",
        arguments=("decisions",),
        needs=("decisions",),
        check=_decisions,
        exact=True,
        locks=frozenset({WAREHOUSE, PANEL, SCORED}),
    ),
    JobKind(
        "retrain",
        label=msg("Retraining"),
        steps={"features": 0.2, "panel": 0.05, "embed": 0.05, "train": 0.7},
        run="core.jobs.pipeline:retrain",
        arguments=("tuning", "since", "encoder", "scheduled"),
        fresh_panel=True,
        locks=frozenset({PANEL}),
    ),
    JobKind(
        "rescore",
        label=msg("Forecast refresh"),
        steps={"features": 0.35, "score": 0.55, "publish": 0.1},
        run="core.jobs.pipeline:refresh_forecasts",
        arguments=("scheduled",),
        locks=frozenset({PANEL, SCORED}),
    ),
    JobKind(
        "backtest",
        label=msg("Backtest"),
        steps={"features": 0.1, "backtest": 0.85, "judge": 0.05},
        run="core.jobs.pipeline:backtest",
        arguments=("out", "train_until", "test_from", "test_until"),
        fresh_panel=True,
        locks=frozenset({PANEL}),
    ),
    JobKind(
        "mail",
        label=msg("Weekly e-mail"),
        steps={"send": 1.0},
        run="core.notifications.jobs:mail",
        arguments=("scheduled",),
        lane=OUTGOING,
    ),
    JobKind(
        "webhook",
        label=msg("Webhook alerts"),
        steps={"send": 1.0},
        run="core.notifications.jobs:webhook",
        arguments=("scheduled",),
        lane=OUTGOING,
    ),
    JobKind(
        "test_message",
        label=msg("Test message"),
        steps={"send": 1.0},
        run="core.notifications.jobs:test_message",
        lane=OUTGOING,
    ),
)
