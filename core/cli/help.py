"""Help and refusals of the command line in the reader's language."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from typer._click import exceptions  # typer's own copy of click: the pin of typer holds it still
from typer.core import TyperCommand, TyperGroup

from core.errors import UserError
from core.messages import Message, msg, show, translations

# typer's fixed words, by the name of its constant
_FIXED = {
    "DEFAULT_STRING": msg("[default: {}]"),
    "REQUIRED_LONG_STRING": msg("[required]"),
    "ARGUMENTS_PANEL_TITLE": msg("Arguments"),
    "OPTIONS_PANEL_TITLE": msg("Options"),
    "COMMANDS_PANEL_TITLE": msg("Commands"),
}
# help texts of options that typer adds
_ADDED = (
    msg("Show this message and exit."),
    msg("Install completion for the current shell."),
    msg("Show completion for the current shell, to copy it or customize the installation."),
)


class _Spoken:
    """A command whose help is in its `language`."""

    language = "en"

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from typer import rich_utils

        for name, text in _FIXED.items():
            setattr(rich_utils, name, translations(self.language).gettext(text.template))
        super().format_help(ctx, formatter)  # type: ignore[misc]  # a mixin of typer's commands

    def get_usage(self, ctx: Any) -> str:
        formatter = ctx.make_formatter()
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=show(msg("Usage: "), self.language))
        return formatter.getvalue().rstrip("\n")


class SpokenCommand(_Spoken, TyperCommand):
    """A command whose help is in its `language`."""


class SpokenGroup(_Spoken, TyperGroup):
    """The group of all commands. An unknown name is refused with similar ones."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            similar = get_close_matches(args[0], list(self.commands)) or list(self.commands)
            raise UserError(
                found=msg("Upswing has no command {name}.", name=args[0]),
                expected=msg("Similar commands are {names}.", names=similar)
                if len(similar) < len(self.commands)
                else msg("Its commands are {names}.", names=similar),
                to_do=msg("See `upswing --help`."),
            )
        return super().resolve_command(ctx, args)


def translate(tree: SpokenGroup, language: str) -> SpokenGroup:
    """Put all help texts of a tree of commands into a language; returns the tree."""
    said = translations(language).gettext
    for each in (tree, *tree.commands.values()):
        each.language = language  # type: ignore[attr-defined]
        each.help = said(each.help) if each.help else None
        if each.rich_help_panel:  # type: ignore[attr-defined]
            each.rich_help_panel = said(each.rich_help_panel)  # type: ignore[attr-defined]
        if each.epilog:
            title = show(msg("Examples:"), language)  # outside of the f-string, which extraction does not read
            examples = "\n".join(f"  {line}".replace("[", "\\[") for line in each.epilog.splitlines())
            each.epilog = f"{title}\n{examples}"
        for parameter in each.get_params(_bare_context(each)):
            parameter.help = said(parameter.help) if parameter.help else None  # type: ignore[attr-defined]
            if getattr(parameter, "rich_help_panel", None):
                parameter.rich_help_panel = said(parameter.rich_help_panel)  # type: ignore[attr-defined]
    return tree


def refusal(error: exceptions.UsageError) -> UserError:
    """Return what typer refuses as an error of ours."""
    called = error.ctx.command_path if error.ctx else "upswing"
    reason = error.message.rstrip(".") + "."
    if isinstance(error, exceptions.NoSuchOption):
        similar = sorted(error.possibilities or [])
        found = msg("`{command}` has no option {option}.", command=called, option=error.option_name)
        expected = msg("Similar options are {options}.", options=similar) if similar else msg("Options begin with two dashes.")
    elif isinstance(error, exceptions.MissingParameter):
        found = msg("{parameter} is missing.", parameter=_named(error.param))
        expected = msg("`{command}` needs it.", command=called)
    elif isinstance(error, exceptions.BadParameter):
        found = msg("The value of {parameter} is not valid.", parameter=_named(error.param))
        expected = _kind(error.param)
    elif isinstance(error, exceptions.BadOptionUsage):
        found = msg("{option} has no value.", option=error.option_name)
        expected = msg("It needs one.")
    else:
        found = msg("`{command}` cannot be read: {reason}", command=called, reason=reason)
        expected = msg("Type a command, then its arguments and options.")
    return UserError(found=found, expected=expected, to_do=msg("See `{command} --help`.", command=called))


def _named(parameter: Any) -> str:
    """Return an option by its long name, an argument as the usage shows it."""
    if parameter is None:
        return "?"
    return parameter.opts[0] if parameter.param_type_name == "option" else parameter.display_name_raw


def _kind(parameter: Any) -> Message:
    """Return what an option or argument takes."""
    described = parameter.type_descriptor if parameter is not None else None
    if described is not None and described.is_choice:
        return msg("It is one of {choices}.", choices=list(described.choices))
    if described is not None and described.annotation is int:
        return msg("It is a whole number.")
    if described is not None and described.annotation is float:
        return msg("It is a number.")
    return msg("It is text.")


def _bare_context(command: Any) -> Any:
    return command.context_class(command, help_option_names=["-h", "--help"])
