"""How a command is declared: its name, task, help and examples, and the options that all commands share."""

from __future__ import annotations

import inspect
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal, get_type_hints

import typer
from typer.core import TyperCommand

from core import log
from core.cli.help import SpokenCommand, SpokenGroup
from core.cli.session import Session, asked_language, print_problem
from core.errors import UpswingError, UserError
from core.messages import Message, msg
from core.progress import TerminalProgress
from core.storage import private
from core.workspace import Workspace

START = msg("Start")
STEPS = msg("Forecast step by step")
IMPROVE = msg("Check and improve")
USE = msg("Use the results")
OPERATE = msg("Operate")

app = typer.Typer(cls=SpokenGroup, rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)


def option(name: str, help: Message, metavar: str | None = None, **more: Any) -> Any:
    """Return an option whose help goes through the catalogue."""
    names = (name, *more.pop("short", ()))
    return typer.Option(*names, help=help.template, metavar=metavar, **more)


def argument(metavar: str, help: Message, **more: Any) -> Any:
    """Return an argument whose help goes through the catalogue."""
    return typer.Argument(metavar=metavar, help=help.template, **more)


_COMMON = msg("Options of every command").template
Folder = Annotated[
    str | None,
    option("--workspace", msg("Folder of one shop; default $UPSWING_WORKSPACE, else ./workspace."), "DIR", rich_help_panel=_COMMON),
]
Language = Annotated[
    Literal["en", "zh"] | None,
    option("--lang", msg("Language of messages: en or zh; default $UPSWING_LANG, else $LANG."), rich_help_panel=_COMMON),
]
Verbose = Annotated[bool, option("--verbose", msg("Show log events while it runs."), short=["-v"], rich_help_panel=_COMMON)]
Quiet = Annotated[bool, option("--quiet", msg("Show no progress."), short=["-q"], rich_help_panel=_COMMON)]
Json = Annotated[bool, option("--json", msg("Print the result as JSON, and nothing else, to stdout."))]


@app.callback(help=msg("Find the products that are about to rise: for whom, why, and what to order.").template)
def everything(workspace: Folder = None, lang: Language = None, verbose: Verbose = False, quiet: Quiet = False) -> None:
    """Take the shared options before the command's name; those after it win."""


def command(
    name: str,
    task: Message,
    help: Message,
    *examples: str,
    writes: bool = True,
    creates: bool = False,
    prepares: bool = True,
    reports: bool = True,
    more: Mapping[str, Any] | None = None,
    workspace: str | None = None,
    cls: type[TyperCommand] = SpokenCommand,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command: the function gets a Session and its own parameters.

    examples: command lines for the help. writes: whether it changes the workspace, which it then logs. creates: whether it may make
    the workspace. prepares: whether a workspace that it writes to is made ready here, not by the command itself. reports: whether it
    takes --json. more: further options, name -> annotation, which the function takes as keywords. workspace: its default folder, where
    that is not everybody's.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run(ctx: typer.Context, **given: Any) -> None:
            outer = ctx.parent.params if ctx.parent else {}
            shared = {key: given.pop(key) or outer.get(key) for key in ("workspace", "lang", "verbose", "quiet")}
            as_json = given.pop("json", False)
            language = shared["lang"] or asked_language([])
            place = Workspace.at(shared["workspace"] or workspace)
            _execute(
                name,
                function,
                given,
                Session(
                    place if creates else place.existing(),
                    language,
                    as_json,
                    bool(shared["quiet"]),
                    bool(shared["verbose"]),
                    TerminalProgress(language=language, quiet=bool(shared["quiet"])),
                ),
                logs=writes or creates,
                prepares=writes and prepares,
            )

        hints = get_type_hints(function, include_extras=True)
        parameters = [p for p in list(inspect.signature(function).parameters.values())[1:] if p.kind != p.VAR_KEYWORD]
        own = [p.replace(annotation=hints[p.name]) for p in parameters]
        own += [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind) for n, kind in (more or {}).items()]
        common = {"workspace": Folder, "lang": Language, "verbose": Verbose, "quiet": Quiet} | ({"json": Json} if reports else {})
        shared = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None if key in ("workspace", "lang") else False, annotation=kind)
            for key, kind in common.items()
        ]
        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        run.__signature__ = inspect.Signature([context, *own, *shared])  # type: ignore[attr-defined]  # typer reads the options from it
        run.__annotations__ = {p.name: p.annotation for p in (context, *own, *shared)}
        app.command(name, cls=cls, help=help.template, epilog="\n".join(examples), rich_help_panel=task.template)(run)
        return function

    return register


@private.owner_only()
def _execute(name: str, function: Callable[..., None], given: dict[str, Any], session: Session, logs: bool, prepares: bool) -> None:
    """Run a command with its log, and end as the exit codes say: an error passes on, Ctrl-C is 2."""
    if logs:
        log.start(session.workspace.logs, "commands", sys.stderr if session.verbose else None, logging.DEBUG)
    started = time.monotonic()
    log.event("command_started", command=name)
    try:
        with _opened(session, prepares):
            function(session, **given)
    except KeyboardInterrupt:
        session.progress.close()
        log.event("command_stopped", command=name, seconds=round(time.monotonic() - started, 1))
        print_problem(msg("Stopped. Nothing half-written is served."), session.language)
        raise typer.Exit(UserError.exit_code) from None
    except BaseException as error:
        session.progress.close()
        level = logging.WARNING if isinstance(error, UpswingError) else logging.ERROR
        log.event("command_failed", level, command=name, seconds=round(time.monotonic() - started, 1), **log.failure(error))
        raise
    else:
        session.progress.close()
        log.event("command_ended", command=name, seconds=round(time.monotonic() - started, 1))
    finally:
        if logs:
            log.stop()


@contextmanager
def _opened(session: Session, prepares: bool) -> Iterator[None]:
    """Open the workspace to a command. Raises UserError where a newer Upswing wrote it.

    prepares: migrate it, finish what a killed process began, and wait for other processes that write to it.
    """
    from core.storage import layout

    layout.version(session.workspace)
    if not prepares:
        yield
        return
    from core.storage import access, startup

    startup.prepare(session.workspace)
    with access.waiting(access.COMMAND_WAIT_S, session.progress):
        yield
