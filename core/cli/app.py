"""The console script: all commands as one tree, and errors as exit codes."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # typer's pydantic would read every installed package's metadata for them

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.main import get_command

from core.cli import customers, data, models, serving  # noqa: F401  # each declares its commands
from core.cli.command import app
from core.cli.help import SpokenGroup, refusal, translate
from core.cli.session import asked_language, print_problem
from core.errors import UpswingError


def tree(language: str = "en") -> SpokenGroup:
    """Return the commands with their help in a language."""
    group = get_command(app)
    assert isinstance(group, SpokenGroup)
    return translate(group, language)


def main(words: list[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code."""
    words = sys.argv[1:] if words is None else words
    language = asked_language(words)
    try:
        code = tree(language).main(words, prog_name="upswing", standalone_mode=False)
    except NoArgsIsHelpError:  # which has printed the help
        return UsageError.exit_code
    except UsageError as error:
        refused = refusal(error)
        print_problem(refused.message, language)
        return refused.exit_code
    except typer.Abort:
        return UsageError.exit_code
    except UpswingError as error:
        print_problem(error.message, language)
        return error.exit_code
    return code if isinstance(code, int) else 0
